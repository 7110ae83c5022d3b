"""The words of a summary in the line it was typed in: what stands behind `!summary`, `ask`, `answer` and the like.

Rule: an edit is read as the command was, so that the words shown anew are those that people see in the edited message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from bot.domain.pods import Room
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Kind
from bot.domain.typed_lines import BEHIND, after_prefix, visible
from bot.services.speech import own_names
from bot.store.database import Tx

VERBS = ("cancel", "correct", "retract", "status")
_SAME = {
    "change": "correct",
    "delete": "retract",
    "drop": "cancel",
    "edit": "correct",
    "fix": "correct",
    "remove": "retract",
    "show": "status",
    "withdraw": "retract",
}
"""What people type for a verb."""
_BARE = (Kind.QUESTION, Kind.ANSWER)
"""What may be typed without `!`."""
_SIGN = f"[{re.escape(BEHIND)}]*+"


async def words_in(tx: Tx, room: Room, prefix: str, body: str, summary: Summary | None = None) -> str | None:
    """Return the words of a summary in a message as it was typed, or `None` if it is no such command.

    Args:
        tx: The open transaction.
        room: Where.
        prefix: What commands start with.
        body: The message.
        summary: The version whose command it was; a new summary if not given.
    """
    names = [re.escape(name) for name in await own_names(tx, room)]
    mark = re.escape(prefix)
    start = rf"(?:{mark}\s*|@?(?:{'|'.join(names)})(?:\s*[:,])?\s+(?:{mark})?)"
    optional = "?" if summary is not None and summary.kind in _BARE and summary.out is None else ""
    line = visible(body)
    if (typed := after_prefix(line, prefix)) is not None:
        line = prefix + typed
    match = re.match(rf"{start}{optional}(?:{_verb(summary)}){_SIGN}(?!\S)\s*", line, re.IGNORECASE)
    return line[match.end() :] if match else None


def _verb(summary: Summary | None) -> str:
    if summary is None:
        return "summary"
    if summary.out is not None:
        return rf"summary{_SIGN}\s+correct{_SIGN}(?:\s+{summary.id})?"
    match summary.kind:
        case Kind.QUESTION:
            return rf"ask{_SIGN}(?:\s+{_choice(summary.terms.destinations[0].name)})?"
        case Kind.ANSWER:
            asked = summary.answers or ""
            return rf"answer{_SIGN}(?:\s+{asked[:1]}\s?{asked[1:]})?"
        case _:
            return "summary"


def verb_meant(words: str) -> str | None:
    """Return the command that words look like, mistyped or in other words, such as `summary cancle S4`; else `None`."""
    match = re.match(r"\s*([a-z]+)\s+(S[1-9]\d{0,8})\b(.*)", words, re.IGNORECASE | re.DOTALL)
    if match is None:
        return None
    typed, rest = match[1].lower(), match[3].strip()
    verb = next(iter(get_close_matches(_SAME.get(typed, typed), VERBS, 1, 0.75)), None)
    if verb is None:
        return None
    line = f"summary {verb} {match[2].upper()}"
    return f"{line} {' '.join(rest[:60].split()) or 'TEXT'}" if verb == "correct" else line


def _choice(name: str) -> str:
    return r"\s+".join(re.escape(word) for word in name.split())


def without(name: str, line: str) -> str | None:
    """Return what follows a name at the start of a line, or `None` if it does not start with it."""
    match = re.match(rf"\s*{_choice(name)}(?:\s*[|:,]\s*|\s+|$)", line, re.IGNORECASE)
    return line[match.end() :] if match else None


def longest_first(names: Sequence[str]) -> list[str]:
    """Return names so that one that begins like another is looked for before it."""
    return sorted(names, key=len, reverse=True)
