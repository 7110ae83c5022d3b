"""Too much at once: what is refused, what still counts, and the one line about it."""

from datetime import timedelta
from typing import Any

import pytest

from bot.ports import PollAnswered, Said
from bot.store import inbox
from bot.store.database import to_ms
from tests.commands.chat import Chat, user

TOLD = (
    "{who}, 60 commands a minute are the most I take from one person. What you typed beyond that was not done. "
    "I take commands from you again from Mon 23 Nov 2026 18:01 UTC, in 1 minute. Please send it again then. "
    "Votes still count, without an answer."
)


async def willow(chat: Chat, *more: str) -> None:
    """The pod Willow with Ana, Ben and Cy, at the beginning of a minute."""
    await chat.room("willow", "Ana", "Ben", "Cy", *more)
    await chat.say("Ana", "willow", "!pod create Willow")
    chat.clock.moment = chat.clock.moment.replace(hour=18, minute=0, second=0, microsecond=0)
    chat.heard("willow")


async def flood(chat: Chat, person: str, room: str, count: int, body: str = "!pod roster") -> list[str]:
    """Let somebody send the same many times; returns every answer."""
    return [answer for _ in range(count) for answer in await chat.say(person, room, body)]


async def test_who_sends_a_thousand_commands_gets_sixty_answers_and_one_line(chat: Chat) -> None:
    await willow(chat)
    answers = await flood(chat, "Ana", "willow", 1000)
    assert len(answers) == 61
    assert all(answer.startswith("Willow: 3 members") for answer in answers[:60])
    assert answers[60] == told(chat, "Ana")
    # the others are heard as before
    assert len(await chat.say("Ben", "willow", "!pod roster")) == 1


def told(chat: Chat, who: str) -> str:
    """Return the line, with the day of the test's clock."""
    day = f"{chat.clock.moment:%a} {chat.clock.moment.day} {chat.clock.moment:%b %Y}"
    return TOLD.format(who=who).replace("Mon 23 Nov 2026", day)


async def test_over_the_limit_nothing_is_done(chat: Chat) -> None:
    await willow(chat)
    await flood(chat, "Ana", "willow", 60)
    before = await chat.everything()
    assert await chat.say("Ana", "willow", "!pod rename Oak") == [told(chat, "Ana")]
    assert await chat.say("Ana", "willow", "!poll Where? | Park | Library") == []
    assert await chat.say("Ana", "willow", "!xyzzy") == []
    assert await chat.everything() == before


async def test_after_the_minute_it_works_again_and_the_next_flood_is_told_again(chat: Chat) -> None:
    await willow(chat)
    assert len(await flood(chat, "Ana", "willow", 100)) == 61
    await chat.wait(minutes=1)
    assert len(await flood(chat, "Ana", "willow", 100)) == 61


async def test_the_limit_of_a_person_holds_in_all_rooms_together_and_each_room_is_told(chat: Chat) -> None:
    await willow(chat)
    await chat.room("oak", "Ana", "Dora")
    assert len(await flood(chat, "Ana", "willow", 60)) == 60
    assert await flood(chat, "Ana", "oak", 5, "!pod create Oak") == [told(chat, "Ana")]
    assert await flood(chat, "Ana", "willow", 5) == [told(chat, "Ana")]
    assert "is now the pod Oak" in (await chat.say("Dora", "oak", "!pod create Oak"))[0]


async def test_a_room_has_a_limit_of_its_own_that_no_one_person_reaches(chat: Chat) -> None:
    people = [f"P{number}" for number in range(6)]
    await willow(chat, *people)
    for person in people[:5]:
        assert len(await flood(chat, person, "willow", 60)) == 60
    assert [line.split(", and more")[0] for line in await chat.say("Cy", "willow", "!pod roster")] == [
        "300 commands a minute are the most I take in one room"
    ]
    assert await chat.say("P5", "willow", "!pod roster") == []
    await chat.wait(minutes=1)
    assert len(await chat.say("P5", "willow", "!pod roster")) == 1


