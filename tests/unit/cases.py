"""Counts to try every rule with: all of a few voices, and many of more, always the same.

Made by loops rather than by a search for counterexamples, because a rule takes microseconds and a generated example a
thousand of them: so many more cases are tried in less time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import cycle, product

from bot.domain.stances import Count, Stance
from bot.domain.thresholds import ALL_BUT_ONE, CONSENSUS, MAJORITY, Against, Rule, Threshold

STANCES = [stance.value for stance in Stance]
THRESHOLDS = [MAJORITY, CONSENSUS, ALL_BUT_ONE] + [
    Threshold(name, Fraction(name)) for name in ("2/3", "3/4", "4/5", "9/10", "1")
]
QUORUMS = [Fraction(0), Fraction(1, 2), Fraction(2, 3), Fraction(1)]
RULES = [Rule(*each) for each in product(THRESHOLDS, QUORUMS, Against)]


def every_count(most: int, silent: int = 0) -> list[Count]:
    """Return every count of up to `most` voices, dormant ones too, with at least so many silent."""
    return [
        Count(sum(parts) + rest, dormant=dormant, **dict(zip(STANCES, parts, strict=True)))
        for *parts, rest in product(range(most + 1), repeat=len(STANCES) + 1)
        if sum(parts) + rest <= most and rest >= silent
        for dormant in range(rest + 1)
    ]


def some_counts(number: int, silent: int = 0) -> Iterator[Count]:
    """Return so many counts of up to 56 voices, near ties and far from them, with at least so many silent."""
    chance = random.Random(number)  # noqa: S311 - always the same ones
    for _ in range(number):
        most = chance.choice((1, 2, 4, 8))
        parts = [chance.randint(0, most) for _ in STANCES]
        rest = chance.randint(silent, 8)
        dormant = chance.choice((0, chance.randint(0, rest)))
        yield Count(sum(parts) + rest, dormant=dormant, **dict(zip(STANCES, parts, strict=True)))


def cases(number: int, most: int = 2, silent: int = 0) -> Iterator[tuple[Rule, Count]]:
    """Return every rule with every count of up to `most` voices, then rules in turn with so many larger counts."""
    yield from product(RULES, every_count(most, silent))
    mixed = list(RULES)
    random.Random(number).shuffle(mixed)  # noqa: S311 - always the same order
    yield from zip(cycle(mixed), some_counts(number, silent), strict=False)
