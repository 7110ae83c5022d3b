"""The handover brief: what a new spoke, who cannot read the assembly's encrypted past, has to know.

Rule: it is written in the pod's own room, from what that room has seen already. The one who leaves stays in the
assembly's room until the new one has read it, or the days of grace are over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import Conflict, NotAllowed, UsageError
from bot.domain.pods import Pod, Room
from bot.domain.recurrence import Recurrence
from bot.domain.values import Code, Person, Verbatim, When
from bot.services import delegation
from bot.services.quiet import until_morning
from bot.services.speech import say
from bot.store import (
    briefs,
    deliveries,
    departures,
    mandates,
    pods,
    polls,
    proposals,
    requests,
    rooms,
    spokes,
    steps,
    summaries,
    timers,
)
from bot.store.briefs import Brief
from bot.store.database import Tx
from bot.text import Text, shorten

REMIND_AFTER = timedelta(hours=24)
TELL_POD_AFTER = timedelta(hours=72)
LONGEST_LINE = 500
"""Characters of a line for the next one."""
_LATEST = 3
"""How many of the last summaries are named."""


async def give(tx: Tx, now: datetime, pod: Pod, user_id: str, turn_id: int) -> None:
    """Write a brief for somebody who has just taken a seat, where there was a pair before them."""
    if all(turn.ended_at is None for turn in await spokes.turns(tx, pod.room_id)):
        return
    brief = await briefs.begin(tx, pod.room_id, turn_id, user_id, now)
    who = (await rooms.person(tx, pod.room_id, user_id)).mentioned()
    text = Text(
        "{content}\n\n{who}, when you have read it, type {ok}. What is unclear, ask those who had the seat before you.",
        content=await compose(tx, now, pod),
        who=who,
        ok=Code("!handover ok"),
    )
    await say(tx, now, pod.room_id, text)
    settings = await pods.settings(tx, pod.room_id)
    remind_at = settings.quiet_hours.wake(now + REMIND_AFTER, settings.zone)
    await timers.put(tx, "brief.remind", f"brief.{brief.id}", remind_at, id=brief.id, times=1)


async def show(tx: Tx, now: datetime, room: Room) -> Text:
    """Show the brief of a pod as it is now."""
    pod = await pods.find_pod(tx, room.room_id)
    assert pod is not None  # noqa: S101 - the command is for pods
    return await compose(tx, now, pod)


async def compose(tx: Tx, now: datetime, pod: Pod) -> Text:
    """Write what a pod's next spoke has to know, from the records of its room."""
    parts: list[Text] = [Text("What a new spoke of {pod} has to know:", pod=pod.name)]
    zone = (await pods.settings(tx, pod.room_id)).zone
    for line in await briefs.lines(tx, pod.room_id):
        who = await rooms.person(tx, pod.room_id, line.user_id)
        parts.append(Text("From {who}:\n\n{words}", who=who, words=Verbatim(line.words)))
    parts += await _waiting(tx, now, pod)
    told = await summaries.sent_by(tx, pod.room_id)
    if pod.assembly_room_id is not None:
        told += [
            item
            for item in await summaries.sent_by(tx, pod.assembly_room_id)
            if await deliveries.was_delivered_to(tx, item.id, pod.room_id)
        ]
    told.sort(key=lambda item: item.ended_at or item.made_at)
    if told:
        latest = [
            Text("{id}, from {source}: {words}", id=item.id, source=item.terms.signed_by, words=shorten(item.text, 160))
            for item in told[-_LATEST:]
        ]  # fmt: skip
        parts.append(Text("The last summaries:\n{items}", items=Text.listed(latest)))
    rotation = await spokes.rotation(tx, pod.room_id)
    dates = [Text("the next handover: {at}", at=When(rotation.next_at, zone, now))] if rotation else []
    assembly = await pods.settings(tx, pod.assembly_room_id) if pod.assembly_room_id else None
    if assembly is not None and assembly.meets:
        meeting = Recurrence.load(assembly.meets).after(now, assembly.zone)
        dates.append(Text("the next assembly: {at}", at=When(meeting, zone, now)))
    parts.append(Text("Dates:\n{items}", items=Text.listed(dates)))
    return Text.lines([Text("{part}\n", part=part) for part in parts[:-1]] + parts[-1:])


