"""What answers to polls that rank, score and ask for times mean, and how each kind is asked."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answers import is_attempt, read_answer, read_tap, sample
from bot.domain.asking import check_poll, check_times
from bot.domain.counting.kinds import FIXED, Kind
from bot.domain.errors import Ambiguous, UsageError
from bot.domain.poll_examples import example_of
from bot.domain.poll_lines import check_kind, check_separated
from bot.domain.polls import Poll
from tests.unit.test_ballots import refusal

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
PLACES = ("Park", "Library", "Fish and chips")
TIMES = ("Fri 27 Nov 2026 18:00 UTC", "Sat 28 Nov 2026 11:00 UTC", "Sat 28 Nov 2026 18:00 UTC")


def poll(kind: Kind, *options: str) -> Poll:
    """A poll P3 of a kind."""
    names = options or FIXED.get(kind) or (TIMES if kind is Kind.MEETING else PLACES)
    most = len(names) if kind.takes_any else 1
    end = START + timedelta(minutes=10)
    return Poll("P3", "!willow:test", "@ana:test", "Where?", names, most, False, START, end, kind=kind)


def refused(typed: str, asked: Poll) -> str:
    """The sentence that answers something that is no answer."""
    with pytest.raises(UsageError) as found:
        read_answer(typed, asked)
    return refusal(found.value)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2>1>3", (2, 1, 3)),
        ("2 > 1", (2, 1)),
        ("2 1 3", (2, 1, 3)),
        ("2, 1", (2, 1)),
        ("2. 1. 3.", (2, 1, 3)),
        ("#2 #1", (2, 1)),
        ("2 then 1", (2, 1)),
        ("2 → 1", (2, 1)),
        ("2-1-3", (2, 1, 3)),
        ("2/1/3", (2, 1, 3)),
        ("2.1.3", (2, 1, 3)),
        ("3", (3,)),
        ("library > park", (2, 1)),
        ("Library, Park, fish and chips!", (2, 1, 3)),
        ("Library\nPark", (2, 1)),
        ("library > 1", (2, 1)),
        ("Fish and chips", (3,)),
        ("none", ()),
    ],
)
def test_orders_are_read(typed: str, meant: tuple[int, ...]) -> None:
    assert read_answer(typed, poll(Kind.RANK)) == meant


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("2=1>3", "Put one before the other, the best first. For example: !vote P3 2 > 1 > 3"),
        ("1=2", "Put one before the other, the best first. For example: !vote P3 1 > 2 > 3"),
        ("3<1", "Put one before the other, the best first. For example: !vote P3 1 > 3 > 2"),
        ("Library and Park", "Put one before the other, the best first. For example: !vote P3 2 > 1 > 3"),
        ("2>2>1", "Library is there twice. For example: !vote P3 2 > 1 > 3"),
        ("2>4", "P3 has options 1 to 3. For example: !vote P3 2 > 1 > 3"),
        ("213", "P3 has options 1 to 3. For example: !vote P3 2 > 1 > 3"),
        ("0", "P3 has options 1 to 3. For example: !vote P3 2 > 1 > 3"),
        ("Libary > Park", "P3 has no option “Libary > Park”. For example: !vote P3 1 > 2 > 3"),
        ("the sea", "P3 has no option “the sea”. For example: !vote P3 2 > 1 > 3"),
        (">", "P3 has no option “>”. For example: !vote P3 2 > 1 > 3"),
    ],
)
def test_what_is_no_order_is_refused_with_one(typed: str, answer: str) -> None:
    assert refused(typed, poll(Kind.RANK)) == answer


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1=5 2=3", (5, 3, 1)),
        ("1:5, 2:3", (5, 3, 1)),
        ("1 = 5; 3 = 2", (5, 1, 2)),
        ("5 3 4", (5, 3, 4)),
        ("5, 3, 4", (5, 3, 4)),
        ("Park=5 Library=3", (5, 3, 1)),
        ("Park: 5, fish and chips: 4", (5, 1, 4)),
        ("Park 5, Library 3", (5, 3, 1)),
        ("Park 5\nLibrary 3 points", (5, 3, 1)),
        ("park 5/5", (5, 1, 1)),
        ("2=4", (1, 4, 1)),
        ("1=5 1=5", (5, 1, 1)),
        ("none", ()),
    ],
)
def test_points_are_read(typed: str, meant: tuple[int, ...]) -> None:
    assert read_answer(typed, poll(Kind.SCORE)) == meant


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("1=6 2=3", "Points go from 1 to 5, and 5 is best. For example: !vote P3 1=5 2=3"),
        ("1=0", "Points go from 1 to 5, and 5 is best. For example: !vote P3 1=1 2=3"),
        ("4=5", "P3 has options 1 to 3. For example: !vote P3 1=5 2=3"),
        ("2", "Say which option gets how many points, 1 to 5. For example: !vote P3 2=5 1=5"),
        ("5 3", "Say which option gets how many points, 1 to 5. For example: !vote P3 1=5 2=3"),
        ("Library", "Say which option gets how many points, 1 to 5. For example: !vote P3 2=5 1=5"),
        ("1=5 1=3", "Park is there twice. For example: !vote P3 1=5 2=3"),
        ("Beach=5", "P3 has no option “Beach=5”. For example: !vote P3 1=5 2=3"),
        ("1=3.5", "P3 has no option “1=3.5”. For example: !vote P3 1=5 2=3"),
        ("great", "P3 has no option “great”. For example: !vote P3 1=5 2=3"),
    ],
)
def test_what_are_no_points_is_refused_with_some(typed: str, answer: str) -> None:
    assert refused(typed, poll(Kind.SCORE)) == answer


@pytest.mark.parametrize(
    ("kind", "typed", "meant"),
    [
        (Kind.YESNO, "y", (1,)),
        (Kind.YESNO, "Nope!", (2,)),
        (Kind.YESNO, "2", (2,)),
        (Kind.TEMPERATURE, "strongly for", (1,)),
        (Kind.TEMPERATURE, "3", (3,)),
        (Kind.APPROVAL, "1 3", (1, 3)),
        (Kind.APPROVAL, "all", (1, 2, 3)),
        (Kind.APPROVAL, "Park, Library", (1, 2)),
        (Kind.MEETING, "Fri", (1,)),
        (Kind.MEETING, "Fri, Sat 11:00", (1, 2)),
        (Kind.MEETING, "1 and 3", (1, 3)),
        (Kind.MEETING, "2", (2,)),
        (Kind.MEETING, "Fri 27 Nov 2026 18:00 UTC", (1,)),
    ],
)
def test_other_kinds_take_the_words_people_use(kind: Kind, typed: str, meant: tuple[int, ...]) -> None:
    assert read_answer(typed, poll(kind)) == meant


def test_words_that_two_times_have_name_none() -> None:
    assert refused("Sat", poll(Kind.MEETING)).startswith("P3 has no option “Sat”.")
    assert (
        refused("y and n", poll(Kind.YESNO)) == "P3 takes 1 answer from each of you. For example: !vote P3 1"
    )


def test_where_the_options_are_numbers_places_are_marked() -> None:
    hours = ("2", "3", "4")
    said = "The options of P3 are numbers, so write # before a place in the list. For example: "
    assert refused("2 > 3", poll(Kind.RANK, *hours)) == f"{said}!vote P3 #2 > #3 > #1"
    assert read_answer("#2 > #3 > #1", poll(Kind.RANK, *hours)) == (2, 3, 1)
    assert refused("2=5 3=1", poll(Kind.SCORE, *hours)) == f"{said}!vote P3 #1=5 #2=1"
    assert read_answer("#2=5 #3=1", poll(Kind.SCORE, *hours)) == (1, 5, 1)


@pytest.mark.parametrize(
    ("kind", "typed", "attempt"),
    [
        (Kind.RANK, "2>2", True),
        (Kind.RANK, "1=2", True),
        (Kind.RANK, "Libary > Park", True),
        (Kind.RANK, "Park, I think", True),
        (Kind.RANK, "sounds good", False),
        (Kind.RANK, "no, wait", False),
        (Kind.SCORE, "1=9", True),
        (Kind.SCORE, "4", True),
        (Kind.SCORE, "Park=five", True),
        (Kind.SCORE, "note: the park is wet", False),
        (Kind.CHOICE, "2 > 1", True),
        (Kind.CHOICE, "1=5 2=3", True),
        (Kind.CHOICE, "10:30", False),
        (Kind.SCORE, "see you at 5", False),
        (Kind.SCORE, "time: 5", False),
        (Kind.YESNO, "well, maybe", False),
    ],
)
def test_talk_in_a_reply_is_told_from_a_faulty_answer(kind: Kind, typed: str, attempt: bool) -> None:
    assert is_attempt(typed, poll(kind)) is attempt


def test_a_tap_counts_only_where_it_is_a_whole_answer() -> None:
    assert read_tap(("2",), poll(Kind.YESNO)) == (2,)
    assert read_tap(("2",), poll(Kind.TEMPERATURE)) == (2,)
    for kind in (Kind.RANK, Kind.SCORE, Kind.APPROVAL, Kind.MEETING):
        assert read_tap(("2",), poll(kind)) is None


@pytest.mark.parametrize("kind", Kind)
def test_the_sample_answer_is_an_answer(kind: Kind) -> None:
    for asked in (poll(kind), poll(kind, "2", "3") if not kind.fixed else poll(kind)):
        with suppress(Ambiguous):
            assert read_answer(sample(asked), asked)


pieces = st.sampled_from(
    [
        "0",
        "1",
        "2",
        "3",
        "9",
        "#1",
        "=",
        "=5",
        ":3",
        ">",
        "<",
        ",",
        "and",
        "then",
        "none",
        "Park",
        "Library",
        "5/5",
        "①",
    ]
)


@given(
    st.text(max_size=20)
    | st.lists(pieces, max_size=6).map(" ".join)
    | st.lists(pieces, max_size=6).map("".join),
    st.sampled_from([Kind.RANK, Kind.SCORE]),
    st.lists(st.text(min_size=1, max_size=8) | pieces, min_size=2, max_size=4),
)
def test_whatever_is_answered_it_is_whole_or_refused_with_a_valid_example(
    typed: str, kind: Kind, options: list[str]
) -> None:
    try:
        asked = poll(kind, *check_poll("Where?", options, "", kind)[1])
    except UsageError:
        return
    try:
        answer = read_answer(typed, asked)
    except UsageError as error:
        answer = read_answer(error.values["example"].text.removeprefix("!vote P3 "), asked)
        assert answer
    if kind is Kind.RANK:
        assert len(set(answer)) == len(answer)
        assert all(1 <= number <= len(asked.options) for number in answer)
    elif answer:
        assert len(answer) == len(asked.options)
        assert all(1 <= points <= 5 for points in answer)


@pytest.mark.parametrize("kind", [Kind.RANK, Kind.SCORE])
def test_where_options_are_numbers_in_another_script_the_example_names_places(kind: Kind) -> None:
    asked = poll(kind, "Kitchen", "①")
    with pytest.raises(UsageError) as refused:
        read_answer("the hall", asked)
    assert "#1" in refused.value.values["example"].text
    assert read_answer(refused.value.values["example"].text.removeprefix("!vote P3 "), asked)


# -- asking --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "question", "options", "answer"),
    [
        (
            "ranc",
            "Where?",
            ["Park", "Library"],
            None,
        ),
        (
            "bananas",
            "Where?",
            ["Park", "Library"],
            "“bananas” is no type of poll. There are: choice, yesno, approval, score, rank, temperature, meeting."
            " For example: !poll Where? | Park | Library",
        ),
        (
            "rank multi=2",
            "Where?",
            ["Park", "Library"],
            "“rank multi=2” is no type of poll. There are: choice, yesno, approval, score, rank, temperature, meeting."
            " For example: !poll Where? | Park | Library | type=rank",
        ),
        (
            "quickly",
            "Do we march?",
            [],
            "“quickly” is no type of poll. There are: choice, yesno, approval, score, rank, temperature, meeting."
            " For example: !poll Do we march? | type=yesno",
        ),
        (
            "secret",
            "Do we march?",
            ["Yes", "No"],
            "No poll here is secret: apps show who answered what. For a secret ballot use Belenios, belenios.org. For an"
            " open poll, for example: !poll Do we march? | Yes | No",
        ),
    ],
)
def test_a_wrong_type_gets_a_line_made_of_the_persons_words(
    typed: str, question: str, options: list[str], answer: str | None
) -> None:
    if answer is None:
        assert check_kind(typed, question, options) is Kind.RANK
        return
    with pytest.raises(UsageError) as found:
        check_kind(typed, question, options)
    assert refusal(found.value) == answer


@pytest.mark.parametrize(
    ("kind", "options", "most", "answer"),
    [
        (
            Kind.YESNO,
            ["Maybe"],
            "",
            "A poll of the type yesno has its own answers: Yes, No. For example: !poll Do we march? | type=yesno",
        ),
        (
            Kind.RANK,
            ["Park"],
            "",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Do we march? | Park | Other | type=rank",
        ),
        (
            Kind.SCORE,
            [],
            "",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Do we march? | Park | Library | type=score",
        ),
        (
            Kind.APPROVAL,
            ["Park", "Hall"],
            "2",
            "multi= is for polls of the type choice. For example: !poll Do we march? | Park | Hall | type=approval",
        ),
    ],
)
def test_a_kind_that_is_asked_wrongly_is_refused_with_a_valid_line(
    kind: Kind, options: list[str], most: str, answer: str
) -> None:
    with pytest.raises(UsageError) as found:
        check_poll("Do we march?", options, most, kind)
    assert refusal(found.value).replace(" …", "") == answer


def test_kinds_with_their_own_answers_need_none_and_take_the_same_ones() -> None:
    assert check_poll("Do we march?", [], "", Kind.YESNO)[1:] == (("Yes", "No"), 1)
    assert check_poll("Do we march?", ["no", "yes"], "", Kind.YESNO)[1:] == (("Yes", "No"), 1)
    assert check_poll("Where?", ["Park", "Hall", "Inn"], "", Kind.APPROVAL)[2] == 3


def test_an_option_inside_a_part_is_shown_apart() -> None:
    with pytest.raises(UsageError) as found:
        check_separated("Do we march? type=yesno", [])
    assert refusal(found.value) == "Put a | before type=. For example: !poll Do we march? | type=yesno"
    with pytest.raises(UsageError) as found:
        check_separated("Where?", ["Park", "Hall closes=Fri 18:00"])
    assert refusal(found.value).endswith("For example: !poll Where? | Park | Hall | closes=Fri 18:00")
    check_separated("Is 2+2=4?", ["a=b"])


@pytest.mark.parametrize(
    ("part", "meant"),
    [
        ("type: rank", "type=rank"),
        ("type rank", "type=rank"),
        ("to pods", "to=pods"),
        ("Multi 2", "multi=2"),
        ("closes Fri 18:00", "closes=Fri 18:00"),
    ],
)
def test_an_option_without_its_sign_is_shown_with_it(part: str, meant: str) -> None:
    with pytest.raises(UsageError) as found:
        check_separated("Where?", ["Park", "Hall", part])
    name = meant.partition("=")[0]
    assert refusal(found.value) == (
        f"Write {name}= with an equals sign. For example: !poll Where? | Park | Hall | {meant}"
    )


def test_options_that_begin_like_one_stay_what_they_are() -> None:
    check_separated("to pods", ["To Berlin", "Type writers", "Multi storey", "Total"])


def test_times_are_read_in_any_form_and_put_in_order() -> None:
    found, first = check_times("When?", ["Sat 11:00", "27 Nov"], START, ZONE)
    assert found == ("Fri 27 Nov 2026 18:00 Europe/London", "Sat 28 Nov 2026 11:00 Europe/London")
    assert first == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert check_times("When?", list(found), START, ZONE)[0] == found


def test_what_is_no_time_is_refused_with_the_other_times_kept() -> None:
    with pytest.raises(UsageError) as found:
        check_times("When?", ["Fri 18:00", "Satruday", "Sun 11:00"], START, ZONE)
    assert refusal(found.value) == (
        "Satruday is not a date or time that I understand."
        " For example: !poll When? | Fri 18:00 | Saturday | Sun 11:00 | type=meeting"
    )


@pytest.mark.parametrize("kind", Kind)
def test_the_example_of_every_kind_can_be_asked(kind: Kind) -> None:
    for words in ([], ["Park"], ["Park", "Hall", "Inn", "Sea"]):
        if kind is Kind.MEETING and words:
            continue
        question, *parts = [
            part.strip() for part in example_of("Do we march?", words, kind).removeprefix("!poll").split("|")
        ]
        typed = [part.removeprefix("type=") for part in parts if part.startswith("type=")]
        assert check_kind(*(typed or [""]), question, parts) is kind
        options = [part for part in parts if not part.startswith("type=")]
        if kind is Kind.MEETING:
            options = list(check_times(question, options, START, ZONE)[0])
        assert check_poll(question, options, "", kind)


def test_an_example_is_made_of_the_beginning_of_a_long_question() -> None:
    far = " " * 1000
    assert example_of('"Where?" "Park" "Library"', []) == "!poll Where? | Park | Library"
    assert example_of(f'"Where?" "Park" {far} "Library"', []) == '!poll "Where? | " "Park" | Other'
    assert example_of(f"Where? Park or Library{far} or River", []) == "!poll Where? | Park | Library"
