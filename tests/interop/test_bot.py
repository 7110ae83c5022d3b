"""People's real apps and the bot: Element's engine, which excludes insecure devices, and an old client."""

from collections.abc import Callable

import pytest

from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.old import OldClient
from sandbox.synapse import Synapse
from tests.synapse.rooms import people, pod

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


async def test_a_strict_app_reads_the_bot_without_a_shield_and_is_read_by_it(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    answer = await room.asks(0, "!pod", "Willow: 3 members")
    assert (answer.encrypted, answer.shield, answer.shield_reason) == (True, "NONE", None)
    [device] = await room.people[0].devices(bot.user_id)
    assert device.signed_by_owner


async def test_apps_show_the_bots_messages_quietly_and_its_calls_to_act_aloud(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    answer = await room.asks(0, "!status", "This is the pod")
    assert answer.msgtype == "m.notice"
    assert answer.content["m.mentions"] == {}
    assert "<" not in (answer.body or "")


async def test_a_vote_by_tapping_by_text_and_by_reply_is_counted_as_apps_count_it(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    ana, ben, cy = room.people
    await ana.say(room.room_id, "!poll Where? | Park | Library")
    start = await ben.wait_for(room.room_id, lambda seen: seen.type == "org.matrix.msc3381.poll.start")
    words = await ben.wait_for(room.room_id, "!vote", sender=bot.user_id, since=start.event_id)
    assert (start.encrypted, start.shield) == (True, "NONE")
    await ben.answer_poll(room.room_id, start.event_id, [0])
    await ben.answer_poll(room.room_id, start.event_id, [1])
    await cy.wait_for_event(room.room_id, start.event_id)
    await cy.answer_poll(room.room_id, start.event_id, [1], stable=True)
    await room.asks(0, "Park", "Park", reply_to=words.event_id)
    result = await room.asks(0, "!poll close P1" if "P1" in (words.body or "") else "!poll close", "3 of 3")
    assert "Library" in (result.body or "")
    shown = await ben.poll_results(room.room_id, start.event_id)
    assert shown.ended
    # the app knows only its own way of voting; the bot's result counts all three
    assert shown.votes == {"Park": 0, "Library": 1}


async def test_a_feeling_is_tapped_and_an_order_is_typed_in_real_apps(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    ana, ben, cy = room.people
    await ana.say(room.room_id, "!poll The plan? | type=temperature")
    start = await ben.wait_for(room.room_id, lambda seen: seen.type == "org.matrix.msc3381.poll.start")
    await ben.answer_poll(room.room_id, start.event_id, [4])
    await cy.wait_for_event(room.room_id, start.event_id)
    await cy.answer_poll(room.room_id, start.event_id, [0])
    result = await room.asks(0, "!poll close", "2 of 3")
    assert "In the middle: Unsure." in (result.body or "")
    assert (await ben.poll_results(room.room_id, start.event_id)).ended
    asked = await room.asks(0, "!poll Where? | Park | Library | Hall | type=rank", "There is nothing to tap")
    await room.asks(1, "2 > 1", "first Library, then Park, then Hall", reply_to=asked.event_id)
    await room.asks(2, "Hall, Library", "first Hall, then Library, then Park", reply_to=asked.event_id)
    await room.asks(0, "!vote 2 1 3", "first Library, then Park, then Hall")
    result = await room.asks(0, "!poll close", "3 of 3")
    assert (result.encrypted, result.shield) == (True, "NONE")
    assert "Instant run-off: Library wins. It also beats every other one" in (result.body or "")


async def test_a_newcomer_reads_what_comes_next(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    ana = room.people[0]
    dora = await members.join_server(synapse, fresh_name("dora"))
    await ana.invite(room.room_id, dora)
    await ana.wait_for_membership(room.room_id, dora)
    asked = await ana.say(room.room_id, "!pod roster")
    answer = await dora.wait_for(room.room_id, lambda seen: seen.reply_to == asked and seen.utd is None)
    assert "4 members" in (answer.body or "")


async def test_an_old_client_on_libolm_reads_the_bot_and_is_read_by_it(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    lax = await members.join_server(synapse, fresh_name("lax"), strict=False)
    async with OldClient(synapse, fresh_name("otto")) as otto:
        room = await lax.create_room("Oak", [otto, bot.user_id])
        await lax.wait_for_membership(room, otto)
        await lax.wait_for(room, "Hello, I am Spokesbot", sender=bot.user_id)
        asked = await otto.say(room, "!pod create Oak")
        answer = await otto.wait_for(room, "is now the pod Oak", sender=bot.user_id)
        assert (answer.encrypted, answer.reply_to) == (True, asked)
