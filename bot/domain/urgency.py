"""Urgent summaries: how one is marked, and in which words it is shown.

Rule: the mark is part of what is shown and approved. Whoever adds it or takes it away makes a new version.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"(?:^|[|\n])[ \t]*urgent(?:[ \t]*=[ \t]*(?:yes|true|on|1))?[ \t.!]*$", re.IGNORECASE)


def split_mark(words: str) -> tuple[str, bool]:
    """Return the words without the mark at their end (`| urgent`), and whether they had it.

    A mark stands in a part of its own: "it is urgent" is a sentence.
    """
    text = words.rstrip()
    match = _MARK.search(text)
    return (text[: match.start()].rstrip(" |\n"), True) if match else (words, False)
