"""Proposals: what they are, what may be proposed, and what the count makes of them.

Rule: a proposal is adopted only if it passes whatever the unread messages say, and a block stops only what would pass
without it. So one more "no" never makes anything pass (behaviour.md, section 5; ADR 7).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.classes import POD, ProposalClass
from bot.domain.errors import Conflict, UsageError
from bot.domain.modes import Mode, Sum, sums
from bot.domain.names import unstack
from bot.domain.stances import Count, Stance
from bot.domain.thresholds import Rule
from bot.domain.values import Code

OPEN_AT_LEAST = timedelta(hours=24)
"""How long any round is open at least."""
OPEN_AT_MOST = timedelta(days=90)

REASON_LENGTH = 300

OPEN_IN_ROOM, OPEN_OF_ONE = 20, 5
"""Proposals that are open at once in a room, and of one person there."""

ERASED_AFTER = timedelta(days=30)
"""How long individual stances are kept after the result (behaviour.md, section 11)."""


class State(Enum):
    """Where a proposal stands."""

    OPEN = "open"
    BLOCKED = "blocked"
    ADOPTED = "adopted"
    REFUSED = "not adopted"
    LAPSED = "lapsed"
    UNCLEAR = "unclear"
    WITHDRAWN = "withdrawn"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self not in (State.OPEN, State.BLOCKED)


class Outcome(Enum):
    """What a count makes of a proposal at its end."""

    ADOPTED = "adopted"
    BLOCKED = "blocked"
    REFUSED = "not adopted"
    ABSENT = "too few are present"
    UNCLEAR = "unread messages could change it"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that a pod, or the pods of an assembly, decide.

    Args:
        author: The user id of who proposed it.
        text: Its words as they stand in this version.
        own_rule: The pod's rule when it was opened; a later change does not touch it.
        opened_at: When it was first opened.
        round_at: When the present round began: the opening, a new version, or the vote after a block.
        version: Of the text, from 1.
        round: Of taking stances, from 1; each round begins with none.
        fallback: Whether this round is the vote after a block.
        extended: Whether this round was extended because too few were present.
        blocked_at: When a block stopped it.
        ended_at: The moment before which a stance must have been sent, once the round has closed.
        count: The result, once the round has closed.
        erased: Whether the individual stances are gone.
        class_: Its class; it says who has the voices and what can stop it.
        reading: Which reading of its words this round is, from 1.
        pillar: The number of the pillar whose text it would change; `None` for a new one.
        adopts: The advice that a pod would make its own with it.
        supersedes: The decision that it would replace.
        trial: How long it would be tried before it lapses; `None` where it is no trial.
        parent: The proposal of an assembly on which this one decides what its pod says.
        mode: What an assembly counts.
        tally: Where that is something else than pods: the counts of its conditions, as they stand or as they were at the end.
        planned_at: When the round would close without a hold; `None` where there was none.
    """

    id: str
    room_id: str
    author: str
    text: str
    own_rule: Rule
    opened_at: datetime
    round_at: datetime
    closes_at: datetime
    state: State = State.OPEN
    version: int = 1
    round: int = 1
    fallback: bool = False
    extended: bool = False
    blocked_at: datetime | None = None
    ended_at: datetime | None = None
    count: Count | None = None
    erased: bool = False
    class_: ProposalClass = POD
    parent: str | None = None
    reading: int = 1
    pillar: int | None = None
    adopts: str | None = None
    supersedes: str | None = None
    trial: timedelta | None = None
    planned_at: datetime | None = None
    mode: Mode = Mode.PODS
    tally: tuple[Count, ...] = ()

    def sums(self, count: Count) -> tuple[Sum, ...]:
        """Return what has to pass: with a count of its voices, or of what its mode asks for."""
        if self.mode is Mode.PODS:
            return sums(self.mode, self.rule, (count,))
        return sums(self.mode, self.rule, self.tally)

    @property
    def length(self) -> timedelta:
        """How long the round is, without what a hold adds."""
        return (self.planned_at or self.closes_at) - self.round_at

    @property
    def is_open(self) -> bool:
        """Whether stances are taken."""
        return self.state is State.OPEN

    @property
    def end(self) -> datetime:
        """The moment before which a stance must have been sent."""
        return self.ended_at or self.closes_at

    @property
    def rule(self) -> Rule:
        """The rule of the present round."""
        if self.fallback and self.class_.fallback:
            return replace(self.class_.fallback, against=self.own_rule.against)
        return self.own_rule

    @property
    def of_pods(self) -> bool:
        """Whether pods have the voices, as in an assembly."""
        return self.class_.of_pods

    @property
    def can_block(self) -> bool:
        """Whether a standing block stops the present round; if not, it counts as no."""
        return self.class_.can_block and not self.fallback


