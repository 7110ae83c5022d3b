"""Answers to quick polls: typed, tapped, withdrawn, deleted."""

import pytest

from bot.ports import PollAnswered
from tests.commands.chat import Chat, user
from tests.commands.test_polls import ASK, say, tick, willow


async def test_people_answer_by_command_by_reply_and_by_tapping(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    words, native = chat.last("willow").event_id, chat.last_poll("willow").event_id
    assert await say(chat, "Ana", "!vote 2") == ["Ana: Library. Counted in P1. 1 of 4 has voted."]
    assert await say(chat, "Ben", "2", words) == ["Ben: Library. Counted in P1. 2 of 4 have voted."]
    assert await say(chat, "Cy", " park. ", native) == ["Cy: Park. Counted in P1. 3 of 4 have voted."]
    assert await chat.tap("Di", "willow", native, "1") == []
    assert await say(chat, "Ana", "!poll P1") == [
        "P1: Where?\n"
        "4 of 4 have voted.\n"
        "To answer, type !vote P1 2, or reply to this message with 2 or an option's words.\n"
        "Closes Fri 27 Nov 2026 18:00 UTC, in 4 days.\n"
        "1. Park: 2\n"
        "2. Library: 2"
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "!vote 2",
        "!vote P1 2",
        "!vote P 1 2",
        "!vote #p1 2",
        "!vote “P1” 2",
        "!vote p1 #2",
        "!vote Library",
        "!vote P1 library",
    ],
)
async def test_ways_to_type_an_answer(chat: Chat, typed: str) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    assert await say(chat, "Ben", typed) == ["Ben: Library. Counted in P1. 1 of 4 has voted."]


