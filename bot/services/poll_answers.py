"""Answers to quick polls: tapped, typed, withdrawn, deleted.

Rule: an answer counts by when it was sent, not by when it was read. One that was sent in time and is read
after the poll has closed corrects the result.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.ballots import Ballot, Fate, judge
from bot.domain.counting.kinds import Kind
from bot.domain.errors import Conflict, NotAllowed
from bot.domain.ids import POLL
from bot.domain.pods import Room
from bot.domain.polls import Poll
from bot.domain.values import Code, Person, When
from bot.ports import Event
from bot.services import poll_texts
from bot.services.deadlines import SKEW
from bot.services.poll_counting import may_vote, standing, sum_up
from bot.services.polls import find
from bot.services.speech import say, spoken_of
from bot.store import inbox, pods, polls, rooms, steps, timers
from bot.store.database import Tx
from bot.text import Text

CORRECT_AFTER = timedelta(minutes=1)
"""How long answers that are read late are gathered before the result is corrected."""

KEPT_OF_ONE = 50
"""Answers of one person to one poll that are kept beside the one that counts; the oldest are dropped first."""

_IDLE = (Fate.REPLACED, Fate.SPOILED, Fate.VOICELESS, Fate.LATE)


async def answer(
    tx: Tx, now: datetime, poll: Poll, event: Event, answers: tuple[int, ...] | None, *, typed: bool
) -> Fate:
    """Keep an answer and say what becomes of it.

    Args:
        tx: The open transaction.
        now: The moment.
        poll: The poll.
        event: What it came in; its sender and the server's timestamp decide.
        answers: Numbers of options; empty withdraws, `None` is spoiled.
        typed: Said in words rather than tapped.
    """
    if poll.erased:
        return Fate.LATE
    voices = await may_vote(tx, poll, event.sender)
    ballot = Ballot(event.event_id, event.sender, event.sent_at, answers, typed=typed, voice=bool(voices))
    await polls.add_ballot(tx, poll.id, ballot)
    # what becomes of it depends on nobody else's answers
    judged = judge(await polls.ballots(tx, poll.id, event.sender), voices, poll.end)
    fate = next(fate for each, fate in judged if each.event_id == ballot.event_id)
    idle = [each.event_id for each, its in judged if its in _IDLE]
    await polls.drop_ballots(tx, idle[:-KEPT_OF_ONE])
    if fate in (Fate.COUNTED, Fate.WITHDRAWN):
        await steps.record(tx, poll.room_id, event.sender, now, "poll.answer", id=poll.id)
        await _correct_later(tx, now, poll)
    return fate


async def answer_in_words(
    tx: Tx, now: datetime, poll: Poll, sender: Person, event: Event, answers: tuple[int, ...]
) -> Text:
    """Keep a typed answer; returns what is now true.

    Raises:
        NotAllowed: The sender has no voice here.
        Conflict: The poll was cancelled, or there is no answer to withdraw.
    """
    if poll.of_pods:
        raise Conflict("{id} is asked in every pod. Answer it in your pod's room, not here.", id=poll.id)
    if poll.state == "cancelled":
        raise Conflict("{id} was cancelled. {polls} lists what is open.", id=poll.id, polls=Code("!polls"))
    if poll.state == "closed" and (poll.erased or event.sent_at >= poll.end):
        await answer(tx, now, poll, event, answers, typed=True)
        return await _too_late(tx, poll, sender)
    if not await may_vote(tx, poll, sender.user_id):
        raise NotAllowed("Only members with a voice in this room can vote in {id}.", id=poll.id)
    if not answers and await standing(tx, poll, sender.user_id) is None:
        raise Conflict("You have no answer in {id} that you could withdraw.", id=poll.id)
    fate = await answer(tx, now, poll, event, answers, typed=True)
    match fate:
        case Fate.LATE:
            return await _too_late(tx, poll, sender)
        case Fate.REPLACED:
            return Text("{who}, a later answer of yours to {id} counts already.", who=sender, id=poll.id)
        case _:
            return await _counted(tx, poll, sender, answers)


async def _too_late(tx: Tx, poll: Poll, sender: Person) -> Text:
    zone = (await pods.settings(tx, poll.room_id)).zone
    return Text(
        "{who}, {id} ended {at}, before your answer, so it is not counted. {show} shows the result.",
        who=sender,
        id=poll.id,
        at=When(poll.end, zone),
        show=Code(f"!poll {poll.id}"),
    )


async def _counted(tx: Tx, poll: Poll, sender: Person, answers: tuple[int, ...]) -> Text:
    if poll.is_open:
        tally, _ = await sum_up(tx, poll)
        now_true = poll_texts.turnout_so_far(tally)
    else:
        now_true = Text("You sent it in time and I read it late: a corrected result follows.")
    if not answers:
        return Text(
            "{who}: your answer to {id} is withdrawn. {now_true}", who=sender, id=poll.id, now_true=now_true
        )
    if poll.hidden and poll.is_open and poll.kind not in (Kind.RANK, Kind.SCORE):
        return Text("{who}: counted in {id}. {now_true}", who=sender, id=poll.id, now_true=now_true)
    return Text(
        "{who}: {chosen}. Counted in {id}. {now_true}",
        who=sender,
        chosen=poll_texts.understood(poll, answers),
        id=poll.id,
        now_true=now_true,
    )


async def tapped(tx: Tx, room: Room, poll_id: str | None) -> Poll | None:
    """Return the poll of this room that was tapped, unless it was cancelled or is none of these."""
    poll = await polls.find(tx, poll_id) if poll_id and poll_id.startswith(POLL) else None
    return poll if poll is not None and poll.room_id == room.room_id and poll.state != "cancelled" else None


async def deleted(tx: Tx, now: datetime, room: Room, event: Event, event_id: str) -> None:
    """Withdraw the answer that came in a message that was deleted.

    No earlier answer of that person comes back: whoever deletes their answer means to have none. A deletion
    after the end changes nothing.
    """
    # what has not been read yet because its key is missing must not be read later
    unread = await inbox.find_parked(tx, event_id)
    if unread is not None and unread.room_id == room.room_id:
        await inbox.unpark(tx, event_id)
        await _withdraw_unread(tx, room, unread)
        await recount(tx, now, room.room_id, unread.sent_at)
    found = await polls.find_ballot(tx, event_id)
    if found is None:
        return
    poll = await polls.find(tx, found[0])
    ballot = found[1]
    if poll is None or poll.room_id != room.room_id or event.sent_at >= poll.end:
        return
    before = await standing(tx, poll, ballot.user_id)
    await polls.empty_ballot(tx, event_id)
    if before is None or before.event_id != event_id:
        return
    await _correct_later(tx, now, poll)
    if poll.is_open and ballot.typed:
        tally, _ = await sum_up(tx, poll)
        text = Text(
            "{who}: your answer to {id} is withdrawn, because its message was deleted. {turnout}",
            who=await rooms.person(tx, room.room_id, ballot.user_id),
            id=poll.id,
            turnout=poll_texts.turnout_so_far(tally),
        )
        await say(tx, now, room.room_id, text, about=poll.id)


async def _withdraw_unread(tx: Tx, room: Room, unread: inbox.Parked) -> None:
    """Withdraw the answer in a deleted tap that was never read; of other messages nobody knows what they said.

    Deleted after the end it can be read no more either, and an earlier answer that it replaced does not come back.
    """
    if unread.relation != "m.reference" or unread.target is None:
        return
    poll = await tapped(tx, room, await spoken_of(tx, room.room_id, unread.target))
    if poll is not None and not poll.erased:
        voice = bool(await may_vote(tx, poll, unread.sender))
        await polls.add_ballot(
            tx, poll.id, Ballot(unread.event_id, unread.sender, unread.sent_at, (), voice=voice)
        )


async def recount(tx: Tx, now: datetime, room_id: str, sent_at: datetime) -> None:
    """Have the polls summed up again that closed after something was sent which can be read only now, or not yet."""
    for poll in await polls.closed_in(tx, room_id, since=sent_at):
        if not poll.erased and poll.opened_at - SKEW <= sent_at < poll.end:
            await _correct_later(tx, now, poll)


async def answered_in(tx: Tx, room: Room, event_id: str, user_id: str) -> Poll | None:
    """Return the open poll that somebody's typed message in this room answered."""
    found = await polls.find_ballot(tx, event_id)
    own = found is not None and found[1].typed and found[1].user_id == user_id
    poll = await polls.find(tx, found[0]) if found and own else None
    return poll if poll is not None and poll.room_id == room.room_id and poll.is_open else None


async def take_back(tx: Tx, now: datetime, room: Room, sender: Person, event: Event, poll_id: str) -> Text:
    """Withdraw somebody's answer with `!undo`; no earlier one comes back.

    Raises:
        Conflict: The poll has closed, or there is no answer to take back.
    """
    poll = await find(tx, room, poll_id)
    if not poll.is_open:
        raise Conflict("{id} is closed, and its result stands.", id=poll.id)
    if await standing(tx, poll, sender.user_id) is None:
        raise Conflict("Your answer to {id} is withdrawn already.", id=poll.id)
    return await answer_in_words(tx, now, poll, sender, event, ())


async def _correct_later(tx: Tx, now: datetime, poll: Poll) -> None:
    """After a poll closed, gather what is read late and correct the result once."""
    if poll.state == "closed":
        await timers.put(tx, "poll.correct", f"poll.{poll.id}.correct", now + CORRECT_AFTER, id=poll.id)
