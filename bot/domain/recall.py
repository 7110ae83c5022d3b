"""Taking a seat from a spoke by a vote of the pod.

Rule: a strict majority of all members, silence counted as no, and a day to be heard. Who is meant votes too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain import stances
from bot.domain.classes import RECALL

OPEN_FOR = RECALL.open_for
"""How long a recall is open (behaviour.md, section 2)."""

LONGEST_REASON = 500
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Recall:
    """A vote on taking a seat from somebody.

    Args:
        id: Such as `R1`.
        user_id: Whose seat it is.
        reason: Erased when it ends.
        state: `open`, `carried`, `lost` or `withdrawn`.
        count: The result, once it has ended by a vote.
    """

    id: str
    pod_room_id: str
    user_id: str
    asked_by: str
    reason: str | None
    opened_at: datetime
    closes_at: datetime
    state: str
    count: Count | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How a pod has answered.

    Args:
        members: Everybody who has a vote, also who said nothing.
    """

    yes: int
    no: int
    members: int

    @property
    def needed(self) -> int:
        """How many must say yes: more than half of all members."""
        return RECALL.rule.enough(self.members)

    @property
    def is_carried(self) -> bool:
        """Whether a strict majority of all members said yes."""
        return RECALL.rule.passes(stances.Count(self.members, agree=self.yes, disagree=self.no))

    @property
    def silent(self) -> int:
        """How many said nothing."""
        return self.members - self.yes - self.no


def count(answers: Mapping[str, str | None], present: Collection[str]) -> Count:
    """Count a recall.

    Args:
        answers: What everybody said who was a member when it was opened; who came later has no vote.
        present: Who still has a voice; who has left drops out.
    """
    said = [stance for user_id, stance in answers.items() if user_id in present]
    return Count(said.count("yes"), said.count("no"), len(said))
