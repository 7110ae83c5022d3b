"""When handovers come, and who is likely at the next ones.

Rule: dates are counted on from the date before by the calendar of the pod's own time zone, never from the
moment a handover was really done, so that they neither drift nor jump when the clocks change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.rotation import Pair, Record, line_up, make_seed, stand


def next_handover(previous: datetime, term: timedelta, hour: time, zone: ZoneInfo) -> datetime:
    """Return the handover after another one: as many days later by the calendar, at the pod's own hour.

    Across a change of the clocks the wall-clock hour stays. An hour that the clocks skip comes as much
    later as they skip; one that comes twice is the first of the two (PEP 495, `fold=0`).
    """
    day = previous.astimezone(zone).date() + term
    return datetime.combine(day, hour, zone).astimezone(UTC)


def handover_after(
    previous: datetime, least: datetime, term: timedelta, hour: time, zone: ZoneInfo
) -> datetime:
    """Return the first handover, counted on from another one, that is later than `least`."""
    at = next_handover(previous, term, hour, zone)
    while at <= least:
        at = next_handover(at, term, hour, zone)
    return at


def handover_after_late(
    due: datetime, now: datetime, term: timedelta, hour: time, zone: ZoneInfo
) -> datetime:
    """Return the handover that follows one which was due and is done only now.

    A bot that was down for weeks does one step, not one for each date it missed: each of those would have
    sent people away who had never been asked. The dates stay on the old grid, and the next one is at least
    half a term away, so that nobody's turn is a matter of hours.
    """
    return handover_after(due, now + term / 2, term, hour, zone)


@dataclass(frozen=True, slots=True)
class Likely:
    """One handover to come.

    Args:
        at: When.
        leaver: Who leaves.
        mover: Who moves up to `speak`.
        takers: Who is likely to take a seat, by seat.
        rivals: Those whose numbers are the same, so that only the draw will tell, by seat.
    """

    at: datetime
    leaver: str | None
    mover: str | None
    takers: Mapping[str, str]
    rivals: Mapping[str, tuple[str, ...]]


def foresee(
    pair: Pair, records: Collection[Record], dates: Sequence[datetime], seed_event: str
) -> list[Likely]:
    """Return the handovers to come, if everybody who is asked accepts and nobody comes or goes.

    Args:
        pair: Who sits where, those who are being asked now counted as if they had accepted.
        records: Everybody in the line.
        dates: When the handovers will be.
        seed_event: The last message that changed the pair; exact for the first date, a guess after it.
    """
    counted = {record.user_id: record for record in records}
    found = []
    for at in dates:
        before, pair = pair, pair.hand_over()
        if before.speak in counted:
            counted[before.speak] = replace(counted[before.speak], last_turn_at=at)
        takers: dict[str, str] = {}
        rivals: dict[str, tuple[str, ...]] = {}
        for seat in pair.empty_seats:
            line = line_up(
                (
                    stand(record, at, at)
                    for record in counted.values()
                    if record.user_id not in pair.people and not record.is_new(at)
                ),
                make_seed(seed_event, at),
            )
            if not line:
                break
            taker = line[0]
            takers[seat] = taker.user_id
            rivals[seat] = tuple(item.user_id for item in line[1:] if item.rank == taker.rank)
            counted[taker.user_id] = replace(
                counted[taker.user_id], turns=taker.turns + 1, last_turn_at=None, volunteered_at=None
            )
            pair = pair.with_(seat, taker.user_id)
        found.append(Likely(at, before.speak, before.note, takers, rivals))
        if pair.speak is None and pair.note is not None:
            pair = Pair(speak=pair.note)
    return found
