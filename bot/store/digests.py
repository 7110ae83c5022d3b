"""What waits for a digest, and which letters a digest's message holds.

Rule: a letter is in one message. Where it moves to another, the one it was in is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.summaries import Summary
from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest of a room.

    Args:
        made_at: When it was written; `None` while it is being collected.
    """

    id: int
    room_id: str
    due_at: datetime
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """One version of a summary in a digest.

    Args:
        held_at: When it was put aside, which is its place.
        txn_id: The transaction id of the row that brings it; `None` while it waits.
        edits: That of the message which the row replaces in place.
    """

    summary_id: str
    version: int
    held_at: datetime
    txn_id: str | None
    edits: str | None


async def find(tx: Tx, digest_id: int) -> Digest | None:
    """Return a digest."""
    row = await tx.one("SELECT * FROM digests WHERE id = ?", digest_id)
    return _digest(row) if row else None


async def collected_in(tx: Tx, room_id: str) -> Digest | None:
    """Return the digest that is being collected for a room, if there is one."""
    row = await tx.one("SELECT * FROM digests WHERE room_id = ? AND made_at IS NULL", room_id)
    return _digest(row) if row else None


async def begin(tx: Tx, room_id: str, due_at: datetime) -> Digest:
    """Begin to collect a digest."""
    found = await tx.insert("INSERT INTO digests (room_id, due_at) VALUES (?, ?)", room_id, to_ms(due_at))
    return Digest(found, room_id, due_at, None)


async def move(tx: Tx, digest_id: int, due_at: datetime) -> None:
    """Let a digest come at another time."""
    await tx.run("UPDATE digests SET due_at = ? WHERE id = ?", to_ms(due_at), digest_id)


async def close(tx: Tx, digest_id: int, now: datetime) -> None:
    """Note that a digest is written."""
    await tx.run("UPDATE digests SET made_at = ? WHERE id = ?", to_ms(now), digest_id)


async def next_message(tx: Tx, digest_id: int) -> str:
    """Return the transaction id of the next message of a digest."""
    row = await tx.one(
        "UPDATE digests SET messages = messages + 1 WHERE id = ? RETURNING room_id, messages", digest_id
    )
    assert row is not None  # noqa: S101 - whoever asks has it
    return f"digest{digest_id}.{row['messages']}.{row['room_id']}"


async def hold(tx: Tx, summary: Summary, digest: Digest, held_at: datetime) -> None:
    """Put the current version of a summary aside for a digest."""
    await tx.run(
        "INSERT INTO summary_deliveries (summary_id, version, room_id, digest_id, held_at) VALUES (?, ?, ?, ?, ?)",
        summary.id,
        summary.version,
        digest.room_id,
        digest.id,
        to_ms(held_at),
    )


async def drop(tx: Tx, summary_id: str, version: int, room_id: str) -> None:
    """Forget that a version was to go to a room: nothing of it has left."""
    await tx.run(
        "DELETE FROM summary_deliveries WHERE summary_id = ? AND version = ? AND room_id = ?",
        summary_id,
        version,
        room_id,
    )


async def take_all_out(tx: Tx, digest_id: int) -> None:
    """Take out everything that waits for a digest."""
    await tx.run(
        "UPDATE summary_deliveries SET digest_id = NULL, held_at = NULL, watched = 0"
        " WHERE digest_id = ? AND txn_id IS NULL",
        digest_id,
    )


async def waiting_for(tx: Tx, digest_id: int) -> list[Held]:
    """Return what waits for a digest, in its order."""
    return [
        _held(row)
        for row in await tx.all(
            f"SELECT * FROM summary_deliveries WHERE digest_id = ? AND txn_id IS NULL ORDER BY {_ORDER}",  # noqa: S608
            digest_id,
        )
    ]


async def of_message(tx: Tx, txn_id: str) -> tuple[Digest, list[Held]] | None:
    """Return the digest that a message belongs to, with every version in it and in its edits, in order.

    `None` if it is the message of a single letter.
    """
    rows = await tx.all(
        "SELECT * FROM summary_deliveries WHERE (txn_id = ?1 OR edits = ?1) AND digest_id IS NOT NULL"  # noqa: S608
        f" ORDER BY {_ORDER}, version",
        txn_id,
    )
    digest = await find(tx, rows[0]["digest_id"]) if rows else None
    return (digest, [_held(row) for row in rows]) if digest else None


async def lay(tx: Tx, room_id: str, letters: Sequence[Held], txn_id: str, edits: str | None = None) -> None:
    """Note which row brings some letters, and which message that replaces in place."""
    await tx.run_many(
        "UPDATE summary_deliveries SET txn_id = ?, edits = ? WHERE summary_id = ? AND version = ? AND room_id = ?",
        [(txn_id, edits, letter.summary_id, letter.version, room_id) for letter in letters],
    )


async def source_of(tx: Tx, room_id: str, event_id: str) -> str | None:
    """Return a summary of a digest's message, if all in that message came from one room."""
    row = await tx.one(
        "SELECT min(s.id) AS id FROM outbox o JOIN summary_deliveries d USING (txn_id) JOIN summaries s ON s.id = d.summary_id"
        " WHERE o.event_id = ? AND o.room_id = ? AND d.digest_id IS NOT NULL HAVING count(DISTINCT s.room_id) = 1",
        event_id,
        room_id,
    )
    return row["id"] if row else None


_ORDER = "held_at, CAST(substr(summary_id, 2) AS INTEGER)"


def _digest(row: Row) -> Digest:
    made_at = row["made_at"]
    return Digest(
        row["id"], row["room_id"], from_ms(row["due_at"]), None if made_at is None else from_ms(made_at)
    )


def _held(row: Row) -> Held:
    return Held(row["summary_id"], row["version"], from_ms(row["held_at"]), row["txn_id"], row["edits"])
