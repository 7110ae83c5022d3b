"""Lines that could be read in endlessly many ways are read in one, and the bot goes on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.commands.chat import Chat

MORE_THAN_ANYBODY_NEEDS = 5
"""Seconds of processor after which a line is given up: read in every way, one of these takes longer than the world stands."""


@pytest.fixture(autouse=True)
def _given_up() -> Iterator[None]:
    """Let a line that would be read for ever fail, instead of stopping all tests."""

    def give_up(*_: Any) -> None:
        raise AssertionError("it is read in too many ways")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, MORE_THAN_ANYBODY_NEEDS)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize(
    ("asked", "piece"),
    [
        ("!propose We buy a tent.", "non"),
        ("!propose We buy a tent.", "ok. "),
        ("!propose We buy a tent.", "👍🏽 "),
        ("!poll Which? | Tent | Stove | type=score", "a=1 "),
        ("!poll Which? | Tent | Stove | type=score", "a=1/5\n\n"),
        ("!poll Which? | Tent | Stove | type=rank", "1. "),
        ("!poll Which? | Tent | Stove | type=rank", "1,"),
        ("!poll Which? | Tent | Stove", "1=1 "),
        ("!poll Which? | Tent | Stove", "1, "),
    ],
)
async def test_a_reply_that_is_almost_an_answer_many_times_over_is_talk(
    chat: Chat, asked: str, piece: str
) -> None:
    await chat.room("willow", "Ana", "Ben", "Cy")
    await chat.say("Ana", "willow", "!pod create Willow")
    await chat.say("Ana", "willow", asked)
    question = next(sent.event_id for sent in chat.sent if sent.about == "P1")
    before = await chat.everything()
    told = await chat.say("Ben", "willow", piece * (4000 // len(piece)) + "X", reply_to=question)
    assert not any("went wrong" in text for text in told)
    assert await chat.everything() == before


@pytest.mark.parametrize("piece", ["1d ", "1d and ", "1 ", "a", '"a ', " , "])
@pytest.mark.parametrize(
    "command", ["!poll A? | B | C | closes=", "!poll ", "!spokes away ", "!propose A pillar"]
)
async def test_a_command_that_is_almost_right_many_times_over_is_answered(
    chat: Chat, command: str, piece: str
) -> None:
    await chat.room("willow", "Ana", "Ben", "Cy")
    await chat.say("Ana", "willow", "!pod create Willow")
    [told, *_] = await chat.say("Ana", "willow", command + piece * (4000 // len(piece)) + "X")
    assert "went wrong" not in told
