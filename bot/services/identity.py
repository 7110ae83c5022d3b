"""People's identities: what is said when one changes, and whose word counts until somebody has asked them.

Rule: an identity that changed may be its owner's new start or somebody else's disguise, and no server can tell us
which. What binds others does not count under it until another member has confirmed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import Conflict, NotAllowed
from bot.domain.pods import Member, Room, RoomKind
from bot.domain.values import Code, Person
from bot.ports import IdentitySeen
from bot.services.speech import say
from bot.store import identities, inbox, rooms, timers
from bot.store.database import Tx
from bot.store.identities import Identity
from bot.text import Text

HINT_AFTER = timedelta(days=1)
"""How long a new account has for making an identity before it is told how."""
HINT_AGAIN = timedelta(days=30)


async def seen(tx: Tx, now: datetime, found: Sequence[IdentitySeen]) -> None:
    """Take in what the server shows of people's identities; what is known already changes nothing."""
    own = await inbox.load_meta(tx, "user_id")
    known = await identities.known(tx, [one.user_id for one in found])
    for one in found:
        before = known.get(one.user_id)
        if one.user_id != own:
            await _see(tx, now, before, one)


async def _see(tx: Tx, now: datetime, before: Identity | None, one: IdentitySeen) -> None:
    if before is None or before.master is None:
        await identities.save(tx, one, one.master)
        if before is None and one.master is None:
            await _hint_at(tx, now + HINT_AFTER, one.user_id)
        return
    # whoever has had an identity keeps it, also when the server stops showing it
    one = replace(one, master=one.master or before.master)
    if (before.master, before.devices, before.signed) != (one.master, one.devices, one.signed):
        await identities.save(tx, one, before.trusted)
    if one.master not in (before.master, before.trusted):
        await _announce(tx, now, one.user_id)


async def _announce(tx: Tx, now: datetime, user_id: str) -> None:
    tx.caused_by(f"identity.{user_id}.{int(now.timestamp() * 1000)}")
    for room in await _shared_groups(tx, user_id):
        text = Text(
            "{who}'s identity has changed. This happens when someone resets their app, and also when somebody else"
            " pretends to be them. Another member types {ok} once they have asked {who} in person or by phone."
            " Until then {who}'s ok and accept do not count.",
            who=await rooms.person(tx, room.room_id, user_id),
            ok=Code(f"!trust ok {user_id}"),
        )
        await say(tx, now, room.room_id, text, aloud=True)


async def _shared_groups(tx: Tx, user_id: str) -> list[Room]:
    """Return the pods and assemblies that somebody is in."""
    found = [await rooms.find(tx, room_id) for room_id in await rooms.shared_rooms(tx, user_id)]
    return [room for room in found if room is not None and room.kind is not RoomKind.NONE]


async def check_trusted(tx: Tx, room: Room, sender: Person) -> None:
    """Check that somebody's word may bind others: their identity is the one people know, or was confirmed.

    Raises:
        NotAllowed: It has changed and nobody has confirmed it yet.
    """
    found = await identities.find(tx, sender.user_id)
    if found is not None and found.is_doubted:
        raise NotAllowed(
            "{who}'s identity has changed, so this does not count yet. Another member types {ok} once they have"
            " asked {who} in person or by phone; then type it again.",
            who=sender,
            ok=Code(f"!trust ok {sender.user_id}"),
        )


async def confirm(tx: Tx, now: datetime, room: Room, sender: Person, member: Member) -> Text:
    """Take somebody's word that another member's new identity is theirs.

    Raises:
        Conflict: Nothing waits to be confirmed.
        NotAllowed: It is one's own, or the confirming person's identity has changed too.
    """
    found = await identities.find(tx, member.user_id)
    if found is None or not found.is_doubted:
        raise Conflict(
            "{who}'s identity has not changed, so there is nothing to confirm. {trust} shows what waits.",
            who=member.person,
            trust=Code("!trust"),
        )
    if member.user_id == sender.user_id:
        raise NotAllowed(
            "Nobody confirms themselves. Another member types {ok} once they have asked you.",
            ok=Code(f"!trust ok {sender.user_id}"),
        )
    await check_trusted(tx, room, sender)
    await identities.trust(tx, member.user_id)
    for other in await _shared_groups(tx, member.user_id):
        if other.room_id != room.room_id:
            who = await rooms.person(tx, other.room_id, member.user_id)
            told = Text(
                "Another member has confirmed {who}'s new identity. What {who} approves counts.", who=who
            )
            await say(tx, now, other.room_id, told)
    return Text(
        "{by} confirms that this is {who}. What {who} approves counts again from now on.",
        by=sender,
        who=member.person,
    )


async def to_confirm(tx: Tx, room: Room, sender: Person) -> list[Member]:
    """Return the members of a room whose identity somebody else may confirm."""
    people = [person for person in await rooms.members(tx, room.room_id) if person.user_id != sender.user_id]
    known = await identities.known(tx, [person.user_id for person in people])
    return [person for person in people if person.user_id in known and known[person.user_id].is_doubted]


async def hint(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    """Tell somebody without an identity how to get one, where nobody else reads it, once a month."""
    user_id = payload["user"]
    found = await identities.find(tx, user_id)
    shared = await rooms.shared_rooms(tx, user_id)
    if found is None or found.master is not None:
        return
    for room_id in shared:
        room = await rooms.find(tx, room_id)
        people = await rooms.members(tx, room_id)
        if room is not None and room.kind is RoomKind.NONE and room.encrypted and len(people) == 1:
            text = Text(
                "Nothing vouches for your devices yet, so I could not tell if the server added one to your account."
                " In your app's settings, under encryption or security, set up recovery or cross-signing:"
                " that takes a minute. Until then all your devices count as yours."
            )
            await say(tx, now, room_id, text)
            break
    await _hint_at(tx, now + HINT_AGAIN, user_id)


async def _hint_at(tx: Tx, at: datetime, user_id: str) -> None:
    await timers.put(tx, "trust.hint", f"trust.hint.{user_id}", at, user=user_id)
