"""The database: transactions, migrations, refusals."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import StoreError
from bot.ports import SystemClock
from bot.store import migrate
from bot.store.database import Database, from_ms, to_ms
from tests import new_store

SCHEMA = Path(migrate.__file__).with_name("schema.sql")


async def test_all_migrations_together_make_the_schema_that_is_written_down(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "new.db")
    await database.close()
    with sqlite3.connect(tmp_path / "new.db") as connection:
        assert migrate.describe(connection) == SCHEMA.read_text("utf-8"), "run: python -m bot.store.migrate"


async def test_every_older_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    older = sqlite3.connect(":memory:")
    older.execute(f"PRAGMA application_id={migrate.APPLICATION_ID}")
    for number, sql in migrate.migrations()[:-1]:
        older.executescript(sql)
        older.execute(f"PRAGMA user_version={number}")
        path = tmp_path / f"{number}.db"
        with closing(sqlite3.connect(path)) as copy:
            older.backup(copy)
        database = await Database.open(path)
        await database.close()
        with sqlite3.connect(path) as connection:
            assert migrate.describe(connection) == SCHEMA.read_text("utf-8")
    older.close()


async def test_little_of_the_file_is_kept_a_second_time_in_memory(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "new.db")
    async with database.transaction("look") as tx:
        row = await tx.one("PRAGMA cache_size")
    assert row is not None
    assert row[0] == -512
    await database.close()


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    await (await Database.open(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=999")
    with pytest.raises(StoreError, match="newer Spokesbot"):
        await Database.open(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (999,)


async def test_somebody_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="not a Spokesbot database"):
        await Database.open(path)


async def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    path.write_bytes(b"this was a database once" * 1000)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="Nothing was changed"):
        await Database.open(path)
    assert path.read_bytes() == before


async def test_a_transaction_that_raises_leaves_nothing(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    with pytest.raises(RuntimeError):
        async with database.transaction("a") as tx:
            await tx.run("INSERT INTO meta VALUES ('a', 'b')")
            raise RuntimeError
    async with database.transaction("b") as tx:
        assert await tx.all("SELECT * FROM meta") == []
    await database.close()


async def test_a_savepoint_undoes_only_what_is_inside(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("a") as tx:
        await tx.run("INSERT INTO meta VALUES ('kept', '1')")
        with pytest.raises(RuntimeError):
            async with tx.savepoint():
                await tx.run("INSERT INTO meta VALUES ('lost', '1')")
                raise RuntimeError
    async with database.transaction("b") as tx:
        assert [row["key"] for row in await tx.all("SELECT key FROM meta")] == ["kept"]
    await database.close()


async def test_a_transaction_cancelled_as_it_begins_is_not_left_open(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")

    async def step() -> None:
        async with database.transaction("a") as tx:
            await tx.run("INSERT INTO meta VALUES ('a', 'b')")

    for _ in range(20):
        task = asyncio.create_task(step())
        await asyncio.sleep(0)  # it has asked for the transaction and waits for the thread
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with database.transaction("b") as tx:
        assert await tx.all("SELECT * FROM meta") == []
    await database.close()


async def test_tables_are_strict(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("a") as tx:
        loose = await tx.all(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND NOT strict"
            " AND name NOT LIKE 'sqlite%'"
        )
    assert [row["name"] for row in loose] == []
    await database.close()


async def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "x.db")
    assert (tmp_path / "x.db").stat().st_mode & 0o077 == 0
    await database.close()


def test_a_moment_of_the_clock_comes_back_from_the_store_as_it_went_in() -> None:
    clock = SystemClock()
    for _ in range(100):
        now = clock.now()
        assert from_ms(to_ms(now)) == now


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_whole_milliseconds_survive_the_store(moment: datetime) -> None:
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    assert from_ms(to_ms(whole)) == whole
