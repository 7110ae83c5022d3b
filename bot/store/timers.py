"""What must happen at a time, and has not yet.

Rule: a timer is a row, so that downtime delays it and never loses it. Its key is unique: setting it
again moves it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Timer:
    """Something to do at `due`; `kind` names the use case, `payload` is what it needs."""

    key: str
    kind: str
    due: datetime
    payload: dict[str, Any]


async def put(tx: Tx, kind: str, key: str, due: datetime, **payload: Any) -> None:
    """Set or move a timer."""
    await tx.run(
        "INSERT INTO timers VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
        " kind = excluded.kind, due = excluded.due, payload = excluded.payload",
        key,
        kind,
        to_ms(due),
        json.dumps(payload),
    )
    tx.timed = True


async def drop(tx: Tx, key: str) -> None:
    """Forget a timer, if it is set."""
    await tx.run("DELETE FROM timers WHERE key = ?", key)


async def find(tx: Tx, key: str) -> Timer | None:
    """Return a timer by its key."""
    row = await tx.one("SELECT * FROM timers WHERE key = ?", key)
    return _timer(row) if row else None


async def earliest(tx: Tx) -> Timer | None:
    """Return the timer that is due first."""
    row = await tx.one("SELECT * FROM timers ORDER BY due, key LIMIT 1")
    return _timer(row) if row else None


def _timer(row: Row) -> Timer:
    return Timer(row["key"], row["kind"], from_ms(row["due"]), json.loads(row["payload"]))
