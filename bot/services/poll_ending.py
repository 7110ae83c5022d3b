"""Ending one poll in its own room: when it ended, what is kept, the end of its native poll, the result.

Rule: what was said in time counts, and nobody who was told "counted" loses their vote to another server's clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.ballots import Tally
from bot.domain.polls import ERASED_AFTER, Poll
from bot.ports import EndPoll, Event, Redact
from bot.services import pictures, poll_texts
from bot.services.deadlines import SKEW
from bot.services.poll_counting import may_vote, native_start, tally_now
from bot.services.reminder_plans import let_go
from bot.services.speech import say
from bot.store import adoptions, outbox, pods, poll_pods, polls, rooms, timers
from bot.store.database import Tx
from bot.text import Text


async def end_by_command(tx: Tx, now: datetime, poll: Poll, event: Event) -> datetime:
    """Return the end of a poll that somebody closes.

    It is the moment they typed it, but after every answer that was taken before: servers' clocks differ by
    seconds, and nobody who was told "counted" may lose their vote to that.
    """
    asked = [part.mirror_id for part in await poll_pods.of(tx, poll.id)] or [poll.id]
    taken = [
        ballot.sent_at
        for each in asked
        for ballot in await polls.ballots(tx, each)
        if ballot.sent_at <= now + SKEW
    ]
    after = max(taken, default=event.sent_at) + timedelta(milliseconds=1)
    return min(max(event.sent_at, after), poll.closes_at)


async def close(
    tx: Tx,
    now: datetime,
    poll: Poll,
    ended_at: datetime,
    beginning: Text,
    remark: Text | None = None,
    *,
    ended_in_app: bool = False,
) -> None:
    """Close a poll that is answered in its own room and say the result.

    Args:
        tx: The open transaction.
        now: The moment.
        poll: The poll.
        ended_at: Answers sent at this moment or later do not count.
        beginning: The first words of the result.
        remark: A line on what is out of the ordinary.
        ended_in_app: Whether the poll is one of a member's app and was ended there.
    """
    voices = await may_vote(tx, poll)
    tally, _ = await tally_now(tx, poll, ended_at, voices)
    await keep_result(tx, now, poll, ended_at, tally, voices)
    language = (await pods.settings(tx, poll.room_id)).language
    if await _has_native(tx, poll):
        end = Text("{id} is closed. The result is in the next message.", id=poll.id).render(language)
        await outbox.queue(
            tx, now, poll.room_id, EndPoll(native_start(poll), end), about=poll.id, txn_id=f"{poll.id}.end"
        )
    if await adoptions.of(tx, poll.id) is not None and not ended_in_app:
        stays = poll_texts.stays_in_app(await rooms.person(tx, poll.room_id, poll.author))
        remark = Text.lines([remark, stays])
    text = poll_texts.result(poll, tally, beginning, remark)
    await say(tx, now, poll.room_id, text, about=poll.id, aloud=True, txn_id=f"{poll.id}.result")
    title = Text("{id}, result", id=poll.id)
    await pictures.show_poll(tx, now, poll, tally, title, txn_id=f"{poll.id}.picture")


async def keep_result(
    tx: Tx, now: datetime, poll: Poll, ended_at: datetime, tally: Tally, voices: frozenset[str]
) -> None:
    """Keep the result of a poll that has ended, and set when its individual answers are erased."""
    await polls.close(tx, poll.id, ended_at, tally, voices)
    await timers.drop(tx, f"poll.{poll.id}")
    await let_go(tx, poll.id, poll.opened_at, poll.closes_at)
    await timers.put(tx, "poll.erase", f"poll.{poll.id}.erase", now + ERASED_AFTER, id=poll.id)


async def take_back(tx: Tx, now: datetime, poll: Poll) -> None:
    """Cancel a poll with the answers to it, and take its native poll away."""
    await polls.cancel(tx, poll.id)
    await timers.drop(tx, f"poll.{poll.id}")
    await let_go(tx, poll.id, poll.opened_at, poll.closes_at)
    if not await outbox.cancel(tx, native_start(poll)) and await _has_native(tx, poll):
        await outbox.queue(tx, now, poll.room_id, Redact(native_start(poll)), txn_id=f"{poll.id}.gone")


async def _has_native(tx: Tx, poll: Poll) -> bool:
    """Tell whether the native poll is, or will be, in the poll's room: after an upgrade it is in the old one."""
    started = await outbox.find(tx, native_start(poll))
    return started is not None and started.state in ("waiting", "sent") and started.room_id == poll.room_id
