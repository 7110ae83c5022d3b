"""`!help` fits a phone: it is whole, short, and says how to go on, in every kind of room."""

from __future__ import annotations

import pytest

from bot.commanding.discover import discover
from bot.ports import Say
from bot.services.speech import LONGEST
from tests.commands.chat import Chat
from tests.docs.pages import ROOT

ROOMS = ("willow", "river", "hall")


async def rooms(chat: Chat) -> None:
    """A pod, an assembly, and a room that is neither."""
    for name in ROOMS:
        await chat.room(name, "Ana", "Ben", "Cy")
    await chat.say("Ana", "willow", "!pod create Willow")
    await chat.say("Ana", "river", "!assembly create River")


@pytest.mark.parametrize("topic", ["", *discover().topics])
async def test_help_is_one_short_message(chat: Chat, topic: str) -> None:
    await rooms(chat)
    for room in ROOMS:
        [answer] = await chat.say("Ana", room, f"!help {topic}".strip())
        sent = chat.last(room)
        assert isinstance(sent.message, Say)
        assert len(sent.message.markdown) < LONGEST
        assert "in the file below" not in answer
        assert topic in answer.lower()


async def test_help_of_a_topic_that_is_not_there_names_one_that_is(chat: Chat) -> None:
    await rooms(chat)
    [answer] = await chat.say("Ana", "willow", "!help sumary")
    assert answer == "There is no topic sumary. For example: !help summary"


async def test_the_hello_names_only_commands_that_are_there(chat: Chat) -> None:
    await chat.room("willow", "Ana", "Ben", "Cy")
    [hello] = chat.heard("willow")
    assert "!help" in hello
    assert len(hello.splitlines()) <= 6


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 160
