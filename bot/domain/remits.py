"""Remits: how far the pair of a pod may go from what the pod decided, and what the pair says.

Rule: nobody speaks for a pod that has decided nothing, and nobody but the pod itself says its block or lets go of it. Where
the pod leaves its pair room, both spokes have to use it: one alone can put the pod's voice on hold, and no more (ADR 9).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from bot.domain.stances import Stance

LIMITS_LENGTH = 200
"""Characters of the limits of a remit: they stand in a line of a result."""

EXAMPLE = "within at most two days"


class Kind(Enum):
    """How far a pair may go; the value is the word people type."""

    CARRY = "carry"
    BOUND = "bound"
    WITHIN = "within"
    FREE = "free"

    @property
    def leaves_room(self) -> bool:
        """Whether both spokes together may say something else than the pod decided."""
        return self in (Kind.WITHIN, Kind.FREE)


@dataclass(frozen=True, slots=True)
class Remit:
    """How far a pair may go from what its pod decided.

    Args:
        limits: With `within`, the pod's words; a program cannot check them, people can.
    """

    kind: Kind = Kind.BOUND
    limits: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.limits}".strip()

    @classmethod
    def read(cls, text: str) -> Remit:
        """Read a remit as people write it, or as `str` wrote it.

        Raises:
            ValueError: It is none, `within` has no limits, or too long ones.
        """
        word, _space, rest = " ".join(text.split()).partition(" ")
        limits = rest.lstrip(":").strip()
        try:
            kind = Kind(word.lower().rstrip(":"))
        except ValueError:
            raise ValueError(text) from None
        if (kind is Kind.WITHIN) != any(letter.isalnum() for letter in limits) or len(limits) > LIMITS_LENGTH:
            raise ValueError(text)
        return cls(kind, limits)

    def loosens(self, before: Remit) -> bool:
        """Tell whether it leaves the pair room that it did not have, or other room."""
        return self.kind.leaves_room and self != before


BOUND = Remit()


def as_voice(stance: Stance) -> Stance:
    """Return what a stance is as the voice of a pod: with reservations is yes, aside is an abstention."""
    if stance.is_yes:
        return Stance.AGREE
    return Stance.ABSTAIN if stance is Stance.ASIDE else stance


FITTING = {
    Stance.AGREE: (Stance.AGREE, Stance.RESERVE),
    Stance.DISAGREE: (Stance.DISAGREE,),
    Stance.ABSTAIN: (Stance.ABSTAIN, Stance.ASIDE),
    Stance.BLOCK: (Stance.BLOCK,),
}
"""What a spoke can say that is what the pod says."""


def voice(decided: Stance | None, remit: Remit, pair: Iterable[Stance | None]) -> Stance | None:
    """Return what a pod says in the assembly, or `None` if nothing, as while its spokes differ.

    Who of the pair says nothing is taken to say what the pod decided: so somebody ill silences nobody, and one spoke alone
    changes no voice. An empty seat counts the same. This keeps the law that one more no never helps a proposal: a voice can
    only go from yes over nothing to no.

    Args:
        decided: What the pod's own rule carried.
        remit: How far the pair may go.
        pair: What each of the two says last since the pod decided; `None` says nothing.
    """
    if decided in (None, Stance.BLOCK) or not remit.kind.leaves_room:
        return decided
    words = {as_voice(said) if said else decided for said in pair}
    if len(words) > 1:
        return None
    return words.pop() if words else decided
