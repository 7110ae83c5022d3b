"""What changed between two versions of a text, word by word.

Rule: what is shown as kept, taken out and added makes up both versions, whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher

OBJECT_WITHIN = timedelta(hours=12)
"""How long any voice can say that a change of wording is more than that."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of wording that waits.

    Args:
        text: The whole text as it would be.
        due: When it takes effect if nobody minds.
    """

    text: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of two versions: the words before and after, which are the same where they were kept."""

    before: str
    after: str

    @property
    def is_kept(self) -> bool:
        """Whether nothing changed here."""
        return self.before == self.after


def compare(before: str, after: str) -> list[Change]:
    """Return the stretches of two versions, in their order."""
    old, new = before.split(), after.split()
    return [
        Change(" ".join(old[i:j]), " ".join(new[k:m]))
        for _, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    ]


def is_fix(before: str, after: str) -> bool:
    """Tell whether a change can be one of wording: at least half of the words are kept."""
    kept = sum(len(each.before.split()) for each in compare(before, after) if each.is_kept)
    return 2 * kept >= max(len(before.split()), len(after.split()))
