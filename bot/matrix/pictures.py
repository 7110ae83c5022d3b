"""Pictures of results: drawn by a process of its own when they are sent, then encrypted and uploaded.

Rule: a picture never holds up a room. The result stands in words before it; what cannot be drawn is left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nio.crypto.attachments import encrypt_attachment

from bot.domain.errors import GiveUp
from bot.domain.files import Media
from bot.matrix.client import BotClient
from bot.matrix.files import file_content, upload
from bot.matrix.format import plain
from bot.ports import SendChart, ShareFile

PROGRAM = Path(__file__).parents[1] / "chart.py"
AT_ONCE = 2
"""How many are drawn at once; each takes a core for about a second, and up to 130 MB meanwhile."""
LONGEST = 30.0
"""Seconds."""
LARGEST = 4_000_000
"""Bytes; forty bars with long labels have a tenth of that."""
NOT_DRAWN = "the picture could not be drawn"
Draw = Callable[[SendChart], Awaitable[bytes]]
"""Returns a picture as PNG, or raises `GiveUp`."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


async def draw(chart: SendChart, program: Path = PROGRAM, longest: float = LONGEST) -> bytes:
    """Return a picture as PNG.

    Nothing of it is on a command line or in a file, and the process knows none of our secrets.

    Args:
        chart: What is to be drawn.
        program: What draws it.
        longest: Seconds after which it is ended.

    Raises:
        GiveUp: It could not be drawn.
    """
    asked = json.dumps(
        {
            "title": plain(chart.title),
            "bars": chart.bars,
            "notes": [plain(note) for note in chart.notes],
            "undrawn": plain(chart.undrawn),
        }
    )
    # a folder of its own: no list of fonts and no settings of an earlier run or of the place we run in
    with TemporaryDirectory(prefix="spokesbot-") as folder:
        picture = await _run(program, asked.encode(), folder, longest)
    if not picture.startswith(_SIGNATURE) or not 24 <= len(picture) <= LARGEST:
        raise GiveUp(NOT_DRAWN)
    return picture


async def _run(program: Path, asked: bytes, folder: str, longest: float) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(program),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "MPLCONFIGDIR": folder,
                "OPENBLAS_NUM_THREADS": "1",
            },
            start_new_session=True,  # a Ctrl+C is for us, and we finish what is under way
        )
    except OSError as error:
        raise GiveUp(NOT_DRAWN) from error
    try:
        async with asyncio.timeout(longest):
            written, _ = await process.communicate(asked)
    except TimeoutError as error:
        raise GiveUp(NOT_DRAWN) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise GiveUp(NOT_DRAWN)
    return written


async def chart_content(client: BotClient, chart: SendChart, draw: Draw) -> dict[str, Any]:
    """Draw and upload a picture and return the content of the message that carries it.

    Its `body` is a caption, because its file name stands apart (Matrix specification, "Media captions"): people who do
    not see the picture read or hear there what the bars say.

    Raises:
        Retry: No answer, or a server error.
        GiveUp: It could not be drawn, or the server refused it.
    """
    picture = await draw(chart)
    width, height = (int.from_bytes(picture[place : place + 4], "big") for place in (16, 20))
    sealed = await upload(
        client,
        *encrypt_attachment(picture),
        mimetype="image/png",
        size=len(picture),
        width=width,
        height=height,
    )
    content = file_content(ShareFile(Media.IMAGE.value, "result.png", sealed))
    return content | {"body": plain(chart.caption)}
