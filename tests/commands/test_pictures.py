"""Pictures of results: which there are, after which words, and what they say."""

from datetime import timedelta

import pytest

from bot.ports import Say, SendChart
from bot.store import inbox
from tests.commands.chat import Chat
from tests.commands.river import river, says
from tests.commands.test_polls import say, willow


async def closed(chat: Chat, ask: str = "!poll Where? | Park | Library") -> list[str]:
    """Ask, let three of the four vote, and close."""
    await chat.say("Ana", "willow", ask)
    for person, answer in (("Ana", 2), ("Ben", 2), ("Cy", 1)):
        await say(chat, person, f"!vote {answer}")
    return await say(chat, "Ana", "!poll close P1")


async def test_the_picture_of_a_result_comes_after_its_words_and_says_the_same(chat: Chat) -> None:
    await willow(chat)
    await closed(chat)
    words, picture = [sent.message for sent in chat.sent if sent.room == "willow"][-2:]
    assert isinstance(words, Say)
    assert isinstance(picture, SendChart)
    assert (picture.title, picture.bars) == (
        "P1, result: Where\\?",
        (("Library", "2", 667), ("Park", "1", 333)),
    )
    assert chat.pictures("willow") == [
        "P1 – Library: 2, Park: 1. The numbers are votes. 3 of 4 members voted."
    ]


async def test_a_tie_has_bars_of_one_length_in_the_order_of_the_options(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!poll Where? | Park | Library | Hall")
    await say(chat, "Ana", "!vote 3")
    await say(chat, "Ben", "!vote 2")
    await say(chat, "Ana", "!poll close")
    assert chat.pictures("willow") == [
        "P1 – Library: 1, Hall: 1, Park: 0. The numbers are votes. 2 of 4 members voted."
    ]


async def test_where_nobody_voted_there_is_no_picture(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!poll Where? | Park | Library")
    assert "Nobody voted." in (await say(chat, "Ana", "!poll close P1"))[-1]
    assert chat.pictures("willow") == []


async def test_a_result_that_is_none_has_no_picture_until_it_is_one(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!poll Where? | Park | Library")
    await say(chat, "Ana", "!vote 1")
    late = await chat.unreadable("Ben", "willow", "!vote 1")
    assert "No result yet." in (await say(chat, "Ana", "!poll close P1"))[-1]
    assert chat.pictures("willow") == []
    await chat.key_comes(late)
    await chat.wait(minutes=2)
    assert chat.pictures("willow") == [
        "P1 – Park: 2, Library: 0. The numbers are votes. 2 of 4 members voted."
    ]
    assert chat.sent[-1].message.title == "P1, corrected result: Where\\?"


@pytest.mark.parametrize("value", ["off", "no", "OFF", "= off", "False"])
async def test_two_members_can_turn_pictures_off(chat: Chat, value: str) -> None:
    await willow(chat)
    assert (await say(chat, "Ana", f"!pod set pictures {value}"))[0].startswith("Ana proposes pictures = off")
    [told] = await say(chat, "Ben", "ok")
    assert "Pictures is now off in this pod." in told
    assert (await closed(chat))[-1].startswith("Ana has closed P1: Where?\nMost votes: Library, with 2.")
    assert chat.pictures("willow") == []


@pytest.mark.parametrize("value", ["maybe", "of", "0", "small", "🙂", "off please"])
async def test_a_value_that_is_none_changes_nothing_and_gets_an_example(chat: Chat, value: str) -> None:
    await willow(chat)
    before = await chat.everything()
    [told] = await say(chat, "Ana", f"!pod set pictures {value}".strip())
    assert told.endswith("For example: !pod set pictures off")
    assert await chat.everything() == before


async def test_an_operator_can_leave_pictures_off_and_a_pod_turn_them_on(chat: Chat) -> None:
    async with chat.database.transaction("start") as tx:
        await inbox.save_meta(tx, "default.pictures", "off")
    await willow(chat)
    await closed(chat)
    assert chat.pictures("willow") == []
    await say(chat, "Ana", "!pod set pictures on")
    await say(chat, "Ben", "ok")
    await chat.say("Ana", "willow", "!poll When? | Now | Later")
    await say(chat, "Ben", "!vote P2 1")
    await say(chat, "Ana", "!poll close P2")
    assert chat.pictures("willow") == ["P2 – Now: 1, Later: 0. The numbers are votes. 1 of 4 members voted."]


async def test_what_came_of_a_proposal_has_a_picture(chat: Chat) -> None:
    await willow(chat)
    await say(chat, "Ana", "!propose We buy a tent.")
    await say(chat, "Ana", "agree P1")
    await say(chat, "Ben", "reserve P1 It is dear.")
    await chat.wait(days=4)
    assert chat.pictures("willow") == [
        "P1 – Agree: 1, Agree with reservations: 1, Disagree: 0, Silent: 2. 4 members have a voice."
    ]
    assert chat.sent[-1].message.title == "P1, adopted: We buy a tent\\."


async def test_a_proposal_that_goes_on_has_no_picture_yet(chat: Chat) -> None:
    await willow(chat)
    await say(chat, "Ana", "!propose We buy a tent.")
    await say(chat, "Ana", "agree P1")
    await chat.wait(days=3, hours=1)
    assert "goes on, once" in chat.last("willow").text
    assert chat.pictures("willow") == []


async def test_a_picture_is_queued_once_though_its_poll_is_looked_at_again(chat: Chat) -> None:
    await willow(chat)
    await closed(chat)
    await chat.wait(days=1)
    chat.clock.moment += timedelta(hours=1)
    await say(chat, "Ana", "!poll P1")
    assert len(chat.pictures("willow")) == 1


@pytest.mark.parametrize(("mode", "shown"), [("", True), (" | mode=double", False)])
async def test_where_an_assembly_counts_people_too_no_bars_of_pods_alone_are_shown(
    chat: Chat, mode: str, shown: bool
) -> None:
    names = await river(chat, 3)
    await chat.say("alder-ana", "river", f"!propose We share the van. | class=binding{mode}")
    for name in names:
        await says(chat, name, "agree")
    await chat.wait(days=9)
    assert "is adopted" in chat.last("river").text
    caption = "P1 – Agree: 3, Disagree: 0. 3 pods have a voice."
    assert chat.pictures("river") == ([caption] if shown else [])
    assert chat.pictures("alder") == ["P2 – Agree: 3, Disagree: 0. 3 members have a voice."]
