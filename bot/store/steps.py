"""Each person's last step in a room, and the numbered question the bot last asked them there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.database import Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Step:
    """Something a person did that can be taken back; `kind` names how."""

    kind: str
    payload: dict[str, Any]
    at: datetime


async def record(tx: Tx, room_id: str, user_id: str, now: datetime, kind: str, **payload: Any) -> None:
    """Remember somebody's last step; the one before can no longer be taken back."""
    await tx.run(
        "INSERT INTO steps VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET kind = excluded.kind,"
        " payload = excluded.payload, at = excluded.at",
        room_id,
        user_id,
        kind,
        json.dumps(payload),
        to_ms(now),
    )


async def last(tx: Tx, room_id: str, user_id: str) -> Step | None:
    """Return somebody's last step in a room."""
    row = await tx.one("SELECT * FROM steps WHERE room_id = ? AND user_id = ?", room_id, user_id)
    return Step(row["kind"], json.loads(row["payload"]), from_ms(row["at"])) if row else None


async def forget(tx: Tx, room_id: str, user_id: str) -> None:
    """Forget somebody's last step: it was taken back."""
    await tx.run("DELETE FROM steps WHERE room_id = ? AND user_id = ?", room_id, user_id)


@dataclass(frozen=True, slots=True)
class Question:
    """A numbered question; each choice is a whole command."""

    choices: list[str]
    asked_at: datetime


async def ask(tx: Tx, room_id: str, user_id: str, now: datetime, choices: list[str]) -> None:
    """Remember a question put to somebody; it replaces the one before."""
    await tx.run(
        "INSERT INTO questions VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET choices = excluded.choices,"
        " asked_at = excluded.asked_at",
        room_id,
        user_id,
        json.dumps(choices),
        to_ms(now),
    )


async def forget_choice(tx: Tx, room_id: str, line: str) -> None:
    """Forget the questions in a room that offer a command which would mean something else from now on."""
    await tx.run(
        "DELETE FROM questions WHERE room_id = ? AND EXISTS (SELECT 1 FROM json_each(choices) WHERE value = ?)",
        room_id,
        line,
    )


async def forget_questions(tx: Tx, before: datetime) -> None:
    """Forget questions that were put before a moment: their choices say what somebody may have meant."""
    await tx.run("DELETE FROM questions WHERE asked_at < ?", to_ms(before))


async def take_question(tx: Tx, room_id: str, user_id: str) -> Question | None:
    """Return the question put to somebody and forget it: a number answers it once."""
    row = await tx.one(
        "DELETE FROM questions WHERE room_id = ? AND user_id = ? RETURNING *", room_id, user_id
    )
    return Question(json.loads(row["choices"]), from_ms(row["asked_at"])) if row else None
