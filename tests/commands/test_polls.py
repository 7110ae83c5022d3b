"""Quick polls, as people ask and answer them."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.matrix.format import plain
from bot.ports import Say, SendFile, StartPoll
from tests.commands.chat import Chat

FRIDAY = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
ASK = "!poll Where? | Park | Library | closes=Fri 18:00"
TOLD = [
    "StartPoll",
    "P1: Where?\n"
    "Tap your answer in the poll above, or type !vote 2, or reply to this message with 2 or an option's words."
    " Your last answer counts.\n"
    "Closes Fri 27 Nov 2026 18:00 UTC, in 4 days.\n"
    "1. Park\n"
    "2. Library",
]


async def willow(chat: Chat, *people: str) -> None:
    """The pod Willow."""
    names = people or ("Ana", "Ben", "Cy", "Di")
    await chat.room("willow", *names)
    await chat.say(names[0], "willow", "!pod create Willow")
    chat.heard("willow")


def tick(chat: Chat) -> None:
    """Let a second pass: answers are told apart by when they were sent."""
    chat.clock.moment += timedelta(seconds=1)


async def say(chat: Chat, person: str, body: str, reply_to: str | None = None) -> list[str]:
    """Say something in Willow, a second later."""
    tick(chat)
    return await chat.say(person, "willow", body, reply_to=reply_to)


# -- asking ----------------------------------------------------------------------------------------


async def test_a_poll_is_asked_natively_and_in_words(chat: Chat) -> None:
    await willow(chat)
    assert await chat.say("Ana", "willow", ASK) == TOLD
    native, words = [sent for sent in chat.sent if sent.room == "willow"]
    assert native.message == StartPoll("Where?", (("1", "Park"), ("2", "Library")), 1, open=True)
    assert isinstance(words.message, Say)
    assert words.message.aloud
    assert (native.about, words.about) == ("P1", "P1")
    rows = await chat.rows("SELECT txn_id FROM outbox WHERE about = 'P1' ORDER BY id")
    assert rows[0]["txn_id"] == "P1.start"


async def test_parts_may_stand_on_lines_and_without_an_end_it_closes_in_three_days(chat: Chat) -> None:
    await willow(chat)
    chat.clock.moment += timedelta(minutes=7)
    [_native, told] = await chat.say("Ana", "willow", "!poll\nWhere?\n\nPark\nLibrary | Hall\n")
    assert told.endswith("Closes Thu 26 Nov 2026 11:00 UTC, in 3 days.\n1. Park\n2. Library\n3. Hall")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("!poll Where?\n- Park\n- Library", "1. Park\n2. Library"),
        ("!poll Where?\n• Park\n• Library", "1. Park\n2. Library"),
        ("!poll How cold? | -5 | - 3", "1. -5\n2. - 3"),
        ("!poll When?\n- Sat 11:00\n- Sun 11:00\ntype=meeting", "1. Sat 28 Nov 2026 11:00 UTC\n2. Sun 29 Nov 2026 11:00 UTC"),
    ],
)  # fmt: skip
async def test_the_marks_of_a_list_are_no_part_of_the_options(chat: Chat, typed: str, shown: str) -> None:
    await willow(chat)
    told = (await chat.say("Ana", "willow", typed))[-1]
    assert told.endswith(shown)


async def test_several_answers_and_hidden_counts_are_explained(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    [_native, told] = await chat.say(
        "Ana", "willow", "!poll When? | Mon | Tue | Wed | multi=2 | hide | closes=2h"
    )
    assert told == (
        "P2: When?\n"
        "Tap your answer in the poll above, or type !vote P2 2, or reply to this message with 2 or an option's"
        " words. Your last answer counts.\n"
        "Up to 2 answers each. Apps may show buttons for one only; for several, type !vote P2 1 3.\n"
        "The counts are shown only at closing. This is not secret: members' apps can still see who answered what.\n"
        "Closes Mon 23 Nov 2026 12:00 UTC, in 2 hours.\n"
        "1. Mon\n2. Tue\n3. Wed"
    )
    assert chat.last_poll("willow").message == StartPoll(
        "When?", (("1", "Mon"), ("2", "Tue"), ("3", "Wed")), 2, open=False
    )


async def test_the_end_is_in_the_time_zone_of_the_pod(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!pod set timezone Asia/Kolkata")
    await chat.say("Ben", "willow", "ok J1")
    [_native, told] = await chat.say("Ana", "willow", "!poll Where? | Park | Hall | closes=18:00")
    assert "Closes Mon 23 Nov 2026 18:00 Asia/Kolkata, in 2 hours." in told


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (
            "!poll Where?",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Yes | No",
        ),
        (
            "!poll Where? | Park",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Park | Other",
        ),
        (
            "!poll Where? the park, the hall or home",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | the park | the hall | home",
        ),
        (
            "!poll “Where?” “Park” “the hall”",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Park | the hall",
        ),
        (
            '!poll "Where?", "Park", "Library"',
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Park | Library",
        ),
        (
            "!poll Where? ¦ Park ¦ Library",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Park | Library",
        ),
        (
            "!poll Where? | " + " | ".join(f"Place {number}" for number in range(1, 22)),
            "21 options are too many; 20 are the most. For example: !poll Where? | Place 1 | Place 2 | Place 3",
        ),
        (
            "!poll Where? | Park | PARK | Hall",
            "PARK is there twice. For example: !poll Where? | PARK | Hall",
        ),
        (
            "!poll | Park | Hall",
            "A poll begins with its question. For example: !poll Where? | Park | Hall",
        ),
        (
            "!poll Where? | Park | | Hall",
            "One option is empty. For example: !poll Where? | Park | Hall",
        ),
        (
            "!poll Where? | Park | Hall | multi=3",
            "multi= is how many answers one person may give, 1 to 2 here."
            " For example: !poll Where? | Park | Hall | multi=2",
        ),
        (
            "!poll Where? | Park | Hall | multi=two",
            "multi= is how many answers one person may give, 1 to 2 here."
            " For example: !poll Where? | Park | Hall | multi=2",
        ),
        (
            "!poll Where? | Park | Hall | closes=2026-11-20 17:00",
            "Fri 20 Nov 2026 17:00 is past. For example: !poll Where? | Park | Hall | closes=Tomorrow 17:00",
        ),
        (
            "!poll Where? | Park | Hall | closes=31 Feb",
            "There is no such day. For example: !poll Where? | Park | Hall | closes=Sun 28 Feb 2027 18:00",
        ),
        (
            "!poll Where? | Park | Hall | closes=whenever",
            "whenever is not a date or time that I understand. For example: !poll Where? | Park | Hall | closes=Fri 18:00",
        ),
        (
            "!poll Where? | Park | Hall | closes=22 Nov",
            "Mon 22 Nov 2027 18:00 UTC is more than 90 days ahead, too long for a quick poll."
            " For example: !poll Where? | Park | Hall | closes=Thu 26 Nov 2026 10:00",
        ),
        (
            "!poll Where? | Park | Hall | colour=red",
            "I do not know colour= here. There are: closes=, multi=, hide, type=, to=."
            " For example: !poll Where? | Park | Library | closes=Fri 18:00",
        ),
        (
            f"!poll {'Where ' * 100}| Park | Hall",
            "The question is 599 characters long; 500 are the most."
            " For example: !poll Where Where Where Where Where Where Whe… | Park | Hall",
        ),
        ("!poll P9", "There is no poll P9 in this room. !polls lists those there are."),
        (
            "!poll clsoe P1",
            "I do not know what to do with “clsoe P1”. !poll P1 shows P1, and !poll close P1 closes it.",
        ),
        ("!poll close", "No poll is open here. For example: !poll Where? | Park | Library"),
        ("!poll close that", "“that” is no poll's id. For example: !poll close P3"),
        ("!vote 2", "No poll is open here. For example: !poll Where? | Park | Library"),
        ("!vote", "No poll is open here. For example: !poll Where? | Park | Library"),
        ("!vote P1 2", "There is no poll P1 in this room. !polls lists those there are."),
        ("!why P1", "There is no poll P1 in this room. !polls lists those there are."),
    ],
)
async def test_bad_input_changes_nothing_and_gets_a_valid_line(chat: Chat, typed: str, answer: str) -> None:
    await willow(chat)
    before = await chat.everything()
    assert await chat.say("Ana", "willow", typed) == [answer]
    assert await chat.everything() == before


async def test_the_line_a_refusal_shows_can_be_typed(chat: Chat) -> None:
    await willow(chat)
    for number, typed in enumerate(
        [
            "!poll Where? Park or Hall",
            "!poll | Park | Hall",
            "!poll Who? | Ana | closes=foo",
            "!poll A? | b | c | multi=9",
        ],
        1,
    ):
        [refused] = await chat.say("Ana", "willow", typed)
        told = await chat.say("Ana", "willow", refused.split("For example: ")[1])
        assert told[1].startswith(f"P{number}: ")


async def test_a_question_may_begin_with_close(chat: Chat) -> None:
    await willow(chat)
    [_native, told] = await chat.say("Ana", "willow", "!poll Close early? | Yes | No | multi=2 | closes=1h")
    assert told.startswith("P1: Close early?\n")
    assert "Up to 2 answers each." in told


async def test_a_long_poll_goes_into_a_file_and_its_beginning_says_how_to_answer(chat: Chat) -> None:
    await willow(chat)
    options = " | ".join(f"{'option ' * 20}{number}" for number in range(20))
    told = await chat.say("Ana", "willow", f"!poll Where? | {options}")
    assert told[0] == "StartPoll"
    assert "type !vote 2" in told[1]
    assert len(told[1]) < 1500
    assert told[2] == "SendFile"


async def test_words_with_markup_are_shown_as_typed(chat: Chat) -> None:
    await willow(chat)
    [_native, told] = await chat.say("Ana", "willow", "!poll *Where*? | <b>Park</b> | [x](http://y)")
    assert told.endswith("1. <b>Park</b>\n2. [x](http://y)")
    assert "P1: *Where*?" in told


# -- showing ---------------------------------------------------------------------------------------


async def test_a_reply_to_a_poll_needs_no_id(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await chat.say("Ana", "willow", "!poll When? | Mon | Tue")
    first = next(sent for sent in chat.sent if sent.about == "P1").event_id
    assert (await say(chat, "Ben", "!poll", first))[0].startswith("P1: Where?")
    assert await say(chat, "Ben", "!vote 2", first) == ["Ben: Library. Counted in P1. 1 of 4 has voted."]
    assert (await say(chat, "Ben", "!why", first))[0].startswith("P1 is open: Where?")
    assert (await say(chat, "Ana", "!poll close", first))[1].startswith("Ana has closed P1: Where?")


async def test_hidden_counts_stay_hidden_until_the_end(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", f"{ASK} | hide")
    assert await say(chat, "Ana", "!vote 1") == ["Ana: counted in P1. 1 of 4 has voted."]
    [shown] = await say(chat, "Ben", "!poll P1")
    assert shown.endswith("1. Park\n2. Library")
    [sum_] = await say(chat, "Ben", "!why P1")
    assert sum_.endswith("The votes are shown at closing.")
    [_end, result] = await say(chat, "Ana", "!poll close P1")
    assert "Most votes: Park, with 1." in result


async def test_the_list_has_open_polls_and_those_that_closed_lately(chat: Chat) -> None:
    await willow(chat)
    assert await say(chat, "Ana", "!poll") == ["No poll is open. For example: !poll Where? | Park | Library"]
    await chat.say("Ana", "willow", ASK)
    await chat.say("Ana", "willow", "!poll When? | Mon | Tue | closes=1h")
    await say(chat, "Ben", "!vote Tue")
    await chat.wait(hours=1)
    listed = [
        "Open polls; !poll P1 shows one:\n"
        "- P1: Where? – 0 of 4 have voted. Closes Fri 27 Nov 2026 18:00 UTC, in 4 days.\n"
        "\n"
        "Closed lately:\n"
        "- P2: When? – Most votes: Tue, with 1. 1 of 4 voted."
    ]
    assert await chat.say("Ana", "willow", "!polls") == listed
    assert await chat.say("Ana", "willow", "!poll") == listed
    await chat.wait(days=15)
    assert await chat.say("Ana", "willow", "!polls") == [
        "No poll is open. For example: !poll Where? | Park | Library\n\nClosed lately:\n"
        "- P1: Where? – Nobody voted. 0 of 4 voted."
    ]


async def test_somebody_who_joins_is_told_how_open_polls_stand(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await say(chat, "Ben", "!vote 1")
    chat.heard("willow")
    await chat.joins("Eve", "willow")
    told = [text for text in chat.heard("willow") if text.startswith("P1")]
    assert told == [
        "P1: Where?\n"
        "1 of 5 has voted.\n"
        "To answer, type !vote P1 2, or reply to this message with 2 or an option's words.\n"
        "Closes Fri 27 Nov 2026 18:00 UTC, in 4 days.\n"
        "1. Park: 1\n"
        "2. Library: 0"
    ]
    assert await say(chat, "Eve", "!vote P1 2") == ["Eve: Library. Counted in P1. 2 of 5 have voted."]


async def test_the_records_of_a_pod_have_its_polls(chat: Chat) -> None:
    await chat.room("river", "Ana")
    await chat.say("Ana", "river", "!assembly create River")
    await willow(chat)
    [made] = await chat.say("Ana", "river", "!assembly invite")
    code = made.split("!pod join ")[1][:7]
    await chat.say("Ana", "willow", f"!pod join {code}")
    await chat.say("Ana", "river", "ok J1")
    await chat.say("Ana", "willow", ASK)
    await chat.say("Ana", "willow", "!poll When? | Mon | Tue | closes=1h")
    await say(chat, "Ben", "!vote Tue")
    await chat.wait(hours=1)
    await chat.say("Ana", "willow", "!pod leave")
    await chat.say("Ben", "willow", "ok J2")
    [file] = [sent.message.markdown for sent in chat.sent if isinstance(sent.message, SendFile)]
    shown = plain(file)
    assert "P1, open until Fri 27 Nov 2026 18:00 UTC: Where? – Park and Library" in shown
    assert "P2, closed Mon 23 Nov 2026 11:00 UTC: When? – Mon: 0 and Tue: 1. 1 of 4 voted." in shown
