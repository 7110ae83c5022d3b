"""Whose devices read the bot and command it, with Element's engine and with an old client that knows no identity."""

from collections.abc import Callable

import pytest

from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.old import OldClient
from sandbox.seen import Seen
from sandbox.synapse import Synapse
from tests.synapse.rooms import people, pod, room_with

UNVERIFIED = "MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE"

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


async def test_an_unsigned_device_reads_nothing_and_commands_nothing_until_it_is_signed(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    ana, ben, _ = room.people
    phone = await members.log_in(synapse, ana.account, strict=False)
    asked = await ben.say(room.room_id, "!pod roster")
    answer = await ana.wait_for(room.room_id, lambda seen: seen.reply_to == asked)
    assert answer.utd is None
    # and its app knows why
    await phone.wait_for(
        room.room_id, lambda seen: seen.event_id == answer.event_id and seen.utd == UNVERIFIED
    )

    # what it says is not done, and said to be so where its owner reads it
    command = await phone.say(room.room_id, "!poll Whereabouts? | Park | Library")
    told = await ana.wait_for(room.room_id, "you have not verified the app you sent this from", since=command)
    assert told.reply_to == command
    talk = await phone.say(room.room_id, "Good morning")
    again = await room.asks(1, "!polls", "poll")
    assert "Whereabouts?" not in (again.body or "")
    assert room.answers_to(talk) == []

    # verified, it is done, once, and the phone reads it
    await ana.sign_device(phone)

    def is_start(seen: Seen) -> bool:
        return seen.type == "org.matrix.msc3381.poll.start" and seen.utd is None

    start = await phone.wait_for(room.room_id, is_start, sender=bot.user_id)
    await ben.wait_for_event(room.room_id, start.event_id)
    asked = await phone.say(room.room_id, "!polls")
    listed = await phone.wait_for(
        room.room_id, lambda seen: seen.reply_to == asked and seen.utd is None, sender=bot.user_id
    )
    assert (listed.body or "").count("Whereabouts?") == 1
    await ben.wait_for_event(room.room_id, listed.event_id)
    assert sum(map(is_start, ben.timeline(room.room_id))) == 1


async def test_what_an_unsigned_device_sent_is_done_once_after_the_bot_was_killed(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("mortal")) as bot:
        room = await pod(bot, await people(synapse, members, fresh_name))
        ana, ben, _ = room.people
        phone = await members.log_in(synapse, ana.account, strict=False)
        command = await phone.say(room.room_id, "!pod set term 3 weeks")
        await ana.wait_for(room.room_id, "you have not verified the app", since=command)
        await bot.kill()
        await bot.restart()
        asked = await ben.say(room.room_id, "!next")
        answer = await ana.wait_for(room.room_id, lambda seen: seen.reply_to == asked and seen.utd is None)
        assert "J1" not in (answer.body or "")
        # told again, because the key is another one
        await phone.wait_for(
            room.room_id, lambda seen: seen.event_id == answer.event_id and seen.utd == UNVERIFIED
        )
        await bot.stop()
        await ana.sign_device(phone)
        await bot.restart()
        done = await phone.wait_for(
            room.room_id, lambda seen: seen.reply_to == command and "J1" in (seen.body or "")
        )
        await room.asks(1, "ok J1", "Term is now")
        assert len([seen for seen in room.answers_to(command) if "J1" in (seen.body or "")]) == 1
        assert done.utd is None


async def test_a_reset_identity_is_said_once_and_its_ok_counts_only_when_another_member_has_asked(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    ana, ben, cy = room.people
    asked = await room.asks(1, "!pod set term 3 weeks", "It takes effect when another member types")
    request = next(
        word for word in (asked.body or "").replace("(", " ").replace(")", " ").split() if word[0] == "J"
    )
    await ana.reset_identity()
    said = await ben.wait_for(room.room_id, "identity has changed. This happens when", sender=bot.user_id)
    await room.asks(0, f"ok {request}", "so this does not count yet")
    await room.asks(0, f"!trust ok {ana.user_id}", "Nobody confirms themselves")
    await room.asks(1, "!trust", "identity changed, waiting for confirmation")
    await room.asks(2, f"!trust ok {ana.user_id}", "counts again from now on")
    await room.asks(0, f"ok {request}", "Term is now")
    announced = [
        seen
        for seen in ben.timeline(room.room_id)
        if seen.sender == bot.user_id and "This happens when" in (seen.body or "")
    ]
    assert [seen.event_id for seen in announced] == [said.event_id]
    await cy.wait_for_event(room.room_id, said.event_id)


async def test_under_strict_somebody_without_an_identity_reads_nothing_and_commands_nothing(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("strict"), settings={"trust": "strict"}) as bot:
        lax = await members.join_server(synapse, fresh_name("lax"), strict=False)
        async with OldClient(synapse, fresh_name("otto")) as otto:
            room = await lax.create_room("Oak", [otto, bot.user_id])
            await lax.wait_for_membership(room, otto)
            hello = await lax.wait_for(room, "Hello, I am Spokesbot", sender=bot.user_id)
            unread = await otto.wait_for(room, lambda seen: seen.event_id == hello.event_id)
            assert unread.utd is not None
            asked = await otto.say(room, "!pod create Oak")
            told = await lax.wait_for(
                room, "I take commands here only from verified devices", sender=bot.user_id
            )
            assert told.reply_to == asked
            answer = await lax.say(room, "!status")
            seen = await lax.wait_for(room, lambda seen: seen.reply_to == answer)
            assert "not set up" in (seen.body or "")


async def test_under_all_every_device_reads_and_commands_as_before(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("lenient"), settings={"trust": "all"}) as bot:
        room = await room_with(bot, await people(synapse, members, fresh_name))
        phone = await members.log_in(synapse, room.people[0].account, strict=False)
        asked = await phone.say(room.room_id, "!pod create Willow")
        await phone.wait_for(room.room_id, lambda seen: seen.reply_to == asked and seen.utd is None)
