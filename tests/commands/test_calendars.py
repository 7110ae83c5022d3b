"""When assemblies meet, handovers that follow them, and calendar files that other programs open."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
import vobject

from bot.ports import SendFile
from tests.commands.chat import Chat
from tests.commands.test_spokes import asked, drawn, federation, seats, unchanged

LONDON = ZoneInfo("Europe/London")


async def file_of(chat: Chat, room: str = "willow", typed: str = "!spokes ics", by: str = "Ana") -> str:
    """Ask for a calendar file and return what is in it."""
    await chat.say(by, room, typed)
    [file] = [sent.message for sent in chat.sent if isinstance(sent.message, SendFile)]
    assert (file.name, file.mimetype) == (f"{room}.ics", "text/calendar")
    chat.sent.clear()
    return file.markdown


def events(text: str) -> dict[str, icalendar.Event]:
    """Return the events of a calendar by what they are called, then by when they begin."""
    calendar = icalendar.Calendar.from_ical(text)
    assert isinstance(calendar, icalendar.Calendar)
    return {f"{event['summary']} {event['dtstart'].dt:%d %b}": event for event in calendar.walk("VEVENT")}


async def meets(chat: Chat, words: str = "every 2 weeks on Thu 19:00", zone: str = "Europe/London") -> None:
    """Let River meet, in a zone."""
    for setting in (f"timezone {zone}", f"meets {words}"):
        [told] = await chat.say("Eve", "river", f"!assembly set {setting}")
        if "already" not in told:
            await chat.say("Dora", "river", re.findall(r"ok J\d+", told)[0])
    chat.sent.clear()


async def with_eve(chat: Chat) -> None:
    """Willow in River, with its pair; Eve and Dora are in River's room."""
    await drawn(chat)
    await chat.joins("Eve", "river")
    chat.sent.clear()


# -- dates of an assembly --------------------------------------------------------------------------


async def test_when_an_assembly_meets_is_set_by_two_in_plain_words(chat: Chat) -> None:
    await with_eve(chat)
    assert await chat.say("Eve", "river", "!assembly set meets every 2 weeks on Thu 19:00") == [
        "Eve proposes meets = every 2 weeks on Thursday 19:00 (J2). It takes effect when another member types ok J2."
    ]
    await unchanged(chat, "Eve", "ok J2", "You proposed J2; it needs the ok of another member.", "river")
    assert await chat.say("Dora", "river", "ok J2") == [
        "Meets is now every 2 weeks on Thursday 19:00 in this assembly. !assembly ics sends its dates as a calendar file."
    ]
    assert (await chat.say("Eve", "river", "!assembly"))[0].endswith(
        "It meets every 2 weeks on Thursday 19:00 UTC."
    )
    await unchanged(
        chat, "Eve", "!assembly set meets every 2 weeks on Thu 19:00",
        "Meets is every 2 weeks on Thursday 19:00 already.", "river",
    )  # fmt: skip


async def test_with_two_pods_a_spoke_confirms(chat: Chat) -> None:
    await with_eve(chat)
    await chat.room("oak", "Fay", "Gil")
    await chat.say("Fay", "oak", "!pod create Oak")
    [made] = await chat.say("Dora", "river", "!assembly invite")
    await chat.say("Fay", "oak", f"!pod join {made.split('!pod join ')[1][:7]}")
    await chat.say("Dora", "river", "ok J2")
    await chat.joins("Di", "river")
    await chat.say("Eve", "river", "!assembly set meets every Thu 19:00")
    await unchanged(chat, "Dora", "ok J3", "J3 needs the ok of a spoke. !assembly lists them.", "river")
    assert (await chat.say("Di", "river", "ok J3"))[0].startswith("Meets is now every week on Thursday 19:00")


@pytest.mark.parametrize(
    "typed",
    [
        "every blue moon", "every 0 weeks on Thu 19:00", "every week on Thu 25:00", "FREQ=WEEKLY;INTERVAL=0 19:00",
        "FREQ=SECONDLY 19:00", "FREQ=DAILY;COUNT=3 19:00", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31 19:00", "Thursdays",
        "FREQ=WEEKLY;BYDAY=XX 19:00", "every month on the ninth Thu 19:00",
    ],
)  # fmt: skip
async def test_dates_that_cannot_be_are_refused(chat: Chat, typed: str) -> None:
    await with_eve(chat)
    await unchanged(
        chat, "Eve", f"!assembly set meets {typed}", room="river",
        answer=f"{typed} is not a value for meets. For example: !assembly set meets every 2 weeks on Thu 19:00",
    )  # fmt: skip


