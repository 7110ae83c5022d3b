"""A store in memory, on the thread of whoever asks: for tests of what is said, not of the file.

It is the same SQLite, with the same statements and rules; what is left out is the file and the visits to another thread,
which cost such a test more than what it is about.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.store.database import Database
from tests import new_store

_made: list[bytes] = []


class AtOnce:
    """What `Database` asks of a connection with a thread of its own, answered without one."""

    def __init__(self, plain: sqlite3.Connection) -> None:
        self._plain = plain

    async def execute(self, sql: str) -> sqlite3.Cursor:
        return self._plain.execute(sql)

    async def close(self) -> None:
        self._plain.close()


async def open_new() -> Database:
    """Return an empty database of the newest schema."""
    if not _made:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "new.db"
            await new_store.lay(path)
            with closing(sqlite3.connect(path)) as file:
                file.execute("PRAGMA journal_mode=DELETE")  # memory has no write-ahead log
            _made.append(path.read_bytes())
    plain = _connect()
    plain.deserialize(_made[0])
    return _opened(plain)


def open_copy(template: Path) -> Database:
    """Return a database of its own that begins with what a file holds."""
    plain = _connect()
    with closing(sqlite3.connect(template)) as source:
        source.backup(plain)
    return _opened(plain)


def keep_copy(database: Database, template: Path) -> None:
    """Write what a database holds into a file for `open_copy`."""
    with closing(sqlite3.connect(template)) as copy:
        database._statements.backup(copy)


def contents(database: Database) -> bytes:
    """Return what a database holds, for `put_back`."""
    return database._statements.serialize()


def put_back(database: Database, content: bytes) -> None:
    """Let a database hold what another did."""
    database._statements.deserialize(content)
    _set_up(database._statements)


def _connect() -> sqlite3.Connection:
    plain = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    plain.row_factory = sqlite3.Row
    return plain


def _opened(plain: sqlite3.Connection) -> Database:
    _set_up(plain)
    return Database(AtOnce(plain), plain)  # type: ignore[arg-type]  # as much of it as a database needs


def _set_up(plain: sqlite3.Connection) -> None:
    plain.execute("PRAGMA foreign_keys=ON")
    plain.execute("PRAGMA secure_delete=ON")
