"""Sentences and the forms they take."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.names import unstack
from bot.domain.values import Code, Person, Verbatim, When
from bot.matrix.format import html, plain
from bot.text import Text, distance, escape, shorten, utc

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Cn", "Zl", "Zp"), exclude_characters="\u00a0"),
    max_size=200,
).map(unstack)


@given(WORDS)
def test_a_value_is_shown_as_exactly_its_characters(words: str) -> None:
    assert plain(Text("{name}!", name=words).render()) == " ".join(words.split()) + "!"


@given(WORDS)
def test_a_value_never_becomes_markup(words: str) -> None:
    shown = html(Text("{name}", name=words).render())
    assert shown.replace("<p>", "").replace("</p>", "").count("<") == 0


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_a_quotation_shows_each_line_as_it_is(lines: list[str]) -> None:
    kept = [line.strip() for line in lines if line.strip()]
    shown = plain(Text("{words}", words=Verbatim("\n".join(kept))).render())
    assert shown.splitlines() == [f"> {line}" for line in kept]


@given(WORDS)
def test_code_is_shown_as_exactly_its_characters(words: str) -> None:
    flat = " ".join(words.split())
    if flat:
        assert plain(Text("{c}", c=Code(words)).render()) == flat


def test_invisible_tricks_are_taken_out_and_joiners_stay() -> None:
    assert plain(escape("a\u202eb\u200bc")) == "abc"
    assert plain(escape("می\u200cخواهم 👩\u200d👩")) == "می\u200cخواهم 👩\u200d👩"


def test_a_mention_is_a_link_and_reads_as_a_name() -> None:
    text = Text("{who}, please.", who=Person("@ana:x", "Ana [x]").mentioned())
    assert text.mentions() == ("@ana:x",)
    assert plain(text.render()) == "Ana [x], please."
    assert 'href="https://matrix.to/#/@ana:x"' in html(text.render())


def test_other_links_stay_readable_in_the_plain_body() -> None:
    assert plain("See [Belenios](https://belenios.org).") == "See Belenios (https://belenios.org)."


def test_a_moment_is_written_out_with_its_zone_and_distance() -> None:
    at = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    zone = ZoneInfo("Europe/London")
    assert (
        plain(Text("{at}", at=When(at, zone, NOW)).render())
        == "Fri 27 Nov 2026 18:00 Europe/London, in 5 days"
    )


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (timedelta(days=5), "in 5 days"),
        (timedelta(hours=23), "in 1 day"),
        (timedelta(hours=2), "in 2 hours"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(seconds=10), "now"),
        (timedelta(days=-3), "3 days ago"),
    ],
)
def test_distances_use_the_largest_unit_that_fits(gap: timedelta, said: str) -> None:
    assert distance(NOW + gap, NOW) == said


def test_lists_and_enumerations() -> None:
    names = [Text("A"), Text("B"), Text("C")]
    assert plain(str(Text.enumerated(names))) == "A, B and C"
    assert plain(str(Text.lines([Text("Here:"), Text.listed(names)]))) == "Here:\n- A\n- B\n- C"


def test_plurals_follow_the_number() -> None:
    assert [str(Text("{n} vote", plural="{n} votes", n=n)) for n in (0, 1, 2)] == [
        "0 votes",
        "1 vote",
        "2 votes",
    ]


def test_a_text_never_shows_its_values_in_a_log() -> None:
    assert "secret" not in repr(Text("{words}", words="secret"))


def test_long_words_are_cut_at_a_word() -> None:
    assert shorten("one two three", 9) == "one two…"
    assert shorten("short", 9) == "short"


def test_text_after_a_list_stands_on_its_own_line() -> None:
    shown = plain(str(Text.lines([Text("A:"), Text.listed([Text("x"), Text("y")]), Text("After.")])))
    assert shown == "A:\n- x\n- y\n\nAfter."


@given(st.integers(-(2**62), 2**62))
def test_any_number_a_server_writes_is_a_moment(milliseconds: int) -> None:
    assert 1970 <= utc(milliseconds).year <= 2100


def test_a_user_id_cannot_end_the_link_of_a_mention() -> None:
    shown = html(Text("{who}", who=Person("@a>)[click](https://evil.example)<b:x", "A").mentioned()).render())
    assert shown.count("<a ") == 1
    assert "evil" not in plain(
        Text("{who}", who=Person("@a>)[x](https://evil.example)<b:x", "A").mentioned()).render()
    )


def test_control_characters_reach_nobodys_terminal() -> None:
    words = "a\x00b\x1b[31mc\x9dd\x7f\te"
    for shown in (Text("{x}", x=words), Text("{x}", x=Code(words)), Text("{x}", x=Verbatim(words))):
        assert plain(str(shown)).removeprefix("> ") == "ab[31mcd e"
