"""Keep the Olm account, the sessions and people's device keys in one SQLite file.

Rule: what a message was encrypted with is on the disk before that message leaves, so that a crash can never
make us use the same key twice; and a batch of writes is one transaction, never held open while waiting.
"""

# mypy: allow-untyped-calls

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from nio.crypto.device import OlmDevice, TrustState
from nio.crypto.sessions import InboundGroupSession, OlmAccount, Session
from nio.store.database import SqliteStore
from peewee import PeeweeException, SqliteDatabase

from bot.config import Trust
from bot.matrix.asleep import SleepingGroupSession, SleepingSession
from bot.matrix.keywrites import Batch, write
from bot.matrix.memory import Devices, GroupSessions, Sessions
from bot.matrix.signatures import Owner
from bot.store.database import CACHE
from bot.store.disk import Disk, check_writable

FILE = "keys.db"
AWAKE = 1200
"""Sessions with devices that are kept open: those of all parts of a fan-out that are prepared at once; see `preparer.py`."""


class BoundDatabase(SqliteDatabase):
    """A database to which nio's models stay bound; binding them anew cost a third of every store call."""

    def bind_ctx(self, models: Any, *_: Any, **__: Any) -> AbstractContextManager[None]:
        """Bind only the models that another store of this process has taken since."""
        strange = [model for model in models if model._meta.database is not self]
        if strange:
            self.bind(strange, bind_refs=False, bind_backrefs=False)
        return nullcontext()

    def create_tables(self, models: Any, **options: Any) -> None:
        """Make the tables that are missing, all or none; to ask for each at every start cost more than all the rest."""
        there = {name for (name,) in self.execute_sql("SELECT name FROM sqlite_master")}
        missing = [model for model in models if not _names(model) <= there]
        if missing:
            with self.atomic():
                super().create_tables(missing, **options)


@cache
def _names(model: Any) -> frozenset[str]:
    """Return what a model's table and its indexes are called in the file."""
    return frozenset({model._meta.table_name, *(index._name for index in model._meta.fields_to_index())})


