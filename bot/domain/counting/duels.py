"""Each option against each other one: who is before whom in more answers (Condorcet).

Source: M. de Condorcet, "Essai sur l'application de l'analyse", 1785; the smallest set whose members beat all others is
the Smith set (J. H. Smith, "Aggregation of Preferences with Variable Electorate", Econometrica 1973). The order is the
Smith set, then the Smith set of the rest, and so on.

Rule: an order only where every pair agrees on it. Options that beat each other in a circle, or are level, stand together;
no further rule breaks a circle, so that everybody can follow the result in the table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from bot.domain.counting.runoff import Ranking

Table = tuple[tuple[int, ...], ...]
"""In row a, column b: how many answers have option a before option b."""


def table(rankings: Iterable[Ranking], options: int) -> Table:
    """Return the table of all pairs. Who is named is before who is not; two that are not named are level."""
    found = [[0] * options for _ in range(options)]
    for ranking in rankings:
        below = set(range(1, options + 1))
        for number in ranking:
            below.discard(number)
            for other in below:
                found[number - 1][other - 1] += 1
    return tuple(map(tuple, found))


def margin(pairs: Table, one: int, other: int) -> int:
    """Return by how many answers an option is before another one; negative if it is behind."""
    return pairs[one - 1][other - 1] - pairs[other - 1][one - 1]


def winner(pairs: Table) -> int | None:
    """Return the option that beats every other one, if there is one."""
    [first, *_] = tiers(pairs)
    return first[0] if len(first) == 1 and len(pairs) > 1 else None


def tiers(pairs: Table) -> tuple[tuple[int, ...], ...]:
    """Return the order: each option of a group beats all options of later groups."""
    remaining = set(range(1, len(pairs) + 1))
    found: list[tuple[int, ...]] = []
    while remaining:
        group = _smith(pairs, remaining)
        found.append(tuple(sorted(group)))
        remaining -= group
    return tuple(found)


def _smith(pairs: Table, options: Collection[int]) -> set[int]:
    """Return the smallest set of options that each beat all others."""
    return min((_closure(pairs, number, options) for number in options), key=len)


def _closure(pairs: Table, number: int, options: Collection[int]) -> set[int]:
    """Return an option with all that it does not beat, and all that those do not beat, and so on."""
    found, new = {number}, [number]
    while new:
        one = new.pop()
        for other in options:
            if other not in found and margin(pairs, one, other) <= 0:
                found.add(other)
                new.append(other)
    return found


def is_certain(pairs: Table, unknown: int) -> bool:
    """Tell whether the first group is the same whatever the unknown answers are.

    One answer changes the margin of a pair by one. It may say no where the truth is yes, never the other way.
    """
    if not unknown:
        return True
    first = tiers(pairs)[0]
    others: Sequence[int] = [number for number in range(1, len(pairs) + 1) if number not in first]
    outside = all(margin(pairs, one, other) > unknown for one in first for other in others)
    inside = all(abs(margin(pairs, one, other)) > unknown for one in first for other in first if one != other)
    return outside and inside
