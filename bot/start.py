"""Start the bot: everything that comes before the program itself is loaded, and the last word after it has ended.

Rule: what is refused is left as it is. Loading takes longer than all the rest of a start, so a server that will be
at work for seconds is asked before it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable

from bot import logs
from bot.config import Config
from bot.matrix import first_sync
from bot.matrix.datafolder import data_lock
from bot.store import inbox
from bot.store.database import FILE, Database

log = logging.getLogger(__name__)


async def run(config: Config, store_key: bytes) -> None:
    """Run the bot until SIGTERM or SIGINT; a second one does not wait for the sends under way.

    Args:
        config: What the operator set.
        store_key: What the room keys are sealed with.

    Raises:
        StartError: It must not run as things are; the text says what to do.
        DiskError: The disk takes nothing more; the next start goes on from what is on it.
    """
    logs.set_up(config.log.level, config.log.format, str(config.log.file) if config.log.file else None)
    stop, at_once = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (at_once if stop.is_set() else stop).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    with data_lock(config.data_dir):
        # before the keys are opened and the server is asked
        known = await Database.inspect(config.data_dir / FILE)
        ahead = None if inbox.SYNC_TOKEN in known else first_sync.ask(config, store_key)
        try:
            serve = await asyncio.to_thread(_load)
            await serve(config, store_key, ahead, stop, at_once)
        finally:
            if ahead is not None:
                ahead.drop()
    log.info("stopped")


def _load() -> Callable[..., Awaitable[None]]:
    from bot.app import serve  # noqa: PLC0415 - half a second, and the loop turns meanwhile

    # it stays to the end: to look through it for garbage takes 26 ms each time, in which the loop does not turn
    gc.collect()
    gc.freeze()
    return serve
