"""Counts rankings with the package pref-voting, in an environment of its own; profiles come in and results go out as JSON.

Rule: nothing of ours is imported here, so that the two ways of counting share no line.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")

from pref_voting.c1_methods import top_cycle  # noqa: E402
from pref_voting.iterative_methods import (  # noqa: E402
    instant_runoff_for_truncated_linear_orders,
    instant_runoff_put,
)
from pref_voting.profiles import Profile  # noqa: E402
from pref_voting.profiles_with_ties import ProfileWithTies  # noqa: E402


def count(rankings: list[list[int]], options: int) -> dict[str, Any]:
    """Return what the package finds in some rankings; options are numbered from 1."""
    candidates = list(range(1, options + 1))
    named = [{number: place for place, number in enumerate(ranking, 1)} for ranking in rankings]
    profile = ProfileWithTies(named, candidates=candidates)
    profile.use_extended_strict_preference()
    tiers, left = [], list(candidates)
    while left:
        group = sorted(int(number) for number in top_cycle(profile, curr_cands=left))
        tiers.append(group)
        left = [number for number in left if number not in group]
    best = profile.condorcet_winner()
    put = None
    if all(len(ranking) == options for ranking in rankings):
        lines = [[number - 1 for number in ranking] for ranking in rankings]
        put = sorted(int(number) + 1 for number in instant_runoff_put(Profile(lines)))
    together = sorted(int(number) for number in instant_runoff_for_truncated_linear_orders(profile))
    return {
        "put": put,
        "together": together,
        "tiers": tiers,
        "condorcet": None if best is None else int(best),
    }


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump([count(each["rankings"], each["options"]) for each in asked], sys.stdout)
