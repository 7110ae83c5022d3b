"""Lines that name no command, or not the one that was meant.

Rule: nothing is guessed and done. What was typed is said back, with the nearest line that would work.
"""

from __future__ import annotations

from difflib import get_close_matches

from bot.commanding.parse import without_words
from bot.commanding.registry import Registry
from bot.commanding.spec import Spec
from bot.domain.errors import UsageError
from bot.domain.pods import RoomKind
from bot.domain.typed_lines import BEHIND
from bot.domain.values import Code


def is_slip_of_verb(registry: Registry, spec: Spec, line: str) -> bool:
    """Tell whether a topic that takes no words is followed by one, so that a verb must have been meant."""
    return (
        len(spec.words) == 1
        and not spec.parameters
        and len(line.split()) > 1
        and len(registry.topic(spec.topic)) > 1
    )


def unknown(registry: Registry, kind: RoomKind, line: str) -> UsageError:
    """Return the sentence for a line that names no command in a room of a kind, with the nearest that does."""
    words = line.split()
    if near := _nearest(registry, [word.lower() for word in words]):
        spec, count = near
        rest = " | ".join(without_words(line, count).splitlines()) if spec.parameters else ""
        return UsageError(
            "I do not know {typed}. Did you mean this? {near}",
            typed=Code(f"!{' '.join(words[:count])}"),
            near=Code(f"!{spec.name} {rest}".strip()),
        )
    if verbs := _verbs(registry, words[0].lower()):
        return UsageError(
            "I do not know {typed}. There are: {names}. {help} shows them.",
            typed=Code(f"!{' '.join(words[:2])}"),
            names=", ".join(verb for verb, spec in verbs.items() if kind in spec.where),
            help=Code(f"!help {words[0].lower()}"),
        )
    return UsageError(
        "I do not know {typed}. {help} lists what I can do.",
        typed=Code(f"!{words[0].rstrip(BEHIND + '?')}"),
        help=Code("!help"),
    )


def _nearest(registry: Registry, words: list[str]) -> tuple[Spec, int] | None:
    """Return the command that the first words of an unknown line are near to, and how many they are."""
    for spec in registry.commands:  # a blank too many, or one too few: `opt out`, `summarystatus`
        for count in (3, 2, 1):
            if count != len(spec.words) and "".join(words[:count]) == "".join(spec.words):
                return spec, count
    if len(words) > 1 and (verbs := _verbs(registry, words[0])):
        near = get_close_matches(words[1], list(verbs), 1, 0.6)
        return (verbs[near[0]], 2) if near else None
    named = {spec.name: spec for spec in registry.commands}
    for count in (2, 1):
        near = get_close_matches(" ".join(words[:count]), list(named), 1, 0.7)
        if near and near[0] != words[0] and len(named[near[0]].words) == count:
            return named[near[0]], count
    return None


def _verbs(registry: Registry, topic: str) -> dict[str, Spec]:
    """Return the commands of a topic that have a verb, by it."""
    return {" ".join(spec.words[1:]): spec for spec in registry.topic(topic) if len(spec.words) > 1}
