"""The classes of proposals: who has a voice, how many must be there, when it passes, whether it can be blocked.

Rule: what a class asks for stands here and nowhere else. Changing it is a pillar change (behaviour.md, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from fractions import Fraction

from bot.domain.thresholds import CONSENSUS, HALF, MAJORITY, Against, Rule, Threshold

DAY = timedelta(days=1)
TWO_THIRDS = Threshold("2/3", Fraction(2, 3))
THREE_QUARTERS = Threshold("3/4", Fraction(3, 4))
FOUR_FIFTHS = Threshold("80%", Fraction(4, 5))


class Electorate(Enum):
    """Who has the voices in a class."""

    MEMBERS = "pod members"
    PODS = "pods"


@dataclass(frozen=True, slots=True)
class ProposalClass:
    """What a class of proposals asks for.

    Args:
        name: What people type after `class=`.
        electorate: Who has the voices.
        rule: When it passes. The threshold of `pod` is only the usual one: each pod sets its own.
        open_at_least: Before that it does not close; with two readings, each of them.
        open_for: How long it is open where nothing is typed.
        fallback: The rule of the vote after a block; `None` if there is none.
        fallback_open_for: How long that vote is open.
        can_block: Whether a standing block stops it. If not, it counts as no.
        readings: How often it must pass, with the same words.
        fewest: How many voices there must be.
        longest: Characters of its text.
    """

    name: str
    electorate: Electorate
    rule: Rule
    open_at_least: timedelta
    open_for: timedelta
    fallback: Rule | None = None
    fallback_open_for: timedelta = 3 * DAY
    can_block: bool = True
    readings: int = 1
    fewest: int = 1
    longest: int = 800

    @property
    def of_pods(self) -> bool:
        """Whether pods have the voices, as in an assembly."""
        return self.electorate is Electorate.PODS


POD = ProposalClass(
    "pod",
    Electorate.MEMBERS,
    Rule(CONSENSUS, HALF),
    open_at_least=DAY,
    open_for=3 * DAY,
    fallback=Rule(THREE_QUARTERS, HALF),
)
"""What a pod decides for itself, and what it says in the assembly."""

ADVICE = ProposalClass(
    "advice",
    Electorate.PODS,
    Rule(TWO_THIRDS, HALF),
    open_at_least=5 * DAY,
    open_for=5 * DAY,
    can_block=False,
    fewest=2,
)
"""What an assembly advises; each pod then adopts it or not."""

BINDING = ProposalClass(
    "binding",
    Electorate.PODS,
    Rule(THREE_QUARTERS, Fraction(2, 3)),
    open_at_least=7 * DAY,
    open_for=7 * DAY,
    fallback=Rule(FOUR_FIFTHS, Fraction(2, 3)),
    fallback_open_for=7 * DAY,
    fewest=2,
)
"""What binds every pod."""

PILLAR = ProposalClass(
    "pillar",
    Electorate.PODS,
    # Every pod is counted, so silence is a no. The quorum only says what is called lapsed rather than not adopted.
    Rule(FOUR_FIFTHS, Fraction(4, 5), Against.ALL),
    open_at_least=14 * DAY,
    open_for=14 * DAY,
    readings=2,
    fewest=3,
    longest=600,
)
"""A shared text; a block of it is never outvoted."""

RECALL = ProposalClass(
    "recall",
    Electorate.MEMBERS,
    Rule(MAJORITY, HALF, Against.ALL),
    open_at_least=DAY,
    open_for=DAY,
    can_block=False,
)
"""Taking a seat from a spoke; it is opened with `!spokes recall` (behaviour.md, section 2)."""

CLASSES = {each.name: each for each in (POD, ADVICE, BINDING, PILLAR, RECALL)}
