"""Keep the Olm account, the sessions and people's device keys in one SQLite file.

Rule: what a message was encrypted with is on the disk before that message leaves, so that a crash can never
make us use the same key twice; and a batch of writes is one transaction, never held open while waiting.
"""

# mypy: allow-untyped-calls

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nio.crypto.device import DeviceStore, OlmDevice, TrustState
from nio.crypto.memorystores import GroupSessionStore, SessionStore
from nio.crypto.sessions import InboundGroupSession, OlmAccount, Session
from nio.store.database import SqliteStore
from peewee import SqliteDatabase

from bot.config import Trust
from bot.domain.errors import StoreError
from bot.matrix.signatures import Owner

FILE = "keys.db"
_TIME = "%Y-%m-%d %H:%M:%S.%f"


class StoreLostError(StoreError):
    """The room keys of this device are nowhere."""


class BoundDatabase(SqliteDatabase):
    """A database to which nio's models stay bound; binding them anew cost a third of every store call."""

    def bind_ctx(self, models: Any, *_: Any, **__: Any) -> AbstractContextManager[None]:
        """Bind only the models that another store of this process has taken since."""
        strange = [model for model in models if model._meta.database is not self]
        if strange:
            self.bind(strange, bind_refs=False, bind_backrefs=False)
        return nullcontext()


class Devices(DeviceStore):
    """nio's device list with a look-up; without one, each added device walked all the known ones."""

    def __contains__(self, device: OlmDevice) -> bool:
        return bool(self._entries.get(device.user_id, {}).get(device.id) == device)


@dataclass
class _Batch:
    """Writes gathered until the end of a `batch` block; a later one of the same thing replaces the earlier."""

    account: OlmAccount | None = None
    olm: dict[str, tuple[str, Session]] = field(default_factory=dict)
    megolm: dict[str, InboundGroupSession] = field(default_factory=dict)
    devices: dict[tuple[str, str], OlmDevice] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)


