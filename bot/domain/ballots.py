"""Counting choice polls: which answers count, why the others do not, and the sum.

Rule: exact whole numbers, each person once, and a tie is called a tie. Whose last message could not be read, their
answer is unknown; a result that unknown answers could change is no result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


@dataclass(frozen=True, slots=True)
class Ballot:
    """One answer that somebody sent, tapped or typed.

    Args:
        event_id: The event it came in.
        sent_at: By the server's timestamp.
        answers: Numbers of options, from 1; empty withdraws, `None` is spoiled.
        typed: Said in words, which people's apps do not count.
        voice: Whether the sender was a member with a voice when it was read.
    """

    event_id: str
    user_id: str
    sent_at: datetime
    answers: tuple[int, ...] | None
    typed: bool = False
    voice: bool = True


@dataclass(frozen=True, slots=True)
class Unread:
    """A message that could not be read and may be an answer.

    Args:
        event_id: The event.
        sent_at: By the server's timestamp.
    """

    event_id: str
    user_id: str
    sent_at: datetime


class Fate(Enum):
    """What became of an answer."""

    COUNTED = "counted"
    REPLACED = "replaced by a later one"
    WITHDRAWN = "withdrawn"
    UNSURE = "perhaps replaced by one that could not be read"
    LATE = "after the end"
    SPOILED = "no option of this poll"
    VOICELESS = "without a voice"
    GONE = "no longer a member"


@dataclass(frozen=True, slots=True)
class Tally:
    """The sum of a poll.

    Args:
        counts: Votes of each option, in their order.
        voted: People whose answer counts.
        voices: People who could vote.
        typed: How many of the answers were typed.
        unknown: People who may have sent an answer that could not be read; they are not among those who voted.
    """

    counts: tuple[int, ...]
    voted: int
    voices: int
    typed: int = 0
    unknown: int = 0

    @property
    def leading(self) -> tuple[int, ...]:
        """The numbers of the options with the most votes: none if nobody voted, several in a tie."""
        top = max(self.counts, default=0)
        return tuple(number for number, count in enumerate(self.counts, 1) if count == top and top > 0)

    @property
    def is_certain(self) -> bool:
        """Whether the same options lead whatever the unknown answers are.

        Each of them may name any option, several or none. So they could change a tie or an empty sum; and a lead,
        if all of them together can bring another option level with it.
        """
        if not self.unknown:
            return True
        first, second = sorted((*self.counts, 0, 0), reverse=True)[:2]
        return first - second > self.unknown


def unknown(
    ballots: Iterable[Ballot], unread: Iterable[Unread], voices: Collection[str], end: datetime
) -> frozenset[str]:
    """Return the people with a voice whose last possible answer before the end could not be read.

    Args:
        ballots: All answers.
        unread: What could not be read and may be an answer.
        voices: Who may vote.
        end: What was sent at this moment or later does not count.
    """
    last: dict[str, tuple[datetime, str]] = {}
    for ballot in ballots:
        if ballot.sent_at < end and ballot.voice and ballot.answers is not None:
            place = (ballot.sent_at, ballot.event_id)
            last[ballot.user_id] = max(place, last.get(ballot.user_id, place))
    return frozenset(
        each.user_id
        for each in unread
        if each.sent_at < end
        and each.user_id in voices
        and (each.user_id not in last or (each.sent_at, each.event_id) > last[each.user_id])
    )


def judge(
    ballots: Iterable[Ballot], voices: Collection[str], end: datetime, unsure: Collection[str] = ()
) -> list[tuple[Ballot, Fate]]:
    """Say of every answer whether it counts, in the order they were sent.

    The last valid answer of a person that was sent before the end counts, by the server's timestamp and, at
    the same millisecond, by event id (behaviour.md, section 4). So a spoiled answer leaves the one before it
    in force, unlike in people's apps (MSC3381), and an empty one withdraws it.

    Args:
        ballots: All answers.
        voices: Who may vote: members with a voice, now or when the poll closed.
        end: Answers sent at this moment or later do not count.
        unsure: Whose answer is unknown, because a later one of theirs may be among what could not be read.
    """
    fates: dict[str, Fate] = {}
    last: dict[str, Ballot] = {}
    ordered = sorted(ballots, key=lambda ballot: (ballot.sent_at, ballot.event_id))
    for ballot in ordered:
        if ballot.sent_at >= end:
            fates[ballot.event_id] = Fate.LATE
        elif not ballot.voice:
            fates[ballot.event_id] = Fate.VOICELESS
        elif ballot.answers is None:
            fates[ballot.event_id] = Fate.SPOILED
        else:
            fates[ballot.event_id] = Fate.REPLACED
            last[ballot.user_id] = ballot
    for ballot in last.values():
        if not ballot.answers:
            fates[ballot.event_id] = Fate.WITHDRAWN
        else:
            kept = Fate.UNSURE if ballot.user_id in unsure else Fate.COUNTED
            fates[ballot.event_id] = kept if ballot.user_id in voices else Fate.GONE
    return [(ballot, fates[ballot.event_id]) for ballot in ordered]


def count(judged: Iterable[tuple[Ballot, Fate]], options: int, voices: int, unknown: int = 0) -> Tally:
    """Add up the answers that count.

    Args:
        judged: What `judge` said.
        options: How many options there are.
        voices: How many people may vote.
        unknown: How many people's answers are unknown.
    """
    counted = [ballot for ballot, fate in judged if fate is Fate.COUNTED]
    return Tally(
        counts=tuple(
            sum(number in (ballot.answers or ()) for ballot in counted) for number in range(1, options + 1)
        ),
        voted=len(counted),
        voices=voices,
        typed=sum(ballot.typed for ballot in counted),
        unknown=unknown,
    )
