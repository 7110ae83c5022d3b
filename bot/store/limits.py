"""How many things were taken in each window of a limit.

Rule: what is counted commits with what was done, so that a restart neither forgets nor doubles it. Windows long
past are dropped.
"""

from __future__ import annotations

from datetime import datetime

from bot.store.database import Tx, to_ms


async def taken(tx: Tx, key: str, begins: datetime) -> int:
    """Return how many were taken in a window."""
    row = await tx.one("SELECT count FROM taken WHERE key = ? AND begins = ?", key, to_ms(begins))
    return row["count"] if row else 0


async def take(tx: Tx, key: str, begins: datetime) -> int:
    """Count one more in a window; returns how many that makes."""
    row = await tx.one(
        "INSERT INTO taken VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count",
        key,
        to_ms(begins),
    )
    assert row is not None  # noqa: S101 - it was just written
    return int(row["count"])


async def forget_before(tx: Tx, moment: datetime) -> None:
    """Drop windows that began before a moment."""
    await tx.run("DELETE FROM taken WHERE begins < ?", to_ms(moment))
