"""Whose identity is whose, as last seen and as last trusted.

Rule: a master key is trusted because it was the first, or because another person confirmed it; never because the
server shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from bot.ports import IdentitySeen
from bot.store.database import Row, Tx


@dataclass(frozen=True, slots=True)
class Identity:
    """What is kept of somebody's identity.

    Args:
        master: The public master key last seen; `None` for somebody who never had one.
        trusted: The one their words are counted under.
        devices: How many devices they have.
        signed: How many of these the identity has signed.
    """

    user_id: str
    master: str | None
    trusted: str | None
    devices: int
    signed: int

    @property
    def is_doubted(self) -> bool:
        """Whether it has changed and nobody has confirmed it."""
        return self.master != self.trusted


async def find(tx: Tx, user_id: str) -> Identity | None:
    """Return what is known of one person."""
    return (await known(tx, [user_id])).get(user_id)


async def known(tx: Tx, user_ids: Iterable[str]) -> dict[str, Identity]:
    """Return what is known of these people."""
    rows = await tx.all(
        "SELECT * FROM identities WHERE user_id IN (SELECT value FROM json_each(?))",
        json.dumps(list(user_ids)),
    )
    return {row["user_id"]: _identity(row) for row in rows}


async def save(tx: Tx, seen: IdentitySeen, trusted: str | None) -> None:
    """Keep what was seen, and which master key their words are counted under."""
    await tx.run(
        "INSERT OR REPLACE INTO identities (user_id, master, trusted, devices, signed) VALUES (?, ?, ?, ?, ?)",
        seen.user_id,
        seen.master,
        trusted,
        seen.devices,
        seen.signed,
    )


async def trust(tx: Tx, user_id: str) -> None:
    """Trust the master key that is shown now."""
    await tx.run("UPDATE identities SET trusted = master WHERE user_id = ?", user_id)


def _identity(row: Row) -> Identity:
    return Identity(row["user_id"], row["master"], row["trusted"], row["devices"], row["signed"])
