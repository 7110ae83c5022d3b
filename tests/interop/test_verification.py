"""Members verify the bot with Element's engine, in a room and by device, and the operator has a say."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from bot.app import handlers
from bot.commanding.discover import discover
from bot.commanding.dispatch import Dispatcher
from bot.config import load
from bot.credentials import store_key
from bot.matrix.session import restore
from bot.matrix.sync import SyncLoop
from bot.matrix.verification import Verifications
from bot.matrix.verification_steps import LASTS
from bot.ports import FixedClock, SystemClock
from bot.store.database import Database
from bot.verify import QUESTION
from sandbox.bot import BotProcess
from sandbox.install import SandboxError
from sandbox.members import Member, Members
from sandbox.synapse import Synapse
from sandbox.verifying import Outcome, Shown, Verification
from tests.interop.operator import Verifying
from tests.synapse.rooms import people, room_with

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

DONE = Outcome("Done", None, None)


async def asks(member: Member, bot: BotProcess, room: str | None = None) -> Verification:
    """Let a member ask the bot: in a room, or its one device."""
    if room is not None:
        return await member.request_verification(bot.user_id, room=room)
    [device] = await member.devices(bot.user_id)
    return await member.request_verification(bot.user_id, device=device.device_id)


def numbers_in(shown: str) -> tuple[int, ...]:
    found = re.search(r"numbers  (\d+) (\d+) (\d+)", shown)
    assert found is not None, shown
    return tuple(map(int, found.groups()))


def same_on_both_sides(app: Shown, screen: str) -> bool:
    """Tell whether both show the same numbers, emoji and words for them."""
    emoji = ", ".join(f"{sign} {name}" for sign, name in app.emoji)
    return len(app.emoji) == 7 and numbers_in(screen) == app.numbers and f"emoji    {emoji}\n" in screen


@pytest.mark.parametrize("way", ["in the room", "from device to device"])
async def test_a_member_verifies_the_bot_and_both_sides_show_the_same(
    way: str, bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await room_with(bot, await people(synapse, members, fresh_name, 1))
    ana = room.people[0]
    assert not await ana.user_verified(bot.user_id)
    async with Verifying(bot) as operator:
        await operator.reads("No verification waits")
        flow = await asks(ana, bot, room.room_id if way == "in the room" else None)
        app = await flow.start()
        screen = await operator.reads(QUESTION)
        assert f"{ana.user_id} on device {ana.device_id} verifies the bot {way}" in screen
        assert same_on_both_sides(app, screen)
        await flow.confirm()
        assert not await ana.user_verified(bot.user_id)
        await operator.types("y")
        await operator.reads("Confirmed")
        assert await flow.end() == DONE
    assert await ana.user_verified(bot.user_id)
    assert "waits for you: run `spokesbot verify`" in bot.log
    assert not any(str(number) in bot.log for number in app.numbers if number > 9000)
    assert not any(name in bot.log for _, name in app.emoji if len(name) > 5)


async def test_the_member_says_that_they_differ(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await room_with(bot, await people(synapse, members, fresh_name, 1))
    ana = room.people[0]
    async with Verifying(bot) as operator:
        flow = await asks(ana, bot, room.room_id)
        await flow.start()
        await operator.reads(QUESTION)
        await flow.mismatch()
        await operator.reads("is over. Press Enter to go on.")
    assert await flow.end() == Outcome("Cancelled", "m.mismatched_sas", ana.user_id)
    assert not await ana.user_verified(bot.user_id)


async def test_the_operator_says_that_they_differ(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await room_with(bot, await people(synapse, members, fresh_name, 1))
    ana = room.people[0]
    async with Verifying(bot) as operator:
        flow = await asks(ana, bot, room.room_id)
        await flow.start()
        await operator.reads(QUESTION)
        await flow.confirm()
        await operator.types("n")
        await operator.reads("Refused")
    assert await flow.end() == Outcome("Cancelled", "m.mismatched_sas", bot.user_id)
    assert not await ana.user_verified(bot.user_id)


async def test_two_members_at_once_are_told_apart(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana, ben = await people(synapse, members, fresh_name, 2)
    room = await room_with(bot, [ana, ben])
    async with Verifying(bot) as operator:
        flows = {who.user_id: await asks(who, bot, room.room_id) for who in (ana, ben)}
        app = {user: await flow.start() for user, flow in flows.items()}
        first = await operator.reads("(1 more after this)")
        for word in ("y", "n"):
            screen = (first if word == "y" else "") + await operator.reads(QUESTION)
            user = screen[screen.index("@") :].split(" ")[0]
            assert same_on_both_sides(app[user], screen)
            await flows[user].confirm()
            await operator.types(word)
            ended = await flows.pop(user).end()
            assert (ended.phase, ended.code) == (
                ("Done", None) if word == "y" else ("Cancelled", "m.mismatched_sas")
            )
    verified = [await who.user_verified(bot.user_id) for who in (ana, ben)]
    assert sorted(verified) == [False, True]


async def test_the_member_gives_up_and_a_word_typed_then_counts_for_nobody(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana, ben = await people(synapse, members, fresh_name, 2)
    room = await room_with(bot, [ana, ben])
    async with Verifying(bot) as operator:
        given_up = await asks(ana, bot, room.room_id)
        await given_up.start()
        await operator.reads(QUESTION)
        other = await asks(ben, bot, room.room_id)
        await other.start()
        await given_up.cancel()
        await operator.reads("is over. Press Enter to go on.")
        await operator.types("y")
        assert ben.user_id in await operator.reads(QUESTION)
        await other.confirm()
        await operator.types("n")
        assert (await other.end()).code == "m.mismatched_sas"
    assert await given_up.end() == Outcome("Cancelled", "m.user", ana.user_id)
    assert not await ben.user_verified(bot.user_id)


async def test_a_second_request_of_the_same_person_ends_the_first(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await room_with(bot, await people(synapse, members, fresh_name, 1))
    ana = room.people[0]
    phone = await members.log_in(synapse, ana.account, strict=False)
    await phone.wait_for_membership(room.room_id, bot.user_id)
    await phone.devices(bot.user_id)
    first = await asks(ana, bot, room.room_id)
    await first.start()
    [device] = await phone.devices(bot.user_id)
    second = await phone.request_verification(bot.user_id, device=device.device_id)
    assert (await second.ready()).phase == "Ready"
    assert await first.end() == Outcome("Cancelled", "m.user", bot.user_id)
    await second.cancel()


async def test_verify_says_when_no_bot_runs_and_ends_when_it_stops(
    synapse: Synapse, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        path = bot.folder / "data" / "control.sock"
        assert oct(path.stat().st_mode & 0o777) == "0o600"
        async with Verifying(bot) as operator:
            await operator.reads("No verification waits")
            assert await bot.stop() == 0
            await operator.reads("The bot has stopped")
            assert await operator.ended() == 3
        code, said = await bot.command("verify")
        assert (code, path.exists()) == (3, False)
        assert "start it with `spokesbot run` first" in said
        await bot.restart()
        await bot.kill()
        assert path.exists()
        await bot.restart()
        async with Verifying(bot) as operator:
            await operator.reads("No verification waits")


async def test_an_app_that_can_only_scan_is_told_at_once(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await room_with(bot, await people(synapse, members, fresh_name, 1))
    scans = ["m.qr_code.scan.v1", "m.qr_code.show.v1", "m.reciprocate.v1"]
    flow = await room.people[0].request_verification(bot.user_id, room=room.room_id, methods=scans)
    assert await flow.end() == Outcome("Cancelled", "m.unknown_method", bot.user_id)


async def test_in_a_room_without_encryption_nothing_is_answered_and_the_device_can_be_asked_instead(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    (ana,) = await people(synapse, members, fresh_name, 1)
    open_room = await ana.create_room("Open", [bot.user_id], encrypted=False)
    await ana.wait_for_membership(open_room, bot.user_id)
    # an app looks after the keys of those alone with whom it shares an encrypted room
    with pytest.raises(SandboxError, match="unknown userId"):
        await ana.request_verification(bot.user_id, room=open_room)
    room = await room_with(bot, [ana])
    unanswered = await ana.request_verification(bot.user_id, room=open_room)
    await room.asks(0, "!help", "!pod")  # so the bot has seen the request, which came before
    assert (await unanswered.told()).phase == "Requested"
    await unanswered.cancel()
    flow = await asks(ana, bot)
    assert len((await flow.start()).numbers) == 3
    await flow.cancel()
    said = [seen for seen in ana.timeline(open_room) if seen.sender == bot.user_id and seen.state_key is None]
    assert [seen.type for seen in said] == ["m.room.message"]  # the one fixed sentence, as it came in


async def test_a_request_sent_with_the_invitation_is_answered_as_the_apps_button_needs_it(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        room = await room_with(bot, await people(synapse, members, fresh_name, 1))
        ana = room.people[0]
        await bot.stop()
        direct = await ana.create_room("Direct", [bot.user_id])
        flow = await ana.request_verification(bot.user_id, room=direct)
        await bot.restart()
        async with Verifying(bot) as operator:
            app = await flow.start()
            assert same_on_both_sides(app, await operator.reads(QUESTION))
            await flow.confirm()
            await operator.types(" ".join(map(str, app.numbers)))
            assert await flow.end() == DONE
        assert await ana.user_verified(bot.user_id)


@pytest.mark.parametrize("way", ["in the room", "from device to device"])
async def test_with_verify_auto_the_members_own_word_is_enough(
    way: str, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot"), settings={"verify": {"auto": True}}) as bot:
        room = await room_with(bot, await people(synapse, members, fresh_name, 1))
        ana = room.people[0]
        async with Verifying(bot) as operator:
            await operator.reads("the bot confirms every verification without you")
            assert await operator.ended() == 0
        flow = await asks(ana, bot, room.room_id if way == "in the room" else None)
        assert len((await flow.start()).numbers) == 3
        assert not await ana.user_verified(bot.user_id)
        await flow.confirm()
        assert await flow.end() == DONE
        assert await ana.user_verified(bot.user_id)
        assert bot.log.count("confirmed without comparing, as verify.auto says") == 1


async def test_what_takes_ten_minutes_is_ended(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    """The bot runs here, in the test's own process, so that its clock can be set."""
    async with BotProcess(synapse, fresh_name("bot")) as process:
        room = await room_with(process, await people(synapse, members, fresh_name, 1))
        await process.stop()
        config = load(process.config)
        session = await restore(config, store_key(config.store_key_file))
        database = await Database.open(config.data_dir / "spokesbot.db")
        clock = FixedClock(SystemClock().now())
        verifications = Verifications(session.client, clock, session.master_key)

        dispatcher = Dispatcher(discover(), clock, session.user_id)
        sync = SyncLoop(
            session.client,
            database,
            clock,
            handlers(dispatcher, clock, lambda _: True),
            "!",
            verify=verifications.hear,
        )
        running = asyncio.create_task(sync.run())
        try:
            await sync.synced.wait()
            flow = await asks(room.people[0], process, room.room_id)
            await flow.start()
            clock.moment += LASTS - timedelta(seconds=1)
            await verifications.expire()
            assert len(verifications.waiting()) == 1
            clock.moment += timedelta(seconds=1)
            await verifications.expire()
            assert verifications.waiting() == []
            assert await flow.end() == Outcome("Cancelled", "m.timeout", process.user_id)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await database.close()
            await session.client.close()
