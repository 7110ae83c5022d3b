"""Polls whose answers could not all be read: unknown is called unknown, and counts when its key comes."""

from datetime import timedelta

import pytest

from tests.commands.chat import Chat
from tests.commands.test_polls import ASK, FRIDAY, say, tick, willow

LATER = "If I can read it later, it counts by when it was sent, and I say the new result."
ONE_COULD = "What 1 member sent last could not be read. If it was an answer, it could change who leads."
ONE_CANNOT = "What 1 member sent last could not be read. If it was an answer, it cannot change who leads."
READ_NOW = "Something that I could not read at the end I have read since, or it was deleted."


async def asked(chat: Chat, more: str = "", people: tuple[str, ...] = ()) -> str:
    """The pod Willow with the open poll P1; returns its native event."""
    await willow(chat, *people)
    await chat.say("Ana", "willow", f"{ASK}{more}")
    native = chat.last_poll("willow").event_id
    tick(chat)
    return native


async def close(chat: Chat) -> str:
    """Let the poll come to its end, and a minute more; return the result, with nothing else said meanwhile."""
    await chat.until(FRIDAY)
    chat.heard("willow")
    await chat.wait(minutes=1)
    [_end, result] = chat.heard("willow")
    return result


async def test_unknown_answers_that_could_change_it_leave_a_poll_without_a_result(chat: Chat) -> None:
    native = await asked(chat)
    await chat.tap("Ana", "willow", native, "1")
    await chat.unreadable("Ben", "willow", taps=(native, "2"))
    await chat.unreadable("Ben", "willow", taps=(native, "1"))
    assert await close(chat) == (
        "P1 is closed: Where?\n"
        "No result yet.\n"
        f"{ONE_COULD}\n"
        "1 of 4 members voted. !why P1 shows the sum.\n"
        f"{LATER}\n"
        "- Park: 1\n"
        "- Library: 0"
    )
    shown = (await say(chat, "Cy", "!poll P1"))[0]
    assert "No result yet." in shown
    assert "Most votes" not in shown
    assert "P1: Where? – No result yet. 1 of 4 voted." in (await say(chat, "Cy", "!polls"))[0]
    assert ONE_COULD in (await say(chat, "Cy", "!why P1"))[0]


async def test_unknown_answers_that_cannot_change_it_are_said_beside_the_result(chat: Chat) -> None:
    native = await asked(chat)
    for person in ("Ana", "Ben"):
        await chat.tap(person, "willow", native, "1")
    event = await chat.unreadable("Cy", "willow", "see you there")
    assert await close(chat) == (
        "P1 is closed: Where?\n"
        "Most votes: Park, with 2.\n"
        f"{ONE_CANNOT}\n"
        "2 of 4 members voted. !why P1 shows the sum.\n"
        f"{LATER}\n"
        "- Park: 2\n"
        "- Library: 0"
    )
    # it was talk: nothing is to be corrected, and it is not called unknown any more
    await chat.key_comes(event)
    await chat.wait(minutes=2)
    assert chat.heard("willow") == []
    assert "could not be read" not in (await say(chat, "Cy", "!poll P1"))[0]


@pytest.mark.parametrize("typed", [False, True])
async def test_when_the_key_comes_after_the_end_the_vote_counts_by_its_own_time_and_once(
    chat: Chat, typed: bool
) -> None:
    native = await asked(chat)
    await chat.tap("Ana", "willow", native, "1")
    vote = await chat.unreadable("Ben", "willow", "!vote 2", taps=None if typed else (native, "2"))
    more = await chat.unreadable("Cy", "willow", "!vote 2", taps=None if typed else (native, "2"))
    late = await chat.unreadable("Di", "willow", taps=(native, "1"), at=FRIDAY)
    await close(chat)
    for event in (vote, more, late):
        await chat.key_comes(event)
    chat.heard("willow")
    await chat.wait(minutes=1)
    apps = "Apps count only what was tapped; this sum has the 2 typed answers too.\n" if typed else ""
    assert chat.heard("willow") == [
        f"P1, corrected result: Where?\n{READ_NOW}\nMost votes: Library, with 2.\n"
        f"3 of 4 members voted. !why P1 shows the sum.\n{apps}- Library: 2\n- Park: 1"
    ]
    await chat.key_comes(vote)
    await chat.wait(days=1)
    assert chat.heard("willow") == []


