"""Hands out the numbers of short ids. Rule: a number is used once, even if what it named was undone."""

from bot.store.database import Tx


async def next_id(tx: Tx, letter: str) -> str:
    """Return the next id of a letter, such as `P12`."""
    row = await tx.one(
        "INSERT INTO counters VALUES (?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last", letter
    )
    assert row is not None  # noqa: S101 - RETURNING always returns
    return f"{letter}{row['last']}"
