"""The sums of closed polls as JSON. Rule: a sum comes back exactly as it went, and names nobody."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from bot.domain.ballots import Ranked, Tally
from bot.domain.counting.runoff import Round, Runoff


def written(tally: Tally) -> str | None:
    """Return what a tally holds beside its counts; `None` for nothing."""
    if tally.scores:
        return json.dumps({"scores": tally.scores})
    return json.dumps({"ranked": asdict(tally.ranked)}) if tally.ranked else None


def read_scores(sums: str | None) -> tuple[tuple[int, ...], ...]:
    """Return how many people gave each option each score."""
    return _tuples(json.loads(sums).get("scores", [])) if sums else ()


def read_ranked(sums: str | None) -> Ranked | None:
    """Return the sum of a poll that ranks."""
    found = json.loads(sums).get("ranked") if sums else None
    if found is None:
        return None
    went = found["runoff"]
    rounds = tuple(
        Round(_tuples(each["votes"]), each["spent"], _tuples(each["out"])) for each in went["rounds"]
    )
    return Ranked(
        Runoff(rounds, _tuples(went["winners"]), _tuples(went["forks"])),
        _tuples(found["pairs"]),
        found["is_certain"],
    )


def _tuples(value: Any) -> Any:
    """Return lists as tuples: JSON knows none."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
