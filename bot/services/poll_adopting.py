"""Counting a poll that a member made with their own app's poll button.

Rule: what was answered before counts like what is answered after, by the same rules; and the app's poll stays its author's: they
can end it, we cannot.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from bot.domain.asking import check_count, check_poll
from bot.domain.ballots import Ballot
from bot.domain.choices import read_taps
from bot.domain.errors import Conflict, UsageError
from bot.domain.ids import POLL
from bot.domain.pods import Room
from bot.domain.poll_examples import example_of
from bot.domain.polls import Poll, tidy
from bot.domain.values import Code, Person, When
from bot.ports import PollEnded, PollMade, Redacted
from bot.services import poll_closing, poll_counting, poll_texts, polls
from bot.services.poll_answers import KEPT_OF_ONE
from bot.services.speech import say
from bot.store import adoptions, ids, pods, rooms, steps, timers
from bot.store import polls as store
from bot.store.adoptions import Adoption
from bot.store.database import Tx
from bot.text import Text


async def adopt(tx: Tx, now: datetime, room: Room, sender: Person, made: PollMade, closes: str) -> None:
    """Count a poll of a member's app from now on, with the answers that were given before.

    Args:
        tx: The open transaction.
        now: The moment.
        room: The room.
        sender: Who asks for it; any member may.
        made: The poll.
        closes: The deadline as typed; empty for 3 days.

    Raises:
        Conflict: It is counted already, has ended, has too many answers, or too many polls are open.
        UsageError: It is nothing that can be counted.
    """
    counted = await adoptions.by_event(tx, room.room_id, made.event_id)
    if counted is not None:
        raise Conflict(
            "I count that poll already, as {id}. {show} shows how it stands.",
            id=counted.poll_id,
            show=Code(f"!poll {counted.poll_id}"),
        )
    again = Code(example_of(tidy(made.question), [words for _, words in made.answers]))
    zone = (await pods.settings(tx, room.room_id)).zone
    if made.ended_at is not None:
        raise Conflict(
            "That poll was ended {at}. To ask it anew: {again}",
            at=When(made.ended_at, zone, now),
            again=again,
        )
    if not made.whole:
        raise Conflict(
            "That poll has more answers than I can look through. To ask it anew: {again}", again=again
        )
    most = min(made.most, len(made.answers))
    question, options, most = check_poll(made.question, [words for _, words in made.answers], str(most))
    closes_at = polls.deadline(closes, now, zone, "!poll adopt")
    running = await store.open_in(tx, room.room_id)
    check_count(running, sender.user_id)
    poll = Poll(
        await ids.next_id(tx, POLL),
        room.room_id,
        made.sender,
        question,
        options,
        most,
        not made.open,
        min(made.sent_at, now),
        closes_at,
    )
    answer_ids = tuple(answer_id for answer_id, _ in made.answers)
    await store.add(tx, poll)
    await adoptions.add(tx, Adoption(poll.id, made.event_id, now, answer_ids))
    kept = await _keep_answers(tx, poll, made, answer_ids)
    await timers.put(tx, "poll.close", f"poll.{poll.id}", closes_at, id=poll.id)
    await steps.record(tx, room.room_id, sender.user_id, now, "poll.adopt", id=poll.id)
    tally, _ = await poll_counting.sum_up(tx, poll)
    text = poll_texts.adopted(
        poll,
        tally,
        await rooms.person(tx, room.room_id, made.sender),
        zone,
        now,
        counted=kept,
        alone=not running,
    )
    await say(tx, now, room.room_id, text, about=poll.id, aloud=True)


async def _keep_answers(tx: Tx, poll: Poll, made: PollMade, answer_ids: tuple[str, ...]) -> int:
    """Keep the answers that were given before, of each person the newest; returns of how many there were any."""
    voices = await poll_counting.may_vote(tx, poll)
    of_one: defaultdict[str, list[Ballot]] = defaultdict(list)
    for tap in made.taps:
        answers = read_taps(tap.answers, poll, answer_ids)
        ballot = Ballot(tap.event_id, tap.sender, tap.sent_at, answers, voice=tap.sender in voices)
        of_one[tap.sender].append(ballot)
    for ballots in of_one.values():
        ballots.sort(key=lambda ballot: (ballot.sent_at, ballot.event_id))
        for ballot in ballots[-KEPT_OF_ONE:]:
            await store.add_ballot(tx, poll.id, ballot)
    return sum(map(len, of_one.values()))


async def answer_ids(tx: Tx, poll: Poll) -> tuple[str, ...]:
    """Return what apps call the options of a poll that a member made; nothing for one of ours."""
    found = await adoptions.of(tx, poll.id)
    return found.answer_ids if found else ()


async def ended(tx: Tx, now: datetime, room: Room, sender: Person, event: PollEnded) -> None:
    """Close a poll that its author has ended in their app (MSC3381: so may those who can delete others' messages)."""
    poll = await _started_by(tx, room, event.poll_event_id)
    if poll is None:
        return
    admins = {member.user_id for member in await rooms.members(tx, room.room_id) if member.admin}
    if sender.user_id in {poll.author, *admins}:
        await poll_closing.ended_in_app(tx, now, poll, sender, event)


async def start_changed(tx: Tx, now: datetime, room: Room, poll_event_id: str, sender: Person) -> Text | None:
    """Say that a poll which was edited in an app is counted as it was; only its author's edit is one."""
    poll = await _started_by(tx, room, poll_event_id)
    if poll is None or not poll.is_open or sender.user_id != poll.author:
        return None
    return Text(
        "{who}, I count {id} as it was when I was asked to. To change it, close it and ask anew: {close}",
        who=sender,
        id=poll.id,
        close=Code(f"!poll close {poll.id}"),
    )


async def start_deleted(tx: Tx, now: datetime, room: Room, event: Redacted) -> None:
    """Say that a poll goes on in words where its app's part was deleted."""
    poll = await _started_by(tx, room, event.redacts)
    if poll is None or not poll.is_open:
        return
    text = Text(
        "The poll {poll} was deleted in an app. I count on: type {vote}. {close} ends it.",
        poll=polls.name(poll),
        vote=Code(f"!vote {poll.id} 2"),
        close=Code(f"!poll close {poll.id}"),
    )
    await say(tx, now, room.room_id, text, about=poll.id)


async def _started_by(tx: Tx, room: Room, event_id: str) -> Poll | None:
    found = await adoptions.by_event(tx, room.room_id, event_id)
    return await store.find(tx, found.poll_id) if found else None


async def let_go(tx: Tx, room: Room, poll_id: str) -> Text:
    """Count a poll no more, while its adoption can be undone; its author's app keeps it.

    Raises:
        Conflict: It is closed.
    """
    poll = await polls.find(tx, room, poll_id)
    if not poll.is_open:
        raise Conflict("{id} is closed, and its result stands.", id=poll.id)
    await store.cancel(tx, poll.id)
    await timers.drop(tx, f"poll.{poll.id}")
    return Text("I count {poll} no more. It goes on in your apps.", poll=polls.name(poll))


def not_a_poll(text: str | None, *, is_reply: bool) -> UsageError:
    """Return the refusal where no poll is replied to.

    Args:
        text: The words of what is replied to, where there were any.
        is_reply: Whether the line is a reply.
    """
    if text is not None:
        return UsageError(
            "That is a message, not a poll. Reply to a poll that was made with an app's poll button: {adopt}",
            adopt=Code("!poll adopt"),
        )
    if is_reply:
        return UsageError(
            "I cannot read what you replied to, for example because it was sent before I came. Ask it anew: {example}",
            example=Code("!poll Where? | Park | Library"),
        )
    return UsageError(
        "Type this as a reply to a poll that was made with an app's poll button: {adopt}",
        adopt=Code("!poll adopt"),
    )