async def test_talk_is_no_command(chat: Chat) -> None:
    await willow(chat)
    assert await flood(chat, "Ana", "willow", 100, "what a day") == []
    assert await flood(chat, "Ana", "willow", 100, "ok, see you there") == []
    assert len(await chat.say("Ana", "willow", "!pod roster")) == 1
    assert await chat.rows("SELECT sum(count) AS n FROM taken WHERE key LIKE 'commands.@ana%'") == [
        {"n": 1 + 1}
    ]


# -- votes -------------------------------------------------------------------------------------------


async def open_poll(chat: Chat) -> str:
    """Open P1 and return the event id of its native start."""
    await chat.say("Ben", "willow", "!poll Where? | Park | Library")
    return chat.last_poll("willow").event_id


async def test_many_changed_votes_get_sixty_answers_and_the_last_one_counts(chat: Chat) -> None:
    await willow(chat)
    await open_poll(chat)
    answers: list[str] = []
    for number in range(201):
        chat.clock.moment += timedelta(milliseconds=1)
        answers += await chat.say("Ana", "willow", f"!vote {1 + number % 2}")
    assert len(answers) == 61
    assert answers[-1] == told(chat, "Ana")
    assert "Park: 1" in (await chat.say("Cy", "willow", "!poll P1"))[0]


async def test_a_vote_by_reply_counts_over_the_limit_and_what_is_no_vote_is_refused(chat: Chat) -> None:
    await willow(chat)
    await open_poll(chat)
    shown = chat.last("willow").event_id
    await flood(chat, "Ana", "willow", 60)
    assert await chat.say("Ana", "willow", "2", reply_to=shown) == [told(chat, "Ana")]
    assert await chat.say("Ana", "willow", "what do you all think", reply_to=shown) == []
    assert await chat.say("Ana", "willow", "9", reply_to=shown) == []
    assert "Library: 1" in (await chat.say("Cy", "willow", "!poll P1"))[0]


async def test_three_hundred_people_vote_in_one_minute_in_one_room(chat: Chat) -> None:
    people = [f"P{number}" for number in range(300)]
    await willow(chat, *people)
    poll = await open_poll(chat)
    for number, person in enumerate(people):
        if number % 2:
            await chat.tap(person, "willow", poll, "1")
        else:
            await chat.say(person, "willow", "!vote 2")
    await chat.wait(minutes=1)
    [shown] = await chat.say("Cy", "willow", "!poll P1")
    assert "Park: 150" in shown
    assert "Library: 150" in shown


async def test_many_taps_of_one_person_say_nothing_and_keep_few_rows(chat: Chat) -> None:
    await willow(chat)
    poll = await open_poll(chat)
    for number in range(300):
        await chat.tap(
            "Ana", "willow", poll, str(1 + number % 2), at=chat.clock.moment + timedelta(milliseconds=number)
        )
    assert await chat.rows("SELECT count(*) <= 51 AS few FROM ballots") == [{"few": 1}]
    [shown] = await chat.say("Cy", "willow", "!poll P1")
    assert "Library: 1" in shown
    assert "Park: 0" in shown


async def test_an_answer_taken_back_by_deleting_it_is_withdrawn_however_many_came_before(chat: Chat) -> None:
    await willow(chat)
    poll = await open_poll(chat)
    for number in range(200):
        await chat.tap("Ana", "willow", poll, "1", at=chat.clock.moment + timedelta(milliseconds=number))
    last = (await chat.rows("SELECT event_id FROM ballots ORDER BY sent_at DESC LIMIT 1"))[0]["event_id"]
    await chat.wait(seconds=1)
    await chat.delete("Ana", "willow", last)
    assert "Park: 0" in (await chat.say("Cy", "willow", "!poll P1"))[0]


# -- time --------------------------------------------------------------------------------------------


async def synced(chat: Chat) -> None:
    """Note that everything up to now has come in."""
    async with chat.database.transaction("sync") as tx:
        await inbox.save_meta(tx, inbox.SYNCED_AT, str(to_ms(chat.clock.now())))


async def sent(chat: Chat, person: str, number: int, **when: Any) -> list[str]:
    """Let something come in that was sent at another time."""
    return await chat.give(
        Said(
            event_id=f"$late{person}{number}",
            room_id="!willow:test",
            sender=user(person),
            body="!pod roster",
            **when,
        )
    )


