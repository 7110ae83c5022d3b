"""A chat for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.commands.chat import Chat


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    """An empty federation on paper."""
    chat = await Chat.open(tmp_path)
    yield chat
    await chat.database.close()
