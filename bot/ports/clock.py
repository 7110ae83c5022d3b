"""The clock.

Rule: time enters the program here alone, as aware UTC; whatever decides is given the moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the moment, aware, UTC."""


class SystemClock:
    """The machine's clock, in whole milliseconds.

    The store keeps milliseconds: a finer moment would come back from it a little earlier or later than it
    went in, and "from now on" would sometimes begin after now.
    """

    def now(self) -> datetime:
        """Return the moment, aware, UTC."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass
class FixedClock:
    """A clock that stands still until it is set; for tests and for replaying."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 10, 0, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the moment, aware, UTC."""
        return self.moment
