"""Identities that change, devices nobody vouches for, and what people are told about both."""

from datetime import timedelta

import pytest

from bot.store import held, inbox
from tests.commands.chat import Chat, user
from tests.commands.relay import river

CHANGED = (
    "Ana's identity has changed. This happens when someone resets their app, and also when somebody else pretends to"
    " be them. Another member types !trust ok @ana:test once they have asked Ana in person or by phone."
    " Until then Ana's ok and accept do not count."
)
NOT_YET = (
    "Ana's identity has changed, so this does not count yet. Another member types !trust ok @ana:test once they have"
    " asked Ana in person or by phone; then type it again."
)


async def reset(chat: Chat, person: str = "Ana") -> None:
    """Show an identity, then another one."""
    await chat.identity(person, "first")
    await chat.identity(person, "second")


async def test_a_change_is_said_once_in_each_shared_group_and_nowhere_else(chat: Chat) -> None:
    await river(chat)
    await chat.room("hall", "Ana", "Ben")
    chat.heard("hall")
    await chat.identity("Ana", "first")
    assert chat.sent == []
    await chat.identity("Ana", "second")
    await chat.identity("Ana", "second", devices=2, signed=1)
    assert (chat.heard("willow"), chat.heard("river")) == ([CHANGED], [CHANGED])
    assert chat.sent == []


