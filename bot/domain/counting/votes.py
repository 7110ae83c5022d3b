"""Counting votes: who names an option gives it one (choice, yes or no, approval, meeting time).

Rule: most votes lead (plurality; with several answers a person, approval voting: S. Brams and P. Fishburn, "Approval
Voting", 1978). Options with equally many votes tie.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def count_votes(answers: Iterable[Sequence[int]], options: int) -> tuple[int, ...]:
    """Return how many answers name each option.

    Args:
        answers: Numbers of options, from 1, each at most once in an answer.
        options: How many options there are.
    """
    counts = [0] * options
    for answer in answers:
        for number in answer:
            counts[number - 1] += 1
    return tuple(counts)


def leading(counts: Sequence[int]) -> tuple[int, ...]:
    """Return the numbers of the options with the most: none if there is nothing, several in a tie."""
    top = max(counts, default=0)
    return tuple(number for number, count in enumerate(counts, 1) if count == top and top > 0)


def is_certain(counts: Sequence[int], unknown: int, weight: int = 1) -> bool:
    """Tell whether the same options lead whatever the unknown answers are.

    Each of them may be for any option, several or none. So they could change a tie or an empty sum; and a lead, if all
    of them together can bring another option level with it.

    Args:
        counts: What each option has.
        unknown: People whose answer is not known.
        weight: By how much one answer can bring two options nearer to each other.
    """
    if not unknown:
        return True
    first, second = sorted((*counts, 0, 0), reverse=True)[:2]
    return first - second > weight * unknown