async def test_talk_whose_key_comes_after_the_end_makes_a_result_out_of_none(chat: Chat) -> None:
    native = await asked(chat)
    await chat.tap("Ana", "willow", native, "1")
    event = await chat.unreadable("Ben", "willow", "good morning")
    first = await chat.unreadable("Cy", "willow", "good morning")
    assert "What 2 members sent last could not be read. If it was answers, it could" in await close(chat)
    await chat.key_comes(first)
    await chat.wait(minutes=1)
    assert chat.heard("willow") == []
    assert await chat.key_comes(event) == []
    await chat.wait(minutes=1)
    [corrected] = chat.heard("willow")
    assert corrected.startswith(
        f"P1, corrected result: Where?\n{READ_NOW}\nMost votes: Park, with 1.\n1 of 4 members voted."
    )


async def test_closing_waits_a_minute_for_keys_and_takes_no_late_vote_meanwhile(chat: Chat) -> None:
    native = await asked(chat)
    await chat.until(FRIDAY - timedelta(seconds=1))
    chat.heard("willow")
    vote = await chat.unreadable("Ben", "willow", taps=(native, "2"))
    await chat.until(FRIDAY + timedelta(seconds=30))
    assert chat.heard("willow") == []
    await chat.tap("Cy", "willow", native, "1")
    assert "P1 ended Fri 27 Nov 2026 18:00 UTC, before your answer" in (await say(chat, "Di", "!vote 1"))[0]
    await chat.key_comes(vote)
    chat.heard("willow")
    await chat.wait(seconds=30)
    [_end, result] = chat.heard("willow")
    assert "Most votes: Library, with 1.\n1 of 4 members voted." in result


async def test_a_vote_before_something_unreadable_is_unknown_and_one_after_it_is_known(chat: Chat) -> None:
    native = await asked(chat)
    await chat.tap("Ana", "willow", native, "1")
    tick(chat)
    await chat.unreadable("Ana", "willow", "hm")
    await chat.unreadable("Ben", "willow", "hm")
    tick(chat)
    await chat.tap("Ben", "willow", native, "2")
    assert await say(chat, "Cy", "!why P1") == [
        "P1 is open: Where?\n"
        "Each member with a voice in this room may give one answer.\n"
        "The last one sent before Fri 27 Nov 2026 18:00 UTC counts, by the server's time, tapped or typed.\n"
        "4 may vote now; 1 did so far. At closing, those count who are members then.\n"
        "What 1 member sent last could not be read; it may be an answer.\n"
        "Not counted: 1 answer may have been replaced by one that could not be read.\n"
        "Votes:\n"
        "1. Park: 0\n"
        "2. Library: 1"
    ]
    assert (
        "What 1 member sent last could not be read; it may be an answer.\n"
        in (await say(chat, "Cy", "!poll P1"))[0]
    )
    assert "is withdrawn. 1 of 4 has voted." in (await say(chat, "Ana", "!vote none"))[0]
    assert "could not be read" not in (await say(chat, "Cy", "!poll P1"))[0]


async def test_hidden_counts_are_not_betrayed_by_what_could_change_them(chat: Chat) -> None:
    native = await asked(chat, " | hide")
    for person in ("Ana", "Ben", "Cy"):
        await chat.tap(person, "willow", native, "1")
    await chat.unreadable("Di", "willow", taps=(native, "2"))
    for command in ("!poll P1", "!why P1", "!polls"):
        assert "who leads" not in (await say(chat, "Ana", command))[0]
    assert "Most votes: Park, with 3." in await close(chat)


async def test_of_several_answers_each_unknown_person_may_have_given_any(chat: Chat) -> None:
    native = await asked(chat, " | multi=2", ("Ana", "Ben", "Cy", "Di", "Eve"))
    await chat.tap("Ana", "willow", native, "1")
    await chat.tap("Ben", "willow", native, "1", "2")
    await chat.tap("Cy", "willow", native, "1")
    await chat.unreadable("Di", "willow", taps=(native, "1", "2"))
    assert ONE_CANNOT in (result := await close(chat))
    assert "Most votes: Park, with 3." in result
    await chat.unreadable("Eve", "willow", taps=(native, "2"), at=FRIDAY - timedelta(hours=1))
    await chat.wait(minutes=1)
    [corrected, told] = chat.heard("willow")
    assert "Eve, your app" in told + corrected
    assert "Something sent before the end reached me only after it.\nNo result yet." in told + corrected


