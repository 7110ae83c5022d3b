"""The pages people read, and what is in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NOT_BUILT = re.compile(
    r"^(?P<mark>#+) [^\n]*not there yet[^\n]*\n.*?(?=^#{1,2} |\Z)|^Not built yet.*?(?:\n\n|\Z)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


def name_of(page: Path) -> str:
    """Return a page's path from the project's root."""
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """Return a page's text without blocks of code."""
    return _FENCE.sub("", page.read_text("utf-8"))


def promised(page: Path) -> str:
    """Return what a page says there is: all of it, less what it names as not built."""
    return _NOT_BUILT.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings have, as code hosts make them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(words.strip().replace(" ", "-"))
    return found
