"""How many must say yes: the table, and that no voice ever does the opposite of what it says."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import UsageError
from bot.domain.stances import Count, Stance
from bot.domain.thresholds import (
    ALL_BUT_ONE,
    CONSENSUS,
    MAJORITY,
    Against,
    Rule,
    Threshold,
    read_threshold,
)

TABLE = {
    "majority": (2, 3, 3, 4, 4, 5, 5, 6, 7, 8),
    "2/3": (2, 3, 4, 4, 5, 6, 6, 7, 8, 10),
    "3/4": (3, 3, 4, 5, 6, 6, 7, 8, 9, 12),
    "80%": (3, 4, 4, 5, 6, 7, 8, 8, 10, 12),
    "90%": (3, 4, 5, 6, 7, 8, 9, 9, 11, 14),
    "consensus-1": (None, 3, 4, 5, 6, 7, 8, 9, 11, 14),
}
SIZES = (3, 4, 5, 6, 7, 8, 9, 10, 12, 15)


@pytest.mark.parametrize(
    ("name", "voices", "needed"),
    [(name, size, needed) for name, row in TABLE.items() for size, needed in zip(SIZES, row, strict=True)],
)
def test_the_table_people_were_given_holds(name: str, voices: int, needed: int | None) -> None:
    if needed is None:
        with pytest.raises(UsageError, match="needs at least"):
            read_threshold(name, voices)
    else:
        assert read_threshold(name, voices).least(voices) == needed


@pytest.mark.parametrize("voices", range(1, 201))
def test_the_least_number_is_the_least_by_exact_fractions(voices: int) -> None:
    assert MAJORITY.least(voices) == voices // 2 + 1
    for share in (Fraction(2, 3), Fraction(3, 4), Fraction(4, 5), Fraction(9, 10)):
        least = Threshold(str(share), share).least(voices)
        assert Fraction(least, voices) >= share > Fraction(least - 1, voices)
    if voices >= 4:
        assert ALL_BUT_ONE.least(voices) == voices - 1


THRESHOLDS = [MAJORITY, CONSENSUS, ALL_BUT_ONE] + [
    Threshold(name, Fraction(name)) for name in ("2/3", "3/4", "4/5", "9/10", "1")
]
rules = st.builds(
    Rule,
    st.sampled_from(THRESHOLDS),
    st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(2, 3), Fraction(1)]),
    st.sampled_from(Against),
)


@st.composite
def counts(draw: st.DrawFn, silent: bool = False) -> Count:
    """Any count; with somebody silent if asked for."""
    parts = draw(st.lists(st.integers(0, 8), min_size=6, max_size=6))
    rest = draw(st.integers(int(silent), 8))
    names = [stance.value for stance in Stance]
    dormant = draw(st.integers(0, rest))
    return Count(sum(parts) + rest, dormant=dormant, **dict(zip(names, parts, strict=True)))


@settings(max_examples=400)
@given(rules, counts(silent=True))
def test_one_more_no_makes_nothing_pass(rule: Rule, count: Count) -> None:
    for no in (Stance.DISAGREE, Stance.BLOCK):
        assert rule.passes(count) or not rule.passes(count.with_stance(no))


@settings(max_examples=400)
@given(rules, counts(silent=True))
def test_one_more_yes_makes_nothing_fail(rule: Rule, count: Count) -> None:
    for yes in (Stance.AGREE, Stance.RESERVE):
        assert not rule.passes(count) or rule.passes(count.with_stance(yes))


@settings(max_examples=400)
@given(rules, counts(), st.sampled_from(Stance), st.sampled_from([Stance.DISAGREE, Stance.BLOCK]))
def test_turning_to_no_makes_nothing_pass(rule: Rule, count: Count, before: Stance, no: Stance) -> None:
    if getattr(count, before.value):
        assert rule.passes(count) or not rule.passes(count.with_stance(before, -1).with_stance(no))


@settings(max_examples=400)
@given(rules, counts(), st.sampled_from(Stance))
def test_turning_to_yes_makes_nothing_fail(rule: Rule, count: Count, before: Stance) -> None:
    if getattr(count, before.value):
        turned = count.with_stance(before, -1).with_stance(Stance.AGREE)
        assert not rule.passes(count) or rule.passes(turned)


@settings(max_examples=400)
@given(rules, counts())
def test_the_number_said_along_the_way_is_exactly_the_least_that_passes(rule: Rule, count: Count) -> None:
    least = rule.least_yes(count)
    for yes in range(count.yes + count.silent + 1):
        assert rule.passes(count.with_yes(yes)) == (least is not None and yes >= least)


@settings(max_examples=400)
@given(rules, st.integers(1, 30), st.data())
def test_the_announced_number_is_enough_whatever_the_others_say(
    rule: Rule, voices: int, data: st.DataObject
) -> None:
    enough = rule.enough(voices)
    others = data.draw(
        st.lists(st.sampled_from([None, *Stance]), min_size=voices - enough, max_size=voices - enough)
    )
    count = Count(voices, agree=enough)
    for stance in others:
        if stance is not None:
            count = count.with_stance(stance)
    assert rule.passes(count)
    assert not rule.passes(Count(voices, agree=enough - 1, disagree=voices - enough + 1))


@pytest.mark.parametrize("voices", range(1, 201))
def test_the_announced_number_is_the_one_of_the_table(voices: int) -> None:
    for threshold in THRESHOLDS:
        if not threshold.is_consensus:
            assert Rule(threshold, Fraction(1, 2)).enough(voices) == threshold.least(voices)


@settings(max_examples=400)
@given(rules, counts())
def test_where_the_quorum_is_there_it_changes_nothing(rule: Rule, count: Count) -> None:
    if rule.is_quorate(count):
        assert rule.passes(count) == Rule(rule.threshold, Fraction(0), rule.against).passes(count)


def test_nobody_and_a_tie_do_not_pass() -> None:
    for threshold in THRESHOLDS:
        assert not Rule(threshold, Fraction(0)).passes(Count(10))
        assert not Rule(threshold, Fraction(0)).passes(Count(10, abstain=10))
        assert not Rule(threshold, Fraction(0)).passes(Count(10, agree=0, disagree=1))
    assert not Rule(MAJORITY, Fraction(0)).passes(Count(10, agree=5, disagree=5))


def test_one_yes_does_not_bind_a_silent_pod_by_consensus() -> None:
    rule = Rule(CONSENSUS, Fraction(1, 2))
    for voices in range(3, 16):
        assert not rule.passes(Count(voices, agree=1)), voices
        assert rule.passes(Count(voices, agree=rule.needed_present(voices)))


def test_consensus_bears_reservations_and_a_third_aside() -> None:
    rule = Rule(CONSENSUS, Fraction(1, 2))
    assert rule.passes(Count(9, agree=4, reserve=2, aside=3))
    assert not rule.passes(Count(9, agree=4, reserve=1, aside=4))
    assert not rule.passes(Count(9, agree=4, aside=2, abstain=3))
    assert not rule.passes(Count(9, agree=2))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("66%", "Did you mean 2/3"),
        ("67 %", "Did you mean 2/3"),
        ("66.6%", "Did you mean 2/3"),
        ("120%", "is not a threshold"),
        ("3/2", "is not a threshold"),
        ("1/2", "could both pass"),
        ("50%", "could both pass"),
        ("", "is not a threshold"),
        ("1/0", "is not a threshold"),
        ("two thirds", "is not a threshold"),
    ],
)
def test_a_threshold_that_is_none_is_refused_with_a_valid_one(typed: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_threshold(typed, 9)
    values = {name: getattr(value, "text", value) for name, value in refused.value.values.items()}
    assert said in refused.value.template.format(**values)


@pytest.mark.parametrize(
    ("typed", "share"), [("2/3", "2/3"), ("80 %", "4/5"), ("75%", "3/4"), ("62.5%", "5/8"), ("100%", "1")]
)
def test_fractions_and_exact_percentages_are_read(typed: str, share: str) -> None:
    assert read_threshold(typed, 9).share == Fraction(share)
