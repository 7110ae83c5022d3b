"""When members of a pod are away or take no turns, and who wants its pair to stay once more.

Rule: no reason is kept, and nothing at all of what is over.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.absences import Absence
from bot.store.database import Tx, from_ms, to_ms


async def add(tx: Tx, pod_room_id: str, absence: Absence) -> int:
    """Keep an absence and return its id."""
    return await tx.insert(
        "INSERT INTO absences (pod_room_id, user_id, starts_at, ends_at) VALUES (?, ?, ?, ?)",
        pod_room_id,
        absence.user_id,
        to_ms(absence.starts_at),
        to_ms(absence.ends_at) if absence.ends_at else None,
    )


async def of_pod(tx: Tx, pod_room_id: str) -> list[Absence]:
    """Return the absences of a pod's members, the first one first."""
    rows = await tx.all("SELECT * FROM absences WHERE pod_room_id = ? ORDER BY starts_at, id", pod_room_id)
    return [
        Absence(
            row["user_id"],
            from_ms(row["starts_at"]),
            from_ms(row["ends_at"]) if row["ends_at"] is not None else None,
        )
        for row in rows
    ]


async def end(tx: Tx, pod_room_id: str, user_id: str, now: datetime, *, without_end: bool) -> int:
    """End somebody's absences now, those that have not begun too, and return how many there were.

    Args:
        tx: The open transaction.
        pod_room_id: The pod.
        user_id: Who is back.
        now: The moment.
        without_end: Those without an end (`!spokes optout`), or those with one.
    """
    # the same condition for both: without an end, or with one that is yet to come
    of_theirs = (pod_room_id, user_id, without_end, to_ms(now))
    count = await tx.run(
        "DELETE FROM absences WHERE pod_room_id = ?1 AND user_id = ?2 AND starts_at >= ?4"
        " AND ((?3 AND ends_at IS NULL) OR (NOT ?3 AND ends_at > ?4))",
        *of_theirs,
    )
    return count + await tx.run(
        "UPDATE absences SET ends_at = ?4 WHERE pod_room_id = ?1 AND user_id = ?2"
        " AND ((?3 AND ends_at IS NULL) OR (NOT ?3 AND ends_at > ?4))",
        *of_theirs,
    )


async def take_back(tx: Tx, absence_id: int) -> bool:
    """Take back an absence that was just named; `False` if it is gone."""
    return await tx.run("DELETE FROM absences WHERE id = ?", absence_id) == 1


async def drop_past(tx: Tx, pod_room_id: str, now: datetime) -> None:
    """Forget what is over."""
    await tx.run("DELETE FROM absences WHERE pod_room_id = ? AND ends_at <= ?", pod_room_id, to_ms(now))


async def add_stay(tx: Tx, pod_room_id: str, user_id: str) -> bool:
    """Note that somebody wants the pair to stay; `False` if it is noted already."""
    return await tx.run("INSERT OR IGNORE INTO stays VALUES (?, ?)", pod_room_id, user_id) == 1


async def drop_stay(tx: Tx, pod_room_id: str, user_id: str) -> bool:
    """Take it back; `False` if it was not noted."""
    return await tx.run("DELETE FROM stays WHERE pod_room_id = ? AND user_id = ?", pod_room_id, user_id) == 1


async def stays(tx: Tx, pod_room_id: str) -> set[str]:
    """Return who wants the pair to stay at the coming handover."""
    rows = await tx.all("SELECT user_id FROM stays WHERE pod_room_id = ?", pod_room_id)
    return {row["user_id"] for row in rows}


async def drop_stays(tx: Tx, pod_room_id: str) -> None:
    """Forget them: the handover has come."""
    await tx.run("DELETE FROM stays WHERE pod_room_id = ?", pod_room_id)
