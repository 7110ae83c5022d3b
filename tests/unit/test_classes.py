"""What each class of proposals asks for, and that no voice in any of them ever does the opposite of what it says."""

from __future__ import annotations

import random
from datetime import timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.classes import ADVICE, BINDING, CLASSES, PILLAR, POD, RECALL, ProposalClass
from bot.domain.mandates import Mandate, count_pods
from bot.domain.proposals import Outcome, decide
from bot.domain.stances import Count, Stance
from bot.domain.thresholds import Against, Rule
from tests.unit.cases import every_count, some_counts

ROUNDS = [(each.name, each.rule, each.can_block) for each in CLASSES.values()]
ROUNDS += [(f"{each.name} after a block", each.fallback, False) for each in CLASSES.values() if each.fallback]
rounds = pytest.mark.parametrize(
    ("rule", "blocks"), [each[1:] for each in ROUNDS], ids=[each[0] for each in ROUNDS]
)


@pytest.mark.parametrize(
    ("of", "electorate", "quorum", "threshold", "blocks", "days", "readings"),
    [
        (POD, "pod members", "1/2", "consensus", True, 1, 1),
        (ADVICE, "pods", "1/2", "2/3", False, 5, 1),
        (BINDING, "pods", "2/3", "3/4", True, 7, 1),
        (PILLAR, "pods", "4/5", "80%", True, 14, 2),
        (RECALL, "pod members", "1/2", "majority", False, 1, 1),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_class_asks_for_what_the_table_says(
    of: ProposalClass, electorate: str, quorum: str, threshold: str, blocks: bool, days: int, readings: int
) -> None:
    assert of.electorate.value == electorate
    assert of.rule.quorum == Fraction(quorum)
    assert of.rule.threshold.name == threshold
    assert (of.can_block, of.readings) == (blocks, readings)
    assert of.open_at_least == timedelta(days=days)
    assert of.open_for >= of.open_at_least


def test_every_pod_counts_for_a_pillar_and_every_member_for_a_recall() -> None:
    assert {each.name for each in CLASSES.values() if each.rule.against is Against.ALL} == {
        "pillar",
        "recall",
    }
    assert decide(PILLAR.rule, Count(10, agree=7), blocks=True) is Outcome.ABSENT
    assert decide(PILLAR.rule, Count(10, agree=7, disagree=1), blocks=True) is Outcome.REFUSED
    assert decide(PILLAR.rule, Count(10, agree=8), blocks=True) is Outcome.ADOPTED
    assert decide(PILLAR.rule, Count(10, agree=9, block=1), blocks=True) is Outcome.BLOCKED


def test_a_block_of_a_pillar_is_never_outvoted_and_advice_cannot_be_blocked() -> None:
    assert PILLAR.fallback is None
    assert decide(ADVICE.rule, Count(6, agree=4, block=2), blocks=ADVICE.can_block) is Outcome.ADOPTED
    assert decide(ADVICE.rule, Count(6, agree=3, block=2), blocks=ADVICE.can_block) is Outcome.REFUSED


COUNTS = [*every_count(2), *some_counts(400)]
WITH_SILENT = [*every_count(2, silent=1), *some_counts(400, silent=1)]


@rounds
def test_one_more_no_adopts_nothing_in_any_class(rule: Rule, blocks: bool) -> None:
    for count, no in product(WITH_SILENT, (Stance.DISAGREE, Stance.BLOCK)):
        if decide(rule, count, blocks=blocks) is not Outcome.ADOPTED:
            after_no = decide(rule, count.with_stance(no), blocks=blocks)
            assert after_no is not Outcome.ADOPTED, (count, no)


@rounds
def test_one_more_yes_takes_nothing_away_in_any_class(rule: Rule, blocks: bool) -> None:
    for count, yes in product(WITH_SILENT, (Stance.AGREE, Stance.RESERVE)):
        if decide(rule, count, blocks=blocks) is Outcome.ADOPTED:
            after_yes = decide(rule, count.with_stance(yes), blocks=blocks)
            assert after_yes is Outcome.ADOPTED, (count, yes)


@rounds
def test_the_announced_number_is_the_least_in_any_class_of_every_size_to_200(
    rule: Rule, blocks: bool
) -> None:
    for voices in range(1, 201):
        enough = rule.enough(voices)
        passes = Count(voices, agree=enough, disagree=voices - enough)
        misses = Count(voices, agree=enough - 1, disagree=voices - enough + 1)
        assert decide(rule, passes, blocks=blocks) is Outcome.ADOPTED
        assert decide(rule, misses, blocks=blocks) is Outcome.REFUSED
        if not rule.threshold.is_consensus:
            assert enough == rule.threshold.least(voices)


@rounds
def test_the_number_said_along_the_way_is_the_least_in_any_class(rule: Rule, blocks: bool) -> None:
    for count in COUNTS[::4]:
        least = rule.least_yes(count)
        for yes in range(count.yes + count.silent + 1):
            assert rule.passes(count.with_yes(yes)) == (least is not None and yes >= least), (count, yes)


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([None, Stance.AGREE, Stance.DISAGREE, Stance.ABSTAIN, Stance.BLOCK])),
    st.randoms(),
)
def test_the_order_of_the_pods_does_not_matter(said: list[Stance | None], shuffled: random.Random) -> None:
    mandates = [Mandate(f"!{number}:t", str(number), stance=each) for number, each in enumerate(said)]
    other = list(mandates)
    shuffled.shuffle(other)
    assert count_pods(other) == count_pods(mandates)
