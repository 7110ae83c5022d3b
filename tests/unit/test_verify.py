"""What the operator at `spokesbot verify` sees and types, against a bot that only plays verifications."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot import control, verify
from bot.domain.errors import StartError

PATIENCE = 30.0  # seconds; only there so that a broken test ends


def waits(number: int, who: str, room: str | None = None) -> dict[str, Any]:
    """Return what the bot tells of a verification."""
    return {
        "number": number, "user_id": who, "device_id": "PHONE", "where": room,
        "numbers": [1234, 5678, 9012], "emoji": [["🐶", "Dog"], ["🔧", "Spanner"]],
    }  # fmt: skip


class Played:
    """A bot's side of the socket, and the screen before it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.typed: asyncio.Queue[str | None] = asyncio.Queue()
        self.changes: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.decided: list[tuple[int, bool]] = []
        self.is_over = False
        self._seen = ""
        self._more = asyncio.Event()
        monkeypatch.setattr(verify, "say", self._say)
        monkeypatch.setattr(verify, "_typed_lines", lambda: self.typed)

    async def __aenter__(self) -> "Played":
        self._stack = AsyncExitStack()
        operations: dict[str, control.Operation] = {
            "verify.watch": self._watch,
            "verify.decide": self._decide,
        }
        await self._stack.enter_async_context(control.serve(self.folder, operations))
        self.screen = asyncio.create_task(verify.watch(self.folder))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.typed.put_nowait(None)
        await asyncio.gather(self.screen, return_exceptions=True)
        await self._stack.aclose()

    async def _watch(self, _: control.Json) -> AsyncIterator[control.Json]:
        while (change := await self.changes.get()) is not None:
            yield change

    async def _decide(self, asked: control.Json) -> AsyncIterator[control.Json]:
        self.decided.append((asked["number"], asked["same"]))
        yield {"taken": not self.is_over}

    def _say(self, text: str, end: str = "\n") -> None:
        self._seen += text + end
        self._more.set()

    def shows(self, *waiting: dict[str, Any], auto: bool = False) -> None:
        self.changes.put_nowait({"auto": auto, "waiting": list(waiting)})

    async def reads(self, text: str) -> str:
        """Read on until a text has come, and return everything up to it since the last time."""
        async with asyncio.timeout(PATIENCE):
            while text not in self._seen:
                self._more.clear()
                await self._more.wait()
        before, _, self._seen = self._seen.partition(text)
        return before + text


@pytest.fixture
async def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Played]:
    """A bot and a screen."""
    async with Played(tmp_path, monkeypatch) as made:
        yield made


async def test_two_under_way_are_shown_one_after_the_other_and_the_second_is_announced(
    played: Played,
) -> None:
    ana, ben = waits(1, "@ana:test"), waits(2, "@ben:test", "!room:test")
    played.shows()
    await played.reads("No verification waits")
    played.shows(ana)
    screen = await played.reads(verify.QUESTION)
    assert "@ana:test on device PHONE verifies the bot from device to device" in screen
    assert "numbers  1234 5678 9012\n  emoji    🐶 Dog, 🔧 Spanner\n" in screen
    played.shows(ana, ben)
    assert "(1 more after this)" in await played.reads(verify.QUESTION)
    played.typed.put_nowait("y")
    await played.reads("Confirmed.")
    assert "@ben:test on device PHONE verifies the bot in the room !room:test" in await played.reads(
        verify.QUESTION
    )
    played.typed.put_nowait("No ")
    await played.reads("Refused.")
    assert played.decided == [(1, True), (2, False)]


@pytest.mark.parametrize("line", ["1234 5678 9012", "1234-5678-9012", "123456789012", "1234, 5678, 9012."])
async def test_the_numbers_read_out_confirm_if_they_are_those_shown(played: Played, line: str) -> None:
    played.shows(waits(7, "@ana:test"))
    await played.reads(verify.QUESTION)
    played.typed.put_nowait(line)
    await played.reads("Confirmed.")
    assert played.decided == [(7, True)]


async def test_other_numbers_and_other_words_decide_nothing_and_the_question_comes_again(
    played: Played,
) -> None:
    played.shows(waits(7, "@ana:test"))
    await played.reads(verify.QUESTION)
    for line, said in (("1234 5678 9013", "Those are not the numbers above."), ("hm", ""), ("", "")):
        played.typed.put_nowait(line)
        assert said in await played.reads(verify.QUESTION)
    assert played.decided == []


async def test_a_word_for_one_that_is_over_counts_for_nobody(played: Played) -> None:
    ana, ben = waits(1, "@ana:test"), waits(2, "@ben:test")
    played.shows(ana, ben)
    await played.reads(verify.QUESTION)
    played.shows(ben)
    await played.reads("The verification with @ana:test is over. Press Enter to go on.")
    played.typed.put_nowait("y")
    assert "@ben:test" in await played.reads(verify.QUESTION)
    assert played.decided == []
    played.is_over = True
    played.typed.put_nowait("y")
    await played.reads("Too late: the verification with @ben:test is over.")


async def test_with_verify_auto_it_says_so_and_ends(played: Played) -> None:
    played.shows(auto=True)
    await played.reads(verify.AUTO)
    assert await played.screen is None


async def test_when_the_bot_stops_it_says_so(played: Played) -> None:
    played.shows(waits(1, "@ana:test"))
    await played.reads(verify.QUESTION)
    played.changes.put_nowait(None)
    with pytest.raises(StartError, match="The bot has stopped"):
        await played.screen


async def test_without_a_bot_it_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_typed_lines", asyncio.Queue)
    with pytest.raises(StartError, match="start it with `spokesbot run` first"):
        await verify.watch(tmp_path)
