"""Reminders come at half of the time and a day before the end, and never close together."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.reminders import APART, moments, upcoming

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "after"),
    [(1, []), (11, []), (12, [6]), (24, [12]), (48, [24]), (59, [29.5]), (72, [36, 48]), (168, [84, 144])],
)
def test_reminders_are_at_half_time_and_a_day_before_the_end(hours: int, after: list[float]) -> None:
    assert moments(NOON, NOON + timedelta(hours=hours)) == [NOON + timedelta(hours=each) for each in after]


@given(st.timedeltas(timedelta(0), timedelta(days=90)), st.timedeltas(timedelta(0), timedelta(days=90)))
def test_there_are_at_most_two_and_they_are_apart_from_all_else(length: timedelta, passed: timedelta) -> None:
    end = NOON + length
    found = moments(NOON, end)
    assert len(found) <= 2
    stops = [NOON, *found, end]
    assert not found or all(later - earlier >= APART for earlier, later in pairwise(stops))
    following = upcoming(NOON, end, NOON + passed)
    assert following is None or NOON + passed < following < end