async def test_an_unknown_setting_and_a_wrong_room_are_named(chat: Chat) -> None:
    await with_eve(chat)
    await unchanged(
        chat, "Eve", "!assembly set colour red", room="river",
        answer="There is no setting colour of an assembly. There are: timezone, meets, mode, of, pictures. "
        "For example: !assembly set meets every 2 weeks on Thu 19:00",
    )  # fmt: skip
    await unchanged(
        chat, "Ana", "!assembly set meets every Thu 19:00",
        "!assembly set works in an assembly room. This is a pod's room. See !help.",
    )  # fmt: skip
    await unchanged(
        chat, "Eve", "!spokes ics", room="river",
        answer="!spokes ics works in a pod's room. This is an assembly room. See !help.",
    )  # fmt: skip


# -- handovers at each assembly --------------------------------------------------------------------


async def at_assemblies(chat: Chat, **dates: str) -> None:
    """Let Willow's handovers follow River."""
    await with_eve(chat)
    await meets(chat, **dates)
    [told] = await chat.say("Ana", "willow", "!pod set term assembly")
    await chat.say("Ben", "willow", re.findall(r"ok J\d+", told)[0])
    chat.sent.clear()


async def test_handovers_follow_the_assembly_and_come_when_it_is_over(chat: Chat) -> None:
    await at_assemblies(chat)
    [told] = await chat.say("Ana", "willow", "!spokes next")
    # Thursdays 19:00 in London, two hours later, written in Willow's own zone
    assert re.findall(r"- \w+ (\d+ \w+ \d+ \d\d:\d\d)", told) == [
        "26 Nov 2026 21:00", "10 Dec 2026 21:00", "24 Dec 2026 21:00", "7 Jan 2027 21:00",
    ]  # fmt: skip
    await chat.until(datetime(2026, 11, 26, 20, 59, tzinfo=UTC))
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}
    await chat.wait(minutes=1)
    assert await seats(chat) == {"speak": "Ben"}


async def test_an_assembly_that_ends_in_quiet_hours_is_followed_in_the_morning(chat: Chat) -> None:
    await at_assemblies(chat, words="every week on Thu 20:30")
    [rotation] = await chat.rows("SELECT next_at FROM rotations")
    assert rotation["next_at"] == datetime(2026, 11, 27, 8, 0, tzinfo=UTC).timestamp() * 1000


async def test_when_the_assembly_moves_its_dates_the_handovers_move(chat: Chat) -> None:
    await at_assemblies(chat)
    await meets(chat, words="every week on Tue 18:00")
    [rotation] = await chat.rows("SELECT next_at FROM rotations")
    assert rotation["next_at"] == datetime(2026, 11, 24, 20, 0, tzinfo=UTC).timestamp() * 1000
    await meets(chat, words="off")
    [rotation] = await chat.rows("SELECT next_at FROM rotations")
    # two weeks again, counted on from the draw
    assert rotation["next_at"] == datetime(2026, 12, 7, 18, 0, tzinfo=UTC).timestamp() * 1000


@pytest.mark.parametrize(
    ("start", "change"),
    [(datetime(2027, 3, 1, 9, tzinfo=UTC), 28), (datetime(2026, 10, 1, 9, tzinfo=UTC), 25)],
)
async def test_assemblies_and_their_handovers_keep_their_hour_when_the_clocks_change(
    chat: Chat, start: datetime, change: int
) -> None:
    chat.clock.moment = start
    await at_assemblies(chat, words="every week on Thu 19:00")
    hours = set()
    for _ in range(6):
        [rotation] = await chat.rows("SELECT next_at FROM rotations")
        at = datetime.fromtimestamp(rotation["next_at"] / 1000, LONDON)
        hours.add((at.strftime("%a %H:%M"), at.utcoffset()))
        await chat.until(at)
        for name in await asked(chat):
            await chat.say(name, "willow", "accept")
    assert {hour for hour, _ in hours} == {"Thu 21:00"}
    assert len(hours) == 2, "the clocks changed between"


# -- files -----------------------------------------------------------------------------------------


