"""Briefs: what a new spoke is given to read, whether they have, and the lines that spokes add to it.

Rule: a brief itself is not kept. It is written from the records when it is needed; only the lines are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Brief:
    """A brief that was given to a new spoke; `read_at` is when they said that they have read it."""

    id: int
    pod_room_id: str
    user_id: str
    made_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """What a spoke has added for whoever comes next, in their own words."""

    user_id: str
    words: str
    added_at: datetime


async def begin(tx: Tx, pod_room_id: str, turn_id: int, user_id: str, now: datetime) -> Brief:
    """Note that somebody was given a brief at the beginning of a turn."""
    brief_id = await tx.insert(
        "INSERT INTO briefs (pod_room_id, turn_id, user_id, made_at) VALUES (?, ?, ?, ?)",
        pod_room_id,
        turn_id,
        user_id,
        to_ms(now),
    )
    return Brief(brief_id, pod_room_id, user_id, now, None)


async def find(tx: Tx, brief_id: int) -> Brief | None:
    """Return a brief by its id."""
    row = await tx.one("SELECT * FROM briefs WHERE id = ?", brief_id)
    return _brief(row) if row else None


async def unread(tx: Tx, pod_room_id: str) -> list[Brief]:
    """Return the briefs of running turns that nobody has said to have read."""
    rows = await tx.all(
        "SELECT b.* FROM briefs b JOIN turns t ON t.id = b.turn_id"
        " WHERE b.pod_room_id = ? AND b.read_at IS NULL AND t.ended_at IS NULL ORDER BY b.id",
        pod_room_id,
    )
    return [_brief(row) for row in rows]


async def set_read(tx: Tx, brief_id: int, now: datetime) -> None:
    """Note that a brief was read."""
    await tx.run("UPDATE briefs SET read_at = ? WHERE id = ?", to_ms(now), brief_id)


async def add_line(tx: Tx, pod_room_id: str, user_id: str, words: str, now: datetime) -> int:
    """Keep a line for whoever comes next and return its id."""
    return await tx.insert(
        "INSERT INTO brief_lines (pod_room_id, user_id, words, added_at) VALUES (?, ?, ?, ?)",
        pod_room_id,
        user_id,
        words,
        to_ms(now),
    )


async def drop_line(tx: Tx, line_id: int) -> bool:
    """Take a line back; `False` if it is gone."""
    return await tx.run("DELETE FROM brief_lines WHERE id = ?", line_id) == 1


async def lines(tx: Tx, pod_room_id: str) -> list[Line]:
    """Return the lines of a pod, the first one first."""
    rows = await tx.all("SELECT * FROM brief_lines WHERE pod_room_id = ? ORDER BY id", pod_room_id)
    return [Line(row["user_id"], row["words"], from_ms(row["added_at"])) for row in rows]


async def drop_lines(tx: Tx, pod_room_id: str, before: datetime) -> None:
    """Erase the lines that were added before a moment."""
    await tx.run("DELETE FROM brief_lines WHERE pod_room_id = ? AND added_at < ?", pod_room_id, to_ms(before))


def _brief(row: Row) -> Brief:
    read_at = from_ms(row["read_at"]) if row["read_at"] is not None else None
    return Brief(row["id"], row["pod_room_id"], row["user_id"], from_ms(row["made_at"]), read_at)
