"""The pair of a pod, as typed by people: drawn, asked, accepted, handed over."""

import hashlib
import logging
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest

from bot.matrix.format import plain
from bot.ports import InviteUser, MemberSeen, RemoveUser, RoomSeen, Said
from tests.commands.built_once import built_once
from tests.commands.chat import BOT, Chat, user

DRAWN_BY_ANA = ["Di", "Ben", "Cy", "Ana"]
"""The line of Willow's first draw, as the event id `SEED` makes it."""

SEED = "$draw79"

DUTIES = (
    "\n\nWhat a spoke does:\n"
    "1. The two of you sit in the assembly for Willow, one to speak, one to take notes.\n"
    "2. You say there what Willow has decided. What it has not decided, you bring home first.\n"
    "3. You carry news both ways: !summary TEXT writes one, and it goes when both of you have typed ok S4.\n"
    "4. At a handover the one who speaks leaves, and the one who takes notes speaks next.\n"
    "5. !next shows what needs you, !help what else you can do."
)


@built_once
async def federation(chat: Chat, *, power: int = 50) -> None:
    """The assembly River of Dora, and in it the pod Willow of Ana, Ben, Cy and Di."""
    await chat.room("river", "Dora", power=power)
    await chat.room("willow", "Ana", "Ben", "Cy", "Di")
    await chat.say("Dora", "river", "!assembly create River")
    await chat.say("Ben", "willow", "!pod create Willow")
    [made] = await chat.say("Dora", "river", "!assembly invite")
    await chat.say("Cy", "willow", f"!pod join {made.split('!pod join ')[1][:7]}")
    await chat.say("Dora", "river", "ok J1")
    chat.sent.clear()


async def draw(chat: Chat) -> list[str]:
    """Let Ana draw Willow's first pair with a message of a known event id."""
    event = chat._event("Ana", "willow") | {"event_id": SEED}
    return await chat.give(Said(**event, body="!spokes draw"))


@built_once
async def drawn(chat: Chat, *, power: int = 50) -> None:
    """The federation with Willow's pair: Di speaks and Ben takes notes."""
    await federation(chat, power=power)
    await draw(chat)
    await chat.say("Di", "willow", "accept")
    await chat.say("Ben", "willow", "accept")
    chat.sent.clear()


def without_moved(told: list[str]) -> list[str]:
    """Return what was said, without whose turn has moved (`test_absences`) and briefs (`test_briefs`)."""
    return [text for text in told if not text.startswith(("This moves turns:", "What a new spoke"))]


async def asked(chat: Chat, pod: str = "willow") -> list[str]:
    """Return the first names of those who are being asked."""
    rows = await chat.rows(
        "SELECT a.user_id FROM asks a JOIN rounds r ON r.id = a.round_id"
        f" WHERE a.answer IS NULL AND r.pod_room_id = '!{pod}:test' ORDER BY a.seat DESC"
    )
    return [row["user_id"][1:].partition(":")[0].capitalize() for row in rows]


async def seats(chat: Chat) -> dict[str, str]:
    """Return who sits where in Willow."""
    rows = await chat.rows("SELECT * FROM seats WHERE pod_room_id = '!willow:test'")
    return {row["seat"]: row["user_id"][1:].partition(":")[0].capitalize() for row in rows}


async def unchanged(chat: Chat, person: str, words: str, answer: str, room: str = "willow") -> None:
    """Say something that gets one line and changes nothing."""
    before = await chat.everything()
    assert await chat.say(person, room, words) == [answer]
    assert await chat.everything() == before


# -- the first pair --------------------------------------------------------------------------------


async def test_the_first_pair_is_drawn_asked_and_accepts(chat: Chat) -> None:
    await federation(chat)
    assert await chat.say("Ana", "willow", "!spokes") == [
        "No pair of Willow is drawn yet. !spokes draw draws one."
    ]
    assert await draw(chat) == [
        "The pair of Willow is drawn. !spokes why shows how.\n"
        "Di, would you take the speak seat? Type accept or pass by Wed 25 Nov 2026 10:00 UTC, in 2 days.\n"
        "Ben, would you take the note seat? Type accept or pass by Wed 25 Nov 2026 10:00 UTC, in 2 days."
    ]
    message = chat.last("willow").message
    assert message.mentions == (user("Di"), user("Ben"))
    assert await chat.say("Di", "willow", "!next") == [
        "Di, this needs you:\n"
        "- Would you take the speak seat? Type accept or pass by Wed 25 Nov 2026 10:00 UTC, in 2 days."
    ]
    await chat.wait(hours=1)
    chat.sent.clear()
    assert await chat.say("Di", "willow", "Accept") == [
        "Thank you, Di: you have the speak seat of Willow now.\n"
        "Di is invited into the room of the assembly River." + DUTIES
    ]
    assert chat.heard("river") == [
        "InviteUser",
        "Willow has changed its pair: Di (speak) and note seat empty.",
    ]
    assert await chat.say("Ana", "willow", "!spokes") == [
        "The pair of Willow:\n"
        "- speak: Di, since Mon 23 Nov 2026 11:00 UTC, now\n"
        "- note: empty; Ben is asked until Wed 25 Nov 2026 10:00 UTC, in 2 days\n"
        "\n"
        "The next handover is Mon 7 Dec 2026 18:00 UTC, in 14 days. "
        "!spokes next shows who is likely, !spokes why how the last draw went."
    ]
    assert await chat.say("Ben", "willow", "!spokes accept") == [
        "Thank you, Ben: you have the note seat of Willow now.\n"
        "Ben is invited into the room of the assembly River.\n"
        "The pair of Willow: Di (speak) and Ben (note). "
        "The next handover is Mon 7 Dec 2026 18:00 UTC, in 14 days." + DUTIES
    ]
    assert chat.heard("river")[-1] == "Willow has changed its pair: Di (speak) and Ben (note)."
    assert await chat.say("Dora", "river", "!spokes") == [
        "The assembly River has 1 pod:\n- Willow: Di (speak) and Ben (note)"
    ]


