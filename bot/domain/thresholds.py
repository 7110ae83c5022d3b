"""How many must say yes: thresholds as exact fractions, and what they are counted against.

Rule: whole numbers and `Fraction` only. One more "no" never makes anything pass, one more "yes" never makes it
fail, and the number announced is the least number that passes (behaviour.md, section 5, "Arithmetic").
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import ceil, floor

from bot.domain.errors import UsageError
from bot.domain.stances import Count
from bot.domain.values import Code

HALF = Fraction(1, 2)
MOST_ASIDE = Fraction(1, 3)
"""The share of those present who may stand aside or say no where consensus still holds."""

FEWEST_FOR_ALL_BUT_ONE = 4
"""Below it, all but one is hardly more than a majority."""


class Against(Enum):
    """What the yes voices are a share of."""

    VOICED = "voiced"
    """Those who said yes or no, and the missing up to the quorum."""
    PRESENT = "present"
    """All who said anything, so that abstaining dilutes."""
    ALL = "all"
    """Every voice: silence is a no."""

    def is_as_strict(self, other: Against) -> bool:
        """Tell whether a share of this is at least as hard to reach as a share of the other."""
        order = list(Against)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a proposal passes.

    Args:
        name: How people write it: `2/3`, `majority`, `consensus`, `consensus-1`.
        share: The share of yes that is needed; `None` where a number of others is what may be missing.
        strict: Whether exactly that share is too little.
        missing: How many yes may be missing from the base, where there is no share.
    """

    name: str
    share: Fraction | None = None
    strict: bool = False
    missing: int = 0

    @property
    def is_consensus(self) -> bool:
        """Whether it is the rule of consensus rather than a number of yes."""
        return self.share is None and self.missing == 0

    def is_same(self, other: Threshold) -> bool:
        """Whether it asks for the same, however it is written: 80% is 4/5."""
        return (self.share, self.strict, self.missing) == (other.share, other.strict, other.missing)

    def least(self, base: int) -> int:
        """Return the least number of yes that passes when this many count, always at least one.

        Raises:
            ValueError: It is consensus, where a number alone does not decide.
        """
        if self.is_consensus:
            raise ValueError("consensus is not a number of yes")
        if self.share is None:
            return base - self.missing if base >= FEWEST_FOR_ALL_BUT_ONE else max(base, 1)
        exact = self.share * base
        return max(exact.numerator // exact.denominator + 1 if self.strict else ceil(exact), 1)


MAJORITY = Threshold("majority", HALF, strict=True)
CONSENSUS = Threshold("consensus")
ALL_BUT_ONE = Threshold("consensus-1", missing=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A threshold with its quorum.

    The quorum is inside the base (ADR 7): missing voices up to the quorum count as no. A gate of its own, which
    asks how many came before it asks what they said, would let one more "no" make something pass.

    Args:
        threshold: When it passes.
        quorum: The share of all voices that should be present.
        against: What the yes voices are a share of.
    """

    threshold: Threshold
    quorum: Fraction
    against: Against = Against.VOICED

    def needed_present(self, voices: int, dormant: int = 0) -> int:
        """Return how many voices make the quorum.

        It is a share of the active ones. A quorum of more than a half is never less than half of all, however many are
        dormant: nobody can bind all by outlasting them.
        """
        active = ceil(self.quorum * (voices - dormant))
        return max(active, ceil(HALF * voices)) if self.quorum > HALF else active

    def quorum_of(self, count: Count) -> int:
        """Return how many voices make the quorum of a count."""
        return self.needed_present(count.voices, count.dormant)

    def is_quorate(self, count: Count) -> bool:
        """Tell whether enough are present."""
        return count.present >= self.quorum_of(count)

    def base(self, count: Count) -> int:
        """Return what the yes voices are counted against."""
        quorum = self.quorum_of(count)
        match self.against:
            case Against.ALL:
                return count.voices
            case Against.PRESENT:
                return max(count.present, quorum)
            case Against.VOICED:
                return max(count.voiced, quorum - count.abstain - count.aside)

    def passes(self, count: Count) -> bool:
        """Tell whether it passes, standing blocks aside: these are looked at elsewhere.

        With nobody to count against, or in a tie, it does not.
        """
        if not self.threshold.is_consensus:
            return self.base(count) > 0 and count.yes >= self.threshold.least(self.base(count))
        yes, against = self.consensus_needs(count)
        return count.yes >= yes and self.consensus_against(count) <= against

    def consensus_base(self, count: Count) -> int:
        """Return what the parts of a consensus are counted of: all who are present, the quorum, or every voice."""
        if self.against is Against.ALL:
            return count.voices
        return max(count.present, self.quorum_of(count))

    def consensus_needs(self, count: Count) -> tuple[int, int]:
        """Return how many must agree at least, and how many may be against it at most, by consensus."""
        present = self.consensus_base(count)
        return max(ceil(HALF * present), 1), floor(MOST_ASIDE * present)

    def consensus_against(self, count: Count) -> int:
        """Return how many are against it by consensus: aside, disagreeing, blocking, and missing up to the quorum."""
        missing = max(self.consensus_base(count) - count.present, 0)
        return count.aside + count.disagree + count.block + missing

    def least_yes(self, count: Count) -> int | None:
        """Return the least number of yes that passes, if nobody changes what else was said; `None` if none does.

        Silent voices and those who said yes already are the ones who can say it.
        """
        most = count.yes + count.silent
        least = self._first(most, count.with_yes)
        return least if least <= most else None

    def enough(self, voices: int) -> int:
        """Return the least number of yes that passes whatever the others say.

        It is what is announced at opening. By the rule above it is enough to look at the others all saying no.
        """
        least = self._first(voices, lambda yes: Count(voices, agree=yes, disagree=voices - yes))
        return least if least <= voices else max(voices, 1)

    def _first(self, most: int, count_with: Callable[[int], Count]) -> int:
        """Return the first number of yes with which a count passes, or one more than `most`.

        One more yes never makes anything fail, so it is found by halving.
        """
        return 1 + bisect_left(range(1, most + 1), True, key=lambda yes: self.passes(count_with(yes)))


def read_against(text: str, usual: Against, example: str) -> Against:
    """Read what the yes voices are to be a share of, for one proposal: as usual, or more.

    Args:
        text: As typed; empty for the usual.
        usual: What the group has set, or its class asks for.
        example: The line that was typed, for a refusal.

    Raises:
        UsageError: It is nothing of that kind, or easier than usual: one person cannot choose that.
    """
    word = " ".join(text.split()).lower()
    if not word:
        return usual
    found = next((each for each in Against if each.value == word), None)
    strict = Code(f"{example} | of={Against.ALL.value}")
    if found is None:
        raise UsageError(
            "{typed} is nothing that yes voices are a share of. There are {names}. For example: {example}",
            typed=text.strip(),
            names=", ".join(each.value for each in Against),
            example=strict,
        )
    if not found.is_as_strict(usual):
        raise UsageError(
            "Here it is of={usual}, and one person cannot make that easier for one proposal. Stricter is possible. For"
            " example: {example}",
            usual=usual.value,
            example=strict,
        )
    return found


_NEAR = {33: "1/3", 34: "1/3", 66: "2/3", 67: "2/3"}
_NAMES = {
    "majority": MAJORITY,
    "simple majority": MAJORITY,
    "most": MAJORITY,
    "consensus": CONSENSUS,
    "consensus-1": ALL_BUT_ONE,
    "consensus −1": ALL_BUT_ONE,
    "all but one": ALL_BUT_ONE,
}


def read_threshold(text: str, voices: int, typing: str = "threshold=") -> Threshold:
    """Read a threshold as people write it: `2/3`, `80%`, `majority`, `consensus`, `consensus-1`.

    Args:
        text: As typed.
        voices: How many voices the group has; it must be able to reach the threshold.
        typing: What is typed before a threshold, for the example.

    Raises:
        UsageError: It is none, it is a rounded share, or this group cannot reach it.
    """
    wide = unicodedata.normalize("NFKC", text).replace("\u2044", "/")  # phones make one sign of 2/3
    flat = " ".join(wide.lower().replace("−", "-").replace("–", "-").split()).replace(" - ", "-")
    found = _NAMES.get(flat) or _share(flat, typing)
    if found is None:
        raise UsageError(
            "{typed} is not a threshold. It can be a fraction, a percentage, majority or consensus. For example: {example}",
            typed=text.strip() or "Nothing",
            example=Code(f"{typing}2/3"),
        )
    if found.missing and voices < FEWEST_FOR_ALL_BUT_ONE:
        raise UsageError(
            "{name} needs at least {fewest} voices, and there are {voices}. For example: {example}",
            name=found.name,
            fewest=FEWEST_FOR_ALL_BUT_ONE,
            voices=voices,
            example=Code(f"{typing}consensus"),
        )
    return found


def _share(flat: str, typing: str) -> Threshold | None:
    if match := re.fullmatch(r"(\d{1,3})\s?/\s?(\d{1,3})", flat):
        top, bottom = int(match[1]), int(match[2])
        if 0 < top <= bottom:
            _check_more_than_half(Fraction(top, bottom), flat, typing)
            return Threshold(f"{top}/{bottom}", Fraction(top, bottom))
        return None
    match = re.fullmatch(r"(\d{1,3})(?:[.,](\d{1,6}))?\s?%", flat)
    if match is None:
        return None
    if int(match[1]) in _NEAR:
        raise UsageError(
            "A percentage like {typed} is rounded. Did you mean {exact}? For example: {example}",
            typed=flat,
            exact=_NEAR[int(match[1])],
            example=Code(f"{typing}{_NEAR[int(match[1])]}"),
        )
    exact = Fraction(f"{match[1]}.{match[2] or 0}") / 100
    if not 0 < exact <= 1:
        return None
    _check_more_than_half(exact, flat, typing)
    return Threshold(flat.replace(" ", ""), exact)


def _check_more_than_half(share: Fraction, typed: str, typing: str) -> None:
    if share <= HALF:
        raise UsageError(
            "With {typed}, a proposal and its opposite could both pass. More than half is {example}",
            typed=typed,
            example=Code(f"{typing}majority"),
        )
