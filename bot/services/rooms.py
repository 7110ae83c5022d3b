"""What happens to rooms: invitations, people coming and going, encryption, power, upgrades, removal.

Rule: encrypted or silent. In a room that is not encrypted the bot says one fixed sentence and nothing else,
and what is queued for a room that went away waits for its return.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.limits import DECLINED, INVITATIONS, INVITATIONS_OF_ONE, LARGEST_ROOM
from bot.domain.pods import Room, RoomKind, size_notice
from bot.domain.values import Code
from bot.ports import (
    Invited,
    JoinRoom,
    LeaveRoom,
    MemberSeen,
    RefuseUnencrypted,
    Removed,
    RoomChange,
    RoomSeen,
)
from bot.services import limits, polls, proposal_membership, spokes
from bot.services.speech import say
from bot.store import outbox, pods, rooms, timers
from bot.store.database import Tx
from bot.text import Text

log = logging.getLogger(__name__)


TIME_TO_MOVE = timedelta(days=7)
"""How long members of an upgraded room count as members before they have joined the new one."""


async def drop_moving(tx: Tx, now: datetime, room_id: str) -> None:
    """Count those who have not come along into an upgraded room as having left."""
    room = await rooms.find(tx, room_id)
    for user_id in await rooms.drop_moving(tx, room_id):
        if room is not None and room.kind is RoomKind.POD:
            await spokes.member_left(tx, now, room_id, user_id)
        await proposal_membership.member_left(tx, now, room_id, user_id)


async def changed(tx: Tx, now: datetime, change: RoomChange, may_invite: Callable[[str], bool]) -> None:
    """Take in one change of a room.

    Args:
        tx: The open transaction.
        now: The moment.
        change: What changed.
        may_invite: Whether the configuration lets a user invite the bot.
    """
    match change:
        case Invited():
            await _invited(tx, now, change, may_invite)
        case Removed():
            await _removed(tx, now, change)
        case RoomSeen():
            await _seen(tx, now, change)


async def _invited(tx: Tx, now: datetime, change: Invited, may_invite: Callable[[str], bool]) -> None:
    known = await rooms.find(tx, change.room_id)
    if known is not None and known.joined:
        return
    is_ours = known is not None and known.kind is not RoomKind.NONE
    allowed = is_ours or may_invite(change.inviter)
    if not await _may_answer(tx, now, change.inviter, allowed=allowed, is_ours=is_ours):
        return
    await rooms.remember(tx, change.room_id, "invited")
    if allowed:
        server = change.inviter.partition(":")[2]
        await outbox.queue(tx, now, change.room_id, JoinRoom((server,)))
        # what waits for this room must not stand before the joining of it
        await outbox.first(tx, change.room_id)
    else:
        log.warning(
            "invitation declined: %s may not invite (invites.allow)",
            change.inviter,
            extra={"room_id": change.room_id},
        )
        await outbox.queue(tx, now, change.room_id, LeaveRoom())


async def _may_answer(tx: Tx, now: datetime, inviter: str, *, allowed: bool, is_ours: bool) -> bool:
    """Count an invitation; one beyond the limit stays without an answer, and the log says so once a day."""
    counted = [(f"invitations by {inviter}", INVITATIONS_OF_ONE)] if allowed else []
    if not is_ours:  # a room that is set up must not be kept out by what others do
        counted.append(("invitations", INVITATIONS) if allowed else ("invitations declined", DECLINED))
    for what, limit in counted:
        number = await limits.take(tx, now, what, limit, now)
        if number == limit.most + 1:
            until = limit.ends(now)
            log.warning("%s: more than %d a day; the rest stay unanswered until %s", what, limit.most, until)
        if number > limit.most:
            return False
    return True


async def _removed(tx: Tx, now: datetime, change: Removed) -> None:
    room = await rooms.find(tx, change.room_id)
    before = await rooms.remember(tx, change.room_id, "gone")
    await rooms.forget_greeting(tx, change.room_id)
    if before == "gone" or room is None or room.kind is not RoomKind.POD or room.assembly_room_id is None:
        return
    await say(
        tx,
        now,
        room.assembly_room_id,
        Text(
            "I was removed from the room of {pod}. What is meant for {pod} waits until somebody there invites me again.",
            pod=room.name or "",
        ),
        aloud=True,
    )


async def _seen(tx: Tx, now: datetime, seen: RoomSeen) -> None:
    before = await rooms.remember(tx, seen.room_id, "joined")
    if before != "joined":  # also from "invited", which comes between being removed and being back
        await outbox.try_now(tx, seen.room_id)
    old = await rooms.replaced_by(tx, seen.room_id)
    if old is not None:
        await _move(tx, now, old, seen.room_id)
    changes = await rooms.see_members(tx, seen.room_id, seen.members)
    if seen.encrypted and await rooms.set_encrypted(tx, seen.room_id):
        await rooms.forget_greeting(tx, seen.room_id)
        await outbox.try_now(tx, seen.room_id)
    if seen.bot_power is not None:
        await _power(tx, now, seen)
    room = await rooms.find(tx, seen.room_id)
    assert room is not None  # noqa: S101 - it was remembered above
    await _greet(tx, now, room)
    for member, previous in changes:
        await _member(tx, now, room, member, previous)
    if room.kind is RoomKind.POD and changes:
        await _size(tx, now, room)
    if seen.successor is not None:
        await _follow(tx, now, room, seen.successor)


async def _greet(tx: Tx, now: datetime, room: Room) -> None:
    if not await rooms.set_greeted(tx, room.room_id):
        return
    count = len(await rooms.members(tx, room.room_id))
    if room.kind is RoomKind.NONE and count > LARGEST_ROOM:
        # a room that is set up stays, whoever joins it: nobody can drive us out with a crowd
        log.warning(
            "left a room of %d people; the most is %d", count, LARGEST_ROOM, extra={"room_id": room.room_id}
        )
        await outbox.queue(tx, now, room.room_id, LeaveRoom(_too_large()))
        return
    if not room.encrypted:
        await rooms.set_warned(tx, room.room_id, now)
        await outbox.queue(tx, now, room.room_id, RefuseUnencrypted())
        if room.kind is RoomKind.POD and room.assembly_room_id is not None:
            text = Text(
                "The room of {pod} is not encrypted, so nothing goes there until it is.", pod=room.name or ""
            )
            await say(tx, now, room.assembly_room_id, text, aloud=True)
        return
    if room.kind is not RoomKind.NONE:
        await say(tx, now, room.room_id, Text("I am back in {name}.", name=room.name or ""))
        return
    await say(tx, now, room.room_id, _hello())


def _too_large() -> str:
    """Return why we leave, as apps show it beside the leaving: it is no message, so it needs no keys."""
    text = Text(
        "This room has more than {most} people, and I work in rooms of up to {most}.", most=LARGEST_ROOM
    )
    return text.render()


def _hello() -> Text:
    return Text.lines(
        [
            Text(
                "Hello, I am Spokesbot. I do the clerical work of a federation: pairs, summaries, quick polls."
            ),
            Text(
                "I read what begins with {bang}, replies to me and poll votes. I keep those and who is here; other talk I do not keep.",
                bang=Code("!"),
            ),
            Text("A small group starts with {command}.", command=Code("!pod create NAME")),
            Text("The room where spokes meet starts with {command}.", command=Code("!assembly create NAME")),
            Text("{help} shows everything I can do.", help=Code("!help")),
        ]
    )


async def _power(tx: Tx, now: datetime, seen: RoomSeen) -> None:
    had = await rooms.find(tx, seen.room_id)
    await rooms.set_power(
        tx,
        seen.room_id,
        bot=seen.bot_power or 0,
        invite=seen.invite_power if seen.invite_power is not None else 0,
        kick=seen.kick_power if seen.kick_power is not None else 50,
        admins=seen.admins or frozenset(),
    )
    # what the room did not let us say or do may be allowed now
    await outbox.try_now(tx, seen.room_id)
    has = await rooms.find(tx, seen.room_id)
    if had is None or has is None or has.kind is not RoomKind.ASSEMBLY:
        return
    if had.can_remove and not has.can_remove:
        await say(tx, now, seen.room_id, power_needed())


def power_needed() -> Text:
    """Return what an assembly is told while the bot cannot invite and remove people."""
    return Text(
        "I lack the power to invite and remove people here, so I will ask you to do it at handovers. "
        "To change that, make me a moderator (power level 50) in the room's settings."
    )


async def _member(tx: Tx, now: datetime, room: Room, member: MemberSeen, before: str | None) -> None:
    if room.kind is RoomKind.POD and before in ("join", "moving") and member.membership != "join":
        await spokes.member_left(tx, now, room.room_id, member.user_id)
        await proposal_membership.member_left(tx, now, room.room_id, member.user_id)
    if member.membership == "join" and before != "join":
        await polls.member_joined(tx, now, room.room_id, member.user_id)
        if before != "moving":
            await proposal_membership.member_joined(tx, now, room, member.user_id)
        if room.kind is RoomKind.POD and before != "moving":
            await spokes.member_joined(tx, now, room.room_id, member.user_id)


async def _size(tx: Tx, now: datetime, room: Room) -> None:
    count = len(await rooms.voices(tx, room.room_id))
    notice = size_notice(count)
    if not await pods.set_size_told(tx, room.room_id, notice) or notice is None:
        return
    await say(tx, now, room.room_id, size_text(count))


def size_text(count: int) -> Text:
    """Return the notice for a pod that is smaller or larger than works well."""
    if size_notice(count) == "small":
        return Text(
            "{n} member here. A pod works best with 3 to 15; under 3, a pair cannot rotate.",
            plural="{n} members here. A pod works best with 3 to 15; under 3, a pair cannot rotate.",
            n=count,
        )
    return Text("{n} members here. A pod works best with 3 to 15. You may want to become two pods.", n=count)


async def _follow(tx: Tx, now: datetime, room: Room, successor: str) -> None:
    """Follow an upgrade: the new room is joined, and everything moves there once we are in."""
    await rooms.set_successor(tx, room.room_id, successor)
    known = await rooms.find(tx, successor)
    if known is not None and known.joined:
        await _move(tx, now, room.room_id, successor)
        return
    via = room.room_id.partition(":")[2]
    await outbox.queue(tx, now, successor, JoinRoom((via,) if via else ()), txn_id=f"follow.{successor}")


async def _move(tx: Tx, now: datetime, old: str, new: str) -> None:
    before = await rooms.find(tx, old)
    known = await rooms.find(tx, new)
    if (
        before is None
        or before.kind is RoomKind.NONE
        or (known is not None and known.kind is not RoomKind.NONE)
    ):
        return
    await rooms.move(tx, old, new)
    await outbox.queue(tx, now, old, LeaveRoom(), txn_id=f"leave.{old}")
    await timers.put(tx, "room.moved", f"moved.{new}", now + TIME_TO_MOVE, room=new)
    log.info("room upgraded", extra={"room_id": new, "old_room_id": old})
    home = before.assembly_room_id if before.kind is RoomKind.POD else None
    if home is not None:
        await say(
            tx, now, home, Text("The room of {pod} was upgraded. I have followed it.", pod=before.name or "")
        )
