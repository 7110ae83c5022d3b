"""Dates of assemblies and handovers, quiet hours and days away, on any wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.absences import Absence, available, missing, read_days
from bot.domain.errors import UsageError
from bot.domain.quiet import Quiet
from bot.domain.recurrence import LASTS, Recurrence, in_words
from bot.domain.rhythm import Rhythm

ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata", "Africa/Casablanca")]
)  # fmt: skip
MOMENTS = st.integers(0, 3 * 366 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
HOURS = st.times().map(lambda at: at.replace(second=0, microsecond=0))
QUIET = st.builds(Quiet, HOURS, HOURS)
WORDS = st.builds(
    "every {} weeks on {} {:%H:%M}".format, st.integers(1, 9), st.sampled_from(["Mon", "Thu", "Sun"]), HOURS
) | st.builds(
    "every month on the {} {} {:%H:%M}".format,
    st.sampled_from(["first", "third", "last"]), st.sampled_from(["Tue", "Sat"]), HOURS,
)  # fmt: skip


@settings(derandomize=True, deadline=None)
@given(QUIET, MOMENTS, ZONES)
def test_nobody_is_woken_in_quiet_hours_and_everybody_within_a_day(
    quiet: Quiet, at: datetime, zone: ZoneInfo
) -> None:
    wake = quiet.wake(at, zone)
    assert at <= wake <= at + timedelta(hours=25)
    if wake != at:
        local = wake.astimezone(zone).time()
        # an end that the clocks skip comes as much later as they skip
        assert local == quiet.end or not quiet.covers(local)
    assert quiet.wake(wake, zone) == wake or wake.astimezone(zone).time() == quiet.end


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("22:00-8:00", "22:00-08:00"),
        ("22-8", "22:00-08:00"),
        ("22.30 to 7.15", "22:30-07:15"),
        ("off", "off"),
    ],
)
def test_quiet_hours_are_read_as_people_type_them(typed: str, kept: str) -> None:
    assert str(Quiet.read(typed)) == kept
    assert str(Quiet.read(kept)) == kept


@settings(derandomize=True, deadline=None)
@given(WORDS, MOMENTS, ZONES)
def test_dates_come_again_at_the_same_hour_of_the_wall_clock(
    words: str, now: datetime, zone: ZoneInfo
) -> None:
    dates = Recurrence.read(words, now, zone)
    assert Recurrence.load(str(dates)) == dates
    assert in_words(dates.rule).startswith("every")
    at = now
    for _ in range(6):
        following = dates.after(at, zone)
        assert following > at
        local = following.astimezone(zone)
        hour = local.time().replace(fold=0)
        skipped = local.replace(tzinfo=None) - datetime.combine(local.date(), dates.begins.time())
        assert hour == dates.begins.time() or skipped in (
            timedelta(minutes=30),
            timedelta(hours=1),
            timedelta(hours=-23),
        )
        at = following


@settings(derandomize=True, deadline=None)
@given(WORDS, MOMENTS, ZONES, ZONES, QUIET, st.integers(1, 40))
def test_handovers_go_on_and_keep_out_of_quiet_hours(
    words: str, now: datetime, zone: ZoneInfo, assembly: ZoneInfo, quiet: Quiet, days: int
) -> None:
    dates = Recurrence.read(words, now, assembly)
    for meets in (None, (dates, assembly)):
        rhythm = Rhythm(timedelta(days=days), time(18), zone, quiet, meets)
        at = rhythm.after(now) if meets else now
        for _ in range(4):
            following = rhythm.after(at)
            assert following > at
            hour = following.astimezone(zone).time()
            assert not quiet.covers(hour)
            if meets:
                assert dates.after(following - LASTS - timedelta(hours=26), assembly) + LASTS <= following
            at = following


@settings(derandomize=True)
@example([(0, 3), (0, 1)], 2)  # one absence within another
@example([(0, 30), (7, 7), (21, 20)], 60)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=6), st.integers(1, 400))
def test_weeks_away_are_not_weeks_available(spans: list[tuple[int, int]], days: int) -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    now = begun + timedelta(days=days)
    away = [
        Absence("@a:t", begun + timedelta(days=start), begun + timedelta(days=start + length))
        for start, length in spans
    ]
    weeks, since = available(Fraction(0), begun, away, now)
    there = sum(not any(item.covers(begun + timedelta(days=day)) for item in away) for day in range(days))
    counted = weeks * 7 + ((now - since).days if since else 0)
    # whole weeks only, so each beginning may lose up to six days
    assert there - 7 * (len(away) + 1) <= counted <= there
    assert (since is None) == any(item.covers(now) for item in away)


def test_who_misses_half_of_the_time_is_not_drawn_for_it() -> None:
    at = datetime(2026, 12, 7, 18, tzinfo=UTC)
    following = at + timedelta(days=14)

    def drawn(start: int, end: int | None) -> bool:
        absence = Absence(
            "@a:t", at + timedelta(days=start), at + timedelta(days=end) if end is not None else None
        )
        return missing([absence], "@a:t", at, following) is None

    assert drawn(-9, 0)
    assert not drawn(-9, 1)
    assert drawn(1, 7)
    assert not drawn(1, 8)
    assert not drawn(7, 30)
    assert drawn(8, 30)
    assert drawn(14, None)
    assert not drawn(-1, None)
    assert missing([Absence("@b:t", at, None)], "@a:t", at, following) is None


@settings(derandomize=True, max_examples=300)
@given(st.text("0123456789 .-–…toMarFebuntilwekdays", max_size=24), MOMENTS, ZONES)
def test_whatever_is_typed_is_days_to_come_or_one_line_with_days_that_are(
    typed: str, now: datetime, zone: ZoneInfo
) -> None:
    try:
        starts_at, ends_at = read_days(typed, now, zone)
    except UsageError as error:
        example = error.values["example"].text
        if example != "!spokes optout":
            starts_at, ends_at = read_days(example.removeprefix("!spokes away "), now, zone)
        else:
            return
    assert now <= starts_at < ends_at
