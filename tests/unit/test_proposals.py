"""What a count makes of a proposal, and how a block ends: for every case of a few voices, and for many of more."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations_with_replacement, product

import pytest

from bot.domain.blocks import (
    CLOCK,
    GIVEN_UP_AFTER,
    Lacks,
    Next,
    after,
    lacking,
    others_needed,
    read_ground,
    standing,
    void,
)
from bot.domain.classes import POD
from bot.domain.errors import UserError
from bot.domain.proposals import Outcome, State, at_end, check_text, decide, extension, restored
from bot.domain.stances import Count, Stance, Statement, count_stances, last_said, unsure
from bot.domain.thresholds import ALL_BUT_ONE, CONSENSUS, MAJORITY, Rule, Threshold
from tests.unit.cases import cases

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WHY = "It would put two of us in danger."
PEOPLE = ("@a:t", "@b:t", "@c:t", "@d:t")


def conversations(number: int) -> Iterator[list[Statement]]:
    """Return so many lists of statements, some at the same moment, some by strangers, in no order."""
    chance = random.Random(number)  # noqa: S311 - always the same ones
    for _ in range(number):
        yield [
            Statement(
                f"$e{event}",
                chance.choice((*PEOPLE, "@stranger:t")),
                NOON + timedelta(hours=chance.randint(0, 9)),
                chance.choice((None, *Stance)),
                chance.choice(("", WHY)),
                chance.choice(("", "harm")),
            )
            for event in chance.sample(range(100), k=chance.randint(0, 12))
        ]


# -- who said what -----------------------------------------------------------------------------------


def test_the_order_in_which_stances_are_read_does_not_matter() -> None:
    chance = random.Random(1)  # noqa: S311 - always the same order
    end = NOON + timedelta(hours=5)
    for said in conversations(1000):
        other = chance.sample(said, k=len(said))
        assert last_said(said, end) == last_said(other, end), (said, other)


def test_the_last_stance_before_the_end_counts_once_for_each_voice() -> None:
    end = NOON + timedelta(hours=5)
    for said in conversations(1000):
        count = count_stances(last_said(said, end), PEOPLE)
        expected = {}
        for each in sorted(said, key=lambda each: (each.sent_at, each.event_id)):
            if each.sent_at < end and each.user_id in PEOPLE:
                expected[each.user_id] = each.stance
        assert count.voices == len(PEOPLE)
        for stance in Stance:
            assert getattr(count, stance.value) == list(expected.values()).count(stance), said


def test_who_answers_for_a_block_is_heard_after_the_end_and_nobody_else() -> None:
    end = NOON + timedelta(hours=1)
    late = [
        Statement("$1", "@a:t", NOON, Stance.BLOCK, WHY, "harm"),
        Statement("$2", "@a:t", end, Stance.ASIDE),
        Statement("$3", "@b:t", end, Stance.DISAGREE),
    ]
    assert last_said(late, end) == {"@a:t": late[0]}
    assert last_said(late, end, also={"@a:t"}) == {"@a:t": late[1]}


def test_what_could_not_be_read_is_unknown_until_the_person_speaks_again() -> None:
    last = {
        "@a:t": Statement("$2", "@a:t", NOON, Stance.AGREE),
        "@b:t": Statement("$4", "@b:t", NOON, Stance.AGREE),
    }
    unread = [("@a:t", NOON, "$1"), ("@b:t", NOON, "$5"), ("@c:t", NOON, "$6"), ("@stranger:t", NOON, "$7")]
    assert unsure(last, unread, PEOPLE) == {"@b:t", "@c:t"}
    assert count_stances(last, PEOPLE, {"@b:t", "@c:t"}) == Count(4, agree=1, unknown=2)


# -- what it comes to --------------------------------------------------------------------------------


def test_one_more_no_adopts_nothing() -> None:
    for (rule, count), blocks in product(cases(1500, most=1, silent=1), (False, True)):
        if decide(rule, count, blocks=blocks) is not Outcome.ADOPTED:
            for no in (Stance.DISAGREE, Stance.BLOCK):
                after_no = decide(rule, count.with_stance(no), blocks=blocks)
                assert after_no is not Outcome.ADOPTED, (rule, count, blocks, no)


def test_one_more_no_never_leads_to_a_block_that_would_be_voted_on() -> None:
    # what fails by itself must not get a second vote because somebody blocked it
    for (rule, count), blocks in product(cases(1500, most=1, silent=1), (False, True)):
        if decide(rule, count, blocks=blocks) in (Outcome.REFUSED, Outcome.ABSENT):
            blocked = decide(rule, count.with_stance(Stance.BLOCK), blocks=blocks)
            assert blocked is not Outcome.BLOCKED, (rule, count, blocks)


def test_one_more_yes_takes_no_adoption_away() -> None:
    for (rule, count), blocks in product(cases(1500, most=1, silent=1), (False, True)):
        if decide(rule, count, blocks=blocks) is Outcome.ADOPTED:
            after_yes = decide(rule, count.with_stance(Stance.AGREE), blocks=blocks)
            assert after_yes is Outcome.ADOPTED, (rule, count, blocks)


def test_what_is_decided_in_spite_of_unread_messages_holds_whatever_they_say() -> None:
    chance = random.Random(2)  # noqa: S311 - always the same ones
    for rule, count in cases(400, most=1):
        unknown, blocks = min(chance.randint(0, 3), count.silent), chance.choice((False, True))
        # who may have said something is not dormant
        count = replace(count, dormant=min(count.dormant, count.silent - unknown))  # noqa: PLW2901
        outcome = decide(rule, replace(count, unknown=unknown), blocks=blocks)
        if outcome not in (Outcome.ADOPTED, Outcome.BLOCKED, Outcome.REFUSED, Outcome.ABSENT):
            continue
        same = (outcome,)
        if outcome in (Outcome.REFUSED, Outcome.ABSENT):
            same = (Outcome.REFUSED, Outcome.ABSENT)
        # in which order they say it makes no difference to a count
        for said in combinations_with_replacement([None, *Stance], unknown):
            read = count
            for stance in said:
                read = read.with_stance(stance) if stance else read
            assert decide(rule, read, blocks=blocks) in same, (rule, count, blocks, said)


THRESHOLDS = [MAJORITY, CONSENSUS, ALL_BUT_ONE] + [
    Threshold(name, Fraction(name)) for name in ("2/3", "3/4", "4/5", "9/10")
]


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda each: each.name)
def test_the_announced_number_is_adopted_exactly_for_every_size_to_200(threshold: Threshold) -> None:
    rule = Rule(threshold, Fraction(1, 2))
    for voices in range(1, 201):
        enough = rule.enough(voices)
        assert (
            decide(rule, Count(voices, agree=enough, disagree=voices - enough), blocks=True)
            is Outcome.ADOPTED
        )
        missed = Count(voices, agree=enough - 1, disagree=voices - enough + 1)
        assert decide(rule, missed, blocks=True) is Outcome.REFUSED


FALLBACK = POD.fallback or POD.rule


def test_a_block_stops_only_what_would_pass_without_it() -> None:
    rule = Rule(CONSENSUS, Fraction(1, 2))
    assert decide(rule, Count(4, agree=3, block=1), blocks=True) is Outcome.BLOCKED
    assert decide(rule, Count(4, agree=2, block=1, disagree=1), blocks=True) is Outcome.REFUSED
    assert decide(FALLBACK, Count(4, agree=3, block=1), blocks=False) is Outcome.ADOPTED
    assert decide(FALLBACK, Count(4, agree=2, block=1), blocks=False) is Outcome.REFUSED


def test_too_few_present_is_extended_once_and_then_lapses_and_is_never_refused() -> None:
    rule = Rule(CONSENSUS, Fraction(1, 2))
    outcome = decide(rule, Count(10, agree=2, aside=1), blocks=True)
    assert outcome is Outcome.ABSENT
    assert at_end(outcome, extended=False) is None
    assert at_end(outcome, extended=True) is State.LAPSED


def test_unread_messages_extend_once_and_then_leave_it_unclear() -> None:
    rule = Rule(CONSENSUS, Fraction(1, 2))
    outcome = decide(rule, Count(4, agree=3, unknown=1), blocks=True)
    assert outcome is Outcome.UNCLEAR
    assert at_end(outcome, extended=False) is None
    assert at_end(outcome, extended=True) is State.UNCLEAR


def test_every_outcome_of_an_extended_round_ends_it() -> None:
    for outcome in Outcome:
        assert at_end(outcome, extended=True) not in (None, State.OPEN)
    assert {state for state in State if not state.is_over} == {State.OPEN, State.BLOCKED}


@pytest.mark.parametrize(("hours", "more"), [(24, 24), (48, 24), (72, 36), (200, 100)])
def test_an_extension_is_half_the_time_and_at_least_a_day(hours: int, more: int) -> None:
    assert extension(timedelta(hours=hours)) == timedelta(hours=more)


def test_a_new_version_has_what_is_left_or_half_the_time() -> None:
    day = timedelta(days=1)
    assert restored(10 * day, 7 * day) == 7 * day
    assert restored(10 * day, 1 * day) == 5 * day
    assert restored(1 * day, -1 * day) == day


# -- blocks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "ground", "missing"),
    [
        (WHY, "harm", ()),
        (WHY, "", (Lacks.GROUND,)),
        ("no no no     no no no", "harm", (Lacks.REASON,)),
        ("x" * 19, "harm", (Lacks.REASON,)),
        ("x" * 20, "pillar:Care", ()),
        ("", "", (Lacks.REASON, Lacks.GROUND)),
    ],
)
def test_a_block_needs_a_reason_and_a_ground(reason: str, ground: str, missing: tuple[Lacks, ...]) -> None:
    assert lacking(Statement("$1", "@a:t", NOON, Stance.BLOCK, reason, ground)) == missing


@pytest.mark.parametrize(
    ("typed", "ground"),
    [("harm", "harm"), (" HARM ", "harm"), ("pillar:Care", "pillar:Care"), ("Pillar : No  boss", "pillar:No boss"),
     ("pillar:", None), ("money", None), ("", None)],
)  # fmt: skip
def test_grounds_are_read(typed: str, ground: str | None) -> None:
    assert read_ground(typed) == ground


def test_bare_lapsed_and_foreign_blocks_do_not_stand_and_count_as_aside() -> None:
    last = {
        "@a:t": Statement("$1", "@a:t", NOON, Stance.BLOCK, WHY, "harm"),
        "@b:t": Statement("$2", "@b:t", NOON, Stance.BLOCK, WHY),
        "@c:t": Statement("$3", "@c:t", NOON, Stance.BLOCK, WHY, "harm"),
        "@stranger:t": Statement("$4", "@stranger:t", NOON, Stance.BLOCK, WHY, "harm"),
    }
    assert standing(last, PEOPLE, ended={"@c:t"}) == {"@a:t"}
    assert count_stances(last, PEOPLE, void=void(last, {"@c:t"})) == Count(4, aside=2, block=1)


def test_nine_of_ten_others_set_a_block_aside() -> None:
    for voices in range(2, 201):
        needed = others_needed(voices)
        assert Fraction(needed, voices - 1) >= Fraction(9, 10) > Fraction(needed - 1, voices - 1)


def test_a_block_always_comes_to_an_end() -> None:
    for talks, silent in product(range(4), [False, True]):
        assert after(CLOCK - timedelta(seconds=1), talks, all_silent=silent) is Next.WAIT
        assert after(GIVEN_UP_AFTER, talks, all_silent=silent) is not Next.WAIT
        assert after(CLOCK, talks, all_silent=silent, can_vote=False) is not Next.VOTE
        assert after(GIVEN_UP_AFTER, talks, all_silent=silent, can_vote=False) in (Next.LAPSE, Next.GIVE_UP)
    assert after(CLOCK, 1, all_silent=False) is Next.WAIT
    assert after(CLOCK, 2, all_silent=False) is Next.VOTE
    assert after(CLOCK, 2, all_silent=True) is Next.LAPSE
    assert after(GIVEN_UP_AFTER, 1, all_silent=False) is Next.GIVE_UP


# -- words -------------------------------------------------------------------------------------------


def test_a_proposal_keeps_its_lines_and_loses_what_imitates() -> None:
    assert check_text("  We   buy\n a tent.\u202e \n") == "We buy\na tent."


@pytest.mark.parametrize("text", ["", " \n ", "...", "x" * 801])
def test_no_words_and_too_many_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match="For example"):
        check_text(text)
