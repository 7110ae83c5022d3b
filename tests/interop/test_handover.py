"""One handover on a real server: room invitations, the brief in the newcomer's own client, and the way out."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from sandbox.bot import BotProcess
from sandbox.members import Member, Members
from sandbox.synapse import Synapse
from tests.synapse.rooms import PodRoom, people, pod, room_with

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


async def entered(bot: BotProcess, river: PodRoom, willow: PodRoom) -> None:
    """Let Willow into River."""
    await river.people[0].say(river.room_id, "!assembly create River")
    await river.people[0].wait_for(river.room_id, "is now the assembly River", sender=bot.user_id)
    await river.people[0].say(river.room_id, "!assembly invite")
    made = await river.people[0].wait_for(river.room_id, "Here is a code", sender=bot.user_id)
    code = re.findall(r"!pod join (\S+)", made.body or "")[0]
    await willow.asks(0, f"!pod join {code}", "has asked to enter")
    request = await river.people[0].wait_for(river.room_id, "asks to enter", sender=bot.user_id)
    await river.people[0].say(river.room_id, re.findall(r"ok J\d+", request.body or "")[0])
    await willow.people[0].wait_for(willow.room_id, "is now in the assembly River", sender=bot.user_id)


def make_handover_due(bot: BotProcess) -> None:
    """Move the pod's next handover to now, while the bot is stopped."""
    now = int(time.time() * 1000)
    with closing(sqlite3.connect(bot.folder / "data" / "spokesbot.db")) as store, store:
        store.execute("UPDATE rotations SET next_at = ?", (now,))
        store.execute("UPDATE timers SET due = ? WHERE kind = 'spokes.handover'", (now,))


async def test_a_handover_brings_the_newcomer_in_and_lets_the_other_go_once_the_brief_is_read(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        ana, ben, cy, dora = await people(synapse, members, fresh_name, 4)
        river = await room_with(bot, [dora], "River")
        willow = await pod(bot, [ana, ben, cy])
        await entered(bot, river, willow)
        # the test may run in the night
        asked = await willow.asks(0, "!pod set quiet off", "It takes effect when")
        await willow.asks(1, re.findall(r"ok J\d+", asked.body or "")[0], "Quiet is now off")

        drawn = await willow.asks(0, "!spokes draw", "would you take the speak seat")
        by_id: dict[str, Member] = {member.user_id: member for member in willow.people}
        pair = [by_id[user_id] for user_id in drawn.content["m.mentions"]["user_ids"]]
        for spoke in pair:
            await spoke.say(willow.room_id, "accept")
            await dora.wait_for_membership(river.room_id, spoke)
        speaker = pair[0]
        await willow.asks(
            willow.people.index(speaker),
            "!handover add The key of the hall is with Oak",
            "Kept for the next spoke",
        )

        assert await bot.stop() == 0
        make_handover_due(bot)
        await bot.restart()
        [newcomer] = [member for member in willow.people if member not in pair]
        handover = await newcomer.wait_for(
            willow.room_id, "would you take the note seat", sender=bot.user_id, since=drawn.event_id
        )
        assert handover.content["m.mentions"]["user_ids"] == [newcomer.user_id]
        await newcomer.say(willow.room_id, "accept")
        await dora.wait_for_membership(river.room_id, newcomer)
        brief = await newcomer.wait_for(
            willow.room_id, "What a new spoke of Willow has to know", sender=bot.user_id
        )
        assert (brief.encrypted, brief.shield, brief.utd) == (True, "NONE", None)
        assert "The key of the hall is with Oak" in (brief.body or "")
        assert "the next handover:" in (brief.body or "")

        await newcomer.say(willow.room_id, "!handover ok")
        await newcomer.wait_for(willow.room_id, "the handover is done", sender=bot.user_id)
        await dora.wait_for_membership(river.room_id, speaker, "leave")
        # the newcomer reads what is said in the assembly from now on, and has a calendar that opens
        asked_id = await newcomer.say(river.room_id, "!assembly")
        answer = await newcomer.wait_for(river.room_id, lambda seen: seen.reply_to == asked_id)
        assert (answer.encrypted, answer.shield) == (True, "NONE")
        await newcomer.say(willow.room_id, "!spokes ics")
        file = await newcomer.wait_for(willow.room_id, lambda seen: seen.msgtype == "m.file")
        assert file.encrypted
        text = (await newcomer.download(file)).decode()
        assert text.startswith("BEGIN:VCALENDAR\r\n")
        assert text.count("SUMMARY:Handover of Willow") == 4
