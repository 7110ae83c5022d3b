"""Other wording for a proposal: it takes effect after half a day if nobody minds, and what was said stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.commands.chat import Chat
from tests.commands.river import people, river, says

FIX = "!friendly P1 We buy a big tent for the winter."


@pytest.fixture
async def willow(chat: Chat) -> Chat:
    """A pod of Ana, Ben, Cy and the observer Di, in which Ana proposes and Ben agrees."""
    await chat.room("willow", "Ana", "Ben", "Cy", "Di")
    await chat.say("Ana", "willow", "!pod create Willow")
    await chat.say("Di", "willow", "!pod observer @di:test")
    await chat.say("Ana", "willow", "!propose We buy a tent for the winter. | closes=in 6 days")
    await chat.say("Ben", "willow", "agree P1")
    chat.heard("willow")
    return chat


async def text_of(chat: Chat, proposal: str = "P1") -> str:
    [row] = await chat.rows(f"SELECT text FROM proposals WHERE id = '{proposal}'")
    return str(row["text"])


async def test_other_words_take_effect_after_half_a_day_and_stances_stay(willow: Chat) -> None:
    assert await willow.say("Ana", "willow", FIX) == [
        "Ana fixes the wording of P1. What changes:\n- added: “big”\n\n"
        "What was said of it stays. It takes effect Tue 24 Nov 2026 08:00 UTC, in 1 day, unless one of you replies"
        " not friendly P1."
    ]
    willow.heard("willow")
    await willow.wait(hours=23)
    assert willow.heard("willow")[0] == (
        "Nobody minded, so P1 reads now:\n\n> We buy a big tent for the winter.\n\nWhat was said of it stays."
    )
    assert "So far: agree 1, silent 2." in (await willow.say("Ana", "willow", "!proposal P1"))[0]
    assert await text_of(willow) == "We buy a big tent for the winter."


@pytest.mark.parametrize(
    "typed",
    [
        "not friendly P1",
        "Not friendly p1.",
        "notfriendly P1",
        "unfriendly P1",
        "!not friendly P1",
        "Not friendly!",
    ],
)
async def test_one_voice_that_minds_is_enough(willow: Chat, typed: str) -> None:
    await willow.say("Ana", "willow", FIX)
    assert await willow.say("Cy", "willow", typed) == [
        "Cy finds that more than other wording, so P1 stays as it was.\n"
        "Who proposed it can make a new version of it, on which all say anew what they think:"
        " !amend P1 We buy a big tent for the winter."
    ]
    willow.heard("willow")
    await willow.wait(hours=30)
    assert await text_of(willow) == "We buy a tent for the winter."


async def test_a_reply_and_a_reason_are_enough(willow: Chat) -> None:
    await willow.say("Ana", "willow", FIX)
    told = await willow.say(
        "Cy", "willow", "not friendly It costs more.", reply_to=willow.last("willow").event_id
    )
    assert "> It costs more." in told[0]


async def test_talk_that_is_not_friendly_is_just_talk(willow: Chat) -> None:
    assert await willow.say("Cy", "willow", "Not friendly of you, Ben!") == []


async def test_who_has_no_voice_cannot_stop_it(willow: Chat) -> None:
    await willow.say("Ana", "willow", FIX)
    await willow.joins("Eve", "willow")
    willow.heard("willow")
    assert await willow.say("Eve", "willow", "not friendly P1") == [
        "Only those who have a voice in P1 can do that."
    ]
    await willow.wait(hours=30)
    assert await text_of(willow) == "We buy a big tent for the winter."


async def test_a_new_version_takes_the_place_of_a_change_that_waits(willow: Chat) -> None:
    await willow.say("Ana", "willow", FIX)
    await willow.say("Ana", "willow", "!amend P1 We buy two tents.")
    await willow.wait(hours=30)
    assert await text_of(willow) == "We buy two tents."


async def test_it_can_be_taken_back_and_offered_again(willow: Chat) -> None:
    await willow.say("Ana", "willow", FIX)
    assert "A change of P1 waits already." in (await willow.say("Ana", "willow", FIX))[0]
    assert await willow.say("Ana", "willow", "!undo") == [
        "Ana: the change of P1 is taken back; its wording stays."
    ]
    assert "fixes the wording" in (await willow.say("Ana", "willow", FIX))[0]


async def test_the_line_for_a_new_version_is_whole_however_long_it_is(willow: Chat) -> None:
    fixed = f"We buy a big tent for the winter{', and a stove' * 20}."
    await willow.say("Ana", "willow", f"!amend P1 {fixed.replace('big', 'small')}")
    await willow.say("Ana", "willow", f"!friendly P1 {fixed}")
    [told] = await willow.say("Cy", "willow", "not friendly")
    assert told.endswith(f": !amend P1 {fixed}")


async def test_not_friendly_alone_is_talk_where_nothing_waits_or_more_than_one(willow: Chat) -> None:
    assert await willow.say("Cy", "willow", "not friendly") == []
    await willow.say("Ana", "willow", FIX)
    await willow.say("Ana", "willow", "!propose We paint the door green.")
    await willow.say("Ana", "willow", "!friendly P2 We paint the doors green.")
    assert await willow.say("Cy", "willow", "not friendly") == []


async def test_after_a_time_down_it_does_not_take_effect(willow: Chat) -> None:
    await willow.say("Ana", "willow", FIX)
    await willow.down_until(willow.clock.now() + timedelta(days=1))
    assert any(
        text.startswith("I was not running when the change of P1 was due") for text in willow.heard("willow")
    )
    assert await text_of(willow) == "We buy a tent for the winter."


@pytest.mark.parametrize(
    ("person", "line", "answer"),
    [
        ("Ben", FIX, "Only who proposed P1 can change its words."),
        ("Ana", "!friendly P1 We paint the door green and blue.", "more than half of the words, so all should say anew what they think. A new version: !amend P1 We paint the door green and blue."),
        ("Ana", "!friendly P1 We buy a tent for the winter.", "P1 says that already."),
        ("Ana", "!friendly P1", "A proposal begins with its words. For example: !friendly P1 We buy a tent for the winter."),
        ("Ana", "!friendly P9 We buy.", "There is no proposal P9 in this room."),
        ("Ana", "!freindly P1 We buy a big tent for the winter.", "Did you mean this? !friendly P1 We buy a big tent for the winter."),
        ("Ben", "not friendly P1", "No change of the wording of P1 waits. !proposal P1 shows it as it is."),
        ("Ben", "!not friendly", "No change of the wording of P1 waits."),
        ("Ben", "not friendly P7", "There is no proposal P7 in this room."),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_answered_in_one_line_and_changes_nothing(
    willow: Chat, person: str, line: str, answer: str
) -> None:
    before = await willow.everything()
    [told] = await willow.say(person, "willow", line)
    assert answer in told
    assert "\n" not in told
    assert await willow.everything() == before


async def test_near_the_end_there_is_no_time_to_mind(willow: Chat) -> None:
    await willow.wait(days=5, hours=13)
    willow.heard("willow")
    [told] = await willow.say("Ana", "willow", FIX)
    assert told == (
        "P1 closes Sun 29 Nov 2026 10:00 UTC, in 11 hours, before everybody had time to mind. A new version has more time:"
        " !amend P1 We buy a big tent for the winter."
    )


async def test_the_pods_see_it_too_and_anybody_there_can_mind(chat: Chat) -> None:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", "!propose We strike on 1 May at noon. | class=binding")
    await says(chat, names[0], "agree")
    await chat.say(people(names[0])[0], "river", "!friendly P1 We strike on 1 May at 12 noon.")
    told = chat.heard(names[1])[-1]
    assert told.startswith("alder-ana fixes the wording of P3. What changes:\n- added: “12”")
    assert "unless one of you replies not friendly P3." in told
    [told] = await chat.say(people(names[1])[2], names[1], "not friendly P3 At noon we cook.")
    assert "> At noon we cook." in told
    assert chat.heard("river")[-1].startswith(
        "The wording of P1 stays as it was: somebody found the change more than that."
    )
    assert "At noon we cook" not in "".join(chat.heard("river"))
    await chat.say(people(names[0])[0], "river", "!friendly P1 We strike on 1 May at 12 noon.")
    await chat.wait(hours=23)
    assert await text_of(chat) == await text_of(chat, "P3") == "We strike on 1 May at 12 noon."
    assert "So far: agree 3." in (await chat.say(people(names[0])[0], names[0], "!proposal P2"))[0]


async def test_a_pillar_has_no_friendly_change(chat: Chat) -> None:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", "!pillar propose We never leave anybody behind.")
    [told] = await chat.say(people(names[0])[0], "river", "!friendly P1 We never leave anybody behind us.")
    assert "any change starts again: !amend P1 We never leave anybody behind us." in told
