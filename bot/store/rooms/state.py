"""What a room is, and how the bot stands in it.

Rule: a room that was encrypted once counts as encrypted for ever; a room that never was gets nobody's words.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.pods import Room, RoomKind
from bot.store.database import Row, Tx, from_ms, to_ms

_ROOM = (
    "SELECT r.*, a.name AS assembly_name, p.name AS pod_name, p.assembly_room_id FROM rooms r"
    " LEFT JOIN assemblies a USING (room_id) LEFT JOIN pods p USING (room_id)"
)


async def remember(tx: Tx, room_id: str, membership: str) -> str | None:
    """Note whether the bot is in a room; returns what it was before.

    Args:
        tx: The open transaction.
        room_id: The room.
        membership: `invited`, `joined` or `gone`.
    """
    row = await tx.one("SELECT membership FROM rooms WHERE room_id = ?", room_id)
    await tx.run(
        "INSERT INTO rooms (room_id, membership) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET membership = excluded.membership",
        room_id,
        membership,
    )
    return row["membership"] if row else None


async def set_encrypted(tx: Tx, room_id: str) -> bool:
    """Note that a room is encrypted, which is never taken back; `False` if it was known."""
    return await tx.run("UPDATE rooms SET encrypted = 1 WHERE room_id = ? AND encrypted = 0", room_id) == 1


async def set_power(
    tx: Tx, room_id: str, *, bot: int, invite: int, kick: int, admins: Collection[str]
) -> None:
    """Note what the bot may do in a room, and who may change that."""
    await tx.run(
        "UPDATE rooms SET bot_power = ?, invite_power = ?, kick_power = ? WHERE room_id = ?",
        bot,
        invite,
        kick,
        room_id,
    )
    await tx.run("UPDATE members SET admin = 0 WHERE room_id = ? AND admin = 1", room_id)
    await tx.run_many(
        "UPDATE members SET admin = 1 WHERE room_id = ? AND user_id = ?",
        [(room_id, user_id) for user_id in admins],
    )


async def came_at(tx: Tx, room_id: str) -> datetime | None:
    """Return since when the bot has been in a room, as the server shows it."""
    row = await tx.one(
        "SELECT since FROM members WHERE room_id = ?"
        " AND user_id = (SELECT value FROM meta WHERE key = 'user_id')",
        room_id,
    )
    return from_ms(row["since"]) if row else None


async def set_greeted(tx: Tx, room_id: str) -> bool:
    """Note that hello was said; `False` if it had been."""
    return await tx.run("UPDATE rooms SET greeted = 1 WHERE room_id = ? AND greeted = 0", room_id) == 1


async def forget_greeting(tx: Tx, room_id: str) -> None:
    """Let hello be said again when the bot comes back."""
    await tx.run("UPDATE rooms SET greeted = 0, warned_at = NULL WHERE room_id = ?", room_id)


async def set_warned(tx: Tx, room_id: str, now: datetime) -> None:
    """Note when the room was last told that it is not encrypted."""
    await tx.run("UPDATE rooms SET warned_at = ? WHERE room_id = ?", to_ms(now), room_id)


async def warned_at(tx: Tx, room_id: str) -> datetime | None:
    """Return when the room was last told that it is not encrypted."""
    row = await tx.one("SELECT warned_at FROM rooms WHERE room_id = ?", room_id)
    return from_ms(row["warned_at"]) if row and row["warned_at"] is not None else None


async def find(tx: Tx, room_id: str) -> Room | None:
    """Return a room and what it is for."""
    row = await tx.one(f"{_ROOM} WHERE r.room_id = ?", room_id)
    return _room(row) if row else None


async def set_successor(tx: Tx, room_id: str, successor: str) -> None:
    """Note the room that a room says it was replaced by."""
    await tx.run("UPDATE rooms SET successor = ? WHERE room_id = ?", successor, room_id)


async def replaced_by(tx: Tx, room_id: str) -> str | None:
    """Return the room that says it was replaced by this one; a room cannot claim that of itself."""
    row = await tx.one("SELECT room_id FROM rooms WHERE successor = ?", room_id)
    return row["room_id"] if row else None


async def move(tx: Tx, old: str, new: str) -> None:
    """Carry everything of an upgraded room over to its successor, waiting messages too."""
    row = await tx.one("SELECT * FROM rooms WHERE room_id = ?", new)
    people = await tx.all("SELECT * FROM members WHERE room_id = ?", new)
    await tx.run("DELETE FROM rooms WHERE room_id = ?", new)
    before = await tx.all("SELECT * FROM members WHERE room_id = ? AND membership IN ('join', 'moving')", old)
    await tx.run("DELETE FROM members WHERE room_id = ?", old)
    await tx.run(
        "UPDATE rooms SET room_id = ?, membership = 'invited', encrypted = 0, greeted = 0, successor = NULL WHERE room_id = ?",
        new,
        old,
    )
    await tx.run("INSERT INTO rooms (room_id, membership, greeted) VALUES (?, 'joined', 1)", old)
    if row is not None:
        await tx.run(
            "UPDATE rooms SET membership = ?, encrypted = ?, bot_power = ?, invite_power = ?, kick_power = ?"
            " WHERE room_id = ?",
            row["membership"],
            row["encrypted"],
            row["bot_power"],
            row["invite_power"],
            row["kick_power"],
            new,
        )
    await tx.run_many(
        "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?)", [tuple(person) for person in people]
    )
    # who was a member stays one, with or without a voice as before, while they are on their way
    await tx.run_many(
        "INSERT INTO members (room_id, user_id, display_name, membership, since, observer)"
        " VALUES (?, ?, ?, 'moving', ?, ?) ON CONFLICT DO UPDATE SET since = excluded.since, observer = excluded.observer,"
        " membership = CASE membership WHEN 'join' THEN 'join' ELSE 'moving' END",
        [
            (new, person["user_id"], person["display_name"], person["since"], person["observer"])
            for person in before
        ],
    )
    await tx.run("UPDATE outbox SET room_id = ? WHERE room_id = ? AND state = 'waiting'", new, old)


async def encrypted(tx: Tx, room_ids: Sequence[str]) -> dict[str, bool]:
    """Return of those rooms that we are in whether they are encrypted."""
    rows = await tx.all(
        "SELECT room_id, encrypted FROM rooms"
        " WHERE room_id IN (SELECT value FROM json_each(?)) AND membership = 'joined'",
        json.dumps(room_ids),
    )
    return {row["room_id"]: bool(row["encrypted"]) for row in rows}


def _room(row: Row) -> Room:
    kind = RoomKind.ASSEMBLY if row["assembly_name"] else RoomKind.POD if row["pod_name"] else RoomKind.NONE
    return Room(
        row["room_id"],
        kind,
        row["assembly_name"] or row["pod_name"],
        bool(row["encrypted"]),
        row["membership"] == "joined",
        row["assembly_room_id"],
        row["bot_power"] >= row["invite_power"],
        row["bot_power"] >= row["kick_power"],
    )
