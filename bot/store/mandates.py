"""What the pods of an assembly say, as one voice each. Rule: the pods are those of the opening, less those that left."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict

from bot.domain.mandates import Mandate
from bot.domain.pods import Pod
from bot.domain.remits import Remit
from bot.domain.stances import Count, Stance
from bot.store.database import Row, Tx, from_ms, to_ms


async def add(tx: Tx, proposal_id: str, pods: Collection[Pod]) -> None:
    """Note which pods have a voice."""
    await tx.run_many(
        "INSERT INTO mandates (proposal_id, pod_room_id, name) VALUES (?, ?, ?)",
        [(proposal_id, pod.room_id, pod.name) for pod in pods],
    )


async def of(tx: Tx, proposal_id: str) -> list[Mandate]:
    """Return the voices of the pods, by name."""
    rows = await tx.all(
        "SELECT * FROM mandates WHERE proposal_id = ? AND gone = 0 ORDER BY lower(name)", proposal_id
    )
    return [_mandate(row) for row in rows]


async def of_mirror(tx: Tx, mirror_id: str) -> Mandate | None:
    """Return the voice that a pod's proposal decides; `None` if another one decides it by now."""
    row = await tx.one("SELECT * FROM mandates WHERE mirror_id = ? AND gone = 0", mirror_id)
    return _mandate(row) if row else None


async def save(tx: Tx, proposal_id: str, mandate: Mandate) -> None:
    """Keep what a pod says, how far its pair may go, and which proposal of its own decides it."""
    await tx.run(
        "UPDATE mandates SET mirror_id = ?, remit = ?, objector = ?, stance = ?, count = ?, decided_at = ?"
        " WHERE proposal_id = ? AND pod_room_id = ?",
        mandate.mirror_id,
        str(mandate.remit),
        mandate.objector,
        mandate.stance.value if mandate.stance else None,
        json.dumps(asdict(mandate.count)) if mandate.count else None,
        to_ms(mandate.decided_at) if mandate.decided_at else None,
        proposal_id,
        mandate.pod_room_id,
    )


async def keep_pair(tx: Tx, proposal_id: str, pod_room_id: str, pair: Collection[str] | None) -> None:
    """Fix who are the pair of a pod, because the round has closed; `None` lets it be whoever has the seats."""
    await tx.run(
        "UPDATE mandates SET pair = ? WHERE proposal_id = ? AND pod_room_id = ?",
        json.dumps(sorted(pair)) if pair is not None else None,
        proposal_id,
        pod_room_id,
    )


async def kept_pairs(tx: Tx, proposal_id: str) -> dict[str, tuple[str, ...]]:
    """Return who were the pairs when the round closed, by the pod's room id."""
    rows = await tx.all(
        "SELECT pod_room_id, pair FROM mandates WHERE proposal_id = ? AND pair IS NOT NULL", proposal_id
    )
    return {row["pod_room_id"]: tuple(json.loads(row["pair"])) for row in rows}


async def note_size(tx: Tx, proposal_id: str, pod_room_id: str, people: int, dormant: bool) -> None:
    """Note how many people a pod has as a round begins, and whether it is dormant."""
    await tx.run(
        "UPDATE mandates SET people = ?, dormant = ? WHERE proposal_id = ? AND pod_room_id = ?",
        people,
        dormant,
        proposal_id,
        pod_room_id,
    )


async def settle(tx: Tx, proposal_id: str, mandate: Mandate) -> None:
    """Keep what a pod said in the end and forget who its spokes were, because what they said is about to be erased."""
    await tx.run(
        "UPDATE mandates SET settled = ?, pair = NULL, objector = NULL WHERE proposal_id = ? AND pod_room_id = ?",
        mandate.voice.value if mandate.voice else "none",
        proposal_id,
        mandate.pod_room_id,
    )


async def drop(tx: Tx, proposal_id: str, pod_room_id: str) -> bool:
    """Note that a pod has left the assembly; `False` if it had no voice."""
    changed = await tx.run(
        "UPDATE mandates SET gone = 1 WHERE proposal_id = ? AND pod_room_id = ? AND gone = 0",
        proposal_id,
        pod_room_id,
    )
    return changed == 1


def _mandate(row: Row) -> Mandate:
    return Mandate(
        row["pod_room_id"],
        row["name"],
        row["mirror_id"],
        Stance(row["stance"]) if row["stance"] else None,
        Count(**json.loads(row["count"])) if row["count"] else None,
        from_ms(row["decided_at"]) if row["decided_at"] is not None else None,
        Remit.read(row["remit"]),
        row["objector"],
        settled=row["settled"],
        people=row["people"],
        dormant=bool(row["dormant"]),
    )
