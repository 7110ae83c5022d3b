"""A store in memory, on the thread of whoever asks: for tests that take thousands of steps.

It is the same SQLite, with the same statements and rules; what is left out is the file and the visits to another thread,
which cost such a test more than what it is about.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bot.store.database import Database


class AtOnce:
    """What `Database` asks of a connection with a thread of its own, answered without one."""

    def __init__(self, plain: sqlite3.Connection) -> None:
        self._plain = plain

    async def execute(self, sql: str) -> sqlite3.Cursor:
        return self._plain.execute(sql)

    async def close(self) -> None:
        self._plain.close()


def open_copy(template: Path) -> Database:
    """Return a database of its own that begins with what a file holds."""
    plain = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    plain.row_factory = sqlite3.Row
    source = sqlite3.connect(template)
    source.backup(plain)
    source.close()
    plain.execute("PRAGMA foreign_keys=ON")
    return Database(AtOnce(plain), plain)  # type: ignore[arg-type]  # as much of it as a database needs
