"""One SQLite connection, and one transaction at a time on it.

Rule: everything a step decides — effects, messages to say, the sync token — commits together or not
at all. WAL with `synchronous=NORMAL` is enough for that: a power cut takes them back together, the
server replays the events, and fixed transaction ids swallow what had been sent.

A statement runs where it is asked for: it takes some microseconds, and to hand it to a thread and wait for that takes
a hundred. What may have to wait for the disk or for another process, beginning and committing, is done in a thread
(docs/adr/0013-statements-on-the-loop.md).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import aiosqlite

from bot.domain.errors import StoreError
from bot.store import migrate
from bot.store.disk import Disk, check_writable, disk_fault

Row = aiosqlite.Row
FILE = "spokesbot.db"
"""Its name in the data folder."""
CACHE = -512
"""How much of a file SQLite keeps itself, in KiB; the sign is its own. The system keeps the whole file in memory already, and
SQLite's usual 2 MB of each of the two files made nothing faster (measured with 500 rooms)."""
AT_A_STRETCH = 0.01
"""Seconds of one transaction after which the loop turns."""


def to_ms(moment: datetime) -> int:
    """Return milliseconds since 1970 (UTC), which is how the store keeps time."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """Return the aware UTC moment of a stored time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class _Noting:
    """Tells the disk what a statement failed with; one is entered for every statement, so it is made once.

    Args:
        disk: What it tells.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __enter__(self) -> None:
        # a full disk may have ended the transaction already; what came after would be kept by itself
        self._disk.check()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            self._disk.note(error)


class Tx:
    """An open transaction.

    Args:
        connection: The connection it runs on.
        cause: What made this step happen (an event id, a timer's key). Transaction ids of everything
            queued are derived from it, so that the same step done again queues the same rows.
        disk: What it is told when a statement fails.
    """

    def __init__(self, connection: sqlite3.Connection, cause: str, disk: Disk) -> None:
        self._connection = connection
        self._noting = _Noting(disk)
        self.queued = False
        self.timed = False
        self.wanted = False
        self._breathed_at = perf_counter()
        self.afterwards: list[Callable[[], None]] = []
        """What is to be called once it is committed, and not at all if it is not."""
        self.caused_by(cause)

    def caused_by(self, cause: str) -> None:
        """Begin another step within the same transaction."""
        self.cause = cause
        self._said = 0

    def next_txn_id(self) -> str:
        """Return the transaction id of the next thing this step says."""
        self._said += 1
        return f"{self.cause}.{self._said}"

    async def run(self, sql: str, *values: Any) -> int:
        """Execute a statement and return how many rows it changed."""
        return (await self._execute(sql, values)).rowcount

    async def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement once for each row of values."""
        if rows:
            await self._breathe()
            with self._noting:
                self._connection.executemany(sql, rows)

    async def insert(self, sql: str, *values: Any) -> int:
        """Execute an insert and return the new row id."""
        made = (await self._execute(sql, values)).lastrowid
        assert made is not None  # noqa: S101 - sqlite always has one after an insert
        return made

    async def one(self, sql: str, *values: Any) -> Row | None:
        """Return the first row, if there is one."""
        cursor = await self._execute(sql, values)
        with self._noting:
            found: Row | None = cursor.fetchone()
        return found

    async def all(self, sql: str, *values: Any) -> list[Row]:
        """Return every row."""
        cursor = await self._execute(sql, values)
        with self._noting:
            return cursor.fetchall()

    async def _execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        await self._breathe()
        with self._noting:
            return self._connection.execute(sql, values)

    async def _breathe(self) -> None:
        """Let the loop turn now and then: a step of thousands of statements must not hold up everything else."""
        if perf_counter() - self._breathed_at > AT_A_STRETCH:
            await asyncio.sleep(0)
            self._breathed_at = perf_counter()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo only what happened inside when it raises."""
        await self.run("SAVEPOINT step")
        try:
            yield
        except BaseException:
            await self.run("ROLLBACK TO step")
            await self.run("RELEASE step")
            raise
        await self.run("RELEASE step")

    @asynccontextmanager
    async def rehearsal(self) -> AsyncIterator[None]:
        """Undo whatever happens inside."""
        await self.run("SAVEPOINT rehearsal")
        try:
            yield
        finally:
            await self.run("ROLLBACK TO rehearsal")
            await self.run("RELEASE rehearsal")

    async def changes(self) -> int:
        """Return how many rows this connection has written so far, undone ones too."""
        row = await self.one("SELECT total_changes() AS n")
        return int(row["n"]) if row else 0


class Database:
    """The bot's database file.

    Args:
        connection: An open connection with the newest schema; what may wait for the disk runs in its thread.
        statements: The same connection, for what does not.
    """

    def __init__(self, connection: aiosqlite.Connection, statements: sqlite3.Connection) -> None:
        self._connection = connection
        self._statements = statements
        self._turn = asyncio.Lock()
        self.disk = Disk()
        self.outbox_filled = asyncio.Event()
        self.outbox_changes = 0
        """How many transactions have changed what waits to be said."""
        self.timers_set = asyncio.Event()
        self.files_wanted = asyncio.Event()

    @staticmethod
    async def inspect(path: Path) -> dict[str, str]:
        """See that a file, if it is there, can be opened, and change nothing.

        Returns:
            What is remembered in it under names (`inbox.load_meta`).

        Raises:
            StoreError: As `open`.
        """
        check_writable(path)
        if not path.exists():
            return {}
        try:
            # on a connection that cannot write: closing any other would write what waits in the log into the file
            async with aiosqlite.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True) as looking:
                if not await migrate.check(looking, path):
                    return {}
                async with looking.execute("SELECT key, value FROM meta") as found:
                    return {str(key): str(value) for key, value in await found.fetchall()}
        except sqlite3.DatabaseError as error:
            raise disk_fault(error) or _unreadable(path, error) from error

    @classmethod
    async def open(cls, path: Path) -> Database:
        """Open or create the file, check it and bring its schema up to date.

        Raises:
            StoreError: It is newer than this program, damaged, not a Spokesbot database, or not ours to write.
            DiskError: The disk is full.
        """
        await cls.inspect(path)
        path.touch(mode=0o600, exist_ok=True)
        opened: list[sqlite3.Connection] = []

        def connect() -> sqlite3.Connection:
            opened.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
            return opened[0]

        connection = await aiosqlite.Connection(connect, iter_chunk_size=64)
        try:
            connection.row_factory = aiosqlite.Row
            await connection.execute("PRAGMA journal_mode=WAL")
            await connection.execute("PRAGMA synchronous=NORMAL")
            await connection.execute("PRAGMA foreign_keys=ON")
            await connection.execute(f"PRAGMA cache_size={CACHE}")
            # what is erased here was somebody's words: it must not linger in unused pages
            await connection.execute("PRAGMA secure_delete=ON")
            await connection.execute("PRAGMA busy_timeout=5000")
            await migrate.upgrade(connection)
        except sqlite3.DatabaseError as error:
            await connection.close()
            raise disk_fault(error) or _unreadable(path, error) from error
        except BaseException:
            await connection.close()
            raise
        return cls(connection, opened[0])

    @asynccontextmanager
    async def transaction(self, cause: str) -> AsyncIterator[Tx]:
        """Run one transaction; others wait. An exception rolls all of it back.

        Raises:
            DiskError: The disk takes nothing more, now or since an earlier transaction.
        """
        async with self._turn:
            self.disk.check()
            tx = Tx(self._statements, cause, self.disk)
            try:
                await self._connection.execute("BEGIN IMMEDIATE")
                yield tx
                self.disk.check()
                await self._connection.execute("COMMIT")
            except BaseException as error:
                # cancelled while it begins, it begins all the same; refused, there is nothing to roll back
                with suppress(sqlite3.OperationalError):
                    await self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    self.disk.note(error)
                raise
        if tx.queued:
            self.outbox_changes += 1
            self.outbox_filled.set()
        if tx.timed:
            self.timers_set.set()
        if tx.wanted:
            self.files_wanted.set()
        for call in tx.afterwards:
            call()

    async def close(self) -> None:
        """Finish the running transaction and close the file."""
        async with self._turn:
            await self._connection.close()


def _unreadable(path: Path, error: sqlite3.DatabaseError) -> StoreError:
    return StoreError(
        f"The database {path} cannot be read ({error}). Nothing was changed. "
        "Put back your latest backup, or move the file away to start anew."
    )
