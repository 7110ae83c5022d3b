"""Which keys are forgotten, when, and that they are gone from memory and disk."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest_asyncio
from nio import MatrixRoom
from nio.crypto import InboundGroupSession, OlmAccount, OlmDevice, OutboundGroupSession, OutboundSession
from nio.crypto.device import TrustState
from nio.crypto.key_request import OutgoingKeyRequest
from nio.events import MegolmEvent

from bot.matrix import forgetting
from bot.matrix.client import BotClient
from bot.matrix.forgetting import forget
from bot.matrix.keystore import FILE
from bot.matrix.rotation import rotation_of
from bot.ports import SystemClock
from bot.store import inbox
from tests import new_store

ME, ANA, ROOM = "@bot:willow.test", "@ana:willow.test", "!room"
START = 740_000


class Shelf:
    """A bot's keys on a folder, with a calendar that a test turns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.day = START
        self.ana = OlmAccount()
        self.open()

    def open(self) -> None:
        self.client = BotClient("https://willow.test", ME, store_path=str(self.folder), pickle_key="key")
        self.client.restore_login(ME, "BOT", "token")
        self.client.store.today = lambda: self.day
        made = self.client.rooms[ROOM] = MatrixRoom(ROOM, ME, True)
        for user in (ME, ANA):
            made.add_member(user, None, None)

    async def restart(self) -> None:
        self.client.store.save_uses()
        await self.client.close()
        self.open()

    def key(self, chain: list[str] | None = None) -> OutboundGroupSession:
        """Let Ana's device begin a new session."""
        made, own = OutboundGroupSession(), self.ana.identity_keys
        made.shared = True
        key = InboundGroupSession(made.session_key, own["ed25519"], own["curve25519"], ROOM, chain)
        self.client.olm.inbound_group_store.add(key)
        self.client.olm.save_inbound_group_session(key)
        return made

    def read(self, session: OutboundGroupSession) -> None:
        """Let Ana say something with it."""
        text = (
            '{"type": "m.room.message", "content": {"msgtype": "m.text", "body": "hi"}, "room_id": "!room"}'
        )
        content = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "sender_key": self.ana.identity_keys["curve25519"],
            "device_id": "PHONE",
            "session_id": session.id,
            "ciphertext": session.encrypt(text),
        }
        event = MegolmEvent.from_dict(
            {
                "event_id": f"${session.message_index}",
                "sender": ANA,
                "origin_server_ts": 1,
                "type": "m.room.encrypted",
                "content": content,
                "room_id": ROOM,
            }
        )
        assert self.client.decrypt_event(event).decrypted

    def kept(self) -> set[str]:
        return {key.id for key in self.client.olm.inbound_group_store}

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.folder / FILE)) as other:
            return other.execute(sql).fetchall()


@pytest_asyncio.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    await made.client.close()


async def test_a_key_goes_a_week_after_its_device_has_a_newer_one(shelf: Shelf) -> None:
    first, second = shelf.key(), shelf.key()
    shelf.day += 7
    assert await forget(shelf.client, ()) == 0
    shelf.day += 1
    assert await forget(shelf.client, ()) == 1
    assert shelf.kept() == {second.id} == {row[0] for row in shelf.rows("SELECT session_id FROM uses")}
    assert shelf.rows("SELECT session_id FROM megolminboundsessions") == [(second.id,)]
    assert first.id.encode() not in b"".join(
        path.read_bytes() for path in shelf.folder.iterdir() if path.name != f"{FILE}-shm"
    )


async def test_the_newest_key_of_a_device_goes_a_month_after_its_last_message(shelf: Shelf) -> None:
    session = shelf.key()
    shelf.day += 25
    shelf.read(session)
    shelf.day += 30
    assert await forget(shelf.client, ()) == 0
    shelf.day += 1
    assert await forget(shelf.client, ()) == 1
    assert shelf.kept() == set()


async def test_the_last_use_is_remembered_over_a_restart(shelf: Shelf) -> None:
    session = shelf.key()
    shelf.day += 29
    shelf.read(session)
    await shelf.restart()
    shelf.day += 30
    assert await forget(shelf.client, ()) == 0
    assert shelf.kept() == {session.id}


