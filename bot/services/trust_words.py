"""What `!trust` shows: what `spokesbot crypto status` says of the bot, and the members about whom something is to be done."""

from __future__ import annotations

from itertools import accumulate

from bot.domain.pods import Member, Room
from bot.domain.values import Code
from bot.store import identities, inbox, rooms
from bot.store.database import Tx
from bot.store.identities import Identity
from bot.text import Text

ROOM_FOR_LINES = 1000
"""Characters for the members listed by name, so that the whole stays within one message."""

_POLICIES = {
    "signed": "I give keys only to devices that their owner has verified; to all devices of who has no identity yet.",
    "strict": "I give keys only to devices that their owner has verified.",
    "all": "I give keys to all devices of members, verified or not.",
}


async def describe(tx: Tx, room: Room) -> Text:
    """Return who can be told from an impostor in a room."""
    people = await rooms.members(tx, room.room_id)
    known = await identities.known(tx, [person.user_id for person in people])
    lines = {person: _line(person, known.get(person.user_id)) for person in people}
    todo = [line for line in lines.values() if line is not None]
    fine = len(people) - len(todo)
    listed = _as_fits(todo)
    more = len(todo) - len(listed)
    return Text.lines(
        [
            Text(
                "My fingerprint is {key}, on device {device}. My account's identity is {identity}; it has signed"
                " that device.",
                key=Code(fingerprint(await inbox.load_meta(tx, "device.ed25519") or "")),
                device=Code(await inbox.load_meta(tx, "device.id") or ""),
                identity=Code(fingerprint(await inbox.load_meta(tx, "identity") or "")),
            ),
            Text(_POLICIES[await inbox.load_meta(tx, "trust") or "signed"]),
            Text.listed(listed) if listed else None,
            Text("And {n} more.", n=more) if more > 0 else None,
            Text("{n} member: all devices verified.", plural="{n} members: all devices verified.", n=fine)
            if fine
            else None,
        ]
    )


def _as_fits(lines: list[Text]) -> list[Text]:
    sizes = accumulate(len(str(line)) + 3 for line in lines)
    return [line for line, size in zip(lines, sizes, strict=True) if size <= ROOM_FOR_LINES]


def _line(person: Member, found: Identity | None) -> Text | None:
    """Return what is to be done about somebody, or `None` where nothing is."""
    if found is None:
        return Text("{who}: not looked up yet", who=person.person)
    if found.is_doubted:
        return Text(
            "{who}: identity changed, waiting for confirmation: {ok}",
            who=person.person,
            ok=Code(f"!trust ok {person.user_id}"),
        )
    if found.master is None:
        return Text("{who}: no identity yet", who=person.person)
    if found.signed < found.devices:
        return Text(
            "{who}: verified devices {n} of {all}", who=person.person, n=found.signed, all=found.devices
        )
    return None


def fingerprint(key: str) -> str:
    """Return a public key in groups of four, as apps show it."""
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))
