"""Limits: what a window lets through, and that a forged time buys nothing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.limits import COMMANDS_IN_ROOM, COMMANDS_OF_ONE, Limit, counted_at

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
SPANS = st.integers(1, 86_400).map(lambda seconds: timedelta(seconds=seconds))


@settings(derandomize=True)
@given(MOMENTS, SPANS)
def test_every_moment_is_in_exactly_one_window(at: datetime, each: timedelta) -> None:
    limit = Limit(5, each)
    begins, ends = limit.begins(at), limit.ends(at)
    assert begins <= at < ends == begins + each
    assert limit.begins(begins) == begins
    assert limit.begins(ends) == ends


@settings(derandomize=True)
@given(MOMENTS, st.integers(0, 100_000).map(lambda s: timedelta(seconds=s)), MOMENTS)
def test_whatever_time_is_written_on_an_event_it_counts_between_the_last_sync_and_now(
    synced_at: datetime, passed: timedelta, forged: datetime
) -> None:
    now = synced_at + passed
    at = counted_at(forged, synced_at, now)
    assert synced_at <= at <= now
    # who tells the truth is believed
    if synced_at <= forged <= now:
        assert at == forged


@settings(derandomize=True)
@given(st.lists(st.integers(0, 3_600), max_size=200), st.randoms(use_true_random=False))
def test_which_window_an_event_is_in_does_not_depend_on_the_order_of_reading(
    seconds: list[int], chance: object
) -> None:
    sent = [NOON + timedelta(seconds=each) for each in seconds]
    shuffled = list(sent)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    def windows(events: list[datetime]) -> dict[datetime, int]:
        found: dict[datetime, int] = {}
        for at in events:
            begins = COMMANDS_OF_ONE.begins(counted_at(at, NOON, NOON + timedelta(hours=1)))
            found[begins] = found.get(begins, 0) + 1
        return found

    assert windows(sent) == windows(shuffled)


def test_a_clock_that_ran_backwards_does_not_count_into_the_future() -> None:
    assert counted_at(NOON, NOON + timedelta(hours=1), NOON) == NOON


def test_one_person_cannot_use_up_what_a_room_may_ask() -> None:
    assert COMMANDS_OF_ONE.most * 5 <= COMMANDS_IN_ROOM.most
    assert COMMANDS_OF_ONE.each == COMMANDS_IN_ROOM.each
