"""When a digest comes, and how letters are laid into messages."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digests import BETWEEN, next_digest, pack
from bot.domain.errors import UsageError
from bot.domain.pods import check_setting
from bot.domain.urgency import split_mark
from bot.matrix.format import plain
from bot.text import Text

LONDON = ZoneInfo("Europe/London")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "hour", "at"),
    [
        (utc(2026, 11, 23, 10), time(18), utc(2026, 11, 23, 18)),
        (utc(2026, 11, 23, 18), time(18), utc(2026, 11, 24, 18)),
        # the clocks go forward on 28 March 2027 at 01:00: the hour stays on the wall
        (utc(2027, 3, 27, 19), time(18), utc(2027, 3, 28, 17)),
        # half past one is skipped that night, and comes an hour later
        (utc(2027, 3, 27, 19), time(1, 30), utc(2027, 3, 28, 1, 30)),
        # and comes twice on 31 October 2027: once is enough
        (utc(2027, 10, 30, 19), time(1, 30), utc(2027, 10, 31, 0, 30)),
        (utc(2027, 10, 31, 0, 30), time(1, 30), utc(2027, 11, 1, 1, 30)),
    ],
)
def test_a_digest_comes_once_a_day_at_the_pods_own_hour(now: datetime, hour: time, at: datetime) -> None:
    assert next_digest(now, hour, LONDON) == at


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: utc(2026, 1, 1) + timedelta(minutes=minutes)),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
)
def test_two_digests_are_on_different_days(now: datetime, hour: time) -> None:
    first = next_digest(now, hour, LONDON)
    second = next_digest(first, hour, LONDON)
    days = second.astimezone(LONDON).date() - first.astimezone(LONDON).date()
    assert days == timedelta(days=1)
    assert first > now


@given(st.lists(st.integers(1, 1600), max_size=12))
def test_every_letter_is_in_one_message_in_order_and_no_message_could_take_the_next(
    lengths: list[int],
) -> None:
    lead, longest = "Digest:", 1500
    letters = ["x" * length for length in lengths]
    messages = pack(lead, letters, longest)
    assert [place for message in messages for place in message] == [*range(len(letters))]
    written = [BETWEEN.join([lead, *(letters[place] for place in message)]) for message in messages]
    for text, message in zip(written, messages, strict=True):
        assert len(text) <= longest or len(message) == 1
    for text, following in zip(written, messages[1:], strict=False):
        assert len(text) + len(BETWEEN) + len(letters[following[0]]) > longest


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("18:00", "18:00"),
        ("18.30", "18:30"),
        ("18", "18:00"),
        ("7h", "07:00"),
        ("6pm", "18:00"),
        ("6:30 PM", "18:30"),
        ("12am", "00:00"),
        ("daily 18:00", "18:00"),
        ("every day at 18:00", "18:00"),
        ("Off", "off"),
        ("none", "off"),
        ("at once", "off"),
    ],
)
def test_an_hour_is_read_as_people_type_it(typed: str, value: str) -> None:
    assert check_setting("digest", typed) == ("digest", value)


@pytest.mark.parametrize("typed", ["", "yes", "25:00", "13pm", "18:61", "evening", "weekly", "18:00-19:00", "on", "0pm"])  # fmt: skip
def test_what_is_no_hour_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(UsageError) as problem:
        check_setting("digest", typed)
    assert "!pod set digest 18:00" in plain(Text.of(problem.value).render())


@pytest.mark.parametrize(
    ("typed", "words", "urgent"),
    [
        ("The hall is closed. | urgent", "The hall is closed.", True),
        ("The hall is closed.|URGENT!", "The hall is closed.", True),
        ("The hall is closed. | urgent=yes", "The hall is closed.", True),
        ("The hall is closed.\nUrgent", "The hall is closed.", True),
        ("| urgent", "", True),
        ("urgent", "", True),
        ("It is urgent", "It is urgent", False),
        ("urgent: the hall is closed", "urgent: the hall is closed", False),
        ("A | urgent | B", "A | urgent | B", False),
        ("Not | urgently", "Not | urgently", False),
        ("A | B | urgent", "A | B", True),
    ],
)
def test_the_mark_stands_in_a_part_of_its_own_at_the_end(typed: str, words: str, urgent: bool) -> None:
    assert split_mark(typed) == (words, urgent)
