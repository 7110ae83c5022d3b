"""How a line looks that somebody typed in a hurry, pasted, or typed on a keyboard of another language.

Rule: what nobody sees, and what only a keyboard adds, does not change what a line means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

UNSEEN: Final = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2066\u2067\u2068\u2069\ufeff"
"""Marks that nobody sees; copying and some keyboards leave them around words."""
BEHIND: Final = ",.:;!" + UNSEEN
"""What may stand behind a word of a command, as in `Ok, S4` or `Answer: by Friday`."""
_LOOSE_ID = re.compile(
    r"[#(\"'“”„‘’«‹]*([PSJRD])\s?0*([1-9]\d{0,5})[)\"'“”‘’»›]*(?=[\s,.:;!?]|$)", re.IGNORECASE
)
_GLUED = re.compile(r"([a-z]+)\d+(?!\w)", re.IGNORECASE)


def visible(body: str) -> str:
    """Return a message without the blanks around it and without unseen marks before it."""
    return body.strip().lstrip(UNSEEN).lstrip()


def after_prefix(body: str, prefix: str) -> str | None:
    """Return what follows the prefix, also where a keyboard made it as wide as its other signs; else `None`."""
    start = body[: len(prefix)]
    return body[len(prefix) :] if prefix in (start, unicodedata.normalize("NFKC", start)) else None


def set_apart(line: str, is_command: Callable[[str], bool]) -> str:
    """Return a line with the blank between a command and an id or a number that was left out: `okS4`, `vote2`."""
    glued = _GLUED.match(line)
    if glued is None:
        return line
    for length in (len(glued[1]), len(glued[1]) - 1):
        if is_command(line[:length]):
            return f"{line[:length]} {line[length:]}"
    return line


def with_id(text: str) -> str:
    """Return a text with the id at its start as ids are written: `P 2`, `#p2` and `“P2”` are `P2`."""
    found = _LOOSE_ID.match(text)
    return f"{found[1].upper()}{found[2]}{text[found.end() :]}" if found else text
