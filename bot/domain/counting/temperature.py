"""Temperature checks: how a group feels about something, on five levels. Rule: it names a middle, never a winner.

People who are three levels apart or more are told to talk first (as scores are in behaviour.md, section 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from bot.domain.counting.levels import HIGHEST, LOWEST, median

FAR_APART = 3


def ends(counts: Sequence[int]) -> tuple[int, int] | None:
    """Return the first and the last level that somebody chose; `None` if nobody chose any."""
    chosen = [level for level, count in enumerate(counts, 1) if count]
    return (chosen[0], chosen[-1]) if chosen else None


def is_far_apart(counts: Sequence[int]) -> bool:
    """Tell whether some are so far from others that they should talk first."""
    found = ends(counts)
    return found is not None and found[1] - found[0] >= FAR_APART


def reading(counts: Sequence[int]) -> tuple[Fraction | None, bool]:
    """Return the result: the middle level, and whether people are far apart."""
    return median(counts), is_far_apart(counts)


def is_certain(counts: Sequence[int], unknown: int) -> bool:
    """Tell whether the result is the same whatever the unknown answers are.

    The median moves furthest when they all are at one end; people are furthest apart when they are at both.
    """
    if not unknown:
        return True
    low, high = (_with(counts, level, unknown) for level in (LOWEST, HIGHEST))
    both = _with(_with(counts, LOWEST, 1), HIGHEST, unknown - 1)
    return {reading(counts)} == {reading(low), reading(high)} and is_far_apart(both) is is_far_apart(counts)


def _with(counts: Sequence[int], level: int, more: int) -> tuple[int, ...]:
    return tuple(count + (more if place == level else 0) for place, count in enumerate(counts, 1))
