"""What waits to be said and what was: the rows, how they are written and how they are read back.

Rule: a row is written in the transaction that decided it and goes in its room's order: of each room only the first that
waits is anybody's turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, get_args

from bot.domain.files import Sealed
from bot.ports import Message
from bot.store.database import Row, Tx, from_ms, to_ms

LONGEST_WAIT = timedelta(hours=1)
"""No row is put off for longer. One that seems to be was put off before the system's clock went back."""
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Message)}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a row for as long as it is kept.

    Args:
        about: The id of the object it speaks of (`P3`), so that a reply to it needs no id.
        state: `waiting`, `sent`, `failed` or `cancelled`.
        event_id: The server's id once it was sent.
        reason: Why it waits or failed; never message text.
    """

    id: int
    room_id: str
    txn_id: str
    about: str | None
    state: str
    attempts: int
    queued_at: datetime
    sent_at: datetime | None
    event_id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Queued(Entry):
    """A row that waits to be sent.

    Args:
        message: What is to be said or done.
        sign: What its event carries, to be known by without its transaction id.
        tried_at: When it was first tried; from then on it may have been sent.
        tried_by: The device that tried it first.
    """

    message: Message
    sign: str
    tried_at: datetime | None
    tried_by: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """The first waiting row of a room.

    Args:
        kind: The name of its message's kind.
        about: The id of the object it speaks of.
        due_at: When it may be tried.
    """

    id: int
    room_id: str
    kind: str
    about: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Answering:
    """A waiting row, and whether it answers somebody.

    Args:
        about: The id of the object it speaks of.
    """

    id: int
    room_id: str
    about: str | None
    answers: bool


async def queue(
    tx: Tx,
    now: datetime,
    room_id: str,
    message: Message,
    *,
    about: str | None = None,
    txn_id: str | None = None,
) -> str:
    """Add a row and return its transaction id; the same transaction id again adds nothing.

    Args:
        tx: The open transaction.
        now: The moment.
        room_id: Where.
        message: What.
        about: The id of the object it speaks of.
        txn_id: A fixed transaction id (`S4.v1.!room`); derived from the step's cause if not given.
    """
    txn_id = txn_id or tx.next_txn_id()
    await tx.run(
        "INSERT OR IGNORE INTO outbox (room_id, kind, payload, txn_id, about, queued_at) VALUES (?, ?, ?, ?, ?, ?)",
        room_id,
        type(message).__name__,
        json.dumps(asdict(message), ensure_ascii=False),
        txn_id,
        about,
        to_ms(now),
    )
    tx.queued = True
    return txn_id


async def heads(tx: Tx, now: datetime, room_ids: Sequence[str] | None = None) -> list[Head]:
    """Return the first waiting row of every room, or of some, oldest first, without what it says."""
    rows = await tx.all(
        # the first row of each room is looked up in the index, whatever waits behind it or in rooms not asked for
        "SELECT id, head.room_id AS room_id, kind, about, not_before FROM ("
        " SELECT DISTINCT room_id FROM outbox WHERE state = 'waiting' AND ?1 IS NULL"
        " UNION ALL SELECT DISTINCT value FROM json_each(?1)"
        ") AS room JOIN outbox AS head"
        " ON id = (SELECT min(id) FROM outbox WHERE room_id = room.room_id AND state = 'waiting')"
        " ORDER BY id",
        None if room_ids is None else json.dumps(room_ids),
    )
    latest = to_ms(now + LONGEST_WAIT)
    return [
        Head(
            row["id"],
            row["room_id"],
            row["kind"],
            row["about"],
            from_ms(row["not_before"]) if row["not_before"] <= latest else now,
        )
        for row in rows
    ]


async def load(tx: Tx, row_ids: Sequence[int]) -> list[Queued]:
    """Return those of the rows that still wait."""
    rows = await tx.all(
        "SELECT * FROM outbox WHERE id IN (SELECT value FROM json_each(?)) AND state = 'waiting'",
        json.dumps(row_ids),
    )
    return [_queued(row) for row in rows]


async def answering(tx: Tx, row_id: int) -> list[Answering]:
    """Return the waiting rows behind one, and whether they answer somebody."""
    rows = await tx.all(
        # as `queue` writes it; within people's words the quotation marks would be escaped
        """SELECT id, room_id, about, instr(payload, '"reply_to": "') AS answers FROM outbox"""
        " WHERE id > ? AND state = 'waiting' ORDER BY id",
        row_id,
    )
    return [Answering(row["id"], row["room_id"], row["about"], bool(row["answers"])) for row in rows]


async def find(tx: Tx, txn_id: str) -> Entry | None:
    """Return a row by its transaction id."""
    row = await tx.one("SELECT * FROM outbox WHERE txn_id = ?", txn_id)
    return Entry(**_entry(row)) if row else None


async def about_event(tx: Tx, room_id: str, event_id: str) -> str | None:
    """Return the id of the object that a message of ours in this room speaks of.

    Anybody can name any event of any room in a reply; what was said elsewhere is not spoken of here.
    """
    row = await tx.one("SELECT about FROM outbox WHERE event_id = ? AND room_id = ?", event_id, room_id)
    return row["about"] if row else None


async def sent_as(tx: Tx, room_id: str, event_id: str) -> str | None:
    """Return the transaction id of a message of ours in this room."""
    row = await tx.one("SELECT txn_id FROM outbox WHERE event_id = ? AND room_id = ?", event_id, room_id)
    return row["txn_id"] if row else None


async def queued_at(tx: Tx, about: str, event_id: str) -> datetime | None:
    """Return when a message of ours that speaks of this object was queued, if it is one."""
    row = await tx.one("SELECT queued_at FROM outbox WHERE event_id = ? AND about = ?", event_id, about)
    return _moment(row["queued_at"]) if row else None


async def stands_before(tx: Tx, about: str, event_id: str, txn_ids: Sequence[str]) -> bool:
    """Tell whether a message of ours speaks of this object, and was queued before all of those rows."""
    row = await tx.one(
        "SELECT 1 FROM outbox WHERE event_id = ? AND about = ? AND id <"  # noqa: S608 - only placeholders
        f" (SELECT min(id) FROM outbox WHERE txn_id IN ({', '.join('?' * len(txn_ids))}))",
        event_id,
        about,
        *txn_ids,
    )
    return row is not None


async def has_spoken_of(tx: Tx, room_id: str, about: str) -> bool:
    """Tell whether something about an object was ever queued for a room."""
    return (
        await tx.one("SELECT 1 FROM outbox WHERE about = ? AND room_id = ? LIMIT 1", about, room_id)
        is not None
    )


async def troubles(tx: Tx, room_id: str | None = None) -> list[Entry]:
    """Return rows that failed or were put off, of a room or of all."""
    rows = await tx.all(
        "SELECT * FROM outbox WHERE (state = 'failed' OR (state = 'waiting' AND attempts > 0))"
        " AND (?1 IS NULL OR room_id = ?1) ORDER BY id",
        room_id,
    )
    return [Entry(**_entry(row)) for row in rows]


async def counts(tx: Tx) -> dict[str, int]:
    """Return how many rows are in each state."""
    return {
        row["state"]: row["n"]
        for row in await tx.all("SELECT state, count(*) AS n FROM outbox GROUP BY state")
    }


def _queued(row: Row) -> Queued:
    kind = _KINDS[row["kind"]]
    payload = json.loads(row["payload"])
    # JSON knows no tuples
    values = {field.name: _frozen(payload[field.name]) for field in fields(kind) if field.name in payload}
    return Queued(
        **_entry(row),
        message=kind(**values),
        sign=row["sign"],
        tried_at=_moment(row["tried_at"]),
        tried_by=row["tried_by"],
    )


def _entry(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "room_id": row["room_id"],
        "txn_id": row["txn_id"],
        "about": row["about"],
        "state": row["state"],
        "attempts": row["attempts"],
        "queued_at": from_ms(row["queued_at"]),
        "sent_at": _moment(row["sent_at"]),
        "event_id": row["event_id"],
        "reason": row["reason"],
    }


def _moment(milliseconds: int | None) -> datetime | None:
    return from_ms(milliseconds) if milliseconds is not None else None


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):  # the only value in a message that has parts of its own
        return Sealed(**value)
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
