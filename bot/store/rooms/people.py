"""Who is in a room, what they are called there, and who of them has a voice.

Rule: nobody is called like somebody else in the same room, nor like a poll: their Matrix id is written out then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from bot.domain.ids import normal_id
from bot.domain.names import shorten, skeleton
from bot.domain.pods import Member
from bot.domain.values import Person
from bot.ports import MemberSeen
from bot.store.database import Row, Tx, from_ms, to_ms


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
