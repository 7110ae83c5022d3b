"""Counting quick polls: who may vote, what could not be read, and the sum, of one room or of all pods.

Rule: nothing is summed up on the way. The sum is made anew from the answers each time, so the order of reading does
not matter.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from bot.domain.ballot_boxes import Box, Together, count_together
from bot.domain.ballots import Ballot, Fate, Tally, Unread, count, judge, unknown
from bot.domain.polls import Poll
from bot.services.deadlines import SKEW
from bot.store import adoptions, inbox, outbox, poll_pods, polls, voices
from bot.store.database import Tx

_NO_ANSWER = ("m.annotation", "m.replace")


def native_start(poll: Poll) -> str:
    """Return the transaction id of a poll's native start."""
    return f"{poll.id}.start"


def question(poll_id: str) -> str:
    """Return the transaction id of a poll's question in words."""
    return f"{poll_id}.question"


async def may_vote(tx: Tx, poll: Poll, of: str | None = None) -> frozenset[str]:
    """Return who may vote: members with a voice, now or when the poll closed; nobody where pods are asked.

    Who answered and left only after the end counts, where the bot was down and closes it late.

    Args:
        tx: The open transaction.
        poll: The poll.
        of: Look at this person alone.
    """
    if poll.of_pods:
        return frozenset()
    if poll.state == "closed":
        found = await polls.closing_voices(tx, poll.id)
        return found if of is None else found & {of}
    here, gone = await voices.here_and_gone(tx, poll.room_id, poll.closes_at, of)
    if not gone:
        return here
    return here | gone & {ballot.user_id for ballot in await polls.ballots(tx, poll.id, of)}


async def unread(tx: Tx, poll: Poll, end: datetime) -> list[Unread]:
    """Return what could not be read so far, was sent before a moment, and may be an answer to a poll.

    An app leaves in clear what a tapped answer refers to, so that one is surely for its poll and no other. A reaction
    or an edit is no answer. Anything else may be a typed one.
    """
    started = await outbox.find(tx, native_start(poll))
    adopted = await adoptions.of(tx, poll.id)
    native = started.event_id if started else adopted.event_id if adopted else None
    # before somebody asked to count a poll of an app, words were no answer to it
    in_words_since = adopted.adopted_at if adopted else poll.opened_at
    return [
        Unread(event.event_id, event.sender, event.sent_at)
        for event in await inbox.parked_in(tx, poll.room_id, poll.opened_at - SKEW, end)
        if event.relation not in _NO_ANSWER
        and (event.target == native if event.relation == "m.reference" else event.sent_at >= in_words_since)
    ]


async def tally_now(
    tx: Tx, poll: Poll, end: datetime, entitled: frozenset[str]
) -> tuple[Tally, list[tuple[Ballot, Fate]]]:
    """Sum a poll up anew, as far as its answers could be read.

    Args:
        tx: The open transaction.
        poll: The poll.
        end: The moment before which an answer must have been sent.
        entitled: Who may vote.
    """
    if poll.of_pods:
        found = await together(tx, poll, end)
        return found.tally, list(found.judged)
    ballots = await polls.ballots(tx, poll.id)
    unsure = unknown(ballots, await unread(tx, poll, end), entitled, end)
    judged = judge(ballots, entitled, end, unsure)
    return count(judged, len(poll.options), len(entitled), len(unsure), poll.kind), judged


async def sum_up(tx: Tx, poll: Poll) -> tuple[Tally, Counter[Fate]]:
    """Return the sum of a poll as it stands or stood at its end, and how many answers had which fate."""
    tally, judged = await tally_now(tx, poll, poll.end, await may_vote(tx, poll))
    return poll.tally or tally, Counter(fate for _, fate in judged)


async def standing(tx: Tx, poll: Poll, user_id: str) -> Ballot | None:
    """Return the answer of somebody that counts, if there is one."""
    # what becomes of an answer depends on nobody else's
    judged = judge(await polls.ballots(tx, poll.id, user_id), await may_vote(tx, poll, user_id), poll.end)
    return next((ballot for ballot, fate in judged if fate is Fate.COUNTED), None)


async def together(tx: Tx, parent: Poll, end: datetime) -> Together:
    """Sum up what all pods answered, each person once, as far as it could be read.

    Args:
        tx: The open transaction.
        parent: A poll of an assembly that was put to its pods.
        end: The moment before which an answer must have been sent.
    """
    boxes = []
    for part in await poll_pods.of(tx, parent.id):
        mirror = await polls.find(tx, part.mirror_id)
        assert mirror is not None  # noqa: S101 - a foreign key keeps it
        ballots = tuple(await polls.ballots(tx, mirror.id))
        boxes.append(Box(ballots, tuple(await unread(tx, mirror, end)), await may_vote(tx, mirror)))
    return count_together(boxes, parent, end)
