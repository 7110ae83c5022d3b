"""Talk in JSON lines with a program of the sandbox.

Rule: when the program ends, everyone who waits for it is told at once, with the end of its log.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from sandbox.install import SandboxError
from sandbox.synapse import LIFELINE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

LONGEST_LINE = 128 * 1024 * 1024  # attachments travel inside a line
ENDS_WITHIN = 10.0  # seconds


def to_base64(data: bytes) -> str:
    """Put bytes into a line."""
    return base64.b64encode(data).decode()


class Program:
    """One child process that takes `{id, op, ...}`, answers `{id, ok|error}` and pushes `{push, ...}`.

    Args:
        argv: the program and its arguments.
        log: the file that takes its standard error.
        on_push: called with each pushed line, in order.
        on_end: called once with the reason when the program has ended by itself.
    """

    def __init__(
        self,
        argv: tuple[str, ...],
        log: Path,
        on_push: Callable[[dict[str, Any]], Awaitable[None]],
        on_end: Callable[[str], Awaitable[None]],
    ) -> None:
        self._argv = argv
        self._log = log
        self._on_push = on_push
        self._on_end = on_end
        self._ids = itertools.count()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def process_id(self) -> int:
        """The id of the running process."""
        if self._process is None:
            raise SandboxError("the program was not started")
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-S",
                str(LIFELINE),
                str(os.getpid()),
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LONGEST_LINE,
            )
        self._reader = asyncio.create_task(self._read(), name=f"reads {self._argv[1]}")
        await self._ready

    async def ask(self, op: str, **request: Any) -> Any:
        """Give an order and return its answer.

        Raises:
            SandboxError: the program refused, or has ended.
        """
        if self._process is None or self._process.stdin is None or self._ready.cancelled():
            raise SandboxError("the program was not started")
        if self._reader is None or self._reader.done():
            raise SandboxError(self._why())
        number = next(self._ids)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        self._process.stdin.write(json.dumps({"id": number, "op": op, **request}).encode() + b"\n")
        try:
            return await answer
        finally:
            self._answers.pop(number, None)

    async def stop(self) -> None:
        """End it: its standard input closes, and it is killed where that is not enough."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            await self._reader  # its output has ended; whoever still waits for an answer is told

    def _why(self) -> str:
        said = self._log.read_text(errors="replace")[-3000:]
        return f"{self._argv[1]} ended:\n{said}"

    async def _read(self) -> None:
        assert self._process is not None  # noqa: S101 - started just before
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            async for line in self._process.stdout:
                await self._take(json.loads(line))
            await self._process.wait()
            reason = self._why()
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it was
            reason = f"{self._argv[1]} said what could not be understood: {error!r}"
        for waiting in (*self._answers.values(), self._ready):
            if not waiting.done():
                waiting.set_exception(SandboxError(reason))
        await self._on_end(reason)

    async def _take(self, line: dict[str, Any]) -> None:
        if line.get("push") == "ready":
            self._ready.set_result(None)
        elif "push" in line:
            await self._on_push(line)
        else:
            answer = self._answers.get(line["id"])
            if answer is None or answer.done():
                return
            if "error" in line:
                answer.set_exception(SandboxError(line["error"]))
            else:
                answer.set_result(line["ok"])
