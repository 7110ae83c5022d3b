"""Which events were handled, how far the sync has come, and what could not be read yet.

Rule: an event id is claimed once, in the same transaction as its effects. That is all of the
de-duplication there is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.store.database import Row, Tx, from_ms, to_ms

KEPT = timedelta(days=90)
"""How long a claim is remembered; a homeserver replays minutes, a restored one days."""
SYNC_TOKEN = "sync_token"  # noqa: S105 - a place in a stream, not a secret
SYNCED_AT = "synced_at"
"""When the last answer of the server was taken in, in milliseconds."""
PARKED, PARKED_OF_ONE = 5000, 500
"""Unreadable events that are kept, in all and of one sender: nobody pushes out everybody else's."""


async def claim(tx: Tx, event_id: str, now: datetime) -> bool:
    """Take an event for handling; `False` means that it was handled before."""
    return await tx.run("INSERT OR IGNORE INTO inbox VALUES (?, ?)", event_id, to_ms(now)) == 1


async def is_claimed(tx: Tx, event_id: str) -> bool:
    """Tell whether an event was handled before."""
    return await tx.one("SELECT 1 FROM inbox WHERE event_id = ?", event_id) is not None


async def claim_ciphertext(tx: Tx, session_id: str, index: int, event_id: str, now: datetime) -> bool:
    """Take a message of a megolm session; `False` means that it was shown before as another event.

    A message index is used once (Matrix specification, "Megolm message index"). The library notices a repeated
    one only until it is restarted, and a server could have any command obeyed again after that.
    """
    taken = await tx.run(
        "INSERT OR IGNORE INTO inbox SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE event_id = ?)",
        _ciphertext(session_id, index),
        to_ms(now),
        event_id,
    )
    return taken == 1 or await is_claimed(tx, event_id)


async def is_ciphertext_claimed(tx: Tx, session_id: str, index: int) -> bool:
    """Tell whether a message of a megolm session was taken before, as whichever event."""
    return await is_claimed(tx, _ciphertext(session_id, index))


def _ciphertext(session_id: str, index: int) -> str:
    return f"{session_id}:{index}"


async def forget_old(tx: Tx, now: datetime) -> None:
    """Drop claims older than `KEPT`."""
    await tx.run("DELETE FROM inbox WHERE claimed_at < ?", to_ms(now - KEPT))


async def load_meta(tx: Tx, key: str) -> str | None:
    """Return a remembered value, such as the sync token."""
    row = await tx.one("SELECT value FROM meta WHERE key = ?", key)
    return row["value"] if row else None


async def save_meta(tx: Tx, key: str, value: str) -> None:
    """Remember a value."""
    await tx.run(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", key, value
    )


@dataclass(frozen=True, slots=True)
class Parked:
    """An encrypted event that waits for its key.

    Args:
        session_id: The megolm session it was encrypted in.
        source: The event as the server sent it.
        sent_at: The server's timestamp.
        relation: The kind of its relation to another event, where it was left in clear (`m.reference`).
        target: The event id which that relation names.
        lacks: What has not come: its `key`, or the list of its sender's `devices`.
    """

    event_id: str
    room_id: str
    sender: str
    session_id: str
    source: dict[str, Any]
    parked_at: datetime
    sent_at: datetime
    relation: str | None = None
    target: str | None = None
    lacks: str = "key"

    @property
    def sender_key(self) -> str | None:
        """The curve25519 key that it says it is from."""
        found = self.source.get("content", {}).get("sender_key")
        return found if isinstance(found, str) else None


async def park(tx: Tx, event: Parked, limit: int = PARKED, of_one: int = PARKED_OF_ONE) -> None:
    """Keep an unreadable event; beyond `limit`, or `of_one` of its sender, the oldest is given up."""
    await tx.run(
        "INSERT OR IGNORE INTO parked"
        " (event_id, room_id, sender, session_id, source, parked_at, sent_at, relation, target, lacks)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        event.event_id,
        event.room_id,
        event.sender,
        event.session_id,
        json.dumps(event.source),
        to_ms(event.parked_at),
        to_ms(event.sent_at),
        event.relation,
        event.target,
        event.lacks,
    )
    await tx.run(
        "DELETE FROM parked WHERE id IN (SELECT id FROM parked WHERE sender = ? ORDER BY id DESC LIMIT -1 OFFSET ?)",
        event.sender,
        of_one,
    )
    await tx.run(
        "DELETE FROM parked WHERE id IN (SELECT id FROM parked ORDER BY id DESC LIMIT -1 OFFSET ?)",
        limit,
    )


async def find_parked(tx: Tx, event_id: str) -> Parked | None:
    """Return an event that waits for its key."""
    row = await tx.one("SELECT * FROM parked WHERE event_id = ?", event_id)
    return parked_of(row) if row else None


async def parked(tx: Tx, session_id: str | None = None) -> list[Parked]:
    """Return what waits for a session's key, or everything that waits, in the order it came."""
    rows = await tx.all("SELECT * FROM parked WHERE ?1 IS NULL OR session_id = ?1 ORDER BY id", session_id)
    return [parked_of(row) for row in rows]


async def parked_of_sessions(tx: Tx, readable: Callable[[str, str], bool]) -> list[Parked]:
    """Return what waits of the sessions that are chosen, in the order it came; of the others nothing is looked at.

    Args:
        tx: The open transaction.
        readable: Says of a room and a session in it whether it is chosen.
    """
    sessions = await tx.all("SELECT DISTINCT room_id, session_id FROM parked")
    chosen = [[row["room_id"], row["session_id"]] for row in sessions if readable(*row)]
    if not chosen:
        return []
    rows = await tx.all(
        "SELECT * FROM parked WHERE (room_id, session_id) IN"
        " (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)) ORDER BY id",
        json.dumps(chosen),
    )
    return [parked_of(row) for row in rows]


async def parked_in(tx: Tx, room_id: str, since: datetime, before: datetime) -> list[Parked]:
    """Return what waits for its key and was sent in a room in a stretch of time, in the order it came.

    What waits because its device is not signed is left out: it can be read, and says nothing until it is signed.
    """
    rows = await tx.all(
        "SELECT * FROM parked WHERE room_id = ? AND sent_at >= ? AND sent_at < ?"
        " AND event_id NOT IN (SELECT event_id FROM held) ORDER BY id",
        room_id,
        to_ms(since),
        to_ms(before),
    )
    return [parked_of(row) for row in rows]


async def unpark(tx: Tx, event_id: str) -> None:
    """Let go of an event that was read after all, or never will be."""
    await tx.run("DELETE FROM parked WHERE event_id = ?", event_id)


def parked_of(row: Row) -> Parked:
    """Return what a row of `parked` holds."""
    return Parked(
        row["event_id"],
        row["room_id"],
        row["sender"],
        row["session_id"],
        json.loads(row["source"]),
        from_ms(row["parked_at"]),
        from_ms(row["sent_at"]),
        row["relation"],
        row["target"],
        row["lacks"],
    )
