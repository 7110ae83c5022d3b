"""Mandates: what a pod says as one voice in the assembly, by its own rule.

Rule: a pod says what its own rule carries, and nothing where it carries nothing. In the assembly its pair can say
something else only together, and only where the pod left it room (behaviour.md, section 5, "Mandates"; ADR 9).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.modes import votes, weigh
from bot.domain.remits import BOUND, Remit, voice
from bot.domain.stances import Count, Stance, Statement
from bot.domain.thresholds import Rule

BEFORE_THE_END = timedelta(days=2)
"""How long before the assembly's end the pods' own end is: time to be extended, or to decide anew."""
LAST_BEFORE_THE_END = timedelta(hours=1)
"""How long before the assembly's end a pod's extended or renewed round ends."""

_ORDER = (Stance.AGREE, Stance.BLOCK, Stance.DISAGREE, Stance.ABSTAIN)


@dataclass(frozen=True, slots=True)
class Mandate:
    """The voice of one pod.

    Args:
        pod_room_id: Its room.
        name: Its name.
        mirror_id: The proposal in its room that decides it.
        stance: What it decided: `agree`, `disagree`, `abstain` or `block`; `None` while it says nothing.
        count: Who said what in the pod, once it says something.
        decided_at: When its round ended.
        remit: How far its pair may go from what it decided.
        objector: The member who holds back what the pair says, so that what the pod decided counts.
        pair: The user ids of its seated spokes; those of the end, once the assembly's round has closed.
        said: What each of the pair said last in the assembly since the pod decided, or as a view before.
        settled: What it said in the end, once what its spokes said is erased; `none` if nothing.
        people: How many people it had at the opening, each counted in one pod only.
        dormant: Whether it was not heard for long, and has said nothing since.
        unsure: Whether what one of the pair sent last could not be read, and may change what the pod says.
    """

    pod_room_id: str
    name: str
    mirror_id: str | None = None
    stance: Stance | None = None
    count: Count | None = None
    decided_at: datetime | None = None
    remit: Remit = BOUND
    objector: str | None = None
    pair: tuple[str, ...] = ()
    said: tuple[Statement, ...] = ()
    settled: str | None = None
    people: int = 0
    dormant: bool = False
    unsure: bool = False

    @property
    def is_loose(self) -> bool:
        """Whether its spokes together can say something else than it decided."""
        if self.stance in (None, Stance.BLOCK):
            return False
        return self.remit.kind.leaves_room and self.objector is None

    @property
    def voice(self) -> Stance | None:
        """What it says in the assembly; `None` if nothing, or while its spokes differ."""
        if self.settled is not None:
            return Stance(self.settled) if self.settled != "none" else None
        if not self.is_loose:
            return self.stance
        words = {each.user_id: each.stance for each in self.said}
        # two seats, whoever is in them: an empty one says what the pod decided
        seats = [*(words.get(user_id) for user_id in self.pair), None, None][:2]
        return voice(self.stance, self.remit, seats)

    @property
    def is_on_hold(self) -> bool:
        """Whether its voice is not counted because its spokes differ."""
        return self.stance is not None and self.voice is None


def carried(rule: Rule, count: Count) -> Stance | None:
    """Return what a pod says by its own rule, or `None` if it agrees on nothing.

    Each answer is tried as a proposal of its own: those who gave it are for it, those who gave another against it.
    What could not be read counts against each.

    Args:
        rule: The pod's rule.
        count: Who said what; a block that stands in the pod stops its yes.
    """
    for stance in _ORDER:
        if stance is Stance.AGREE and (count.block or count.unknown):
            continue  # what could not be read may be a block
        if rule.passes(_for(count, stance)):
            return stance
    return None


def _for(count: Count, stance: Stance) -> Count:
    match stance:
        case Stance.AGREE:
            return count
        case Stance.BLOCK:
            yes, no = count.block, count.yes + count.disagree
        case Stance.DISAGREE:
            yes, no = count.disagree + count.block, count.yes
        case _:
            yes, no = count.abstain, count.voiced
            count = replace(count, abstain=0)
    return replace(count, agree=yes, reserve=0, disagree=no + count.unknown, block=0, unknown=0)


def count_pods(mandates: Iterable[Mandate], ended: Collection[str] = ()) -> Count:
    """Add up what the pods say: each one voice.

    Args:
        mandates: What they say.
        ended: The pods whose block has lapsed; it counts as standing aside.
    """
    found = list(mandates)
    return _weighed(found, ended, {each.pod_room_id: 1 for each in found})


def count_votes(mandates: Iterable[Mandate], ended: Collection[str] = ()) -> Count:
    """Add up what the pods say: each with as many votes as it has people, up to the cap (`modes.cap`)."""
    found = list(mandates)
    return _weighed(found, ended, votes({each.pod_room_id: each.people for each in found}))


def _weighed(found: Collection[Mandate], ended: Collection[str], weights: Mapping[str, int]) -> Count:
    said = {
        each.pod_room_id: Stance.ASIDE
        if each.stance is Stance.BLOCK and each.pod_room_id in ended
        else each.voice
        for each in found
    }
    unknown = [each.pod_room_id for each in found if each.unsure]
    dormant = [each.pod_room_id for each in found if each.dormant]
    return weigh(said, weights, unknown, dormant)
