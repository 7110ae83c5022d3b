"""Stances: what a voice can say of a proposal, and how many said what.

Rule: a voice has one stance, the last it took before the end; silence is none (behaviour.md, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Stance(Enum):
    """What a voice says of a proposal; the value is the word people type."""

    AGREE = "agree"
    RESERVE = "reserve"
    ASIDE = "aside"
    DISAGREE = "disagree"
    ABSTAIN = "abstain"
    BLOCK = "block"

    @property
    def is_yes(self) -> bool:
        """Whether it counts as yes: with reservations is yes too."""
        return self in (Stance.AGREE, Stance.RESERVE)


@dataclass(frozen=True, slots=True)
class Count:
    """How many voices took which stance.

    Args:
        voices: How many there are in all.
        unknown: How many of them may have said something that could not be read.
    """

    voices: int
    agree: int = 0
    reserve: int = 0
    aside: int = 0
    disagree: int = 0
    abstain: int = 0
    block: int = 0
    unknown: int = 0

    @property
    def yes(self) -> int:
        """Voices for it."""
        return self.agree + self.reserve

    @property
    def voiced(self) -> int:
        """Voices for or against it."""
        return self.yes + self.disagree + self.block

    @property
    def present(self) -> int:
        """Voices that said anything."""
        return self.voiced + self.aside + self.abstain

    @property
    def silent(self) -> int:
        """Voices that said nothing which could be read."""
        return self.voices - self.present

    def with_yes(self, yes: int) -> Count:
        """Return the same count with this many yes instead."""
        return replace(self, agree=yes, reserve=0)

    def with_stance(self, stance: Stance, more: int = 1) -> Count:
        """Return the same count with some voices more, or fewer, of a stance."""
        return replace(self, **{stance.value: getattr(self, stance.value) + more})
