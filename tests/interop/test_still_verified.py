"""What becomes of verifications, under way and done, when the bot stops, is killed or loses its keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.verify import QUESTION
from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.synapse import Synapse
from sandbox.verifying import Outcome
from tests.interop.operator import Verifying
from tests.interop.test_verification import DONE, asks
from tests.synapse.rooms import PodRoom, people, pod, room_with

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


async def test_a_bot_that_is_stopped_or_killed_in_the_middle_ends_it_and_the_next_one_verifies(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        room = await room_with(bot, await people(synapse, members, fresh_name, 1))
        ana = room.people[0]
        for where in (room.room_id, None):
            stopped = await asks(ana, bot, where)
            await stopped.start()
            await bot.stop()
            assert await stopped.end() == Outcome("Cancelled", "m.user", bot.user_id)
            await bot.restart()
            killed = await asks(ana, bot, where)
            await killed.start()
            await bot.kill()
            await bot.restart()
            await killed.confirm()
            assert await killed.end() == Outcome("Cancelled", "m.unknown_transaction", bot.user_id)
        async with Verifying(bot) as operator:
            flow = await asks(ana, bot, room.room_id)
            await flow.start()
            await operator.reads(QUESTION)
            await operator.types("yes")
            await operator.reads("Confirmed")
            await flow.confirm()
            assert await flow.end() == DONE


async def test_verified_stays_verified_through_restart_kill_and_recovery_and_the_bot_catches_up(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot"), settings={"verify": {"auto": True}}) as bot:
        room = await pod(bot, await people(synapse, members, fresh_name, 2))
        ana = room.people[0]
        flow = await asks(ana, bot, room.room_id)
        await flow.start()
        await flow.confirm()
        assert await flow.end() == DONE

        async def is_still_verified() -> None:
            answer = await room.asks(1, "!status", "This is the pod Willow")
            assert (answer.utd, (await ana.look(answer)).shield) == (None, "NONE")
            trust = await ana.trust(bot.user_id)
            assert (trust.verified, trust.needs_approval) == (True, False)
            assert [one.verified for one in await ana.devices(bot.user_id)] == [True]

        await is_still_verified()
        await bot.stop()
        await bot.restart()
        await is_still_verified()
        await bot.kill()
        await bot.restart()
        await is_still_verified()
        await same_facts(room)

        await bot.kill()
        for path in (bot.folder / "data").glob("keys.db*"):
            path.unlink()
        await ana.say(room.room_id, "!pod set term 3 weeks")  # which no device of the bot can read any more
        given = {"SPOKESBOT_PASSWORD": bot.password, "SPOKESBOT_RECOVERY_KEY": bot.recovery_key}
        code, said = await bot.command("crypto", "recover", **given)
        assert code == 0, said
        read = await ana.say(room.room_id, "!status")
        await bot.restart()
        answer = await ana.wait_for(room.room_id, lambda seen: seen.reply_to == read, sender=bot.user_id)
        assert "This is the pod Willow" in (answer.body or "")
        await is_still_verified()
        await same_facts(room)
        assert len(room.answers_to(read)) == 1
        await room.asks(0, "!pod set term 3 weeks", "It takes effect when another member types")


async def same_facts(room: PodRoom) -> None:
    """See that the room, the operator and a member's app are shown the same keys and signature."""
    code, status = await room.bot.command("crypto", "status")
    facts = {line[:15].strip(): line[15:].strip() for line in status.splitlines()}
    assert code == 0, status
    told = (await room.asks(0, "!trust", "My fingerprint is")).body or ""
    first = told.split("\n")[0]
    assert first == (
        f"My fingerprint is {facts['fingerprint']}, on device {facts['device']}."
        f" My account's identity is {facts['master key']}; it has signed that device."
    )
    assert facts["signed"] == "yes, by the identity"
    [device] = await room.people[0].devices(room.bot.user_id)
    assert (device.device_id, device.signed_by_owner) == (facts["device"], True)
    assert device.ed25519 == facts["fingerprint"].replace(" ", "")
