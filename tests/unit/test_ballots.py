"""What may be asked in a poll, what answers mean, and the sum."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.asking import check_poll
from bot.domain.ballots import Ballot, Fate, Tally, Unread, count, judge, unknown
from bot.domain.choices import is_attempt, read_answers, read_taps
from bot.domain.errors import Ambiguous, UsageError
from bot.domain.polls import LONGEST_TOGETHER, Poll, key, tidy

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
END = START + timedelta(minutes=10)


def poll(*options: str, most: int = 1) -> Poll:
    """A poll P3 with some options."""
    names = options or ("Park", "Library", "Fish and chips")
    return Poll("P3", "!willow:test", "@ana:test", "Where?", names, most, False, START, END)


def refusal(error: UsageError) -> str:
    """The sentence people read."""
    return error.template.format(
        **{name: getattr(value, "text", value) for name, value in error.values.items()}
    )


# -- the sum -----------------------------------------------------------------------------------------


def ballot(number: int, who: str, minute: float, *answers: int, **more: bool) -> Ballot:
    """An answer sent some minutes after the start."""
    return Ballot(f"$e{number}", who, START + timedelta(minutes=minute), answers, **more)


def fates(ballots: list[Ballot], *voices: str) -> list[Fate]:
    """What became of the answers, in the order they were given here."""
    found = {each.event_id: fate for each, fate in judge(ballots, voices, END)}
    return [found[each.event_id] for each in ballots]


def test_the_last_answer_of_a_person_counts_however_late_it_is_read() -> None:
    assert fates([ballot(2, "ana", 2, 1), ballot(1, "ana", 1, 2)], "ana") == [Fate.COUNTED, Fate.REPLACED]


def test_at_the_same_millisecond_the_event_id_decides() -> None:
    assert fates([ballot(2, "ana", 1, 1), ballot(1, "ana", 1, 2)], "ana") == [Fate.COUNTED, Fate.REPLACED]


def test_an_empty_answer_withdraws_and_a_spoiled_one_does_not() -> None:
    spoiled = Ballot("$e3", "ben", START + timedelta(minutes=3), None)
    given_ = [ballot(1, "ana", 1, 2), ballot(2, "ana", 2), ballot(4, "ben", 1, 1), spoiled]
    assert fates(given_, "ana", "ben") == [Fate.REPLACED, Fate.WITHDRAWN, Fate.COUNTED, Fate.SPOILED]


def test_only_members_with_a_voice_before_the_end_count() -> None:
    given_ = [
        ballot(1, "ana", 9.999, 1),
        ballot(2, "ben", 10, 1),
        ballot(3, "cy", 1, 1),
        ballot(4, "di", 1, 1, voice=False),
    ]
    assert fates(given_, "ana", "ben", "di") == [Fate.COUNTED, Fate.LATE, Fate.GONE, Fate.VOICELESS]


def test_a_late_answer_leaves_the_one_in_time() -> None:
    assert fates([ballot(1, "ana", 1, 1), ballot(2, "ana", 11, 2)], "ana") == [Fate.COUNTED, Fate.LATE]


def test_a_tie_has_several_leaders_and_nobody_voting_none() -> None:
    given_ = [ballot(1, "ana", 1, 1, 3), ballot(2, "ben", 1, 3), ballot(3, "cy", 1, 1)]
    assert count(judge(given_, {"ana", "ben", "cy"}, END), 3, 3).leading == (1, 3)
    assert count([], 3, 3).leading == ()


people = st.sampled_from(["ana", "ben", "cy", "di", "eve"])
ballots = st.lists(
    st.builds(
        Ballot,
        event_id=st.integers(0, 10**6).map("$e{}".format),
        user_id=people,
        sent_at=st.integers(0, 12).map(lambda minute: START + timedelta(minutes=minute)),
        answers=st.none() | st.sets(st.integers(1, 4), max_size=3).map(lambda chosen: tuple(sorted(chosen))),
        typed=st.booleans(),
        voice=st.booleans(),
    ),
    unique_by=lambda each: each.event_id,
    max_size=20,
)


@given(ballots, st.sets(people), st.randoms())
def test_the_sum_is_exact_and_does_not_depend_on_the_order_of_reading(
    given_: list[Ballot], voices: set[str], chance: object
) -> None:
    judged = judge(given_, voices, END)
    tally = count(judged, 4, len(voices))
    counted = [each for each, fate in judged if fate is Fate.COUNTED]
    assert len(judged) == len(given_)
    assert len({each.user_id for each in counted}) == len(counted) == tally.voted <= tally.voices
    assert sum(tally.counts) == sum(len(each.answers or ()) for each in counted)
    assert all(each.user_id in voices and each.voice and each.sent_at < END for each in counted)
    assert max(tally.counts) <= tally.voted
    assert tally.voices == 0 or Fraction(tally.voted, tally.voices) <= 1
    assert all(tally.counts[number - 1] == max(tally.counts) for number in tally.leading)
    shuffled = list(given_)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert count(judge(shuffled, voices, END), 4, len(voices)) == tally


@given(ballots, st.sets(people))
def test_withdrawing_leaves_others_as_they_were(given_: list[Ballot], voices: set[str]) -> None:
    before = judge(given_, voices, END)
    withdrawn = Ballot("$z", "ana", END - timedelta(milliseconds=1), ())
    after = judge([*given_, withdrawn], voices, END)

    def others(judged: list[tuple[Ballot, Fate]]) -> list[tuple[Ballot, Fate]]:
        return [(each, fate) for each, fate in judged if each.user_id != "ana"]

    assert others(before) == others(after)
    assert not any(each.user_id == "ana" and fate is Fate.COUNTED for each, fate in after)


# -- what could not be read ----------------------------------------------------------------------------


def unread(number: int, who: str, minute: float) -> Unread:
    """A message that could not be read, sent some minutes after the start."""
    return Unread(f"$e{number}", who, START + timedelta(minutes=minute))


def test_an_answer_is_unknown_where_something_later_could_not_be_read() -> None:
    given_ = [ballot(2, "ana", 2, 1), ballot(2, "ben", 2, 1), ballot(3, "cy", 2), ballot(4, "di", 5, 2)]
    later = [unread(1, "ana", 3), unread(3, "ben", 2), unread(5, "cy", 9.999), unread(6, "di", 4)]
    outside = [unread(7, "eve", 1), unread(8, "di", 10)]
    found = unknown(given_, [*later, *outside], {"ana", "ben", "cy", "di"}, END)
    assert found == {"ana", "ben", "cy"}
    judged = judge(given_, {"ana", "ben", "cy", "di"}, END, found)
    assert [fate for _, fate in judged] == [Fate.UNSURE, Fate.UNSURE, Fate.WITHDRAWN, Fate.COUNTED]
    assert count(judged, 2, 4, len(found)) == Tally((0, 1), 1, 4, 0, 3)


def test_neither_a_spoiled_nor_a_voiceless_nor_a_late_answer_makes_an_unread_one_known() -> None:
    given_ = [
        Ballot("$e2", "ana", START + timedelta(minutes=2), None),
        ballot(3, "ana", 3, 1, voice=False),
        ballot(4, "ana", 10, 1),
    ]
    assert unknown(given_, [unread(1, "ana", 1)], {"ana"}, END) == {"ana"}


@pytest.mark.parametrize(
    ("counts", "unknown", "certain"),
    [
        ((3, 1), 1, True),
        ((3, 2), 1, False),
        ((3, 1), 2, False),
        ((2, 2), 0, True),
        ((2, 2), 1, False),
        ((0, 0), 0, True),
        ((0, 0), 1, False),
        ((5, 0, 2), 2, True),
        ((5, 0, 3), 2, False),
    ],
)
def test_a_result_is_certain_where_unknown_answers_cannot_bring_another_option_level(
    counts: tuple[int, ...], unknown: int, certain: bool
) -> None:
    assert Tally(counts, sum(counts), 9, 0, unknown).is_certain is certain


@given(st.lists(st.integers(0, 4), min_size=2, max_size=3).map(tuple), st.integers(0, 3), st.integers(1, 3))
def test_a_result_is_certain_exactly_where_every_way_to_fill_in_the_unknown_answers_has_its_leaders(
    counts: tuple[int, ...], unknown: int, most: int
) -> None:
    options = range(len(counts))
    answers = [chosen for size in range(most + 1) for chosen in combinations(options, size)]
    outcomes = {
        Tally(
            tuple(votes + sum(option in one for one in filled) for option, votes in enumerate(counts)), 0, 0
        ).leading
        for filled in product(answers, repeat=unknown)
    }
    assert Tally(counts, 0, 0, 0, unknown).is_certain is (len(outcomes) == 1)


unreads = st.lists(
    st.builds(
        Unread,
        event_id=st.integers(0, 10**6).map("$u{}".format),
        user_id=people,
        sent_at=st.integers(0, 12).map(lambda minute: START + timedelta(minutes=minute)),
    ),
    max_size=6,
    unique_by=lambda each: each.event_id,
)


@given(
    ballots,
    unreads,
    st.sets(people),
    st.lists(st.none() | st.sets(st.integers(1, 4), max_size=3), min_size=6),
)
def test_a_certain_result_names_whoever_leads_when_everything_has_been_read(
    given_: list[Ballot], unreads: list[Unread], voices: set[str], contents: list[set[int] | None]
) -> None:
    unsure = unknown(given_, unreads, voices, END)
    tally = count(judge(given_, voices, END, unsure), 4, len(voices), len(unsure))
    read = [
        Ballot(each.event_id, each.user_id, each.sent_at, None if words is None else tuple(sorted(words)))
        for each, words in zip(unreads, contents, strict=False)
    ]
    full = count(judge([*given_, *read], voices, END), 4, len(voices))
    if tally.is_certain:
        assert full.leading == tally.leading
    assert tally.voted + tally.unknown <= tally.voices
    assert all(
        abs(after - before) <= tally.unknown for before, after in zip(tally.counts, full.counts, strict=True)
    )


# -- what an answer means ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "most", "meant"),
    [
        ("2", 1, (2,)),
        ("2.", 1, (2,)),
        ("#2", 1, (2,)),
        ("Park", 1, (1,)),
        ("  PARK!", 1, (1,)),
        ("park\ufe0f", 1, (1,)),
        ("Ｐａｒｋ", 1, (1,)),
        ("fish and chips", 1, (3,)),
        ("1 3", 2, (1, 3)),
        ("3, 1", 2, (1, 3)),
        ("1 and 3", 2, (1, 3)),
        ("1 1", 1, (1,)),
        ("Park, fish and chips", 2, (1, 3)),
        ("park and library", 2, (1, 2)),
        ("library | 1", 2, (1, 2)),
        ("none", 1, ()),
        ("Withdraw", 1, ()),
    ],
)
def test_it_reads_what_people_answer(typed: str, most: int, meant: tuple[int, ...]) -> None:
    assert read_answers(typed, poll(most=most)) == meant


@pytest.mark.parametrize(
    ("typed", "most", "answer"),
    [
        ("4", 1, "P3 has options 1 to 3. For example: !vote P3 3"),
        ("0", 1, "P3 has options 1 to 3. For example: !vote P3 1"),
        ("1 3", 1, "P3 takes 1 answer from each of you. For example: !vote P3 1"),
        ("1 2 3", 2, "P3 takes up to 2 answers from each of you. For example: !vote P3 1 2"),
        ("Libary", 1, "P3 has no option “Libary”. For example: !vote P3 Library"),
        ("the sea", 1, "P3 has no option “the sea”. For example: !vote P3 1"),
    ],
)
def test_it_refuses_what_is_no_answer(typed: str, most: int, answer: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_answers(typed, poll(most=most))
    assert refusal(refused.value) == answer


def test_none_is_an_option_where_it_is_one() -> None:
    assert read_answers("none", poll("Park", "None")) == (2,)
    assert read_answers("withdraw", poll("Park", "None")) == ()


def test_a_number_that_is_also_an_options_words_is_asked_about() -> None:
    with pytest.raises(Ambiguous) as asked:
        read_answers("2", poll("2", "3", "4"))
    assert asked.value.choices == [("Option 1: 2", "vote P3 #1"), ("Option 2: 3", "vote P3 #2")]
    assert read_answers("#2", poll("2", "3", "4")) == (2,)
    assert read_answers("4", poll("2", "3", "4")) == (3,)
    assert read_answers("1", poll("1", "2", "3")) == (1,)


@pytest.mark.parametrize(
    ("typed", "attempt"),
    [
        ("7", True),
        ("Libary", True),
        ("Park, library", True),
        ("sounds good", False),
        ("2026", False),
        ("Park is far", False),
    ],
)
def test_talk_is_told_from_a_faulty_answer(typed: str, attempt: bool) -> None:
    assert is_attempt(typed, poll()) is attempt


def test_tapped_answers_beyond_the_most_are_left_out_and_unknown_ones_spoil() -> None:
    assert read_taps(("3", "1", "2"), poll(most=2)) == (1, 3)
    assert read_taps(("3", "9"), poll(most=2)) is None
    assert read_taps((), poll()) == ()


pieces = st.sampled_from(
    [
        "0",
        "1",
        "2",
        "3",
        "9",
        "#1",
        "#8",
        "2.",
        "and",
        ",",
        "none",
        "Park",
        "park!",
        "Library",
        "&",
        "1,2",
        "②",
        "withdraw",
    ]
)


@given(
    st.text(max_size=30) | st.lists(pieces, max_size=4).map(" ".join),
    st.lists(st.text(min_size=1, max_size=10) | pieces, min_size=2, max_size=5),
    st.integers(1, 2),
)
def test_whatever_is_answered_it_is_in_range_or_refused_with_a_valid_example(
    typed: str, options: list[str], most: int
) -> None:
    try:
        asked = poll(*check_poll("Where?", options, "1")[1], most=most)
    except UsageError:
        return
    try:
        answers = read_answers(typed, asked)
    except UsageError as refused:
        example = refused.values["example"].text.removeprefix("!vote P3 ")
        with suppress(Ambiguous):
            assert 1 <= len(read_answers(example, asked)) <= most
    except Ambiguous as question:
        for _label, line in question.choices:
            assert len(read_answers(line.removeprefix("vote P3 "), asked)) == 1
    else:
        assert len(answers) <= most
        assert all(1 <= number <= len(asked.options) for number in answers)


# -- what may be asked -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "options", "most", "answer"),
    [
        (
            "Where?",
            [],
            "1",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Yes | No",
        ),
        (
            "Where? Park or Library",
            [],
            "1",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Park | Library",
        ),
        (
            "Where?",
            ["Park"],
            "1",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Park | Other",
        ),
        (
            "Where?",
            [f"Place {number}" for number in range(21)],
            "1",
            "21 options are too many; 20 are the most. For example: !poll Where? | Place 0 | Place 1 | Place 2",
        ),
        (
            "Where?",
            ["Café", "  CAFE\u0301 ", "Park"],
            "1",
            "CAFÉ is there twice. For example: !poll Where? | CAFÉ | Park",
        ),
        (
            "Where?",
            ["Park", "Pa\u200brk"],
            "1",
            "Park is there twice. For example: !poll Where? | Park | Other",
        ),
        (
            "",
            ["Where?", "Park", "Library"],
            "1",
            "A poll begins with its question. For example: !poll Where? | Park | Library",
        ),
        (
            "Where?",
            ["Park", "\u200b", "Hall"],
            "1",
            "One option is empty. For example: !poll Where? | Park | Hall",
        ),
        (
            "Where?",
            ["Park", "Hall"],
            "3",
            "multi= is how many answers one person may give, 1 to 2 here. For example: !poll Where? | Park | Hall | multi=2",
        ),
        (
            "Where?",
            ["Park", "Hall"],
            "0",
            "multi= is how many answers one person may give, 1 to 2 here. For example: !poll Where? | Park | Hall | multi=2",
        ),
        (
            "Where?",
            ["Park", "a very long name of a place " * 8],
            "1",
            "a very long name of a place a very long… is 223 characters long; 200 are the most. "
            "For example: !poll Where? | Park | a very long name of a place a very long…",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_persons_own_words(
    question: str, options: list[str], most: str, answer: str
) -> None:
    with pytest.raises(UsageError) as refused:
        check_poll(question, options, most)
    assert refusal(refused.value) == answer


def test_a_poll_fits_into_a_matrix_event_in_any_script() -> None:
    with pytest.raises(UsageError, match="Together that is too long"):
        check_poll("Где?", ["Ж" * 190 + str(number) for number in range(20)], "1")
    check_poll("Where?", ["x" * 190 + str(number) for number in range(20)], "1")
    assert LONGEST_TOGETHER * 2 * 4 / 3 < 65_536


@given(st.text(max_size=60), st.lists(st.text(max_size=30), max_size=25), st.text(max_size=3))
def test_every_refusal_shows_a_poll_that_can_be_asked(question: str, options: list[str], most: str) -> None:
    # what the framework hands over has neither bars nor lines in it
    def part(text: str) -> str:
        return text.replace("|", "").replace("\n", "")

    try:
        asked, offered, number = check_poll(part(question), [part(option) for option in options], most)
    except UsageError as refused:
        words, *example = refused.values["example"].text.removeprefix("!poll ").split(" | ")
        multi = [item.removeprefix("multi=") for item in example if item.startswith("multi=")]
        check_poll(
            words, [item for item in example if not item.startswith("multi=")], multi[0] if multi else "1"
        )
    else:
        assert 1 <= number <= len(offered)
        assert len({key(option) for option in offered}) == len(offered)
        assert all(option == tidy(option) for option in (asked, *offered))
