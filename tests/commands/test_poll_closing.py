"""The end of quick polls: in time, late, corrected, taken back."""

from datetime import datetime, timedelta

from bot.ports import EndPoll, Redact, Redacted, Said
from tests.commands.chat import Chat, user
from tests.commands.test_polls import ASK, FRIDAY, say, tick, willow


async def test_the_deadline_closes_a_poll_and_tells_the_result(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    native = chat.last_poll("willow").event_id
    await say(chat, "Ana", "!vote 2")
    await chat.tap("Ben", "willow", native, "2")
    await chat.tap("Cy", "willow", native, "1")
    chat.heard("willow")
    await chat.until(FRIDAY)
    *_reminders, end, _result, _picture = [sent for sent in chat.sent if sent.room == "willow"]
    assert end.message == EndPoll("P1.start", "P1 is closed. The result is in the next message.")
    assert [text for text in chat.heard("willow") if "said nothing yet" not in text] == [
        "EndPoll",
        "P1 is closed: Where?\n"
        "Most votes: Library, with 2.\n"
        "3 of 4 members voted. !why P1 shows the sum.\n"
        "Apps count only what was tapped; this sum has the 1 typed answer too.\n"
        "- Library: 2\n"
        "- Park: 1",
    ]
    chat.clock.moment = FRIDAY + timedelta(hours=1)
    assert await chat.say("Di", "willow", "!vote P1 1") == [
        "Di, P1 ended Fri 27 Nov 2026 18:00 UTC, before your answer, so it is not counted. !poll P1 shows the result."
    ]
    assert await chat.say("Di", "willow", "!why P1") == [
        "P1 is closed: Where?\n"
        "Each member with a voice in this room may give one answer.\n"
        "The last one sent before Fri 27 Nov 2026 18:00 UTC counts, by the server's time, tapped or typed.\n"
        "4 could vote when it closed, and 3 did.\n"
        "Not counted: 1 answer was sent after the end.\n"
        "Votes:\n"
        "1. Park: 1\n"
        "2. Library: 2"
    ]
    assert (await chat.say("Di", "willow", "!poll P1"))[0].startswith(
        "P1 closed Fri 27 Nov 2026 18:00 UTC, 1 hour ago: Where?\nMost votes: Library, with 2."
    )


async def test_a_tie_is_named_as_a_tie(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!poll Where? | Park | Library | Hall")
    await say(chat, "Ana", "!vote 3")
    await say(chat, "Ben", "!vote 1")
    [_end, result] = await say(chat, "Ana", "!poll close")
    assert result == (
        "Ana has closed P1: Where?\n"
        "A tie, without a winner: Park and Hall, 1 vote each.\n"
        "2 of 4 members voted. !why P1 shows the sum.\n"
        "Apps count only what was tapped; this sum has the 2 typed answers too.\n"
        "- Park: 1\n"
        "- Hall: 1\n"
        "- Library: 0"
    )


async def test_nobody_voting_is_said_plainly(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    [_end, result] = await say(chat, "Ana", "!poll close P1")
    assert result.startswith("Ana has closed P1: Where?\nNobody voted.\n0 of 4 members voted.")


async def test_two_members_can_close_and_one_alone_cannot(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    asked = "wants to close P1 now. It closes when another member types !poll close P1."
    assert await say(chat, "Ben", "!poll close p1") == [f"Ben {asked}"]
    assert await say(chat, "Ben", "!poll close P1") == [
        "You have asked to close P1 already. It needs another member to type !poll close P1."
    ]
    assert await say(chat, "Ben", "!undo") == ["Ben no longer asks to close P1. It stays open."]
    assert await say(chat, "Cy", "!poll close P1") == [f"Cy {asked}"]
    assert (await say(chat, "Ben", "!poll close P1"))[1].startswith("Ben has closed P1: Where?")
    assert await say(chat, "Ana", "!poll close P1") == ["P1 is closed. !poll P1 shows the result."]


async def test_who_has_left_cannot_close_with_another(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await say(chat, "Ben", "!poll close P1")
    await chat.leaves("Ben", "willow")
    assert (await say(chat, "Cy", "!poll close P1"))[0].startswith("Cy wants to close P1 now.")


async def test_who_left_before_the_end_does_not_count(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await say(chat, "Ben", "!vote 1")
    await say(chat, "Ana", "!vote 2")
    await chat.leaves("Ben", "willow")
    [_end, result] = await say(chat, "Ana", "!poll close P1")
    assert "Most votes: Library, with 1.\n1 of 3 members voted." in result
    assert (
        "Not counted: 1 answer came from somebody who left, or lost their voice, afterwards."
        in (await say(chat, "Ana", "!why P1"))[0]
    )


async def test_who_answered_and_left_after_the_end_counts_though_the_bot_was_down_then(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await say(chat, "Ben", "!vote 1")
    await say(chat, "Cy", "!vote 2")
    chat.heard("willow")
    chat.clock.moment = FRIDAY
    await chat.leaves("Ben", "willow")  # told before the timers run, as after a start
    chat.clock.moment = FRIDAY + timedelta(hours=3)
    await chat.leaves("Di", "willow")
    await chat.wait(hours=1)
    result = chat.heard("willow")[-1]
    assert "2 of 3 members voted." in result  # Ana, Cy and Ben, who left when it was over
    assert result.endswith("- Park: 1\n- Library: 1")


async def test_a_bot_that_was_down_closes_late_says_so_and_counts_only_what_was_in_time(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    native = chat.last_poll("willow").event_id
    chat.heard("willow")
    chat.clock.moment = FRIDAY + timedelta(hours=3)
    # read before the timers run, as after a start
    await chat.tap("Ben", "willow", native, "1", at=FRIDAY - timedelta(milliseconds=1))
    await chat.tap("Cy", "willow", native, "2", at=FRIDAY)
    await chat.down_until(FRIDAY + timedelta(hours=3))
    assert chat.heard("willow")[1] == (
        "P1 is closed: Where?\n"
        "Its end was Fri 27 Nov 2026 18:00 UTC, 3 hours ago, when I was not running."
        " Answers sent after that do not count.\n"
        "Most votes: Park, with 1.\n"
        "1 of 4 members voted. !why P1 shows the sum.\n"
        "- Park: 1\n"
        "- Library: 0"
    )


async def test_answers_in_time_that_are_read_after_closing_correct_the_result_once(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    native = chat.last_poll("willow").event_id
    await chat.until(FRIDAY)
    chat.heard("willow")
    early = FRIDAY - timedelta(seconds=2)
    await chat.tap("Ben", "willow", native, "1", at=early)
    event = Said(
        event_id="$typed", room_id="!willow:test", sender=user("Cy"), sent_at=early, body="!vote P1 1"
    )
    assert await chat.give(event) == [
        "Cy: Park. Counted in P1. You sent it in time and I read it late: a corrected result follows."
    ]
    await chat.tap("Di", "willow", native, "2", at=FRIDAY + timedelta(seconds=1))
    chat.heard("willow")
    await chat.wait(minutes=1)
    assert chat.heard("willow") == [
        "P1, corrected result: Where?\n"
        "Something sent before the end reached me only after it.\n"
        "Most votes: Park, with 2.\n"
        "2 of 4 members voted. !why P1 shows the sum.\n"
        "Apps count only what was tapped; this sum has the 1 typed answer too.\n"
        "- Park: 2\n"
        "- Library: 0"
    ]
    await chat.joins("Eve", "willow")
    chat.heard("willow")
    await chat.tap("Eve", "willow", native, "2", at=early)
    await chat.wait(minutes=2)
    assert chat.heard("willow") == []


async def test_a_deletion_in_time_that_is_read_late_corrects_and_a_late_one_does_not(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await chat.tap("Ben", "willow", chat.last_poll("willow").event_id, "1")
    [ballot] = await chat.rows("SELECT event_id FROM ballots")
    await chat.until(FRIDAY)
    chat.heard("willow")

    async def delete(event_id: str, at: datetime) -> list[str]:
        await chat.give(
            Redacted(
                event_id=event_id,
                room_id="!willow:test",
                sender=user("Ben"),
                sent_at=at,
                redacts=ballot["event_id"],
            )
        )
        await chat.wait(minutes=1)
        return chat.heard("willow")

    assert await delete("$late", FRIDAY) == []
    [corrected] = await delete("$early", FRIDAY - timedelta(seconds=1))
    assert corrected.startswith("P1, corrected result: Where?")
    assert "Nobody voted." in corrected


async def test_a_vote_taken_from_a_server_whose_clock_is_ahead_counts_at_closing(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    ahead = chat.clock.now() + timedelta(seconds=20)
    await chat.tap("Ben", "willow", chat.last_poll("willow").event_id, "1", at=ahead)
    [_end, result] = await say(chat, "Ana", "!poll close P1")
    assert "Most votes: Park, with 1." in result


async def test_answers_are_erased_thirty_days_after_the_result_and_the_sum_stays(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await say(chat, "Ana", "!vote 2")
    await chat.until(FRIDAY)
    await chat.wait(days=29)
    assert len(await chat.rows("SELECT * FROM ballots")) == 1
    await chat.wait(days=1)
    assert await chat.rows("SELECT * FROM ballots") == []
    assert await chat.rows("SELECT * FROM outbox WHERE payload LIKE '%Ana: Library%'") == []
    assert await chat.say("Ben", "willow", "!why P1") == [
        "P1 is closed: Where?\n"
        "Each member with a voice in this room may give one answer.\n"
        "The last one sent before Fri 27 Nov 2026 18:00 UTC counts, by the server's time, tapped or typed.\n"
        "4 could vote when it closed, and 1 did.\n"
        "Who answered what was erased 30 days after the result; the sum stays.\n"
        "Votes:\n"
        "1. Park: 0\n"
        "2. Library: 1"
    ]
    await chat.tap("Ben", "willow", chat.last_poll("willow").event_id, "1", at=FRIDAY - timedelta(hours=1))
    assert await chat.rows("SELECT * FROM ballots") == []


# -- taking back -----------------------------------------------------------------------------------


async def test_its_author_can_take_a_poll_back_while_nobody_else_has_answered(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    words, native = chat.last("willow").event_id, chat.last_poll("willow").event_id
    chat.heard("willow")
    tick(chat)
    await chat.tap("Ben", "willow", native, "1")
    assert await say(chat, "Ana", "!undo") == [
        "Others have answered P1 already. !poll close P1 ends it with its result."
    ]
    tick(chat)
    await chat.tap("Ben", "willow", native)
    assert await say(chat, "Ana", "!undo") == ["Redact", "P1 is cancelled: Where?"]
    assert [sent.message for sent in chat.sent if sent.text == "Redact"] == [Redact("P1.start")]
    assert await say(chat, "Ben", "!vote P1 1") == ["P1 was cancelled. !polls lists what is open."]
    assert await say(chat, "Ben", "1", words) == ["P1 was cancelled. !polls lists what is open."]
    assert await say(chat, "Ben", "!poll close P1") == ["P1 was cancelled."]
    assert await say(chat, "Ben", "!poll P1") == ["P1 was cancelled: Where?"]
    assert await say(chat, "Ben", "!why P1") == ["P1 was cancelled by its author, so nothing is counted."]
    assert await chat.tap("Ben", "willow", native, "1") == []
    assert await chat.rows("SELECT * FROM ballots") == []
    chat.heard("willow")
    await chat.until(FRIDAY)
    assert chat.heard("willow") == []


async def test_an_answer_cannot_be_taken_back_after_the_end_nor_twice(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!poll Where? | Park | Library | closes=5m")
    await say(chat, "Ben", "!vote 1")
    await say(chat, "Ben", "!vote none")
    await chat.delete("Ben", "willow", "$nothing")
    assert await say(chat, "Ben", "!undo") == ["Your answer to P1 is withdrawn already."]
    await say(chat, "Ben", "!vote 2")
    await chat.wait(minutes=5)
    assert await say(chat, "Ben", "!undo") == ["P1 is closed, and its result stands."]


async def test_a_poll_is_closed_by_its_number_alone(chat: Chat) -> None:
    await willow(chat)
    await say(chat, "Ana", ASK)
    told = (await say(chat, "Ana", "!poll close 1"))[-1]
    assert told.startswith("Ana has closed P1")
