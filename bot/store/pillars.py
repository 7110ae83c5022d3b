"""The pillars of assemblies. Rule: every version is kept; the one with the highest number is in force."""

from __future__ import annotations

from bot.domain.pillars import Pillar
from bot.store.database import Row, Tx, from_ms, to_ms


async def add(tx: Tx, assembly_room_id: str, pillar: Pillar) -> None:
    """Keep a new version."""
    await tx.run(
        "INSERT INTO pillars VALUES (?, ?, ?, ?, ?, ?)",
        assembly_room_id,
        pillar.number,
        pillar.version,
        pillar.text,
        to_ms(pillar.adopted_at),
        pillar.proposal_id,
    )


async def drop_of(tx: Tx, proposal_id: str) -> None:
    """Forget the version that a proposal brought: its result was corrected."""
    await tx.run("DELETE FROM pillars WHERE proposal_id = ?", proposal_id)


async def of_proposal(tx: Tx, proposal_id: str) -> Pillar | None:
    """Return the version that a proposal brought."""
    row = await tx.one("SELECT * FROM pillars WHERE proposal_id = ?", proposal_id)
    return _pillar(row) if row else None


async def versions(tx: Tx, assembly_room_id: str, number: int) -> list[Pillar]:
    """Return the versions of a pillar, the first first."""
    rows = await tx.all(
        "SELECT * FROM pillars WHERE assembly_room_id = ? AND number = ? ORDER BY version",
        assembly_room_id,
        number,
    )
    return [_pillar(row) for row in rows]


async def in_force(tx: Tx, assembly_room_id: str) -> list[Pillar]:
    """Return the pillars of an assembly, each in its last version, by number."""
    rows = await tx.all(
        "SELECT * FROM pillars WHERE assembly_room_id = ? ORDER BY number, version", assembly_room_id
    )
    return list({row["number"]: _pillar(row) for row in rows}.values())


async def set_apart(tx: Tx, assembly_room_id: str, pillar: Pillar, pod_room_id: str, *, apart: bool) -> bool:
    """Note that a pod stands apart from a version, or does so no more; `False` if that was noted before."""
    key = (assembly_room_id, pillar.number, pillar.version, pod_room_id)
    if apart:
        return await tx.run("INSERT OR IGNORE INTO pillars_apart VALUES (?, ?, ?, ?)", *key) == 1
    return (
        await tx.run(
            "DELETE FROM pillars_apart WHERE assembly_room_id = ? AND number = ? AND version = ? AND pod_room_id = ?",
            *key,
        )
        == 1
    )


async def apart(tx: Tx, assembly_room_id: str, pillar: Pillar) -> list[str]:
    """Return the names of the pods that stand apart from a version."""
    rows = await tx.all(
        "SELECT pods.name FROM pillars_apart JOIN pods ON pods.room_id = pillars_apart.pod_room_id"
        " WHERE pillars_apart.assembly_room_id = ? AND number = ? AND version = ?"
        " AND pods.assembly_room_id = pillars_apart.assembly_room_id ORDER BY lower(pods.name)",
        assembly_room_id,
        pillar.number,
        pillar.version,
    )
    return [row["name"] for row in rows]


def _pillar(row: Row) -> Pillar:
    return Pillar(row["number"], row["version"], row["text"], from_ms(row["adopted_at"]), row["proposal_id"])
