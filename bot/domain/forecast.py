"""Who is likely at the next handovers, and whose turn is moved by what happens.

Rule: what is foreseen is what comes to pass if everybody who is asked accepts, so that people can plan; and
who was told a date hears when it is another one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.absences import Absence, missing
from bot.domain.rotation import Pair, Record, line_up, make_seed, stand
from bot.domain.tags import first_fit


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
    pair: Pair,
    records: Collection[Record],
    dates: Sequence[datetime],
    seed_event: str,
    absences: Collection[Absence] = (),
    tagged: Collection[str] | None = None,
) -> list[Likely]:
    """Return the handovers to come, if everybody who is asked accepts and nobody comes or goes.

    Args:
        pair: Who sits where, those who are being asked now counted as if they had accepted.
        records: Everybody in the line.
        dates: When the handovers will be.
        seed_event: The last message that changed the pair; exact for the first date, a guess after it.
        absences: When people are away.
        tagged: Who has the tag of the pod's rule for its pair, if it has one.
    """
    counted = {record.user_id: record for record in records}
    found = []
    for at, following in zip(dates, [*dates[1:], *dates[-1:]], strict=True):
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
                    if record.user_id not in pair.people
                    and not record.is_new(at)
                    and missing(absences, record.user_id, at, following) is None
                ),
                make_seed(seed_event, at),
            )
            if not line:
                break
            # as `fill` does: a tag puts nobody who has just served before the others
            line = [item for item in line if not item.resting] or line
            wanted = first_fit([item.user_id for item in line], tagged, pair.people)
            taker = next(item for item in line if item.user_id == wanted)
            if tagged is not None and wanted in tagged and set(tagged).isdisjoint(pair.people):
                line = [item for item in line if item.user_id in tagged]
            takers[seat] = taker.user_id
            rivals[seat] = tuple(item.user_id for item in line if item != taker and item.rank == taker.rank)
            counted[taker.user_id] = replace(
                counted[taker.user_id], turns=taker.turns + 1, last_turn_at=None, volunteered_at=None
            )
            pair = pair.with_(seat, taker.user_id)
        found.append(Likely(at, before.speak, before.note, takers, rivals))
        if pair.speak is None and pair.note is not None:
            pair = Pair(speak=pair.note)
    return found


def first_turns(likely: Sequence[Likely], most: int) -> dict[str, tuple[int, datetime]]:
    """Return, for everybody who is likely at some handover, which one is their first and when it is.

    Args:
        likely: The handovers to come.
        most: How many of them are looked at.
    """
    found: dict[str, tuple[int, datetime]] = {}
    for place, item in enumerate(likely[:most]):
        for user_id in item.takers.values():
            found.setdefault(user_id, (place, item.at))
    return found


def moved(
    before: Mapping[str, tuple[int, datetime]], after: Mapping[str, tuple[int, datetime]], ahead: int
) -> dict[str, datetime | None]:
    """Return whose turn has moved, with the new date, or `None` where none is in sight.

    Args:
        before: First turns as they were.
        after: First turns as they are.
        ahead: How many handovers people are shown; what moves only behind them is nobody's news.
    """
    found: dict[str, datetime | None] = {}
    for user_id in {**before, **after}:
        was, is_ = before.get(user_id), after.get(user_id)
        near = any(turn is not None and turn[0] < ahead for turn in (was, is_))
        if near and (was and was[1]) != (is_ and is_[1]):
            found[user_id] = is_[1] if is_ else None
    return found
