"""Draws and the asking that follows them: who was compared with what numbers, who was asked and answered.

Rule: a draw is kept as it was, so that `!spokes why` prints the numbers it compared and not those of today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from bot.domain.rotation import Standing
from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Round:
    """One draw and its asking.

    Args:
        kind: `draw` (somebody typed it), `handover` or `vacancy` (a spoke left).
        seed: The seed of its draw.
        told_empty: Whether it was said that nobody is left to ask.
    """

    id: int
    pod_room_id: str
    kind: str
    seed: str
    began_at: datetime
    told_empty: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody asked to take a seat; `answer` is `accepted`, `passed`, `silent`, `withdrawn`, or `None` yet."""

    id: int
    round_id: int
    seat: str
    user_id: str
    answer_by: datetime
    answer: str | None


async def begin(
    tx: Tx,
    pod_room_id: str,
    kind: str,
    seed: str,
    now: datetime,
    line: Sequence[Standing],
    aside: Sequence[tuple[Standing, str]],
) -> Round:
    """Keep a new round with the numbers it compares.

    Args:
        tx: The open transaction.
        pod_room_id: The pod.
        kind: `draw`, `handover` or `vacancy`.
        seed: The seed of its draw.
        now: The moment.
        line: The line, in order.
        aside: Those outside the line, with why: `seated` or `new`.
    """
    round_id = await tx.insert(
        "INSERT INTO rounds (pod_room_id, kind, seed, began_at) VALUES (?, ?, ?, ?)",
        pod_room_id,
        kind,
        seed,
        to_ms(now),
    )
    placed = [(item, place, None) for place, item in enumerate(line, 1)]
    await tx.run_many(
        "INSERT INTO standings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                round_id,
                item.user_id,
                place,
                why,
                str(item.turns),
                str(item.weeks),
                to_ms(item.last_turn_at) if item.last_turn_at else None,
                item.resting,
            )
            for item, place, why in [*placed, *((item, None, why) for item, why in aside)]
        ],
    )
    return Round(round_id, pod_room_id, kind, seed, now, told_empty=False)


async def latest(tx: Tx, pod_room_id: str) -> Round | None:
    """Return a pod's last round."""
    row = await tx.one("SELECT * FROM rounds WHERE pod_room_id = ? ORDER BY id DESC LIMIT 1", pod_room_id)
    return _round(row) if row else None


async def find(tx: Tx, round_id: int) -> Round | None:
    """Return a round by its id."""
    row = await tx.one("SELECT * FROM rounds WHERE id = ?", round_id)
    return _round(row) if row else None


async def handed_over_at(tx: Tx, pod_room_id: str) -> datetime | None:
    """Return when a pod's last handover began."""
    row = await tx.one(
        "SELECT max(began_at) AS at FROM rounds WHERE pod_room_id = ? AND kind = 'handover'", pod_room_id
    )
    return from_ms(row["at"]) if row and row["at"] is not None else None


async def set_told_empty(tx: Tx, round_id: int, told: bool) -> None:
    """Note whether it was said that nobody is left to ask."""
    await tx.run("UPDATE rounds SET told_empty = ? WHERE id = ?", told, round_id)


async def line(tx: Tx, round_id: int) -> list[Standing]:
    """Return the line of a round, in order."""
    rows = await tx.all(
        "SELECT * FROM standings WHERE round_id = ? AND place IS NOT NULL ORDER BY place", round_id
    )
    return [_standing(row) for row in rows]


async def aside(tx: Tx, round_id: int) -> list[tuple[Standing, str]]:
    """Return those outside the line of a round, with why."""
    rows = await tx.all(
        "SELECT * FROM standings WHERE round_id = ? AND place IS NULL ORDER BY user_id", round_id
    )
    return [(_standing(row), row["aside"]) for row in rows]


async def add_ask(
    tx: Tx, round_id: int, seat: str, user_id: str, answer_by: datetime, answer: str | None = None
) -> Ask:
    """Keep a new ask."""
    ask_id = await tx.insert(
        "INSERT INTO asks (round_id, seat, user_id, answer_by, answer) VALUES (?, ?, ?, ?, ?)",
        round_id,
        seat,
        user_id,
        to_ms(answer_by),
        answer,
    )
    return Ask(ask_id, round_id, seat, user_id, answer_by, answer)


async def answer(tx: Tx, ask_id: int, word: str) -> None:
    """Note how an ask was answered, or that it ended without an answer."""
    await tx.run("UPDATE asks SET answer = ? WHERE id = ?", word, ask_id)


async def asks(tx: Tx, round_id: int) -> list[Ask]:
    """Return the asks of a round, in order."""
    rows = await tx.all("SELECT * FROM asks WHERE round_id = ? ORDER BY id", round_id)
    return [_ask(row) for row in rows]


async def find_ask(tx: Tx, ask_id: int) -> Ask | None:
    """Return an ask by its id."""
    row = await tx.one("SELECT * FROM asks WHERE id = ?", ask_id)
    return _ask(row) if row else None


async def pending(tx: Tx, pod_room_id: str) -> list[Ask]:
    """Return the asks of a pod that wait for an answer, `speak` first."""
    rows = await tx.all(
        "SELECT a.* FROM asks a JOIN rounds r ON r.id = a.round_id"
        " WHERE r.pod_room_id = ? AND a.answer IS NULL ORDER BY a.seat DESC",
        pod_room_id,
    )
    return [_ask(row) for row in rows]


def _round(row: Row) -> Round:
    return Round(
        row["id"],
        row["pod_room_id"],
        row["kind"],
        row["seed"],
        from_ms(row["began_at"]),
        bool(row["told_empty"]),
    )


def _standing(row: Row) -> Standing:
    return Standing(
        row["user_id"],
        Fraction(row["turns"]),
        Fraction(row["weeks"]),
        from_ms(row["last_turn_at"]) if row["last_turn_at"] is not None else None,
        bool(row["resting"]),
    )


def _ask(row: Row) -> Ask:
    return Ask(
        row["id"], row["round_id"], row["seat"], row["user_id"], from_ms(row["answer_by"]), row["answer"]
    )
