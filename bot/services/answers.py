"""What people say to a seat: accept, pass, volunteer, nothing at all, or "I take that back".

Rule: nobody is put into a seat. An answer counts only from the person who is asked, and silence is no answer:
the next in line is asked, and who was silent stays where they were in the line.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.errors import Conflict
from bot.domain.pods import Room
from bot.domain.rotation import ANSWER_WITHIN
from bot.domain.values import Code, Person
from bot.services import delegation
from bot.services.handovers import BOT_AWAY, LATE, empty_seats
from bot.services.line import outside
from bot.services.turnover import (
    Turnover,
    begin_turn,
    close_ask,
    fill_seats,
    pair_line,
    publish,
)
from bot.store import rooms, rounds, spokes, steps, timers
from bot.store.database import Tx
from bot.store.rounds import Ask
from bot.text import Text


async def ask_of(tx: Tx, pod_room_id: str, user_id: str) -> Ask | None:
    """Return the ask that waits for somebody's answer."""
    return next((ask for ask in await rounds.pending(tx, pod_room_id) if ask.user_id == user_id), None)


async def accept(tx: Tx, now: datetime, room: Room, sender: Person, event_id: str) -> None:
    """Take the seat one is asked to take.

    Raises:
        Conflict: The person is not being asked.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    ask = await _own_ask(step, sender)
    await close_ask(tx, ask, "accepted")
    await spokes.set_last_event(tx, room.room_id, event_id)
    pair = (await spokes.pair(tx, room.room_id)).with_(ask.seat, sender.user_id)
    await spokes.set_pair(tx, room.room_id, pair, now)
    turn_id = await begin_turn(step, sender, pair)
    await steps.record(tx, room.room_id, sender.user_id, now, "spokes.accept", turn=turn_id)
    await fill_seats(step)
    await _close(step, event_id)


async def pass_on(tx: Tx, now: datetime, room: Room, sender: Person, event_id: str) -> None:
    """Say no to a seat, for this time; the next in line is asked.

    Raises:
        Conflict: The person is not being asked.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    ask = await _own_ask(step, sender)
    await close_ask(tx, ask, "passed")
    await spokes.set_volunteered(tx, room.room_id, sender.user_id, None)
    step.lines.append(
        Text("{who} passes on the {seat} seat of {pod} this time.", who=sender, seat=ask.seat, pod=room.name)
    )
    await fill_seats(step)
    await _close(step, event_id)


