"""The pair of each pod, the line behind it, and past turns.

Rule: past turns are never rewritten. A turn that is over is changed by nobody; only one that has just
begun can be taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from bot.domain.rotation import Pair, Record
from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Seat:
    """A filled seat of a pod; `name` is `speak` or `note`."""

    pod_room_id: str
    name: str
    user_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Rotation:
    """The dates of a pod whose first pair was drawn.

    Args:
        previous_at, next_at: Handovers as they were due; before the first one, the first draw.
        last_event: The last message that changed the pair.
        handovers: How many there were.
        stayed: Whether nobody left at the last one.
    """

    id: int
    pod_room_id: str
    previous_at: datetime
    next_at: datetime
    last_event: str
    handovers: int
    stayed: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn; `end` is `handover`, `left`, `recalled` or `swapped`, or `None` while it runs."""

    id: int
    user_id: str
    began_at: datetime
    ended_at: datetime | None
    end: str | None


async def seated(tx: Tx, pod_room_id: str) -> list[Seat]:
    """Return a pod's filled seats, `speak` first."""
    rows = await tx.all("SELECT * FROM seats WHERE pod_room_id = ? ORDER BY seat DESC", pod_room_id)
    return [Seat(row["pod_room_id"], row["seat"], row["user_id"], from_ms(row["since"])) for row in rows]


async def pair(tx: Tx, pod_room_id: str) -> Pair:
    """Return who sits where in a pod."""
    return Pair(**{seat.name: seat.user_id for seat in await seated(tx, pod_room_id)})


async def set_pair(tx: Tx, pod_room_id: str, after: Pair, now: datetime) -> None:
    """Make a pod's seats those of a pair; who keeps a seat keeps its date."""
    before = await pair(tx, pod_room_id)
    for seat in ("speak", "note"):
        if before.holder(seat) == after.holder(seat):
            continue
        await tx.run("DELETE FROM seats WHERE pod_room_id = ? AND seat = ?", pod_room_id, seat)
        if after.holder(seat) is not None:
            await tx.run(
                "INSERT INTO seats VALUES (?, ?, ?, ?)", pod_room_id, seat, after.holder(seat), to_ms(now)
            )


async def begin_rotation(
    tx: Tx, pod_room_id: str, now: datetime, next_at: datetime, event_id: str
) -> Rotation:
    """Note that a pod's first pair is being drawn."""
    await tx.run(
        "INSERT INTO rotations (pod_room_id, previous_at, next_at, last_event) VALUES (?, ?, ?, ?)",
        pod_room_id,
        to_ms(now),
        to_ms(next_at),
        event_id,
    )
    found = await rotation(tx, pod_room_id)
    assert found is not None  # noqa: S101 - it was inserted above
    return found


async def rotation(tx: Tx, pod_room_id: str) -> Rotation | None:
    """Return a pod's dates, once its first pair was drawn."""
    row = await tx.one("SELECT * FROM rotations WHERE pod_room_id = ?", pod_room_id)
    return _rotation(row) if row else None


async def rotation_by_id(tx: Tx, rotation_id: int) -> Rotation | None:
    """Return a pod's dates by their id, which stays when the room is upgraded."""
    row = await tx.one("SELECT * FROM rotations WHERE id = ?", rotation_id)
    return _rotation(row) if row else None


async def set_dates(tx: Tx, rotation_id: int, previous_at: datetime, next_at: datetime) -> None:
    """Move a pod's handovers."""
    await tx.run(
        "UPDATE rotations SET previous_at = ?, next_at = ? WHERE id = ?",
        to_ms(previous_at),
        to_ms(next_at),
        rotation_id,
    )


async def count_handover(tx: Tx, rotation_id: int, *, stayed: bool) -> None:
    """Note that a handover has come, and whether the pair stayed."""
    await tx.run(
        "UPDATE rotations SET handovers = handovers + 1, stayed = ? WHERE id = ?", stayed, rotation_id
    )


async def set_last_event(tx: Tx, pod_room_id: str, event_id: str) -> None:
    """Note the last message that changed the pair."""
    await tx.run("UPDATE rotations SET last_event = ? WHERE pod_room_id = ?", event_id, pod_room_id)


# -- the line --------------------------------------------------------------------------------------


async def records(tx: Tx, pod_room_id: str) -> list[Record]:
    """Return everybody in a pod's line, those in a seat too."""
    return [
        _record(row, from_ms(row["since"]))
        for row in await _counted(tx, pod_room_id)
        if row["since"] is not None
    ]


async def records_of(tx: Tx, pod_room_id: str, user_ids: Collection[str]) -> list[Record]:
    """Return what is counted for some people who are or were in the line; out of it, as if they came in now."""
    return [
        _record(row, from_ms(row["since"] or row["drawn_from"]))
        for row in await _counted(tx, pod_room_id)
        if row["user_id"] in user_ids
    ]


