"""Quick polls: opening, finding and showing them.

Rule: each poll belongs to one room, and nothing of it is found or counted in another.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.asking import check_count, check_poll, check_times
from bot.domain.calendar import written
from bot.domain.counting.kinds import Kind
from bot.domain.errors import Ambiguous, NotFound, UsageError
from bot.domain.ids import POLL
from bot.domain.pods import Room
from bot.domain.poll_examples import example_of
from bot.domain.poll_lines import Typed, check_kind, check_separated
from bot.domain.polls import OPEN_AT_MOST, OPEN_FOR, Poll
from bot.domain.values import Code, Person, When
from bot.ports import StartPoll
from bot.services import pod_poll_texts, poll_sums, poll_texts
from bot.services.deadlines import SKEW, hours_later, moment
from bot.services.poll_counting import may_vote, native_start, question, standing, sum_up, together
from bot.services.reminder_plans import plan
from bot.services.speech import say
from bot.store import ids, outbox, pods, poll_pods, polls, proposals, rooms, steps, timers
from bot.store.database import Tx
from bot.text import Text, shorten

LISTED_FOR = timedelta(days=14)
LISTED = 5
"""How long, and how many, closed polls stay in the list."""


# -- opening -----------------------------------------------------------------------------------------


async def open_poll(tx: Tx, now: datetime, room: Room, sender: Person, typed: Typed) -> None:
    """Open a poll in a room.

    Args:
        tx: The open transaction.
        now: The moment.
        room: Where it is asked.
        sender: Who asks.
        typed: What they typed.

    Raises:
        UsageError: It cannot be asked like this.
        Conflict: Too many polls are open.
    """
    running = await polls.open_in(tx, room.room_id)
    poll = await read_poll(tx, now, room, sender, typed)
    check_count([each for each in running if each.parent is None], sender.user_id)
    await polls.add(tx, poll)
    await timers.put(tx, "poll.close", f"poll.{poll.id}", poll.closes_at, id=poll.id)
    await plan(tx, now, poll.id, poll.opened_at, poll.closes_at)
    await steps.record(tx, room.room_id, sender.user_id, now, "poll.open", id=poll.id)
    zone = (await pods.settings(tx, room.room_id)).zone
    await ask(tx, now, poll, poll_texts.opened(poll, zone, now, alone=not running))


async def read_poll(tx: Tx, now: datetime, room: Room, sender: Person, typed: Typed) -> Poll:
    """Return the poll that somebody's words ask for, with an id of its own.

    Raises:
        UsageError: It cannot be asked like this.
    """
    zone = (await pods.settings(tx, room.room_id)).zone
    check_separated(typed.question, typed.options)
    kind, options, first = check_kind(typed.kind, typed.question, typed.options), typed.options, None
    if kind is Kind.MEETING:
        options, first = check_times(typed.question, options, now, zone)
    asked, offered, most = check_poll(typed.question, options, typed.multi, kind)
    example = example_of(asked, offered, kind)
    closes_at = deadline(typed.closes, now, zone, example)
    if first is not None and first < closes_at:
        if typed.closes:
            raise UsageError(
                "The first time is {first}, before the end of the poll. For example: {example}",
                first=When(first, zone),
                example=Code(f"{example} | closes={written(first, zone)}"),
            )
        closes_at = first
    poll_id = await ids.next_id(tx, POLL)
    author, room_id = sender.user_id, room.room_id
    return Poll(poll_id, room_id, author, asked, offered, most, typed.hide, now, closes_at, kind=kind)


async def ask(tx: Tx, now: datetime, poll: Poll, words: Text) -> None:
    """Put a poll to its room: the native one where one tap is a whole answer, and the same in words."""
    if poll.kind.can_be_tapped:
        answers = tuple((str(number), option) for number, option in enumerate(poll.options, 1))
        start = StartPoll(poll.question, answers, poll.most, open=not poll.hidden)
        await outbox.queue(tx, now, poll.room_id, start, about=poll.id, txn_id=native_start(poll))
    await say(tx, now, poll.room_id, words, about=poll.id, aloud=True, txn_id=question(poll.id))


def deadline(typed: str, now: datetime, zone: ZoneInfo, example: str) -> datetime:
    """Return the end of a poll.

    Args:
        typed: As typed; empty for 3 days.
        now: The moment.
        zone: The room's time zone.
        example: The line that was typed, for a refusal.

    Raises:
        UsageError: It is unclear, or too far.
    """
    if not typed:
        return hours_later(now, OPEN_FOR, zone)
    closes_at = moment(typed, now, zone, f"{example} | closes=")
    if closes_at - now > OPEN_AT_MOST:
        near = written(now + OPEN_FOR, zone)
        raise UsageError(
            "{at} is more than {days} days ahead, too long for a quick poll. For example: {example}",
            at=When(closes_at, zone),
            days=OPEN_AT_MOST.days,
            example=Code(f"{example} | closes={near}"),
        )
    return closes_at


# -- finding -----------------------------------------------------------------------------------------


async def find(tx: Tx, room: Room, poll_id: str) -> Poll:
    """Return a poll of this room.

    Raises:
        NotFound: There is no such poll here.
    """
    poll = await polls.find(tx, poll_id)
    if poll is None or poll.room_id != room.room_id:
        other = await proposals.find(tx, poll_id)
        if other is not None and other.room_id == room.room_id:
            raise NotFound(
                "{id} is a proposal. To say what you think of it, for example: {agree}. {show} shows it.",
                id=poll_id,
                agree=Code(f"agree {poll_id}"),
                show=Code(f"!proposal {poll_id}"),
            )
        raise NotFound(
            "There is no poll {id} in this room. {polls} lists those there are.",
            id=poll_id,
            polls=Code("!polls"),
        )
    return poll


async def open_here(tx: Tx, room: Room) -> list[Poll]:
    """Return the open polls of a room that are answered in it."""
    return [poll for poll in await polls.open_in(tx, room.room_id) if not poll.of_pods]


async def open_when(tx: Tx, room: Room, sent_at: datetime) -> list[Poll]:
    """Return the polls of a room that a message can be about which is read long after it was sent."""
    running = [poll for poll in await polls.open_in(tx, room.room_id) if poll.opened_at <= sent_at + SKEW]
    over = [
        poll
        for poll in await polls.closed_in(tx, room.room_id, since=sent_at)
        if poll.opened_at <= sent_at < poll.end and not poll.erased
    ]
    found = [*running, *over]
    return [poll for poll in found if not poll.of_pods] or found


async def only_open(tx: Tx, room: Room, verb: str) -> Poll:
    """Return the only open poll of a room.

    Args:
        tx: The open transaction.
        room: The room.
        verb: What is to be done to it, such as `poll close`.

    Raises:
        NotFound: None is open.
        Ambiguous: Several are.
    """
    found = await polls.open_in(tx, room.room_id)
    if not found:
        raise none_open()
    if len(found) > 1:
        choices = [(name(poll), f"{verb} {poll.id}") for poll in found]
        raise Ambiguous("There are several open polls. Which one?", choices=choices)
    return found[0]


def none_open() -> NotFound:
    """Return the refusal where no poll is open."""
    return NotFound(
        "No poll is open here. For example: {example}", example=Code("!poll Where? | Park | Library")
    )


def name(poll: Poll) -> str:
    """Return a poll's id and question, short enough for a line."""
    return f"{poll.id}: {shorten(poll.question, 60)}"


