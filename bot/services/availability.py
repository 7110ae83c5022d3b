"""Days away, turns not taken for now, and a pair that stays once more.

Rule: no reason is asked for or kept. What somebody says of their own time needs nobody's leave; what keeps
the others from their turn needs both spokes.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.absences import Absence, read_days
from bot.domain.errors import Conflict, NotAllowed
from bot.domain.pods import Room
from bot.domain.rotation import is_agreed
from bot.domain.values import Code, Person
from bot.services import answers
from bot.services.line import refresh_line
from bot.services.turnover import Turnover, close_ask, fill_seats, publish, tell_moved
from bot.store import absences, spokes, steps
from bot.store.database import Tx
from bot.text import Text


async def go_away(tx: Tx, now: datetime, room: Room, sender: Person, days: str, event_id: str) -> None:
    """Note the days on which somebody is not drawn; an ask they have not answered goes to the next in line.

    Raises:
        UsageError: There are no such days.
        Conflict: They take no turns anyway.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    starts_at, ends_at = read_days(days, now, step.settings.zone)
    if await _is_out(step, sender.user_id):
        raise Conflict("You take no turns until you type {optin}.", optin=Code("!spokes optin"))
    await absences.end(tx, room.room_id, sender.user_id, now, without_end=False)
    absence_id = await absences.add(tx, room.room_id, Absence(sender.user_id, starts_at, ends_at))
    await steps.record(tx, room.room_id, sender.user_id, now, "spokes.away", id=absence_id)
    step.lines.append(
        Text(
            "{who} is away until {end}, and is not asked for a turn that falls into it. It costs no place in the "
            "line. Back earlier: {back}"
            if starts_at == now
            else "{who} is away from {begin} until {end}, and is not asked for a turn that falls into it. "
            "It costs no place in the line. To change it: {back}",
            who=sender,
            begin=step.when(starts_at),
            end=step.when(ends_at),
            back=Code("!spokes back"),
        )
    )
    await _rearrange(step, sender, event_id)


async def come_back(tx: Tx, now: datetime, room: Room, sender: Person) -> Text:
    """End the days away that somebody has named.

    Raises:
        Conflict: They have named none.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    if not await absences.end(tx, room.room_id, sender.user_id, now, without_end=False):
        raise Conflict(
            "You have named no days away. For example: {example}", example=Code("!spokes away 3 Mar..20 Mar")
        )
    await _refresh(step)
    await tell_moved(step)
    return Text("Welcome back, {who}: you are in the line again, where you were.", who=sender)


async def opt_out(tx: Tx, now: datetime, room: Room, sender: Person, event_id: str) -> None:
    """Let somebody take no turns until they say so.

    Raises:
        Conflict: It is so already.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    if await _is_out(step, sender.user_id):
        raise Conflict("You take no turns already. {optin} changes that.", optin=Code("!spokes optin"))
    absence_id = await absences.add(tx, room.room_id, Absence(sender.user_id, now, None))
    await steps.record(tx, room.room_id, sender.user_id, now, "spokes.optout", id=absence_id)
    seat = (await spokes.pair(tx, room.room_id)).seat_of(sender.user_id)
    step.lines.append(
        Text(
            "{who} takes no further turns, and keeps the {seat} seat until this one is over. {swap} offers it to "
            "somebody else. {optin} ends this."
            if seat
            else "{who} takes no turns and is not asked. {optin} ends this.",
            who=sender,
            seat=seat or "",
            swap=Code("!spokes swap"),
            optin=Code("!spokes optin"),
        )
    )
    await _rearrange(step, sender, event_id)


