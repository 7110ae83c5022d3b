"""People on Element's engine whose apps exclude the bot: they hear why, and a poll calls their answer unknown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app import handlers
from bot.commanding.discover import discover
from bot.commanding.dispatch import Dispatcher
from bot.config import load
from bot.credentials import store_key
from bot.matrix.client import BotClient
from bot.matrix.identity import Identity, fetch, publish, sign_device
from bot.matrix.sender import Sender
from bot.matrix.session import restore
from bot.matrix.sync import SyncLoop
from bot.matrix.upkeep import Upkeep
from bot.ports import FixedClock, SystemClock, Unread
from bot.services import timers, unreadable
from bot.store.database import Database, Tx
from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.seen import Seen
from sandbox.synapse import Synapse
from tests.synapse.rooms import pod

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


class Here:
    """The bot in the test's own process, so that its clock can be set, and it runs on when its device is disowned."""

    def __init__(self, database: Database, client: BotClient) -> None:
        self.database = database
        self.client = client
        self.clock = FixedClock(SystemClock().now())
        self.unread: asyncio.Queue[str] = asyncio.Queue()

    async def later(self, **length: float) -> None:
        """Let time pass and do what is due then."""
        self.clock.moment += timedelta(**length)
        await timers.run_due(self.database, self.clock)

    async def could_not_read(self, event_id: str) -> None:
        """Wait until a message is kept for later."""
        async with asyncio.timeout(60):
            while await self.unread.get() != event_id:
                pass


@asynccontextmanager
async def running_here(process: BotProcess) -> AsyncIterator[Here]:
    """Run a bot that was set up and stopped."""
    config = load(process.config)
    session = await restore(config, store_key(config.store_key_file))
    database = await Database.open(config.data_dir / "spokesbot.db")
    here = Here(database, session.client)
    clock = here.clock

    async def see_unread(tx: Tx, event: Unread) -> None:
        await unreadable.see(tx, clock.now(), event)
        if not event.over:
            tx.afterwards.append(lambda: here.unread.put_nowait(event.event_id))

    dispatcher = Dispatcher(discover(), clock, session.user_id)
    handle = replace(handlers(dispatcher, clock, lambda _: True), unread=see_unread)
    sync = SyncLoop(session.client, database, clock, handle, "!")
    upkeep = Upkeep(session.client, database, clock, sync.synced, sync.read_after_upkeep)
    tasks = [asyncio.create_task(sync.run()), asyncio.create_task(upkeep.run())]
    try:
        await sync.synced.wait()
        tasks.append(asyncio.create_task(Sender(session.client, database, clock, sync.joins).run()))
        yield here
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await session.client.close()
        await database.close()


async def test_a_strict_member_hears_why_and_their_vote_is_unknown_until_the_bot_is_signed_again(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    """The account is given another identity while the bot runs; `run` would refuse to start with an unsigned device."""
    async with BotProcess(synapse, fresh_name("bot")) as process:
        strict = await members.join_server(synapse, fresh_name("ana"))
        lax = await members.join_server(synapse, fresh_name("ben"), strict=False)
        room = await pod(process, [strict, lax])
        asked = await lax.say(room.room_id, "!poll Where? | Park | Library | closes=2h")

        def is_start(seen: Seen) -> bool:
            return seen.type == "org.matrix.msc3381.poll.start" and seen.utd is None

        poll = await strict.wait_for(room.room_id, is_start, since=asked)
        await process.stop()
        async with running_here(process) as here:
            identity = Identity.create(process.user_id)
            await publish(here.client, identity, lambda: process.password)
            # whoever has read what was said after the change knows of the change
            changed = await lax.say(room.room_id, "the bot's device is disowned")
            await strict.wait_for_event(room.room_id, changed)

            vote = await strict.answer_poll(room.room_id, poll.event_id, [1])
            await here.could_not_read(vote)
            await here.later(minutes=1)
            line = await lax.wait_for(
                room.room_id, "your app excludes this bot because it counts as not verified", since=vote
            )
            assert line.reply_to == vote
            await here.later(hours=2)
            result = await lax.wait_for(room.room_id, "P1 is closed: Where?", since=vote)
            assert "No result yet.\nWhat 1 member sent last could not be read." in (result.body or "")

            # signed again, the bot is given keys again, and nothing more is said
            await sign_device(here.client, identity, await fetch(here.client))
            signed = await lax.say(room.room_id, "and now it is signed")
            await strict.wait_for_event(room.room_id, signed)
            again = await strict.say(room.room_id, "!why P1")
            why = await strict.wait_for(
                room.room_id, lambda seen: seen.reply_to == again and seen.utd is None, sender=process.user_id
            )
            assert "What 1 member sent last could not be read." in (why.body or "")
            await here.later(minutes=5)
            said = [
                seen.body for seen in lax.timeline(room.room_id) if "your app excludes" in (seen.body or "")
            ]
            assert len(said) == 1
