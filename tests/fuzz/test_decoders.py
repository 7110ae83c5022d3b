"""Whatever a server or an app sends, a decoder returns a value or its own error, and nothing half done."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from nio.events import Event

from bot import config, control
from bot.domain.errors import ConfigError, GiveUp, Retry, StartError, StoreError
from bot.domain.files import LONGEST_NAME, OCTETS, Remark, Unfit, made_harmless, taken_from
from bot.domain.metadata import clean
from bot.matrix import (
    datafolder,
    echo,
    files,
    polls,
    requests,
    secret_storage,
    signatures,
    verification_events,
)
from bot.matrix.fetcher import _open, _Unfit
from bot.matrix.identity import Identity, Published
from bot.matrix.inbound import incoming, reply_target, room_seen
from bot.matrix.machine import _well_formed
from bot.matrix.sas_flow import Flow, Party, Sending
from bot.ports import ShareFile
from tests.fuzz.effort import fuzzed
from tests.fuzz.hostile import Json, bent, deep, words
from tests.fuzz.hostile import json as any_json

EVENT: dict[str, Json] = {
    "type": "m.room.message",
    "event_id": "$e1",
    "sender": "@ana:test",
    "origin_server_ts": 1_780_000_000_000,
    "room_id": "!river:test",
    "content": {
        "msgtype": "m.text",
        "body": "> <@ben:test> hello\n\n!help",
        "m.relates_to": {"rel_type": "m.thread", "event_id": "$e0", "m.in_reply_to": {"event_id": "$e0"}, "is_falling_back": True},
        "m.new_content": {"body": "!help"},
        "m.mentions": {"user_ids": ["@spokesbot:test"]},
    },
}  # fmt: skip


def event(kind: str, content: Json, **more: Json) -> dict[str, Json]:
    """Return a well-formed event."""
    return EVENT | {"type": kind, "content": content} | more


ROOM_EVENTS: list[dict[str, Json]] = [
    EVENT,
    event("m.room.redaction", {"redacts": "$e0"}, redacts="$e0"),
    event(
        "m.poll.response",
        {"m.relates_to": {"rel_type": "m.reference", "event_id": "$e0"}, "m.selections": ["1"]},
    ),
    event(
        "org.matrix.msc3381.poll.response",
        {
            "m.relates_to": {"rel_type": "m.reference", "event_id": "$e0"},
            "org.matrix.msc3381.poll.response": {"answers": ["1"]},
        },
    ),
    event(
        "m.room.message",
        {
            "msgtype": "m.key.verification.request",
            "to": "@spokesbot:test",
            "from_device": "D",
            "methods": ["m.sas.v1"],
            "body": "x",
        },
    ),
    event(
        "m.key.verification.start",
        {"m.relates_to": {"rel_type": "m.reference", "event_id": "$e0"}, "from_device": "D"},
    ),
    event("m.room.member", {"membership": "join", "displayname": "Ana"}, state_key="@ana:test", unsigned={"prev_content": {"membership": "invite"}}),
    event("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}, state_key=""),
    event("m.room.create", {"room_version": "12", "creator": "@ana:test", "additional_creators": ["@ben:test"]}, state_key=""),
    event("m.room.power_levels", {"users": {"@ana:test": 100}, "events": {"m.room.power_levels": 100}, "users_default": 0, "invite": 0, "kick": 50}, state_key=""),
    event("m.room.tombstone", {"body": "moved", "replacement_room": "!new:test"}, state_key=""),
    event("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "sender_key": "k", "session_id": "s", "device_id": "D"}),
]  # fmt: skip
CLIENT: Any = SimpleNamespace(user_id="@spokesbot:test", olm=SimpleNamespace(device_id="BOT"))
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@fuzzed(40)
@given(st.sampled_from(ROOM_EVENTS).flatmap(bent), st.booleans())
def test_any_event_of_a_room_means_something_or_nothing(source: Json, decrypted: bool) -> None:
    """What nio itself refuses is dealt with where answers are parsed."""
    if decrypted and isinstance(source, dict):
        # nio sets these from the encrypted event, which it has checked
        source |= {key: EVENT[key] for key in ("event_id", "sender", "origin_server_ts")}
    try:
        found: Any = Event.parse_decrypted_event(source) if decrypted else Event.parse_event(source)
    except (TypeError, KeyError, AttributeError, ValueError):
        return
    if not isinstance(found, Event):
        return
    found.decrypted = decrypted
    creators: set[str] = set()
    room_seen(CLIENT, "!river:test", [found], creators)
    assert all(isinstance(creator, str) for creator in creators)
    reply_target(found)
    verification_events.in_room(found, "!river:test", "@spokesbot:test", encrypted=True)
    value = incoming(found, "!river:test", "!")
    # what is handed on can be stored
    repr(value).encode()
    assert decrypted or type(value).__name__ in ("NoneType", "Unencrypted", "Redacted")


@fuzzed(40)
@given(any_json())
def test_any_content_of_a_poll_answer_is_read_or_left(content: Json) -> None:
    near = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$e"}, "m.selections": content}
    for thing in (near, {"m.poll": content}, {polls.START: content}):
        start = polls.read_start(thing)
        if start is not None:
            assert 1 <= len(start.answers) <= polls.MOST_ANSWERS
            assert start.most >= 1
    for thing in (near, {**near, polls.RESPONSES[0]: content}, {"m.relates_to": content}):
        found = polls.read_response(thing)
        assert found is None or (
            isinstance(found[0], str) and all(isinstance(part, str) for part in found[1])
        )


STEPS: dict[str, dict[str, Json]] = {
    "request": {"from_device": "PHONE", "methods": ["m.sas.v1"], "timestamp": 1_780_000_000_000, "transaction_id": "t"},
    "start": {
        "from_device": "PHONE",
        "method": "m.sas.v1",
        "key_agreement_protocols": ["curve25519-hkdf-sha256"],
        "hashes": ["sha256"],
        "message_authentication_codes": ["hkdf-hmac-sha256.v2"],
        "short_authentication_string": ["decimal", "emoji"],
        "transaction_id": "t",
    },
    "key": {"key": "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08", "transaction_id": "t"},
    "mac": {"mac": {"ed25519:PHONE": "abcd"}, "keys": "abcd", "transaction_id": "t"},
    "cancel": {"code": "m.user", "reason": "no", "transaction_id": "t"},
}  # fmt: skip


@fuzzed(30)
@given(st.data(), words, words, words)
def test_any_step_of_a_verification_is_answered_or_ends_it(
    data: st.DataObject, user: str, device: str, transaction: str
) -> None:
    flow = Flow(Party("@spokesbot:test", "BOT", {"ed25519:BOT": "k"}), user, device, transaction)
    sent: list[Sending] = flow.begin(data.draw(bent(["m.sas.v1"])))
    for _ in range(data.draw(st.integers(1, 5))):
        kind = data.draw(st.sampled_from([*STEPS, "start", "key", "done"]))
        content = data.draw(bent(STEPS.get(kind, {}) | {"from_device": device}))
        if isinstance(content, dict):
            sent += flow.receive(kind, content, {f"ed25519:{device}": "k"})
    json.dumps([step.content for step in sent]).encode()
    # nothing was confirmed, so nothing of ours was vouched for
    assert flow.stage.value != "verified"
    assert "mac" not in {step.kind for step in sent}


@fuzzed(40)
@given(st.sampled_from([*STEPS.values()]).flatmap(bent), any_json(), words)
def test_any_message_to_this_device_is_a_step_or_none(content: Json, sender: Json, kind: str) -> None:
    source = {"type": f"m.key.verification.{kind}", "content": content}
    for shown in (source, content):
        verification_events.to_device(SimpleNamespace(source=shown, sender=sender))


ANA = Identity("@ana:test", {usage: bytes([number] * 32) for number, usage in enumerate(("master", "self_signing", "user_signing"))})  # fmt: skip
DEVICE = {"user_id": "@ana:test", "device_id": "D", "algorithms": ["a"], "keys": {"ed25519:D": "ed", "curve25519:D": "curve"}, "signatures": {}}  # fmt: skip
KEYS: dict[str, Json] = {
    "device_keys": {"@ana:test": {"D": ANA.sign("self_signing", DEVICE)}},
    "master_keys": {"@ana:test": ANA.key_object("master")},
    "self_signing_keys": {"@ana:test": ANA.key_object("self_signing")},
    "failures": {},
}


@fuzzed(40)
@given(bent(KEYS))
def test_any_answer_about_keys_vouches_for_nobody_it_should_not(answer: Json) -> None:
    if not isinstance(answer, dict):
        return
    owners = asyncio.run(signatures.read_owners(answer, ["@ana:test", "@ben:test"], {}))
    assert owners["@ana:test"].signed <= {("D", "ed", "curve")}
    assert not owners["@ben:test"].signed
    published = Published.parse(answer, "@ana:test", "D")
    assert published.is_device_signed in (True, False)
    published.has_device_keys("ed", "curve")
    devices = answer.get("device_keys")
    shown = devices.get("@ana:test") if isinstance(devices, dict) else None
    if isinstance(shown, dict):
        assert _well_formed("@ana:test", shown).keys() <= shown.keys()


def _answering(answers: list[Json]) -> Any:
    """Return a stand-in for one request that gives these answers in turn, then empty ones."""
    left = iter(answers)

    async def request(*_: Any, **__: Any) -> Json:
        return next(left, {})

    return request


KEY = bytes(range(32))
SEALED = {"encrypted": {"k": secret_storage.seal(KEY, "m.x", b"c2VjcmV0")}}


@fuzzed(30)
@given(bent({"key": "k"}, 1), bent(secret_storage.describe_key(KEY, "n"), 2), bent(SEALED, 2))
def test_any_secret_storage_is_opened_or_refused(default: Json, description: Json, sealed: Json) -> None:
    answers = [part if isinstance(part, dict) else {} for part in (default, description, sealed)]
    before = secret_storage.request
    try:
        secret_storage.request = _answering(answers)
        with contextlib.suppress(secret_storage.WrongKeyError, StartError):
            asyncio.run(secret_storage.read(CLIENT, KEY, ["m.x"]))
        secret_storage.request = _answering(answers)
        assert asyncio.run(secret_storage.held(CLIENT, ["m.x"])) <= {"m.x"}
    finally:
        secret_storage.request = before


@fuzzed(30)
@given(words)
def test_any_recovery_key_is_read_or_refused(text: str) -> None:
    for typed in (text, secret_storage.encode_recovery_key(KEY) + text):
        with contextlib.suppress(secret_storage.WrongKeyError):
            assert len(secret_storage.decode_recovery_key(typed)) == 32


PAGE = {
    "chunk": [
        {"sender": "@spokesbot:test", "event_id": "$e", "origin_server_ts": 1_795_000_000_000, "content": {}, "unsigned": {}},
        {"sender": "@spokesbot:test", "event_id": "$f", "origin_server_ts": 1_795_000_000_000, "content": {echo.SIGN: "sign"}, "unsigned": {"transaction_id": "t1"}},
    ],
    "end": "s5",
}  # fmt: skip


@fuzzed(30)
@given(st.lists(bent(PAGE), min_size=1, max_size=3))
def test_any_page_of_a_room_is_searched_for_our_message(pages: list[Json]) -> None:
    row: Any = SimpleNamespace(room_id="!river:test", tried_at=NOW, queued_at=NOW, sign="sign", txn_id="t1")
    before = echo.request
    try:
        echo.request = _answering([page if isinstance(page, dict) else {} for page in pages])
        found = asyncio.run(echo.find_sent(CLIENT, row))
        assert found is None or isinstance(found, str)
    except (Retry, GiveUp):
        pass
    finally:
        echo.request = before


class _Answer:
    """What aiohttp hands over."""

    def __init__(self, status: int, raw: bytes, headers: dict[str, str]) -> None:
        self.status, self._raw, self.headers = status, raw, headers

    async def read(self) -> bytes:
        return self._raw


_bodies = st.one_of(
    st.binary(max_size=40),
    bent({"errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": 5}).map(
        lambda body: json.dumps(body).encode()
    ),
    st.sampled_from(
        [
            b"[" * 5000 + b"]" * 5000,
            b'{"a":' * 5000 + b"1" + b"}" * 5000,
            b'{"errcode": "M_X", "retry_after_ms": ' + b"9" * 5000 + b"}",
            b'{"a": "\\ud800"}',
        ]
    ),
)


@fuzzed(40)
@given(st.sampled_from([200, 400, 401, 403, 404, 408, 429, 500, 502]), _bodies, words)
def test_any_answer_of_a_server_is_taken_put_off_or_given_up(status: int, raw: bytes, after: str) -> None:
    try:
        answer = asyncio.run(requests.read_json(_Answer(status, raw, {"Retry-After": after}), "GET /x"))  # type: ignore[arg-type]
        assert isinstance(answer, dict)
    except Retry as error:
        assert error.after is None or error.after.total_seconds() > 0
    except GiveUp:
        pass


SESSION = {
    "version": 1, "user_id": "@spokesbot:test", "device_id": "BOT", "homeserver": "https://test", "token": "abcd", "fingerprint": "f",
    "master_key": "m", "pending": None, "keys_made_at": "2026-11-23",
}  # fmt: skip


@fuzzed(30)
@given(bent(SESSION))
def test_any_session_file_is_loaded_or_called_damaged(content: Json) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / datafolder.SESSION).write_text(json.dumps(content), "utf-8")
        try:
            session = datafolder.load(folder)
            assert session is not None
            session.access_token(bytes(32))
        except StartError as error:
            assert isinstance(error, StoreError | StartError)


CONFIG: dict[str, Json] = {
    "homeserver": "https://matrix.test",
    "user_id": "@spokesbot:matrix.test",
    "data_dir": "data",
    "store_key_file": "store.key",
    "invites": {"allow": ["@*:matrix.test"]},
    "command_prefix": "!",
    "timezone": "Europe/London",
    "log": {"level": "info", "format": "text", "file": "spokesbot.log"},
}
_yaml = st.one_of(
    bent(CONFIG).map(lambda content: yaml.safe_dump(content, allow_unicode=True)),
    bent(CONFIG).map(lambda content: json.dumps(content, ensure_ascii=True)),
    words,
    st.sampled_from(
        [
            "data_dir: ~nobody-is-called-this/x",
            "a: 2026-13-45",
            "2026-11-23: 1",
            "1: 2",
            "? [a]\n: b",
            "a: &a [*a]",
            "&a {invites: *a}",
            "[" * 3000,
            "log: {file: ~nobody-is-called-this/x}",
            "a: !!python/object x",
            "a: " + "9" * 5000,
            "a: 1:99:99\nb: .nan",
        ]
    ),
)


_FILE: dict[str, Json] = {
    "msgtype": "m.image",
    "body": "look",
    "filename": "a.png",
    "info": {
        "mimetype": "image/png",
        "size": 5,
        "w": 8,
        "h": 6,
        "thumbnail_file": {"url": "mxc://test/b"},
        "thumbnail_info": {"mimetype": "image/png"},
    },
    "file": {
        "v": "v2",
        "url": "mxc://test/a",
        "key": {"kty": "oct", "alg": "A256CTR", "ext": True, "k": "AAAA", "key_ops": ["decrypt"]},
        "iv": "AAAAAAAAAAAAAAAAAAAAAA",
        "hashes": {"sha256": "47DEQpj8HBSa"},
    },
}


@fuzzed(60)
@given(bent(_FILE))
def test_any_file_is_taken_as_harmless_and_under_a_whole_key_or_not(content: Json) -> None:
    found = files.attached(content, "$e1", "@ana:test", decrypted=True)
    if found is None:
        return
    file = taken_from(found, 1)
    assert 0 < len(file.name) <= LONGEST_NAME
    for sealed in (made_harmless(found).content, made_harmless(found).thumbnail):
        if sealed is not None:
            assert sealed.mimetype == OCTETS or "html" not in sealed.mimetype
            shared = files.file_content(ShareFile(file.media.value, file.name, sealed))
            assert json.loads(json.dumps(shared))["file"]["url"].startswith("mxc://")
            try:
                _open(sealed, b"ciphertext")
            except _Unfit as refused:
                assert refused.why in (Unfit.CHANGED, Unfit.UNREADABLE)


_PICTURES = [
    bytes.fromhex("ffd8ffe0000a4a464946000101000001ffe1000845786966000061ffda0004aabb01ff00ff02ffd9"),
    b"\x89PNG\r\n\x1a\n\0\0\0\1IHDRx\0\0\0\0\0\0\0\1tEXtx\0\0\0\0\0\0\0\0IEND\0\0\0\0",
    b"RIFF\x1c\0\0\0WEBPVP8X\2\0\0\0\xff\0EXIF\1\0\0\0x\0",
]


@fuzzed(100)
@given(
    st.sampled_from(_PICTURES),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=4),
    st.integers(0, 60),
)
def test_any_picture_is_cleaned_once_or_left_as_it_is(
    picture: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    content = bytearray(picture[:length] if length < 40 else picture)
    for place, value in changes:
        if place < len(content):
            content[place] = value
    cleaned, remark = clean(bytes(content))
    assert len(cleaned) <= len(content) + 36  # an orientation in a block of its own
    if remark is Remark.UNSEEN:
        assert cleaned == bytes(content)
    else:
        assert clean(cleaned) == (cleaned, Remark.CLEAN)


@fuzzed(30)
@given(_yaml)
def test_any_configuration_is_read_or_refused_with_its_problems(text: str) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "spokesbot.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            config.load(path)
        except ConfigError as error:
            assert error.problems
            assert all(error.problems)


@fuzzed(30)
@given(
    st.one_of(
        bent({"op": "count", "number": 1}).map(lambda asked: json.dumps(asked).encode()),
        st.binary(max_size=50),
        st.sampled_from([b"[" * 4000, b"9" * 5000, json.dumps(deep(900)).encode()]),
    )
)
def test_any_request_to_the_socket_is_answered_or_left(raw: bytes) -> None:
    async def counting(_: Json) -> AsyncIterator[Json]:
        yield {"done": 1}

    async def talk() -> None:
        reader = asyncio.StreamReader(limit=control.LONGEST_LINE)
        reader.feed_data(raw + b"\n")
        reader.feed_eof()
        await control._talk(reader, _Nowhere(), {"count": counting})  # type: ignore[arg-type]

    asyncio.run(talk())


class _Nowhere:
    """A connection's other half, whose end nobody reads."""

    def write(self, line: bytes) -> None:
        assert isinstance(json.loads(line), dict)

    async def drain(self) -> None:
        return None
