"""How many must say yes: the table, and that no voice ever does the opposite of what it says."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import strategies as st

from bot.domain.errors import UsageError
from bot.domain.stances import Count, Stance
from bot.domain.thresholds import (
    ALL_BUT_ONE,
    CONSENSUS,
    MAJORITY,
    Rule,
    Threshold,
    read_threshold,
)
from tests.unit.cases import RULES, THRESHOLDS, cases

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


@st.composite
def counts(draw: st.DrawFn, silent: bool = False) -> Count:
    """Any count; with somebody silent if asked for."""
    parts = draw(st.lists(st.integers(0, 8), min_size=6, max_size=6))
    rest = draw(st.integers(int(silent), 8))
    names = [stance.value for stance in Stance]
    dormant = draw(st.integers(0, rest))
    return Count(sum(parts) + rest, dormant=dormant, **dict(zip(names, parts, strict=True)))


def test_one_more_no_makes_nothing_pass() -> None:
    for rule, count in cases(4000, silent=1):
        if not rule.passes(count):
            for no in (Stance.DISAGREE, Stance.BLOCK):
                assert not rule.passes(count.with_stance(no)), (rule, count, no)


def test_one_more_yes_makes_nothing_fail() -> None:
    for rule, count in cases(4000, silent=1):
        if rule.passes(count):
            for yes in (Stance.AGREE, Stance.RESERVE):
                assert rule.passes(count.with_stance(yes)), (rule, count, yes)


def test_turning_to_no_makes_nothing_pass() -> None:
    for rule, count in cases(1000):
        if not rule.passes(count):
            for before, no in product(Stance, (Stance.DISAGREE, Stance.BLOCK)):
                if getattr(count, before.value):
                    turned = count.with_stance(before, -1).with_stance(no)
                    assert not rule.passes(turned), (rule, count, before, no)


def test_turning_to_yes_makes_nothing_fail() -> None:
    for rule, count in cases(4000):
        if rule.passes(count):
            for before in Stance:
                if getattr(count, before.value):
                    turned = count.with_stance(before, -1).with_stance(Stance.AGREE)
                    assert rule.passes(turned), (rule, count, before)


def test_the_number_said_along_the_way_is_exactly_the_least_that_passes() -> None:
    for rule, count in cases(1000):
        least = rule.least_yes(count)
        for yes in range(count.yes + count.silent + 1):
            is_enough = least is not None and yes >= least
            assert rule.passes(count.with_yes(yes)) == is_enough, (rule, count, yes)


def test_the_announced_number_is_enough_whatever_the_others_say() -> None:
    chance = random.Random(5)  # noqa: S311 - always the same ones
    for rule, voices in product(RULES, (*range(1, 13), 20, 30)):
        enough = rule.enough(voices)
        for likely in (None, *Stance):
            # all the others alike, then most of them
            for said in ((likely,), (likely, likely, None, *Stance)):
                others = Counter(chance.choices(said, k=voices - enough))
                stances = {stance.value: number for stance, number in others.items() if stance}
                count = Count(voices, **{**stances, "agree": enough + others[Stance.AGREE]})
                assert rule.passes(count), (rule, count)
        missed = Count(voices, agree=enough - 1, disagree=voices - enough + 1)
        assert not rule.passes(missed), (rule, missed)


@pytest.mark.parametrize("voices", range(1, 201))
def test_the_announced_number_is_the_one_of_the_table(voices: int) -> None:
    for threshold in THRESHOLDS:
        if not threshold.is_consensus:
            assert Rule(threshold, Fraction(1, 2)).enough(voices) == threshold.least(voices)


def test_where_the_quorum_is_there_it_changes_nothing() -> None:
    for rule, count in cases(4000):
        if rule.is_quorate(count):
            without = Rule(rule.threshold, Fraction(0), rule.against)
            assert rule.passes(count) == without.passes(count), (rule, count)


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
    ("typed", "share"),
    [
        ("2/3", "2/3"),
        ("80 %", "4/5"),
        ("75%", "3/4"),
        ("62.5%", "5/8"),
        ("100%", "1"),
        ("⅔", "2/3"),
        ("2⁄3", "2/3"),
        ("¾", "3/4"),
    ],
)
def test_fractions_and_exact_percentages_are_read(typed: str, share: str) -> None:
    assert read_threshold(typed, 9).share == Fraction(share)