@dataclass
class KeyStore(SqliteStore):
    """nio's tables, written by our own statements.

    Trust: `may_receive` alone says whose devices get keys. What it goes by is in this file beside the devices and
    written with them, so that a restart forgets no signature and lets no device in before it is checked.
    """

    def __post_init__(self) -> None:
        """Open the file and make what is missing in it."""
        super().__post_init__()
        self.database.execute_sql(
            "CREATE TABLE IF NOT EXISTS owners (user_id TEXT PRIMARY KEY, master TEXT, signed TEXT NOT NULL)"
        )
        self.owners = {
            user: Owner(master, frozenset((device, ed, curve) for device, ed, curve in json.loads(signed)))
            for user, master, signed in self.database.execute_sql(
                "SELECT user_id, master, signed FROM owners"
            )
        }

    def _create_database(self) -> BoundDatabase:
        self._batch: _Batch | None = None
        self.trust: Trust = "signed"
        self._row: Any = None
        # Made here because SQLite would make it readable by everyone; its -wal and -shm copy the mode.
        os.close(os.open(self.database_path, os.O_CREAT | os.O_RDWR, 0o600))
        pragmas = {"foreign_keys": 1, "secure_delete": 1, "journal_mode": "wal", "synchronous": "full"}
        return BoundDatabase(self.database_path, pragmas=pragmas)

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
        self._batch = _Batch()
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

    @property
    def _gathered(self) -> _Batch:
        if self._batch is None:
            raise AssertionError("only inside a batch")
        return self._batch

    def _write(self, batch: _Batch) -> None:
        if not (batch.account or batch.olm or batch.megolm or batch.devices or batch.owners):
            return
        key = self.pickle_key
        with self.database.atomic():
            connection = self.database.connection()
            if batch.account:
                connection.execute(
                    "INSERT INTO accounts (user_id, device_id, shared, account) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (user_id, device_id)"
                    " DO UPDATE SET shared = excluded.shared, account = excluded.account",
                    (self.user_id, self.device_id, int(batch.account.shared), batch.account.pickle(key)),
                )
            connection.executemany(
                "INSERT OR REPLACE INTO owners (user_id, master, signed) VALUES (?, ?, ?)",
                [(user, o.master, json.dumps(sorted(o.signed))) for user, o in batch.owners.items()],
            )
            account = self._account_id()
            connection.executemany(
                "INSERT OR REPLACE INTO olmsessions"
                " (creation_time, last_usage_date, sender_key, account_id, session, session_id)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (_text(s.creation_time), _text(s.use_time), curve, account, s.pickle(key), s.id)
                    for curve, s in batch.olm.values()
                ],
            )
            self._write_megolm(connection, account, batch.megolm.values())
            self._write_devices(connection, account, list(batch.devices.values()))

    def _write_megolm(self, connection: sqlite3.Connection, account: int, sessions: Any) -> None:
        connection.executemany(
            "INSERT INTO megolminboundsessions (sender_key, account_id, fp_key, room_id, session, session_id)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET session = excluded.session",
            [
                (s.sender_key, account, s.ed25519, s.room_id, s.pickle(self.pickle_key), s.id)
                for s in sessions
            ],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO forwardedchains (sender_key, session_id) VALUES (?, ?)",
            [(chain, s.id) for s in sessions for chain in s.forwarding_chain],
        )

    @staticmethod
    def _write_devices(connection: sqlite3.Connection, account: int, devices: list[OlmDevice]) -> None:
        connection.executemany(
            "INSERT INTO devicekeys (account_id, user_id, device_id, display_name, deleted)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (account_id, user_id, device_id)"
            " DO UPDATE SET display_name = excluded.display_name, deleted = excluded.deleted",
            [(account, d.user_id, d.id, d.display_name or "", int(d.deleted)) for d in devices],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO keys (key_type, key, device_id) SELECT ?, ?, id FROM devicekeys"
            " WHERE account_id = ? AND user_id = ? AND device_id = ?",
            [(kind, key, account, d.user_id, d.id) for d in devices for kind, key in d.keys.items()],
        )

    # -- reading

    def _get_account(self) -> Any:
        if self._row is None:
            self._row = super()._get_account()
        return self._row

    def load_account(self) -> OlmAccount | None:
        """Load the account, or None if this file has none for our device."""
        self._row = None
        return super().load_account()

    def load_sessions(self) -> SessionStore:
        """Load the sessions with devices, the last used first."""
        sessions = SessionStore()
        for curve, session, made, used in self._rows(
            "SELECT sender_key, session, creation_time, last_usage_date FROM olmsessions WHERE account_id = ?"
        ):
            times = datetime.fromisoformat(made), datetime.fromisoformat(used)
            sessions.add(curve, Session.from_pickle(_bytes(session), times[0], self.pickle_key, times[1]))
        return sessions

    def load_inbound_group_sessions(self) -> GroupSessionStore:
        """Load what decrypts other people's messages."""
        chains: dict[str, list[str]] = {}
        for session_id, sender_key in self._rows(
            "SELECT c.session_id, c.sender_key FROM forwardedchains c"
            " JOIN megolminboundsessions s ON s.session_id = c.session_id"
            " WHERE s.account_id = ? ORDER BY c.id"
        ):
            chains.setdefault(session_id, []).append(sender_key)
        sessions = GroupSessionStore()
        for session_id, session, signing_key, sender_key, room_id in self._rows(
            "SELECT session_id, session, fp_key, sender_key, room_id FROM megolminboundsessions"
            " WHERE account_id = ?"
        ):
            sessions.add(
                InboundGroupSession.from_pickle(
                    _bytes(session), signing_key, sender_key, room_id, self.pickle_key, chains.get(session_id)
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

    def _account_id(self) -> int:
        account = self._get_account()
        if account is None:
            raise AssertionError("nothing is saved before the account")
        return int(account.id)


def fingerprint_in(path: Path, user_id: str, device_id: str, pickle_key: str) -> str:
    """Read whose keys a file holds, without changing it or keeping it open.

    Returns:
        The device's public ed25519 key, in unpadded base64.

    Raises:
        StoreLostError: There is no file, or nobody's account in it.
        StoreError: It has only another device's account, or was made with another store key.
    """
    again = "run `spokesbot init` again with the recovery key to start as a new device"
    if not path.exists():
        raise StoreLostError(f"The store of room keys {path} is lost: bring it back, or {again}.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT user_id, device_id, account FROM accounts").fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"The store of room keys {path} cannot be read ({error}): {again}.") from error
    if not rows:
        raise StoreLostError(
            f"The store of room keys {path} is empty: bring the right file back, or {again}."
        )
    for user, device, account in rows:
        if (user, device) == (user_id, device_id):
            try:
                return str(OlmAccount.from_pickle(_bytes(account), pickle_key).identity_keys["ed25519"])
            except ValueError as error:
                raise StoreError(
                    f"The store key does not open {path}: give the key it was made with."
                ) from error
    raise StoreError(
        f"The store of room keys {path} belongs to another device ({rows[0][0]} {rows[0][1]}):"
        f" bring back the one of {device_id}, or move it away and {again}."
    )


def _bytes(pickle: bytes | str) -> bytes:
    return pickle.encode() if isinstance(pickle, str) else pickle


def _text(time: datetime) -> str:
    return time.strftime(_TIME)
