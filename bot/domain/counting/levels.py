"""Mean and median of answers on a scale from 1 to 5. Rule: exact fractions; in an even number the middle two are halved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

LOWEST, HIGHEST = 1, 5

Distribution = tuple[int, ...]
"""How many people chose each level, from 1 to 5."""


def distribution(levels: Iterable[int]) -> Distribution:
    """Return how often each level was chosen."""
    found = [0] * HIGHEST
    for level in levels:
        found[level - 1] += 1
    return tuple(found)


def total(counts: Sequence[int]) -> int:
    """Return the sum of all levels."""
    return sum(level * count for level, count in enumerate(counts, 1))


def mean(counts: Sequence[int]) -> Fraction | None:
    """Return the mean level; `None` if nobody chose any."""
    people = sum(counts)
    return Fraction(total(counts), people) if people else None


def median(counts: Sequence[int]) -> Fraction | None:
    """Return the middle level, or half-way between the middle two; `None` if nobody chose any."""
    people = sum(counts)
    if not people:
        return None
    return Fraction(_at(counts, (people + 1) // 2) + _at(counts, people // 2 + 1), 2)


def _at(counts: Sequence[int], place: int) -> int:
    """Return the level at a place, from 1, when all are put in order."""
    passed = 0
    for level, count in enumerate(counts, 1):
        passed += count
        if passed >= place:
            return level
    raise AssertionError(place)
