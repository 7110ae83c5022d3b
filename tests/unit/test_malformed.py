"""Malformed answers and files that once ended in an error of their reader."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot import config
from bot.domain.errors import ConfigError, Retry, StartError, StoreError
from bot.matrix import datafolder, echo, requests, secret_storage
from bot.matrix.identity import Published
from bot.matrix.malformed import without_unreadable
from bot.matrix.sas_flow import Flow, Party, Stage

CLIENT: Any = SimpleNamespace(user_id="@bot:test")
KEY = bytes(32)


def answering(*answers: Any) -> Any:
    """Return a stand-in for requests that gives these answers, then empty ones."""
    left = iter(answers)

    async def request(*_: Any, **__: Any) -> Any:
        return next(left, {})

    return request


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ({"retry_after_ms": float("inf")}, {}, 3600),
        ({"retry_after_ms": 1e300}, {}, 3600),
        ({"retry_after_ms": float("nan")}, {"Retry-After": "7"}, 7),
        ({"retry_after_ms": -5}, {"Retry-After": "²"}, None),
        ({"retry_after_ms": "5"}, {"Retry-After": "9" * 5000}, None),
        ({"retry_after_ms": 1500}, {}, 1.5),
    ],
)
async def test_any_time_to_wait_is_taken_within_reason(
    body: Any, headers: dict[str, str], seconds: float | None
) -> None:
    async def raw() -> bytes:
        return json.dumps({"errcode": "M_LIMIT_EXCEEDED"} | body).encode()

    answer: Any = SimpleNamespace(status=429, headers=headers, read=raw)
    with pytest.raises(Retry) as caught:
        await requests.read_json(answer, "GET /x")
    assert caught.value.after == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("shown", [None, 5, [], {"@bot:test": None}, {"@bot:test": {"BOT": 5}}, {"@bot:test": {"BOT": {"keys": []}}}])  # fmt: skip
def test_malformed_keys_are_no_identity(shown: Any) -> None:
    usage = {"@bot:test": {"user_id": "@bot:test", "usage": 5, "keys": {"ed25519:k": "k"}}}
    for answer in (
        {"device_keys": shown, "master_keys": shown, "self_signing_keys": shown},
        {"master_keys": usage},
    ):
        published = Published.parse(answer, "@bot:test", "BOT")
        assert published.master is None
        assert not published.is_device_signed
        assert not published.has_device_keys("ed", "curve")


def test_a_malformed_receipt_costs_nobody_anything_but_itself() -> None:
    good = {"type": "m.receipt", "content": {"$e": {"m.read": {"@ana:test": {"ts": 1}}}}}
    bad = {"type": "m.receipt", "content": {"$e": {"x": []}}}
    nothing: dict[str, Any] = {"events": []}
    room = {"state": nothing, "account_data": nothing, "timeline": nothing | {"prev_batch": "s1"}}
    answer = {"rooms": {"join": {"!r:test": room | {"ephemeral": {"events": [bad, good]}}}}}
    assert without_unreadable(answer)["rooms"]["join"]["!r:test"]["ephemeral"]["events"] == [good]


@pytest.mark.parametrize(
    "answers",
    [
        [{"key": {"a": 1}}],
        [{"key": "k"}, secret_storage.describe_key(KEY, "n"), {"encrypted": []}],
        [{"key": "k"}, secret_storage.describe_key(KEY, "n"), {"encrypted": {"k": 5}}],
        [{"key": "k"}, secret_storage.describe_key(KEY, "n"), {"encrypted": {"k": secret_storage.seal(KEY, "m.x", b"\xff")}}],
    ],
)  # fmt: skip
async def test_a_malformed_secret_storage_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, answers: list[Any]
) -> None:
    monkeypatch.setattr(secret_storage, "request", answering(*answers))
    try:
        assert await secret_storage.read(CLIENT, KEY, ["m.x"]) == {}
    except (secret_storage.WrongKeyError, StartError) as error:
        assert str(error)
    monkeypatch.setattr(secret_storage, "request", answering(*answers))
    assert await secret_storage.held(CLIENT, ["m.x"]) <= {"m.x"}


async def test_our_message_is_found_among_malformed_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    row: Any = SimpleNamespace(room_id="!r:test", tried_at=now, queued_at=now, sign="sign", txn_id="t")
    own = {"sender": "@bot:test", "content": [1], "unsigned": "x", "event_id": "$a", "origin_server_ts": []}
    ours = own | {"content": {echo.SIGN: "sign"}, "event_id": "$b"}
    pages = [{"chunk": [5, own, ours | {"event_id": 7}], "end": "s1"}, {"chunk": [ours]}]
    monkeypatch.setattr(echo, "request", answering(*pages))
    assert await echo.find_sent(CLIENT, row) == "$b"
    for page in ({"chunk": 5}, {"chunk": [own], "end": 5}):
        monkeypatch.setattr(echo, "request", answering(page))
        assert await echo.find_sent(CLIENT, row) is None


@pytest.mark.parametrize("text", ["[]", "5", '{"version": 1, "user_id": 5, "device_id": "D", "homeserver": "h"}', '{"version": 1, "user_id": "@b:t", "device_id": null, "homeserver": "h"}', "[" * 5000 + "]" * 5000])  # fmt: skip
def test_a_malformed_session_file_is_called_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / datafolder.SESSION).write_text(text)
    with pytest.raises(StoreError, match="is damaged"):
        datafolder.load(tmp_path)


@pytest.mark.parametrize("text", ["data_dir: ~nobody-is-called-this/x", "log: {file: ~nobody-is-called-this/x}", "a: 2026-13-45", "[" * 1200])  # fmt: skip
def test_a_configuration_with_values_that_are_none_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "spokesbot.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        config.load(path)


def test_half_a_character_in_a_device_id_ends_its_verification() -> None:
    flow = Flow(Party("@bot:test", "BOT", {}), "@ana:test", "\ud800", "t")
    flow.begin(["m.sas.v1"])
    start = {"from_device": "\ud800", "method": "m.sas.v1", "key_agreement_protocols": ["curve25519-hkdf-sha256"], "hashes": ["sha256"], "message_authentication_codes": ["hkdf-hmac-sha256.v2"], "short_authentication_string": ["decimal"]}  # fmt: skip
    flow.receive("start", start | {"from_device": "\ud800"})
    flow.receive("key", {"key": "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08"})
    assert flow.stage is Stage.CANCELLED
