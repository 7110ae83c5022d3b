"""Verifications when answers are lost, steps come twice, late or never, and somebody begins a thousand of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from bot.matrix.verification import A_PERSON
from bot.matrix.verification_steps import LASTS
from tests.homeserver.harness import MASTER, Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, Json, World
from tests.other_side import OtherSide, start_of

PREFIX = "m.key.verification."
WAYS = pytest.mark.parametrize("in_room", [True, False], ids=["in the room", "from device to device"])


class Comparing:
    """Somebody who verifies the bot step by step.

    Args:
        bot: The bot.
        peer: Who does.
        room: Where, or from device to device.
        transaction: Its id, outside of rooms.
    """

    def __init__(self, bot: Bot, peer: Peer, room: str | None, transaction: str = "T1") -> None:
        self._bot = bot
        self._peer = peer
        self._room = room
        self._transaction = transaction
        self.device_id = peer.device.device_id

    def ask(self, *methods: str, age: timedelta = timedelta(0)) -> None:
        """Send the request."""
        content: Json = {
            "from_device": self.device_id,
            "methods": list(methods or ("m.sas.v1", "m.qr_code.show.v1")),
        }
        world, user = self._bot.world, self._peer.user_id
        if self._room is None:
            sent_at = round((self._bot.clock.now() - age).timestamp() * 1000)
            self.step("request", content | {"timestamp": sent_at})
        else:
            content |= {"msgtype": f"{PREFIX}request", "to": BOT, "body": "verify"}
            self._transaction = world.put(self._room, user, "m.room.message", content)
        keys = {f"ed25519:{self.device_id}": self._peer.ed}
        self.side = OtherSide(user, self.device_id, keys, BOT, "BOT", self._transaction)

    def step(self, kind: str, content: Json) -> None:
        """Send a step."""
        world, user = self._bot.world, self._peer.user_id
        if self._room is None:
            content = content | {"transaction_id": self._transaction}
            world.to_device(user, PREFIX + kind, {BOT: {"BOT": content}})
        else:
            relation = {"rel_type": "m.reference", "event_id": self._transaction}
            world.put(self._room, user, PREFIX + kind, content | {"m.relates_to": relation})

    def heard(self) -> list[tuple[str, Json]]:
        """Return the bot's steps."""
        if self._room is None:
            steps = [
                (str(event["type"]), event["content"])
                for _, event in self._peer.device.inbox
                if event["content"].get("transaction_id") == self._transaction
            ]
        else:
            self._peer.read_inbox()
            steps = [
                (heard.kind, heard.content or {})
                for heard in self._peer.heard(self._room)
                if (heard.content or {}).get("m.relates_to", {}).get("event_id") == self._transaction
            ]
        return [(kind.removeprefix(PREFIX), content) for kind, content in steps]

    def kinds(self) -> list[str]:
        """Return the kinds of the bot's steps."""
        return [kind for kind, _ in self.heard()]

    def code(self) -> str:
        """Return why the bot ended it, which it said last and once."""
        [cancel] = [content for kind, content in self.heard() if kind == "cancel"]
        assert self.kinds()[-1] == "cancel"
        return str(cancel["code"])

    async def start(self) -> None:
        """Ask, and go on until both sides have something to compare."""
        self.ask()
        await self._bot.settled()
        self.step("start", start_of(self.device_id))
        await self._bot.settled()
        self.step("key", {"key": self.side.key})
        await self._bot.settled()
        self.side.exchange(dict(self.heard())["key"]["key"])

    async def end(self) -> None:
        """Let both sides say that it is the same."""
        [waiting] = [one for one in self._bot.verifications.waiting() if one.user_id == self._peer.user_id]
        assert waiting.numbers == self.side.numbers()
        assert await self._bot.verifications.decide(waiting.number, same=True)
        self.step("mac", self.side.mac())
        await self._bot.settled()
        fingerprint = self._bot.client.olm.account.identity_keys["ed25519"]
        self.side.checks(dict(self.heard())["mac"], {"ed25519:BOT": fingerprint, f"ed25519:{MASTER}": MASTER})
        assert self.kinds() == ["ready", "accept", "key", "mac", "done"]


@pytest.fixture
async def room(world: World, bot: Bot, ana: Peer, ben: Peer) -> str:
    """An encrypted room with Ana, Ben and the bot, which runs."""
    room = world.create("willow", ana.user_id, ben.user_id, BOT)
    await bot.start()
    return room


@WAYS
@pytest.mark.parametrize("fault", ["lose", "drop", "cut", "502"])
async def test_each_step_arrives_once_though_each_first_try_goes_wrong(
    server: Homeserver, bot: Bot, ana: Peer, room: str, in_room: bool, fault: str
) -> None:
    where = "PUT .*/send/" if in_room else f"PUT .*/sendToDevice/{PREFIX}"
    for what in [where] if in_room else [where + kind for kind in ("ready", "accept", "key", "mac", "done")]:
        _ = server.fail(what, 502) if fault == "502" else server.fault(fault, what)
    server.fail("POST .*/keys/query", 502, times=2)
    flow = Comparing(bot, ana, room if in_room else None)
    await flow.start()
    await flow.end()
    assert not [one for one in server.faults if one.times > 0]


