"""Quick polls: opening, finding and showing them.

Rule: each poll belongs to one room, and nothing of it is found or counted in another.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.asking import (
    Typed,
    check_count,
    check_kind,
    check_poll,
    check_separated,
    check_times,
    example_of,
)
from bot.domain.ballots import Ballot, Fate, Tally, Unread, count, judge, unknown
from bot.domain.calendar import written
from bot.domain.counting.kinds import Kind
from bot.domain.errors import Ambiguous, NotFound, UsageError
from bot.domain.ids import POLL
from bot.domain.pods import Room
from bot.domain.polls import OPEN_AT_MOST, OPEN_FOR, Poll
from bot.domain.values import Code, Person, When
from bot.ports import StartPoll
from bot.services import poll_texts
from bot.services.deadlines import SKEW, hours_later, moment
from bot.services.speech import say
from bot.store import ids, inbox, outbox, pods, polls, rooms, steps, timers
from bot.store.database import Tx
from bot.text import Text, shorten

_NO_ANSWER = ("m.annotation", "m.replace")

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
    check_count(running, sender.user_id)
    await polls.add(tx, poll)
    await timers.put(tx, "poll.close", f"poll.{poll.id}", poll.closes_at, id=poll.id)
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
    closes_at = _deadline(typed.closes, now, zone, example)
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
    await say(tx, now, poll.room_id, words, about=poll.id, aloud=True)


def native_start(poll: Poll) -> str:
    """Return the transaction id of a poll's native start."""
    return f"{poll.id}.start"


def _deadline(typed: str, now: datetime, zone: ZoneInfo, example: str) -> datetime:
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
        raise NotFound(
            "There is no poll {id} in this room. {polls} lists those there are.",
            id=poll_id,
            polls=Code("!polls"),
        )
    return poll


async def open_here(tx: Tx, room: Room) -> list[Poll]:
    """Return the open polls of a room."""
    return await polls.open_in(tx, room.room_id)


async def open_when(tx: Tx, room: Room, sent_at: datetime) -> list[Poll]:
    """Return the polls of a room that a message can be about which is read long after it was sent."""
    running = [poll for poll in await polls.open_in(tx, room.room_id) if poll.opened_at <= sent_at + SKEW]
    over = [
        poll
        for poll in await polls.closed_in(tx, room.room_id, since=sent_at)
        if poll.opened_at <= sent_at < poll.end and not poll.erased
    ]
    return [*running, *over]


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


# -- counting ---------------------------------------------------------------------------------------


async def may_vote(tx: Tx, poll: Poll) -> frozenset[str]:
    """Return who may vote: members with a voice, now or when the poll closed."""
    if poll.state == "closed":
        return await polls.closing_voices(tx, poll.id)
    return frozenset(member.user_id for member in await rooms.voices(tx, poll.room_id))


async def unread(tx: Tx, poll: Poll, end: datetime) -> list[Unread]:
    """Return what could not be read so far, was sent before a moment, and may be an answer to a poll.

    An app leaves in clear what a tapped answer refers to, so that one is surely for its poll and no other. A reaction
    or an edit is no answer. Anything else may be a typed one.
    """
    started = await outbox.find(tx, native_start(poll))
    native = started.event_id if started else None
    return [
        Unread(event.event_id, event.sender, event.sent_at)
        for event in await inbox.parked_in(tx, poll.room_id, poll.opened_at - SKEW, end)
        if event.relation not in _NO_ANSWER
        and (event.target == native if event.relation == "m.reference" else event.sent_at >= poll.opened_at)
    ]


async def tally_now(
    tx: Tx, poll: Poll, end: datetime, voices: frozenset[str]
) -> tuple[Tally, list[tuple[Ballot, Fate]]]:
    """Sum a poll up anew, as far as its answers could be read.

    Args:
        tx: The open transaction.
        poll: The poll.
        end: The moment before which an answer must have been sent.
        voices: Who may vote.
    """
    ballots = await polls.ballots(tx, poll.id)
    unsure = unknown(ballots, await unread(tx, poll, end), voices, end)
    judged = judge(ballots, voices, end, unsure)
    return count(judged, len(poll.options), len(voices), len(unsure), poll.kind), judged


async def sum_up(tx: Tx, poll: Poll) -> tuple[Tally, Counter[Fate]]:
    """Return the sum of a poll as it stands or stood at its end, and how many answers had which fate."""
    tally, judged = await tally_now(tx, poll, poll.end, await may_vote(tx, poll))
    return poll.tally or tally, Counter(fate for _, fate in judged)


async def standing(tx: Tx, poll: Poll, user_id: str) -> Ballot | None:
    """Return the answer of somebody that counts, if there is one."""
    judged = judge(await polls.ballots(tx, poll.id), await may_vote(tx, poll), poll.end)
    return next(
        (ballot for ballot, fate in judged if fate is Fate.COUNTED and ballot.user_id == user_id), None
    )


async def unanswered(tx: Tx, room: Room, user_id: str) -> list[Poll]:
    """Return the open polls of a room that somebody could answer and has not."""
    return [
        poll
        for poll in await polls.open_in(tx, room.room_id)
        if user_id in await may_vote(tx, poll) and await standing(tx, poll, user_id) is None
    ]


# -- showing -----------------------------------------------------------------------------------------


async def describe(tx: Tx, now: datetime, poll: Poll) -> Text:
    """Say how a poll stands, or its result."""
    if poll.state == "cancelled":
        return Text("{id} was cancelled: {question}", id=poll.id, question=poll.question)
    tally, _ = await sum_up(tx, poll)
    zone = (await pods.settings(tx, poll.room_id)).zone
    if poll.is_open:
        return poll_texts.state(poll, tally, zone, now)
    beginning = Text("{id} closed {at}", id=poll.id, at=When(poll.end, zone, now))
    return poll_texts.result(poll, tally, beginning)


async def explain(tx: Tx, poll: Poll) -> Text:
    """Say the sum of a poll in words."""
    if poll.state == "cancelled":
        return Text("{id} was cancelled by its author, so nothing is counted.", id=poll.id)
    tally, fates = await sum_up(tx, poll)
    return poll_texts.why(poll, tally, fates, (await pods.settings(tx, poll.room_id)).zone)


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
        tally, _ = await sum_up(tx, poll)
        # several who join in one step are told once
        txn_id = f"{poll.id}.again.{tx.cause}"
        await say(tx, now, room_id, poll_texts.state(poll, tally, zone, now), about=poll.id, txn_id=txn_id)


async def records(tx: Tx, room_id: str) -> Text:
    """List the polls of a room with their results."""
    zone = (await pods.settings(tx, room_id)).zone
    found = [*await polls.open_in(tx, room_id), *await polls.closed_in(tx, room_id)]
    if not found:
        return Text("No polls.")
    return Text.listed(poll_texts.record(poll, zone) for poll in found)
