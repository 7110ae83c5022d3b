"""Each way of counting: the laws it keeps, the ones it does not, and what unknown answers can change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.ballots import Fate, count
from bot.domain.counting import duels, levels, runoff, scores, temperature, votes
from bot.domain.counting.kinds import Kind, read_kind
from bot.domain.counting.runoff import Ranking, Round, instant_runoff
from sandbox.counting import differences
from tests.unit.test_ballots import ballot

SIZE = 4


def rankings_of(options: int) -> list[Ranking]:
    """Every ranking, also of some options only, and the answer that names none."""
    return [order for length in range(options + 1) for order in permutations(range(1, options + 1), length)]


def profiles(options: int = SIZE, most: int = 9) -> st.SearchStrategy[list[Ranking]]:
    """Some people's rankings."""
    return st.lists(st.sampled_from(rankings_of(options)), max_size=most)


def renamed(order: Iterable[int], names: dict[int, int]) -> Ranking:
    """The same with other numbers."""
    return tuple(names[number] for number in order)


renamings = st.permutations(range(1, SIZE + 1)).map(lambda to: dict(enumerate(to, 1)))


# -- votes, points, levels -----------------------------------------------------------------------------


@given(st.lists(st.sets(st.integers(1, SIZE)).map(tuple), max_size=9), renamings)
def test_votes_move_with_the_options_and_one_more_never_harms_whom_it_is_for(
    answers: list[tuple[int, ...]], names: dict[int, int]
) -> None:
    counts = votes.count_votes(answers, SIZE)
    moved = votes.count_votes([renamed(answer, names) for answer in answers], SIZE)
    assert all(moved[names[number] - 1] == counts[number - 1] for number in names)
    for number in votes.leading(counts):
        assert votes.leading(votes.count_votes([*answers, (number,)], SIZE)) == (number,)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12))
def test_mean_and_median_are_exact(chosen: list[int]) -> None:
    counts = levels.distribution(chosen)
    ordered = sorted(chosen)
    middle = len(ordered) // 2
    median = Fraction(ordered[middle] + ordered[~middle], 2)
    assert levels.median(counts) == median
    assert levels.mean(counts) == Fraction(sum(chosen), len(chosen))
    assert isinstance(levels.mean(counts), Fraction)
    assert isinstance(levels.median(counts), Fraction)


def test_nobody_has_no_mean_and_no_median() -> None:
    assert levels.mean((0,) * 5) is None
    assert levels.median((0,) * 5) is None
    assert temperature.reading((0,) * 5) == (None, False)


full_scores = st.tuples(*[st.integers(1, 5)] * 3)


@given(st.lists(full_scores, min_size=1, max_size=6), full_scores, st.integers(0, 2))
def test_a_higher_score_never_harms_whom_it_is_for(
    answers: list[tuple[int, ...]], old: tuple[int, ...], place: int
) -> None:
    better = tuple(5 if each == place else score for each, score in enumerate(old))

    def lead(last: tuple[int, ...]) -> tuple[int, ...]:
        return votes.leading(scores.points(scores.distributions([*answers, last], 3)))

    if place + 1 in lead(old):
        assert place + 1 in lead(better)


@given(st.lists(full_scores, min_size=1, max_size=9))
def test_most_points_and_the_highest_mean_are_the_same_options(answers: list[tuple[int, ...]]) -> None:
    found = scores.distributions(answers, 3)
    means = [levels.mean(each) or Fraction(0) for each in found]
    best = tuple(number for number, mean in enumerate(means, 1) if mean == max(means))
    assert votes.leading(scores.points(found)) == best


# -- instant run-off -----------------------------------------------------------------------------------


def test_the_lowest_goes_out_and_its_votes_move_on() -> None:
    given_ = [(1,)] * 4 + [(2, 3)] * 3 + [(3, 2)] * 2
    assert instant_runoff(given_, 3) == runoff.Runoff(
        (Round(((1, 4), (2, 3), (3, 2)), 0, (3,)), Round(((1, 4), (2, 5)))), (2,)
    )


def test_an_answer_whose_options_are_all_out_is_spent() -> None:
    given_ = [(1,)] * 4 + [(2,)] * 3 + [(3,)] * 2
    assert instant_runoff(given_, 3).rounds[1] == Round(((1, 4), (2, 3)), 2)