async def lapse(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    """Ask the next in line, because somebody has not answered in time.

    After a time down the answer may be on its way, so it waits once for messages to come in. While the bot
    is not in the room it waits too.
    """
    ask = await rounds.find_ask(tx, payload["ask"])
    round_ = await rounds.find(tx, ask.round_id) if ask is not None and ask.answer is None else None
    if ask is None or round_ is None:
        return
    room = await rooms.find(tx, round_.pod_room_id)
    away = room is None or not room.joined
    if away or (now - due >= LATE and not payload.get("waited")):
        again = now + (BOT_AWAY if away else LATE)
        await timers.put(tx, "spokes.ask", f"spokes.ask.{ask.id}", again, ask=ask.id, waited=not away)
        return
    step = await Turnover.begin(tx, now, round_.pod_room_id)
    await close_ask(tx, ask, "silent")
    await spokes.set_volunteered(tx, round_.pod_room_id, ask.user_id, None)
    step.lines.append(
        Text(
            "{who} has not answered in {hours} hours, and stays in the same place in the line.",
            who=await step.person(ask.user_id),
            hours=int(ANSWER_WITHIN.total_seconds() // 3600),
        )
    )
    rotation = await spokes.rotation(tx, round_.pod_room_id)
    # a handover that is due itself asks anew in a moment
    if rotation is not None and rotation.next_at > now:
        await fill_seats(step)
    await _close(step)


async def volunteer(tx: Tx, now: datetime, room: Room, sender: Person, event_id: str) -> None:
    """Offer to take a seat: at once where nobody is left to ask, otherwise when one's turn in the line comes.

    Raises:
        Conflict: The person is a spoke, is being asked or has volunteered already, or no pair was drawn yet.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    await _check_volunteer(step, sender)
    await spokes.set_volunteered(tx, room.room_id, sender.user_id, now)
    await _relieve(step, sender.user_id)
    if (await spokes.pair(tx, room.room_id)).empty_seats:
        await fill_seats(step)
    if (await spokes.pair(tx, room.room_id)).seat_of(sender.user_id) is None:
        await steps.record(tx, room.room_id, sender.user_id, now, "spokes.volunteer")
        step.lines.append(
            Text(
                "Thank you, {who}: you are in the line for a seat of {pod} and will be asked when it is your turn. "
                "{next} shows who is likely when.",
                who=sender,
                pod=room.name,
                next=Code("!spokes next"),
            )
        )
    else:
        await spokes.set_last_event(tx, room.room_id, event_id)
        turn = next(
            turn
            for turn in await spokes.turns(tx, room.room_id)
            if turn.user_id == sender.user_id and turn.ended_at is None
        )
        await steps.record(tx, room.room_id, sender.user_id, now, "spokes.accept", turn=turn.id)
    await _close(step, event_id)


async def _relieve(step: Turnover, volunteer_id: str) -> None:
    """Take back an ask to somebody who has just served, because another one is willing."""
    round_ = await rounds.latest(step.tx, step.pod.room_id)
    assert round_ is not None  # noqa: S101 - a pair was drawn
    resting = {item.user_id for item in await rounds.line(step.tx, round_.id) if item.resting}
    if volunteer_id in resting:
        return
    for ask in await rounds.pending(step.tx, step.pod.room_id):
        if ask.user_id in resting:
            await close_ask(step.tx, ask, "withdrawn")
            step.lines.append(
                Text("{who}, you need not answer any more.", who=await step.person(ask.user_id))
            )
            return


async def _check_volunteer(step: Turnover, sender: Person) -> None:
    room_id = step.pod.room_id
    if await spokes.rotation(step.tx, room_id) is None:
        raise Conflict(
            "No pair of {pod} is drawn yet, and everybody here is in the line. {draw} draws one.",
            pod=step.pod.name,
            draw=Code("!spokes draw"),
        )
    seat = (await spokes.pair(step.tx, room_id)).seat_of(sender.user_id)
    if seat is not None:
        raise Conflict(
            "You have the {seat} seat of {pod} already. {show} shows since when.",
            seat=seat,
            pod=step.pod.name,
            show=Code("!spokes"),
        )
    ask = await ask_of(step.tx, room_id, sender.user_id)
    if ask is not None:
        raise Conflict(
            "You are asked already to take the {seat} seat of {pod}: type {yes}.",
            seat=ask.seat,
            pod=step.pod.name,
            yes=Code("accept"),
        )
    rotation = await spokes.rotation(step.tx, room_id)
    assert rotation is not None  # noqa: S101 - it was looked at above
    handed_over_at = await rounds.handed_over_at(step.tx, room_id)
    others = await outside(step.tx, step.now, room_id, rotation.next_at, handed_over_at)
    if (why := others.get(sender.user_id)) is not None:
        template, change = _OUTSIDE[why]
        raise Conflict(template, change=Code(change))
    records = await spokes.records(step.tx, room_id)
    offered_at = next((item.volunteered_at for item in records if item.user_id == sender.user_id), None)
    if offered_at is not None:
        raise Conflict(
            "You have volunteered for a seat of {pod} already, {at}. {next} shows who is likely when.",
            pod=step.pod.name,
            at=step.when(offered_at),
            next=Code("!spokes next"),
        )


_OUTSIDE = {
    "away": ("You have named days away. {change} ends them; then you can volunteer.", "!spokes back"),
    "out": ("You take no turns now. {change} ends that; then you can volunteer.", "!spokes optin"),
    "recalled": (
        "The pod has recalled you; you are in the line again after the next handover: {change}",
        "!spokes",
    ),
}


async def take_back_offer(tx: Tx, now: datetime, room: Room, sender: Person) -> Text:
    """Take a volunteer's offer back.

    Raises:
        Conflict: It was answered already.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    records = await spokes.records(tx, room.room_id)
    if not any(item.volunteered_at for item in records if item.user_id == sender.user_id):
        raise Conflict(
            "Your offer was taken up already. {show} shows the pair of {pod}.",
            show=Code("!spokes"),
            pod=step.pod.name,
        )
    await spokes.set_volunteered(tx, room.room_id, sender.user_id, None)
    return Text("Your offer is withdrawn, {who}. You keep your place in the line.", who=sender)


async def take_back_seat(
    tx: Tx, now: datetime, room: Room, sender: Person, turn_id: int, event_id: str
) -> None:
    """Give back a seat that was taken a moment ago: the turn never was, and the next in line is asked.

    Raises:
        Conflict: The turn is over already.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    if not await spokes.take_back_turn(tx, turn_id):
        raise Conflict("Your turn is over already. {show} shows the pair.", show=Code("!spokes"))
    round_ = await rounds.latest(tx, room.room_id)
    assert round_ is not None  # noqa: S101 - a seat was taken in one
    own = [ask for ask in await rounds.asks(tx, round_.id) if ask.user_id == sender.user_id]
    for ask in own:
        await rounds.answer(tx, ask.id, "passed")
    if not own:
        await rounds.add_ask(tx, round_.id, "note", sender.user_id, now, answer="passed")
    step.lines.append(
        Text("{who} gives the seat of {pod} back; the turn does not count.", who=sender, pod=room.name)
    )
    await empty_seats(step, [sender.user_id], same_round=True)
    await delegation.take_back_invitation(tx, now, step.pod, sender.user_id, turn_id)
    await publish(step, event_id)


async def _own_ask(step: Turnover, sender: Person) -> Ask:
    """Return the ask that waits for somebody's answer.

    Raises:
        Conflict: There is none.
    """
    ask = await ask_of(step.tx, step.pod.room_id, sender.user_id)
    if ask is not None:
        return ask
    seat = (await spokes.pair(step.tx, step.pod.room_id)).seat_of(sender.user_id)
    if seat is not None:
        raise Conflict(
            "You have the {seat} seat of {pod} already, and are not asked for another. {show} shows the pair.",
            seat=seat,
            pod=step.pod.name,
            show=Code("!spokes"),
        )
    raise Conflict(
        "You are not asked to take a seat of {pod} now. To offer it, type {volunteer}.",
        pod=step.pod.name,
        volunteer=Code("!spokes volunteer"),
    )


async def _close(step: Turnover, event_id: str | None = None) -> None:
    """Say what happened, and who the pair is once it changed and nobody is being asked."""
    if step.changed and not step.empty and not await rounds.pending(step.tx, step.pod.room_id):
        step.lines.append(await pair_line(step))
    await publish(step, event_id)
