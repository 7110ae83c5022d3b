"""Everything that reads or writes words alone: any text in, harmless text of the same words out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.commanding.parse import Cursor, split_options
from bot.domain.calendar import parse_when, written
from bot.domain.errors import UserError
from bot.domain.harmless import make_harmless
from bot.domain.ids import normal_code, normal_id
from bot.domain.names import clean, skeleton
from bot.domain.values import Code, Person, Verbatim, When
from bot.matrix.format import html, plain
from bot.text import _TRICKS, Text, shorten
from tests.fuzz.effort import fuzzed
from tests.fuzz.harmless import check_markdown, check_shown, letters, read
from tests.fuzz.hostile import words
from tests.fuzz.lines import DATES, lines, registry

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from(["UTC", "Europe/London", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca"]).map(ZoneInfo)  # fmt: skip
VALUES = st.one_of(words, words.map(Code), words.map(lambda name: Person("@ana:test", name)), words.map(lambda text: Text("{x}", x=text)))  # fmt: skip


def seen(text: str) -> str:
    """Return what people are to see of a text on one line."""
    return " ".join(_TRICKS.sub("", text).split())


@fuzzed(40)
@given(words)
def test_any_words_are_shown_as_they_are(text: str) -> None:
    for value in (text, Code(text)):
        markdown = str(Text("{x}", x=value))
        assert read(html(markdown)).words.strip() == plain(markdown).strip() == seen(text)
        check_markdown(markdown)


@fuzzed(30)
@given(words, words, VALUES, st.lists(VALUES, max_size=4))
def test_any_values_in_a_sentence_form_nothing_around_them(
    name: str, quoted: str, value: object, listed: list[object]
) -> None:
    who = Person("@ana:test", name, mention=True)
    text = Text.lines(
        [
            Text("{who} says {value}:", who=who, value=value),
            Text("{words}", words=Verbatim(quoted)),
            Text.listed(Text("{x}: {y}", x=item, y=item) for item in listed),
            Text("{at} – {n} of {value}.", at=When(datetime(2026, 11, 23, tzinfo=UTC), ZoneInfo("UTC")), n=3, value=value),
        ]
    )  # fmt: skip
    markdown = text.render()
    check_markdown(markdown, text.mentions())
    assert letters(seen(quoted)) in letters(plain(markdown))


@fuzzed(30)
@given((words | lines).map(clean))
def test_any_markdown_becomes_allowed_html_and_a_plain_body(markdown: str) -> None:
    """Even Markdown that is not ours."""
    reader = read(html(markdown))
    plain(markdown)
    assert "mx-reply" not in html(markdown) or "mx-reply" in reader.words


@fuzzed(30)
@given(
    st.sampled_from(DATES) | words | st.lists(st.sampled_from(DATES), max_size=3).map(" ".join),
    MOMENTS,
    ZONES,
)
def test_any_deadline_is_in_the_future_or_refused_with_one_that_is(
    text: str, now: datetime, zone: ZoneInfo
) -> None:
    try:
        moment = parse_when(text, now, zone)
    except UserError as error:
        example = error.values["example"].text
        assert parse_when(example, now, zone) > now
        check_markdown(str(Text.of(error)))
        return
    assert now < moment < now + timedelta(days=366 * 25)
    assert abs(parse_when(written(moment, zone), now, zone) - moment) <= timedelta(hours=1)


@fuzzed(30)
@given(words)
def test_any_words_made_harmless_stay_so(text: str) -> None:
    harmless = make_harmless(text)
    assert make_harmless(harmless) == harmless
    check_shown(harmless)
    assert re.search(r"(?<!\w)@room(?!\w)", harmless, re.IGNORECASE) is None
    check_markdown(str(Text("{words}", words=Verbatim(harmless))))


@fuzzed(30)
@given(words)
def test_any_name_can_be_kept_and_compared(text: str) -> None:
    kept = clean(text)
    assert kept.encode().decode() == kept
    assert clean(kept) == kept
    skeleton(text)
    assert len(shorten(text)) <= 80
    found = normal_id(text)
    assert found is None or found[0].isalpha()
    normal_code(text)


@fuzzed(30)
@given(st.sampled_from(registry().commands), lines)
def test_any_line_is_taken_apart_without_losing_a_word(spec: object, text: str) -> None:
    try:
        rest, options = split_options(text, spec)  # type: ignore[arg-type]
    except UserError as error:
        check_markdown(str(Text.of(error)))
        return
    assert options or letters(rest) == letters(text)
    for read_part in (Cursor.word, Cursor.line):
        cursor, parts = Cursor(rest), []
        while not cursor.is_empty():
            left = len(cursor.text)
            parts.append(read_part(cursor))
            assert len(cursor.text) < left
        assert letters("".join(parts)) == letters(rest)