async def _counted(tx: Tx, pod_room_id: str) -> list[Row]:
    # a turn handed on in a swap is counted for who took it over
    return await tx.all(
        "SELECT l.*, count(t.id) AS turns, max(t.ended_at) AS last_turn_at FROM lines l"
        " LEFT JOIN turns t ON t.pod_room_id = l.pod_room_id AND t.user_id = l.user_id AND t.end IS NOT 'swapped'"
        " WHERE l.pod_room_id = ? GROUP BY l.user_id ORDER BY l.user_id",
        pod_room_id,
    )


async def line_entries(tx: Tx, pod_room_id: str) -> dict[str, tuple[Fraction, datetime | None]]:
    """Return everybody who is or was in a pod's line: weeks available before, and since when in it again."""
    rows = await tx.all("SELECT * FROM lines WHERE pod_room_id = ?", pod_room_id)
    return {row["user_id"]: (Fraction(row["weeks_before"]), _moment(row["since"])) for row in rows}


async def enter_line(tx: Tx, pod_room_id: str, entries: Iterable[Record]) -> None:
    """Put people into the line with the turns and weeks they start with."""
    await tx.run_many(
        "INSERT INTO lines (pod_room_id, user_id, since, turns_before, weeks_before, drawn_from)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                pod_room_id,
                entry.user_id,
                to_ms(entry.since),
                str(entry.turns),
                str(entry.weeks_before),
                to_ms(entry.drawn_from),
            )
            for entry in entries
        ],
    )


async def set_available(
    tx: Tx, pod_room_id: str, user_id: str, weeks: Fraction, since: datetime | None
) -> None:
    """Put somebody back into the line, or out of it where `since` is `None`; an offer of theirs ends then."""
    await tx.run(
        "UPDATE lines SET since = ?1, weeks_before = ?2,"
        " volunteered_at = CASE WHEN ?1 IS NULL THEN NULL ELSE volunteered_at END"
        " WHERE pod_room_id = ?3 AND user_id = ?4",
        to_ms(since) if since else None,
        str(weeks),
        pod_room_id,
        user_id,
    )


async def set_volunteered(tx: Tx, pod_room_id: str, user_id: str, at: datetime | None) -> None:
    """Note that somebody volunteers, or that it was answered or taken back."""
    await tx.run(
        "UPDATE lines SET volunteered_at = ? WHERE pod_room_id = ? AND user_id = ?",
        to_ms(at) if at else None,
        pod_room_id,
        user_id,
    )


# -- turns -----------------------------------------------------------------------------------------


async def begin_turn(tx: Tx, pod_room_id: str, user_id: str, now: datetime) -> int:
    """Begin somebody's turn and return its id."""
    return await tx.insert(
        "INSERT INTO turns (pod_room_id, user_id, began_at) VALUES (?, ?, ?)",
        pod_room_id,
        user_id,
        to_ms(now),
    )


async def end_turn(tx: Tx, pod_room_id: str, user_id: str, now: datetime, end: str) -> None:
    """End somebody's running turn."""
    await tx.run(
        "UPDATE turns SET ended_at = ?, end = ? WHERE pod_room_id = ? AND user_id = ? AND ended_at IS NULL",
        to_ms(now),
        end,
        pod_room_id,
        user_id,
    )


async def take_up_turn(tx: Tx, pod_room_id: str, user_id: str) -> None:
    """Let the turn go on that somebody handed on a moment ago; it is as if it had never ended."""
    await tx.run(
        "UPDATE turns SET ended_at = NULL, end = NULL WHERE id = (SELECT max(id) FROM turns"
        " WHERE pod_room_id = ? AND user_id = ? AND end = 'swapped')",
        pod_room_id,
        user_id,
    )


async def take_back_turn(tx: Tx, turn_id: int) -> bool:
    """Take back a turn that has just begun; `False` if it is over."""
    return await tx.run("DELETE FROM turns WHERE id = ? AND ended_at IS NULL", turn_id) == 1


async def turns(tx: Tx, pod_room_id: str) -> list[Turn]:
    """Return every turn of a pod, the first one first."""
    rows = await tx.all("SELECT * FROM turns WHERE pod_room_id = ? ORDER BY began_at, id", pod_room_id)
    return [
        Turn(row["id"], row["user_id"], from_ms(row["began_at"]), _moment(row["ended_at"]), row["end"])
        for row in rows
    ]


async def membership(tx: Tx, room_id: str, user_id: str) -> str | None:
    """Return what the server last showed of somebody in a room, such as `join` or `invite`."""
    row = await tx.one("SELECT membership FROM members WHERE room_id = ? AND user_id = ?", room_id, user_id)
    return row["membership"] if row else None


def _record(row: Row, since: datetime) -> Record:
    return Record(
        row["user_id"],
        Fraction(row["turns_before"]) + row["turns"],
        Fraction(row["weeks_before"]),
        since,
        _moment(row["last_turn_at"]),
        from_ms(row["drawn_from"]),
        _moment(row["volunteered_at"]),
    )


def _rotation(row: Row) -> Rotation:
    return Rotation(
        row["id"],
        row["pod_room_id"],
        from_ms(row["previous_at"]),
        from_ms(row["next_at"]),
        row["last_event"],
        row["handovers"],
        bool(row["stayed"]),
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return from_ms(milliseconds) if milliseconds is not None else None