async def test_what_was_typed_over_three_hours_while_the_bot_was_down_is_all_done(chat: Chat) -> None:
    await willow(chat)
    await synced(chat)
    began = chat.clock.moment
    await chat.down_until(began + timedelta(hours=3))
    answers = [
        answer
        for number in range(200)
        for answer in await sent(chat, "Ana", number, sent_at=began + timedelta(seconds=number * 50))
    ]
    assert len(answers) == 200


@pytest.mark.parametrize("step", [timedelta(minutes=-7), timedelta(hours=5), timedelta(days=-300)])
async def test_a_server_that_writes_other_times_on_a_flood_gains_nothing(chat: Chat, step: timedelta) -> None:
    await willow(chat)
    await synced(chat)
    now = chat.clock.moment
    answers = [
        answer
        for number in range(200)
        for answer in await sent(chat, "Ana", number, sent_at=now + step * (number + 1))
    ]
    assert len(answers) == 61


async def test_what_could_not_be_read_at_first_counts_for_when_it_came(chat: Chat) -> None:
    await willow(chat)
    await synced(chat)
    now = chat.clock.moment
    answers = [
        answer
        for number in range(100)
        for answer in await sent(
            chat, "Ana", number, sent_at=now - timedelta(hours=9), shown_at=now - timedelta(minutes=number)
        )
    ]
    assert len(answers) == 100


async def test_a_flood_while_the_bot_was_down_is_told_that_it_may_send_again_now(chat: Chat) -> None:
    await willow(chat)
    await synced(chat)
    began = chat.clock.moment
    await chat.down_until(began + timedelta(hours=3))
    answers = [
        answer
        for number in range(100)
        for answer in await sent(
            chat, "Ana", number, sent_at=began + timedelta(minutes=9, milliseconds=number)
        )
    ]
    assert len(answers) == 61
    assert "I take commands from you again now. Please send it again then." in answers[-1]


async def test_windows_long_past_are_forgotten(chat: Chat) -> None:
    await willow(chat)
    for _ in range(5):
        await chat.say("Ana", "willow", "!pod roster")
        await chat.wait(days=1)
        await synced(chat)
    assert await chat.rows("SELECT count(*) AS n FROM taken WHERE key = 'commands.@ana:test'") == [{"n": 3}]


# -- edits -------------------------------------------------------------------------------------------


async def test_an_edit_that_says_something_counts_and_one_that_does_not_is_talk(chat: Chat) -> None:
    await willow(chat)
    await open_poll(chat)
    voted = Said(
        event_id="$vote", room_id="!willow:test", sender=user("Ana"), sent_at=chat.clock.now(), body="!vote 1"
    )
    await chat.give(voted)
    answers: list[str] = []
    for _ in range(200):
        answers += await chat.say("Ana", "willow", "* !vote 2", replaces="$vote")
        assert await chat.say("Ana", "willow", "* hello", replaces="$talk") == []
    assert len(answers) == 59 + 1
    assert answers[-1] == told(chat, "Ana")


async def test_an_edit_by_somebody_else_is_not_answered(chat: Chat) -> None:
    await willow(chat)
    await open_poll(chat)
    await chat.give(
        Said(
            event_id="$vote",
            room_id="!willow:test",
            sender=user("Ana"),
            sent_at=chat.clock.now(),
            body="!vote 1",
        )
    )
    assert await chat.say("Cy", "willow", "* !vote 2", replaces="$vote") == []
    assert len(await chat.say("Ana", "willow", "* !vote 2", replaces="$vote")) == 1


async def test_a_tapped_vote_is_no_command(chat: Chat) -> None:
    await willow(chat)
    poll = await open_poll(chat)
    for number in range(100):
        await chat.give(
            PollAnswered(
                event_id=f"$tap{number}",
                room_id="!willow:test",
                sender=user("Ana"),
                sent_at=chat.clock.now(),
                poll_event_id=poll,
                answers=("1",),
            )
        )
    assert len(await chat.say("Ana", "willow", "!pod roster")) == 1
