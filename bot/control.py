"""The running bot's ear for its operator: a socket in the data folder that other commands talk to.

Rule: only the owner of the data folder can reach it, and it does nothing that the operator could not do with
the folder in hand. One JSON object a line: a request, then one answer or more.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bot import json_text
from bot.domain.errors import StartError
from bot.logs import fault

log = logging.getLogger(__name__)

SOCKET = "control.sock"
LONGEST_LINE = 2**20

Json = dict[str, Any]
Operation = Callable[[Json], AsyncIterator[Json]]
"""Takes a request and yields its answers; it is closed when the one who asked goes away."""


@asynccontextmanager
async def serve(data_dir: Path, operations: Mapping[str, Operation]) -> AsyncIterator[None]:
    """Answer on the socket while the block runs; without one if the system does not allow it.

    Args:
        data_dir: The folder; its lock is held.
        operations: By the word in a request's `op`.
    """
    path = data_dir / SOCKET
    try:
        listening = _listen(path)
    except OSError as error:
        log.warning("%s cannot be made (%s): `spokesbot verify` will not work", path, error)
        yield
        return
    busy: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection is handled in a task
        busy.add(task)
        try:
            await _talk(reader, writer, operations)
        finally:
            busy.discard(task)
            writer.close()

    server = await asyncio.start_unix_server(connected, sock=listening, limit=LONGEST_LINE)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        server.close()
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of a run that was killed: the folder is ours alone
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except BaseException:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, operations: Mapping[str, Operation]
) -> None:
    """Take one request and write its answers until they end or the other side goes away."""
    with suppress(ConnectionError, ValueError):
        asked = json_text.read(await reader.readline())
        operation = operations.get(str(asked.get("op"))) if isinstance(asked, dict) else None
        if operation is None:
            await _write(writer, {"error": "there is no such operation"})
            return
        answering = asyncio.create_task(_answer(writer, operation(asked)))
        leaving = asyncio.create_task(reader.read())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answering, leaving):
                task.cancel()
            problem, _ = await asyncio.gather(answering, leaving, return_exceptions=True)
        if isinstance(problem, Exception) and not isinstance(problem, ConnectionError):
            log.error("operator's command: %s", fault(problem))


async def _answer(writer: asyncio.StreamWriter, answers: AsyncIterator[Json]) -> None:
    async for answer in answers:
        await _write(writer, answer)


async def _write(writer: asyncio.StreamWriter, answer: Json) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")
    await writer.drain()


async def ask(data_dir: Path, request: Json) -> AsyncGenerator[Json, None]:
    """Ask the running bot and yield its answers.

    Args:
        data_dir: The bot's data folder.
        request: With its `op`.

    Raises:
        StartError: No bot answers there, or it knows no such operation.
    """
    path = data_dir / SOCKET
    try:
        reader, writer = await asyncio.open_unix_connection(str(path), limit=LONGEST_LINE)
    except OSError as error:
        raise StartError(f"No bot answers at {path}: start it with `spokesbot run` first.") from error
    try:
        await _write(writer, request)
        while line := await reader.readline():
            answer: Json = json.loads(line)
            if "error" in answer:
                raise StartError(f"The running bot does not do this ({answer['error']}): restart it.")
            yield answer
    finally:
        writer.close()
