"""Counting choice polls: which answers count, why the others do not, and the sum.

Rule: exact whole numbers, each person once, and a tie is called a tie.
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


class Fate(Enum):
    """What became of an answer."""

    COUNTED = "counted"
    REPLACED = "replaced by a later one"
    WITHDRAWN = "withdrawn"
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
    """

    counts: tuple[int, ...]
    voted: int
    voices: int
    typed: int = 0

    @property
    def leading(self) -> tuple[int, ...]:
        """The numbers of the options with the most votes: none if nobody voted, several in a tie."""
        top = max(self.counts, default=0)
        return tuple(number for number, count in enumerate(self.counts, 1) if count == top and top > 0)


def judge(ballots: Iterable[Ballot], voices: Collection[str], end: datetime) -> list[tuple[Ballot, Fate]]:
    """Say of every answer whether it counts, in the order they were sent.

    The last valid answer of a person that was sent before the end counts, by the server's timestamp and, at
    the same millisecond, by event id (behaviour.md, section 4). So a spoiled answer leaves the one before it
    in force, unlike in people's apps (MSC3381), and an empty one withdraws it.

    Args:
        ballots: All answers.
        voices: Who may vote: members with a voice, now or when the poll closed.
        end: Answers sent at this moment or later do not count.
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
            fates[ballot.event_id] = Fate.COUNTED if ballot.user_id in voices else Fate.GONE
    return [(ballot, fates[ballot.event_id]) for ballot in ordered]


def count(judged: Iterable[tuple[Ballot, Fate]], options: int, voices: int) -> Tally:
    """Add up the answers that count.

    Args:
        judged: What `judge` said.
        options: How many options there are.
        voices: How many people may vote.
    """
    counted = [ballot for ballot, fate in judged if fate is Fate.COUNTED]
    return Tally(
        counts=tuple(
            sum(number in (ballot.answers or ()) for ballot in counted) for number in range(1, options + 1)
        ),
        voted=len(counted),
        voices=voices,
        typed=sum(ballot.typed for ballot in counted),
    )
