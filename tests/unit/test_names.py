"""What names and words look like: look-alikes, invisible letters, heaps of accents, and bombs of sixty kilobytes."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commanding.discover import discover
from bot.commanding.parse import Cursor, split_options
from bot.domain.asking import check_poll
from bot.domain.calendar import parse_when
from bot.domain.choices import is_attempt, read_answers
from bot.domain.drafts import check_text
from bot.domain.errors import UsageError
from bot.domain.names import MOST_MARKS, NAME_SHOWN, shorten, skeleton, unstack, visible
from bot.domain.pods import check_name
from bot.domain.polls import Poll
from bot.matrix.inbound import without_fallback
from bot.text import escape

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
ZALGO = "".join(chr(0x300 + number % 60) for number in range(500))


@pytest.mark.parametrize(
    "other",
    [
        "Ana ",
        "ana",
        "A\u200bna",
        "\u0410n\u0430",
        "\u202eAna",
        "An\u0430",
        "Ana\u3164",
        "\uff21\uff4e\uff41",
        "Ana\ufe0f",
    ],
)
def test_names_that_look_alike_have_one_skeleton(other: str) -> None:
    assert skeleton(other) == skeleton("Ana")


def test_letters_that_only_print_makes_alike_count_as_alike() -> None:
    assert skeleton("Alice") == skeleton("AIice") == skeleton("A1ice")
    assert skeleton("R0SA") == skeleton("Rosa")
    assert len({skeleton(name) for name in ("Ana", "Anna", "Ben", "Beni", "Rosa", "Роза", "Àna")}) == 7


@settings(derandomize=True)
@given(st.text(max_size=100))
def test_no_letter_carries_a_heap_of_marks(text: str) -> None:
    run = 0
    for letter in unstack(text + ZALGO):
        kind = unicodedata.category(letter)
        run = run + 1 if kind in ("Mn", "Me") else run if kind == "Cf" else 0
        assert run <= MOST_MARKS
    assert unstack(unstack(text)) == unstack(text)


@pytest.mark.parametrize("words", ["Việt", "שָׁלוֹם", "กำลังใจ", "नमस्ते", "👩‍👩‍👧 1️⃣", "བོད་ཡིག", "é́"])
def test_what_people_write_stays_as_it_is(words: str) -> None:
    assert visible(words) == unstack(words) == words


def test_a_group_is_not_named_with_what_nobody_sees_or_like_an_id() -> None:
    assert check_name("Wil\u202elow\u200b", "!pod create Oak") == "Willow"
    assert check_name(f"Oa{ZALGO}k", "!pod create Oak") == f"Oa{ZALGO[:4]}k"
    for name in ("S4", "p12", "\u200bS4\u2060"):
        with pytest.raises(UsageError, match="would read like the id"):
            check_name(name, "!pod create Oak")


def test_a_display_name_is_shown_in_one_line_of_a_phone() -> None:
    assert shorten("Ana") == "Ana"
    assert len(shorten("A" * 60_000)) == NAME_SHOWN


# -- bombs: each of these took from seconds to hours where the work grew with the square of the length ---------------

SIZE = 60_000
POLL = Poll("P1", "!r", "@a", "Where?", tuple(f"Place {n}" for n in range(20)), 1, False, NOW, NOW)


def _arguments(text: str) -> None:
    rest, _ = split_options(text, _POLL_SPEC)
    cursor = Cursor(rest)
    while not cursor.is_empty():
        cursor.line()


def _words(text: str) -> None:
    cursor = Cursor(text)
    while cursor.word():
        pass


found = discover().find(["poll"])
assert found is not None
_POLL_SPEC = found[0]

READERS: dict[str, Callable[[str], Any]] = {
    "a name": lambda text: check_name(text, "!pod create Oak"),
    "a skeleton": skeleton,
    "a question": lambda text: check_poll(text, ["a", "b"], "1"),
    "an option": lambda text: check_poll("Where?", [text, "b"], "1"),
    "options": lambda text: check_poll("Where?", text.split("|"), "1"),
    "a number": lambda text: check_poll("Where?", ["a", "b"], text),
    "a vote": lambda text: read_answers(text, POLL),
    "a reply": lambda text: is_attempt(text, POLL),
    "a date": lambda text: parse_when(text, NOW, ZoneInfo("UTC")),
    "a summary": check_text,
    "arguments": _arguments,
    "words": _words,
    "a sentence": escape,
    "a quoted reply": lambda text: without_fallback(f"> {text}"),
}
BOMBS = {
    "letters": "a",
    "blanks": "a" + " " * SIZE + "x",
    "other blanks": "a" + "\u00a0" * SIZE + "x",
    "line ends": "\n\r\v" * (SIZE // 3) + "x",
    "an option with blanks": "closes=x" + " " * SIZE + "x",
    "bars": "a|",
    "lines": "a\n",
    "asterisks": "*",
    "quotations": "> ",
    "list items": "- a\n",
    "mentions": "@",
    "hosts": "@a:1.",
    "brackets": "[",
    "backticks": "` `` ",
    "numbers": "1 and ",
    "commas": "1,",
    "number and blanks": "1" + " " * SIZE + "a",
    "accents": "\u0301\u0323",
    "overrides": "\u202e\u200b",
    "dates": "fri 1d ",
    "tags": "<b>",
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("reader", READERS)
def test_sixty_kilobytes_of_anything_are_read_or_refused(reader: str, bomb: str) -> None:
    text = BOMBS[bomb]
    text = text if len(text) > SIZE else text * (SIZE // len(text))
    try:
        READERS[reader](text)
    except UsageError as refused:
        assert len(str(refused)) < 1000


def test_an_option_that_is_too_long_is_refused_with_its_length_and_the_limit() -> None:
    with pytest.raises(UsageError) as refused:
        check_poll("Where?", ["a" * 60_000, "b"], "1")
    assert "{length} characters long; {most} are the most" in refused.value.template
    assert SimpleNamespace(**refused.value.values).length == 60_000
    assert SimpleNamespace(**refused.value.values).most == 200