async def unanswered(tx: Tx, room: Room, user_id: str) -> list[Poll]:
    """Return the open polls of a room that somebody could answer and has not."""
    return [
        poll
        for poll in await polls.open_in(tx, room.room_id)
        if await may_vote(tx, poll, user_id) and await standing(tx, poll, user_id) is None
    ]


# -- showing -----------------------------------------------------------------------------------------


async def describe(tx: Tx, now: datetime, poll: Poll) -> Text:
    """Say how a poll stands, or its result."""
    if poll.state == "cancelled":
        return Text("{id} was cancelled: {question}", id=poll.id, question=poll.question)
    zone = (await pods.settings(tx, poll.room_id)).zone
    if poll.is_open:
        return await _state(tx, now, poll, zone)
    tally, _ = await sum_up(tx, poll)
    beginning = Text("{id} closed {at}", id=poll.id, at=When(poll.end, zone, now))
    if poll.of_pods:
        return pod_poll_texts.result(poll, tally, await poll_pods.of(tx, poll.id), beginning)
    return poll_texts.result(poll, tally, beginning)


async def _state(tx: Tx, now: datetime, poll: Poll, zone: ZoneInfo) -> Text:
    if not poll.of_pods:
        return poll_texts.state(poll, (await sum_up(tx, poll))[0], zone, now)
    found = await together(tx, poll, poll.end)
    names = [part.name for part in await poll_pods.of(tx, poll.id)]
    return pod_poll_texts.state(poll, found.tally, list(zip(names, found.by_box, strict=True)), zone, now)


async def explain(tx: Tx, poll: Poll) -> Text:
    """Say the sum of a poll in words."""
    if poll.state == "cancelled":
        return Text("{id} was cancelled by its author, so nothing is counted.", id=poll.id)
    tally, fates = await sum_up(tx, poll)
    text = poll_sums.why(poll, tally, fates, (await pods.settings(tx, poll.room_id)).zone)
    if poll.of_pods and not poll.is_open:
        return Text.lines([text, *pod_poll_texts.by_pod(poll, await poll_pods.of(tx, poll.id))])
    return text


async def listing(tx: Tx, now: datetime, room: Room) -> Text:
    """List the open polls of a room and those that closed lately."""
    zone = (await pods.settings(tx, room.room_id)).zone
    running = await polls.open_in(tx, room.room_id)
    over = await polls.closed_in(tx, room.room_id, now - LISTED_FOR, LISTED)
    parts: list[Text] = []
    if running:
        parts.append(Text("Open polls; {show} shows one:", show=Code(f"!poll {running[0].id}")))
        parts.append(
            Text.listed(
                [poll_texts.open_line(poll, (await sum_up(tx, poll))[0], zone, now) for poll in running]
            )
        )
    else:
        parts.append(
            Text("No poll is open. For example: {example}", example=Code("!poll Where? | Park | Library"))
        )
    if over:
        parts += [Text(""), Text("Closed lately:")]
        parts.append(Text.listed(poll_texts.closed_line(poll, poll.tally) for poll in over if poll.tally))
    return Text.lines(parts)


async def member_joined(tx: Tx, now: datetime, room_id: str, user_id: str) -> None:
    """Tell somebody who joined about open polls: they cannot read what was said before."""
    running = await polls.open_in(tx, room_id)
    if not running or user_id not in {member.user_id for member in await rooms.members(tx, room_id)}:
        return
    zone = (await pods.settings(tx, room_id)).zone
    for poll in running:
        # several who join in one step are told once
        txn_id = f"{poll.id}.again.{tx.cause}"
        await say(tx, now, room_id, await _state(tx, now, poll, zone), about=poll.id, txn_id=txn_id)


async def records(tx: Tx, room_id: str) -> Text:
    """List the polls of a room with their results."""
    zone = (await pods.settings(tx, room_id)).zone
    found = [*await polls.open_in(tx, room_id), *await polls.closed_in(tx, room_id)]
    if not found:
        return Text("No polls.")
    return Text.listed(poll_texts.record(poll, zone) for poll in found)
