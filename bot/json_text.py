"""Reads JSON that somebody else wrote.

Rule: one part that nobody can read, keep or hand on must not take the rest with it. So half characters become
replacement characters, and where plain reading fails, what is nested too deep or counts too far becomes `null`.
"""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 100
"""How deep an answer may be nested once it is too deep for Python; an event has a handful of levels."""
_LONGEST_NUMBER = 300  # digits; Python converts up to 4,300 of them, and JSON sets no limit

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^"\[\]{}]+', re.DOTALL)


def read(raw: bytes | str) -> Any:
    """Return what a text says.

    Raises:
        ValueError: It is not JSON.
    """
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    try:
        parsed = _loads(text)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):  # nested too deep; a number too long
        parsed = _loads(_shallow(text), parse_int=_number)
    return parsed


def _loads(text: str, **more: Any) -> Any:
    parsed = json.loads(text, **more)
    if _HALF.search(text) is None:
        return parsed
    # written and read again, because names are to be mended as well as values
    return json.loads(json.dumps(parsed, ensure_ascii=False).encode("utf-8", "replace"))


def _shallow(text: str) -> str:
    """Write `null` for what is nested deeper than `DEEPEST`."""
    kept, depth = [], 0
    for part in _PARTS.findall(text):
        if part in "]}":
            depth -= 1
            if depth < DEEPEST:
                kept.append(part)
        elif part in "[{":
            depth += 1
            if depth <= DEEPEST:
                kept.append(part)
            elif depth == DEEPEST + 1:
                kept.append("null")
        elif depth <= DEEPEST:
            kept.append(part)
    return "".join(kept)


def _number(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else None
