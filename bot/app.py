"""The composition root: builds everything, starts it in order, drains it and stops.

Rule: whatever ends the program, what was decided is on the disk and what was not is replayed by the server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from fnmatch import fnmatchcase

from bot import __version__, control
from bot.commanding.discover import discover
from bot.commanding.dispatch import Dispatcher
from bot.config import Config
from bot.domain.errors import DiskError, Retry, StartError
from bot.matrix import forgetting
from bot.matrix.backoff import Backoff
from bot.matrix.fetcher import Fetcher
from bot.matrix.first_sync import FirstSync
from bot.matrix.sender import Sender
from bot.matrix.session import Session, restore
from bot.matrix.sync import SyncLoop
from bot.matrix.upkeep import Upkeep
from bot.matrix.verification import Verifications
from bot.ports import (
    Clock,
    Fetched,
    Handlers,
    IdentitySeen,
    Incoming,
    NotFetched,
    RoomChange,
    SystemClock,
    Unread,
)
from bot.services import holding, identity, rooms, summary_fetching, timers, unreadable
from bot.store import inbox
from bot.store import timers as timer_store
from bot.store.database import FILE, Database, Tx
from bot.verify import operations

log = logging.getLogger(__name__)


async def serve(
    config: Config, store_key: bytes, ahead: FirstSync | None, stop: asyncio.Event, at_once: asyncio.Event
) -> None:
    """Serve until told to stop; the caller holds the data folder.

    Args:
        config: What the operator set.
        store_key: What the room keys are sealed with.
        ahead: A sync that was asked for while this was loaded.
        stop: Set when the bot is to stop.
        at_once: Set when it is not to wait for the sends under way.

    Raises:
        StartError: It must not run as things are; the text says what to do.
        DiskError: The disk takes nothing more; the next start goes on from what is on it.
    """
    session = await _until(stop, _restore(config, store_key, ahead))
    if session is None:
        return
    session.client.first_sync = ahead
    try:
        database = await Database.open(config.data_dir / FILE)
        ended: list[BaseException] = []
        try:
            await _work(config, session, database, stop, at_once)
        except* (StartError, DiskError) as group:
            # kept, not raised: what is raised in here Python before 3.11.4 puts into a group again
            ended = [*group.exceptions]
        finally:
            await database.close()
        if ended:
            raise ended[0]
    finally:
        await session.client.close()


async def _restore(config: Config, store_key: bytes, ahead: FirstSync | None) -> Session:
    """Restore the session, waiting for a server that is down; an answer of a server that was is not waited for."""
    backoff = Backoff()
    while True:
        try:
            return await restore(config, store_key)
        except Retry as error:
            if ahead is not None:
                ahead.drop()
            await backoff.wait(error)


async def _work(
    config: Config, session: Session, database: Database, stop: asyncio.Event, at_once: asyncio.Event
) -> None:
    clock = SystemClock()
    dispatcher = Dispatcher(discover(), clock, session.user_id, config.command_prefix)

    def may_invite(inviter: str) -> bool:
        return any(fnmatchcase(inviter, pattern) for pattern in config.invites.allow)

    handle = handlers(dispatcher, clock, may_invite)
    async with database.transaction("start") as tx:
        await inbox.save_meta(tx, "user_id", session.user_id)
        await inbox.save_meta(tx, "device.ed25519", session.client.olm.account.identity_keys["ed25519"])
        await inbox.save_meta(tx, "device.id", session.device_id)
        await inbox.save_meta(tx, "identity", session.master_key)
        await inbox.save_meta(tx, "trust", config.trust)
        await inbox.save_meta(tx, "default.timezone", config.timezone)
        await inbox.save_meta(tx, "default.language", config.language)
        await inbox.save_meta(tx, "default.prefix", config.command_prefix)
        await inbox.save_meta(tx, "default.pictures", "on" if config.pictures else "off")
        await timer_store.put(tx, "inbox.forget", "inbox.forget", clock.now())
    verifications = Verifications(session.client, clock, session.master_key, auto=config.verify.auto)
    sync = SyncLoop(session.client, database, clock, handle, config.command_prefix, verify=verifications.hear)
    # one fault of either file ends all work: the two belong together
    session.client.store.disk = database.disk
    fetcher = Fetcher(session.client, database, clock, handle.file, config.files.largest_mb * 1_000_000)
    upkeep = Upkeep(session.client, database, clock, sync.synced, sync.read_after_upkeep)
    sender = Sender(session.client, database, clock, sync.joins)
    log.info("spokesbot %s runs as %s on device %s", __version__, session.user_id, session.device_id)
    async with control.serve(config.data_dir, operations(verifications)), asyncio.TaskGroup() as group:
        steady = [
            group.create_task(verifications.run(), name="verifications"),
            group.create_task(sync.run(), name="sync"),
            group.create_task(upkeep.run(), name="keys"),
            group.create_task(_timers(sync, database, clock), name="timers"),
            group.create_task(fetcher.run(), name="files"),
            group.create_task(forgetting.run_daily(session.client, database, sync.synced), name="forgetting"),
            group.create_task(database.disk.watch(), name="disk"),
        ]
        sending = group.create_task(_send(sync, sender), name="sender")
        await stop.wait()
        log.info("stopping")
        for task in steady:
            task.cancel()
        if sync.synced.is_set():
            sender.stop()
            hurry = asyncio.create_task(at_once.wait())
            await asyncio.wait({sending, hurry}, return_when=asyncio.FIRST_COMPLETED)
            hurry.cancel()
        # what is under way is left to the next start when we are told twice
        sending.cancel()
    sync.rest()


def handlers(dispatcher: Dispatcher, clock: Clock, may_invite: Callable[[str], bool]) -> Handlers:
    """Return what the Matrix adapter hands over to.

    Args:
        dispatcher: Takes what people say.
        clock: The source of time.
        may_invite: Whether an invitation of this user is accepted.
    """

    async def room(tx: Tx, change: RoomChange) -> None:
        await rooms.changed(tx, clock.now(), change, may_invite)

    async def hold(tx: Tx, event: Incoming) -> bool:
        return await dispatcher.matters(tx, event) and await holding.hold(tx, clock.now(), event)

    async def identities(tx: Tx, found: Sequence[IdentitySeen]) -> None:
        await identity.seen(tx, clock.now(), found)

    async def unread(tx: Tx, event: Unread) -> None:
        await unreadable.see(tx, clock.now(), event)

    async def file(tx: Tx, found: Fetched | NotFetched) -> None:
        await summary_fetching.take(tx, clock.now(), found)

    return Handlers(dispatcher.handle, room, identities, unread, hold, file, dispatcher.wants_quoted)


async def _send(sync: SyncLoop, sender: Sender) -> None:
    # before the first sync nothing is known about rooms, and nothing could be encrypted
    await sync.synced.wait()
    log.info("in sync")
    await sender.run()


async def _timers(sync: SyncLoop, database: Database, clock: SystemClock) -> None:
    # votes sent before a deadline and not read yet must come in before the deadline is acted on
    await sync.synced.wait()
    await timers.run_forever(database, clock)


async def _until(stop: asyncio.Event, work: Coroutine[None, None, Session]) -> Session | None:
    """Wait for the session, or for the wish to stop, whichever comes first."""
    task = asyncio.create_task(work)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        return task.result()
    task.cancel()
    return None
