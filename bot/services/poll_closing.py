"""Closing quick polls: at the deadline, before it, corrected, cancelled, and their answers erased.

Rule: a poll that closes late leaves out what was sent after its end, and says that it was late.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.ballots import Fate, judge
from bot.domain.errors import Conflict
from bot.domain.pods import Room
from bot.domain.polls import ERASED_AFTER, Poll
from bot.domain.values import Code, Person, When
from bot.ports import EndPoll, Event, Redact
from bot.services import poll_texts
from bot.services.deadlines import SKEW
from bot.services.polls import find, may_vote, native_start, sum_up, tally_now
from bot.services.speech import say
from bot.store import outbox, pods, polls, steps, timers
from bot.store.database import Tx
from bot.text import Text

WAITS_FOR_KEYS = timedelta(minutes=1)
"""How long closing waits where something that may be an answer cannot be read: its key may be on its way."""

LATE_AFTER = timedelta(minutes=5)
"""A deadline that is kept later than this is said to be late: the bot was down."""


async def ask_to_close(tx: Tx, now: datetime, poll: Poll, sender: Person, event: Event) -> Text | None:
    """Close a poll for its author, or for any two members.

    Raises:
        Conflict: It is closed, or the same member asked before.
    """
    _check_open(poll)
    if sender.user_id != poll.author:
        if not await polls.add_closer(tx, poll.id, sender.user_id):
            raise Conflict(
                "You have asked to close {id} already. It needs another member to type {close}.",
                id=poll.id,
                close=Code(f"!poll close {poll.id}"),
            )
        if len(await polls.closers(tx, poll.id) & await may_vote(tx, poll)) < 2:
            await steps.record(tx, poll.room_id, sender.user_id, now, "poll.close", id=poll.id)
            return Text(
                "{who} wants to close {id} now. It closes when another member types {close}.",
                who=sender,
                id=poll.id,
                close=Code(f"!poll close {poll.id}"),
            )
    ended_at = await _end_by_command(tx, now, poll, event)
    await _close(tx, now, poll, ended_at, Text("{who} has closed {id}", who=sender, id=poll.id))
    return None


async def _end_by_command(tx: Tx, now: datetime, poll: Poll, event: Event) -> datetime:
    """Return the end of a poll that somebody closes.

    It is the moment they typed it, but after every answer that was taken before: servers' clocks differ by
    seconds, and nobody who was told "counted" may lose their vote to that.
    """
    taken = [ballot.sent_at for ballot in await polls.ballots(tx, poll.id) if ballot.sent_at <= now + SKEW]
    after = max(taken, default=event.sent_at) + timedelta(milliseconds=1)
    return min(max(event.sent_at, after), poll.closes_at)


def _check_open(poll: Poll) -> None:
    if poll.state == "cancelled":
        raise Conflict("{id} was cancelled.", id=poll.id)
    if not poll.is_open:
        raise Conflict("{id} is closed. {show} shows the result.", id=poll.id, show=Code(f"!poll {poll.id}"))


async def keep_open(tx: Tx, room: Room, sender: Person, poll_id: str) -> Text:
    """Take back that somebody wants a poll closed.

    Raises:
        Conflict: It is closed.
    """
    poll = await find(tx, room, poll_id)
    _check_open(poll)
    await polls.drop_closer(tx, poll.id, sender.user_id)
    return Text("{who} no longer asks to close {id}. It stays open.", who=sender, id=poll.id)


async def close_due(tx: Tx, now: datetime, poll_id: str) -> None:
    """Close a poll at its deadline, or as soon after it as the bot is up again."""
    poll = await polls.find(tx, poll_id)
    if poll is None or not poll.is_open:
        return
    if now < poll.closes_at + WAITS_FOR_KEYS and (await sum_up(tx, poll))[0].unknown:
        due = poll.closes_at + WAITS_FOR_KEYS
        await timers.put(tx, "poll.close", f"poll.{poll.id}", due, id=poll.id)
        return
    remark = None
    if now - poll.closes_at > LATE_AFTER:
        remark = Text(
            "Its end was {at}, when I was not running. Answers sent after that do not count.",
            at=When(poll.closes_at, (await pods.settings(tx, poll.room_id)).zone, now),
        )
    await _close(tx, now, poll, poll.closes_at, Text("{id} is closed", id=poll.id), remark)


async def _close(
    tx: Tx, now: datetime, poll: Poll, ended_at: datetime, beginning: Text, remark: Text | None = None
) -> None:
    voices = await may_vote(tx, poll)
    tally, _ = await tally_now(tx, poll, ended_at, voices)
    await polls.close(tx, poll.id, ended_at, tally, voices)
    await timers.drop(tx, f"poll.{poll.id}")
    await timers.put(tx, "poll.erase", f"poll.{poll.id}.erase", now + ERASED_AFTER, id=poll.id)
    language = (await pods.settings(tx, poll.room_id)).language
    if await _has_native(tx, poll):
        end = Text("{id} is closed. The result is in the next message.", id=poll.id).render(language)
        await outbox.queue(
            tx, now, poll.room_id, EndPoll(native_start(poll), end), about=poll.id, txn_id=f"{poll.id}.end"
        )
    text = poll_texts.result(poll, tally, beginning, remark)
    await say(tx, now, poll.room_id, text, about=poll.id, aloud=True, txn_id=f"{poll.id}.result")


async def _has_native(tx: Tx, poll: Poll) -> bool:
    """Tell whether the native poll is, or will be, in the poll's room: after an upgrade it is in the old one."""
    started = await outbox.find(tx, native_start(poll))
    return started is not None and started.state in ("waiting", "sent") and started.room_id == poll.room_id


