"""What a calendar file is made of: things that happen at a time, each under a name that stays.

Rule: no person's name and nobody's words go into a calendar file, for it ends up in calendars on other servers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a calendar.

    Args:
        key: What it is, the same when it is moved: `handover.7`, `assembly`, `P3`.
        title: In the room's language.
        rule: An `RRULE`, for what comes again; then the times are wall-clock ones of `zone`.
    """

    key: str
    title: str
    begins: datetime
    ends: datetime
    rule: str = ""
    zone: ZoneInfo | None = None

    @property
    def content(self) -> str:
        """Everything that makes it another one when it changes."""
        zone = self.zone.key if self.zone else ""
        return f"{self.begins.isoformat()} {self.ends.isoformat()} {zone} {self.rule} {self.title}"


@dataclass(frozen=True, slots=True)
class Dated:
    """An entry as it goes into a file.

    Args:
        uid: Its name for calendars, for ever.
        sequence: How often it was changed.
        entry: `None` where it was taken back.
    """

    uid: str
    sequence: int
    entry: Entry | None
