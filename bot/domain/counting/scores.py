"""Score polls: everybody gives every option 1 to 5 points; most points lead.

Rule: who leaves an option out gives it the lowest score, so that all options are scored by the same people and an
option that few know cannot win by the few who love it (as blanks count in STAR voting, Equal Vote Coalition, "STAR
Voting": "stars left blank are zero"). Then most points and the highest mean are the same options.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.counting import votes
from bot.domain.counting.levels import HIGHEST, LOWEST, Distribution, distribution, total

MOST_APART = HIGHEST - LOWEST
"""By how many points one answer can bring two options nearer to each other."""


def distributions(answers: Sequence[Sequence[int]], options: int) -> tuple[Distribution, ...]:
    """Return, for each option, how many people gave it each score.

    Args:
        answers: Of each person the scores of all options, in the options' order.
        options: How many options there are.
    """
    return tuple(distribution(answer[place] for answer in answers) for place in range(options))


def points(found: Sequence[Distribution]) -> tuple[int, ...]:
    """Return the points of each option."""
    return tuple(map(total, found))


def is_certain(found: Sequence[int], unknown: int) -> bool:
    """Tell whether the same options have the most points whatever the unknown answers are."""
    return votes.is_certain(found, unknown, MOST_APART)
