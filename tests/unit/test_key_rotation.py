"""How long the bot uses one key of a room: as the room asks, within bounds."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.matrix.client import BotClient
from bot.matrix.rotation import AGE, MESSAGES, SHORTEST, Rotation, rotation_of
from tests.unit.test_client import ME, SERVER, KeyServer, client, server, sync

__all__ = ["client", "server"]

ANA, ROOM = "@ana:willow.test", "!room:willow.test"
HOUR = 3_600_000
DEFAULT = Rotation()


@pytest.mark.parametrize(
    ("messages", "expected"),
    [(3, 3), (1, 1), (100, 100), (101, 100), (10**30, 100), (0, 100), (-1, 100), (2.5, 100), ("3", 100), (True, 100), (None, 100)],
    ids=str,
)  # fmt: skip
def test_after_so_many_messages(messages: object, expected: int) -> None:
    assert rotation_of({"rotation_period_msgs": messages}) == Rotation(messages=expected)
    assert rotation_of({}) == Rotation(MESSAGES, AGE, AGE)


@pytest.mark.parametrize(
    ("ms", "age", "others"),
    [
        (24 * HOUR, timedelta(days=1), timedelta(days=1)),
        (HOUR, SHORTEST, SHORTEST),
        (1, SHORTEST, timedelta(milliseconds=1)),
        (30 * 24 * HOUR, AGE, timedelta(days=30)),
        (10**30, AGE, timedelta(days=365)),
        *((bad, AGE, AGE) for bad in (0, -1, 0.5, "1", True, None, [], {})),
    ],
    ids=str,
)
def test_after_so_long(ms: object, age: timedelta, others: timedelta) -> None:
    assert rotation_of({"rotation_period_ms": ms}) == Rotation(MESSAGES, age, others)


def encryption(state_key: str | None = "", **content: Any) -> dict[str, Any]:
    event = {
        "type": "m.room.encryption",
        "event_id": "$e",
        "sender": ANA,
        "origin_server_ts": 1,
        "content": {"algorithm": "m.megolm.v1.aes-sha2", **content},
    }
    return event if state_key is None else event | {"state_key": state_key}


MEMBERS = [
    {
        "type": "m.room.member",
        "event_id": f"${user}",
        "sender": user,
        "state_key": user,
        "origin_server_ts": 1,
        "content": {"membership": "join"},
    }
    for user in (ME, ANA)
]


async def told(client: BotClient, state: list[Any], timeline: list[Any] | None = None) -> None:
    joined = {
        "state": {"events": state},
        "timeline": {"events": timeline or [], "limited": False, "prev_batch": "p"},
        "ephemeral": {"events": []},
        "account_data": {"events": []},
        "unread_notifications": {},
        "summary": {},
    }
    await client.receive_response(sync(rooms={"join": {ROOM: joined}, "invite": {}, "leave": {}}))


async def said(client: BotClient, times: int) -> list[str]:
    """Say something, as the sender does, and return the sessions it was said with."""
    used = []
    for _ in range(times):
        await client.preparer.prepare([ROOM])
        _, content = client.encrypt(ROOM, "m.room.message", {"body": "hi"})
        used.append(content["session_id"])
    return used


async def test_the_room_says_after_how_many_messages(client: BotClient, server: KeyServer) -> None:
    server.add(ANA, "PHONE")
    await told(client, [*MEMBERS, encryption(rotation_period_msgs=3)])
    used = await said(client, 7)
    assert [used.index(session) for session in used] == [0, 0, 0, 3, 3, 3, 6]
    assert server.asked.count("sendToDevice/m.room.encrypted") == 3
    assert [server.asked.count(kind) for kind in ("keys/query", "keys/claim")] == [1, 1]


async def test_a_number_that_is_none_costs_no_more_than_the_default(
    client: BotClient, server: KeyServer
) -> None:
    server.add(ANA, "PHONE")
    await told(client, [*MEMBERS, encryption(rotation_period_msgs=0, rotation_period_ms=-5)])
    assert len(set(await said(client, 101))) == 2
    assert server.asked.count("sendToDevice/m.room.encrypted") == 2


async def test_the_room_says_after_how_long(client: BotClient, server: KeyServer) -> None:
    server.add(ANA, "PHONE")
    await told(client, [*MEMBERS, encryption(rotation_period_ms=2 * HOUR)])
    (first,) = await said(client, 1)
    session = client.olm.outbound_group_sessions[ROOM]
    session.creation_time -= timedelta(hours=1, minutes=59)
    assert await said(client, 1) == [first]
    session.creation_time -= timedelta(minutes=1)
    assert await said(client, 1) != [first]


async def test_a_change_of_the_setting_counts_at_once_for_the_key_in_use(
    client: BotClient, server: KeyServer
) -> None:
    server.add(ANA, "PHONE")
    await told(client, [*MEMBERS, encryption()])
    (first,) = set(await said(client, 5))
    await told(client, [], [encryption(rotation_period_msgs=5)])
    used = await said(client, 6)
    assert first not in used
    assert len(set(used)) == 2
    await told(client, [], [encryption(rotation_period_msgs=3), encryption()])
    assert len(set(await said(client, 50))) == 1


async def test_the_setting_is_known_again_after_a_restart(
    client: BotClient, server: KeyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add(ANA, "PHONE")
    await told(client, [*MEMBERS, encryption(rotation_period_msgs=2)])
    await said(client, 1)
    await client.close()
    again = BotClient(SERVER, ME, store_path=str(tmp_path), pickle_key="key")
    again.restore_login(ME, "BOT", "token")
    monkeypatch.setattr(again, "send", server.send)
    await told(again, [*MEMBERS, encryption(rotation_period_msgs=2)])  # the first sync asks for all state
    assert len(set(await said(again, 4))) == 2
    await again.close()


async def test_only_the_rooms_own_state_counts(client: BotClient, server: KeyServer) -> None:
    server.add(ANA, "PHONE")
    await told(client, [*MEMBERS, encryption()])
    await told(
        client, [], [encryption(None, rotation_period_msgs=1), encryption("x", rotation_period_msgs=1)]
    )
    assert len(set(await said(client, 5))) == 1


async def test_a_room_that_was_left_leaves_nothing_behind(client: BotClient) -> None:
    await told(client, [*MEMBERS, encryption(rotation_period_msgs=3)])
    assert client.olm.rotations == {ROOM: Rotation(messages=3)}
    left = {"timeline": {"events": [], "limited": False, "prev_batch": "p"}, "state": {"events": []}}
    await client.receive_response(sync(rooms={"leave": {ROOM: left}, "join": {}, "invite": {}}))
    assert client.olm.rotations == {}
