"""Share one Synapse and one host of members among all tests of a session.

Rule: tests share the server, so each makes users and rooms of its own.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.synapse import Synapse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def synapse() -> AsyncIterator[Synapse]:
    """Run a Synapse for the session."""
    async with Synapse() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def members() -> AsyncIterator[Members]:
    """Host scripted members for the session."""
    async with Members() as host:
        yield host


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bot(synapse: Synapse) -> AsyncIterator[BotProcess]:
    """Run the bot for the session; tests that kill it run one of their own."""
    async with BotProcess(synapse) as process:
        yield process


@pytest.fixture(scope="session")
def fresh_name() -> Callable[[str], str]:
    """Return a function that makes localparts no other test of the session uses."""
    numbers = itertools.count(1)
    return lambda name: f"{name}-{next(numbers)}"