async def test_a_calendar_file_opens_and_holds_dates_but_no_names_and_no_words(chat: Chat) -> None:
    await with_eve(chat)
    await meets(chat)
    await chat.say("Ana", "willow", "!poll Where is the party? | Park | Library | closes=Fri 18:00")
    await chat.say("Ana", "willow", "!spokes recall @di:test snores loudly")
    chat.sent.clear()
    text = await file_of(chat)
    assert sorted(events(text)) == [
        "Assembly River 26 Nov", "Handover of Willow 04 Jan", "Handover of Willow 07 Dec", "Handover of Willow 18 Jan",
        "Handover of Willow 21 Dec", "Poll P1 closes 27 Nov", "Recall R1 ends 24 Nov",
    ]  # fmt: skip
    assert not re.search(r"Ana|Ben|\bDi\b|party|snores|@(?!spokesbot)", text, re.IGNORECASE)
    # two other programs read it the same way
    read = vobject.readOne(text)
    assert len(read.vevent_list) == 7
    assert "\r\n" in text
    between = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(
        datetime(2027, 3, 1, tzinfo=LONDON), datetime(2027, 4, 30, tzinfo=LONDON)
    )
    shown = [f"{event['dtstart'].dt.astimezone(UTC):%d %b %H:%M}" for event in between]
    # summer time begins on 28 March
    assert shown == ["04 Mar 19:00", "18 Mar 19:00", "01 Apr 18:00", "15 Apr 18:00", "29 Apr 18:00"]


async def test_an_update_keeps_its_uid_and_raises_its_sequence(chat: Chat) -> None:
    await drawn(chat)
    first = events(await file_of(chat))
    again = events(await file_of(chat))
    assert {name: (event["uid"], event["sequence"]) for name, event in first.items()} == {
        name: (event["uid"], event["sequence"]) for name, event in again.items()
    }
    assert {event["sequence"] for event in first.values()} == {0}
    await chat.say("Ana", "willow", "!pod set handover 20:00")
    await chat.say("Ben", "willow", "ok J2")
    chat.sent.clear()
    moved = events(await file_of(chat))
    assert {name: event["uid"] for name, event in moved.items()} == {
        name: event["uid"] for name, event in first.items()
    }
    assert {event["sequence"] for event in moved.values()} == {1}
    assert {f"{event['dtstart'].dt:%H:%M}" for event in moved.values()} == {"20:00"}


async def test_what_is_taken_back_is_cancelled_and_what_is_over_stays_as_it_was(chat: Chat) -> None:
    await drawn(chat)
    first = events(await file_of(chat))
    for name in ("Di", "Ben"):
        await chat.say(name, "willow", "!spokes later")
    chat.sent.clear()
    now = events(await file_of(chat))
    skipped = first["Handover of Willow 07 Dec"]["uid"]
    [cancelled] = [event for event in now.values() if event.get("status") == "CANCELLED"]
    assert (cancelled["uid"], cancelled["sequence"]) == (skipped, 1)
    assert now["Handover of Willow 21 Dec"]["uid"] == first["Handover of Willow 21 Dec"]["uid"]
    await chat.until(datetime(2026, 12, 8, tzinfo=UTC))
    chat.sent.clear()
    later = events(await file_of(chat))
    assert skipped not in {event["uid"] for event in later.values()}
    assert later["Handover of Willow 21 Dec"]["uid"] == first["Handover of Willow 21 Dec"]["uid"]


async def test_an_assembly_has_its_own_file(chat: Chat) -> None:
    await federation(chat)
    await chat.joins("Eve", "river")
    await meets(chat, words="every month on the first Tue 19:30")
    text = await file_of(chat, "river", "!assembly ics", "Dora")
    [event] = events(text).values()
    assert event["rrule"].to_ical() == b"FREQ=MONTHLY;INTERVAL=1;BYDAY=1TU"
    assert event["dtstart"].params["TZID"] == "Europe/London"
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(hours=2)


async def test_a_handover_that_is_over_gives_its_place_to_the_next(chat: Chat) -> None:
    await drawn(chat)
    first = events(await file_of(chat))
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    chat.sent.clear()
    now = events(await file_of(chat))
    assert "Handover of Willow 07 Dec" not in now
    for name in set(first) & set(now):
        assert now[name]["uid"] == first[name]["uid"]
    assert {event["sequence"] for event in now.values()} == {0}
