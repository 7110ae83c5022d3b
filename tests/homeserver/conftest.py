"""A homeserver, a bot and people for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import World


@pytest.fixture
async def server() -> AsyncIterator[Homeserver]:
    """A homeserver on a free port."""
    async with Homeserver.running() as server:
        yield server


@pytest.fixture
def world(server: Homeserver) -> World:
    """What the homeserver knows."""
    return server.world


@pytest.fixture
async def bot(server: Homeserver, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that has not been started yet."""
    bot = Bot(server, tmp_path)
    yield bot
    if bot.running:
        await bot.crash()


@pytest.fixture
def ana(world: World) -> Peer:
    """Somebody."""
    return Peer(world, "ana")


@pytest.fixture
def ben(world: World) -> Peer:
    """Somebody else."""
    return Peer(world, "ben")
