"""The real process is killed with SIGKILL between the steps of a correction of twenty copies: every copy ends the same."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from urllib.parse import quote

import pytest

from sandbox.bot import BotProcess
from sandbox.member import Member
from sandbox.members import Members
from sandbox.proxy import Proxy
from sandbox.seen import Seen
from sandbox.synapse import Synapse
from tests.synapse.rooms import people, room_with

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

PODS = 20


async def federation(bot: BotProcess, ana: Member, ben: Member) -> tuple[str, list[str]]:
    """An assembly with twenty pods, written into the store while the bot is down; Ana and Ben speak for two of them."""
    river = await room_with(bot, [ana, ben], "River")
    await river.asks(0, "!assembly create River", "is now the assembly")
    pods = await asyncio.gather(*(room_with(bot, [ana], f"Pod {number}") for number in range(PODS)))
    rooms = [pod.room_id for pod in pods]
    assert await bot.stop() == 0
    with closing(sqlite3.connect(bot.folder / "data" / "spokesbot.db")) as store, store:
        store.execute("PRAGMA foreign_keys=ON")
        for number, room in enumerate(rooms):
            store.execute(
                "INSERT INTO pods (room_id, name, created_at, assembly_room_id) VALUES (?, ?, 0, ?)",
                (room, f"Pod {chr(65 + number)}", river.room_id),
            )
        for room, spoke in zip(rooms, (ana, ben), strict=False):
            store.execute("INSERT INTO seats VALUES (?, 'speak', ?, 0)", (room, spoke.user_id))
    await bot.start()
    return river.room_id, rooms


def edits(ana: Member, room: str, bot: BotProcess) -> list[Seen]:
    return [seen for seen in ana.timeline(room) if seen.replaces and seen.sender == bot.user_id]


async def test_killed_between_the_steps_of_a_correction_every_copy_ends_the_same(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with (
        Proxy(synapse.url) as proxy,
        BotProcess(synapse, fresh_name("bot"), through=proxy.url) as bot,
    ):
        ana, ben = await people(synapse, members, fresh_name, 2)
        river, rooms = await federation(bot, ana, ben)

        async def types(who: Member, text: str, answer: str) -> None:
            sent = await who.say(river, text)
            await ana.wait_for(river, answer, sender=bot.user_id, since=sent)

        await types(ana, "!summary Words 0.", "Draft S1")
        await types(ana, "ok S1", "Counted")
        await ben.say(river, "ok S1")
        letters = [await ana.wait_for(room, "> Words 0.", sender=bot.user_id) for room in rooms]

        steps: Sequence[tuple[str, str]] = (
            ("wait", "wait"),  # nothing has left
            ("pass", "wait"),  # half of it is there
            ("hold", "hold"),  # all of it is there, and the bot does not know
            ("hold", "wait"),
        )
        for number, step in enumerate(steps, 1):
            await types(ana, f"!summary correct S1 Words {number}.", "Correction of S1")
            await types(ana, "ok S1", "Counted")
            faults = [
                proxy.fault(
                    what,
                    rf"PUT .*/rooms/{re.escape(quote(room, safe=''))}/send/|PUT .*{re.escape(room)}/send/",
                )
                for place, room in enumerate(rooms)
                if (what := step[place % 2]) != "pass"
            ]
            await ben.say(river, "ok S1")
            for fault in faults:
                await fault.reached.wait()
            for place, room in enumerate(rooms):
                if step[place % 2] == "pass":
                    await ana.wait_for(room, f"> Words {number}.", sender=bot.user_id)
            await bot.kill()
            proxy.release_all()
            await bot.start()
            for room, letter in zip(rooms, letters, strict=True):
                await ana.wait_for(room, f"> Words {number}.", sender=bot.user_id)
                shown = edits(ana, room, bot)
                assert [seen.replaces for seen in shown] == [letter.event_id] * number
                assert len({seen.event_id for seen in shown}) == number
        await types(ana, "!summary status S1", f"delivered to {PODS} of {PODS} rooms")
        for room in rooms:
            assert [(seen.body or "").split("> ")[-1] for seen in edits(ana, room, bot)] == [
                f"Words {number}." for number in range(1, len(steps) + 1)
            ]
        assert await bot.stop() == 0
