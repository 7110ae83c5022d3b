"""Days away, turns not taken, a pair that stays, quiet hours, and whose turn all that moves."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.ports import Say
from tests.commands.chat import Chat, user
from tests.commands.test_spokes import asked, draw, drawn, federation, seats, unchanged

HANDOVER = datetime(2026, 12, 7, 18, 0, tzinfo=UTC)


def mentioned(chat: Chat) -> list[str]:
    """Return whom the bot has notified in Willow, one after the other, and forget what was said."""
    found = [
        user_id[1:].partition(":")[0].capitalize()
        for sent in chat.sent
        if sent.room == "willow" and isinstance(sent.message, Say)
        for user_id in sent.message.mentions
    ]
    chat.sent.clear()
    return found


async def likely(chat: Chat) -> list[str]:
    """Return who is likely to enter at the next four handovers."""
    [told] = await chat.say("Ana", "willow", "!spokes next")
    chat.sent.clear()
    return re.findall(r"(\w+) is likely to take", told)


# -- away ------------------------------------------------------------------------------------------


async def test_who_is_away_is_not_drawn_and_keeps_the_place(chat: Chat) -> None:
    await drawn(chat)
    first, second, *_ = await likely(chat)
    assert await chat.say(first, "willow", "!spokes away 5 Dec..20 Dec") == [
        f"{first} is away from Sat 5 Dec 2026 00:00 UTC, in 12 days until Mon 21 Dec 2026 00:00 UTC, in 28 days, "
        "and is not asked for a turn that falls into it. It costs no place in the line. To change it: !spokes back",
        f"This moves turns:\n- {second}: likely on Mon 7 Dec 2026 18:00 UTC, in 14 days\n\n!spokes next shows them all.",
    ]
    assert mentioned(chat) == [second]
    await chat.until(HANDOVER)
    assert await asked(chat) == [second]
    [why] = await chat.say("Ana", "willow", "!spokes why")
    assert f"{first} (away)" in why
    await chat.say(second, "willow", "accept")
    await chat.until(datetime(2026, 12, 21, 18, 0, tzinfo=UTC))
    assert await asked(chat) == [first]
    [why] = await chat.say("Ana", "willow", "!spokes why")
    # 12 days before the absence are one whole week, the running one is the second
    assert f"{first} {user(first)}: turns 0 ÷ weeks 2 = 0" in why


async def test_being_away_for_less_than_half_the_time_changes_nothing(chat: Chat) -> None:
    await drawn(chat)
    first, *_ = await likely(chat)
    await chat.say(first, "willow", "!spokes away 9..14 Dec")
    assert mentioned(chat) == []
    await chat.until(HANDOVER)
    assert await asked(chat) == [first]


async def test_who_is_asked_and_goes_away_makes_room_for_the_next(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    chat.sent.clear()
    told = await chat.say("Di", "willow", "!spokes away 2 weeks")
    assert told[0].splitlines()[1].startswith("Cy, would you take the speak seat?")
    assert await asked(chat) == ["Cy", "Ben"]


async def test_days_away_are_forgotten_when_they_are_over_and_can_be_ended(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Cy", "willow", "!spokes away 1 week")
    await unchanged(
        chat, "Cy", "!spokes volunteer",
        "You have named days away. !spokes back ends them; then you can volunteer.",
    )  # fmt: skip
    assert (await chat.say("Cy", "willow", "!spokes back"))[-1] == (
        "Welcome back, Cy: you are in the line again, where you were."
    )
    await chat.say("Cy", "willow", "!spokes away tomorrow")
    await chat.wait(days=3)
    await chat.say("Ana", "willow", "!spokes")
    assert await chat.rows("SELECT * FROM absences") == []


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("31 Feb..3 Mar", "There is no such day. For example: !spokes away 28 Feb 2027..3 Mar"),
        ("20 Mar..3 Mar", "3 Mar is before 20 Mar. For example: !spokes away 3 Mar..20 Mar"),
        ("3 Mar 2027..1 Mar 2027", "1 Mar 2027 is before 3 Mar 2027. For example: !spokes away 1 Mar 2027..3 Mar 2027"),
        ("1 Nov 2026..5 Nov 2026", "1 Nov 2026 is past. For example: !spokes away tomorrow..7 Dec"),
        ("1 Dec..1 Sep", "That is more than half a year. To take no turns until you say so, type !spokes optout"),
        ("soon", "soon is not a date or time that I understand. For example: !spokes away tomorrow..7 Dec"),
        ("", "Days is missing. For example: !spokes away 3 Mar..20 Mar"),
    ],
)  # fmt: skip
async def test_days_that_cannot_be_are_refused_with_ones_that_can(
    chat: Chat, typed: str, answer: str
) -> None:
    await drawn(chat)
    await unchanged(chat, "Cy", f"!spokes away {typed}".strip(), answer)
    example = answer.rsplit("!spokes away ", maxsplit=1)[-1]
    if example != answer:
        assert "Cy is away" in (await chat.say("Cy", "willow", f"!spokes away {example}"))[0]


async def test_a_wrong_room_and_an_observer_are_told_so(chat: Chat) -> None:
    await drawn(chat)
    for words in ("away tomorrow", "optout", "later"):
        await unchanged(
            chat, "Dora", f"!spokes {words}", room="river",
            answer=f"!spokes {words.split()[0]} works in a pod's room. This is an assembly room. See !help.",
        )  # fmt: skip
    await chat.say("Cy", "willow", "!pod observer @cy:test")
    await unchanged(
        chat, "Cy", "!spokes away tomorrow",
        "!spokes away is for members; observers are present without a voice here.",
    )  # fmt: skip


# -- opting out ------------------------------------------------------------------------------------


async def test_who_opts_out_is_never_asked_until_they_opt_in(chat: Chat) -> None:
    await drawn(chat)
    first, second, *_ = await likely(chat)
    assert (await chat.say(first, "willow", "!spokes optout"))[0] == (
        f"{first} takes no turns and is not asked. !spokes optin ends this."
    )
    # in a pod of four everybody comes earlier
    assert mentioned(chat) == [second, "Di", "Ben"]
    await chat.until(HANDOVER - timedelta(days=14))
    for _ in range(4):
        await chat.wait(days=14)
        assert first not in await asked(chat)
        await chat.say((await asked(chat))[0], "willow", "accept")
    await unchanged(chat, first, "!spokes optout", "You take no turns already. !spokes optin changes that.")
    await unchanged(chat, first, "!spokes away tomorrow", "You take no turns until you type !spokes optin.")
    assert (await chat.say(first, "willow", "!spokes optin"))[-1] == (
        f"{first} is in the line again, with the numbers of before."
    )
    await chat.wait(days=14)
    assert await asked(chat) == [first]
    await unchanged(
        chat, first, "!spokes optin",
        "You take turns like everybody else. !spokes next shows who is likely when.",
    )  # fmt: skip


async def test_opting_out_in_a_seat_keeps_it_and_is_taken_back_by_undo(chat: Chat) -> None:
    await drawn(chat)
    [told, *_] = await chat.say("Di", "willow", "!spokes optout")
    assert told.startswith("Di takes no further turns, and keeps the speak seat until this one is over.")
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}
    before = await chat.rows("SELECT weeks_before FROM lines WHERE user_id = '@di:test'")
    assert (await chat.say("Di", "willow", "!undo"))[-1] == "Di is in the line as before."
    assert await chat.rows("SELECT * FROM absences") == []
    assert await chat.rows("SELECT weeks_before FROM lines WHERE user_id = '@di:test'") == before


# -- a pair that stays -----------------------------------------------------------------------------


async def test_a_pair_stays_once_more_when_both_wish_it(chat: Chat) -> None:
    await drawn(chat)
    first, second, *_ = await likely(chat)
    assert await chat.say("Di", "willow", "!spokes later") == [
        "Di would have the pair stay once more at Mon 7 Dec 2026 18:00 UTC, in 14 days. "
        "It does when Ben types !spokes later too."
    ]
    await unchanged(chat, "Di", "!spokes later", "Counted already. !undo takes it back for 10 minutes.")
    await unchanged(
        chat,
        "Cy",
        "!spokes later",
        "Whether the pair stays is for its two spokes to say. !spokes shows them.",
    )
    chat.sent.clear()
    assert (await chat.say("Ben", "willow", "!spokes later"))[-1] == (
        "Agreed: the pair of Willow stays once more. The handover of Mon 7 Dec 2026 18:00 UTC, in 14 days is left out, "
        "the next one is Mon 21 Dec 2026 18:00 UTC, in 28 days."
    )
    moved = mentioned(chat)
    assert moved[:2] == [first, second]
    assert set(moved) == {first, second, "Di"}  # Ben has typed it
    await chat.until(HANDOVER)
    assert chat.heard("willow") == [
        "The pair of Willow stays once more, as both have wished.\n"
        "The pair of Willow: Di (speak) and Ben (note). The next handover is Mon 21 Dec 2026 18:00 UTC, in 14 days."
    ]
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}
    await unchanged(
        chat, "Di", "!spokes later",
        "The pair of Willow stayed the last time, and can stay once. "
        "The next handover is Mon 21 Dec 2026 18:00 UTC, in 14 days.",
    )  # fmt: skip
    await chat.wait(days=14)
    assert await asked(chat) == [first]
    assert await seats(chat) == {"speak": "Ben"}


async def test_one_wish_alone_and_one_taken_back_change_nothing(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Di", "willow", "!spokes later")
    assert await chat.say("Di", "willow", "!undo") == ["The next handover of Willow comes as planned."]
    await chat.say("Ben", "willow", "!spokes later")
    await chat.until(HANDOVER)
    assert await seats(chat) == {"speak": "Ben"}
    assert await chat.rows("SELECT * FROM stays") == []


# -- quiet hours -----------------------------------------------------------------------------------


async def test_in_quiet_hours_nobody_is_asked_because_somebody_left(chat: Chat) -> None:
    await drawn(chat)
    await chat.wait(hours=15)  # one in the morning
    await chat.leaves("Di", "willow")
    assert chat.heard("willow") == [
        "Di is no longer a member here, so a seat of Willow is empty.\nBen moves from note to speak.\n"
        "It is quiet time, so I ask who takes it at Tue 24 Nov 2026 08:00 UTC, in 7 hours."
    ]
    assert (await seats(chat), await asked(chat)) == ({"speak": "Ben"}, [])
    await chat.until(datetime(2026, 11, 24, 7, 59, tzinfo=UTC))
    assert chat.heard("willow") == []
    await chat.wait(minutes=1)
    [next_one] = await asked(chat)
    assert chat.heard("willow")[0] == (
        f"{next_one}, would you take the note seat? Type accept or pass by Thu 26 Nov 2026 08:00 UTC, in 2 days."
    )


async def test_an_ask_does_not_run_out_in_quiet_hours_nor_does_a_handover_come_then(chat: Chat) -> None:
    await federation(chat)
    await chat.say("Ana", "willow", "!pod set handover 23:00")
    await chat.say("Ben", "willow", "ok J2")
    await chat.wait(hours=11)
    await draw(chat)  # typed at nine in the evening
    assert "by Wed 25 Nov 2026 21:00 UTC" in chat.last("willow").text
    await chat.wait(hours=2)
    await chat.say("Di", "willow", "pass")
    assert await asked(chat) == ["Ben"]
    await chat.wait(hours=9)
    assert await asked(chat) == ["Cy", "Ben"]
    [rotation] = await chat.rows("SELECT next_at FROM rotations")
    assert rotation["next_at"] == datetime(2026, 12, 7, 8, 0, tzinfo=UTC).timestamp() * 1000


async def test_what_comes_late_in_the_night_waits_for_the_morning_too(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Di", "willow", "!spokes swap")
    chat.sent.clear()
    await chat.down_until(datetime(2026, 12, 8, 2, 0, tzinfo=UTC))
    assert chat.heard("willow") == []
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}
    await chat.until(datetime(2026, 12, 8, 8, 0, tzinfo=UTC))
    assert "it comes late because I was away" in chat.heard("willow")[0]
    assert await seats(chat) == {"speak": "Ben"}


async def test_a_bot_that_was_down_for_three_weeks_skips_and_doubles_nobody(chat: Chat) -> None:
    await drawn(chat)
    order = await likely(chat)
    await chat.down_until(datetime(2026, 12, 28, 12, 0, tzinfo=UTC))
    for expected in order[:3]:
        assert await asked(chat) == [expected]
        await chat.say(expected, "willow", "accept")
        [rotation] = await chat.rows("SELECT next_at FROM rotations")
        await chat.until(datetime.fromtimestamp(rotation["next_at"] / 1000, UTC))
    rows = await chat.rows("SELECT user_id, count(*) AS n FROM turns GROUP BY user_id")
    assert {row["n"] for row in rows} <= {1, 2}
    assert sum(row["n"] for row in rows) == 5


async def test_a_change_of_the_zone_moves_the_handover_to_the_same_hour_there(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Ana", "willow", "!pod set timezone Asia/Kolkata")
    chat.sent.clear()
    await chat.say("Ben", "willow", "ok J2")
    [rotation] = await chat.rows("SELECT next_at FROM rotations")
    assert rotation["next_at"] == datetime(2026, 12, 7, 12, 30, tzinfo=UTC).timestamp() * 1000
    # six in the evening there; Ben has typed the ok, which tells nobody else's turn
    assert "Mon 7 Dec 2026 18:00 Asia/Kolkata" in chat.heard("willow")[0]
    await chat.until(datetime(2026, 12, 7, 12, 30, tzinfo=UTC))
    assert await seats(chat) == {"speak": "Ben"}


async def test_whose_turn_moves_in_the_night_hears_of_it_in_the_morning_as_it_is_then(chat: Chat) -> None:
    await drawn(chat)
    first, second, *_ = await likely(chat)
    await chat.wait(hours=15)
    await chat.say(first, "willow", "!spokes optout")
    assert mentioned(chat) == []
    await chat.wait(hours=7)
    assert mentioned(chat) == [second, "Di", "Ben"]
    await chat.wait(hours=17)
    await chat.say(first, "willow", "!spokes optin")
    await chat.say(first, "willow", "!spokes optout")
    await chat.wait(hours=10)
    assert mentioned(chat) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("22:00-8:00", None), ("23-7", "23:00-07:00"), ("off", "off"), ("9-17", "09:00-17:00")],
)
async def test_quiet_hours_are_set_by_two(chat: Chat, typed: str, kept: str | None) -> None:
    await federation(chat)
    if kept is None:
        await unchanged(chat, "Ana", f"!pod set quiet {typed}", "Quiet is 22:00-08:00 already.")
        return
    await chat.say("Ana", "willow", f"!pod set quiet {typed}")
    assert await chat.say("Ben", "willow", "ok J2") == [
        f"Quiet is now {kept} in this pod. What is open already keeps its old rule."
    ]


@pytest.mark.parametrize("typed", ["25-7", "8:00-8:00", "at night"])
async def test_hours_that_cannot_be_are_refused(chat: Chat, typed: str) -> None:
    await federation(chat)
    await unchanged(
        chat, "Ana", f"!pod set quiet {typed}",
        f"{typed} is not a value for quiet. For example: !pod set quiet 22:00-8:00",
    )  # fmt: skip
