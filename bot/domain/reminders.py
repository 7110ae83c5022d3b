"""When those who have said nothing are reminded.

Rule: at half of the time and a day before the end, each once, never both at once, and never when it is over (behaviour.md,
section 5).
"""

from __future__ import annotations

from datetime import datetime, timedelta

LAST = timedelta(hours=24)
"""How long before the end the last one is."""

APART = timedelta(hours=6)
"""How far a reminder is at least from the opening, from the end and from another one."""

MOST_NAMED = 15
"""People whom one reminder names; more are only counted."""


def moments(begin: datetime, end: datetime) -> list[datetime]:
    """Return when the silent are reminded of something that is open from one moment to another, in order."""
    half = begin + (end - begin) / 2
    if end - half < APART:
        return []
    last = end - LAST
    return [half, last] if last - half >= APART else [half]


def upcoming(begin: datetime, end: datetime, now: datetime) -> datetime | None:
    """Return the first reminder after now; `None` if there is none any more."""
    return next((at for at in moments(begin, end) if at > now), None)