def test_equally_low_options_go_together_where_no_order_of_them_matters() -> None:
    given_ = [(1,)] * 4 + [(2,)] * 3 + [(3, 2), (4, 3, 2)]
    found = instant_runoff(given_, 4)
    assert found.rounds[0].out == (3, 4)
    assert found.winners == (2,)
    assert not found.forks


def test_where_the_order_of_equally_low_options_decides_there_is_a_tie_that_names_both_ways() -> None:
    given_ = [(1,)] * 3 + [(2, 1)] * 2 + [(3, 2)] * 2
    found = instant_runoff(given_, 3)
    assert found.rounds == (Round(((1, 3), (2, 2), (3, 2))),)
    assert found.forks == ((2, (1,)), (3, (2,)))
    assert found.winners == (1, 2)


def test_where_every_order_of_equally_low_options_has_the_same_winner_it_has_won() -> None:
    given_ = [(1,)] * 3 + [(2, 1)] * 2 + [(3, 1)] * 2
    found = instant_runoff(given_, 3)
    assert found.forks == ((2, (1,)), (3, (1,)))
    assert found.winners == (1,)


def test_nobody_voting_has_no_winner_and_two_level_options_tie() -> None:
    assert instant_runoff([], 3).winners == ()
    assert instant_runoff([()], 3).winners == ()
    assert instant_runoff([(1,), (2,)], 3).winners == (1, 2)


def test_twenty_options_that_are_all_level_are_a_tie_at_once() -> None:
    given_ = [(number, number % 20 + 1, (number + 6) % 20 + 1) for number in range(1, 21)]
    assert instant_runoff(given_, 20).winners == tuple(range(1, 21))


def test_instant_run_off_is_not_monotone() -> None:
    """Two people move the winner up and it loses: the method is like that (Doron and Kronick, 1977)."""
    before = [(1, 2, 3)] * 6 + [(3, 1, 2)] * 5 + [(2, 3, 1)] * 4 + [(2, 1, 3)] * 2
    after = [(1, 2, 3)] * 6 + [(3, 1, 2)] * 5 + [(2, 3, 1)] * 4 + [(1, 2, 3)] * 2
    assert instant_runoff(before, 3).winners == (1,)
    assert instant_runoff(after, 3).winners == (3,)


def test_the_two_ways_of_counting_a_ranking_can_differ() -> None:
    given_ = [(1, 2, 3)] * 4 + [(3, 2, 1)] * 3 + [(2, 1, 3)] * 2
    assert instant_runoff(given_, 3).winners == (1,)
    assert duels.winner(duels.table(given_, 3)) == 2


def every_way(given_: list[Ranking], remaining: frozenset[int]) -> set[int]:
    """The winners of all orders of the equally low, one by one, as slowly as can be."""
    found = {number: 0 for number in remaining}
    for order in given_:
        first = next((number for number in order if number in found), None)
        if first is not None:
            found[first] += 1
    if len(remaining) <= 2:
        return {number for number, count in found.items() if count == max(found.values()) > 0}
    low = [number for number, count in found.items() if count == min(found.values())]
    return set().union(*(every_way(given_, remaining - {number}) for number in low))


@given(profiles(), renamings, st.randoms(use_true_random=False))
def test_an_instant_run_off_finds_the_winners_of_all_orders_whatever_order_is_read_and_however_numbered(
    given_: list[Ranking], names: dict[int, int], chance: object
) -> None:
    found = instant_runoff(given_, SIZE)
    assert set(found.winners) == every_way(given_, frozenset(names))
    shuffled = list(given_)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert instant_runoff(shuffled, SIZE) == found
    moved = instant_runoff([renamed(order, names) for order in given_], SIZE)
    assert moved.winners == tuple(sorted(renamed(found.winners, names)))
    assert [set(renamed(each.out, names)) for each in found.rounds] == [
        set(each.out) for each in moved.rounds
    ]


@given(profiles(SIZE, 9), st.integers(1, SIZE))
def test_more_than_half_of_the_first_places_wins(given_: list[Ranking], number: int) -> None:
    most = len(given_) + 1
    assert instant_runoff([*given_, *[(number,)] * most], SIZE).winners == (number,)


# -- each against each ---------------------------------------------------------------------------------


