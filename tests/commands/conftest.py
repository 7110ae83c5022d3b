"""A chat for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.commands.chat import Chat


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    """An empty federation on paper."""
    chat = await Chat.open()
    yield chat
    await chat.database.close()
