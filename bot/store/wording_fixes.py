"""Changes of wording that wait to take effect. Rule: a proposal has one at a time."""

from __future__ import annotations

from bot.domain.wording import Fix
from bot.store.database import Tx, from_ms, to_ms


async def add(tx: Tx, proposal_id: str, fix: Fix) -> None:
    """Keep one."""
    await tx.run("INSERT INTO wording_fixes VALUES (?, ?, ?)", proposal_id, fix.text, to_ms(fix.due))


async def find(tx: Tx, proposal_id: str) -> Fix | None:
    """Return the one that waits."""
    row = await tx.one("SELECT * FROM wording_fixes WHERE proposal_id = ?", proposal_id)
    return Fix(row["text"], from_ms(row["due"])) if row else None


async def drop(tx: Tx, proposal_id: str) -> bool:
    """Forget it; `False` if none waits."""
    return await tx.run("DELETE FROM wording_fixes WHERE proposal_id = ?", proposal_id) == 1
