"""What members of a pod say of themselves. Rule: known in the pod only, and gone when they leave it."""

from __future__ import annotations

from collections.abc import Collection

from bot.store.database import Tx


async def add(tx: Tx, pod_room_id: str, user_id: str, tag: str) -> bool:
    """Keep a tag; `False` if it is kept already."""
    return await tx.run("INSERT OR IGNORE INTO tags VALUES (?, ?, ?)", pod_room_id, user_id, tag) == 1


async def drop(tx: Tx, pod_room_id: str, user_id: str, tag: str) -> bool:
    """Forget a tag; `False` if there is none."""
    return (
        await tx.run(
            "DELETE FROM tags WHERE pod_room_id = ? AND user_id = ? AND tag = ?", pod_room_id, user_id, tag
        )
        == 1
    )


async def of(tx: Tx, pod_room_id: str, user_id: str) -> list[str]:
    """Return somebody's tags."""
    rows = await tx.all(
        "SELECT tag FROM tags WHERE pod_room_id = ? AND user_id = ? ORDER BY tag", pod_room_id, user_id
    )
    return [row["tag"] for row in rows]


async def having(tx: Tx, pod_room_id: str, tag: str) -> set[str]:
    """Return who has a tag."""
    rows = await tx.all("SELECT user_id FROM tags WHERE pod_room_id = ? AND tag = ?", pod_room_id, tag)
    return {row["user_id"] for row in rows}


async def keep_only(tx: Tx, pod_room_id: str, present: Collection[str]) -> None:
    """Forget the tags of everybody who is not here any more."""
    rows = await tx.all("SELECT DISTINCT user_id FROM tags WHERE pod_room_id = ?", pod_room_id)
    await tx.run_many(
        "DELETE FROM tags WHERE pod_room_id = ? AND user_id = ?",
        [(pod_room_id, row["user_id"]) for row in rows if row["user_id"] not in present],
    )
