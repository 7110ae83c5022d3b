"""A `!poll` line that works, made of what somebody typed.

Rule: it asks with the person's own words, and it is accepted as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from bot.domain.counting.kinds import Kind
from bot.domain.polls import FEWEST, brief, key, tidy

_QUOTED = re.compile(r"[\"“”„‟«»]\s*([^\"“”„‟«»]*\w[^\"“”„‟«»]*?)\s*[\"“”„‟«»]")
_BETWEEN = re.compile(r"\s*(?:[,;/\\¦│｜]|\bor\b)\s*")
"""What people put between options instead of a bar."""


_READ = 1000
"""Letters of a question that are looked through; an example shows far fewer."""


def example_of(question: str, options: Sequence[str], kind: Kind = Kind.CHOICE) -> str:
    """Return a valid `!poll` line made of somebody's own words, with at most three options."""
    asked = question = question[:_READ]
    words = list(options)
    if not words and len(quoted := _QUOTED.findall(question)) > FEWEST and not kind.fixed:
        asked, *words = quoted
    elif not words and "?" in question and not kind.fixed:
        # "Where? Park or Library": the options were there, only not set apart
        head, tail = question.split("?", 1)
        asked, words = f"{head}?", _BETWEEN.split(tail)
    elif not key(question) and len(words) > FEWEST:
        asked, *words = words
    taken = {key(brief(word)): brief(word) for word in map(tidy, words) if key(word)}
    for filler in _fillers(kind, taken):
        if len(taken) < FEWEST:
            taken.setdefault(key(filler), filler)
    shown = [] if kind.fixed else list(taken.values())[:3]
    named = [f"type={kind.value}"] if kind is not Kind.CHOICE else []
    return " | ".join([f"!poll {brief(asked) if key(asked) else 'Where?'}", *shown, *named])


def _fillers(kind: Kind, taken: Collection[str]) -> tuple[str, ...]:
    """Return options for an example that has too few."""
    if kind is Kind.MEETING:
        days = {option[:3] for option in taken}
        return tuple(time for time in ("Fri 18:00", "Sat 11:00", "Sun 11:00") if key(time)[:3] not in days)
    if kind in (Kind.RANK, Kind.SCORE, Kind.APPROVAL) and not taken:
        return "Park", "Library"
    return ("Other", "None") if taken else ("Yes", "No")