def decide(rule: Rule, count: Count, *, blocks: bool) -> Outcome:
    """Say what one count makes of a proposal; `decide_all` says more."""
    return decide_all(sums(Mode.PODS, rule, (count,)), count, blocks=blocks)


def decide_all(found: Sequence[Sum], count: Count, *, blocks: bool) -> Outcome:
    """Say what the sums of a proposal make of it: it passes if all do.

    The messages that could not be read may say anything. Since a no never helps and a yes never harms, it is
    enough to look at all of them being the one, and all of them the other.

    Args:
        found: What has to pass.
        count: Of those who can block; `block` are the blocks that stand.
        blocks: Whether a standing block stops it; if not, it counts as no.
    """
    failed = [each for each in found if not each.rule.passes(each.count.if_unknown(Stance.AGREE))]
    if failed:
        absent = not any(each.rule.is_quorate(each.count) for each in failed)
        return Outcome.ABSENT if absent else Outcome.REFUSED
    if not all(each.rule.passes(each.count.if_unknown(Stance.BLOCK)) for each in found):
        return Outcome.UNCLEAR
    if blocks and count.block:
        return Outcome.BLOCKED
    return Outcome.UNCLEAR if blocks and count.unknown else Outcome.ADOPTED


def at_end(outcome: Outcome, *, extended: bool) -> State | None:
    """Return the state a round ends in, or `None` if it is extended: once, for want of voices or of keys."""
    if outcome in (Outcome.ABSENT, Outcome.UNCLEAR) and not extended:
        return None
    return {
        Outcome.ADOPTED: State.ADOPTED,
        Outcome.BLOCKED: State.BLOCKED,
        Outcome.REFUSED: State.REFUSED,
        Outcome.ABSENT: State.LAPSED,
        Outcome.UNCLEAR: State.UNCLEAR,
    }[outcome]


def extension(length: timedelta) -> timedelta:
    """Return by how much a round is extended: half its time, and at least a day."""
    return max(length / 2, OPEN_AT_LEAST)


def restored(length: timedelta, left: timedelta) -> timedelta:
    """Return how long a new version is open: what is left, and at least half of the first time and a day."""
    return max(left, length / 2, OPEN_AT_LEAST)


# -- proposing -------------------------------------------------------------------------------------


def check_text(text: str, typing: str = "!propose", longest: int = POD.longest) -> str:
    """Return a proposal's words, tidied: its lines stay, invisible and direction marks go.

    Args:
        text: As typed.
        typing: What is typed before it, for the example.
        longest: Characters it may have; with its terms it must fit one message of 1,500.

    Raises:
        UsageError: There are none, or too many.
    """
    example = Code(f"{typing} We buy a tent for the winter.")
    shown = "".join(
        letter
        for letter in unstack(text)
        if letter in "\n\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
    )
    tidy = "\n".join(" ".join(line.split()) for line in shown.splitlines()).strip()
    if not any(letter.isalnum() for letter in tidy):
        raise UsageError("A proposal begins with its words. For example: {example}", example=example)
    if len(tidy) > longest:
        raise UsageError(
            "That proposal is {length} characters long; {most} are the most. Say the core of it, and the rest beside "
            "it. For example: {example}",
            length=len(tidy),
            most=longest,
            example=example,
        )
    return unicodedata.normalize("NFC", tidy)


def check_count(running: list[Proposal], author: str) -> None:
    """Check that one more proposal may be open.

    Raises:
        Conflict: There are as many as can be looked through.
    """
    own = [each for each in running if each.author == author]
    if len(own) >= OPEN_OF_ONE:
        raise Conflict(
            "You have {count} open proposals here, the most that one person may have. To make room: {withdraw}. "
            "{proposals} lists them.",
            count=len(own),
            withdraw=Code(f"!proposal withdraw {own[0].id}"),
            proposals=Code("!proposals"),
        )
    if len(running) >= OPEN_IN_ROOM:
        raise Conflict(
            "{count} proposals are open here, the most that a room may have. {proposals} lists them.",
            count=len(running),
            proposals=Code("!proposals"),
        )
