"""When a round closes that is held up."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.holds import LASTS_AT_MOST, Hold, closes_at

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
MINUTES = st.integers(-20_000, 20_000).map(lambda minutes: NOON + timedelta(minutes=minutes))


@st.composite
def holds(draw: st.DrawFn) -> Hold:
    """Return a hold that runs, or ended before its time."""
    at = draw(MINUTES)
    ended = draw(st.none() | st.integers(0, 72 * 60).map(lambda minutes: at + timedelta(minutes=minutes)))
    return Hold("!a:t", "A", "@a:t", "Why?", at + LASTS_AT_MOST, ended)


@settings(max_examples=40)
@given(MINUTES, st.lists(holds(), max_size=4))
def test_a_hold_never_brings_an_end_nearer_and_moves_it_by_72_hours_from_when_it_began_at_most(
    planned: datetime, found: list[Hold]
) -> None:
    end = closes_at(planned, found)
    assert end >= planned
    assert end == planned or any(end == each.end for each in found)
    assert all(each.end <= end for each in found)


@settings(max_examples=40)
@given(MINUTES, st.lists(holds(), min_size=1, max_size=4), st.data())
def test_a_hold_that_ends_earlier_never_makes_it_close_later(
    planned: datetime, found: list[Hold], data: st.DataObject
) -> None:
    which = data.draw(st.integers(0, len(found) - 1))
    hold = found[which]
    sooner = hold.end - timedelta(minutes=data.draw(st.integers(0, 4000)))
    ended = Hold(hold.pod_room_id, hold.pod, hold.user_id, hold.question, hold.until, sooner)
    assert closes_at(planned, [*found[:which], ended, *found[which + 1 :]]) <= closes_at(planned, found)
