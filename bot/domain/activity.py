"""Which pods are active: heard in the last two assemblies.

Rule: that a pod sleeps lowers the quorum and nothing else. It keeps its voice, is asked like the others, is named, and is awake
as soon as it is heard (behaviour.md, section 5, "Quorum"; ADR 16).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.recurrence import Recurrence

AT_LEAST = timedelta(days=28)
"""No pod is dormant that was heard since; an assembly that meets every day makes nobody dormant in two."""


def heard_since(dates: Recurrence | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return since when a pod must have been heard to be active; `None` if all are, for want of two assemblies.

    Args:
        dates: When the assembly meets; `None` where it has not said.
        now: The moment.
        zone: The assembly's time zone.
    """
    last = dates.before(now, zone) if dates else None
    before_last = dates.before(last, zone) if dates and last else None
    return min(before_last, now - AT_LEAST) if before_last else None
