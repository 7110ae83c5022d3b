"""A data folder that is not as it must be: the bot says in one sentence what helps, and leaves every byte as it was."""

import asyncio
import ctypes
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.synapse import Synapse
from tests.synapse.rooms import people, pod

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

PR_CAPBSET_DROP = 24
OVERRIDE, READ_SEARCH = 1, 2
REPOSITORY = Path(__file__).parents[2]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stopped(synapse: Synapse, fresh_name: Callable[[str], str]) -> AsyncIterator[BotProcess]:
    """A bot that has run and was killed, so that both databases have a write-ahead log."""
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        await bot.kill()
        yield bot


@pytest.fixture
def data(stopped: BotProcess, tmp_path: Path) -> Iterator[Path]:
    """Its data folder, to be spoiled; it is put back after the test."""
    folder = stopped.folder / "data"
    shutil.copytree(folder, tmp_path / "kept", ignore=shutil.ignore_patterns("*.sock"))
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "kept", folder)


def as_an_ordinary_user() -> None:
    """Take from root what lets it into everybody's files; anybody else has it not anyway."""
    for capability in (OVERRIDE, READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


async def refused(bot: BotProcess) -> str:
    """Run the bot, see that it refuses to start in one sentence, and return that."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--config", str(bot.config)),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=as_an_ordinary_user,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 3, printed.decode()
    [line] = printed.decode().splitlines()
    assert line.startswith("spokesbot: ")
    return line


def contents(data: Path) -> dict[str, bytes]:
    """Return what is in every file but the lock, empty ones, and the index of a log, which is made from it."""
    return {
        path.name: path.read_bytes()
        for path in data.iterdir()
        if path.is_file() and path.stat().st_size and path.name != "lock" and not path.name.endswith("-shm")
    }


def spoil(path: Path, at: float = 0.5) -> None:
    """Write over some of a file, from a part of it on."""
    raw = path.read_bytes()
    start = int(len(raw) * at)
    path.write_bytes(raw[:start] + b"\xa5" * min(20_000, len(raw) - start) + raw[start + 20_000 :])


def settle(path: Path) -> None:
    """Write the log of a database into its file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.mark.parametrize("name", ["spokesbot.db", "keys.db"])
@pytest.mark.parametrize("at", [0.0, 0.3, 0.6])
async def test_a_damaged_database_is_refused_and_left_as_it_is(
    stopped: BotProcess, data: Path, name: str, at: float
) -> None:
    settle(data / name)
    spoil(data / name, at)
    before = contents(data)
    said = await refused(stopped)
    assert name in said
    assert "backup" in said if name == "spokesbot.db" else "spokesbot init" in said
    assert contents(data) == before


async def test_a_newer_schema_is_refused_and_left_as_it_is(stopped: BotProcess, data: Path) -> None:
    with closing(sqlite3.connect(data / "spokesbot.db")) as connection:
        connection.execute("PRAGMA user_version=999")
    before = contents(data)
    assert "install the newer version" in await refused(stopped)
    assert contents(data) == before


async def test_a_session_cut_short_is_refused_and_left_as_it_is(stopped: BotProcess, data: Path) -> None:
    raw = (data / "session.json").read_bytes()
    (data / "session.json").write_bytes(raw[: len(raw) // 2])
    before = contents(data)
    assert "bring back a copy" in await refused(stopped)
    assert contents(data) == before


@pytest.mark.parametrize("name", ["spokesbot.db", "keys.db", "session.json"])
@pytest.mark.parametrize("mode", [0o400, 0o000])
async def test_a_file_that_is_not_ours_to_write_is_refused_and_left_as_it_is(
    stopped: BotProcess, data: Path, name: str, mode: int
) -> None:
    before = contents(data)
    (data / name).chmod(mode)
    said = await refused(stopped)
    assert name in said
    assert "the user who owns it" in said
    (data / name).chmod(0o600)
    assert contents(data) == before


@pytest.mark.parametrize("mode", [0o500, 0o000])
async def test_a_folder_that_is_not_ours_to_write_is_refused_and_left_as_it_is(
    stopped: BotProcess, data: Path, mode: int
) -> None:
    before = contents(data)
    data.chmod(mode)
    said = await refused(stopped)
    assert str(data) in said
    assert "user who" in said
    data.chmod(0o700)
    assert contents(data) == before


async def test_a_log_cut_short_takes_back_whole_steps_and_they_are_done_again_once(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        room = await pod(bot, await people(synapse, members, fresh_name))
        asked = [await room.people[number % 3].say(room.room_id, f"!help {number}") for number in range(9)]
        await room.people[0].wait_for(room.room_id, lambda seen: seen.reply_to == asked[-1])
        await bot.kill()
        log = bot.folder / "data" / "spokesbot.db-wal"
        with log.open("r+b") as file:
            file.truncate(log.stat().st_size * 9 // 10)
        await bot.restart()
        await room.asks(1, "!pod", "Willow: 3 members")
        assert [len(room.answers_to(event_id)) for event_id in asked] == [1] * len(asked)
        said = [seen.body for seen in room.people[0].timeline(room.room_id) if seen.sender == bot.user_id]
        assert sum("is now the pod" in (body or "") for body in said) == 1
