"""The pair of each pod: who sits in which seat since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Tx, from_ms


@dataclass(frozen=True, slots=True)
class Seat:
    """A filled seat of a pod; `name` is `speak` or `note`."""

    pod_room_id: str
    name: str
    user_id: str
    since: datetime


async def seated(tx: Tx, pod_room_id: str) -> list[Seat]:
    """Return a pod's filled seats, `speak` first."""
    rows = await tx.all("SELECT * FROM seats WHERE pod_room_id = ? ORDER BY seat DESC", pod_room_id)
    return [Seat(row["pod_room_id"], row["seat"], row["user_id"], from_ms(row["since"])) for row in rows]
