"""The rooms the bot is in and the people in them, as the server last showed them.

Rule: a room that was encrypted once counts as encrypted for ever; a room that never was gets nobody's words.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from bot.domain.ids import normal_id
from bot.domain.names import shorten, skeleton
from bot.domain.pods import Member, Room, RoomKind
from bot.domain.values import Person
from bot.ports import MemberSeen
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


async def see_members(
    tx: Tx, room_id: str, seen: Collection[MemberSeen]
) -> list[tuple[MemberSeen, str | None]]:
    """Note memberships; returns those whose membership changed, with what it was before."""
    changed = []
    for member in seen:
        row = await tx.one(
            "SELECT membership, display_name FROM members WHERE room_id = ? AND user_id = ?",
            room_id,
            member.user_id,
        )
        before = row["membership"] if row else None
        if before == "moving" and member.membership in ("invite", "knock"):
            continue  # on their way into an upgraded room
        if before == member.membership:
            if row and row["display_name"] != member.display_name and member.membership == "join":
                await tx.run(
                    "UPDATE members SET display_name = ? WHERE room_id = ? AND user_id = ?",
                    member.display_name,
                    room_id,
                    member.user_id,
                )
            continue
        await tx.run(
            "INSERT INTO members (room_id, user_id, display_name, membership, since) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET membership = excluded.membership,"
            " since = CASE membership WHEN 'moving' THEN since ELSE excluded.since END,"
            " display_name = coalesce(excluded.display_name, display_name)",
            room_id,
            member.user_id,
            member.display_name,
            member.membership,
            to_ms(member.at),
        )
        changed.append((member, before))
    return changed


async def members(tx: Tx, room_id: str) -> list[Member]:
    """Return the joined people of a room, observers too, the bot not, by name."""
    rows = await tx.all(
        "SELECT members.*, user_id IS (SELECT value FROM meta WHERE key = 'user_id') AS bot FROM members"
        " WHERE room_id = ? AND membership IN ('join', 'moving')"
        " ORDER BY lower(coalesce(display_name, user_id)), user_id",
        room_id,
    )
    called = [_called(row["user_id"], row["display_name"]) for row in rows]
    looks = Counter(each.looks for each in called)
    return [_member(row, each, looks) for row, each in zip(rows, called, strict=True) if not row["bot"]]


async def voices(tx: Tx, room_id: str) -> list[Member]:
    """Return the joined people of a room who have a voice: observers and the bot not counted."""
    return [member for member in await members(tx, room_id) if not member.observer]


async def drop_moving(tx: Tx, room_id: str) -> list[str]:
    """Take out who has not come along into an upgraded room; returns their ids."""
    rows = await tx.all(
        "UPDATE members SET membership = 'leave' WHERE room_id = ? AND membership = 'moving' RETURNING user_id",
        room_id,
    )
    return [row["user_id"] for row in rows]


async def set_observer(tx: Tx, room_id: str, user_id: str, observer: bool) -> None:
    """Mark somebody as present without a voice, or give the voice back."""
    await tx.run(
        "UPDATE members SET observer = ? WHERE room_id = ? AND user_id = ?", observer, room_id, user_id
    )


async def person(tx: Tx, room_id: str, user_id: str) -> Person:
    """Return how somebody is called in a room, also when they have left it."""
    rows = await tx.all(
        "SELECT user_id, display_name, user_id IS (SELECT value FROM meta WHERE key = 'user_id') AS bot,"
        " membership IN ('join', 'moving') AS here FROM members"
        " WHERE room_id = ?1 AND (membership IN ('join', 'moving') OR user_id = ?2)",
        room_id,
        user_id,
    )
    own = next((row for row in rows if row["user_id"] == user_id), None)
    if own is None:
        return Person(user_id, user_id)
    called = _called(user_id, own["display_name"])
    if own["bot"] or not own["here"]:
        return Person(user_id, called.name)
    looks = Counter([_called(row["user_id"], row["display_name"]).looks for row in rows])
    return Person(user_id, _label(user_id, called, looks))


async def display_name(tx: Tx, room_id: str, user_id: str) -> str | None:
    """Return the name that somebody has in a room, as the server shows it, if they have one."""
    row = await tx.one("SELECT display_name FROM members WHERE room_id = ? AND user_id = ?", room_id, user_id)
    return row["display_name"] if row else None


async def encrypted(tx: Tx, room_ids: Sequence[str]) -> dict[str, bool]:
    """Return of those rooms that we are in whether they are encrypted."""
    rows = await tx.all(
        "SELECT room_id, encrypted FROM rooms"
        " WHERE room_id IN (SELECT value FROM json_each(?)) AND membership = 'joined'",
        json.dumps(room_ids),
    )
    return {row["room_id"]: bool(row["encrypted"]) for row in rows}


async def present(tx: Tx) -> dict[str, set[str]]:
    """Return who is in each room that we are in, ourselves included."""
    rows = await tx.all(
        "SELECT room_id, user_id FROM rooms r LEFT JOIN members m USING (room_id)"
        " WHERE r.membership = 'joined' AND (m.membership = 'join' OR m.membership IS NULL)"
    )
    found: dict[str, set[str]] = {row["room_id"]: set() for row in rows}
    for row in rows:
        found[row["room_id"]].add(row["user_id"])
    return found


async def shared_rooms(tx: Tx, user_id: str) -> list[str]:
    """Return the rooms the bot shares with somebody."""
    rows = await tx.all(
        "SELECT room_id FROM members JOIN rooms r USING (room_id)"
        " WHERE user_id = ? AND members.membership = 'join' AND r.membership = 'joined' ORDER BY room_id",
        user_id,
    )
    return [row["room_id"] for row in rows]


class _Called(NamedTuple):
    name: str
    looks: str
    is_id: bool


@lru_cache(maxsize=4096)
def _called(user_id: str, display_name: str | None) -> _Called:
    localpart = user_id.removeprefix("@").partition(":")[0]
    name = shorten(" ".join((display_name or "").split()) or localpart)
    return _Called(name, skeleton(name), normal_id(name) is not None)


def _member(row: Row, called: _Called, looks: Counter[str]) -> Member:
    return Member(
        Person(row["user_id"], _label(row["user_id"], called, looks)),
        from_ms(row["since"]),
        bool(row["observer"]),
        bool(row["admin"]),
    )


def _label(user_id: str, called: _Called, looks: Counter[str]) -> str:
    # two people of one name are told apart by their ids; so is who is called like us, or like a poll
    alike = looks[called.looks] > 1 or called.is_id
    return f"{called.name} ({user_id})" if alike else called.name


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
