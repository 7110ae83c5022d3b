"""Which pods a poll of an assembly was put to. Rule: what a pod counted stays after its individual answers are erased."""

from __future__ import annotations

import json

from bot.domain.ballot_boxes import PodPoll
from bot.store.database import Row, Tx


async def put(tx: Tx, poll_id: str, part: PodPoll) -> None:
    """Note that a pod is asked; one that left and came back is asked anew."""
    await tx.run(
        "INSERT INTO poll_pods (poll_id, pod_room_id, name, mirror_id) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET name = excluded.name, mirror_id = excluded.mirror_id, gone = 0",
        poll_id,
        part.pod_room_id,
        part.name,
        part.mirror_id,
    )


async def of(tx: Tx, poll_id: str) -> list[PodPoll]:
    """Return the pods that are asked, by name."""
    rows = await tx.all(
        "SELECT * FROM poll_pods WHERE poll_id = ? AND gone = 0 ORDER BY lower(name), pod_room_id", poll_id
    )
    return [_part(row) for row in rows]


async def save(tx: Tx, poll_id: str, part: PodPoll) -> None:
    """Keep what a pod counted."""
    await tx.run(
        "UPDATE poll_pods SET voted = ?, counts = ?, reached = ? WHERE poll_id = ? AND pod_room_id = ?",
        part.voted,
        json.dumps(part.counts),
        part.reached,
        poll_id,
        part.pod_room_id,
    )


async def drop(tx: Tx, poll_id: str, pod_room_id: str) -> None:
    """Note that a pod has left the assembly."""
    await tx.run("UPDATE poll_pods SET gone = 1 WHERE poll_id = ? AND pod_room_id = ?", poll_id, pod_room_id)


def _part(row: Row) -> PodPoll:
    counts = tuple(json.loads(row["counts"]))
    return PodPoll(
        row["pod_room_id"], row["name"], row["mirror_id"], row["voted"], counts, bool(row["reached"])
    )
