"""Lines that name no command, or not the one that was meant.

Rule: nothing is guessed and done. What was typed is said back, with the nearest line that would work.
"""

from __future__ import annotations

from difflib import get_close_matches

from bot.commanding.parse import without_words
from bot.commanding.spec import Registry, Spec
from bot.domain.errors import UsageError
from bot.domain.values import Code


def is_slip_of_verb(registry: Registry, spec: Spec, line: str) -> bool:
    """Tell whether a topic that takes no words is followed by one, so that a verb must have been meant."""
    return (
        len(spec.words) == 1
        and not spec.parameters
        and len(line.split()) > 1
        and len(registry.topic(spec.topic)) > 1
    )


def unknown(registry: Registry, line: str) -> UsageError:
    """Return the sentence for a line that names no command, with the nearest that does."""
    words = line.split()
    names = {spec.name: len(spec.words) for spec in registry.commands}
    for count in (2, 1):
        near = get_close_matches(" ".join(words[:count]).lower(), list(names), 1, 0.7)
        if near and names[near[0]] == count:
            rest = " | ".join(without_words(line, count).splitlines())
            return UsageError(
                "I do not know {typed}. Did you mean this? {near}",
                typed=Code(f"!{' '.join(words[:count])}"),
                near=Code(f"!{near[0]} {rest}".strip()),
            )
    return UsageError(
        "I do not know {typed}. {help} lists what I can do.",
        typed=Code(f"!{words[0]}"),
        help=Code("!help"),
    )
