"""A poisoned answer of the server never stops the bot, and costs nobody in another room a command."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.effort import fuzzed
from tests.fuzz.hostile import Json, bent, words
from tests.fuzz.hostile import json as any_json
from tests.fuzz.test_decoders import ROOM_EVENTS, STEPS, event
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.poisoner import Poisoner
from tests.homeserver.world import BOT

TOO_DEEP = '{"a":' * 3000 + "1" + "}" * 3000
TOO_LONG = "9" * 5000


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Poisoner, Bot, Peer, Peer]]:
    """Run a bot with Ana in the river and Ben in the hall."""
    with TemporaryDirectory() as folder:
        async with Poisoner.running() as server:
            assert isinstance(server, Poisoner)
            ana, ben = Peer(server.world, "ana"), Peer(server.world, "ben")
            server.world.create("river", ana.user_id, BOT)
            server.world.create("hall", ben.user_id, BOT)
            bot = Bot(server, Path(folder))
            await bot.start()
            try:
                yield server, bot, ana, ben
            finally:
                if bot.running:
                    await bot.crash()


def _raw(thing: Json) -> str:
    return json.dumps(thing)


_hostile_text = st.sampled_from(
    [
        _raw(event("m.room.message", "@@")).replace('"@@"', TOO_DEEP),
        _raw(event("m.room.message", {"body": "@@", "msgtype": "m.text"})).replace('"@@"', TOO_LONG),
        _raw(event("m.room.create", {"room_version": "²"}, state_key="")),
        _raw(event("m.room.create", {"room_version": "9" * 5000}, state_key="")),
        _raw(event("m.room.message", {"body": "x", "msgtype": "m.text"}, unsigned=5)),
        _raw(event("m.room.member", {"membership": "join"}, state_key="@\ud800:test")),
        _raw(event("m.room.message", {"body": "!x", "msgtype": "m.text"}, event_id="$\ud800")),
        _raw(event("m.room.power_levels", {"users": {BOT: 2**70}, "kick": 10**30}, state_key="")),
        "5",
        "[]",
        "null",
        TOO_DEEP,
    ]
)
_wire = st.one_of(st.sampled_from(ROOM_EVENTS).flatmap(bent).map(_raw), any_json().map(_raw), _hostile_text)
_device = st.one_of(
    st.sampled_from([*STEPS.items()])
    .flatmap(lambda step: bent({"type": f"m.key.verification.{step[0]}", "sender": "@ana:test", "content": step[1]}))
    .map(_raw),
    bent({"type": "m.room_key_request", "sender": "@ana:test", "content": {"action": "request", "body": {"algorithm": "m.megolm.v1.aes-sha2", "room_id": "!river:test", "sender_key": "k", "session_id": "s"}, "request_id": "r", "requesting_device_id": "D"}}).map(_raw),
    bent({"type": "m.room.encrypted", "sender": "@ana:test", "content": {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": "k", "ciphertext": {"k": {"type": 0, "body": "AwgA"}}}}).map(_raw),
    _hostile_text,
)  # fmt: skip
_plain = st.one_of(
    st.sampled_from(ROOM_EVENTS)
    .flatmap(lambda good: bent({"type": good["type"], "content": good["content"], "room_id": "!river:test"}))
    .map(_raw),
    any_json().map(_raw),
    _hostile_text,
    words.map(lambda text: text.encode("utf-8", "replace").decode()),
)
_secret = st.tuples(
    st.sampled_from(["m.room_key", "m.forwarded_room_key", "m.dummy", "m.secret.send"]) | words,
    bent({"algorithm": "m.megolm.v1.aes-sha2", "room_id": "!river:test", "session_id": "s", "session_key": "k", "sender_key": "k", "sender_claimed_ed25519_key": "k", "forwarding_curve25519_key_chain": []}),
)  # fmt: skip


@fuzzed(5)
@given(
    st.lists(_wire, max_size=6), st.lists(_wire, max_size=3), st.lists(_wire, max_size=2), st.lists(_device, max_size=4),
    st.lists(_plain, max_size=6), st.lists(_secret, max_size=2),
)  # fmt: skip
async def test_a_command_elsewhere_in_a_poisoned_answer_is_handled_now_and_after_a_start(
    timeline: list[str],
    state: list[str],
    invite: list[str],
    to_device: list[str],
    plain: list[str],
    secret: list[tuple[str, Json]],
) -> None:
    async with running() as (server, bot, ana, ben):
        await poison(server, ana, timeline, state, invite, to_device, plain, secret)
        ben.say("!hall:test", "!help")
        await bot.settled()
        assert "Most used here" in ben.texts("!hall:test")[-1]
        await bot.restart()
        ben.say("!hall:test", "!assembly create Hall")
        await bot.settled()
        assert "now the assembly Hall" in ben.texts("!hall:test")[-1]


async def poison(
    server: Poisoner,
    ana: Peer,
    timeline: list[str],
    state: list[str],
    invite: list[str],
    to_device: list[str],
    plain: list[str],
    secret: list[tuple[str, Json]],
) -> None:
    """Put poison into the next answer: in clear, encrypted in the room, encrypted to the bot's device."""
    server.add = {"timeline": timeline, "state": state, "invite": invite, "to_device": to_device}
    ana.encrypted("!river:test", "m.room.message", {"msgtype": "m.text", "body": "first"})
    session = ana._outbound["!river:test"]
    for text in plain:
        content = ana.encrypted("!river:test", "m.room.message", {})
        content["ciphertext"] = session.encrypt(text.encode()).to_base64()
        server.world.put("!river:test", ana.user_id, "m.room.encrypted", content)
    (to,) = server.world.devices_of(BOT)
    for kind, thing in secret:
        ana._olm(to, kind, thing)
    server.poisoned = "!river:test"
    ana.say("!river:test", "hello")


ANSWER_PARTS = [
    "rooms",
    "to_device",
    "device_lists",
    "device_one_time_keys_count",
    "device_unused_fallback_key_types",
]


@fuzzed(5)
@given(st.data())
async def test_any_answer_to_a_sync_leaves_the_bot_running(data: st.DataObject) -> None:
    async with running() as (server, bot, ana, _):

        def bend(answer: Json) -> Json:
            if data.draw(st.integers(0, 9)) == 0:
                return data.draw(any_json())
            kept = answer["next_batch"]
            made: Any = data.draw(bent({name: answer[name] for name in ANSWER_PARTS}))
            return {**made, "next_batch": kept} if isinstance(made, dict) else made

        server.bend = bend
        ana.say("!river:test", "!help")
        await bot.settled()
        ana.say("!river:test", "!help")
        await bot.settled()
