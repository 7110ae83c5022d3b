"""The real process on a real Synapse, with people's real clients."""

import random
from collections.abc import Callable

import pytest

from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.synapse import Synapse
from tests.synapse.rooms import people, pod, room_with

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

REFUSAL = "This room is not encrypted, so I do nothing here."


async def test_what_was_typed_while_the_bot_was_dead_is_done_once_and_in_order(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        room = await pod(bot, await people(synapse, members, fresh_name))
        await bot.kill()
        # more than one answer of a sync holds, so the gap has to be paged back
        asked = [await room.people[number % 3].say(room.room_id, f"!help {number}") for number in range(130)]
        await bot.restart()
        await room.people[0].wait_for(room.room_id, "There is no topic 129", sender=bot.user_id)
        topics = [
            (seen.body or "").split("There is no topic ")[1].split(".")[0]
            for seen in room.people[0].timeline(room.room_id)
            if "There is no topic" in (seen.body or "")
        ]
        assert topics == [str(number) for number in range(130)]
        assert [len(room.answers_to(event_id)) for event_id in asked] == [1] * len(asked)


async def test_killed_again_and_again_under_load_it_answers_everything_once(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    chance = random.Random(7)  # noqa: S311 - not for secrecy
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        room = await pod(bot, await people(synapse, members, fresh_name))
        asked = []
        for _ in range(6):
            asked += [await room.people[number].say(room.room_id, "!pod roster") for number in range(3)]
            # killed when some of the answers are there: each time at another place of its work
            wanted = asked[-chance.randint(1, 3)]
            await room.people[0].wait_for(room.room_id, lambda seen, event=wanted: seen.reply_to == event)
            asked.append(await room.people[1].say(room.room_id, "!pod roster"))
            await bot.kill()
            await bot.restart()
        await room.people[0].wait_for(room.room_id, lambda seen: seen.reply_to == asked[-1])
        done = await room.people[0].say(room.room_id, "!status")
        await room.people[1].wait_for(room.room_id, lambda seen: seen.reply_to == done)
        await room.people[0].wait_for(room.room_id, lambda seen: seen.reply_to == done)
        assert [len(room.answers_to(event_id)) for event_id in asked] == [1] * len(asked)


async def test_a_room_without_encryption_gets_one_fixed_sentence_until_it_is_switched_on(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    [ana] = await people(synapse, members, fresh_name, 1)
    room = await ana.create_room("Open", [bot.user_id], encrypted=False)
    refused = await ana.wait_for(room, REFUSAL, sender=bot.user_id)
    assert not refused.encrypted
    await ana.say(room, "!pod create Willow")
    await ana.send_state(room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    await ana.wait_for(room, "Hello, I am Spokesbot", sender=bot.user_id)
    asked = await ana.say(room, "!pod create Oak")
    answer = await ana.wait_for(room, lambda seen: seen.reply_to == asked)
    assert answer.encrypted
    assert "is now the pod Oak" in (answer.body or "")
    said = [seen for seen in ana.timeline(room) if seen.sender == bot.user_id and seen.state_key is None]
    assert [seen.body for seen in said if not seen.encrypted] == [refused.body]


async def test_it_is_removed_and_comes_back_when_it_is_invited_again(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    ana = room.people[0]
    await ana.kick(room.room_id, bot.user_id)
    await ana.wait_for_membership(room.room_id, bot.user_id, "leave")
    missed = await ana.say(room.room_id, "!pod roster")
    await ana.invite(room.room_id, bot.user_id)
    await ana.wait_for(room.room_id, "I am back in Willow", sender=bot.user_id)
    await room.asks(1, "!pod", "Willow: 3 members")
    # what was said while it was away was not said to it
    assert room.answers_to(missed) == []


async def test_an_upgraded_room_is_followed(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    ana, *others = room.people
    power = {"users": {bot.user_id: 50}}
    new = await ana.create_room("Willow", [*others, bot.user_id], power=power)
    await ana.send_state(room.room_id, "m.room.tombstone", {"body": "moved", "replacement_room": new})
    await ana.wait_for(new, "I am back in Willow", sender=bot.user_id)
    asked = await ana.say(new, "!pod create Other")
    answer = await others[0].wait_for(new, lambda seen: seen.reply_to == asked)
    assert "This room is the pod Willow already" in (answer.body or "")


async def test_a_stranger_cannot_invite_it(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    friend, stranger = fresh_name("friend"), fresh_name("stranger")
    async with BotProcess(synapse, fresh_name("bot"), allow=(f"@{friend}:sandbox.test",)) as bot:
        knows = await members.join_server(synapse, friend)
        other = await members.join_server(synapse, stranger)
        declined = await other.create_room("Trap", [bot.user_id])
        await other.wait_for_membership(declined, bot.user_id, "leave")
        assert "may not invite" in bot.log
        await room_with(bot, [knows])


async def test_a_pod_takes_its_records_along_as_an_encrypted_file(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    who = await people(synapse, members, fresh_name)
    assembly = await room_with(bot, who[:1], "River")
    await assembly.asks(0, "!assembly create River", "is now the assembly River")
    made = await assembly.asks(0, "!assembly invite", "!pod join")
    willow = await pod(bot, who)
    code = (made.body or "").split("!pod join ")[1][:7]
    await willow.asks(1, f"!pod join {code}", "has asked to enter")
    asked = await who[0].wait_for(assembly.room_id, "asks to enter", sender=bot.user_id)
    await assembly.asks(0, "ok", "Willow is now in the assembly", reply_to=asked.event_id)
    proposed = await willow.asks(1, "!pod leave", "proposes that Willow leaves the assembly")
    await willow.asks(2, "ok", "has left the assembly", reply_to=proposed.event_id)
    file = await who[0].wait_for(willow.room_id, lambda seen: seen.msgtype == "m.file", sender=bot.user_id)
    assert file.encrypted
    assert "Records of Willow" in (await who[0].download(file)).decode()
    await who[0].wait_for(assembly.room_id, "The pod Willow has left the assembly", sender=bot.user_id)


async def test_it_stops_at_sigterm_with_everything_flushed(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        room = await pod(bot, await people(synapse, members, fresh_name))
        await room.asks(0, "!status", "This is the pod Willow")
        assert await bot.stop() == 0
        assert "stopped" in bot.log
        await bot.restart()
        await room.asks(1, "!status", "This is the pod Willow")


async def test_the_server_may_vanish_and_come_back(members: Members) -> None:
    async with Synapse() as synapse, BotProcess(synapse) as bot:
        ana = await members.join_server(synapse, "ana")
        room = await room_with(bot, [ana])
        await synapse.kill()
        begun = len(bot.log.splitlines())
        await bot.wait_for_log("next try in", since=begun)
        await synapse.restart()
        asked = await ana.say(room.room_id, "!status")
        await ana.wait_for(room.room_id, lambda seen: seen.reply_to == asked, timeout=120)


async def test_nothing_anybody_said_is_in_the_log(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    await room.asks(0, "!xyzzy strawberries", "I do not know")
    await room.asks(1, "!pod set colour raspberries", "There is no setting")
    await room.people[2].say(room.room_id, "just talking about blueberries")
    await room.asks(0, "!status", "This is the pod")
    assert "berries" not in bot.log


async def test_a_lost_store_of_keys_is_repaired_and_the_bot_goes_on(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        room = await pod(bot, await people(synapse, members, fresh_name))
        assert await bot.stop() == 0
        for file in (bot.folder / "data").glob("keys.db*"):
            file.unlink()
        code, printed = await bot.command("run")
        assert (code, "is lost" in printed) == (3, True)
        secrets = {"SPOKESBOT_PASSWORD": bot.password, "SPOKESBOT_RECOVERY_KEY": bot.recovery_key}
        assert (await bot.command("crypto", "recover", **secrets))[0] == 0
        await bot.start()
        answer = await room.asks(0, "!pod", "Willow: 3 members")
        assert (answer.encrypted, answer.shield) == (True, "NONE")
        said = [seen.body for seen in room.people[0].timeline(room.room_id) if seen.sender == bot.user_id]
        assert sum("is now the pod" in (body or "") for body in said) == 1
