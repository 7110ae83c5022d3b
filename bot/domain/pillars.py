"""Pillars: shared texts that bind every pod of an assembly.

Rule: a pillar is what the pods read twice, in the same words; any change starts again (behaviour.md, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pillar:
    """One version of a shared text.

    Args:
        number: What people call it by; it stays when the text changes.
        version: Of the text, from 1.
        adopted_at: When its second reading ended.
        proposal_id: The proposal that brought it.
    """

    number: int
    version: int
    text: str
    adopted_at: datetime
    proposal_id: str
