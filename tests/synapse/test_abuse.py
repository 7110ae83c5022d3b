"""A member who floods a room of a real server, and people in another one who notice nothing."""

import asyncio
from collections.abc import Callable

import pytest

from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.synapse import Synapse
from tests.synapse.rooms import people, pod

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

MOST = 60
TOLD = "commands a minute are the most I take from one person"


async def test_three_hundred_commands_are_answered_up_to_the_limit_while_another_room_is_served(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        who = await people(synapse, members, fresh_name, 4)
        willow, oak = await pod(bot, who[:2], "Willow"), await pod(bot, who[2:], "Oak")
        flood = [asyncio.create_task(who[0].say(willow.room_id, f"!help {number}")) for number in range(300)]
        await who[1].wait_for(willow.room_id, "There is no topic", sender=bot.user_id)
        answer = await oak.asks(0, "!pod roster", "Oak: 2 members")
        assert answer.encrypted
        sent = [await each for each in flood]
        told = await who[1].wait_for(willow.room_id, TOLD, sender=bot.user_id)
        assert told.encrypted
        # Oak is served to the end of it too, and whoever did not flood is served in the same room
        await oak.asks(1, "!pod", "Oak: 2 members")
        await willow.asks(1, "!pod", "Willow: 2 members")
        timeline = who[1].timeline(willow.room_id)
        minutes = {seen.origin_server_ts // 60_000 for seen in timeline if seen.event_id in sent}
        answered = [event_id for event_id in sent if willow.answers_to(event_id, reader=1)]
        lines = [seen for seen in timeline if TOLD in (seen.body or "")]
        # a flood on a slow machine runs over several minutes; each has its limit, and a line where that was reached
        assert 1 <= len(lines) <= len(minutes) + 1
        assert MOST <= len(answered) <= (MOST + 1) * (len(minutes) + 1)
        assert len(answered) < len(sent)
        assert all(len(willow.answers_to(event_id, reader=1)) <= 1 for event_id in sent)
