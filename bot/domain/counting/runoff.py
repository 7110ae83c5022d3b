"""Instant run-off: whoever is lowest goes out, and those votes move on, until one has more than half.

Source: Robert's Rules of Order Newly Revised, "preferential voting"; the counting of single-winner elections by
single transferable vote. Of equally low options none is drawn by lot:

- They go out together, with any next lowest, where all their votes together are fewer than those of the next option.
  Then all of them would go before it in any order (batch elimination: "mathematically impossible to be elected", as in
  Maine's rules for ranked-choice elections, 29-250 C.M.R. ch. 535).
- Otherwise every order is tried ("parallel universes": V. Conitzer, M. Rognlie, L. Xia, "Preference Functions That
  Score Rankings and Maximum Likelihood Estimation", IJCAI 2009). One winner in all orders has won. Several tie.

Rule: it is not monotone. A vote moved up to the winner can make it lose; that is the method and is not mended here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

MOST_STATES = 1000
"""Sets of remaining options that are looked at where orders differ; beyond that, all that remain tie."""

Ranking = tuple[int, ...]
"""Numbers of options, the best first, each once; those left out are below, all equal."""


@dataclass(frozen=True, slots=True)
class Round:
    """One count.

    Args:
        votes: Pairs of option and votes, of those that remain, in the options' order.
        spent: Answers that name none of those that remain.
        out: Who goes out after it; empty in the last one.
    """

    votes: tuple[tuple[int, int], ...]
    spent: int = 0
    out: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Runoff:
    """How it went.

    Args:
        rounds: The counts, up to the end or to where orders differ.
        winners: One, or several that tie; empty if nobody voted.
        forks: Where equally low options could not go together: each of them, with who wins if it goes first.
    """

    rounds: tuple[Round, ...]
    winners: tuple[int, ...]
    forks: tuple[tuple[int, tuple[int, ...]], ...] = ()


def instant_runoff(rankings: Iterable[Ranking], options: int) -> Runoff:
    """Count by instant run-off."""
    ballots = Counter(ranking for ranking in rankings if ranking)
    return _Count(ballots).run(frozenset(range(1, options + 1)))


def first_votes(ballots: Mapping[Ranking, int], remaining: Collection[int]) -> dict[int, int]:
    """Return how many answers have each remaining option before all others that remain."""
    found = dict.fromkeys(sorted(remaining), 0)
    for ranking, people in ballots.items():
        for number in ranking:
            if number in found:
                found[number] += people
                break
    return found


class _Count:
    """One count, which remembers who wins from each set of remaining options."""

    def __init__(self, ballots: Mapping[Ranking, int]) -> None:
        self.ballots = ballots
        self.people = sum(ballots.values())
        self.known: dict[frozenset[int], frozenset[int]] = {}

    def run(self, remaining: frozenset[int]) -> Runoff:
        """Count down from the options that remain."""
        rounds: list[Round] = []
        while True:
            votes = first_votes(self.ballots, remaining)
            step = _step(votes)
            gone = step.lowest if step.at_once else ()
            rounds.append(Round(tuple(votes.items()), self.people - sum(votes.values()), gone))
            if step.winners is not None:
                return Runoff(tuple(rounds), step.winners)
            if not gone:
                forks = tuple((number, self._sorted(remaining - {number})) for number in step.lowest)
                found = {winner for _, after in forks for winner in after}
                return Runoff(tuple(rounds), tuple(sorted(found)), forks)
            remaining -= set(gone)

    def _sorted(self, remaining: frozenset[int]) -> tuple[int, ...]:
        return tuple(sorted(self._winners(remaining)))

    def _winners(self, remaining: frozenset[int]) -> frozenset[int]:
        """Return who can win from here in some order of those who are equally low."""
        if remaining in self.known:
            return self.known[remaining]
        if len(self.known) >= MOST_STATES:
            return remaining
        step = _step(first_votes(self.ballots, remaining))
        if step.winners is not None:
            found = frozenset(step.winners)
        elif step.at_once:
            found = self._winners(remaining - set(step.lowest))
        else:
            found = frozenset()
            for number in step.lowest:
                found |= self._winners(remaining - {number})
        self.known[remaining] = found
        return found


@dataclass(frozen=True, slots=True)
class _Step:
    """What follows from one count: who has won, or who is lowest and whether they go out at once."""

    winners: tuple[int, ...] | None
    lowest: tuple[int, ...] = ()
    at_once: bool = False


def _step(votes: Mapping[int, int]) -> _Step:
    total, top = sum(votes.values()), max(votes.values())
    if not total:
        return _Step(())
    if 2 * top > total:
        return _Step(tuple(number for number, count in votes.items() if count == top))
    if len(votes) == 2:
        return _Step(tuple(votes))
    lowest = min(votes.values())
    low = tuple(number for number, count in votes.items() if count == lowest)
    if len(low) == 1:
        return _Step(None, low, at_once=True)
    group = together(votes)
    return _Step(None, group or low, at_once=bool(group))


def together(votes: Mapping[int, int], unknown: int = 0) -> tuple[int, ...]:
    """Return the fewest lowest options that all go out before any other, whatever their order; empty if there are none.

    Their votes together, with the unknown ones, are fewer than those of the next, and it never loses any while they
    go.
    """
    ordered = sorted(votes, key=lambda number: votes[number])
    passed = unknown
    for place, number in enumerate(ordered[:-1], 1):
        passed += votes[number]
        if passed < votes[ordered[place]]:
            return tuple(sorted(ordered[:place]))
    return ()


def is_certain(rankings: Iterable[Ranking], options: int, unknown: int) -> bool:
    """Tell whether the same option wins whatever the unknown answers are; a tie is never certain.

    Only those go out who would go out with all unknown answers for them, and the winner has more than half also if
    all of them are for others. It may say no where the truth is yes, never the other way.
    """
    if not unknown:
        return True
    ballots = Counter(ranking for ranking in rankings if ranking)
    remaining = set(range(1, options + 1))
    while len(remaining) > 1:
        votes = first_votes(ballots, remaining)
        top = max(votes.values())
        if top > sum(votes.values()) - top + unknown:
            return True
        out = together(votes, unknown)
        if not out:
            return False
        remaining -= set(out)
    return True
