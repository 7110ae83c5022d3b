"""How the voices of an assembly are counted: pods, people, both, or pods by their people with a cap.

Rule: a mode is one or two conditions, each a rule over whole numbers, and a proposal passes only if all hold. So the law of
ADR 7 holds in every mode: one more no never makes anything pass, one more yes never makes it fail (ADR 16).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from bot.domain.classes import TWO_THIRDS
from bot.domain.errors import UsageError
from bot.domain.stances import Count, Stance
from bot.domain.thresholds import HALF, MAJORITY, Rule
from bot.domain.values import Code

CAP = Fraction(1, 3)
"""The share of all votes that a pod may have where pods count by their people: nobody passes or stops anything alone."""


class Mode(Enum):
    """What is counted; the value is the word people type."""

    PODS = "pods"
    PEOPLE = "people"
    DOUBLE = "double"
    CAPPED = "capped"


class Unit(Enum):
    """What one voice of a sum is."""

    PODS = "pods"
    PEOPLE = "people"
    VOTES = "votes"
    """Of a pod as many as it has people, up to the cap."""


@dataclass(frozen=True, slots=True)
class Sum:
    """One condition: what is counted, by which rule, and the count."""

    unit: Unit
    rule: Rule
    count: Count

    @property
    def passes(self) -> bool:
        """Whether the condition holds."""
        return self.rule.passes(self.count)


def conditions(mode: Mode, rule: Rule) -> tuple[tuple[Unit, Rule], ...]:
    """Return what has to pass in a mode, by the rule of a class.

    In `double` the pods need two thirds, or what the class asks for if that is more: a mode must not make a class easier.
    Most of the people means more than half.
    """
    match mode:
        case Mode.PODS:
            return ((Unit.PODS, rule),)
        case Mode.PEOPLE:
            return ((Unit.PEOPLE, rule),)
        case Mode.CAPPED:
            return ((Unit.VOTES, rule),)
        case Mode.DOUBLE:
            share = rule.threshold.share
            pods = (
                rule
                if share is not None and share >= Fraction(2, 3)
                else Rule(TWO_THIRDS, rule.quorum, rule.against)
            )
            return ((Unit.PODS, pods), (Unit.PEOPLE, Rule(MAJORITY, HALF, rule.against)))


def is_as_strict(mode: Mode, usual: Mode) -> bool:
    """Tell whether what passes in a mode would pass in the usual one too, so that one person may choose it."""
    return mode is usual or (mode is Mode.DOUBLE and usual is Mode.PODS)


def read_mode(text: str, usual: Mode, example: str) -> Mode:
    """Read what is to be counted for one proposal: as usual, or something at least as strict.

    Args:
        text: As typed; empty for the usual.
        usual: What the assembly has set.
        example: The line that was typed, for a refusal.

    Raises:
        UsageError: It is no mode, or what passes in it might not pass in the usual one: one person cannot choose that.
    """
    word = " ".join(text.split()).lower()
    if not word:
        return usual
    found = next((each for each in Mode if each.value == word), None)
    if found is None:
        raise UsageError(
            "{typed} is nothing that an assembly counts. There are {names}. For example: {example}",
            typed=text.strip(),
            names=", ".join(each.value for each in Mode),
            example=Code(f"{example} | mode={usual.value}"),
        )
    if not is_as_strict(found, usual):
        raise UsageError(
            "This assembly counts {usual}, and one person cannot change that for one proposal. {change} asks for another way,"
            " which a spoke of another pod confirms. For example: {example}",
            usual=usual.value,
            change=Code(f"!assembly set mode {found.value}"),
            example=Code(example),
        )
    return found


def cap(people: Collection[int]) -> int:
    """Return the most votes that a pod has: the greatest number with which none has more than a third of all.

    Votes are the people of a pod, up to this number. With fewer than three pods it is one: each pod counts the same. The
    third is that of art. 26 (2) of the Spanish Ley 27/1999: a member of a co-operative that is a co-operative itself may have
    votes by its size, but no more than a third of all.
    """
    for most in range(max(people, default=1), 1, -1):
        if most <= CAP * sum(min(each, most) for each in people):
            return most
    return 1


def votes(people: Mapping[str, int]) -> dict[str, int]:
    """Return the votes of each pod: its people, at least one, up to the cap."""
    sizes = {pod: max(each, 1) for pod, each in people.items()}
    most = cap(sizes.values())
    return {pod: min(each, most) for pod, each in sizes.items()}


def first_pods(joined: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return how many people each pod has, where nobody is counted twice.

    Args:
        joined: The pod and the person, for each member of each pod, those first who joined first. Who is in two pods is
            counted in the one they joined first.
    """
    counted: set[str] = set()
    sizes: dict[str, int] = {}
    for pod, person in joined:
        if person not in counted:
            counted.add(person)
            sizes[pod] = sizes.get(pod, 0) + 1
    return sizes


def sums(mode: Mode, rule: Rule, counts: Sequence[Count]) -> tuple[Sum, ...]:
    """Return the conditions of a mode with their counts, in the same order."""
    return tuple(
        Sum(unit, each, count) for (unit, each), count in zip(conditions(mode, rule), counts, strict=True)
    )


def weigh(
    said: Mapping[str, Stance | None],
    weights: Mapping[str, int],
    unknown: Collection[str],
    dormant: Collection[str],
) -> Count:
    """Add up voices that have weights.

    Args:
        said: What each voice says.
        weights: How much each counts, a whole number.
        unknown: Voices whose last words could not be read.
        dormant: Voices that are dormant; they count as such only while they say nothing.
    """
    counts = dict.fromkeys((stance.value for stance in Stance), 0)
    for voice, stance in said.items():
        if stance is not None and voice not in unknown:
            counts[stance.value] += weights[voice]
    asleep = sum(weights[voice] for voice in dormant if said.get(voice) is None and voice not in unknown)
    return Count(
        sum(weights[voice] for voice in said),
        unknown=sum(weights[voice] for voice in unknown),
        dormant=asleep,
        **counts,
    )
