"""How a typed line is taken apart."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commanding import Context, Line, Prose, Reply, Word
from bot.commanding.discover import discover
from bot.commanding.parse import Cursor, split_options, without_words
from bot.commanding.registry import Registry
from bot.commanding.spec import Spec, command
from bot.domain.errors import UsageError
from bot.domain.ids import normal_id
from bot.text import _


def spec_of(handler: Any) -> Spec:
    """Declare a handler and return what was declared."""
    registry = Registry()
    declared = command("thing", summary=_("A thing."), example=("!thing", "ok"))(handler)
    for register in declared._spokesbot_declares:  # type: ignore[attr-defined]
        register(registry)
    return registry.commands[0]


async def _listed(
    ctx: Context, question: Line, *options: Line, closes: Line = "", multi: int = 1, hide: bool = False
) -> Reply:
    """Take a question and options."""


async def _prose(ctx: Context, text: Prose, *, to: Line = "") -> Reply:
    """Take text as it is."""


LISTED, PROSE = spec_of(_listed), spec_of(_prose)


def test_parts_are_parted_by_bars_and_new_lines() -> None:
    cursor = Cursor("Where? | Park\nLibrary|  Hall ")
    assert [cursor.line() for _ in range(4)] == ["Where?", "Park", "Library", "Hall"]
    assert cursor.is_empty()


def test_options_are_taken_out_wherever_they_stand_and_in_any_case() -> None:
    text, options = split_options("Where? | HIDE | Park | Multi=2 | Library | closes = Fri 18:00", LISTED)
    assert options == {"hide": "", "multi": "2", "closes": "Fri 18:00"}
    assert text == "Where? | Park | Library "


def test_an_unknown_option_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError) as refused:
        split_options("Where? | A | B | close=Fri", LISTED)
    assert refused.value.values["name"] == "close"
    assert "closes=" in refused.value.values["names"]


def test_an_option_twice_is_refused() -> None:
    with pytest.raises(UsageError):
        split_options("Where? | A | multi=1 | multi=2", LISTED)


def test_prose_keeps_bars_lines_and_equals_signs() -> None:
    words = "We voted: a=b | c\nand to=oak was said\nlast"
    assert split_options(words, PROSE) == (words, {})


def test_options_at_the_end_of_prose_are_taken() -> None:
    assert split_options("Our text | more\nto=oak", PROSE) == ("Our text | more", {"to": "oak"})


@given(st.text(max_size=300))
def test_any_text_is_taken_apart_or_refused_in_words(text: str) -> None:
    for spec in (LISTED, PROSE):
        try:
            kept, options = split_options(text, spec)
        except UsageError:
            continue
        assert len(kept) <= len(text)
        assert set(options) <= {"closes", "multi", "hide", "to"}
        cursor = Cursor(kept)
        while not cursor.is_empty():
            before = len(cursor.text)
            cursor.line()
            assert len(cursor.text) < before


def test_words_are_single() -> None:
    cursor = Cursor("  one two|three")
    assert [cursor.word(), cursor.word(), cursor.word(), cursor.word()] == ["one", "two", "three", ""]


def test_a_word_is_a_word() -> None:
    assert Word is not Line


def test_a_command_that_an_id_may_follow_calls_its_first_parameter_so() -> None:
    taking = {
        spec.name
        for spec in discover().commands
        if normal_id(without_words(spec.example.removeprefix("!"), len(spec.words)).partition(" ")[0])
        and not spec.takes_id
    }
    # their words stay as they were typed: they look for an id themselves
    assert taking == {"vote", "summary correct"}
