"""What an assembly counts: in every mode one more no makes nothing pass, and one more yes makes nothing fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.activity import AT_LEAST, heard_since
from bot.domain.classes import ADVICE, BINDING, PILLAR
from bot.domain.mandates import Mandate, count_pods, count_votes
from bot.domain.modes import (
    CAP,
    Mode,
    Unit,
    cap,
    conditions,
    first_pods,
    is_as_strict,
    sums,
    votes,
)
from bot.domain.proposals import Outcome, decide_all
from bot.domain.recurrence import Recurrence
from bot.domain.stances import Count, Stance
from bot.domain.thresholds import HALF, MAJORITY, Against, Rule
from tests.unit.test_thresholds import counts

RULES = st.builds(
    lambda class_, against: Rule(class_.rule.threshold, class_.rule.quorum, against),
    st.sampled_from([ADVICE, BINDING, PILLAR]),
    st.sampled_from(Against),
)
SIZES = st.lists(st.integers(0, 20), min_size=1, max_size=9)


@st.composite
def federations(draw: st.DrawFn) -> list[Mandate]:
    """Pods of some sizes that say something, or nothing, of which some are dormant."""
    sizes = draw(SIZES)
    said = [draw(st.sampled_from([None, Stance.AGREE, Stance.DISAGREE, Stance.ABSTAIN])) for _ in sizes]
    return [
        Mandate(
            f"!{number}:t",
            str(number),
            stance=stance,
            people=size,
            dormant=stance is None and draw(st.booleans()),
        )
        for number, (size, stance) in enumerate(zip(sizes, said, strict=True))
    ]


def outcome(mode: Mode, rule: Rule, pods: list[Mandate], people: Count) -> Outcome:
    """Return what a federation decides."""
    by_unit = {Unit.PODS: count_pods(pods), Unit.VOTES: count_votes(pods), Unit.PEOPLE: people}
    found = sums(mode, rule, [by_unit[unit] for unit, _rule in conditions(mode, rule)])
    return decide_all(found, by_unit[Unit.PODS], blocks=True)


@settings(max_examples=100)
@given(st.sampled_from(Mode), RULES, federations(), counts(silent=True), st.data())
def test_in_every_mode_a_no_of_a_pod_or_a_person_makes_nothing_pass_and_a_yes_makes_nothing_fail(
    mode: Mode, rule: Rule, pods: list[Mandate], people: Count, data: st.DataObject
) -> None:
    before = outcome(mode, rule, pods, people)
    which = data.draw(st.integers(0, len(pods) - 1))
    one = pods[which]

    def with_(stance: Stance) -> list[Mandate]:
        turned = Mandate(one.pod_room_id, one.name, stance=stance, people=one.people)
        return [*pods[:which], turned, *pods[which + 1 :]]

    if before is not Outcome.ADOPTED:
        assert outcome(mode, rule, with_(Stance.DISAGREE), people) is not Outcome.ADOPTED
        assert outcome(mode, rule, pods, people.with_stance(Stance.DISAGREE)) is not Outcome.ADOPTED
        assert outcome(mode, rule, pods, people.with_stance(Stance.BLOCK)) is not Outcome.ADOPTED
    if before is Outcome.ADOPTED:
        assert outcome(mode, rule, with_(Stance.AGREE), people) is Outcome.ADOPTED
        assert outcome(mode, rule, pods, people.with_stance(Stance.AGREE)) is Outcome.ADOPTED


@settings(max_examples=60)
@given(RULES, federations(), counts())
def test_what_passes_in_double_passes_in_pods(rule: Rule, pods: list[Mandate], people: Count) -> None:
    if outcome(Mode.DOUBLE, rule, pods, people) is Outcome.ADOPTED:
        assert outcome(Mode.PODS, rule, pods, people) is Outcome.ADOPTED


@settings(max_examples=60)
@given(st.sampled_from(Mode), RULES, federations(), counts(), st.sampled_from(Against))
def test_a_share_of_more_never_makes_it_easier(
    mode: Mode, rule: Rule, pods: list[Mandate], people: Count, against: Against
) -> None:
    other = Rule(rule.threshold, rule.quorum, against)
    if against.is_as_strict(rule.against) and outcome(mode, other, pods, people) is Outcome.ADOPTED:
        assert outcome(mode, rule, pods, people) is Outcome.ADOPTED


@settings(max_examples=60)
@given(RULES, federations())
def test_a_pod_that_sleeps_lowers_the_quorum_and_never_below_half_of_all_where_it_is_more(
    rule: Rule, pods: list[Mandate]
) -> None:
    count = count_pods(pods)
    awake = Count(**{name: getattr(count, name) for name in Count.__dataclass_fields__ if name != "dormant"})
    assert rule.quorum_of(count) <= rule.quorum_of(awake)
    if rule.quorum > HALF:
        assert 2 * rule.quorum_of(count) >= count.voices
    assert rule.enough(count.voices) == rule.enough(awake.voices)


@given(SIZES)
def test_no_pod_has_more_than_a_third_of_the_votes_and_the_cap_is_the_greatest_such_number(
    sizes: list[int],
) -> None:
    most = cap(sizes)
    assert most >= 1
    total = sum(min(each, most) for each in sizes)
    if most > 1:
        assert most <= CAP * total
    if most < max(sizes):
        assert most + 1 > CAP * sum(min(each, most + 1) for each in sizes)


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([9, 5, 4, 3], [9 - 3, 5, 4, 3]),
        ([15, 3, 3, 3, 3], [6, 3, 3, 3, 3]),
        ([5, 3, 3], [3, 3, 3]),
        ([9, 4], [1, 1]),
        ([6, 6, 6, 6], [6, 6, 6, 6]),
        ([0, 4, 4, 4], [1, 4, 4, 4]),
    ],
)
def test_votes_are_people_up_to_the_cap(people: list[int], expected: list[int]) -> None:
    assert list(votes({str(n): each for n, each in enumerate(people)}).values()) == expected


def test_who_is_in_two_pods_is_counted_in_the_one_joined_first() -> None:
    assert first_pods([("!a", "@x"), ("!a", "@y"), ("!b", "@x"), ("!b", "@z")]) == {"!a": 2, "!b": 1}


def test_double_asks_for_two_thirds_of_the_pods_or_what_the_class_asks_for_and_for_most_people() -> None:
    people = (Unit.PEOPLE, Rule(MAJORITY, HALF))
    (_pods, advice), majority = conditions(Mode.DOUBLE, ADVICE.rule)
    assert advice.threshold.share == Fraction(2, 3) and majority == people
    assert conditions(Mode.DOUBLE, BINDING.rule) == ((Unit.PODS, BINDING.rule), people)


def test_one_person_may_choose_what_is_at_least_as_strict_and_nothing_else() -> None:
    allowed = {(mode, usual) for mode in Mode for usual in Mode if is_as_strict(mode, usual)}
    assert allowed == {(mode, mode) for mode in Mode} | {(Mode.DOUBLE, Mode.PODS)}


# -- which pods are active ---------------------------------------------------------------------------

UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dates", "since"),
    [
        ("2026-01-01T19:00 FREQ=MONTHLY;BYDAY=1TH", datetime(2026, 10, 1, 19, tzinfo=UTC)),
        ("2026-01-01T19:00 FREQ=DAILY", NOW - AT_LEAST),
        ("2026-11-05T19:00 FREQ=MONTHLY;BYDAY=1TH", None),
        ("2026-12-03T19:00 FREQ=MONTHLY;BYDAY=1TH", None),
    ],
)
def test_active_is_who_was_heard_since_the_assembly_before_last_and_in_the_last_four_weeks(
    dates: str, since: datetime | None
) -> None:
    assert heard_since(Recurrence.load(dates), NOW, UTC_ZONE) == since


def test_without_dates_all_are_active() -> None:
    assert heard_since(None, NOW, UTC_ZONE) is None


@settings(max_examples=100)
@given(st.integers(0, 24 * 400), st.sampled_from(["Europe/London", "America/New_York", "UTC"]))
def test_the_date_before_is_the_last_one_that_comes_after_nothing_earlier(hours: int, name: str) -> None:
    zone = ZoneInfo(name)
    dates = Recurrence.load("2026-01-01T19:00 FREQ=WEEKLY;INTERVAL=2;BYDAY=TH")
    at = datetime(2026, 1, 3, tzinfo=UTC) + timedelta(hours=hours)
    before = dates.before(at, zone)
    assert before is not None and before < at
    assert dates.after(before, zone) >= at
