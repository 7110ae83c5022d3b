"""New versions of a proposal: nobody is counted for words they have not seen."""

from datetime import timedelta

import pytest

from bot.ports import Say
from tests.commands.chat import Chat
from tests.commands.river import people, says
from tests.commands.test_blocks import blocked
from tests.commands.test_mandates import asked
from tests.commands.test_polls import say
from tests.commands.test_proposals import FRIDAY, proposed, stances

NEWER = "!amend P1 We buy two tents."


async def test_a_new_version_shows_what_changed_resets_stances_and_asks_who_had_spoken_once(
    chat: Chat,
) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="disagree")
    [_end, _native, told] = await say(chat, "Ana", NEWER)
    assert told == (
        "P1, version 2, proposed by Ana:\n\n> We buy two tents.\n\n"
        "By consensus of 4 voices. 3 who agree are enough, whatever the others say, unless somebody blocks.\n"
        "Tap your answer in the poll, or type agree P1, or reply to this message with agree, reserve WHY, aside WHY,"
        " disagree WHY, abstain or block WHY. Your last answer counts.\n"
        "Closes Fri 27 Nov 2026 18:00 UTC, in 4 days.\n"
        "Ana, Ben, you spoke on the version before. It does not count for this one: please say it again.\n"
        "What changed:\n- “a tent.” becomes “two tents.”"
    )
    message = chat.last("willow").message
    assert isinstance(message, Say)
    assert message.mentions == ("@ana:test", "@ben:test")
    assert "So far: silent 4." in (await say(chat, "Ana", "!proposal P1"))[0]


async def test_the_poll_of_the_version_before_counts_no_more(chat: Chat) -> None:
    native = await proposed(chat)
    await say(chat, "Ana", NEWER)
    await chat.tap("Ben", "willow", native, "agree")
    assert "So far: silent 4." in (await say(chat, "Ana", "!proposal P1"))[0]


async def test_half_of_the_time_is_restored_where_less_is_left(chat: Chat) -> None:
    await proposed(chat)
    await chat.until(FRIDAY - timedelta(hours=1))
    assert "Closes Sun 29 Nov 2026 21:00 UTC" in (await say(chat, "Ana", NEWER))[-1].replace(
        ":01 UTC", ":00 UTC"
    )


async def test_a_stance_sent_before_a_new_version_is_not_counted_for_it(chat: Chat) -> None:
    await proposed(chat)
    event = await chat.unreadable("Ben", "willow", "agree P1")
    await chat.wait(hours=1)
    await say(chat, "Ana", NEWER)
    [told] = await chat.key_comes(event)
    assert "P1 has begun anew since you sent that." in told


async def test_a_stance_in_reply_to_the_version_before_is_not_counted_for_the_new_one(chat: Chat) -> None:
    native = await proposed(chat)
    await chat.wait(hours=1)
    await say(chat, "Ana", NEWER)
    newer = chat.last_poll("willow").event_id
    for word in ("agree", "agree P1", "!block P1 It rains."):
        [told] = await chat.say("Ben", "willow", word, reply_to=native)
        assert told == (
            "P1 has begun anew since the message that you answered. Look at it with !proposal P1,"
            " then say it in a message of its own, with P1 in it."
        )
    [told] = await chat.say("Ben", "willow", "agree", reply_to=native, thread=native)
    assert told.startswith("P1 has begun anew")
    [told] = await chat.say("Ben", "willow", "reserve P1 It rains.", reply_to=native, thread=native)
    assert "with reservations 1" in told
    # letting go of it is no stance on anything new
    [told] = await chat.say("Ben", "willow", "!undo", reply_to=native)
    assert "has begun anew" not in told
    [told] = await chat.say("Ben", "willow", "agree", reply_to=newer)
    assert "agree 1" in told


async def test_a_new_version_ends_a_block(chat: Chat) -> None:
    await blocked(chat)
    told = (await say(chat, "Ana", NEWER))[-1]
    assert told.startswith("P1, version 2")
    await stances(chat, ana="agree", ben="agree", cy="agree", di="agree")
    await chat.wait(days=3)
    assert chat.heard("willow")[-1].startswith("P1 is adopted")
    await chat.wait(days=20)
    assert chat.heard("willow") == []


@pytest.mark.parametrize(
    ("person", "line", "refused"),
    [
        ("Ben", NEWER, "Only who proposed P1 can change it."),
        ("Ana", "!amend P1 We buy a tent.", "P1 says that already."),
        ("Ana", "!amend P1", "A proposal begins with its words."),
        ("Ana", "!amend P9 More.", "There is no proposal P9"),
    ],
)
async def test_what_is_no_new_version_is_refused(chat: Chat, person: str, line: str, refused: str) -> None:
    await proposed(chat)
    before = await chat.everything()
    assert refused in (await say(chat, person, line))[0]
    assert await chat.everything() == before


async def test_what_is_over_is_not_changed(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    await chat.until(FRIDAY)
    assert "P1 is over. Propose it anew" in (await say(chat, "Ana", NEWER))[0]


async def test_a_new_version_in_an_assembly_asks_every_pod_anew(chat: Chat) -> None:
    names = await asked(chat, 2)
    await says(chat, names[0], "agree")
    assert (
        "a proposal of the assembly"
        in (await chat.say(people(names[0])[0], names[0], "!amend P2 We rest."))[0]
    )
    await chat.say(people(names[0])[0], "river", "!amend P1 We strike together on 2 May.")
    for number, name in enumerate(names, 4):
        told = chat.heard(name)[-1]
        assert told.startswith(f"P{number}: River asks every pod about P1")
        assert "It is version 2. What was said of the words before does not count." in told
    assert "- Alder: nothing yet" in (await chat.say(people(names[0])[0], "river", "!proposal P1"))[0]
    for name in names:
        await says(chat, name, "agree")
    await chat.wait(days=7)
    assert chat.heard("river")[-1].startswith("P1 is adopted")
