"""What every step on a pod's pair has in common: the line kept up to date, seats filled, and one message.

Rule: a step changes the pair, asks whoever is next and tells everybody concerned in one message to the pod
and at most one to the assembly, so that nobody has to put the news together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.pods import Pod, Settings
from bot.domain.rhythm import Rhythm
from bot.domain.rotation import ANSWER_WITHIN, Pair, draw_line, fill, stand
from bot.domain.values import Code, Person, When
from bot.services import briefs, delegation, foreseen
from bot.services.line import outside, refresh_line, tagged
from bot.services.pairs import pair_text
from bot.services.rhythm import rhythm_of
from bot.services.speech import say
from bot.store import pods, rooms, rounds, spokes, timers
from bot.store.database import Tx
from bot.text import Text


@dataclass
class Turnover:
    """One step on a pod's pair.

    Args:
        heading: What happened; `lines` are then a list under it.
        lines: What is told to the pod.
        brief: What a spoke does, for those who are one for the first time.
        begun: The turns that have begun, with whose they are.
        changed: Whether the pair changed, which the assembly hears.
        empty: Seats for which nobody is left to ask, when that has just become so.
        before: What people could expect before the step.
        by: Who takes the step, if somebody does.
        wakes: Whether people are asked in the quiet hours too, because somebody has just called for it.
    """

    tx: Tx
    now: datetime
    pod: Pod
    settings: Settings
    rhythm: Rhythm
    before: foreseen.Foreseen | None = None
    by: str | None = None
    wakes: bool = False
    heading: Text | None = None
    lines: list[Text] = field(default_factory=list)
    brief: Text | None = None
    begun: list[tuple[str, int]] = field(default_factory=list)
    changed: bool = False
    empty: tuple[str, ...] = ()
    _people: dict[str, Person] = field(default_factory=dict, repr=False)

    @classmethod
    async def begin(cls, tx: Tx, now: datetime, pod_room_id: str, by: str | None = None) -> Turnover:
        """Begin a step in a pod; its line is brought up to date."""
        pod = await pods.find_pod(tx, pod_room_id)
        assert pod is not None  # noqa: S101 - the caller knows that the room is a pod
        settings = await pods.settings(tx, pod_room_id)
        step = cls(tx, now, pod, settings, await rhythm_of(tx, pod, settings), by=by)
        step.before = await foreseen.look(tx, pod_room_id, step.rhythm)
        if await spokes.rotation(tx, pod_room_id) is not None:
            await refresh_line(tx, now, pod_room_id)
        return step

    async def person(self, user_id: str) -> Person:
        """Return how somebody is called in the pod; who is here is looked up once."""
        if not self._people:
            here = await rooms.members(self.tx, self.pod.room_id)
            self._people = {member.user_id: member.person for member in here}
        found = self._people.get(user_id)
        return found or await rooms.person(self.tx, self.pod.room_id, user_id)

    def when(self, at: datetime) -> When:
        """Return a moment as it is written out in the pod."""
        return When(at, self.settings.zone, self.now)

    @property
    def wake(self) -> datetime:
        """Now, or the end of the quiet hours."""
        return self.settings.quiet_hours.wake(self.now, self.settings.zone)


async def begin_round(step: Turnover, kind: str, seed: str) -> None:
    """Draw the line anew; asks of the round before that are still out are withdrawn."""
    for ask in await rounds.pending(step.tx, step.pod.room_id):
        await close_ask(step.tx, ask, "withdrawn")
    # a handover counts from its own beginning, so that who leaves at it goes last
    handed_over_at = (
        step.now if kind == "handover" else await rounds.handed_over_at(step.tx, step.pod.room_id)
    )
    rotation = await spokes.rotation(step.tx, step.pod.room_id)
    assert rotation is not None  # noqa: S101 - whoever begins a round has seen to it
    others = await outside(step.tx, step.now, step.pod.room_id, rotation.next_at, handed_over_at)
    line, aside = draw_line(
        # those who are away are not in the line, and are named beside it
        {
            record.user_id: record
            for record in [
                *await spokes.records_of(step.tx, step.pod.room_id, others),
                *await spokes.records(step.tx, step.pod.room_id),
            ]
        }.values(),
        await spokes.pair(step.tx, step.pod.room_id),
        step.now,
        handed_over_at,
        seed,
        others,
    )
    await rounds.begin(step.tx, step.pod.room_id, kind, seed, step.now, line, aside)


async def close_ask(tx: Tx, ask: rounds.Ask, answer: str) -> None:
    """End an ask and its timer."""
    await rounds.answer(tx, ask.id, answer)
    await timers.drop(tx, f"spokes.ask.{ask.id}")


async def fill_seats(step: Turnover) -> None:
    """Find somebody for every empty seat of the pod, or find that nobody is left to ask."""
    tx, room_id = step.tx, step.pod.room_id
    round_ = await rounds.latest(tx, room_id)
    assert round_ is not None  # noqa: S101 - every draw, handover and vacancy begins one
    records = {record.user_id: record for record in await spokes.records(tx, room_id)}
    rotation = await spokes.rotation(tx, room_id)
    assert rotation is not None  # noqa: S101 - there is a round, so a pair was drawn
    handed_over_at = await rounds.handed_over_at(tx, room_id)
    others = await outside(tx, step.now, room_id, rotation.next_at, handed_over_at)
    line = [
        item
        for item in await rounds.line(tx, round_.id)
        if item.user_id in records and item.user_id not in others
    ]
    asks = await rounds.asks(tx, round_.id)
    offers = sorted(
        (record.volunteered_at, record.user_id)
        for record in records.values()
        if record.volunteered_at and record.user_id not in others
    )
    found = fill(
        await spokes.pair(tx, room_id),
        line,
        {ask.user_id for ask in asks},
        {ask.seat: ask.user_id for ask in asks if ask.answer is None},
        [stand(records[user_id], step.now, handed_over_at) for _, user_id in offers],
        await tagged(tx, room_id),
    )
    await spokes.set_pair(tx, room_id, found.pair, step.now)
    for user_id in found.seated.values():
        await begin_turn(step, (await step.person(user_id)).mentioned(), found.pair)
    if found.moved_up is not None and found.moved_up not in found.seated.values():
        step.changed = True
        step.lines.append(Text("{who} moves from note to speak.", who=await step.person(found.moved_up)))
    if step.wake > step.now and not step.wakes and (found.asked or (found.empty and not round_.told_empty)):
        await timers.put(tx, "spokes.fill", f"spokes.fill.{rotation.id}", step.wake, rotation=rotation.id)
        step.lines.append(Text("It is quiet time, so I ask who takes it at {at}.", at=step.when(step.wake)))
        return
    resting = {item.user_id for item in line if item.resting}
    for seat, user_id in found.asked.items():
        answer_by = step.settings.quiet_hours.wake(step.now + ANSWER_WITHIN, step.settings.zone)
        ask = await rounds.add_ask(tx, round_.id, seat, user_id, answer_by)
        await timers.put(tx, "spokes.ask", f"spokes.ask.{ask.id}", ask.answer_by, ask=ask.id)
        step.lines.append(await _asking(step, ask, again=user_id in resting))
    if found.empty and not round_.told_empty:
        await rounds.set_told_empty(tx, round_.id, told=True)
        await _tell_empty(step, found.pair, found.empty)


async def begin_turn(step: Turnover, who: Person, pair: Pair) -> int:
    """Begin the turn of somebody who has just been given a seat, and return its id."""
    room_id, user_id = step.pod.room_id, who.user_id
    is_first = all(turn.user_id != user_id for turn in await spokes.turns(step.tx, room_id))
    turn_id = await spokes.begin_turn(step.tx, room_id, user_id, step.now)
    await spokes.set_volunteered(step.tx, room_id, user_id, None)
    step.changed = True
    step.lines.append(
        Text(
            "Thank you, {who}: you have the {seat} seat of {pod} now.",
            who=who,
            seat=pair.seat_of(user_id) or "",
            pod=step.pod.name,
        )
    )
    invited = await delegation.bring_in(step.tx, step.now, step.pod, user_id, turn_id)
    if invited is not None:
        step.lines.append(invited)
    step.begun.append((user_id, turn_id))
    if is_first:
        step.brief = _what_a_spoke_does(step.pod)
    return turn_id


def _what_a_spoke_does(pod: Pod) -> Text:
    return Text.lines(
        [
            Text("What a spoke does:"),
            Text("1. The two of you sit in the assembly for {pod}, one to speak, one to take notes.", pod=pod.name),
            Text("2. You say there what {pod} has decided. What it has not decided, you bring home first.", pod=pod.name),
            Text(
                "3. You carry news both ways: {summary} writes one, and it goes when both of you have typed {ok}.",
                summary=Code("!summary TEXT"),
                ok=Code("ok S4"),
            ),
            Text("4. At a handover the one who speaks leaves, and the one who takes notes speaks next."),
            Text("5. {next} shows what needs you, {help} what else you can do.", next=Code("!next"), help=Code("!help")),
        ]
    )  # fmt: skip


async def _asking(step: Turnover, ask: rounds.Ask, *, again: bool) -> Text:
    template = (
        "{who}, nobody else could: would you stay one turn more, in the {seat} seat? Type {yes} or {no} by {by}."
        if again
        else "{who}, would you take the {seat} seat? Type {yes} or {no} by {by}."
    )
    return Text(
        template,
        who=(await step.person(ask.user_id)).mentioned(),
        seat=ask.seat,
        yes=Code("accept"),
        no=Code("pass"),
        by=step.when(ask.answer_by),
    )


async def _tell_empty(step: Turnover, pair: Pair, empty: tuple[str, ...]) -> None:
    step.empty = empty
    volunteer = Code("!spokes volunteer")
    if pair.people:
        step.lines.append(
            Text(
                "The {seat} seat of {pod} is EMPTY: nobody is left to ask. Until somebody types {volunteer}, "
                "{who} is the only spoke: a one-seat turn.",
                seat=empty[0],
                pod=step.pod.name,
                volunteer=volunteer,
                who=await step.person(pair.people[0]),
            )
        )
    else:
        step.lines.append(
            Text(
                "BOTH SEATS of {pod} are EMPTY: nobody is left to ask. Who can speak for {pod}? Type {volunteer}.",
                pod=step.pod.name,
                volunteer=volunteer,
            )
        )


async def pair_line(step: Turnover) -> Text:
    """Say who the pair is and when the next handover comes."""
    rotation = await spokes.rotation(step.tx, step.pod.room_id)
    assert rotation is not None  # noqa: S101 - there is a pair, so it was drawn
    return Text(
        "The pair of {pod}: {pair}. The next handover is {at}.",
        pod=step.pod.name,
        pair=await pair_text(step.tx, step.pod.room_id),
        at=step.when(rotation.next_at),
    )


async def tell_moved(step: Turnover, mentioned: tuple[str, ...] = ()) -> None:
    """Tell those whose turn a step has moved, unless it is their own step or they were addressed in it."""
    if step.before is None:
        return
    known = {*mentioned, step.by} - {None}
    await foreseen.tell_moved(
        step.tx,
        step.now,
        step.pod.room_id,
        step.rhythm,
        step.before,
        {user_id for user_id in known if user_id},
    )


async def publish(step: Turnover, reply_to: str | None = None) -> None:
    """Say what happened: to the pod, and to the assembly where the pair changed or a seat stays empty.

    Args:
        step: What happened.
        reply_to: The message it answers.
    """
    text = Text.lines(step.lines)
    if step.heading is not None:
        text = Text.lines([step.heading, Text.listed(step.lines)])
    if step.brief is not None:
        text = Text("{news}\n\n{brief}", news=text, brief=step.brief)
    await say(step.tx, step.now, step.pod.room_id, text, reply_to=reply_to, aloud=bool(step.empty))
    for user_id, turn_id in step.begun:
        await briefs.give(step.tx, step.now, step.pod, user_id, turn_id)
    await tell_moved(step, text.mentions())
    if step.pod.assembly_room_id is None or not (step.changed or step.empty):
        return
    pair = await pair_text(step.tx, step.pod.room_id)
    parts = [
        Text("{pod} has changed its pair: {pair}.", pod=step.pod.name, pair=pair) if step.changed else None,
        Text(
            "{pod} has an EMPTY seat ({seats}): nobody there is left to ask, so volunteers are asked.",
            pod=step.pod.name,
            seats=" and ".join(step.empty),
        )
        if step.empty
        else None,
    ]
    await say(step.tx, step.now, step.pod.assembly_room_id, Text.lines(parts), aloud=bool(step.empty))
