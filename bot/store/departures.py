"""Spokes whose turn is over and who are still to leave the assembly's room. Rule: a person has one note at most."""

from __future__ import annotations

from dataclasses import dataclass

from bot.store.database import Row, Tx


@dataclass(frozen=True, slots=True)
class Departure:
    """A spoke of a pod whose turn is over and who is to leave the assembly's room."""

    id: int
    pod_room_id: str
    assembly_room_id: str
    user_id: str


async def add(tx: Tx, pod_room_id: str, assembly_room_id: str, user_id: str) -> int:
    """Note that somebody is to leave the assembly's room, in place of an earlier note; returns its id."""
    await tx.run(
        "DELETE FROM departures WHERE assembly_room_id = ? AND user_id = ?", assembly_room_id, user_id
    )
    return await tx.insert(
        "INSERT INTO departures (pod_room_id, assembly_room_id, user_id) VALUES (?, ?, ?)",
        pod_room_id,
        assembly_room_id,
        user_id,
    )


async def of_pod(tx: Tx, pod_room_id: str) -> list[Departure]:
    """Return who of a pod is still to leave the assembly's room."""
    rows = await tx.all("SELECT * FROM departures WHERE pod_room_id = ? ORDER BY id", pod_room_id)
    return [_departure(row) for row in rows]


async def find(tx: Tx, departure_id: int) -> Departure | None:
    """Return a departure by its id."""
    row = await tx.one("SELECT * FROM departures WHERE id = ?", departure_id)
    return _departure(row) if row else None


async def drop(tx: Tx, departure_id: int) -> None:
    """Forget a departure: it is done, or not needed any more."""
    await tx.run("DELETE FROM departures WHERE id = ?", departure_id)


def _departure(row: Row) -> Departure:
    return Departure(row["id"], row["pod_room_id"], row["assembly_room_id"], row["user_id"])