async def test_typed_and_tapped_answers_of_one_person_replace_each_other(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    native = chat.last_poll("willow").event_id
    await say(chat, "Ana", "!vote 1")
    tick(chat)
    await chat.tap("Ana", "willow", native, "2")
    assert (await say(chat, "Ben", "!poll P1"))[0].endswith("1. Park: 0\n2. Library: 1")
    assert await say(chat, "Ana", "!vote 1") == ["Ana: Park. Counted in P1. 1 of 4 has voted."]
    tick(chat)
    await chat.tap("Ana", "willow", native)
    assert "0 of 4 have voted." in (await say(chat, "Ben", "!poll P1"))[0]


async def test_several_answers_by_text_and_too_many_by_tap(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!poll When? | Mon | Tue | Wed | multi=2")
    native = chat.last_poll("willow").event_id
    assert await say(chat, "Ana", "!vote 1 3") == ["Ana: Mon and Wed. Counted in P1. 1 of 4 has voted."]
    assert await say(chat, "Ana", "!vote Mon, Tue") == ["Ana: Mon and Tue. Counted in P1. 1 of 4 has voted."]
    assert await say(chat, "Ana", "!vote 1 2 3") == [
        "P1 takes up to 2 answers from each of you. For example: !vote P1 1 2"
    ]
    await chat.tap("Ben", "willow", native, "3", "2", "1")
    await chat.tap("Cy", "willow", native, "3", "9")
    assert (await say(chat, "Di", "!poll P1"))[0].endswith("1. Mon: 1\n2. Tue: 2\n3. Wed: 1")


async def test_an_answer_is_withdrawn_by_none_by_undo_and_by_deleting(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await say(chat, "Ana", "!vote 1")
    await say(chat, "Ana", "!vote 2")
    assert await say(chat, "Ana", "!undo") == ["Ana: your answer to P1 is withdrawn. 0 of 4 have voted."]
    await say(chat, "Ana", "!vote 2")
    assert await say(chat, "Ana", "!vote none") == ["Ana: your answer to P1 is withdrawn. 0 of 4 have voted."]
    assert await say(chat, "Ana", "!vote none") == ["You have no answer in P1 that you could withdraw."]
    await say(chat, "Ana", "!vote 1")
    tick(chat)
    [last] = await chat.rows("SELECT event_id FROM ballots ORDER BY sent_at DESC LIMIT 1")
    assert await chat.delete("Ana", "willow", last["event_id"]) == [
        "Ana: your answer to P1 is withdrawn, because its message was deleted. 0 of 4 have voted."
    ]
    assert await chat.delete("Ana", "willow", "$unknown") == []


async def test_deleting_an_answer_brings_no_earlier_one_back(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await say(chat, "Ana", "!vote 1")
    tick(chat)
    await chat.tap("Ana", "willow", chat.last_poll("willow").event_id, "2")
    [first, last] = await chat.rows("SELECT event_id FROM ballots ORDER BY sent_at")
    tick(chat)
    assert await chat.delete("Ana", "willow", last["event_id"]) == []
    assert "0 of 4 have voted." in (await say(chat, "Ben", "!poll P1"))[0]
    await say(chat, "Ana", "!vote 2")
    tick(chat)
    assert await chat.delete("Ana", "willow", first["event_id"]) == []
    assert "1 of 4 has voted." in (await say(chat, "Ben", "!poll P1"))[0]


async def test_an_answer_deleted_before_it_could_be_read_is_never_read(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    event = await chat.unreadable("Ben", "willow", "!vote 2")
    await chat.delete("Ben", "willow", event.event_id)
    assert await chat.rows("SELECT * FROM parked") == []


@pytest.mark.parametrize(
    "typed",
    [
        "2\ufe0f\u20e3",
        "2!",
        "!2",
        "P1 2",
        "p1: library",
        "vote 2",
        "Vote P1 2",
        "I vote for Library",
        "option 2",
    ],
)
async def test_a_reply_is_an_answer_with_the_words_that_people_put_before_it(chat: Chat, typed: str) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    words = chat.last("willow").event_id
    assert await say(chat, "Ben", typed, words) == ["Ben: Library. Counted in P1. 1 of 4 has voted."]


async def test_talk_in_a_reply_is_not_answered_and_a_faulty_answer_is(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    words = chat.last("willow").event_id
    for talk in (
        "good question",
        "ok",
        "ok then",
        "none",
        "2026",
        "the park is far away",
        "👍",
        "+1",
        "P1 is late",
    ):
        assert await say(chat, "Ben", talk, words) == []
    assert await say(chat, "Ben", "2") == []
    assert await say(chat, "Ben", "7", words) == ["P1 has options 1 to 2. For example: !vote P1 2"]
    assert await say(chat, "Ben", "Libary", words) == [
        "P1 has no option “Libary”. For example: !vote P1 Library"
    ]
    assert await say(chat, "Ben", "1 2", words) == [
        "P1 takes 1 answer from each of you. For example: !vote P1 1"
    ]


async def test_an_option_may_be_a_word_that_is_also_a_command(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!poll Fine? | Ok | Pass")
    words = chat.last("willow").event_id
    assert await say(chat, "Ben", "ok", words) == ["Ben: Ok. Counted in P1. 1 of 4 has voted."]


async def test_numbers_as_options_are_asked_about(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!poll How many? | 2 | 3 | 4")
    [question] = await say(chat, "Ben", "!vote 2")
    assert question.startswith(
        "2 is the words of option 1 and the number of another. Which one?\n1. Option 1: 2\n2. Option 2: 3"
    )
    assert await say(chat, "Ben", "2") == ["Ben: 3. Counted in P1. 1 of 4 has voted."]


async def test_among_several_polls_the_person_is_asked_unless_one_alone_fits(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await chat.say("Ana", "willow", "!poll When? | Mon | Tue | Wed | closes=Sat 18:00")
    words = chat.last("willow").event_id
    [question] = await say(chat, "Ben", "!vote 2")
    assert question.startswith("There are several open polls. Which one?\n1. P1: Where?\n2. P2: When?")
    # a number in reply to a poll is an answer to that poll, not to the question
    assert await say(chat, "Ben", "1", words) == ["Ben: Mon. Counted in P2. 1 of 4 has voted."]
    assert await say(chat, "Ben", "1") == ["Ben: Library. Counted in P1. 1 of 4 has voted."]
    assert await say(chat, "Cy", "!vote Tue") == ["Cy: Tue. Counted in P2. 2 of 4 have voted."]
    assert await say(chat, "Cy", "!vote 3") == ["Cy: Wed. Counted in P2. 2 of 4 have voted."]
    assert await say(chat, "Cy", "!vote none") == ["Cy: your answer to P2 is withdrawn. 1 of 4 has voted."]
    assert await say(chat, "Cy", "!vote Fri") == [
        "No open poll here has “Fri”. !polls lists them. For example: !vote P1 2"
    ]
    assert await say(chat, "Cy", "!vote P1") == ["Your answer is missing. For example: !vote P1 2"]
    assert await say(chat, "Ben", "!vote") == [
        "Ben, these polls are open:\n- P1: Where? – answered\n- P2: When? – answered"
    ]
    assert await say(chat, "Di", "!next") == [
        "Di, this needs you:\n- P1: Where? – for example !vote P1 2\n- P2: When? – for example !vote P2 2"
    ]


async def test_observers_and_strangers_have_no_vote(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Di", "willow", "!pod observer @di:test")
    await chat.say("Ana", "willow", ASK)
    words, native = chat.last("willow").event_id, chat.last_poll("willow").event_id
    assert await say(chat, "Di", "!vote 1") == [
        "!vote is for members; observers are present without a voice here."
    ]
    assert await say(chat, "Di", "1", words) == ["Only members with a voice in this room can vote in P1."]
    assert await chat.tap("Di", "willow", native, "1") == []
    assert await chat.tap("Eve", "willow", native, "1") == []
    assert await say(chat, "Di", "!next") == ["Nothing here needs you now, Di."]
    assert (await say(chat, "Di", "!why P1")) == [
        "P1 is open: Where?\n"
        "Each member with a voice in this room may give one answer.\n"
        "The last one sent before Fri 27 Nov 2026 18:00 UTC counts, by the server's time, tapped or typed.\n"
        "3 may vote now; 0 did so far. At closing, those count who are members then.\n"
        "Not counted: 2 answers came from people who were not members with a voice.\n"
        "Votes:\n"
        "1. Park: 0\n"
        "2. Library: 0"
    ]


async def test_a_poll_is_of_its_own_room_only(chat: Chat) -> None:
    await willow(chat)
    await chat.room("oak", "Ana", "Eve", "Fay")
    await chat.say("Ana", "oak", "!pod create Oak")
    await chat.say("Ana", "willow", ASK)
    native = chat.last_poll("willow").event_id
    for typed in ("!poll P1", "!vote P1 1", "!poll close P1", "!why P1"):
        assert await chat.say("Ana", "oak", typed) == [
            "There is no poll P1 in this room. !polls lists those there are."
        ]
    await chat.tap("Ana", "oak", native, "1")
    assert await chat.say("Eve", "oak", "!polls") == [
        "No poll is open. For example: !poll Where? | Park | Library"
    ]
    assert "0 of 4 have voted." in (await say(chat, "Ben", "!poll P1"))[0]


async def test_editing_a_message_does_not_change_the_answer_and_says_so(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await say(chat, "Ana", "!vote 1")
    [ballot] = await chat.rows("SELECT event_id FROM ballots")
    assert await chat.say("Ana", "willow", "!vote P1 2", replaces=ballot["event_id"]) == [
        "Ana, editing a message does not change your answer to P1. Type !vote P1 2."
    ]
    assert await chat.say("Ana", "willow", "hello", replaces="$other") == []


async def test_an_event_is_taken_once(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    event = PollAnswered(
        event_id="$tap",
        room_id="!willow:test",
        sender=user("Ben"),
        sent_at=chat.clock.now(),
        poll_event_id=chat.last_poll("willow").event_id,
        answers=("1",),
    )
    await chat.give(event)
    await chat.give(event)
    assert len(await chat.rows("SELECT * FROM ballots")) == 1
