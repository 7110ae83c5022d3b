"""Counting what several pods were asked at once: each answers in its own room, and each person counts once.

Rule: somebody who is in two pods counts in the one where they answered last, so that the pods' counts add up to the whole
and nothing in the whole tells what they said in the other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from bot.domain.ballots import Ballot, Fate, Tally, Unread, count, judge, unknown
from bot.domain.polls import Poll


@dataclass(frozen=True, slots=True)
class Box:
    """What was answered in one pod.

    Args:
        ballots: All answers there.
        unread: What could not be read there and may be an answer.
        voices: Who may vote there.
    """

    ballots: tuple[Ballot, ...]
    unread: tuple[Unread, ...]
    voices: frozenset[str]


@dataclass(frozen=True, slots=True)
class Together:
    """The sum of several pods.

    Args:
        tally: Of all people, each once.
        by_box: Of each pod, in their order; the counts add up to those of `tally`.
        judged: What became of each answer.
    """

    tally: Tally
    by_box: tuple[Tally, ...]
    judged: tuple[tuple[Ballot, Fate], ...]


@dataclass(frozen=True, slots=True)
class PodPoll:
    """A pod's part in a poll of its assembly.

    Args:
        mirror_id: The poll in the pod's own room.
        voted: How many people of it counted, once the poll has closed.
        counts: What they gave each option, once the poll has closed.
        reached: Whether the question reached the pod's room before the end.
    """

    pod_room_id: str
    name: str
    mirror_id: str
    voted: int = 0
    counts: tuple[int, ...] = ()
    reached: bool = True


def is_of_two_pods(people: Collection[str], pairs: Sequence[Collection[str]]) -> bool:
    """Tell whether two people are spokes of two different pods; of an assembly's only pod, any two of its spokes.

    Args:
        people: Who agrees.
        pairs: The spokes of each pod that has any.
    """
    if len(pairs) == 1:
        return len(set(people) & set(pairs[0])) > 1
    agreed = [set(people) & set(pair) for pair in pairs]
    return any(len(one | other) > 1 and one and other for one, other in combinations(agreed, 2))


def count_together(boxes: Sequence[Box], poll: Poll, end: datetime) -> Together:
    """Add up the answers of several pods.

    Args:
        boxes: What was answered in each.
        poll: What was asked.
        end: Answers sent at this moment or later do not count.
    """
    ballots = [each for box in boxes for each in box.ballots if each.user_id in box.voices]
    unread = [each for box in boxes for each in box.unread if each.user_id in box.voices]
    voices = frozenset[str]().union(*(box.voices for box in boxes))
    unsure = unknown(ballots, unread, voices, end)
    judged = judge(ballots, voices, end, unsure)
    size = len(poll.options)
    by_box = []
    for box in boxes:
        own = {each.event_id for each in box.ballots}
        here = [(each, fate) for each, fate in judged if each.event_id in own]
        unclear = unsure & {each.user_id for each in box.unread}
        by_box.append(count(here, size, len(box.voices), len(unclear), poll.kind))
    tally = count(judged, size, len(voices), len(unsure), poll.kind)
    return Together(tally, tuple(by_box), tuple(judged))
