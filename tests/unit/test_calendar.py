"""Deadlines as people type them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import parse_when, written
from bot.domain.errors import UsageError

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ZONES = ["UTC", "Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("18:00", "Mon 23 Nov 2026 18:00"),
        ("09:00", "Tue 24 Nov 2026 09:00"),
        ("10:00", "Tue 24 Nov 2026 10:00"),
        ("6pm", "Mon 23 Nov 2026 18:00"),
        ("6:30 PM", "Mon 23 Nov 2026 18:30"),
        ("12 a.m.", "Tue 24 Nov 2026 00:00"),
        ("18.00", "Mon 23 Nov 2026 18:00"),
        ("Fri 18:00", "Fri 27 Nov 2026 18:00"),
        ("Fri 18h", "Fri 27 Nov 2026 18:00"),
        ("tomorrow 9 o'clock", "Tue 24 Nov 2026 09:00"),
        ("18 Uhr", "Mon 23 Nov 2026 18:00"),
        ("fri", "Fri 27 Nov 2026 18:00"),
        ("Friday, 18:00", "Fri 27 Nov 2026 18:00"),
        ("18:00 on Friday", "Fri 27 Nov 2026 18:00"),
        ("by thurs at 9am", "Thu 26 Nov 2026 09:00"),
        ("mon", "Mon 23 Nov 2026 18:00"),
        ("mon 9:00", "Mon 30 Nov 2026 09:00"),
        ("today", "Mon 23 Nov 2026 18:00"),
        ("tomorrow", "Tue 24 Nov 2026 18:00"),
        ("Tomorrow 18:00", "Tue 24 Nov 2026 18:00"),
        ("27 Nov", "Fri 27 Nov 2026 18:00"),
        ("Nov 27th", "Fri 27 Nov 2026 18:00"),
        ("27 november 20:15", "Fri 27 Nov 2026 20:15"),
        ("Fri 27 Nov 18:00", "Fri 27 Nov 2026 18:00"),
        ("Fri 27 Nov 2026 18:00 Europe/London", "Fri 27 Nov 2026 18:00"),
        ("22 Nov", "Mon 22 Nov 2027 18:00"),
        ("29 Feb", "Tue 29 Feb 2028 18:00"),
        ("2026-11-27 18:00", "Fri 27 Nov 2026 18:00"),
        ("2026-11-27T18:00", "Fri 27 Nov 2026 18:00"),
        ("2026-11-27", "Fri 27 Nov 2026 18:00"),
        ("in 2h", "Mon 23 Nov 2026 12:00"),
        ("30m", "Mon 23 Nov 2026 10:30"),
        ("2 days", "Wed 25 Nov 2026 10:00"),
        ("in 1 day and 2 hours", "Tue 24 Nov 2026 12:00"),
        ("1h30m", "Mon 23 Nov 2026 11:30"),
        ("an hour", "Mon 23 Nov 2026 11:00"),
        ("a week", "Mon 30 Nov 2026 10:00"),
    ],
)
def test_it_reads_what_people_type(typed: str, meant: str) -> None:
    assert written(parse_when(typed, MONDAY, LONDON), LONDON) == meant


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", "Nothing is not a date or time that I understand. For example: Fri 18:00"),
        ("soon", "soon is not a date or time that I understand. For example: Fri 18:00"),
        ("Firday 17:00", "Firday 17:00 is not a date or time that I understand. For example: Friday 17:00"),
        ("next Fri", "next Fri is not a date or time that I understand. For example: Fri"),
        ("Fri 18", "Fri 18 is not a date or time that I understand. For example: Fri 18:00"),
        ("27/11", "27/11 is not a date or time that I understand. For example: 27 Nov"),
        ("27.11", "27.11 is no time of day. For example: 27 Nov"),
        ("24:00", "24:00 is no time of day. For example: 23:59"),
        ("Fri 17:75", "17:75 is no time of day. For example: 17:15"),
        ("31 Feb", "There is no such day. For example: Sun 28 Feb 2027 18:00"),
        ("2026-13-01", "There is no such day. For example: Tue 1 Dec 2026 18:00"),
        ("2025-11-27 18:00", "2025 is past. For example: Fri 27 Nov 2026 18:00"),
        ("2026-11-20 18:00", "Fri 20 Nov 2026 18:00 is past. For example: Tomorrow 18:00"),
        ("today 9:00", "Mon 23 Nov 2026 09:00 is past. For example: Tomorrow 09:00"),
        ("2099-01-01", "2099 is too far ahead. For example: Fri 1 Jan 2027 18:00"),
        ("Sat 27 Nov", "27 Nov 2026 is a Friday. For example: Fri 27 Nov 2026 18:00"),
        ("0 days", "That is now. For example: in 2 hours"),
        ("9999 weeks", "That is too far ahead. For example: in 2 weeks"),
    ],
)
def test_it_refuses_with_something_valid_near_by(typed: str, answer: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_when(typed, MONDAY, LONDON)
    values = {name: getattr(value, "text", value) for name, value in refused.value.values.items()}
    assert refused.value.template.format(**values) == answer


def test_days_ahead_keep_the_wall_clock_when_the_clocks_change() -> None:
    saturday = datetime(2026, 10, 24, 17, 0, tzinfo=UTC)  # 18:00 in London, the last day of summer time
    assert written(parse_when("1 day", saturday, LONDON), LONDON) == "Sun 25 Oct 2026 18:00"
    assert parse_when("24h", saturday, LONDON) - saturday == timedelta(hours=24)


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    with pytest.raises(UsageError) as refused:
        parse_when("Sun 01:30", before, LONDON)
    assert refused.value.values["example"].text == "Sun 29 Mar 2026 02:30"
    assert refused.value.values["day"] == "Sun 29 Mar 2026"


def test_a_time_that_comes_twice_means_the_first() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert parse_when("Sun 01:30", before, LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


moments = st.integers(0, 7000 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
pieces = st.sampled_from(
    [
        "18:00",
        "6pm",
        "24:00",
        "01:30",
        "02:15",
        "27.11",
        "27",
        "31",
        "29",
        "0",
        "fri",
        "sunday",
        "firday",
        "today",
        "tomorrow",
        "nov",
        "feb",
        "2026",
        "2031",
        "2026-03-29",
        "2027-02-29",
        "27/11",
        "in",
        "2",
        "h",
        "30m",
        "days",
        "9999",
        "weeks",
        "and",
        "at",
        "on",
        "by",
        "next",
        "a",
        ",",
        "0000-00-00",
        "29th",
        "12:99",
        "②",
    ]
)


@given(st.lists(pieces, max_size=6).map(" ".join) | st.text(max_size=20), moments, zones)
def test_whatever_is_typed_it_is_in_the_future_or_refused_with_a_valid_example(
    typed: str, now: datetime, zone: ZoneInfo
) -> None:
    try:
        moment = parse_when(typed, now, zone)
    except UsageError as refused:
        assert parse_when(refused.values["example"].text, now, zone) > now
    else:
        assert moment > now
        assert moment.tzinfo is UTC


@given(moments, st.timedeltas(timedelta(minutes=1), timedelta(days=3000)), zones)
def test_what_it_writes_it_reads_back(now: datetime, ahead: timedelta, zone: ZoneInfo) -> None:
    moment = (now + ahead).replace(second=0, microsecond=0)
    if moment <= now or moment.astimezone(zone).fold:
        return
    assert parse_when(written(moment, zone), now, zone) == moment
