"""What people see of the rotation: the pair, who is likely next, how a draw went, and past turns."""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict
from bot.domain.forecast import Likely
from bot.domain.pods import Room
from bot.domain.rotation import NEW_FOR, SEATS, Standing, draw_number
from bot.domain.values import Code, When
from bot.services import foreseen
from bot.services.foreseen import AHEAD
from bot.services.line import tagged
from bot.services.turnover import Turnover
from bot.store import pods, rooms, rounds, spokes
from bot.store.database import Tx
from bot.store.spokes import Rotation
from bot.text import Text

RIVALS_SHOWN = 10
"""Names in one line: more than a pod that works has."""

_ANSWERS = {
    "accepted": "accepted",
    "passed": "passed",
    "silent": "did not answer in time",
    "withdrawn": "was asked, then no longer needed",
    None: "is asked now",
}


async def show(tx: Tx, now: datetime, room: Room) -> Text:
    """Say who the pair is and since when, who is being asked, and when the next handover comes."""
    step = await Turnover.begin(tx, now, room.room_id)
    rotation = await spokes.rotation(tx, room.room_id)
    if rotation is None:
        return Text(
            "No pair of {pod} is drawn yet. {draw} draws one.", pod=room.name, draw=Code("!spokes draw")
        )
    listed = Text.listed([await _seat_line(step, seat) for seat in SEATS])
    return Text(
        "{title}\n{seats}\n\n{then}",
        title=Text("The pair of {pod}:", pod=room.name),
        seats=listed,
        then=Text(
            "The next handover is {at}. {next} shows who is likely, {why} how the last draw went.",
            at=step.when(rotation.next_at),
            next=Code("!spokes next"),
            why=Code("!spokes why"),
        ),
    )


async def _seat_line(step: Turnover, seat: str) -> Text:
    for filled in await spokes.seated(step.tx, step.pod.room_id):
        if filled.name == seat:
            return Text(
                "{seat}: {who}, since {at}",
                seat=seat,
                who=await step.person(filled.user_id),
                at=step.when(filled.since),
            )
    for ask in await rounds.pending(step.tx, step.pod.room_id):
        if ask.seat == seat:
            return Text(
                "{seat}: empty; {who} is asked until {by}",
                seat=seat,
                who=await step.person(ask.user_id),
                by=step.when(ask.answer_by),
            )
    return Text("{seat}: EMPTY; {volunteer} takes it", seat=seat, volunteer=Code("!spokes volunteer"))


async def show_next(tx: Tx, now: datetime, room: Room) -> Text:
    """List the next handovers with who is likely.

    Raises:
        Conflict: No pair was drawn yet.
    """
    step = await Turnover.begin(tx, now, room.room_id)
    await _drawn(step)
    likely = await foreseen.likely(tx, room.room_id, step.rhythm, AHEAD)
    return Text.lines(
        [
            Text("The next handovers of {pod}, if everybody who is asked accepts:", pod=room.name),
            Text.listed([await _likely_line(step, item) for item in likely]),
        ]
    )


async def _likely_line(step: Turnover, item: Likely) -> Text:
    parts = []
    if item.leaver is not None:
        parts.append(Text("{who} leaves", who=await step.person(item.leaver)))
    if item.mover is not None:
        parts.append(Text("{who} moves to speak", who=await step.person(item.mover)))
    for seat, user_id in item.takers.items():
        rivals = [Text("{who}", who=await step.person(rival)) for rival in item.rivals[seat][:RIVALS_SHOWN]]
        if more := len(item.rivals[seat]) - len(rivals):
            rivals.append(Text("{n} more", n=more))
        parts.append(
            Text(
                "{who} is likely to take {seat} (the draw decides between {who} and {others})"
                if rivals
                else "{who} is likely to take {seat}",
                who=await step.person(user_id),
                seat=seat,
                others=Text.enumerated(rivals),
            )
        )
    if not item.takers:
        parts.append(Text("nobody is in the line yet"))
    return Text("{at}: {parts}", at=step.when(item.at), parts=Text.enumerated(parts))


