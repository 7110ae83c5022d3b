"""Which answers to a poll count, why the others do not, and the sum.

Rule: exact whole numbers, each person once, and a tie is called a tie. Whose last message could not be read, their
answer is unknown; a result that unknown answers could change is no result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from bot.domain.counting import duels, runoff, scores, temperature, votes
from bot.domain.counting.kinds import Kind
from bot.domain.counting.levels import Distribution


@dataclass(frozen=True, slots=True)
class Ballot:
    """One answer that somebody sent, tapped or typed.

    Args:
        event_id: The event it came in.
        sent_at: By the server's timestamp.
        answers: Numbers of options, from 1: in a poll that ranks, the best first; in one that scores, instead the score
            of each option, in their order. Empty withdraws, `None` is spoiled.
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
class Ranked:
    """The sum of a poll that ranks.

    Args:
        runoff: How the instant run-off went.
        pairs: Each option against each other one.
        is_certain: Whether the winner of the run-off and the first group of the order are the same whatever the unknown
            answers are; kept, because it cannot be told from the sums alone.
    """

    runoff: runoff.Runoff
    pairs: duels.Table
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Tally:
    """The sum of a poll.

    Args:
        counts: Of each option, in their order: votes, in a poll that scores points, in one that ranks first places.
        voted: People whose answer counts.
        voices: People who could vote.
        typed: How many of the answers were typed.
        unknown: People who may have sent an answer that could not be read; they are not among those who voted.
        kind: What was asked for.
        scores: In a poll that scores, how many people gave each option each score.
        ranked: The sum of a poll that ranks.
    """

    counts: tuple[int, ...]
    voted: int
    voices: int
    typed: int = 0
    unknown: int = 0
    kind: Kind = Kind.CHOICE
    scores: tuple[Distribution, ...] = ()
    ranked: Ranked | None = None

    @property
    def leading(self) -> tuple[int, ...]:
        """The numbers of the options that lead: none if nobody voted or nothing can lead, several in a tie."""
        if self.kind is Kind.TEMPERATURE:
            return ()
        return self.ranked.runoff.winners if self.ranked else votes.leading(self.counts)

    @property
    def is_certain(self) -> bool:
        """Whether the result is the same whatever the unknown answers are."""
        if self.ranked:
            return self.ranked.is_certain
        match self.kind:
            case Kind.SCORE:
                return scores.is_certain(self.counts, self.unknown)
            case Kind.TEMPERATURE:
                return temperature.is_certain(self.counts, self.unknown)
            case _:
                return votes.is_certain(self.counts, self.unknown)

    def says_as(self, other: Tally) -> bool:
        """Tell whether the result is the same in words: the counts, and whether they are certain."""
        alike = replace(self, unknown=other.unknown, ranked=None) == replace(other, ranked=None)
        ranked = [(each.ranked.runoff, each.ranked.pairs) if each.ranked else None for each in (self, other)]
        return alike and ranked[0] == ranked[1] and self.is_certain == other.is_certain


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


def count(
    judged: Iterable[tuple[Ballot, Fate]],
    options: int,
    voices: int,
    unknown: int = 0,
    kind: Kind = Kind.CHOICE,
) -> Tally:
    """Add up the answers that count.

    Args:
        judged: What `judge` said.
        options: How many options there are.
        voices: How many people may vote.
        unknown: How many people's answers are unknown.
        kind: What was asked for.
    """
    counted = [ballot for ballot, fate in judged if fate is Fate.COUNTED]
    answers = [ballot.answers or () for ballot in counted]
    found: tuple[Distribution, ...] = ()
    ranked = None
    match kind:
        case Kind.SCORE:
            found = scores.distributions(answers, options)
            counts = scores.points(found)
        case Kind.RANK:
            counts = votes.count_votes([answer[:1] for answer in answers], options)
            ranked = _rank(answers, options, unknown)
        case _:
            counts = votes.count_votes(answers, options)
    typed = sum(ballot.typed for ballot in counted)
    return Tally(counts, len(counted), voices, typed, unknown, kind, found, ranked)


def _rank(answers: Sequence[runoff.Ranking], options: int, unknown: int) -> Ranked:
    pairs = duels.table(answers, options)
    certain = runoff.is_certain(answers, options, unknown) and duels.is_certain(pairs, unknown)
    return Ranked(runoff.instant_runoff(answers, options), pairs, certain)