async def test_an_ok_counts_again_once_another_member_has_confirmed(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await reset(chat)
    before = await chat.everything()
    assert await chat.say("Ana", "willow", "ok S1") == [NOT_YET]
    assert await chat.everything() == before
    chat.heard("river")
    assert await chat.say("Ben", "willow", "!trust ok @ana") == [
        "Ben confirms that this is Ana. What Ana approves counts again from now on."
    ]
    assert chat.heard("river") == [
        "Another member has confirmed Ana's new identity. What Ana approves counts."
    ]
    [answer] = await chat.say("Ana", "willow", "ok S1")
    assert answer.startswith("Counted: Ana says ok to S1, 1 of 2.")


async def test_a_request_and_a_seat_need_a_confirmed_identity_too(chat: Chat) -> None:
    await chat.room("oak", "Ana", "Ben", "Cy")
    await chat.say("Ana", "oak", "!pod create Oak")
    await chat.say("Ben", "oak", "!pod set term 3 weeks")
    await chat.say("Ben", "oak", "!spokes draw")
    await reset(chat)
    assert await chat.say("Ana", "oak", "ok J1") == [NOT_YET]
    assert await chat.say("Ana", "oak", "!spokes volunteer") == [NOT_YET]
    for person in ("Ben", "Cy"):
        await reset(chat, person)
    refused = [await chat.say(person, "oak", "accept") for person in ("Ana", "Ben", "Cy")]
    assert sum("does not count yet" in (answer or [""])[0] for answer in refused) == 2  # two were asked


async def test_talk_of_somebody_in_doubt_stays_talk(chat: Chat) -> None:
    await river(chat)
    await reset(chat)
    assert await chat.say("Ana", "willow", "ok") == []
    assert await chat.say("Ana", "willow", "accept that as it is") == []


async def test_other_commands_and_votes_of_somebody_in_doubt_are_taken(chat: Chat) -> None:
    await river(chat)
    await reset(chat)
    await chat.say("Ana", "willow", "!poll Where? | Park | Library")
    assert await chat.say("Ana", "willow", "!vote 1") == ["Ana: Park. Counted in P1. 1 of 4 has voted."]


async def test_nobody_confirms_themselves_or_while_in_doubt_or_for_nothing(chat: Chat) -> None:
    await river(chat)
    await reset(chat)
    assert await chat.say("Ana", "willow", "!trust ok @ana") == [
        "Nobody confirms themselves. Another member types !trust ok @ana:test once they have asked you."
    ]
    await reset(chat, "Ben")
    assert "Ben's identity has changed" in (await chat.say("Ben", "willow", "!trust ok @ana"))[0]
    await chat.say("Di", "willow", "!pod observer @di:test")
    assert "observers are present" in (await chat.say("Di", "willow", "!trust ok @ana"))[0]
    assert await chat.say("Ana", "willow", "!trust ok @cy") == [
        "Cy's identity has not changed, so there is nothing to confirm. !trust shows what waits."
    ]


async def test_the_earlier_identity_coming_back_ends_the_doubt_and_another_change_is_another(
    chat: Chat,
) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await reset(chat)
    await chat.identity("Ana", "first")
    assert (await chat.say("Ana", "willow", "ok S1"))[0].startswith("Counted")
    chat.sent.clear()
    await chat.wait(minutes=1)
    await chat.identity("Ana", "third")
    await chat.identity("Ana", None)
    assert chat.heard("willow") == [CHANGED]


async def test_a_first_identity_is_no_change(chat: Chat) -> None:
    await river(chat)
    await chat.identity("Ana", None)
    await chat.identity("Ana", "first")
    assert chat.sent == []


async def test_next_tells_the_others_whom_to_ask(chat: Chat) -> None:
    await river(chat)
    await reset(chat)
    line = "Ana's identity has changed. Once you have asked Ana in person or by phone: !trust ok @ana:test"
    assert line in (await chat.say("Ben", "willow", "!next"))[0]
    assert line not in (await chat.say("Ana", "willow", "!next"))[0]


async def test_trust_lists_who_has_something_to_do(chat: Chat) -> None:
    await river(chat)
    async with chat.database.transaction("key") as tx:
        for name, value in (("device.ed25519", "abcdefghij"), ("device.id", "BOT"), ("identity", "klmnopq")):
            await inbox.save_meta(tx, name, value)
    await reset(chat)
    await chat.identity("Ben", "ben", devices=3, signed=2)
    await chat.identity("Cy", None, devices=1)
    await chat.identity("Di", "di", devices=2)
    assert await chat.say("Ben", "willow", "!trust") == [
        "My fingerprint is abcd efgh ij, on device BOT. My account's identity is klmn opq; it has signed that device.\n"
        "I give keys only to devices that their owner has verified; to all devices of who has no identity yet.\n"
        "- Ana: identity changed, waiting for confirmation: !trust ok @ana:test\n"
        "- Ben: verified devices 2 of 3\n"
        "- Cy: no identity yet\n\n"
        "1 member: all devices verified."
    ]


async def test_trust_stays_short_in_a_large_room(chat: Chat) -> None:
    people = [f"Somebody{number}" + "x" * 40 for number in range(40)]
    await chat.room("oak", *people)
    for person in people:
        await reset(chat, person)
    [answer] = await chat.say(people[0], "oak", "!trust")
    listed = answer.count("waiting for confirmation")
    assert 3 <= listed < 40
    assert f"And {40 - listed} more." in answer
    assert len(chat.last("oak").message.markdown) <= 1500  # type: ignore[union-attr]


# -- devices that nobody vouches for -------------------------------------------------------------------


async def test_a_command_from_an_unsigned_device_is_kept_undone_and_said_once_a_day(chat: Chat) -> None:
    await river(chat)
    await chat.identity("Ana", "first", devices=2, signed=1)
    before = await chat.rows("SELECT * FROM polls")
    kept, event = await chat.from_unsigned("Ana", "willow", "!poll Where? | Park | Library")
    assert kept
    await chat.from_unsigned("Ana", "willow", "!poll When? | Mon | Tue")
    assert chat.heard("willow") == []
    await chat.wait(seconds=10)
    assert chat.heard("willow") == [
        "Ana, you have not verified the app you sent this from, so I have not done it. Verify that app from one you"
        " already use, or with your recovery key. Then I do what you sent; you need not send it again. If it was"
        " not you, log that app out."
    ]
    assert await chat.rows("SELECT * FROM polls") == before
    await chat.from_unsigned("Ana", "willow", "!pod")
    await chat.wait(hours=23)
    assert chat.heard("willow") == []
    # signed at last: it is handled then, because nothing of the attempt was kept
    async with chat.database.transaction("signed") as tx:
        await held.drop(tx, event.event_id)
    assert "StartPoll" in await chat.give(event)


async def test_nothing_is_said_if_the_signature_comes_soon(chat: Chat) -> None:
    await river(chat)
    _, event = await chat.from_unsigned("Ana", "willow", "!pod")
    async with chat.database.transaction("signed") as tx:
        await held.drop(tx, event.event_id)
    await chat.wait(minutes=1)
    assert chat.heard("willow") == []


@pytest.mark.parametrize("body", ["Good morning", "ok, see you there", "accept", "3"])
async def test_talk_from_an_unsigned_device_is_neither_kept_nor_answered(chat: Chat, body: str) -> None:
    await river(chat)
    kept, _ = await chat.from_unsigned("Ana", "willow", body)
    await chat.wait(minutes=1)
    assert (kept, chat.heard("willow"), await chat.rows("SELECT * FROM held")) == (False, [], [])


async def test_under_strict_somebody_without_identity_is_told_how_to_get_one(chat: Chat) -> None:
    await river(chat)
    await chat.identity("Ana", None)
    await chat.from_unsigned("Ana", "willow", "!pod")
    await chat.wait(seconds=10)
    [told] = chat.heard("willow")
    assert "set up recovery or cross-signing" in told


async def test_what_is_held_is_bounded_in_number_and_in_time(chat: Chat) -> None:
    await river(chat)
    kept = [(await chat.from_unsigned("Ana", "willow", "!pod"))[0] for _ in range(60)]
    assert (kept.count(True), kept[0], kept[-1]) == (50, True, False)
    chat.clock.moment += timedelta(days=8)
    assert (await chat.from_unsigned("Ana", "willow", "!pod"))[0]
    assert len(await chat.rows("SELECT * FROM held")) == 1


# -- people without an identity ------------------------------------------------------------------------


async def test_who_has_no_identity_hears_how_to_get_one_once_a_month_and_privately(chat: Chat) -> None:
    await river(chat)
    await chat.room("direct", "Ana")
    chat.sent.clear()
    await chat.identity("Ana", None)
    await chat.identity("Ben", None)
    await chat.wait(days=29)
    [told] = chat.heard("direct")
    assert told.startswith("Nothing vouches for your devices yet")
    await chat.wait(days=30)
    assert len(chat.heard("direct")) == 1
    await chat.identity("Ana", "first")
    await chat.wait(days=60)
    assert [sent for sent in chat.sent if "vouches" in sent.text] == []


async def test_the_bots_own_identity_is_not_anybodys(chat: Chat) -> None:
    await river(chat)
    await reset(chat, "Spokesbot")
    assert chat.sent == []
    assert user("Spokesbot") not in [row["user_id"] for row in await chat.rows("SELECT * FROM identities")]
