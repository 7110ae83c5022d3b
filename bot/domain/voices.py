"""Who may approve a summary: the pair of a pod, or spokes of two different pods in their assembly.

Rule (behaviour.md, section 3): in a pod both spokes type `ok`; with one seat empty, the one spoke and any other
member. In an assembly spokes of two different pods do, and one person is one, however many pods they speak for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from bot.domain.errors import Conflict, NotAllowed
from bot.domain.values import Code

APPROVERS = 2


class Voices(Protocol):
    """Who may approve at this moment."""

    def counted(self, users: Collection[str]) -> dict[str, str]:
        """Return whose oks count, two at most, and the pod each counts for."""

    def check(self, summary_id: str, users: Collection[str], user_id: str) -> None:
        """Check that somebody's ok would count beside those of `users`.

        Raises:
            NotAllowed: They may not approve.
            Conflict: Another person's ok is what is still needed.
        """


@dataclass(frozen=True, slots=True)
class PodVoices:
    """The people of a pod.

    Args:
        pod: Its name.
        pair: The user ids in the filled seats.
        members: The user ids with a voice in its room; a seat of somebody else counts as empty.
    """

    pod: str
    pair: frozenset[str]
    members: frozenset[str]

    @property
    def spokes(self) -> frozenset[str]:
        """The seated people who are here."""
        return self.pair & self.members

    def counted(self, users: Collection[str]) -> dict[str, str]:
        """Return the spokes' oks and, with one seat empty, one other member's."""
        found = [user for user in users if user in self.spokes]
        if len(self.spokes) == 1:
            found += [user for user in users if user in self.members - self.spokes][:1]
        return dict.fromkeys(found, self.pod)

    def check(self, summary_id: str, users: Collection[str], user_id: str) -> None:
        """Check that somebody's ok would count; see `Voices.check`."""
        if user_id not in self.counted([user_id]):
            raise NotAllowed(
                "{id} needs the ok of a spoke of {pod}. {show} shows who they are.",
                id=summary_id,
                pod=self.pod,
                show=Code("!spokes"),
            )
        if len(self.counted([*users, user_id])) <= len(self.counted(users)):
            raise Conflict("The ok of one member is counted for {id}; it needs the spoke's.", id=summary_id)


@dataclass(frozen=True, slots=True)
class AssemblyVoices:
    """The spokes in an assembly's room.

    Args:
        pods: The names of the pods each of them speaks for, by user id.
    """

    pods: Mapping[str, frozenset[str]]

    def counted(self, users: Collection[str]) -> dict[str, str]:
        """Return two people's oks for two different pods, or one person's."""
        speaking = [user for user in users if self.pods.get(user)]
        for first, second in combinations(speaking, APPROVERS):
            for pod in sorted(self.pods[first]):
                if others := sorted(self.pods[second] - {pod}):
                    return {first: pod, second: others[0]}
        return {user: min(self.pods[user]) for user in speaking[:1]}

    def check(self, summary_id: str, users: Collection[str], user_id: str) -> None:
        """Check that somebody's ok would count; see `Voices.check`."""
        if user_id not in self.counted([user_id]):
            raise NotAllowed(
                "{id} needs the ok of a spoke. {show} shows who they are.",
                id=summary_id,
                show=Code("!assembly"),
            )
        if len(self.counted([*users, user_id])) <= len(self.counted(users)):
            pod = next(iter(self.counted(users).values()))
            raise Conflict(
                "A spoke of {pod} has said ok to {id}; it needs a spoke of another pod.",
                pod=pod,
                id=summary_id,
            )
