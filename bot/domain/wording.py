"""What changed between two versions of a text, word by word.

Rule: what is shown as kept, taken out and added makes up both versions, whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher


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
