"""Votes that are sent while the bot is down, more than a sync shows at once."""

import asyncio
from collections.abc import Callable

import pytest

from sandbox.bot import BotProcess
from sandbox.member import Member
from sandbox.members import Members
from sandbox.synapse import Synapse
from tests.synapse.rooms import people, pod

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

EACH = 100


async def test_300_votes_that_were_sent_while_it_was_down_are_read_from_the_first_to_the_last(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        room = await pod(bot, await people(synapse, members, fresh_name, 4))
        *busy, early = room.people
        sent = await early.say(room.room_id, "!poll Where? | Park | Library")
        starts = [
            await member.wait_for(room.room_id, lambda seen: seen.type.endswith("poll.start"), since=sent)
            for member in room.people
            if await member.wait_for_event(room.room_id, sent)
        ]
        native = starts[0].event_id
        await bot.kill()
        # one voice stands at the very beginning of what a sync leaves out
        await early.answer_poll(room.room_id, native, [1])

        async def change_their_mind(member: Member) -> None:
            for number in range(EACH):
                await member.answer_poll(room.room_id, native, [number % 2])

        await asyncio.gather(*map(change_their_mind, busy))
        await bot.start()
        told = await room.asks(3, "!poll close", "has closed P")
        assert "Most votes: Library, with 4.\n4 of 4 members voted." in (told.body or "")
        # dying once more in the middle of everything changes nothing and says nothing twice
        await bot.kill()
        await bot.start()
        await room.asks(0, "!polls", "Closed lately")
        results = [
            seen
            for seen in early.timeline(room.room_id)
            if seen.sender == bot.user_id and "has closed P" in (seen.body or "")
        ]
        assert len(results) == 1
        shown = await early.poll_results(room.room_id, native)
        assert (shown.ended, shown.votes) == (True, {"Park": 0, "Library": 4})
        assert await bot.stop() == 0