async def test_a_pass_goes_to_the_next_in_line(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    assert without_moved(await chat.say("Ben", "willow", "pass")) == [
        "Ben passes on the note seat of Willow this time.\n"
        "Cy, would you take the note seat? Type accept or pass by Wed 25 Nov 2026 10:00 UTC, in 2 days."
    ]
    assert [sent.message.mentions for sent in chat.sent if "would you" in sent.text][-1] == (user("Cy"),)


async def test_silence_goes_to_the_next_and_the_silent_one_stays_first(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    await chat.say("Di", "willow", "accept")
    chat.sent.clear()
    await chat.wait(hours=48)
    assert without_moved(chat.heard("willow")) == [
        "Ben has not answered in 48 hours, and stays in the same place in the line.\n"
        "Cy, would you take the note seat? Type accept or pass by Fri 27 Nov 2026 10:00 UTC, in 2 days."
    ]
    await chat.say("Cy", "willow", "accept")
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    # Ben and Ana have the same numbers, so only the draw can put Ana first
    [why] = await chat.say("Ana", "willow", "!spokes why")
    assert re.findall(r"^(\d)\. (\w+)", why, re.MULTILINE)[-1] == ("3", "Di")
    assert (await asked(chat))[0] in ("Ana", "Ben")


async def test_bare_words_count_only_from_those_who_are_asked(chat: Chat) -> None:
    await federation(chat)
    for words in ("accept", "pass", "Accept", "pass me the salt"):
        assert await chat.say("Ana", "willow", words) == []
        assert await chat.say("Dora", "river", words) == []
    await draw(chat)
    for words in ("accept", "pass"):
        assert await chat.say("Ana", "willow", words) == []
    assert await chat.say("Di", "willow", "pass me the salt") == []
    assert await asked(chat) == ["Di", "Ben"]


async def test_founding_members_may_be_drawn_at_once_and_later_ones_after_14_days(chat: Chat) -> None:
    await drawn(chat)
    await chat.wait(days=1)
    await chat.joins("Ed", "willow")
    [text] = await chat.say("Ana", "willow", "!spokes next")
    assert "Ed" not in text.splitlines()[1]
    assert "Ed" in text
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    [why] = await chat.say("Ana", "willow", "!spokes why")
    assert "Not in it: Ben (a spoke then) and Ed (less than 14 days here)." in why


async def test_a_newcomer_who_volunteers_is_drawn_like_everybody_else(chat: Chat) -> None:
    await drawn(chat)
    await chat.wait(days=1)
    await chat.joins("Ed", "willow")
    assert await chat.say("Ed", "willow", "!spokes volunteer") == [
        "Thank you, Ed: you are in the line for a seat of Willow and will be asked when it is your turn. "
        "!spokes next shows who is likely when."
    ]
    await unchanged(
        chat, "Ed", "!spokes volunteer",
        "You have volunteered for a seat of Willow already, Tue 24 Nov 2026 10:00 UTC, now. "
        "!spokes next shows who is likely when.",
    )  # fmt: skip
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    [why] = await chat.say("Ana", "willow", "!spokes why")
    assert "Ed @ed:test: turns 1/2 ÷ weeks 2 = 1/4, last turn none" in why
    assert "Not in it: Ben (a spoke then)." in why


# -- handovers -------------------------------------------------------------------------------------


async def test_a_handover_comes_every_term_one_leaves_and_one_moves_up(chat: Chat) -> None:
    await drawn(chat)
    await chat.until(datetime(2026, 12, 7, 17, 59, tzinfo=UTC))
    assert chat.heard("willow") == []
    await chat.wait(minutes=1)
    [told] = chat.heard("willow")
    [next_one] = await asked(chat)
    assert told == (
        "Handover in Willow, Mon 7 Dec 2026 18:00 UTC:\n"
        "- The turn of Di is over. Thank you!\n"
        "- Ben moves from note to speak.\n"
        f"- {next_one}, would you take the note seat? "
        "Type accept or pass by Wed 9 Dec 2026 18:00 UTC, in 2 days.\n"
        "- The next handover is Mon 21 Dec 2026 18:00 UTC, in 14 days. !spokes why shows the line."
    )
    assert chat.heard("river") == ["Willow has changed its pair: Ben (speak) and note seat empty."]
    [answer] = without_moved(await chat.say(next_one, "willow", "accept"))
    assert answer.startswith(
        f"Thank you, {next_one}: you have the note seat of Willow now.\n"
        f"{next_one} is invited into the room of the assembly River.\n"
        f"The pair of Willow: Ben (speak) and {next_one} (note). "
        "The next handover is Mon 21 Dec 2026 18:00 UTC, in 14 days."
    )
    assert await chat.say("Ana", "willow", "!spokes history") == [
        "The turns of Willow:\n"
        "- Di: Mon 23 Nov 2026 10:00 UTC to Mon 7 Dec 2026 18:00 UTC\n"
        "- Ben: since Mon 23 Nov 2026 10:00 UTC\n"
        f"- {next_one}: since Mon 7 Dec 2026 18:00 UTC"
    ]


async def test_the_next_four_handovers_are_shown_with_dates(chat: Chat) -> None:
    await drawn(chat)
    [told] = await chat.say("Cy", "willow", "!spokes next")
    first = re.search(r"and (\w+) is likely to take note \(the draw decides between \1 and (\w+)\)", told)
    assert first is not None
    a, b = first.groups()
    assert {a, b} == {"Ana", "Cy"}
    assert told == (
        "The next handovers of Willow, if everybody who is asked accepts:\n"
        f"- Mon 7 Dec 2026 18:00 UTC, in 14 days: Di leaves, Ben moves to speak and {a} is likely to take note "
        f"(the draw decides between {a} and {b})\n"
        f"- Mon 21 Dec 2026 18:00 UTC, in 28 days: Ben leaves, {a} moves to speak and {b} is likely to take note\n"
        f"- Mon 4 Jan 2027 18:00 UTC, in 42 days: {a} leaves, {b} moves to speak and Di is likely to take note\n"
        f"- Mon 18 Jan 2027 18:00 UTC, in 56 days: {b} leaves, Di moves to speak and Ben is likely to take note"
    )
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    assert await asked(chat) == [a]


async def test_a_bot_that_was_down_for_weeks_does_one_handover(chat: Chat) -> None:
    await drawn(chat)
    await chat.down_until(datetime(2027, 1, 16, 9, 0, tzinfo=UTC))
    [told] = without_moved(chat.heard("willow"))
    assert told.startswith(
        "Handover in Willow, due Mon 7 Dec 2026 18:00 UTC, 40 days ago; it comes late because I was away:\n"
        "- The turn of Di is over. Thank you!\n"
        "- Ben moves from note to speak.\n"
    )
    # 18 Jan is on the old dates, but only two days away
    assert told.endswith(
        "- The next handover is Mon 1 Feb 2027 18:00 UTC, in 16 days. !spokes why shows the line."
    )
    assert await seats(chat) == {"speak": "Ben"}
    assert len(await asked(chat)) == 1


async def test_an_answer_given_while_the_bot_was_down_still_counts(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    chat.sent.clear()
    await chat.down_until(datetime(2026, 12, 10, 9, 0, tzinfo=UTC))
    assert chat.heard("willow") == []
    await chat.say("Di", "willow", "accept")
    await chat.wait(minutes=10)
    assert (await seats(chat)) == {}
    told = without_moved(chat.heard("willow"))
    assert told[1] == "Ben has not answered in 48 hours, and stays in the same place in the line."
    assert told[2].startswith("Handover in Willow, due Mon 7 Dec 2026 18:00 UTC, 3 days ago; it comes late")
    assert "- The turn of Di is over. Thank you!" in told[2]
    assert len(told) == 3


async def test_handovers_keep_their_local_hour_across_a_change_of_the_clocks(chat: Chat) -> None:
    chat.clock.moment = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)
    await federation(chat)
    await chat.say("Ana", "willow", "!pod set timezone Europe/London")
    await chat.say("Ben", "willow", "ok J2")
    await draw(chat)
    [told] = await chat.say("Ana", "willow", "!spokes next")
    assert re.findall(r"\w+ \d+ \w+ \d+ \d\d:\d\d [\w/]+", told) == [
        "Mon 26 Oct 2026 18:00 Europe/London",
        "Mon 9 Nov 2026 18:00 Europe/London",
        "Mon 23 Nov 2026 18:00 Europe/London",
        "Mon 7 Dec 2026 18:00 Europe/London",
    ]
    rows = await chat.rows("SELECT due FROM timers WHERE kind = 'spokes.handover'")
    assert rows[0]["due"] == datetime(2026, 10, 26, 18, 0, tzinfo=UTC).timestamp() * 1000


async def test_a_change_of_the_term_moves_the_next_handover(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Ana", "willow", "!pod set term 1 week")
    chat.sent.clear()
    await chat.say("Ben", "willow", "ok J2")
    assert without_moved(chat.heard("willow")) == [
        "The pair of Willow: Di (speak) and Ben (note). "
        "The next handover is Mon 30 Nov 2026 18:00 UTC, in 7 days.",
        "Term is now 7d in this pod. What is open already keeps its old rule.",
    ]
    await chat.until(datetime(2026, 11, 30, 18, 0, tzinfo=UTC))
    assert await seats(chat) == {"speak": "Ben"}


async def test_while_the_bot_is_not_in_the_room_handovers_wait(chat: Chat) -> None:
    await drawn(chat)
    await chat.removed("willow", "Ana")
    await chat.until(datetime(2026, 12, 20, 9, tzinfo=UTC))
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}
    await chat.room("willow", "Ana", "Ben", "Cy", "Di")
    chat.sent.clear()
    await chat.wait(hours=1)
    [told] = without_moved(chat.heard("willow"))
    assert told.startswith("Handover in Willow, due Mon 7 Dec 2026 18:00 UTC, 13 days ago; it comes late")


# -- the draw repeated -----------------------------------------------------------------------------


def redo(why: str) -> tuple[list[str], list[str]]:
    """Return the printed order of Matrix ids, and the order redone from nothing but what is printed."""
    seed = why.rsplit("Seed: ", 1)[1]
    people = []
    for line in re.findall(r"^\d+\. .*$", why, re.MULTILINE):
        found = re.fullmatch(
            r"\d+\. .+? (@\S+): turns (\S+) ÷ weeks (\S+) = (\S+), last turn (none|.+? UTC), draw (\w{8})"
            r"(, has just served)?(: .*)?",
            line,
        )
        assert found is not None, line
        user_id, turns, weeks, share, last, draw, resting, _ = found.groups()
        assert Fraction(turns) / Fraction(weeks) == Fraction(share)
        digest = hashlib.sha256((seed + user_id).encode()).hexdigest()
        assert digest.startswith(draw)
        at = 0.0 if last == "none" else datetime.strptime(last, "%a %d %b %Y %H:%M UTC").timestamp()  # noqa: DTZ007 - only compared
        people.append((resting is not None, Fraction(share), at, digest, user_id))
    return [person[-1] for person in people], [person[-1] for person in sorted(people)]


async def test_the_draw_can_be_repeated_from_what_why_prints(chat: Chat) -> None:
    await drawn(chat)
    [first] = await chat.say("Ana", "willow", "!spokes why")
    assert first.splitlines()[0] == "The line of Willow, drawn Mon 23 Nov 2026 10:00 UTC:"
    assert first.endswith(
        "First comes the lowest turns ÷ weeks, then the longest since the last turn, then the lowest draw. "
        "Whoever has served since the last handover goes last.\n"
        "The draw is SHA-256 of the seed followed by the Matrix id; its first 8 digits are shown.\n"
        f"Seed: {SEED}"
    )
    printed, redone = redo(first)
    assert printed == redone == [user(name) for name in DRAWN_BY_ANA]
    await chat.wait(hours=8)
    for _ in range(6):
        await chat.wait(days=14)
        for name in await asked(chat):
            await chat.say(name, "willow", "accept")
        printed, redone = redo((await chat.say("Ana", "willow", "!spokes why"))[0])
        assert printed == redone
        assert len(printed) == 3


# -- empty seats and volunteers --------------------------------------------------------------------


async def nobody_wants(chat: Chat) -> None:
    """Let everybody who is asked pass."""
    while waiting := await asked(chat):
        await chat.say(waiting[0], "willow", "pass")


async def test_nobody_left_to_ask_is_said_loudly_here_and_in_the_assembly(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    await nobody_wants(chat)
    assert chat.last("willow").text == (
        "Ben passes on the note seat of Willow this time.\n"
        "BOTH SEATS of Willow are EMPTY: nobody is left to ask. Who can speak for Willow? Type !spokes volunteer."
    )
    assert chat.last("willow").message.aloud
    assert chat.last("river").text == (
        "Willow has an EMPTY seat (speak and note): nobody there is left to ask, so volunteers are asked."
    )
    assert chat.last("river").message.aloud
    assert await chat.say("Ana", "willow", "!spokes") == [
        "The pair of Willow:\n"
        "- speak: EMPTY; !spokes volunteer takes it\n"
        "- note: EMPTY; !spokes volunteer takes it\n"
        "\n"
        "The next handover is Mon 7 Dec 2026 18:00 UTC, in 14 days. "
        "!spokes next shows who is likely, !spokes why how the last draw went."
    ]


async def test_one_willing_member_serves_alone_and_that_is_announced(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    await chat.say("Ben", "willow", "accept")
    await nobody_wants(chat)
    assert await seats(chat) == {"speak": "Ben"}
    assert without_moved([sent.text for sent in chat.sent if sent.room == "willow"])[-1].endswith(
        "Ben moves from note to speak.\n"
        "The note seat of Willow is EMPTY: nobody is left to ask. "
        "Until somebody types !spokes volunteer, Ben is the only spoke: a one-seat turn."
    )
    chat.sent.clear()
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    assert await seats(chat) == {}
    await nobody_wants_but(chat, "Ben")
    assert "Ben, nobody else could: would you stay one turn more" in "\n".join(chat.heard("willow"))
    assert await seats(chat) == {"speak": "Ben"}


async def nobody_wants_but(chat: Chat, willing: str) -> None:
    """Let everybody who is asked pass but one, who accepts."""
    while waiting := await asked(chat):
        await chat.say(waiting[0], "willow", "accept" if waiting[0] == willing else "pass")


async def test_a_volunteer_takes_an_empty_seat_at_once(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    await nobody_wants(chat)
    assert await chat.say("Cy", "willow", "!spokes volunteer") == [
        "Thank you, Cy: you have the speak seat of Willow now.\n"
        "Cy is invited into the room of the assembly River.\n"
        "The pair of Willow: Cy (speak) and note seat empty. "
        "The next handover is Mon 7 Dec 2026 18:00 UTC, in 14 days." + DUTIES
    ]
    assert chat.last("river").text == "Willow has changed its pair: Cy (speak) and note seat empty."


async def test_a_draw_fills_empty_seats_and_asks_everybody_again(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    await chat.say("Di", "willow", "accept")
    await nobody_wants(chat)
    [told] = without_moved(await chat.say("Ben", "willow", "!spokes draw"))
    assert told.startswith("The pair of Willow is drawn. !spokes why shows how.\n")
    assert len(await asked(chat)) == 1
    assert await seats(chat) == {"speak": "Di"}


async def test_who_has_just_served_need_not_stay_when_somebody_volunteers(chat: Chat) -> None:
    await drawn(chat)
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    await chat.say((await asked(chat))[0], "willow", "pass")
    await chat.say((await asked(chat))[0], "willow", "pass")
    assert await asked(chat) == ["Di"]
    [told] = without_moved(await chat.say("Cy", "willow", "!spokes volunteer"))
    assert told.startswith(
        "Di, you need not answer any more.\nThank you, Cy: you have the note seat of Willow now.\n"
    )
    assert await seats(chat) == {"speak": "Ben", "note": "Cy"}
    assert await asked(chat) == []


# -- leaving ---------------------------------------------------------------------------------------


async def test_leaving_the_room_empties_the_seat_and_the_next_is_asked(chat: Chat) -> None:
    await drawn(chat)
    await chat.wait(days=2)
    await chat.leaves("Di", "willow")
    [told] = without_moved(chat.heard("willow"))
    [next_one] = await asked(chat)
    assert told == (
        "Di is no longer a member here, so a seat of Willow is empty.\n"
        "Ben moves from note to speak.\n"
        f"{next_one}, would you take the note seat? Type accept or pass by Fri 27 Nov 2026 10:00 UTC, in 2 days."
    )
    assert chat.heard("river") == ["Willow has changed its pair: Ben (speak) and note seat empty."]
    [why] = await chat.say("Ana", "willow", "!spokes why")
    # the last message that changed the pair, and when this one left
    [last] = await chat.rows("SELECT last_event FROM rotations")
    assert why.endswith(f"Seed: {last['last_event']} 2026-11-25T10:00Z")
    assert (
        "Di: Mon 23 Nov 2026 10:00 UTC to Wed 25 Nov 2026 10:00 UTC, until leaving the pod"
        in ((await chat.say("Ana", "willow", "!spokes history"))[0])
    )


async def test_who_is_asked_and_leaves_makes_room_for_the_next(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    chat.sent.clear()
    await chat.leaves("Ben", "willow")
    assert without_moved(chat.heard("willow")) == [
        "Ben, who was asked, is no longer a member here.\n"
        "Cy, would you take the note seat? Type accept or pass by Wed 25 Nov 2026 10:00 UTC, in 2 days."
    ]
    assert await asked(chat) == ["Di", "Cy"]


async def test_both_spokes_leaving_at_once_is_one_message(chat: Chat) -> None:
    await drawn(chat)
    gone = tuple(MemberSeen(user(name), "leave", name, chat.clock.now()) for name in ("Di", "Ben"))
    await chat._change(RoomSeen("!willow:test", gone))
    told = chat.heard("willow")
    assert told[0].startswith(
        "Di is no longer a member here, so a seat of Willow is empty.\nBen is no longer"
    )
    assert "moves from note" not in told[0]
    assert sorted(await asked(chat)) == ["Ana", "Cy"]
    assert len([text for text in told if "no longer a member" in text]) == 1


async def test_a_spoke_who_becomes_an_observer_gives_up_the_seat(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Di", "willow", "!pod observer @di:test")
    assert await seats(chat) == {"speak": "Ben"}
    assert len(await asked(chat)) == 1
    await unchanged(
        chat, "Di", "!spokes volunteer",
        "!spokes volunteer is for members; observers are present without a voice here.",
    )  # fmt: skip


async def test_leaving_and_coming_back_does_not_reset_ones_turns(chat: Chat) -> None:
    await drawn(chat)
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    await chat.say((await asked(chat))[0], "willow", "accept")
    await chat.leaves("Di", "willow")
    await chat.wait(days=1)
    await chat.joins("Di", "willow")
    await chat.until(datetime(2026, 12, 21, 18, 0, tzinfo=UTC))
    [why] = await chat.say("Ana", "willow", "!spokes why")
    assert "Di @di:test: turns 1 ÷ weeks 4 = 1/4, last turn Mon 7 Dec 2026 18:00 UTC" in why


# -- the assembly's room ---------------------------------------------------------------------------


def doings(chat: Chat, kind: type[object]) -> list[str]:
    """Return whom the bot invited or removed in the assembly's room."""
    return [
        sent.message.user_id for sent in chat.sent if sent.room == "river" and isinstance(sent.message, kind)
    ]


async def test_the_outgoing_spoke_leaves_the_assembly_after_seven_days(chat: Chat) -> None:
    await drawn(chat)
    for name in ("Di", "Ben"):
        await chat.joins(name, "river")
    await chat.until(datetime(2026, 12, 14, 17, 59, tzinfo=UTC))
    assert doings(chat, RemoveUser) == []
    await chat.wait(minutes=1)
    assert doings(chat, RemoveUser) == [user("Di")]
    assert await seats(chat) == {"speak": "Ben"}


async def test_who_is_a_spoke_again_stays_in_the_assembly(chat: Chat) -> None:
    await drawn(chat)
    await chat.joins("Di", "river")
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    await nobody_wants_but(chat, "Di")
    assert await seats(chat) == {"speak": "Ben", "note": "Di"}
    await chat.wait(days=8)
    assert doings(chat, RemoveUser) == []


async def test_who_speaks_for_another_pod_stays_in_the_assembly(chat: Chat) -> None:
    await drawn(chat)
    await chat.joins("Di", "river")
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    await chat.room("oak", "Di", "Eve")
    await chat.say("Di", "oak", "!pod create Oak")
    [made] = await chat.say("Dora", "river", "!assembly invite")
    await chat.say("Di", "oak", f"!pod join {made.split('!pod join ')[1][:7]}")
    await chat.say("Dora", "river", "ok J2")
    await chat.say("Di", "oak", "!spokes draw")
    chat.sent.clear()
    [told] = await chat.say("Di", "oak", "accept")
    assert "invited" not in told
    await chat.until(datetime(2026, 12, 15, tzinfo=UTC))
    assert doings(chat, RemoveUser) == []


async def test_an_admin_of_the_assembly_is_never_removed(chat: Chat) -> None:
    await drawn(chat)
    await chat.joins("Di", "river")
    await chat.power("river", 50, "Dora", "Di")
    await chat.until(datetime(2026, 12, 15, tzinfo=UTC))
    assert doings(chat, RemoveUser) == []


async def test_without_power_it_says_who_is_to_be_invited_and_removed_by_hand(chat: Chat) -> None:
    await federation(chat, power=-1)
    await draw(chat)
    chat.sent.clear()
    [told] = await chat.say("Di", "willow", "accept")
    assert told.startswith(
        "Thank you, Di: you have the speak seat of Willow now.\n"
        "I lack the power to invite Di into the room of the assembly River; "
        "I have asked there that somebody does it by hand."
    )
    assert chat.heard("river") == [
        "Di (@di:test) is now a spoke of Willow. I lack the power to invite people here: "
        "please invite @di:test by hand.",
        "Willow has changed its pair: Di (speak) and note seat empty.",
    ]
    await chat.joins("Di", "river")
    await chat.until(datetime(2026, 12, 15, tzinfo=UTC))
    assert (
        "Di (@di:test) is no longer a spoke of Willow. I lack the power to remove people here: "
        "please remove @di:test by hand."
    ) in chat.heard("river")
    assert doings(chat, RemoveUser) == doings(chat, InviteUser) == []


async def test_a_pair_drawn_before_is_invited_when_the_pod_enters_an_assembly(chat: Chat) -> None:
    await chat.room("river", "Dora")
    await chat.room("willow", "Ana", "Ben", "Cy")
    await chat.say("Dora", "river", "!assembly create River")
    await chat.say("Ana", "willow", "!pod create Willow")
    await draw(chat)
    pair = [user(name) for name in await asked(chat)]
    for name in await asked(chat):
        await chat.say(name, "willow", "accept")
    assert doings(chat, InviteUser) == []
    [made] = await chat.say("Dora", "river", "!assembly invite")
    await chat.say("Ana", "willow", f"!pod join {made.split('!pod join ')[1][:7]}")
    await chat.say("Dora", "river", "ok J1")
    assert doings(chat, InviteUser) == pair


async def test_a_pod_that_leaves_takes_its_spokes_out_of_the_assembly(chat: Chat) -> None:
    await drawn(chat)
    for name in ("Di", "Ben"):
        await chat.joins(name, "river")
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    await chat.say("Ana", "willow", "!pod leave")
    await chat.say("Cy", "willow", "ok J2")
    assert sorted(doings(chat, RemoveUser)) == [user("Ben"), user("Di")]
    await chat.wait(days=8)
    assert len(doings(chat, RemoveUser)) == 2


async def test_the_records_a_pod_takes_along_hold_its_turns(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Ana", "willow", "!pod leave")
    await chat.say("Cy", "willow", "ok J2")
    [file] = [sent.message for sent in chat.sent if sent.text == "SendFile"]
    assert "The turns of Willow:\n- Di: since Mon 23 Nov 2026" in plain(file.markdown)


# -- taking a step back ----------------------------------------------------------------------------


async def test_an_accepted_seat_can_be_given_back_for_ten_minutes(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    chat.refused.add("river")
    await chat.say("Di", "willow", "accept")
    await chat.wait(minutes=9)
    assert without_moved(await chat.say("Di", "willow", "!undo")) == [
        "Di gives the seat of Willow back; the turn does not count.\n"
        "Cy, would you take the speak seat? Type accept or pass by Wed 25 Nov 2026 10:09 UTC, in 2 days."
    ]
    chat.refused.clear()
    await chat.flush()
    # the invitation had not gone out yet
    assert doings(chat, InviteUser) == []
    assert await chat.say("Ana", "willow", "!spokes history") == ["No turns of Willow yet."]
    assert await asked(chat) == ["Cy", "Ben"]


async def test_giving_a_seat_back_takes_the_invitation_back(chat: Chat) -> None:
    await federation(chat)
    await draw(chat)
    await chat.say("Di", "willow", "accept")
    await chat.joins("Di", "river")
    await chat.say("Di", "willow", "!undo")
    assert doings(chat, RemoveUser) == [user("Di")]


async def test_a_seat_is_not_given_back_after_ten_minutes_or_twice(chat: Chat) -> None:
    await drawn(chat)
    await chat.wait(minutes=11)
    await unchanged(
        chat, "Di", "!undo",
        "Your last step here was Mon 23 Nov 2026 10:00 UTC, 11 minutes ago; "
        "a step can be taken back for 10 minutes.",
    )  # fmt: skip


async def test_an_offer_can_be_withdrawn(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Cy", "willow", "!spokes volunteer")
    assert await chat.say("Cy", "willow", "!undo") == [
        "Your offer is withdrawn, Cy. You keep your place in the line."
    ]
    assert await chat.rows("SELECT 1 FROM lines WHERE volunteered_at IS NOT NULL") == []


# -- refusals --------------------------------------------------------------------------------------


async def test_refusals_are_one_line_and_change_nothing(chat: Chat) -> None:
    await federation(chat)
    volunteer = "To offer it, type !spokes volunteer."
    for words, answer in {
        "!spokes next": "No pair of Willow is drawn yet. !spokes draw draws one.",
        "!spokes why": "No pair of Willow is drawn yet. !spokes draw draws one.",
        "!spokes history": "No turns of Willow yet.",
        "!spokes volunteer": (
            "No pair of Willow is drawn yet, and everybody here is in the line. !spokes draw draws one."
        ),
        "!spokes accept": f"You are not asked to take a seat of Willow now. {volunteer}",
        "!pass": f"You are not asked to take a seat of Willow now. {volunteer}",
        "!spokes draw now": "I do not know what to do with “now”. For example: !spokes draw",
    }.items():
        await unchanged(chat, "Ana", words, answer)
    await draw(chat)
    until = "until Wed 25 Nov 2026 10:00 UTC, in 2 days"
    await unchanged(
        chat, "Ana", "!spokes draw",
        f"The pair of Willow is being asked already: Di (speak) {until} and Ben (note) {until}. "
        "!spokes why shows the line.",
    )  # fmt: skip
    await unchanged(
        chat, "Di", "!spokes volunteer",
        "You are asked already to take the speak seat of Willow: type accept.",
    )  # fmt: skip
    await chat.say("Di", "willow", "accept")
    await chat.say("Ben", "willow", "accept")
    await unchanged(
        chat, "Ana", "!spokes draw",
        "The pair of Willow is complete: Di (speak) and Ben (note). !spokes next shows who is likely to follow.",
    )  # fmt: skip
    await unchanged(
        chat, "Di", "!spokes pass",
        "You have the speak seat of Willow already, and are not asked for another. !spokes shows the pair.",
    )  # fmt: skip
    await unchanged(
        chat, "Di", "!spokes volunteer",
        "You have the speak seat of Willow already. !spokes shows since when.",
    )  # fmt: skip


async def test_wrong_rooms_are_named(chat: Chat) -> None:
    await federation(chat)
    await chat.room("new", "Ana", "Ben")
    await unchanged(
        chat, "Ana", "!spokes draw", room="new",
        answer="!spokes draw works in a pod's room. This is a room not set up yet. See !help.",
    )  # fmt: skip
    await unchanged(
        chat, "Dora", "!spokes why", room="river",
        answer="!spokes why works in a pod's room. This is an assembly room. See !help.",
    )  # fmt: skip


@pytest.mark.parametrize("people", [["Ana"], ["Ana", "Ben"]])
async def test_a_pod_of_one_cannot_draw_and_a_pod_of_two_can(chat: Chat, people: list[str]) -> None:
    await chat.room("elm", *people)
    await chat.say("Ana", "elm", "!pod create Elm")
    [told] = await chat.say("Ana", "elm", "!spokes draw")
    if len(people) == 1:
        assert told == (
            "A pair needs two people, and the pod Elm has only one member with a voice. "
            "Invite others, then type !spokes draw."
        )
        assert await chat.rows("SELECT * FROM rotations") == []
    else:
        assert sorted(await asked(chat, "elm")) == ["Ana", "Ben"]


async def test_names_with_markup_stay_names(chat: Chat) -> None:
    await federation(chat)
    odd = MemberSeen(user("Di"), "join", "**D** [x](http://y)", chat.clock.now())
    await chat._change(RoomSeen("!willow:test", (odd,)))
    [told] = await draw(chat)
    assert "**D** [x](http://y), would you take the speak seat?" in told


# -- any history -----------------------------------------------------------------------------------


@pytest.mark.parametrize("luck", range(12))
async def test_over_any_history_the_store_stays_in_order(luck: int, caplog: pytest.LogCaptureFixture) -> None:
    """Random people do random things for a year; every draw printed can be redone and nobody is doubled."""
    chat = await Chat.open()
    random = Random(luck)  # noqa: S311 - a test's history, to be repeated
    await federation(chat)
    people = ["Ana", "Ben", "Cy", "Di"]
    here = set(people)
    await draw(chat)
    for step in range(60):
        waiting = await asked(chat)
        await _something(chat, random, here, waiting, step)
        now_seated = list((await seats(chat)).values())
        assert len(set(now_seated)) == len(now_seated)
        assert set(now_seated) <= here
        assert not set(now_seated) & set(await asked(chat))
        if "Ana" in here:
            [why] = await chat.say("Ana", "willow", "!spokes why")
            printed, redone = redo(why)
            assert printed == redone
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    rows = await chat.rows("SELECT kind, count(*) AS n FROM timers WHERE kind = 'spokes.handover'")
    assert rows[0]["n"] == 1
    assert await chat.rows("SELECT 1 FROM turns GROUP BY user_id HAVING sum(ended_at IS NULL) > 1") == []
    open_turns = await chat.rows("SELECT user_id FROM turns WHERE ended_at IS NULL")
    assert {row["user_id"] for row in open_turns} == {user(name) for name in (await seats(chat)).values()}
    assert await chat.rows("PRAGMA foreign_key_check") == []
    await chat.database.close()


async def _something(chat: Chat, random: Random, here: set[str], waiting: list[str], step: int) -> None:
    match random.choice(
        [
            "accept",
            "accept",
            "pass",
            "wait",
            "wait",
            "down",
            "join",
            "leave",
            "volunteer",
            "undo",
            "draw",
            "away 2 weeks",
            "back",
            "optout",
            "optin",
            "later",
            "swap",
            "swap take",
            "recall",
            "handover ok",
        ]
    ):
        case "accept" | "pass" as word if waiting:
            await chat.say(random.choice(waiting), "willow", word)
        case "wait":
            await chat.wait(days=random.choice([0.1, 1, 3, 9]))
        case "down":
            await chat.down_until(chat.clock.now() + timedelta(days=random.choice([1, 20])))
        case "join":
            newcomer = random.choice(["Ana", "Ben", "Cy", "Di", f"P{step}"])
            here.add(newcomer)
            await chat.joins(newcomer, "willow")
        case "leave" if len(here) > 1:
            leaver = random.choice(sorted(here))
            here.discard(leaver)
            await chat.leaves(leaver, "willow")
        case "recall" if seated := list((await seats(chat)).values()):
            await chat.say(random.choice(sorted(here)), "willow", f"!spokes recall {user(seated[0])} late")
            for person in sorted(here):
                await chat.say(person, "willow", random.choice(["!recall yes", "!recall yes", "!recall no"]))
        case "handover ok" | "undo" as word:
            await chat.say(random.choice(sorted(here)), "willow", f"!{word}")
        case "accept" | "pass" | "join" | "leave" | "recall":
            pass
        case word:
            await chat.say(random.choice(sorted(here)), "willow", f"!spokes {word}")


async def test_the_bot_itself_is_never_in_the_line(chat: Chat) -> None:
    await federation(chat)
    await chat._change(RoomSeen("!willow:test", (MemberSeen(BOT, "join", "Spokesbot", chat.clock.now()),)))
    await draw(chat)
    assert await chat.rows(f"SELECT 1 FROM lines WHERE user_id = '{BOT}'") == []
