"""Hours in which the bot wakes nobody.

Rule: what the bot begins by itself waits until they are over; what somebody types is answered at any hour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_HOURS = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|—|\.\.+|…|\bto\b|\buntil\b)\s*(\d{1,2})(?:[:.](\d{2}))?"
)
NEVER = ("off", "none", "never", "no")


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours on the wall clock; they may go over midnight. Where both ends are the same there are none."""

    begin: time
    end: time

    @classmethod
    def read(cls, text: str) -> Quiet:
        """Return the hours that were typed: `22:00-8:00`, `22-8`, `off`.

        Raises:
            ValueError: It is not understood.
        """
        words = text.strip().lower()
        if words in NEVER:
            return cls(time(0), time(0))
        match = _HOURS.fullmatch(words)
        if not match:
            raise ValueError(text)
        begin, end = time(int(match[1]), int(match[2] or 0)), time(int(match[3]), int(match[4] or 0))
        if begin == end:
            raise ValueError(text)
        return cls(begin, end)

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}" if self.begin != self.end else "off"

    def covers(self, hour: time) -> bool:
        """Tell whether a wall-clock time is in them."""
        if self.begin <= self.end:
            return self.begin <= hour < self.end
        return hour >= self.begin or hour < self.end

    def wake(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return a moment, or the end of the quiet hours it is in."""
        local = at.astimezone(zone)
        if not self.covers(local.time()):
            return at
        later = timedelta(days=1) if self.begin > self.end and local.time() >= self.begin else timedelta(0)
        end = datetime.combine(local.date() + later, self.end, zone).astimezone(UTC)
        # where the clocks go back, the end comes twice: the later one
        return (
            end
            if end > at
            else datetime.combine(local.date() + later, self.end, zone).replace(fold=1).astimezone(UTC)
        )