async def test_a_step_that_cannot_be_sent_is_given_up_when_its_time_is_over_and_holds_up_nobody(
    server: Homeserver, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    fault = server.fail(f"PUT .*/sendToDevice/{PREFIX}ready", 502, times=10**9)
    Comparing(bot, ana, None).ask()
    await bot.until(lambda: server.count(f"{PREFIX}ready") > 3, "it is tried again and again")
    other = Comparing(bot, ben, room)
    other.ask()
    await bot.until(lambda: other.kinds() == ["ready"], "the other one goes on")
    bot.clock.moment += LASTS
    await bot.settled()
    fault.release()
    again = Comparing(bot, ana, None, "T2")
    await again.start()
    await again.end()


@WAYS
async def test_a_thousand_requests_of_one_person_are_bounded_and_another_one_verifies(
    server: Homeserver, bot: Bot, ana: Peer, ben: Peer, room: str, in_room: bool
) -> None:
    for number in range(1000):
        Comparing(bot, ana, room if in_room else None, f"T{number}").ask()
    await bot.settled()
    sent = server.count("PUT .*/send/" if in_room else f"PUT .*/sendToDevice/{PREFIX}")
    assert 0 < sent <= 2 * A_PERSON  # each but the last is begun and ended
    flow = Comparing(bot, ben, None)
    await flow.start()
    await flow.end()
    bot.clock.moment += LASTS
    await bot.verifications.expire()
    later = Comparing(bot, ana, None, "later")
    await later.start()
    await later.end()


async def test_somebody_who_shares_no_room_with_the_bot_is_not_answered(
    server: Homeserver, world: World, bot: Bot, room: str
) -> None:
    stranger = Peer(world, "stranger")
    flow = Comparing(bot, stranger, None)
    flow.ask()
    flow.step("start", start_of("PHONE"))
    await bot.settled()
    assert flow.heard() == []
    assert server.count(PREFIX) == 0


ODD: list[object] = [None, 5, -(10**30), "", "\ud800", [], [None], {}, {"a": 1}]


async def test_no_step_however_odd_stops_the_bot(world: World, bot: Bot, ana: Peer, room: str) -> None:
    for number, odd in enumerate(ODD):
        names = (
            "from_device",
            "methods",
            "timestamp",
            "transaction_id",
            "key",
            "mac",
            "keys",
            "method",
            "code",
        )
        sound: Json = {"transaction_id": f"T{number}", "from_device": "PHONE", "timestamp": 0}
        contents = [odd, *({**sound, name: odd} for name in names), dict.fromkeys(names, odd)]
        for kind in ("request", "ready", "start", "accept", "key", "mac", "done", "cancel", "nonsense", ""):
            for content in contents:
                world.to_device(ana.user_id, PREFIX + kind, {BOT: {"BOT": content}})
                if isinstance(content, dict):
                    world.put(room, ana.user_id, PREFIX + kind, {**content, "m.relates_to": odd})
    for content in ({"to": odd, "msgtype": f"{PREFIX}request", "body": odd} for odd in [*ODD, BOT]):
        world.put(room, ana.user_id, "m.room.message", content)
    await bot.settled()
    bot.clock.moment += LASTS
    await bot.verifications.expire()
    flow = Comparing(bot, ana, None, "sound")
    await flow.start()
    await flow.end()


@pytest.mark.parametrize(
    ("age", "answered"),
    [
        (LASTS, False),
        (LASTS - timedelta(seconds=1), True),
        (timedelta(seconds=1) - timedelta(minutes=5), True),
        (-timedelta(minutes=5), False),
    ],
)
async def test_a_request_of_another_time_is_not_answered(
    bot: Bot, ana: Peer, room: str, age: timedelta, answered: bool
) -> None:
    flow = Comparing(bot, ana, None)
    flow.ask(age=age)
    await bot.settled()
    assert flow.kinds() == (["ready"] if answered else [])


@pytest.mark.parametrize("kind", ["start", "key", "mac"])
async def test_who_goes_on_with_what_is_not_known_is_told_once(
    bot: Bot, ana: Peer, room: str, kind: str
) -> None:
    flow = Comparing(bot, ana, None)
    flow.step("cancel", {"code": "m.user"})
    flow.step("done", {})
    await bot.settled()
    assert flow.heard() == []
    flow.step(kind, start_of("PHONE") if kind == "start" else {})
    flow.step(kind, {})
    await bot.settled()
    assert flow.code() == "m.unknown_transaction"


@WAYS
@pytest.mark.parametrize("at", ["start", "key", "mac"])
async def test_after_a_crash_the_next_step_is_answered_with_the_end_and_a_new_one_verifies(
    bot: Bot, ana: Peer, room: str, in_room: bool, at: str
) -> None:
    flow = Comparing(bot, ana, room if in_room else None)
    if at == "mac":
        await flow.start()
    else:
        flow.ask()
        await bot.settled()
        if at == "key":
            flow.step("start", start_of("PHONE"))
            await bot.settled()
    await bot.restart()
    flow.step(at, start_of("PHONE") if at == "start" else {})
    await bot.settled()
    assert flow.code() == "m.unknown_transaction"
    again = Comparing(bot, ana, room if in_room else None, "T2")
    await again.start()
    await again.end()


async def test_the_verifications_of_others_in_a_room_are_left_alone(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    before = len(ana.heard(room))
    content = {
        "msgtype": f"{PREFIX}request",
        "to": ben.user_id,
        "from_device": "PHONE",
        "methods": ["m.sas.v1"],
    }
    others = world.put(room, ana.user_id, "m.room.message", content)
    relation = {"m.relates_to": {"rel_type": "m.reference", "event_id": others}}
    for who in (ana, ben):
        world.put(room, who.user_id, f"{PREFIX}start", start_of("PHONE") | relation)
    await bot.settled()
    assert len(ana.heard(room)) == before
    # what began before the bot did is over by now, so nothing more is asked of the server
    asked = server.count("GET .*/event/")
    bot.later(minutes=10)
    world.put(room, ben.user_id, f"{PREFIX}key", {"key": ""} | relation)
    await bot.settled()
    assert server.count("GET .*/event/") == asked > 0


@WAYS
async def test_a_stop_ends_what_is_under_way(bot: Bot, ana: Peer, room: str, in_room: bool) -> None:
    flow = Comparing(bot, ana, room if in_room else None)
    await flow.start()
    running = asyncio.create_task(bot.verifications.run())
    await asyncio.sleep(0)  # it begins
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert flow.code() == "m.user"


@WAYS
async def test_what_does_not_fit_ends_it_with_the_reason(
    bot: Bot, ana: Peer, room: str, in_room: bool
) -> None:
    where = room if in_room else None
    scanning = Comparing(bot, ana, where, "T1")
    scanning.ask("m.qr_code.scan.v1", "m.reciprocate.v1")
    await bot.settled()
    assert scanning.code() == "m.unknown_method"
    other = Comparing(bot, ana, where, "T2")
    other.ask()
    other.step("start", start_of("TABLET"))
    await bot.settled()
    assert other.code() == "m.invalid_message"
    twice = Comparing(bot, ana, where, "T3")
    twice.ask()
    twice.step("start", start_of("PHONE"))
    twice.step("start", start_of("PHONE"))
    await bot.settled()
    assert twice.code() == "m.unexpected_message"
    forged = Comparing(bot, ana, where, "T4")
    await forged.start()
    forged.step("mac", forged.side.mac({"ed25519:PHONE": "another fingerprint"}))
    await bot.settled()
    assert forged.code() == "m.key_mismatch"


async def test_without_encryption_only_the_fixed_sentence_is_said(world: World, bot: Bot, ana: Peer) -> None:
    open_room = world.create("open", ana.user_id, BOT, encrypted=False)
    await bot.start()
    bot.later(hours=2)  # since the greeting
    flow = Comparing(bot, ana, open_room)
    for _ in range(2):
        flow.ask()
        flow.step("start", start_of("PHONE"))
        flow.step("key", {"key": ""})
        await bot.settled()
    assert flow.heard() == []
    said = [(heard.kind, heard.text) for heard in ana.heard(open_room)]
    assert len(said) == 2
    assert {*said} == {said[0]}
    assert said[0][0] == "m.room.message"
    assert "encrypt" in said[0][1]


async def test_what_is_read_late_from_a_room_that_the_bot_was_removed_from_stops_nothing(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    world.late_keys = True
    content = ana.encrypted(room, f"{PREFIX}start", start_of("PHONE"))
    world.put(room, ana.user_id, "m.room.encrypted", content)
    await bot.settled()
    assert len(bot.rows("SELECT * FROM parked")) == 1
    world.member(room, BOT, "leave", by=ana.user_id)
    await bot.settled()
    again = world.create("oak", ana.user_id, BOT)
    world.release_keys()
    await bot.settled()
    assert bot.rows("SELECT * FROM parked") == []
    flow = Comparing(bot, ana, again)
    await flow.start()
    await flow.end()


async def test_a_request_from_before_the_bot_came_into_the_room_is_answered(
    world: World, bot: Bot, ana: Peer
) -> None:
    room = world.create("direct", ana.user_id)
    world.member(room, BOT, "invite", by=ana.user_id)
    flow = Comparing(bot, ana, room)
    flow.ask()
    await bot.start()
    assert flow.kinds() == ["ready"]
