"""Swaps: a spoke hands the rest of a turn to somebody who takes it, and takes a later turn instead.

Rule: the turn is counted for who took it over. So who handed it on stands in the line where they stood before it,
and the two have changed places without anybody reckoning.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import Conflict, NotFound
from bot.domain.pods import Member, Room
from bot.domain.values import Code, Person
from bot.services import delegation
from bot.services.answers import ask_of
from bot.services.line import outside
from bot.services.quiet import until_morning
from bot.services.speech import say
from bot.services.turnover import Turnover, begin_turn, close_ask, fill_seats, publish
from bot.store import pods, rooms, rounds, spokes, steps, swaps, timers
from bot.store.database import Tx
from bot.store.swaps import Swap
from bot.text import Text

REMIND_AFTER = (timedelta(hours=24), timedelta(hours=72))
"""When an open offer is said again."""


async def offer(tx: Tx, now: datetime, room: Room, sender: Person, member: Member | None) -> Text:
    """Offer a spoke's seat to whoever takes it.

    Args:
        tx: The open transaction.
        now: The moment.
        room: The pod's room.
        sender: Who types it.
        member: The spoke, where a colleague asks for them.

    Raises:
        Conflict: They are no spoke, or the seat is offered already.
    """
    user_id = member.user_id if member else sender.user_id
    step = await Turnover.begin(tx, now, room.room_id)
    who = await step.person(user_id)
    seat = (await spokes.pair(tx, room.room_id)).seat_of(user_id)
    if seat is None:
        raise Conflict(
            "{who} is no spoke of {pod}, so there is no seat to hand on. {show} shows who is.",
            who=who, pod=room.name, show=Code("!spokes"),
        )  # fmt: skip
    if any(item.user_id == user_id for item in await swaps.open_in(tx, room.room_id)):
        raise Conflict(
            "The seat of {who} is offered already. {take} takes it.", who=who, take=Code("!spokes swap take")
        )
    await swaps.end_stale(tx, room.room_id, user_id)
    swap_id = await swaps.add(tx, room.room_id, user_id, sender.user_id, now)
    await steps.record(tx, room.room_id, sender.user_id, now, "spokes.swap", id=swap_id)
    settings = step.settings
    remind_at = settings.quiet_hours.wake(now + REMIND_AFTER[0], settings.zone)
    await timers.put(tx, "spokes.swap", f"spokes.swap.{swap_id}", remind_at, id=swap_id, times=1)
    return Text(
        "{by} asks for {who}: would somebody take over the {seat} seat of {pod}? Type {take}. {who} keeps it until "
        "then, and can stop this with {stop}."
        if user_id != sender.user_id
        else "{who} would hand on the {seat} seat of {pod}. Whoever types {take} has it at once, and changes places "
        "with {who} in the line. {stop} takes the offer back.",
        by=sender,
        who=who.mentioned() if user_id != sender.user_id else who,
        seat=seat,
        pod=room.name,
        take=Code("!spokes swap take"),
        stop=Code("!spokes swap stop"),
    )


async def take(tx: Tx, now: datetime, room: Room, sender: Person, event_id: str) -> None:
    """Take over a seat that is offered.

    Raises:
        NotFound: No seat is offered.
        Conflict: The sender is a spoke, is away, or was recalled.
    """
    swap = await _open(tx, room)
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    pair = await spokes.pair(tx, room.room_id)
    if pair.seat_of(sender.user_id) is not None:
        raise Conflict(
            "You have a seat of {pod} already. {show} shows the pair.", pod=room.name, show=Code("!spokes")
        )
    rotation = await spokes.rotation(tx, room.room_id)
    assert rotation is not None  # noqa: S101 - a seat is taken
    others = await outside(
        tx, now, room.room_id, rotation.next_at, await rounds.handed_over_at(tx, room.room_id)
    )
    if sender.user_id in others:
        raise Conflict(
            "You are not in the line now, so you cannot take a seat. {show} shows the pair.",
            show=Code("!spokes"),
        )
    seat = pair.seat_of(swap.user_id) or "note"
    await swaps.close(tx, swap.id, "taken")
    await timers.drop(tx, f"spokes.swap.{swap.id}")
    own = await ask_of(tx, room.room_id, sender.user_id)
    if own is not None:
        await close_ask(tx, own, "withdrawn")
    await spokes.end_turn(tx, room.room_id, swap.user_id, now, "swapped")
    after = pair.with_(seat, sender.user_id)
    await spokes.set_pair(tx, room.room_id, after, now)
    await spokes.set_last_event(tx, room.room_id, event_id)
    step.lines.append(Text("{who} hands the seat on.", who=await step.person(swap.user_id)))
    turn_id = await begin_turn(step, sender, after)
    await steps.record(tx, room.room_id, sender.user_id, now, "spokes.swap.take", turn=turn_id, id=swap.id)
    await delegation.let_go(tx, now, step.pod, swap.user_id)
    if own is not None:
        await fill_seats(step)
    await publish(step, event_id)


async def take_back_taking(
    tx: Tx, now: datetime, room: Room, sender: Person, swap_id: int, turn_id: int
) -> Text:
    """Give a seat back that was taken over a moment ago: the other one has it again.

    Raises:
        Conflict: The turn is over already.
    """
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id)
    swap = await swaps.find(tx, swap_id)
    pair = await spokes.pair(tx, room.room_id)
    seat = pair.seat_of(sender.user_id)
    voices = {voice.user_id for voice in await rooms.voices(tx, room.room_id)}
    if (
        swap is None
        or seat is None
        or swap.user_id not in voices
        or not await spokes.take_back_turn(tx, turn_id)
    ):
        raise Conflict("That cannot be taken back any more. {show} shows the pair.", show=Code("!spokes"))
    await spokes.take_up_turn(tx, room.room_id, swap.user_id)
    await spokes.set_pair(tx, room.room_id, pair.with_(seat, swap.user_id), now)
    await delegation.stay(tx, step.pod, swap.user_id)
    invited = await delegation.bring_in(tx, now, step.pod, swap.user_id)
    await delegation.take_back_invitation(tx, now, step.pod, sender.user_id, turn_id)
    step.lines.append(
        Text(
            "The swap is undone: {who} has the {seat} seat again.",
            who=(await step.person(swap.user_id)).mentioned(),
            seat=seat,
        )
    )
    if invited is not None:
        step.lines.append(invited)
    step.changed = True
    await publish(step)
    return Text("You are in the line as before, {who}.", who=sender)


async def stop(tx: Tx, room: Room, sender: Person) -> Text:
    """Take an offer back, as the spoke it is about or who asked for them.

    Raises:
        NotFound: There is none of theirs.
    """
    for swap in await swaps.open_in(tx, room.room_id):
        if sender.user_id in (swap.user_id, swap.asked_by):
            await swaps.close(tx, swap.id, "withdrawn")
            await timers.drop(tx, f"spokes.swap.{swap.id}")
            who = await rooms.person(tx, room.room_id, swap.user_id)
            return Text("The offer is withdrawn: {who} keeps the seat.", who=who)
    raise NotFound("No offer of yours is open. {show} shows the pair.", show=Code("!spokes"))


async def _open(tx: Tx, room: Room) -> Swap:
    found = await swaps.open_in(tx, room.room_id)
    if not found:
        raise NotFound(
            "No seat is offered now. {volunteer} puts you in the line.", volunteer=Code("!spokes volunteer")
        )
    return found[0]


async def remind(tx: Tx, now: datetime, _due: datetime, payload: dict[str, Any]) -> None:
    """Say an open offer again, twice at the most."""
    swap = await swaps.find(tx, payload["id"])
    if swap is None or swap.id not in {item.id for item in await swaps.open_in(tx, swap.pod_room_id)}:
        return
    if await until_morning(tx, now, swap.pod_room_id, "spokes.swap", f"spokes.swap.{swap.id}", payload):
        return
    text = Text(
        "{who} would still hand on a seat. {take} takes it.",
        who=await rooms.person(tx, swap.pod_room_id, swap.user_id),
        take=Code("!spokes swap take"),
    )
    await say(tx, now, swap.pod_room_id, text, aloud=True)
    if payload["times"] < len(REMIND_AFTER):
        settings = await pods.settings(tx, swap.pod_room_id)
        again = max(swap.offered_at + REMIND_AFTER[payload["times"]], now + REMIND_AFTER[0])
        later = settings.quiet_hours.wake(again, settings.zone)
        await timers.put(
            tx, "spokes.swap", f"spokes.swap.{swap.id}", later, id=swap.id, times=payload["times"] + 1
        )
