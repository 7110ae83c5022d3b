"""The classes of proposals: who has a voice, how many must be there, when it passes, whether it can be blocked.

Rule: what a class asks for stands here and nowhere else. Changing it is a pillar change (behaviour.md, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from fractions import Fraction

from bot.domain.errors import UsageError
from bot.domain.thresholds import CONSENSUS, HALF, MAJORITY, Against, Rule, Threshold
from bot.domain.values import Code

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
        member_for: How long somebody must have been in a pod to have a voice in it there.
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
    member_for: timedelta = timedelta()

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
    member_for=14 * DAY,
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
    member_for=14 * DAY,
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


def read_class(typed: str, words: str, *, in_assembly: bool) -> ProposalClass:
    """Return the class that was typed after `class=`; nothing is the usual one of the room.

    Args:
        typed: As typed.
        words: The proposal's, short enough for an example.
        in_assembly: Whether it is proposed in an assembly, where pods have the voices.

    Raises:
        UsageError: There is no such class, or not in this room.
    """
    usual = BINDING if in_assembly else POD
    found = CLASSES.get(typed.strip().lower()) if typed.strip() else usual
    if found is RECALL:
        raise UsageError(
            "A pod recalls a spoke in its own room, and with another command. For example: {example}",
            example=Code("!spokes recall @ben:example.org missed three assemblies"),
        )
    if found is not None and found.of_pods is in_assembly:
        return found
    names = ", ".join(
        each.name for each in CLASSES.values() if each.of_pods is in_assembly and each is not RECALL
    )
    if in_assembly:
        template = "Here a proposal is of one of these classes: {names}. For example: {example}"
    elif found is not None:
        template = "The class {typed} is for an assembly, where a spoke proposes it. Here it is {names}. For example: {example}"
    else:
        template = "Here a proposal is of the class {names}. For example: {example}"
    raise UsageError(
        template,
        typed=typed.strip(),
        names=names,
        example=Code(f"!propose {words or 'We buy a tent for the winter.'} | class={usual.name}"),
    )
