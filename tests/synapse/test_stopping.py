"""SIGTERM and SIGINT in the middle of saying something in many rooms, and a disk that is full."""

import asyncio
import resource
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.synapse import Synapse
from tests.synapse.rooms import PodRoom, people, pod, room_with

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

ROOMS = 22
PEOPLE = 4  # a room has one of them; of one person no more than 60 commands a minute are taken
ASKED = ("!help poll", "!xyzzy")


@dataclass
class FanOut:
    """A bot that has much to say in many rooms, all at once, on a server that lets it say little at a time."""

    bot: BotProcess
    synapse: Synapse
    rooms: list[PodRoom]
    asked: dict[str, list[str]]

    def answered(self, room: PodRoom) -> list[str]:
        """Return what was answered in a room, as the messages replied to."""
        [ana] = room.people
        found = [seen.reply_to for seen in ana.timeline(room.room_id) if seen.sender == self.bot.user_id]
        return [event_id for event_id in found if event_id in self.asked[room.room_id]]

    async def begin(self) -> None:
        """Ask much while it is dead; start it, and wait until some answers are there and others are not."""
        await self.bot.kill()
        for room in self.rooms:
            [ana] = room.people
            self.asked[room.room_id] = [await ana.say(room.room_id, text) for text in ASKED]
        await self.synapse.limit_messages(self.bot.user_id, per_second=2, burst=5)
        await self.bot.start()
        first = {asked[0] for asked in self.asked.values()}
        answers = [
            asyncio.create_task(room.people[0].wait_for(room.room_id, lambda seen: seen.reply_to in first))
            for room in self.rooms
        ]
        await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
        for answer in answers:
            answer.cancel()

    async def all_is_said_once(self) -> None:
        """Lift the limit, start again, and see every answer once and in order."""
        there = sum(len(self.answered(room)) for room in self.rooms)
        assert 0 < there < ROOMS * len(ASKED), "it was not stopped in the middle"
        await self.synapse.limit_messages(self.bot.user_id, per_second=0, burst=0)
        await self.bot.restart()
        for room in self.rooms:
            [ana] = room.people
            last = self.asked[room.room_id][-1]
            await ana.wait_for(room.room_id, lambda seen, last=last: seen.reply_to == last, timeout=120)
            assert self.answered(room) == self.asked[room.room_id]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fan_out(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> AsyncIterator[FanOut]:
    """A bot and one of a few people in each of many rooms; each test leaves it running with everything said."""
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        who = await people(synapse, members, fresh_name, PEOPLE)
        rooms = await asyncio.gather(
            *(room_with(bot, [who[number % PEOPLE]], f"Room {number}") for number in range(ROOMS))
        )
        yield FanOut(bot, synapse, list(rooms), {})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_in_the_middle_of_a_fan_out_loses_nothing_and_repeats_nothing(
    fan_out: FanOut, number: signal.Signals
) -> None:
    await fan_out.begin()
    fan_out.bot.send(number)
    assert await fan_out.bot.ended() == 0
    assert fan_out.bot.log.endswith("bot.start: stopped")
    await fan_out.all_is_said_once()


async def test_a_second_signal_does_not_wait_for_a_server_that_hangs(fan_out: FanOut) -> None:
    await fan_out.begin()
    begun = len(fan_out.bot.log.splitlines())
    fan_out.synapse.pause()
    try:
        fan_out.bot.send(signal.SIGTERM)
        await fan_out.bot.wait_for_log("stopping", since=begun)
        fan_out.bot.send(signal.SIGTERM)
        assert await fan_out.bot.ended() == 0
    finally:
        fan_out.synapse.resume()
    await fan_out.all_is_said_once()


async def test_a_full_disk_in_the_middle_of_a_fan_out_loses_nothing_and_repeats_nothing(
    fan_out: FanOut,
) -> None:
    await fan_out.begin()
    _fill(fan_out.bot)
    assert await fan_out.bot.ended() == 4
    assert fan_out.bot.log.count("cannot be written: ") == 1
    await fan_out.all_is_said_once()


async def test_commands_that_meet_a_full_disk_are_done_once_after_it(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        room = await pod(bot, await people(synapse, members, fresh_name))
        _fill(bot)
        asked = [await room.people[number % 3].say(room.room_id, f"!help {number}") for number in range(10)]
        assert await bot.ended() == 4
        assert bot.log.count("cannot be written: ") == 1
        assert "Traceback" not in bot.log
        await bot.restart()
        await room.people[0].wait_for(room.room_id, lambda seen: seen.reply_to == asked[-1])
        assert [len(room.answers_to(event_id)) for event_id in asked] == [1] * len(asked)


def _fill(bot: BotProcess) -> None:
    """Let no file of the process grow or be written any more, which is what it sees of a full disk."""
    resource.prlimit(bot.process_id, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