async def test_a_use_is_written_once_a_day(shelf: Shelf) -> None:
    session, statements = shelf.key(), list[str]()
    shelf.client.store.database.connection().set_trace_callback(statements.append)
    for _ in range(20):
        shelf.read(session)
        shelf.client.store.save_uses()
    assert statements == []
    shelf.day += 1
    shelf.read(session)
    shelf.client.store.save_uses()
    assert sum(statement.startswith("COMMIT") for statement in statements) == 1


async def test_a_message_that_waits_keeps_its_key(shelf: Shelf) -> None:
    session = shelf.key()
    shelf.key()
    shelf.day += 365
    await forget(shelf.client, {session.id})
    assert shelf.kept() == {session.id}


async def test_a_forwarded_key_takes_nobodys_place(shelf: Shelf) -> None:
    session = shelf.key()
    shelf.key(chain=["forwarded"])
    shelf.day += 8
    assert await forget(shelf.client, ()) == 0
    assert session.id in shelf.kept()


async def test_a_room_whose_apps_keep_their_keys_for_long_has_them_kept_for_longer(shelf: Shelf) -> None:
    shelf.client.olm.rotate(ROOM, rotation_of({"rotation_period_ms": 90 * 86_400_000}))
    shelf.key(chain=["forwarded"])
    shelf.day += 30 + 90 - 7
    assert await forget(shelf.client, ()) == 0
    shelf.day += 1
    assert await forget(shelf.client, ()) == 1
    assert shelf.rows("SELECT * FROM forwardedchains") == []


async def test_keys_from_before_uses_were_noted_count_as_used_today(shelf: Shelf) -> None:
    session = shelf.key()
    shelf.client.store.database.execute_sql("DELETE FROM uses")
    await shelf.client.close()
    shelf.open()
    shelf.day = SystemClock().now().toordinal() + 30
    assert await forget(shelf.client, ()) == 0
    assert shelf.kept() == {session.id}


async def test_a_clock_that_falls_back_makes_no_key_older(shelf: Shelf) -> None:
    session = shelf.key()
    shelf.day = 719_163  # 1970
    shelf.read(session)
    shelf.day = START + 1
    assert await forget(shelf.client, ()) == 0


async def test_many_keys_are_forgotten_in_slices(shelf: Shelf) -> None:
    with shelf.client.store.batch():
        sessions = [shelf.key() for _ in range(250)]
    shelf.day += 8
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert await forget(shelf.client, ()) == 249
    counting.cancel()
    assert turns >= 3
    assert shelf.kept() == {sessions[-1].id}


async def test_a_key_that_is_used_meanwhile_stays(shelf: Shelf) -> None:
    with shelf.client.store.batch():
        sessions = [shelf.key() for _ in range(150)]
    shelf.day += 8

    async def speak() -> None:
        shelf.read(sessions[0])  # which is in the second slice, because the oldest go last

    speaking = asyncio.create_task(speak())
    await forget(shelf.client, ())
    await speaking
    assert sessions[0].id in shelf.kept()


# -- devices, sessions with them, requests


def device(shelf: Shelf, user: str, name: str, account: OlmAccount, *, deleted: bool = False) -> OlmDevice:
    keys = account.identity_keys
    made = OlmDevice(
        user, name, {"ed25519": keys["ed25519"], "curve25519": keys["curve25519"]}, deleted=deleted
    )
    shelf.client.olm.device_store.add(made)
    shelf.client.store.save_device_keys({user: {name: made}})
    return made


def session_with(shelf: Shelf, account: OlmAccount) -> OutboundSession:
    account.generate_one_time_keys(1)
    key = list(account.one_time_keys["curve25519"].values())[-1]
    curve = account.identity_keys["curve25519"]
    session = shelf.client.olm.create_session(key, curve)
    shelf.client.store.save_session(curve, session)  # as when something was encrypted with it
    return session