async def _waiting(tx: Tx, now: datetime, pod: Pod) -> list[Text]:
    zone = (await pods.settings(tx, pod.room_id)).zone
    items = [
        Text("poll {id}: {question}, until {at}", id=item.id, question=shorten(item.question), at=When(item.closes_at, zone, now))
        for item in await polls.open_in(tx, pod.room_id)
    ]  # fmt: skip
    items += [
        Text("summary {id} waits for oks: {words}", id=item.id, words=shorten(item.text))
        for item in await summaries.drafts_in(tx, pod.room_id)
    ]
    items += [
        Text(
            "question {id} from {source}: {words}",
            id=item.id,
            source=item.terms.signed_by,
            words=shorten(item.text),
        )
        for item in await summaries.unanswered_in(tx, pod.room_id)
    ]
    items += await _proposals(tx, now, pod)
    items += [Text("{id} waits for an ok", id=item.id) for item in await requests.open_in(tx, pod.room_id)]
    return [Text("Open here:\n{items}", items=Text.listed(items))] if items else []


async def _proposals(tx: Tx, now: datetime, pod: Pod) -> list[Text]:
    """Name what is open for decision here, and in the assembly with what the pod says there so far."""
    zone = (await pods.settings(tx, pod.room_id)).zone
    here = [
        Text("proposal {id}, until {at}: {words}", id=item.id, words=shorten(item.text), at=When(item.closes_at, zone, now))
        for item in await proposals.open_in(tx, pod.room_id)
        if item.parent is None
    ]  # fmt: skip
    above = await proposals.open_in(tx, pod.assembly_room_id) if pod.assembly_room_id else []
    for item in above:
        own = [each for each in await mandates.of(tx, item.id) if each.pod_room_id == pod.room_id]
        here += [
            Text(
                "proposal {id} of the assembly, our mandate {stance} ({mirror}): {words}",
                id=item.id,
                words=shorten(item.text),
                stance=each.stance.value if each.stance else Text("not decided yet"),
                mirror=each.mirror_id or item.id,
            )
            for each in own
        ]
    return here


async def add_line(tx: Tx, now: datetime, room: Room, sender: Person, words: str) -> Text:
    """Keep a line for whoever takes a seat next.

    Raises:
        UsageError: It is too long.
        NotAllowed: The sender neither is a spoke nor was one until the last handover.
    """
    if len(words) > LONGEST_LINE:
        raise UsageError(
            "That line is {n} characters long; {most} are the most. For example: {example}",
            n=len(words),
            most=LONGEST_LINE,
            example=Code("!handover add Oak wants an answer about the hall"),
        )
    rotation = await spokes.rotation(tx, room.room_id)
    own = [turn for turn in await spokes.turns(tx, room.room_id) if turn.user_id == sender.user_id]
    since = rotation.previous_at if rotation else now
    if not any(turn.ended_at is None or (turn.ended_at >= since and turn.end != "recalled") for turn in own):
        raise NotAllowed(
            "The lines of a handover are for its spokes, those of now and the last one. {show} shows who is.",
            show=Code("!spokes"),
        )
    line_id = await briefs.add_line(tx, room.room_id, sender.user_id, words, now)
    await steps.record(tx, room.room_id, sender.user_id, now, "brief.line", id=line_id)
    reading = [
        (await rooms.person(tx, room.room_id, brief.user_id)).mentioned()
        for brief in await briefs.unread(tx, room.room_id)
    ]
    if reading:
        people = Text.enumerated([Text("{who}", who=who) for who in reading])
        return Text(
            "Added to the brief. {people}, {who} has written the line above for you.",
            people=people,
            who=sender,
        )
    return Text(
        "Kept for the next spoke, {who}. {show} shows the whole brief.", who=sender, show=Code("!handover")
    )


