"""Closing quick polls: at the deadline, before it, corrected, cancelled, and their answers erased.

Rule: a poll that closes late leaves out what was sent after its end, and says that it was late.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.ballots import Fate
from bot.domain.errors import Conflict
from bot.domain.pods import Room
from bot.domain.polls import Poll
from bot.domain.values import Code, Person, When
from bot.ports import Event
from bot.services import pictures, pod_poll_closing, poll_texts
from bot.services.poll_counting import may_vote, sum_up, tally_now
from bot.services.poll_ending import close, end_by_command, take_back
from bot.services.polls import find
from bot.services.speech import say
from bot.store import outbox, pods, poll_pods, polls, steps, timers
from bot.store.database import Tx
from bot.text import Text

WAITS_FOR_KEYS = timedelta(minutes=1)
"""How long closing waits where something that may be an answer cannot be read: its key may be on its way."""

_ANSWERED = (Fate.COUNTED, Fate.UNSURE)

LATE_AFTER = timedelta(minutes=5)
"""A deadline that is kept later than this is said to be late: the bot was down."""


async def ask_to_close(tx: Tx, now: datetime, poll: Poll, sender: Person, event: Event) -> Text | None:
    """Close a poll for its author, or for any two members; one of all pods for spokes of two of them.

    Raises:
        Conflict: It is closed, it closes with those of other pods, or the same member asked before.
        NotAllowed: It is one of all pods, and the sender is no spoke.
    """
    _check_open(poll)
    if poll.parent is not None:
        raise Conflict(
            "{id} is asked in every pod and closes with the others {at}. Only spokes of two pods can close it"
            " earlier, in the assembly.",
            id=poll.id,
            at=When(poll.closes_at, (await pods.settings(tx, poll.room_id)).zone, now),
        )
    if poll.of_pods:
        return await pod_poll_closing.ask_to_close(tx, now, poll, sender, event)
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
    ended_at = await end_by_command(tx, now, poll, event)
    await close(tx, now, poll, ended_at, Text("{who} has closed {id}", who=sender, id=poll.id))
    return None


async def ended_in_app(tx: Tx, now: datetime, poll: Poll, sender: Person, event: Event) -> None:
    """Close a poll because its author ended it in their app."""
    if poll.is_open:
        ended_at = await end_by_command(tx, now, poll, event)
        beginning = Text("{who} has ended {id}", who=sender, id=poll.id)
        await close(tx, now, poll, ended_at, beginning, ended_in_app=True)


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
    close_it = pod_poll_closing.close_all if poll.of_pods else close
    await close_it(tx, now, poll, poll.closes_at, Text("{id} is closed", id=poll.id), remark)


async def correct(tx: Tx, now: datetime, poll_id: str) -> None:
    """Sum a closed poll up again and say so where the result is another."""
    poll = await polls.find(tx, poll_id)
    if poll is None or poll.tally is None or poll.erased:
        return
    if poll.of_pods:
        await pod_poll_closing.correct(tx, now, poll, poll.tally)
        return
    if poll.parent is not None:
        await timers.put(tx, "poll.correct", f"poll.{poll.parent}.correct", now, id=poll.parent)
    voices = await may_vote(tx, poll)
    tally, _ = await tally_now(tx, poll, poll.end, voices)
    if tally == poll.tally:
        return
    await polls.close(tx, poll.id, poll.end, tally, voices)
    if tally.says_as(poll.tally):
        return  # it was talk, and the result is as it was
    if tally.unknown < poll.tally.unknown:
        remark = Text("Something that I could not read at the end I have read since, or it was deleted.")
    else:
        remark = Text("Something sent before the end reached me only after it.")
    beginning = Text("{id}, corrected result", id=poll.id)
    text = poll_texts.result(poll, tally, beginning, remark)
    await say(tx, now, poll.room_id, text, about=poll.id, aloud=True)
    await pictures.show_poll(tx, now, poll, tally, beginning)


async def erase(tx: Tx, poll_id: str) -> None:
    """Forget who answered what; the tally stays (behaviour.md, section 11).

    An answer to somebody's message that could not be sent for so long names them and their choice.
    """
    await timers.drop(tx, f"poll.{poll_id}.correct")
    await polls.erase_answers(tx, poll_id)
    await outbox.forget_words(tx, poll_id, answers_only=True)


async def cancel(tx: Tx, now: datetime, room: Room, sender: Person, poll_id: str) -> Text:
    """Take back a poll that nobody but its author has answered.

    Raises:
        Conflict: It is closed, or others have answered.
    """
    poll = await find(tx, room, poll_id)
    _check_open(poll)
    _, judged = await tally_now(tx, poll, poll.end, await may_vote(tx, poll))
    if any(fate in _ANSWERED and ballot.user_id != sender.user_id for ballot, fate in judged):
        raise Conflict(
            "Others have answered {id} already. {close} ends it with its result.",
            id=poll.id,
            close=Code(f"!poll close {poll.id}"),
        )
    await take_back(tx, now, poll)
    for part in await poll_pods.of(tx, poll.id):
        mirror = await polls.find(tx, part.mirror_id)
        if mirror is not None:
            await take_back(tx, now, mirror)
            told = Text(
                "{id} is cancelled, because whoever asked every pod took it back: {question}",
                id=mirror.id,
                question=mirror.question,
            )
            await say(tx, now, part.pod_room_id, told, about=mirror.id)
    return Text("{id} is cancelled: {question}", id=poll.id, question=poll.question)