@given(profiles(), renamings)
def test_the_order_of_pairs_moves_with_the_options_and_each_group_beats_all_below(
    given_: list[Ranking], names: dict[int, int]
) -> None:
    pairs = duels.table(given_, SIZE)
    found = duels.tiers(pairs)
    assert sorted(number for group in found for number in group) == list(range(1, SIZE + 1))
    for upper, lower in combinations(found, 2):
        assert all(duels.margin(pairs, one, other) > 0 for one in upper for other in lower)
    moved = duels.tiers(duels.table([renamed(order, names) for order in given_], SIZE))
    assert [set(group) for group in moved] == [set(renamed(group, names)) for group in found]
    assert duels.table(reversed(given_), SIZE) == pairs


@given(profiles(), st.data())
def test_moving_the_winner_of_all_pairs_up_leaves_it_the_winner(
    given_: list[Ranking], data: st.DataObject
) -> None:
    best = duels.winner(duels.table(given_, SIZE))
    if best is None or not given_:
        return
    place = data.draw(st.integers(0, len(given_) - 1))
    up = (best, *(number for number in given_[place] if number != best))
    after = [*given_[:place], up, *given_[place + 1 :]]
    assert duels.winner(duels.table(after, SIZE)) == best


def test_options_that_beat_each_other_in_a_circle_stand_together() -> None:
    given_ = [(1, 2, 3, 4), (2, 3, 1, 4), (3, 1, 2, 4)]
    pairs = duels.table(given_, 4)
    assert duels.tiers(pairs) == ((1, 2, 3), (4,))
    assert duels.winner(pairs) is None


# -- what could not be read -----------------------------------------------------------------------------


def outcomes(
    known: list[Any], possible: list[Any], unknown: int, result: Callable[[list[Any]], object]
) -> set[object]:
    """The results of all ways to fill in the unknown answers."""
    return {result([*known, *filled]) for filled in product(possible, repeat=unknown)}


NOTHING: tuple[int, ...] = ()
"""An unknown message that was talk, or an answer that withdraws."""


@example((0, 0, 4, 0, 0), 2)
@given(st.lists(st.integers(0, 4), min_size=5, max_size=5).map(tuple), st.integers(0, 3))
def test_a_temperature_is_certain_exactly_where_all_ways_have_its_reading(
    counts: tuple[int, ...], unknown: int
) -> None:
    known = [level for level, count in enumerate(counts, 1) for _ in range(count)]

    def read(filled: list[int]) -> object:
        return temperature.reading(levels.distribution(level for level in filled if level))

    found = outcomes(known, [0, 1, 2, 3, 4, 5], unknown, read)
    assert temperature.is_certain(counts, unknown) is (len(found) == 1)


@given(st.lists(full_scores.map(lambda found: found[:2]), max_size=8), st.integers(0, 2))
def test_a_score_is_certain_exactly_where_all_ways_have_its_leaders(
    answers: list[tuple[int, ...]], unknown: int
) -> None:
    def lead(filled: list[tuple[int, ...]]) -> object:
        return votes.leading(scores.points(scores.distributions([one for one in filled if one], 2)))

    points = scores.points(scores.distributions(answers, 2))
    found = outcomes(answers, [NOTHING, *product((1, 2, 4, 5), repeat=2)], unknown, lead)
    assert scores.is_certain(points, unknown) is (len(found) == 1)


heavy = st.lists(st.tuples(st.sampled_from(rankings_of(3)), st.integers(1, 4)), max_size=5).map(
    lambda found: [order for order, people in found for _ in range(people)]
)


@settings(max_examples=60)
@given(heavy, st.integers(1, 2))
def test_a_ranked_result_is_never_called_certain_where_some_way_has_another(
    given_: list[Ranking], unknown: int
) -> None:
    possible = rankings_of(3)
    if runoff.is_certain(given_, 3, unknown):
        found = outcomes(given_, possible, unknown, lambda filled: instant_runoff(filled, 3).winners)
        assert len(found) == 1
    pairs = duels.table(given_, 3)
    first = outcomes(given_, possible, unknown, lambda filled: duels.tiers(duels.table(filled, 3))[0])
    if duels.is_certain(pairs, unknown):
        assert len(first) == 1
    best = duels.winner(pairs)
    if best is not None:
        assert duels.is_certain(pairs, unknown) is (len(first) == 1)