@dataclass
class KeyStore(SqliteStore):
    """nio's tables, written by our own statements.

    Trust: `may_receive` alone says whose devices get keys. What it goes by is in this file beside the devices and
    written with them, so that a restart forgets no signature and lets no device in before it is checked.
    """

    def __post_init__(self) -> None:
        """Open the file and make what is missing in it."""
        super().__post_init__()
        with self.database.atomic():
            self.database.execute_sql(
                "CREATE TABLE IF NOT EXISTS owners"
                " (user_id TEXT PRIMARY KEY, master TEXT, signed TEXT NOT NULL)"
            )
            self.database.execute_sql(
                "CREATE TABLE IF NOT EXISTS uses (session_id TEXT PRIMARY KEY, day INTEGER NOT NULL)"
            )
        self.uses.update(self.database.execute_sql("SELECT session_id, day FROM uses"))
        self.owners = {
            user: Owner(master, frozenset((device, ed, curve) for device, ed, curve in json.loads(signed)))
            for user, master, signed in self.database.execute_sql(
                "SELECT user_id, master, signed FROM owners"
            )
        }

    def _create_database(self) -> BoundDatabase:
        self._batch: Batch | None = None
        self.disk = Disk()
        self.trust: Trust = "signed"
        self.today: Callable[[], int] = lambda: datetime.now(UTC).toordinal()
        self.uses: dict[str, int] = {}
        """The last day (`date.toordinal`) on which each room key came or read something."""
        self._new_uses: dict[str, int] = {}
        self._row: Any = None
        self._awake: dict[str, SleepingSession] = {}
        check_writable(Path(self.database_path))
        # Made here because SQLite would make it readable by everyone; its -wal and -shm copy the mode.
        os.close(os.open(self.database_path, os.O_CREAT | os.O_RDWR, 0o600))
        pragmas = {"foreign_keys": 1, "secure_delete": 1, "journal_mode": "wal", "synchronous": "full"}
        return BoundDatabase(self.database_path, pragmas=pragmas | {"cache_size": CACHE})

    def close(self) -> None:
        """Close the file; a store is not used after that."""
        self.database.close()

    # -- trust

    def may_receive(self, device: OlmDevice) -> bool:
        """Tell whether the policy lets this device read and give commands; blocking single ones comes on top.

        Somebody whose identity was never asked for gets nothing yet.
        """
        if self.trust == "all":
            return True
        owner = self.owners.get(device.user_id)
        if owner is None:
            return False
        if owner.master is None:
            return self.trust == "signed"
        return (device.id, device.ed25519, device.curve25519) in owner.signed

    def save_owners(self, owners: Mapping[str, Owner]) -> set[str]:
        """Keep what people's identities say; returns those whose devices may stand differently from now on."""
        changed = {user for user, owner in owners.items() if self.owners.get(user) != owner}
        with self.batch():
            self._gathered.owners.update({user: owners[user] for user in changed})
        self.owners.update(owners)
        return set() if self.trust == "all" else changed

    def is_device_blacklisted(self, device: OlmDevice) -> bool:
        """Tell whether a device gets no keys."""
        return device.trust_state == TrustState.blacklisted or not self.may_receive(device)

    def is_device_verified(self, device: OlmDevice) -> bool:
        """Tell whether somebody compared this device's keys."""
        return bool(device.trust_state == TrustState.verified)

    def is_device_ignored(self, device: OlmDevice) -> bool:
        """Say yes: nio's word for sending to a device though nobody compared its keys."""
        del device
        return True

    def ignore_devices(self, devices: list[OlmDevice]) -> None:
        """Do nothing: every device counts as ignored in nio's sense already."""

    # -- writing

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Gather the writes made inside and put them on the disk as one transaction when it ends.

        Must not contain an `await`: another task's writes would be held back with ours. They are written
        also when the block fails, because the keys in memory have moved on.
        """
        if self._batch is not None:
            yield
            return
        self._batch = Batch()
        try:
            yield
        finally:
            gathered, self._batch = self._batch, None
            self._write(gathered)

    def save_account(self, account: OlmAccount) -> None:
        """Save the account with its unused one-time keys."""
        with self.batch():
            self._gathered.account = account

    def save_session(self, curve_key: str, session: Session) -> None:
        """Save a session with one device."""
        with self.batch():
            self._gathered.olm[session.id] = (curve_key, session)

    def save_inbound_group_session(self, session: InboundGroupSession) -> None:
        """Save what decrypts one sender's messages in one room."""
        self.note_use(session.id)
        with self.batch():
            self._gathered.megolm[session.id] = session

    def save_device_keys(self, device_keys: dict[str, dict[str, OlmDevice]]) -> None:
        """Save devices, by user and device id."""
        with self.batch():
            for devices in device_keys.values():
                self._gathered.devices.update({(d.user_id, d.id): d for d in devices.values()})

    def save_encrypted_rooms(self, rooms: Any) -> None:
        """Remember that rooms are encrypted, for ever."""
        if rooms:
            super().save_encrypted_rooms(rooms)

    def note_use(self, session_id: str) -> None:
        """Note that a room key came or read something today; on the disk with the next `save_uses`."""
        # never back in time: a machine without a battery starts in 1970
        today = max(self.today(), self.uses.get(session_id, 0))
        if self.uses.get(session_id) != today:
            self.uses[session_id] = self._new_uses[session_id] = today

    def save_uses(self) -> None:
        """Put on the disk which room keys were used; costs nothing but on the first use in a day."""
        if self._new_uses:
            self._write(Batch())

    @property
    def _gathered(self) -> Batch:
        if self._batch is None:
            raise AssertionError("only inside a batch")
        return self._batch

    def _write(self, batch: Batch) -> None:
        if not (batch or self._new_uses):
            return
        # after a write that failed the keys in memory are ahead of the file: nothing may be encrypted with them
        self.disk.check()
        try:
            with self.database.atomic():
                write(self, batch, self._new_uses)
        except (sqlite3.Error, PeeweeException) as error:
            self.disk.note(error)
            raise
        self._new_uses = {}
        for _, session in batch.olm.values():
            if isinstance(session, SleepingSession):
                self.note_awake(session)
        # nothing is gathered at this moment, so every session is in the file as it is
        while self._batch is None and len(self._awake) > AWAKE:
            self._awake.pop(next(iter(self._awake))).sleep()

    def note_awake(self, session: SleepingSession) -> None:
        """Note that a session was used just now."""
        self._awake.pop(session.id, None)
        self._awake[session.id] = session

    def sealed(self, table: str, session_id: str) -> bytes:
        """Return a session as it is in the file."""
        query = f"SELECT session FROM {table} WHERE session_id = ?"  # noqa: S608 - our own names
        (session,) = self.database.execute_sql(query, (session_id,)).fetchone()
        return _bytes(session)

    # -- reading

    def _get_account(self) -> Any:
        if self._row is None:
            self._row = super()._get_account()
        return self._row

    def load_account(self) -> OlmAccount | None:
        """Load the account, or None if this file has none for our device."""
        self._row = None
        return super().load_account()

    def load_sessions(self) -> Sessions:
        """Load the sessions with devices, the last used first."""
        sessions = Sessions()
        for curve, session_id, made, used in self._rows(
            "SELECT sender_key, session_id, creation_time, last_usage_date FROM olmsessions WHERE account_id = ?"
        ):
            times = datetime.fromisoformat(made), datetime.fromisoformat(used)
            sessions.add(curve, SleepingSession(self, session_id, *times))
        return sessions

    def load_inbound_group_sessions(self) -> GroupSessions:
        """Load what decrypts other people's messages."""
        chains: dict[str, list[str]] = {}
        for session_id, sender_key in self._rows(
            "SELECT c.session_id, c.sender_key FROM forwardedchains c"
            " JOIN megolminboundsessions s ON s.session_id = c.session_id"
            " WHERE s.account_id = ? ORDER BY c.id"
        ):
            chains.setdefault(session_id, []).append(sender_key)
        sessions = GroupSessions()
        for session_id, signing_key, sender_key, room_id in self._rows(
            "SELECT session_id, fp_key, sender_key, room_id FROM megolminboundsessions"
            " WHERE account_id = ? ORDER BY rowid"
        ):
            if session_id not in self.uses:  # from before uses were noted
                self.note_use(session_id)
            sessions.add(
                SleepingGroupSession(
                    self, session_id, signing_key, sender_key, room_id, chains.get(session_id)
                )
            )
        return sessions

    def load_device_keys(self) -> Devices:
        """Load everybody's devices in one query."""
        keys: dict[tuple[Any, ...], dict[str, str]] = {}
        for *device, kind, key in self._rows(
            "SELECT d.user_id, d.device_id, d.display_name, d.deleted, t.state, k.key_type, k.key"
            " FROM devicekeys d JOIN keys k ON k.device_id = d.id"
            " LEFT JOIN devicetruststate t ON t.device_id = d.id WHERE d.account_id = ?"
        ):
            keys.setdefault(tuple(device), {})[kind] = key
        devices = Devices()
        for (user_id, device_id, name, deleted, trust), pair in keys.items():
            state = TrustState(trust or 0)
            devices.add(OlmDevice(user_id, device_id, pair, name, bool(deleted), state))
        return devices

    def _rows(self, query: str) -> Iterator[Any]:
        account = self._get_account()
        yield from self.database.execute_sql(query, (account.id if account else -1,))

    def account_id(self) -> int:
        """Return the number of our device in this file."""
        account = self._get_account()
        if account is None:
            raise AssertionError("nothing is saved before the account")
        return int(account.id)


def _bytes(pickle: bytes | str) -> bytes:
    return pickle.encode() if isinstance(pickle, str) else pickle
