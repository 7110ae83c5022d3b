"""Polls that members made with their own app's button, counted because somebody asked."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.ports import EndPoll, PollAnswered, PollChanged, PollEnded, PollMade, Redacted
from tests.commands.chat import Chat, user
from tests.commands.test_polls import say, tick, willow

START = "$app"
ADOPTED = (
    "I count this poll of Ana as P1.\n"
    "P1: Where?\n"
    "Nothing that I can read was answered before.\n"
    "0 of 4 have voted.\n"
    "Tap your answer in the poll, or type !vote 2, or reply to the poll or to this message with 2 or an option's words."
    " Your last answer counts.\n"
    "Closes Thu 26 Nov 2026 11:00 UTC, in 3 days.\n"
    "1. Park\n"
    "2. Library"
)


def made(chat: Chat, *taps: tuple[str, str], author: str = "Ana", **more: Any) -> PollMade:
    """A poll that Ana made in her app, with answers given before: who tapped what, a second apart."""
    begun = chat.clock.now() - timedelta(minutes=5)
    answered = tuple(
        PollAnswered(
            event_id=f"$before{number}",
            room_id="!willow:test",
            sender=user(person),
            sent_at=begun + timedelta(seconds=number),
            poll_event_id=START,
            answers=(answer,) if answer else (),
        )
        for number, (person, answer) in enumerate(taps, 1)
    )
    poll = PollMade(
        event_id=START,
        room_id="!willow:test",
        sender=user(author),
        sent_at=begun,
        question="Where?",
        answers=(("a1", "Park"), ("b2", "Library")),
        most=1,
        open=True,
        taps=answered,
    )
    return replace(poll, **more)


async def adopt(
    chat: Chat, poll: PollMade | None, person: str = "Ben", line: str = "!poll adopt"
) -> list[str]:
    """Ask that a poll is counted, as a reply to it."""
    tick(chat)
    return await chat.say(person, "willow", line, reply_to=START, replied_poll=poll)


async def test_a_poll_of_an_app_is_counted_and_closed_like_one_of_ours(chat: Chat) -> None:
    await willow(chat)
    assert await adopt(chat, made(chat)) == [ADOPTED]
    await chat.tap("Ana", "willow", START, "b2")
    await chat.tap("Ben", "willow", START, "a1")
    assert await say(chat, "Ben", "!vote 2") == ["Ben: Library. Counted in P1. 2 of 4 have voted."]
    assert await say(chat, "Cy", "1", START) == ["Cy: Park. Counted in P1. 3 of 4 have voted."]
    assert await say(chat, "Di", "library", chat.last("willow").event_id) == [
        "Di: Library. Counted in P1. 4 of 4 have voted."
    ]
    chat.heard("willow")
    await chat.wait(days=3, hours=1)
    assert chat.pictures("willow") == [
        "P1 – Library: 3, Park: 1. The numbers are votes. 4 of 4 members voted."
    ]
    assert chat.heard("willow") == [
        "P1 is closed: Where?\n"
        "In your apps the poll may look open until Ana ends it there. What is tapped from now on does not count.\n"
        "Most votes: Library, with 3.\n"
        "4 of 4 members voted. !why P1 shows the sum.\n"
        "Apps count only what was tapped; this sum has the 3 typed answers too.\n"
        "- Library: 3\n"
        "- Park: 1"
    ]
    await chat.tap("Ana", "willow", START, "a1")
    assert (await say(chat, "Ana", "!why P1"))[0].endswith("Votes:\n1. Park: 1\n2. Library: 3")
    assert not [sent for sent in chat.sent if isinstance(sent.message, EndPoll)]


async def test_what_was_answered_before_counts_by_the_same_rules(chat: Chat) -> None:
    await willow(chat)
    taps = (
        ("Ana", "a1"), ("Ana", "b2"), ("Ben", "a1"), ("Ben", ""), ("Cy", "a1"), ("Cy", "nonsense"), ("Eve", "a1"),
    )  # fmt: skip
    [told] = await adopt(chat, made(chat, *taps))
    assert "I have read 7 answers that were given before.\n2 of 4 have voted.\n" in told
    [why] = await say(chat, "Ana", "!why P1")
    assert "Not counted: 2 answers were replaced by later ones of the same person." in why
    assert "Not counted: 1 answer was withdrawn." in why
    assert "Not counted: 1 answer named no option of this poll." in why
    assert "Not counted: 1 answer came from somebody who was not a member with a voice." in why
    assert why.endswith("1. Park: 1\n2. Library: 1")


async def test_an_answer_that_is_shown_again_counts_once(chat: Chat) -> None:
    await willow(chat)
    poll = made(chat, ("Ana", "a1"))
    await adopt(chat, poll)
    await chat.give(poll.taps[0])
    [why] = await say(chat, "Ana", "!why P1")
    assert why.endswith("1. Park: 1\n2. Library: 0")


async def test_an_answer_given_before_can_be_deleted(chat: Chat) -> None:
    await willow(chat)
    await adopt(chat, made(chat, ("Ana", "a1"), ("Ben", "b2")))
    await chat.delete("Ana", "willow", "$before1")
    [why] = await say(chat, "Ana", "!why P1")
    assert why.endswith("1. Park: 0\n2. Library: 1")


async def test_an_answer_given_before_that_cannot_be_read_is_unknown_until_its_key_comes(chat: Chat) -> None:
    await willow(chat)
    before = await chat.unreadable("Ana", "willow", taps=(START, "b2"))
    await chat.unreadable("Ben", "willow", "good morning")
    tick(chat)
    [told] = await adopt(chat, made(chat, ("Cy", "a1"), sent_at=chat.clock.now() - timedelta(hours=1)))
    # what was said in words before it was adopted was no answer
    assert "What 1 member sent last could not be read; it may be an answer." in told
    await chat.key_comes(before)
    [why] = await say(chat, "Ana", "!why P1")
    assert why.endswith("1. Park: 1\n2. Library: 1")


async def test_several_answers_and_hidden_counts_are_taken_over(chat: Chat) -> None:
    await willow(chat)
    answers = (("x", "Park"), ("y", "Library"), ("z", "Hall"))
    [told] = await adopt(chat, made(chat, answers=answers, most=2, open=False))
    assert "Up to 2 answers each." in told
    assert "The counts are shown only at closing. This is not secret" in told
    await chat.tap("Ana", "willow", START, "z", "x", "y")
    assert await say(chat, "Ana", "!vote 1 3") == ["Ana: counted in P1. 1 of 4 has voted."]
    assert "1. Park\n2. Library\n3. Hall" in (await say(chat, "Ana", "!poll P1"))[0]


async def test_its_author_ends_it_in_their_app_and_nobody_else_does(chat: Chat) -> None:
    await willow(chat, "Di", "Ana", "Ben", "Cy")
    await adopt(chat, made(chat, ("Ben", "b2")))

    async def end(person: str) -> list[str]:
        tick(chat)
        return await chat.give(PollEnded(**chat._event(person, "willow"), poll_event_id=START))

    assert await end("Ben") == []
    [told] = await end("Ana")
    assert told.startswith("Ana has ended P1: Where?\nMost votes: Library, with 1.\n1 of 4 members voted.")
    assert await end("Ana") == []


async def test_an_admin_who_may_delete_others_messages_can_end_it_too(chat: Chat) -> None:
    await willow(chat, "Di", "Ana", "Ben", "Cy")
    await adopt(chat, made(chat, ("Ben", "b2")))
    ended = PollEnded(**chat._event("Di", "willow"), poll_event_id=START)
    assert (await chat.give(ended))[0].startswith("Di has ended P1: Where?")


async def test_an_end_that_belongs_to_no_adopted_poll_says_nothing(chat: Chat) -> None:
    await willow(chat)
    await say(chat, "Ana", "!poll Where? | Park | Library")
    native = chat.last_poll("willow").event_id
    for event_id in (native, "$other"):
        assert await chat.give(PollEnded(**chat._event("Ana", "willow"), poll_event_id=event_id)) == []


async def test_it_can_be_closed_here_by_its_author_or_any_two(chat: Chat) -> None:
    await willow(chat)
    await adopt(chat, made(chat), "Ben")
    assert (await say(chat, "Ben", "!poll close P1"))[0].startswith("Ben wants to close P1 now.")
    assert (await say(chat, "Ana", "!poll close P1"))[0].startswith("Ana has closed P1: Where?")


async def test_an_edit_after_it_was_adopted_changes_nothing_and_is_told_to_who_edits(chat: Chat) -> None:
    await willow(chat)
    await adopt(chat, made(chat))
    change = PollChanged(**chat._event("Ana", "willow"), poll_event_id=START)
    assert await chat.give(change) == [
        "Ana, I count P1 as it was when I was asked to. To change it, close it and ask anew: !poll close P1"
    ]
    assert await chat.give(PollChanged(**chat._event("Ben", "willow"), poll_event_id=START)) == []


async def test_where_the_apps_poll_is_deleted_the_counting_goes_on_in_words(chat: Chat) -> None:
    await willow(chat)
    await adopt(chat, made(chat, ("Ben", "b2")))
    deleted = Redacted(**chat._event("Ana", "willow"), redacts=START)
    assert await chat.give(deleted) == [
        "The poll P1: Where? was deleted in an app. I count on: type !vote P1 2. !poll close P1 ends it."
    ]
    assert (await say(chat, "Cy", "!vote 1"))[0].startswith("Cy: Park. Counted in P1. 2 of 4")


async def test_adopting_can_be_undone_and_done_again(chat: Chat) -> None:
    await willow(chat)
    await adopt(chat, made(chat, ("Ana", "a1")))
    assert await say(chat, "Ben", "!undo") == ["I count P1: Where? no more. It goes on in your apps."]
    assert await chat.rows("SELECT * FROM ballots") == []
    await chat.tap("Cy", "willow", START, "b2")
    assert (await adopt(chat, made(chat, ("Ana", "a1"))))[0].startswith("I count this poll of Ana as P2.")


async def test_it_is_adopted_once(chat: Chat) -> None:
    await willow(chat)
    await adopt(chat, made(chat))
    before = await chat.everything()
    assert await adopt(chat, made(chat), "Cy") == [
        "I count that poll already, as P1. !poll P1 shows how it stands."
    ]
    assert await chat.everything() == before


async def test_our_own_poll_is_counted_already(chat: Chat) -> None:
    await willow(chat)
    await say(chat, "Ana", "!poll Where? | Park | Library")
    own = chat.last_poll("willow").event_id
    assert await say(chat, "Ben", "!poll adopt", own) == [
        "P1 is counted already. !poll P1 shows how it stands."
    ]


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"replied_body": "Where shall we meet?"}, "That is a message, not a poll. Reply to a poll that was made with an"
         " app's poll button: !poll adopt"),
        ({}, "I cannot read what you replied to, for example because it was sent before I came. Ask it anew:"
         " !poll Where? | Park | Library"),
        ({"reply_to": None}, "Type this as a reply to a poll that was made with an app's poll button: !poll adopt"),
    ],
)  # fmt: skip
async def test_what_is_no_poll_is_said(chat: Chat, more: dict[str, Any], answer: str) -> None:
    await willow(chat)
    before = await chat.everything()
    assert await chat.say("Ben", "willow", "!poll adopt", **{"reply_to": "$text"} | more) == [answer]
    assert await chat.everything() == before


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"answers": (("a", "Park"),)}, "A poll needs 2 to 20 options, each after a |. For example:"
         " !poll Where? | Park | Other"),
        ({"answers": (("a", "Park"), ("b", " park "))}, "park is there twice. For example: !poll Where? | park | Other"),
        ({"whole": False}, "That poll has more answers than I can look through. To ask it anew:"
         " !poll Where? | Park | Library"),
    ],
)  # fmt: skip
async def test_a_poll_that_cannot_be_counted_is_refused_with_a_way_out(
    chat: Chat, changes: dict[str, Any], answer: str
) -> None:
    await willow(chat)
    before = await chat.everything()
    assert await adopt(chat, made(chat, **changes)) == [answer]
    assert await chat.everything() == before


async def test_a_poll_that_was_ended_is_refused(chat: Chat) -> None:
    await willow(chat)
    poll = made(chat, ended_at=chat.clock.now() - timedelta(hours=2))
    assert await adopt(chat, poll) == [
        "That poll was ended Mon 23 Nov 2026 08:00 UTC, 2 hours ago. To ask it anew: !poll Where? | Park | Library"
    ]


@pytest.mark.parametrize(
    ("line", "closes"),
    [
        ("!poll adopt | closes=Fri 18:00", "Closes Fri 27 Nov 2026 18:00 UTC"),
        ("!poll adopt closes=Fri 18:00", "Closes Fri 27 Nov 2026 18:00 UTC"),
        ("!Poll ADOPT\ncloses = Fri 18:00", "Closes Fri 27 Nov 2026 18:00 UTC"),
        ("! poll adopt", "Closes Thu 26 Nov 2026 11:00 UTC"),
        ("!poll  adopt ", "Closes Thu 26 Nov 2026 11:00 UTC"),
    ],
)
async def test_its_end_may_be_given(chat: Chat, line: str, closes: str) -> None:
    await willow(chat)
    assert closes in (await adopt(chat, made(chat), line=line))[0]


@pytest.mark.parametrize(
    "line",
    [
        "!poll adopt P3", "!poll adopt please", "!poll adopt this one", "!poll adopt | Fri 18:00",
        "!poll adopt | closes=yesterday", "!poll adopt | closes=", "!poll adopt | close=Fri 18:00", "!poll adopt | ends=Fri",
        "!poll adopt | closes=in 400 days", "!polladopt", "!poll adpot", "!poll adopt | multi=2", "!poll count",
    ],
)  # fmt: skip
async def test_a_line_that_is_typed_wrongly_changes_nothing_and_gets_an_example(
    chat: Chat, line: str
) -> None:
    await willow(chat)
    before = await chat.everything()
    [told] = await adopt(chat, made(chat), line=line)
    assert "!poll" in told, told
    assert "\n" not in told
    assert await chat.everything() == before


async def test_no_answer_is_kept_30_days_after_the_result_of_an_adopted_poll(chat: Chat) -> None:
    await willow(chat)
    await adopt(chat, made(chat, ("Ana", "a1"), ("Ben", "b2")))
    await chat.wait(days=33, hours=2)
    assert await chat.rows("SELECT * FROM ballots") == []
    [why] = await say(chat, "Ana", "!why P1")
    assert "Who answered what was erased 30 days after the result; the sum stays." in why
