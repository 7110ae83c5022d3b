"""When the handovers of a pod come: every so many days at its own hour, or at the end of each assembly.

Rule: dates are counted on from the date before by the wall clock, never from the moment a handover was really
done, so that they neither drift nor jump when the clocks change, and never fall into the pod's quiet hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.quiet import Quiet
from bot.domain.recurrence import LASTS, Recurrence


def next_handover(previous: datetime, term: timedelta, hour: time, zone: ZoneInfo) -> datetime:
    """Return the handover after another one: as many days later by the calendar, at the pod's own hour.

    Across a change of the clocks the wall-clock hour stays. An hour that the clocks skip comes as much
    later as they skip; one that comes twice is the first of the two (PEP 495, `fold=0`).
    """
    day = previous.astimezone(zone).date() + term
    return datetime.combine(day, hour, zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The dates of a pod's handovers.

    Args:
        term: The days between two handovers, where they do not follow the assembly.
        hour: Their wall-clock time then.
        zone: The pod's.
        quiet: The pod's quiet hours.
        meets: When the assembly meets and in which zone, if the handovers follow it.
    """

    term: timedelta
    hour: time
    zone: ZoneInfo
    quiet: Quiet
    meets: tuple[Recurrence, ZoneInfo] | None = None

    def after(self, previous: datetime) -> datetime:
        """Return the handover after another one."""
        if self.meets is None:
            # on the same day, or each date would push the next one further
            hour = self.quiet.end if self.quiet.covers(self.hour) else self.hour
            return next_handover(previous, self.term, hour, self.zone)
        dates, zone = self.meets
        # the pair that prepared an assembly also sits in it: the handover is when it is over
        meeting = dates.after(previous - LASTS - timedelta(days=1), zone)
        while (at := self.quiet.wake(meeting + LASTS, self.zone)) <= previous:
            meeting = dates.after(meeting, zone)
        return at

    def after_least(self, previous: datetime, least: datetime) -> datetime:
        """Return the first handover, counted on from another one, that is later than `least`."""
        at = self.after(previous)
        while at <= least:
            at = self.after(at)
        return at

    def after_late(self, due: datetime, now: datetime) -> datetime:
        """Return the handover that follows one which was due and is done only now.

        A bot that was down for weeks does one step, not one for each date it missed: each of those would have
        sent people away who had never been asked. The dates stay on the old grid, and the next one is at least
        half a term away, so that nobody's turn is a matter of hours.
        """
        return self.after_least(due, now + (self.after(due) - due) / 2)
