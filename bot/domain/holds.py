"""Holds: a spoke pauses the closing of a proposal of the assembly to ask their pod.

Rule: a hold moves an end and no stance. It lasts 72 hours at most, and a pod has one for each version, so that nobody keeps a
proposal from being decided (behaviour.md, section 5, "Hold").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

LASTS_AT_MOST = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Hold:
    """A question to a pod, for which an end waits.

    Args:
        pod_room_id: The pod that is asked.
        pod: Its name.
        user_id: The spoke who asks.
        question: Their words.
        until: When it ends by itself.
        ended_at: When the pod answered, or the hold was let go.
    """

    pod_room_id: str
    pod: str
    user_id: str
    question: str
    until: datetime
    ended_at: datetime | None = None

    @property
    def end(self) -> datetime:
        """When it ended, or will at the latest."""
        return self.ended_at or self.until

    def is_on(self, now: datetime) -> bool:
        """Tell whether the pod is still asked."""
        return self.ended_at is None and now < self.until


def closes_at(planned: datetime, holds: Iterable[Hold]) -> datetime:
    """Return when a round closes: as planned, or when the last hold has ended.

    Args:
        planned: The end without any hold.
        holds: Those of the present version.
    """
    return max([planned, *(each.end for each in holds)])
