"""Write what the key store gathered, in a few statements.

Rule: runs inside the one transaction of a batch; a later state of the same thing replaces the earlier.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from nio.crypto.device import OlmDevice
from nio.crypto.sessions import InboundGroupSession, OlmAccount, Session

from bot.matrix.signatures import Owner

if TYPE_CHECKING:
    from bot.matrix.keystore import KeyStore

_TIME = "%Y-%m-%d %H:%M:%S.%f"


@dataclass
class Batch:
    """Writes gathered until the end of a `batch` block; a later one of the same thing replaces the earlier."""

    account: OlmAccount | None = None
    olm: dict[str, tuple[str, Session]] = field(default_factory=dict)
    megolm: dict[str, InboundGroupSession] = field(default_factory=dict)
    devices: dict[tuple[str, str], OlmDevice] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.account or self.olm or self.megolm or self.devices or self.owners)


def write(store: KeyStore, batch: Batch, uses: Mapping[str, int]) -> None:
    """Write a batch, and the last day of use of some room keys."""
    key, connection = store.pickle_key, store.database.connection()
    if batch.account:
        connection.execute(
            "INSERT INTO accounts (user_id, device_id, shared, account) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (user_id, device_id)"
            " DO UPDATE SET shared = excluded.shared, account = excluded.account",
            (store.user_id, store.device_id, int(batch.account.shared), batch.account.pickle(key)),
        )
    connection.executemany(
        "INSERT OR REPLACE INTO owners (user_id, master, signed) VALUES (?, ?, ?)",
        [(user, o.master, json.dumps(sorted(o.signed))) for user, o in batch.owners.items()],
    )
    connection.executemany("INSERT OR REPLACE INTO uses (session_id, day) VALUES (?, ?)", uses.items())
    account = store.account_id()
    connection.executemany(
        "INSERT OR REPLACE INTO olmsessions"
        " (creation_time, last_usage_date, sender_key, account_id, session, session_id)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (_text(s.creation_time), _text(s.use_time), curve, account, s.pickle(key), s.id)
            for curve, s in batch.olm.values()
        ],
    )
    _write_room_keys(connection, account, key, batch.megolm.values())
    _write_devices(connection, account, list(batch.devices.values()))


def _write_room_keys(
    connection: sqlite3.Connection, account: int, key: str, sessions: Iterable[InboundGroupSession]
) -> None:
    connection.executemany(
        "INSERT INTO megolminboundsessions (sender_key, account_id, fp_key, room_id, session, session_id)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET session = excluded.session"
        # a key that another device passes off as its own must not spoil the one that is there
        " WHERE sender_key = excluded.sender_key AND room_id = excluded.room_id",
        [(s.sender_key, account, s.ed25519, s.room_id, s.pickle(key), s.id) for s in sessions],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO forwardedchains (sender_key, session_id) VALUES (?, ?)",
        [(chain, s.id) for s in sessions for chain in s.forwarding_chain],
    )


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


def _text(time: datetime) -> str:
    return time.strftime(_TIME)
