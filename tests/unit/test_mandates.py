"""What a pod says as one voice: what its own rule carries, and nothing else."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.mandates import Mandate, carried, count_pods
from bot.domain.stances import Count, Stance
from bot.domain.thresholds import CONSENSUS, MAJORITY, Rule, Threshold
from tests.unit.test_thresholds import counts

RULES = st.sampled_from(
    [Rule(each, Fraction(1, 2)) for each in (CONSENSUS, MAJORITY, Threshold("2/3", Fraction(2, 3)))]
)


@pytest.mark.parametrize(
    ("count", "stance"),
    [
        (Count(9, agree=7, aside=1), Stance.AGREE),
        (Count(9, agree=1, disagree=7), Stance.DISAGREE),
        (Count(9, disagree=1, block=7), Stance.BLOCK),
        (Count(9, disagree=4, block=4), Stance.DISAGREE),
        (Count(9, agree=1, abstain=7), Stance.ABSTAIN),
        (Count(8, agree=4, disagree=4), None),
        (Count(9, agree=8, block=1), None),
        (Count(9, agree=1), None),
        (Count(9, agree=3, unknown=6), None),
        (Count(9), None),
    ],
)
def test_a_pod_says_what_its_consensus_carries(count: Count, stance: Stance | None) -> None:
    assert carried(Rule(CONSENSUS, Fraction(1, 2)), count) is stance


@settings(max_examples=400)
@given(RULES, counts(silent=True))
def test_one_more_no_in_a_pod_never_makes_it_say_yes(rule: Rule, count: Count) -> None:
    for no in (Stance.DISAGREE, Stance.BLOCK):
        if carried(rule, count) is not Stance.AGREE:
            assert carried(rule, count.with_stance(no)) is not Stance.AGREE


@settings(max_examples=400)
@given(RULES, counts(silent=True))
def test_one_more_yes_in_a_pod_never_takes_its_yes_away(rule: Rule, count: Count) -> None:
    if carried(rule, count) is Stance.AGREE:
        assert carried(rule, count.with_stance(Stance.AGREE)) is Stance.AGREE


@settings(max_examples=300)
@given(RULES, counts())
def test_a_pod_never_says_yes_and_no_both(rule: Rule, count: Count) -> None:
    said = carried(rule, count)
    yes, no = count.yes, count.disagree + count.block
    if said is Stance.AGREE:
        assert yes > no or yes >= Fraction(1, 2) * count.present
    if said in (Stance.DISAGREE, Stance.BLOCK):
        assert no >= yes


def test_each_pod_is_one_voice() -> None:
    mandates = [
        Mandate("!a:t", "A", stance=Stance.AGREE),
        Mandate("!b:t", "B", stance=Stance.BLOCK),
        Mandate("!c:t", "C"),
    ]
    assert count_pods(mandates) == Count(3, agree=1, block=1)
    assert count_pods(mandates, {"!b:t"}) == Count(3, agree=1, aside=1)
