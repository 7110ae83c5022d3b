"""Draws and handovers: the first pair, the regular step from pair to pair, and a spoke who leaves.

Rule: one handover is one step, however late it comes. A bot that was down for weeks does not run through
the dates it missed, for that would send people away before they were ever asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import Conflict
from bot.domain.pods import Room
from bot.domain.rotation import is_agreed, make_seed
from bot.domain.values import Code, When
from bot.services import delegation
from bot.services.line import found_line
from bot.services.pairs import pair_text
from bot.services.quiet import until_morning
from bot.services.speech import say
from bot.services.turnover import (
    Turnover,
    begin_round,
    close_ask,
    fill_seats,
    pair_line,
    publish,
    tell_moved,
)
from bot.store import absences, briefs, rooms, rounds, spokes, swaps, timers
from bot.store.database import Tx
from bot.store.spokes import Rotation
from bot.text import Text

LATE = timedelta(minutes=10)
"""From this on a timer counts as late: the bot was down. It is also how long the answers that people gave
meanwhile have to come in."""

BOT_AWAY = timedelta(hours=1)
"""How often it is looked whether the bot is back in a room it was removed from."""


async def draw(tx: Tx, now: datetime, room: Room, event_id: str) -> None:
    """Draw the first pair, or draw anew for empty seats.

    Raises:
        Conflict: The pair is complete, people are being asked already, or too few are here.
    """
    step = await Turnover.begin(tx, now, room.room_id)
    step.wakes = True
    await _check_draw(step)
    rotation = await spokes.rotation(tx, room.room_id)
    if rotation is None:
        await found_line(tx, now, room.room_id)
        rotation = await spokes.begin_rotation(tx, room.room_id, now, step.rhythm.after(now), event_id)
        await _set_timer(tx, rotation.id, rotation.next_at)
    await spokes.set_last_event(tx, room.room_id, event_id)
    await begin_round(step, "draw", make_seed(event_id))
    step.lines.append(
        Text("The pair of {pod} is drawn. {why} shows how.", pod=room.name, why=Code("!spokes why"))
    )
    await fill_seats(step)
    await publish(step, event_id)


async def _check_draw(step: Turnover) -> None:
    room_id = step.pod.room_id
    pair = await spokes.pair(step.tx, room_id)
    if not pair.empty_seats:
        raise Conflict(
            "The pair of {pod} is complete: {pair}. {next} shows who is likely to follow.",
            pod=step.pod.name,
            pair=await pair_text(step.tx, room_id),
            next=Code("!spokes next"),
        )
    asked = await rounds.pending(step.tx, room_id)
    if asked:
        raise Conflict(
            "The pair of {pod} is being asked already: {who}. {why} shows the line.",
            pod=step.pod.name,
            who=Text.enumerated(
                [
                    Text(
                        "{who} ({seat}) until {by}",
                        who=await step.person(ask.user_id),
                        seat=ask.seat,
                        by=step.when(ask.answer_by),
                    )
                    for ask in asked
                ]
            ),
            why=Code("!spokes why"),
        )
    if len(await rooms.voices(step.tx, room_id)) < 2:
        raise Conflict(
            "A pair needs two people, and the pod {pod} has only one member with a voice. "
            "Invite others, then type {draw}.",
            pod=step.pod.name,
            draw=Code("!spokes draw"),
        )


async def hand_over(tx: Tx, now: datetime, _due: datetime, payload: dict[str, Any]) -> None:
    """Do the handover that has come due: `speak` leaves, `note` moves up, the next in line is asked.

    Late, it is the same single step, done now and named by the date it was due; the dates after it stay
    where they were. While the bot is not in the room it waits. Where an ask ran out while the bot was down,
    it waits once for the answer that may be on its way.
    """
    rotation = await spokes.rotation_by_id(tx, payload["rotation"])
    if rotation is None:
        return
    room = await rooms.find(tx, rotation.pod_room_id)
    if room is None or not room.joined:
        await _set_timer(tx, rotation.id, now + BOT_AWAY)
        return
    if await until_morning(
        tx, now, room.room_id, "spokes.handover", f"spokes.handover.{rotation.id}", payload
    ):
        return
    late = now - rotation.next_at >= LATE
    step = await Turnover.begin(tx, now, rotation.pod_room_id)
    if late and not payload.get("waited") and await rounds.pending(tx, rotation.pod_room_id):
        await _set_timer(tx, rotation.id, now + LATE, waited=True)
        return
    next_at = step.rhythm.after_late(rotation.next_at, now)
    if await _stay(step, rotation, next_at):
        return
    await briefs.drop_lines(tx, rotation.pod_room_id, before=rotation.previous_at)
    await _turn(step, rotation.next_at, late=late)
    for swap in await swaps.open_in(tx, rotation.pod_room_id):
        await swaps.end_stale(tx, rotation.pod_room_id, swap.user_id)
    await spokes.count_handover(tx, rotation.id, stayed=False)
    await spokes.set_dates(tx, rotation.id, rotation.next_at, next_at)
    await _set_timer(tx, rotation.id, next_at)
    await begin_round(step, "handover", make_seed(rotation.last_event, rotation.next_at))
    await fill_seats(step)
    step.lines.append(
        Text("The next handover is {at}. {why} shows the line.", at=step.when(next_at), why=Code("!spokes why"))
    )  # fmt: skip
    await publish(step)


async def _stay(step: Turnover, rotation: Rotation, next_at: datetime) -> bool:
    """Let the pair stay once more where both have wished it; returns whether they do."""
    room_id = step.pod.room_id
    pair = await spokes.pair(step.tx, room_id)
    wished = await absences.stays(step.tx, room_id)
    await absences.drop_stays(step.tx, room_id)
    if not is_agreed(pair, wished):
        return False
    await spokes.count_handover(step.tx, rotation.id, stayed=True)
    await spokes.set_dates(step.tx, rotation.id, rotation.next_at, next_at)
    await _set_timer(step.tx, rotation.id, next_at)
    step.lines.append(Text("The pair of {pod} stays once more, as both have wished.", pod=step.pod.name))
    step.lines.append(await pair_line(step))
    await publish(step)
    return True


async def _turn(step: Turnover, due: datetime, *, late: bool) -> None:
    """Let `speak` leave and `note` move up."""
    before = await spokes.pair(step.tx, step.pod.room_id)
    step.heading = Text(
        "Handover in {pod}, due {at}; it comes late because I was away:"
        if late
        else "Handover in {pod}, {at}:",
        pod=step.pod.name,
        at=step.when(due) if late else When(due, step.settings.zone),
    )
    if before.speak is not None:
        step.lines.append(Text("The turn of {who} is over. Thank you!", who=await step.person(before.speak)))
        await spokes.end_turn(step.tx, step.pod.room_id, before.speak, step.now, "handover")
    if before.note is not None:
        step.lines.append(Text("{who} moves from note to speak.", who=await step.person(before.note)))
    await spokes.set_pair(step.tx, step.pod.room_id, before.hand_over(), step.now)
    step.changed = bool(before.people)
    if before.speak is not None:
        await delegation.let_go(step.tx, step.now, step.pod, before.speak)


async def release_leavers(tx: Tx, now: datetime, pod_room_id: str) -> None:
    """Empty the seats of spokes, and withdraw the asks of people, who have no voice here any more.

    A seat that is empty then is offered to the next in line at once: `note` moves up where `speak` left.
    """
    if await spokes.rotation(tx, pod_room_id) is None:
        return
    step = await Turnover.begin(tx, now, pod_room_id)
    present = {member.user_id for member in await rooms.voices(tx, pod_room_id)}
    pending = await rounds.pending(tx, pod_room_id)
    for ask in pending:
        if ask.user_id not in present:
            await close_ask(tx, ask, "withdrawn")
            who = await step.person(ask.user_id)
            step.lines.append(Text("{who}, who was asked, is no longer a member here.", who=who))
    pair = await spokes.pair(tx, pod_room_id)
    gone = [user_id for user_id in pair.people if user_id not in present]
    for user_id in gone:
        await spokes.end_turn(tx, pod_room_id, user_id, now, "left")
        await delegation.let_go(tx, now, step.pod, user_id)
        step.lines.append(
            Text(
                "{who} is no longer a member here, so a seat of {pod} is empty.",
                who=await step.person(user_id),
                pod=step.pod.name,
            )
        )
    if not step.lines:
        return
    await empty_seats(step, gone, same_round=bool(pending))
    await publish(step)


async def empty_seats(step: Turnover, leavers: list[str], *, same_round: bool) -> None:
    """Take people out of their seats and ask for what is empty then.

    Args:
        step: What happens.
        leavers: Spokes whose turn has ended.
        same_round: Whether the asking of the present round goes on; otherwise a new round begins.
    """
    room_id = step.pod.room_id
    before = after = await spokes.pair(step.tx, room_id)
    for user_id in leavers:
        after = after.without(user_id)
        step.changed = True
    if before.note is not None and after.speak == before.note:
        step.lines.append(Text("{who} moves from note to speak.", who=await step.person(before.note)))
    await spokes.set_pair(step.tx, room_id, after, step.now)
    if not after.empty_seats:
        return
    round_ = await rounds.latest(step.tx, room_id)
    rotation = await spokes.rotation(step.tx, room_id)
    assert round_ is not None and rotation is not None  # noqa: S101 - there was a pair, so it was drawn
    if same_round:
        await rounds.set_told_empty(step.tx, round_.id, told=False)
    else:
        await begin_round(step, "vacancy", make_seed(rotation.last_event, step.now))
    await fill_seats(step)


async def move_dates(tx: Tx, now: datetime, pod_room_id: str) -> None:
    """Count the next handover anew from the last one, because the pod has changed its rule for it."""
    rotation = await spokes.rotation(tx, pod_room_id)
    if rotation is None:
        return
    step = await Turnover.begin(tx, now, pod_room_id)
    next_at = step.rhythm.after_least(rotation.previous_at, now)
    if next_at == rotation.next_at:
        return
    await spokes.set_dates(tx, rotation.id, rotation.previous_at, next_at)
    await _set_timer(tx, rotation.id, next_at)
    await say(tx, now, pod_room_id, await pair_line(step))
    await tell_moved(step)


async def fill_later(tx: Tx, now: datetime, _due: datetime, payload: dict[str, Any]) -> None:
    """Ask for empty seats after the quiet hours."""
    rotation = await spokes.rotation_by_id(tx, payload["rotation"])
    room = await rooms.find(tx, rotation.pod_room_id) if rotation is not None else None
    if rotation is None or room is None:
        return
    if not room.joined:
        again = now + BOT_AWAY
        await timers.put(tx, "spokes.fill", f"spokes.fill.{rotation.id}", again, rotation=rotation.id)
        return
    step = await Turnover.begin(tx, now, rotation.pod_room_id)
    await fill_seats(step)
    if step.lines:
        await publish(step)


async def _set_timer(tx: Tx, rotation_id: int, at: datetime, *, waited: bool = False) -> None:
    await timers.put(
        tx, "spokes.handover", f"spokes.handover.{rotation_id}", at, rotation=rotation_id, waited=waited
    )
