"""`spokesbot verify`: shows the operator what waits to be compared, and takes their word.

Rule: a word typed for one verification never counts for another. When the one on the screen is over, the next
line typed is dropped. Typed numbers confirm only if they are those shown.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.control import Json, Operation, ask
from bot.domain.errors import StartError
from bot.matrix.verification import Verifications

QUESTION = "Are you sure that it is them, and do they see the same? Type y, n, or the numbers they read out: "
AUTO = (
    "verify.auto is on in the configuration: the bot confirms every verification without you, and nothing is shown here."
    " What members compare instead is in `spokesbot crypto status`."
)
STOPPED = "The bot has stopped, and nothing can be compared: start it with `spokesbot run`."


def operations(verifications: Verifications) -> dict[str, Operation]:
    """Return what the running bot does for this command."""

    async def watch(_: Json) -> AsyncIterator[Json]:
        async with aclosing(verifications.watch()) as changes:
            async for waiting in changes:
                yield {"auto": verifications.auto, "waiting": [asdict(one) for one in waiting]}

    async def decide(asked: Json) -> AsyncIterator[Json]:
        taken = await verifications.decide(asked.get("number", 0), same=asked.get("same") is True)
        yield {"taken": taken}

    return {"verify.watch": watch, "verify.decide": decide}


async def watch(data_dir: Path) -> None:
    """Show what waits and take the operator's words, until standard input ends.

    Raises:
        StartError: No bot answers, or it stops.
    """
    typed = _typed_lines()
    changes: asyncio.Queue[Json | None] = asyncio.Queue()
    listening = asyncio.create_task(_listen(data_dir, changes))
    try:
        await _Screen(data_dir, typed, changes).run()
    finally:
        if listening.done():
            listening.result()
        listening.cancel()
        with suppress(asyncio.CancelledError, StartError):
            await listening


async def _listen(data_dir: Path, changes: asyncio.Queue[Json | None]) -> None:
    try:
        async with aclosing(ask(data_dir, {"op": "verify.watch"})) as answers:
            async for answer in answers:
                changes.put_nowait(answer)
        raise StartError(STOPPED)
    finally:
        changes.put_nowait(None)


class _Screen:
    def __init__(
        self,
        data_dir: Path,
        typed: asyncio.Queue[str | None],
        changes: asyncio.Queue[Json | None],
    ) -> None:
        self._data_dir = data_dir
        self._typed = typed
        self._changes = changes
        self._waiting: list[Json] | None = None
        self._shown: Json | None = None
        self._is_stale = False

    async def run(self) -> None:
        line = asyncio.create_task(self._typed.get())
        change = asyncio.create_task(self._changes.get())
        try:
            while True:
                await asyncio.wait({line, change}, return_when=asyncio.FIRST_COMPLETED)
                if change.done():
                    if (now := change.result()) is None:
                        return
                    if now["auto"]:
                        say(AUTO)
                        return
                    self._show(now["waiting"])
                    change = asyncio.create_task(self._changes.get())
                elif (words := line.result()) is None:
                    return
                else:
                    await self._take(words.strip().lower())
                    line = asyncio.create_task(self._typed.get())
        finally:
            line.cancel()
            change.cancel()

    def _show(self, waiting: list[Json]) -> None:
        before, self._waiting = self._waiting, waiting
        if before is None and not waiting:
            say("No verification waits. They are shown here as they come; Ctrl-C ends this.")
        if self._shown is None:
            self._next()
        elif self._shown not in waiting:
            say(f"\nThe verification with {self._shown['user_id']} is over. Press Enter to go on.")
            self._shown, self._is_stale = None, True
        elif len(waiting) > len(before or ()):
            say(f"\n  ({len(waiting) - 1} more after this)")
            say(QUESTION, end="")

    def _next(self) -> None:
        if self._shown is not None or self._is_stale or not self._waiting:
            return
        one = self._shown = self._waiting[0]
        numbers = " ".join(map(str, one["numbers"]))
        emoji = ", ".join(f"{sign} {name}" for sign, name in one["emoji"])
        where = f"in the room {one['where']}" if one["where"] else "from device to device"
        say(f"\n{one['user_id']} on device {one['device_id']} verifies the bot {where}.")
        say(f"  numbers  {numbers}\n  emoji    {emoji}")
        if more := len(self._waiting) - 1:
            say(f"  ({more} more after this)")
        say(QUESTION, end="")

    async def _take(self, word: str) -> None:
        if self._is_stale:
            self._is_stale = False
        elif self._shown is not None and (same := _answer(word, self._shown["numbers"])) is not None:
            one, self._shown = self._shown, None
            self._waiting = [other for other in self._waiting or () if other != one]
            asked = {"op": "verify.decide", "number": one["number"], "same": same}
            async with aclosing(ask(self._data_dir, asked)) as answers:
                taken = [answer["taken"] async for answer in answers]
            if taken != [True]:
                say(f"Too late: the verification with {one['user_id']} is over.")
            elif same:
                say("Confirmed. It is done when they have confirmed it in their app too.")
            else:
                say("Refused. Their app says that it was cancelled, and nothing is verified.")
        elif self._shown is not None:
            if re.search(r"\d", word):
                say(
                    "Those are not the numbers above. Read them to each other once more; if they differ, type n."
                )
            say(QUESTION, end="")
        self._next()


def _answer(word: str, numbers: list[int]) -> bool | None:
    """Read whether both sides show the same; `None` where that is not said."""
    if word in ("y", "yes") or re.sub(r"[\s,.-]", "", word) == "".join(map(str, numbers)):
        return True
    return False if word in ("n", "no") else None


def say(text: str, end: str = "\n") -> None:
    """Write for the operator."""
    print(text, end=end, flush=True)


def _typed_lines() -> asyncio.Queue[str | None]:
    """Read standard input beside the loop; `None` is its end."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        def put(line: Any) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody reads on
                loop.call_soon_threadsafe(lines.put_nowait, line)

        for line in sys.stdin:
            put(line)
        put(None)

    threading.Thread(target=read, daemon=True, name="typed lines").start()
    return lines