@pytest.mark.parametrize(
    ("given_", "unknown", "certain"),
    [
        ([(1,)] * 5 + [(2,)] * 3, 1, True),
        ([(1,)] * 5 + [(2,)] * 3, 2, False),
        ([(1,)] * 4 + [(2,)] * 9 + [(3, 2)] * 2, 1, True),
        ([(1,)] * 4 + [(2,)] * 4 + [(3, 2)] * 3, 1, False),
        ([(1,)] * 6 + [(2,)] * 5 + [(3, 2)] * 3, 1, True),
        ([(1,), (2,)], 1, False),
        ([], 1, False),
        ([], 0, True),
    ],
)
def test_an_instant_run_off_is_certain_where_nobody_can_be_saved_and_nobody_catch_up(
    given_: list[Ranking], unknown: int, certain: bool
) -> None:
    assert runoff.is_certain(given_, 3, unknown) is certain


# -- kinds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("rank", Kind.RANK),
        ("Ranked choice", Kind.RANK),
        ("yes/no", Kind.YESNO),
        ("Yes or no", Kind.YESNO),
        ("yesno", Kind.YESNO),
        ("y/n", Kind.YESNO),
        ("temp check", Kind.TEMPERATURE),
        ("temprature", Kind.TEMPERATURE),
        ("meeting-time", Kind.MEETING),
        ("doodle", Kind.MEETING),
        ("score 1-5", Kind.SCORE),
        ("1-5", Kind.SCORE),
        ("aproval", Kind.APPROVAL),
        ("", None),
        ("secret", None),
        ("choise", Kind.CHOICE),
    ],
)
def test_kinds_are_understood_in_many_words(typed: str, kind: Kind | None) -> None:
    assert read_kind(typed) is kind


# -- another package -----------------------------------------------------------------------------------


def test_rankings_are_counted_as_by_pref_voting_where_the_rule_is_the_same() -> None:
    """Its results are kept; `make counting` compares thousands of profiles anew (docs/counting.md)."""
    lines = Path(__file__).with_name("pref_voting.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 120
    for line in lines:
        kept = json.loads(line)
        assert set(differences(kept, kept)) <= {"together"}, line


def test_every_difference_to_pref_voting_is_written_down_and_is_the_one_that_the_page_explains() -> None:
    docs = Path(__file__).parents[2] / "docs"
    lines = (docs / "counting-differences.jsonl").read_text(encoding="utf-8").splitlines()
    assert f"All {len(lines)} are\nwritten down" in (docs / "counting.md").read_text(encoding="utf-8")
    for line in lines:
        kept = json.loads(line)
        assert differences(kept, kept["theirs"]) == [kept["differs"]] == ["together"], line
        assert list(instant_runoff(map(tuple, kept["rankings"]), kept["options"]).winners) == kept["ours"], (
            line
        )


def test_a_result_says_the_same_where_only_talk_was_read_and_another_where_an_order_was() -> None:
    order = [(1, 2, 3)] * 5
    judged = [(ballot(number, f"p{number}", 1, *answer), Fate.COUNTED) for number, answer in enumerate(order)]
    unclear, clear = (count(judged, 3, 6, unknown, Kind.RANK) for unknown in (5, 0))
    assert not unclear.is_certain
    assert not clear.says_as(unclear)
    assert count(judged, 3, 6, 1, Kind.RANK).says_as(clear)
    other = [(each, fate) for each, fate in judged[:-1]] + [(ballot(9, "p4", 1, 1, 3, 2), Fate.COUNTED)]
    assert not count(other, 3, 6, 0, Kind.RANK).says_as(clear)


# -- laws of scales ------------------------------------------------------------------------------------


@given(st.lists(full_scores, max_size=6), st.permutations((0, 1, 2)))
def test_points_move_with_the_options_and_no_order_of_reading_matters(
    answers: list[tuple[int, ...]], places: list[int]
) -> None:
    found = scores.distributions(answers, 3)
    moved = scores.distributions([tuple(answer[place] for place in places) for answer in answers], 3)
    assert moved == tuple(found[place] for place in places)
    assert scores.distributions(answers[::-1], 3) == found


@given(st.lists(st.integers(0, 4), min_size=5, max_size=5).map(tuple))
def test_a_temperature_seen_from_the_other_end_is_the_same(counts: tuple[int, ...]) -> None:
    middle, apart = temperature.reading(counts)
    turned, apart_too = temperature.reading(counts[::-1])
    assert apart is apart_too
    assert (middle is None) is (turned is None) is (not any(counts))
    assert middle is None or turned is None or middle + turned == 6