async def test_what_cannot_be_an_answer_is_not_taken_for_one(chat: Chat) -> None:
    native = await asked(chat)
    await chat.say("Ben", "willow", "!poll When? | Mon | Tue")
    other = chat.last_poll("willow").event_id
    await chat.tap("Ana", "willow", native, "1")
    await chat.unreadable("Ben", "willow", relation=("m.annotation", native))
    await chat.unreadable("Cy", "willow", relation=("m.replace", native))
    await chat.unreadable("Di", "willow", taps=(other, "1"))
    await chat.unreadable("Eve", "willow", "!vote 1")
    for before in (timedelta(seconds=30), timedelta(minutes=5)):
        await chat.unreadable("Ana", "willow", at=chat.clock.now() - before)
    assert "could not be read" not in (await say(chat, "Ana", "!poll P1"))[0]
    assert "What 1 member sent last could not be read" in (await say(chat, "Ana", "!poll P2"))[0]
    await chat.unreadable("Ben", "willow", relation=("m.thread", native))
    assert "What 1 member sent last could not be read" in (await say(chat, "Ana", "!poll P1"))[0]


async def test_a_tap_from_a_server_whose_clock_is_behind_is_an_answer_all_the_same(chat: Chat) -> None:
    native = await asked(chat)
    await chat.unreadable("Ben", "willow", taps=(native, "1"), at=chat.clock.now() - timedelta(seconds=30))
    assert "What 1 member sent last could not be read" in (await say(chat, "Ana", "!poll P1"))[0]


async def test_a_tap_deleted_before_it_was_read_withdraws_and_no_earlier_answer_comes_back(
    chat: Chat,
) -> None:
    native = await asked(chat)
    await chat.tap("Ben", "willow", native, "1")
    tick(chat)
    event = await chat.unreadable("Ben", "willow", taps=(native, "2"))
    tick(chat)
    await chat.delete("Ben", "willow", event.event_id)
    shown = (await say(chat, "Ana", "!poll P1"))[0]
    assert "0 of 4 have voted." in shown
    assert "could not be read" not in shown


async def test_what_is_deleted_unread_after_the_end_is_unknown_no_longer(chat: Chat) -> None:
    native = await asked(chat)
    await chat.tap("Ana", "willow", native, "1")
    await chat.tap("Ben", "willow", native, "2")
    tick(chat)
    event = await chat.unreadable("Ben", "willow", taps=(native, "2"))
    assert "No result yet." in await close(chat)
    await chat.delete("Ben", "willow", event.event_id)
    await chat.wait(minutes=1)
    [corrected] = chat.heard("willow")
    assert f"{READ_NOW}\nMost votes: Park, with 1." in corrected


async def test_a_vote_that_is_read_late_is_for_the_poll_that_was_open_when_it_was_sent(chat: Chat) -> None:
    await asked(chat)
    vote = await chat.unreadable("Ben", "willow", "!vote Library")
    await close(chat)
    await chat.say("Ana", "willow", "!poll Whose? | Ours | Library")
    assert await chat.key_comes(vote) == [
        "Ben: Library. Counted in P1. You sent it in time and I read it late: a corrected result follows."
    ]


async def test_thirty_days_later_nothing_is_promised_any_more(chat: Chat) -> None:
    native = await asked(chat)
    await chat.unreadable("Ben", "willow", taps=(native, "2"))
    await close(chat)
    await chat.wait(days=31)
    shown = (await say(chat, "Ana", "!poll P1"))[0]
    assert "No result.\n" in shown
    assert LATER not in shown


async def test_a_temperature_has_a_result_and_nobody_who_leads(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!poll The plan? | type=temperature | closes=Fri 18:00")
    native = chat.last_poll("willow").event_id
    tick(chat)
    for person in ("Ana", "Cy", "Di"):
        await chat.tap(person, "willow", native, "2")
    await chat.unreadable("Ben", "willow", taps=(native, "2"))
    assert "If it was an answer, it c" in (told := await close(chat))
    assert "the result" in told
    assert "who leads" not in told
