"""Brings a database to the newest schema, one numbered file of SQL at a time.

Rule: a migration and the record of it commit together, and a database that is newer than the program
is refused, never guessed at. `schema.sql` is what all migrations together make; a test compares them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import resources
from pathlib import Path

import aiosqlite

from bot.domain.errors import StoreError

APPLICATION_ID = 0x5370_6F6B
"""Marks the file as ours (`PRAGMA application_id`): "Spok"."""


def migrations() -> list[tuple[int, str]]:
    """Return every migration as its number and its SQL, in order, numbered 1, 2, 3 … without gaps."""
    folder = resources.files("bot.store") / "migrations"
    found = sorted(
        (entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".sql")
    )
    numbered = [(int(name.split("_", 1)[0]), sql) for name, sql in found]
    if [number for number, _ in numbered] != list(range(1, len(numbered) + 1)):
        raise StoreError("The migrations of this program are not numbered 1, 2, 3 …: reinstall it.")
    return numbered


def statements(sql: str) -> Iterator[str]:
    """Yield the statements of a script; `executescript` would commit behind our back."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""
    if pending.strip() and not all(line.lstrip().startswith("--") for line in pending.strip().splitlines()):
        raise StoreError("A migration ends in the middle of a statement: reinstall the program.")


async def check(connection: aiosqlite.Connection, path: Path) -> int:
    """Refuse a file that is not ours, newer, or damaged.

    Returns:
        The number of the last migration it has seen; 0 for an empty file.

    Raises:
        StoreError: With what to do about it.
    """
    version = await _pragma(connection, "user_version")
    application = await _pragma(connection, "application_id")
    async with connection.execute("SELECT count(*) FROM sqlite_master") as cursor:
        row = await cursor.fetchone()
    tables = row[0] if row else 0
    if tables and application != APPLICATION_ID:
        raise StoreError(f"{path} is not a Spokesbot database. Nothing was changed; set another data_dir.")
    newest = migrations()[-1][0]
    if version > newest:
        raise StoreError(
            f"{path} was written by a newer Spokesbot (schema {version}, this one knows {newest}). "
            "Nothing was changed; install the newer version."
        )
    async with connection.execute("PRAGMA quick_check(1)") as cursor:
        row = await cursor.fetchone()
    if row is None or row[0] != "ok":
        raise StoreError(
            f"{path} is damaged. Nothing was changed. Put back your latest backup, or move the file away to start anew."
        )
    return version


async def upgrade(connection: aiosqlite.Connection) -> None:
    """Run the migrations this database has not seen, each in a transaction of its own."""
    version = await _pragma(connection, "user_version")
    for number, sql in migrations():
        if number <= version:
            continue
        await connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements(sql):
                await connection.execute(statement)
            await connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            await connection.execute(f"PRAGMA user_version={number}")
        except BaseException:
            await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")


async def _pragma(connection: aiosqlite.Connection, name: str) -> int:
    async with connection.execute(f"PRAGMA {name}") as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


def describe(connection: sqlite3.Connection) -> str:
    """Return the schema of a database as SQL, in a fixed order."""
    rows = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name"
    )
    return "".join(f"{sql};\n" for (sql,) in rows)


def main() -> None:
    """Write `schema.sql` anew from the migrations."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for _, sql in migrations():
            connection.executescript(sql)
        Path(__file__).with_name("schema.sql").write_text(describe(connection), encoding="utf-8")


if __name__ == "__main__":
    main()