async def test_a_device_that_is_gone_is_forgotten_when_nothing_of_it_is_left(shelf: Shelf) -> None:
    shelf.day = SystemClock().now().toordinal()
    lost, left = OlmAccount(), OlmAccount()
    device(shelf, ANA, "PHONE", shelf.ana)
    device(shelf, ANA, "LOST", lost, deleted=True)
    device(shelf, "@left:willow.test", "PHONE", left)
    blocked = device(shelf, "@left:willow.test", "BAD", OlmAccount())
    blocked.trust_state = TrustState.blacklisted
    for account in (shelf.ana, lost, left):
        session_with(shelf, account)
    shelf.client.olm.tracked_users = {ANA, "@left:willow.test"}

    def known() -> set[str]:
        names = {device.id for device in shelf.client.olm.device_store}
        assert {row[0] for row in shelf.rows("SELECT device_id FROM devicekeys")} == names
        assert len(shelf.rows("SELECT * FROM keys")) == 2 * len(list(shelf.client.olm.device_store))
        return {f"{device.user_id[1]}.{device.id}" for device in shelf.client.olm.device_store}

    await forget(shelf.client, ())
    assert known() == {"a.PHONE", "a.LOST", "l.PHONE", "l.BAD"}
    shelf.day += 92
    await forget(shelf.client, ())
    assert known() == {"a.PHONE", "l.BAD"}
    curve = shelf.ana.identity_keys["curve25519"]
    assert shelf.rows("SELECT sender_key FROM olmsessions") == [(curve,)]
    assert [session for session in shelf.client.olm.session_store] == shelf.client.olm.session_store[curve]
    assert shelf.client.olm.tracked_users == {ANA}


async def test_of_the_sessions_with_a_device_the_last_five_are_kept(shelf: Shelf) -> None:
    made = [session_with(shelf, shelf.ana) for _ in range(8)]
    await forget(shelf.client, ())
    kept = {session.id for session in made[3:]}
    assert {row[0] for row in shelf.rows("SELECT session_id FROM olmsessions")} == kept
    assert {session.id for session in shelf.client.olm.session_store} == kept
    newest = shelf.client.olm.session_store.get(shelf.ana.identity_keys["curve25519"])
    assert newest is made[-1]
    made[4].encrypt("moves on")
    assert shelf.client.olm.session_store.get(shelf.ana.identity_keys["curve25519"]) is made[4]


async def test_a_request_for_a_key_nobody_waits_for_is_forgotten(shelf: Shelf) -> None:
    for name in ("S1", "S2"):
        asked = OutgoingKeyRequest(name, name, ROOM, "m.megolm.v1.aes-sha2")
        shelf.client.olm.outgoing_key_requests[name] = asked
        shelf.client.store.add_outgoing_key_request(asked)
    await forget(shelf.client, {"S1"})
    assert set(shelf.client.olm.outgoing_key_requests) == {"S1"}
    assert shelf.rows("SELECT request_id FROM outgoingkeyrequests") == [("S1",)]


async def test_it_begins_when_all_that_was_said_while_away_has_been_read(
    shelf: Shelf, tmp_path: Path
) -> None:
    database = await new_store.opened(tmp_path / "bot.db")
    waiting, old = shelf.key(), shelf.key()
    shelf.key()
    async with database.transaction("test") as tx:
        now = SystemClock().now()
        await inbox.park(tx, inbox.Parked("$1", ROOM, ANA, waiting.id, {}, now, now))
    shelf.day += 10
    asked, done = asyncio.Event(), asyncio.Event()

    class Synced(asyncio.Event):
        async def wait(self) -> Literal[True]:
            asked.set()
            return await super().wait()

    synced = Synced()

    async def pause(seconds: float) -> None:
        assert seconds == 86_400
        done.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(forgetting.run_daily(shelf.client, database, synced, pause))
    first = [asyncio.create_task(event.wait()) for event in (asked, done)]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    first[1].cancel()
    assert not done.is_set()
    assert old.id in shelf.kept()
    synced.set()
    await done.wait()
    running.cancel()
    assert old.id not in shelf.kept()
    assert waiting.id in shelf.kept()
    await database.close()