async def opt_in(tx: Tx, now: datetime, room: Room, sender: Person) -> Text:
    """Let somebody take turns again.

    Raises:
        Conflict: They do.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    if not await absences.end(tx, room.room_id, sender.user_id, now, without_end=True):
        raise Conflict(
            "You take turns like everybody else. {next} shows who is likely when.", next=Code("!spokes next")
        )
    await steps.record(tx, room.room_id, sender.user_id, now, "spokes.optin")
    await _refresh(step)
    await tell_moved(step)
    return Text("{who} is in the line again, with the numbers of before.", who=sender)


async def take_back_absence(tx: Tx, now: datetime, room: Room, sender: Person, absence_id: int) -> Text:
    """Take back days away, or an opting out, of a moment ago.

    Raises:
        Conflict: It is over already.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    if not await absences.take_back(tx, absence_id):
        raise Conflict("That is over already. {show} shows the pair.", show=Code("!spokes"))
    await _refresh(step)
    await tell_moved(step)
    return Text("{who} is in the line as before.", who=sender)


async def stay(tx: Tx, now: datetime, room: Room, sender: Person) -> Text:
    """Note that somebody wants the pair to stay at the coming handover; it does when both spokes want it.

    Raises:
        Conflict: There is no pair, it stayed the last time, or they have said so already.
        NotAllowed: The pair is complete and they are not in it.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    rotation = await spokes.rotation(tx, room.room_id)
    pair = await spokes.pair(tx, room.room_id)
    if rotation is None or not pair.people:
        raise Conflict(
            "There is no pair of {pod} that could stay. {draw} draws one.",
            pod=room.name,
            draw=Code("!spokes draw"),
        )
    if rotation.stayed:
        raise Conflict(
            "The pair of {pod} stayed the last time, and can stay once. The next handover is {at}.",
            pod=room.name,
            at=step.when(rotation.next_at),
        )
    if not pair.empty_seats and pair.seat_of(sender.user_id) is None:
        raise NotAllowed(
            "Whether the pair stays is for its two spokes to say. {show} shows them.", show=Code("!spokes")
        )
    if not await absences.add_stay(tx, room.room_id, sender.user_id):
        raise Conflict("Counted already. {undo} takes it back for 10 minutes.", undo=Code("!undo"))
    await steps.record(tx, room.room_id, sender.user_id, now, "spokes.later")
    wished = await absences.stays(tx, room.room_id)
    if is_agreed(pair, wished):
        await tell_moved(step)
        return Text(
            "Agreed: the pair of {pod} stays once more. The handover of {at} is left out, the next one is {next}.",
            pod=room.name,
            at=step.when(rotation.next_at),
            next=step.when(step.rhythm.after(rotation.next_at)),
        )
    others = [user_id for user_id in pair.people if user_id not in wished]
    return Text(
        "{who} would have the pair stay once more at {at}. It does when {other} types {later} too."
        if others
        else "{who} would have the pair stay once more at {at}. It does when another member types {later} too.",
        who=sender,
        at=step.when(rotation.next_at),
        other=(await step.person(others[0])).mentioned() if others else "",
        later=Code("!spokes later"),
    )


async def take_back_stay(tx: Tx, now: datetime, room: Room, sender: Person) -> Text:
    """Take back that the pair should stay.

    Raises:
        Conflict: The handover has come meanwhile.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    if not await absences.drop_stay(tx, room.room_id, sender.user_id):
        raise Conflict("The handover has come meanwhile. {show} shows the pair.", show=Code("!spokes"))
    await tell_moved(step)
    return Text("The next handover of {pod} comes as planned.", pod=room.name)


async def _is_out(step: Turnover, user_id: str) -> bool:
    return any(
        item.user_id == user_id and item.ends_at is None
        for item in await absences.of_pod(step.tx, step.pod.room_id)
    )


async def _refresh(step: Turnover) -> None:
    """Bring the line up to date with what was just said."""
    if await spokes.rotation(step.tx, step.pod.room_id) is not None:
        await refresh_line(step.tx, step.now, step.pod.room_id)


async def _rearrange(step: Turnover, sender: Person, event_id: str) -> None:
    """Bring the line up to date, and ask the next one where the sender was asked."""
    await _refresh(step)
    ask = await answers.ask_of(step.tx, step.pod.room_id, sender.user_id)
    if ask is not None:
        await close_ask(step.tx, ask, "passed")
        await fill_seats(step)
    await publish(step, event_id)
