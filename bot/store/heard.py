"""When pods were last heard: a decision of theirs, or a command of one of their spokes. Rule: only the last time is kept."""

from __future__ import annotations

from datetime import datetime

from bot.store.database import Tx, from_ms, to_ms


async def pod(tx: Tx, pod_room_id: str, at: datetime) -> None:
    """Note that a pod was heard; it is awake where it was dormant."""
    await tx.run(
        "INSERT INTO heard VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
        pod_room_id,
        to_ms(at),
    )
    await tx.run("UPDATE mandates SET dormant = 0 WHERE dormant = 1 AND pod_room_id = ?", pod_room_id)


async def spoke(tx: Tx, user_id: str, at: datetime) -> None:
    """Note that the pods were heard of which somebody is a spoke."""
    heard = await tx.run(
        "INSERT INTO heard SELECT DISTINCT pod_room_id, ? FROM seats WHERE user_id = ?"
        " ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
        to_ms(at),
        user_id,
    )
    if heard:
        await tx.run(
            "UPDATE mandates SET dormant = 0 WHERE dormant = 1"
            " AND pod_room_id IN (SELECT pod_room_id FROM seats WHERE user_id = ?)",
            user_id,
        )


async def last(tx: Tx, assembly_room_id: str) -> dict[str, datetime]:
    """Return when each pod of an assembly was last heard; entering it is being heard."""
    rows = await tx.all(
        "SELECT room_id, max(coalesce(at, 0), coalesce(joined_at, 0)) AS at FROM pods"
        " LEFT JOIN heard ON pod_room_id = room_id WHERE assembly_room_id = ?",
        assembly_room_id,
    )
    return {row["room_id"]: from_ms(row["at"]) for row in rows}
