"""Mandates: what a pod says as one voice in the assembly, by its own rule.

Rule: a pod says what its own rule carries, and nothing where it carries nothing. Nobody in the assembly can say
something else for it (behaviour.md, section 5, "Mandates").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.stances import Count, Stance
from bot.domain.thresholds import Rule

MEMBER_FOR = timedelta(days=14)
"""How long somebody must have been in a pod to have a voice in what binds the federation."""

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
        stance: `agree`, `disagree`, `abstain` or `block`; `None` while it says nothing.
        count: Who said what in the pod, once it says something.
        decided_at: When its round ended.
    """

    pod_room_id: str
    name: str
    mirror_id: str | None = None
    stance: Stance | None = None
    count: Count | None = None
    decided_at: datetime | None = None


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
    said = [
        Stance.ASIDE if each.stance is Stance.BLOCK and each.pod_room_id in ended else each.stance
        for each in found
        if each.stance is not None
    ]
    return Count(len(found), **{stance.value: said.count(stance) for stance in Stance})
