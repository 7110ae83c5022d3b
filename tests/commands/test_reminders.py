"""Those who have said nothing are reminded, twice at most, by day, and not against their wish."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.commands.chat import Chat
from tests.commands.river import people, river, says

LINE = "!propose We buy a tent. | closes=in 6 days"


@pytest.fixture
async def willow(chat: Chat) -> Chat:
    """A pod of Ana, Ben, Cy and the observer Di."""
    await chat.room("willow", "Ana", "Ben", "Cy", "Di")
    await chat.say("Ana", "willow", "!pod create Willow")
    await chat.say("Di", "willow", "!pod observer @di:test")
    chat.heard("willow")
    return chat


def reminders(chat: Chat, room: str = "willow") -> list[str]:
    """Return the reminders in what a room has heard."""
    return [text for text in chat.heard(room) if "said nothing yet" in text]


async def test_only_the_silent_are_reminded_at_half_time_and_a_day_before_the_end(willow: Chat) -> None:
    await willow.say("Ana", "willow", LINE)
    await willow.say("Ana", "willow", "agree P1")
    await willow.wait(days=3)
    assert willow.last("willow").message.mentions == ("@ben:test", "@cy:test")  # type: ignore[union-attr]
    assert reminders(willow) == [
        "Ben and Cy, you have said nothing yet on P1: We buy a tent. It closes Sun 29 Nov 2026 10:00 UTC, in 3 days."
        " For example: agree P1. !proposal P1 shows it. !quiet stops reminders for you here."
    ]
    await willow.say("Ben", "willow", "abstain P1")
    await willow.wait(days=2)
    assert [text[:28] for text in reminders(willow)] == ["Cy, you have said nothing ye"]
    await willow.wait(days=9)
    assert reminders(willow) == []


async def test_a_round_that_is_extended_has_one_more_a_day_before_its_new_end(willow: Chat) -> None:
    await willow.say("Ana", "willow", LINE)
    await willow.say("Ana", "willow", "agree P1")
    await willow.wait(days=6, hours=1)
    assert len(reminders(willow)) == 2
    await willow.wait(days=3)
    assert [text[:13] for text in reminders(willow)] == ["Ben and Cy, y"]


async def test_where_all_have_spoken_nobody_is_reminded(willow: Chat) -> None:
    await willow.say("Ana", "willow", LINE)
    for person in ("Ana", "Ben", "Cy"):
        await willow.say(person, "willow", "agree P1")
    await willow.wait(days=7)
    assert reminders(willow) == []


async def test_who_wants_quiet_is_left_alone_until_they_take_it_back(willow: Chat) -> None:
    assert await willow.say("Cy", "willow", "!quiet") == [
        "Cy, I do not remind you of open proposals and polls here any more. !next shows them; !quiet off starts it again."
    ]
    await willow.say("Ana", "willow", LINE)
    await willow.wait(days=3)
    assert [text[:13] for text in reminders(willow)] == ["Ana and Ben, "]
    assert await willow.say("Cy", "willow", "!quiet off") == [
        "Cy, I remind you here again of what is open: at half of the time and a day before the end. !quiet stops it."
    ]
    await willow.wait(days=2)
    assert [text[:17] for text in reminders(willow)] == ["Ana, Ben and Cy, "]


async def test_a_reminder_waits_for_the_morning(willow: Chat) -> None:
    willow.clock.moment += timedelta(hours=13)  # 23:00
    await willow.say("Ana", "willow", LINE)
    await willow.wait(days=3)
    assert reminders(willow) == []
    await willow.wait(hours=9)
    assert len(reminders(willow)) == 1


async def test_after_a_time_down_there_is_one_and_none_after_the_end(willow: Chat) -> None:
    await willow.say("Ana", "willow", LINE)
    await willow.down_until(willow.clock.now() + timedelta(days=5, hours=1))
    assert len(reminders(willow)) == 1
    await willow.wait(hours=22)
    assert reminders(willow) == []
    await willow.say("Ana", "willow", "!propose We buy a boat. | closes=in 6 days")
    await willow.down_until(willow.clock.now() + timedelta(days=40))
    assert reminders(willow) == []


async def test_a_new_version_begins_its_reminders_anew(willow: Chat) -> None:
    await willow.say("Ana", "willow", LINE)
    await willow.wait(days=5)
    assert len(reminders(willow)) == 2
    await willow.say("Ana", "willow", "!amend P1 We buy two tents.")
    await willow.wait(days=3)
    assert len(reminders(willow)) == 1, "half time was at night, and the morning is close to the last day"


async def test_a_proposal_that_is_taken_back_reminds_nobody(willow: Chat) -> None:
    await willow.say("Ana", "willow", LINE)
    await willow.say("Ana", "willow", "!proposal withdraw P1")
    await willow.wait(days=7)
    assert reminders(willow) == []


async def test_polls_remind_too_and_short_ones_do_not(willow: Chat) -> None:
    await willow.say("Ana", "willow", "!poll Where? | Park | Library | closes=in 6 days")
    await willow.say("Ben", "willow", "!poll When? | Noon | Night | closes=in 4 hours")
    await willow.say("Ana", "willow", "!vote P1 2")
    await willow.wait(days=3)
    assert reminders(willow) == [
        "Ben and Cy, you have said nothing yet on P1: Where? It closes Sun 29 Nov 2026 10:00 UTC, in 3 days."
        " !poll P1 shows it. !quiet stops reminders for you here."
    ]


async def test_what_an_assembly_asks_is_reminded_of_in_the_pods(chat: Chat) -> None:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", "!propose We strike on 1 May. | class=binding")
    await says(chat, names[0], "agree")
    await chat.wait(days=3)
    assert reminders(chat, "river") == []
    assert reminders(chat, names[0]) == []
    assert len(reminders(chat, names[1])) == 1


async def test_a_crowd_is_counted_and_not_called(chat: Chat) -> None:
    await chat.room("willow", *(f"P{number}" for number in range(20)))
    await chat.say("P0", "willow", "!pod create Willow")
    await chat.say("P0", "willow", LINE)
    await chat.wait(days=3)
    assert [text[:43] for text in reminders(chat)] == ["20 of 20 have said nothing yet on P1: We bu"]


@pytest.mark.parametrize("word", ["22-8", "now", "P1", "of", "on please", "hours"])
async def test_another_word_after_quiet_is_answered_in_one_line(willow: Chat, word: str) -> None:
    before = await willow.everything()
    assert await willow.say("Ana", "willow", f"!quiet {word}") == [
        "!quiet stops reminders for you, !quiet off starts them again. Hours in which all have quiet: !pod set quiet"
        " 22:00-8:00"
    ]
    assert await willow.everything() == before