async def correct(tx: Tx, now: datetime, poll_id: str) -> None:
    """Sum a closed poll up again and say so where the result is another."""
    poll = await polls.find(tx, poll_id)
    if poll is None or poll.tally is None or poll.erased:
        return
    voices = await may_vote(tx, poll)
    tally, _ = await tally_now(tx, poll, poll.end, voices)
    if tally == poll.tally:
        return
    await polls.close(tx, poll.id, poll.end, tally, voices)
    counted_alike = replace(tally, unknown=poll.tally.unknown) == poll.tally
    if counted_alike and tally.is_certain == poll.tally.is_certain:
        return  # it was talk, and the result is as it was
    if tally.unknown < poll.tally.unknown:
        remark = Text("Something that I could not read at the end I have read since, or it was deleted.")
    else:
        remark = Text("Something sent before the end reached me only after it.")
    text = poll_texts.result(poll, tally, Text("{id}, corrected result", id=poll.id), remark)
    await say(tx, now, poll.room_id, text, about=poll.id, aloud=True)


async def erase(tx: Tx, poll_id: str) -> None:
    """Forget who answered what; the tally stays (behaviour.md, section 11)."""
    await timers.drop(tx, f"poll.{poll_id}.correct")
    await polls.erase_answers(tx, poll_id)


async def cancel(tx: Tx, now: datetime, room: Room, sender: Person, poll_id: str) -> Text:
    """Take back a poll that nobody but its author has answered.

    Raises:
        Conflict: It is closed, or others have answered.
    """
    poll = await find(tx, room, poll_id)
    _check_open(poll)
    judged = judge(await polls.ballots(tx, poll.id), await may_vote(tx, poll), poll.end)
    if any(fate is Fate.COUNTED and ballot.user_id != sender.user_id for ballot, fate in judged):
        raise Conflict(
            "Others have answered {id} already. {close} ends it with its result.",
            id=poll.id,
            close=Code(f"!poll close {poll.id}"),
        )
    await polls.cancel(tx, poll.id)
    await timers.drop(tx, f"poll.{poll.id}")
    if not await outbox.cancel(tx, native_start(poll)) and await _has_native(tx, poll):
        await outbox.queue(tx, now, poll.room_id, Redact(native_start(poll)), txn_id=f"{poll.id}.gone")
    return Text("{id} is cancelled: {question}", id=poll.id, question=poll.question)