async def show_why(tx: Tx, now: datetime, room: Room) -> Text:
    """Print the numbers the last draw compared, so that anybody can repeat it.

    Raises:
        Conflict: No pair was drawn yet.
    """
    step = await Turnover.begin(tx, now, room.room_id)
    await _drawn(step)
    round_ = await rounds.latest(tx, room.room_id)
    assert round_ is not None  # noqa: S101 - every draw begins one
    asks = {ask.user_id: ask for ask in await rounds.asks(tx, round_.id)}
    line = [
        Text(
            "{place}. {numbers}{answer}",
            place=place,
            numbers=await _numbers(step, item, round_.seed),
            answer=Text(": {word}", word=_ANSWERS[asks[item.user_id].answer]) if item.user_id in asks else "",
        )
        for place, item in enumerate(await rounds.line(tx, round_.id), 1)
    ]
    aside = [
        Text("{who} ({why})", who=await step.person(item.user_id), why=_ASIDE[why])
        for item, why in await rounds.aside(tx, round_.id)
    ]
    title = Text(
        "The line of {pod}, drawn {at}:" if line else "The line of {pod}, drawn {at}: nobody.",
        pod=room.name,
        at=When(round_.began_at, step.settings.zone),
    )
    rules = Text.lines(
        [
            Text("Not in it: {people}.", people=Text.enumerated(aside)) if aside else None,
            Text(
                "First comes the lowest turns ÷ weeks, then the longest since the last turn, then the lowest draw. "
                "Whoever has served since the last handover goes last."
            ),
            await _rule(step),
            Text("The draw is SHA-256 of the seed followed by the Matrix id; its first 8 digits are shown."),
            Text("Seed: {seed}", seed=Code(round_.seed)),
        ]
    )
    return Text("{top}\n\n{rules}", top=Text.lines([title, *line]), rules=rules)


async def _rule(step: Turnover) -> Text | None:
    """Say what the rule for the pair is, and who has its tag now."""
    having = await tagged(step.tx, step.pod.room_id)
    if having is None:
        return None
    people = [Text("{who}", who=await step.person(user_id)) for user_id in sorted(having)]
    return Text(
        "The rule here: one of the pair has the tag {tag}. Where nobody beside the seat has it, these are asked first: {people}."
        if people
        else "The rule here: one of the pair has the tag {tag}, which nobody has now.",
        tag=step.settings.pair,
        people=Text.enumerated(people),
    )


_ASIDE = {
    "seated": "a spoke then",
    "new": f"less than {NEW_FOR.days} days here",
    "away": "away",
    "out": "takes no turns now",
    "recalled": "recalled since the last handover",
}


async def _numbers(step: Turnover, item: Standing, seed: str) -> Text:
    return Text(
        "{who} {id}: turns {turns} ÷ weeks {weeks} = {share}, last turn {last}, draw {number}{resting}",
        who=await step.person(item.user_id),
        id=Code(item.user_id),
        turns=item.turns,
        weeks=item.weeks,
        share=item.share,
        last=When(item.last_turn_at, step.settings.zone) if item.last_turn_at else Text("none"),
        number=draw_number(seed, item.user_id)[:8],
        resting=Text(", has just served") if item.resting else "",
    )


async def history(tx: Tx, pod_room_id: str) -> Text:
    """List all past turns of a pod."""
    turns = await spokes.turns(tx, pod_room_id)
    pod = await pods.find_pod(tx, pod_room_id)
    name = pod.name if pod else ""
    if not turns:
        return Text("No turns of {pod} yet.", pod=name)
    zone = (await pods.settings(tx, pod_room_id)).zone
    return Text.lines(
        [
            Text("The turns of {pod}:", pod=name),
            Text.listed(
                [
                    Text(
                        _TURN[turn.end],
                        who=await rooms.person(tx, pod_room_id, turn.user_id),
                        begin=When(turn.began_at, zone),
                        end=When(turn.ended_at, zone) if turn.ended_at else "",
                    )
                    for turn in turns
                ]
            ),
        ]
    )


_TURN = {
    None: "{who}: since {begin}",
    "handover": "{who}: {begin} to {end}",
    "left": "{who}: {begin} to {end}, until leaving the pod",
    "recalled": "{who}: {begin} to {end}, until a recall",
    "swapped": "{who}: {begin} to {end}, handed on in a swap and not counted",
}


async def _drawn(step: Turnover) -> Rotation:
    """Return the dates of a pod.

    Raises:
        Conflict: No pair was drawn yet.
    """
    rotation = await spokes.rotation(step.tx, step.pod.room_id)
    if rotation is None:
        raise Conflict(
            "No pair of {pod} is drawn yet. {draw} draws one.",
            pod=step.pod.name,
            draw=Code("!spokes draw"),
        )
    return rotation