async def take_back_line(tx: Tx, line_id: int) -> Text:
    """Take a line back that was just added.

    Raises:
        Conflict: It is gone.
    """
    if not await briefs.drop_line(tx, line_id):
        raise Conflict("That line is gone already. {show} shows the brief.", show=Code("!handover"))
    return Text("The line is erased.")


async def of_reader(tx: Tx, room: Room, user_id: str) -> Brief | None:
    """Return the brief that somebody has not said to have read."""
    return next((item for item in await briefs.unread(tx, room.room_id) if item.user_id == user_id), None)


async def acknowledge(tx: Tx, now: datetime, room: Room, sender: Person) -> Text:
    """Note that a new spoke has read the brief; whoever only waited for that leaves the assembly's room.

    Raises:
        Conflict: There is no brief that waits for them.
    """
    brief = await of_reader(tx, room, sender.user_id)
    if brief is None:
        raise Conflict("No brief waits for you. {show} shows it anyway.", show=Code("!handover"))
    await briefs.set_read(tx, brief.id, now)
    await timers.drop(tx, f"brief.{brief.id}")
    pair = await spokes.pair(tx, room.room_id)
    leavers = [
        item for item in await departures.of_pod(tx, room.room_id) if pair.seat_of(item.user_id) is None
    ]
    if not leavers or await briefs.unread(tx, room.room_id):
        return Text("Thank you, {who}. The seat is yours.", who=sender)
    people = [Text("{who}", who=await rooms.person(tx, room.room_id, item.user_id)) for item in leavers]
    for departure in leavers:
        await timers.drop(tx, f"spokes.depart.{departure.id}")
        await delegation.depart(tx, now, now, {"departure": departure.id})
    return Text(
        "Thank you, {who}: the handover is done. {people} need not stay in the assembly's room any longer.",
        who=sender,
        people=Text.enumerated(people),
    )


async def remind(tx: Tx, now: datetime, _due: datetime, payload: dict[str, Any]) -> None:
    """Remind of a brief nobody has said to have read: after a day both, after three days the pod."""
    brief = await briefs.find(tx, payload["id"])
    if brief is None or brief.id not in {item.id for item in await briefs.unread(tx, brief.pod_room_id)}:
        return
    if await until_morning(tx, now, brief.pod_room_id, "brief.remind", f"brief.{brief.id}", payload):
        return
    settings = await pods.settings(tx, brief.pod_room_id)
    who = await rooms.person(tx, brief.pod_room_id, brief.user_id)
    if payload["times"] > 1:
        text = Text(
            "The handover of this pod is not finished: {who} has not said yet that the brief is read. "
            "Can somebody help? {show} shows it.",
            who=who, show=Code("!handover"),
        )  # fmt: skip
        await say(tx, now, brief.pod_room_id, text, aloud=True)
        return
    others = [
        (await rooms.person(tx, brief.pod_room_id, item.user_id)).mentioned()
        for item in await departures.of_pod(tx, brief.pod_room_id)
    ]
    people = Text.enumerated([Text("{who}", who=person) for person in [who.mentioned(), *others]])
    text = Text(
        "{people}: the handover is not finished yet. {show} shows the brief, {add} adds to it, and {who} types {ok}.",
        people=people,
        who=who,
        show=Code("!handover"),
        add=Code("!handover add TEXT"),
        ok=Code("!handover ok"),
    )
    await say(tx, now, brief.pod_room_id, text)
    later = settings.quiet_hours.wake(max(brief.made_at + TELL_POD_AFTER, now + REMIND_AFTER), settings.zone)
    await timers.put(tx, "brief.remind", f"brief.{brief.id}", later, id=brief.id, times=2)
