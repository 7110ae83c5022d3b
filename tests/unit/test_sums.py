"""`!why`: the sum of a proposal can be redone with a pencil, from its words alone, in every class and for every outcome."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from bot.domain.classes import ADVICE, BINDING, CLASSES, PILLAR, POD, ProposalClass
from bot.domain.proposals import Outcome, Proposal, at_end, decide
from bot.domain.stances import Count
from bot.domain.thresholds import MAJORITY, Rule
from bot.matrix.format import plain
from bot.services.proposal_sums import why
from tests.unit.test_thresholds import counts

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def closed(
    class_: ProposalClass, count: Count, *, rule: Rule | None = None, fallback: bool = False
) -> Proposal:
    """Return a proposal of a class that ended with a count."""
    proposal = Proposal(
        "P1", "!r:t", "@a:t", "We march.", rule or class_.rule, NOON, NOON, NOON + timedelta(days=7), class_=class_, fallback=fallback
    )  # fmt: skip
    state = at_end(decide(proposal.rule, count, blocks=proposal.can_block), extended=True)
    assert state is not None
    return replace(proposal, state=state, ended_at=proposal.closes_at, count=count)


def told(proposal: Proposal) -> str:
    """Return what `!why` says."""
    assert proposal.count is not None
    return plain(str(why(proposal, proposal.count, 0, ZONE)))


def by_pencil(text: str) -> Outcome:
    """Return the outcome, from nothing but the words."""

    def number(pattern: str) -> tuple[int, ...]:
        found = re.search(pattern, text)
        return tuple(map(int, found.groups())) if found else ()

    if share := number(r"in whole voices, is (\d+)\. Yes: (\d+)\."):
        passes = share[1] >= share[0]
    else:
        yes, least = number(r"without: (\d+)\. At least half of \d+ is needed.*: (\d+)\.")
        against, most = number(r"up to the quorum: (\d+)\. At most a third of \d+ is borne: (\d+)\.")
        passes = yes >= least and against <= most
    present, quorum = number(r"said something: (\d+)\..* The quorum is (\d+):")
    blocks = number(r"Standing blocks: (\d+)\.")
    if passes:
        return Outcome.BLOCKED if blocks and blocks[0] else Outcome.ADOPTED
    return Outcome.REFUSED if present >= quorum else Outcome.ABSENT


ROUNDS = [(each, False) for each in CLASSES.values()] + [
    (each, True) for each in CLASSES.values() if each.fallback
]


@pytest.mark.parametrize(
    ("class_", "fallback"), ROUNDS, ids=[f"{each[0].name}{' after a block' * each[1]}" for each in ROUNDS]
)
@settings(max_examples=40)
@given(counts())
def test_the_outcome_follows_from_the_words_alone(
    class_: ProposalClass, fallback: bool, count: Count
) -> None:
    proposal = closed(class_, count, fallback=fallback)
    assert by_pencil(told(proposal)) is decide(proposal.rule, count, blocks=proposal.can_block)


PODS = (
    "{n} pods have a voice, those of the opening that have not left. What each decided by its own rule before Mon 30 Nov 2026"
    " 12:00 UTC counts.\n"
)
PEOPLE = (
    "{n} voices, those who were here with a voice at the opening and have not left. The last stance of each that was sent"
    " before Mon 30 Nov 2026 12:00 UTC counts, by the server's time.\n"
)


@pytest.mark.parametrize(
    ("proposal", "words"),
    [
        (
            closed(POD, Count(9, agree=4, reserve=2, aside=2)),
            "P1, adopted: We march.\n"
            + PEOPLE.format(n=9)
            + "Count: agree 4, with reservations 2, aside 2, silent 1.\n"
            "Present are all who said something: 8. The quorum is 5: 1/2 of 9, rounded up.\n"
            "Agreeing, with reservations or without: 6. At least half of 8 is needed, the larger of present and quorum: 4.\n"
            "Aside, disagreeing, blocking, or missing up to the quorum: 2. At most a third of 8 is borne: 2.\n"
            "Standing blocks: 0. With one, it is not adopted.",
        ),
        (
            closed(POD, Count(4, agree=3, block=1)),
            "P1, blocked: We march.\n" + PEOPLE.format(n=4) + "Count: agree 3, block 1.\n"
            "Present are all who said something: 4. The quorum is 2: 1/2 of 4, rounded up.\n"
            "Agreeing, with reservations or without: 3. At least half of 4 is needed, the larger of present and quorum: 2.\n"
            "Aside, disagreeing, blocking, or missing up to the quorum: 1. At most a third of 4 is borne: 1.\n"
            "Standing blocks: 1. With one, it is not adopted.",
        ),
        (
            closed(POD, Count(9, agree=2), rule=Rule(MAJORITY, POD.rule.quorum)),
            "P1, lapsed: We march.\n" + PEOPLE.format(n=9) + "Count: agree 2, silent 7.\n"
            "Present are all who said something: 2. The quorum is 5: 1/2 of 9, rounded up.\n"
            "Yes or no was said by 2. The quorum less those who abstain or stand aside is 5. The larger counts: 5.\n"
            "majority of 5, in whole voices, is 3. Yes: 2.\n"
            "Standing blocks: 0. With one, it is not adopted.",
        ),
        (
            closed(POD, Count(4, agree=3, block=1), fallback=True),
            "P1, adopted: We march.\n" + PEOPLE.format(n=4) + "Count: agree 3, block 1.\n"
            "Present are all who said something: 4. The quorum is 2: 1/2 of 4, rounded up.\n"
            "Yes or no was said by 4. The quorum less those who abstain or stand aside is 2. The larger counts: 4.\n"
            "3/4 of 4, in whole voices, is 3. Yes: 3.",
        ),
        (
            closed(POD, Count(4, agree=3, unknown=1)),
            "P1, without a result: We march.\n" + PEOPLE.format(n=4) + "Count: agree 3, unknown 1.\n"
            "What 1 voice sent last could not be read; it was counted as unknown.\n"
            "Present are all who said something: 3. The quorum is 2: 1/2 of 4, rounded up.\n"
            "Agreeing, with reservations or without: 3. At least half of 3 is needed, the larger of present and quorum: 2.\n"
            "Aside, disagreeing, blocking, or missing up to the quorum: 0. At most a third of 3 is borne: 1.\n"
            "Standing blocks: 0. With one, it is not adopted.",
        ),
        (
            closed(ADVICE, Count(6, agree=3, disagree=1, block=1)),
            "P1, not adopted: We march.\n"
            + PODS.format(n=6)
            + "Count: agree 3, disagree 1, block 1, silent 1.\n"
            "Present are all who said something: 5. The quorum is 3: 1/2 of 6, rounded up.\n"
            "Yes or no was said by 5. The quorum less those who abstain or stand aside is 3. The larger counts: 5.\n"
            "2/3 of 5, in whole voices, is 4. Yes: 3.",
        ),
        (
            closed(BINDING, Count(12, agree=9, disagree=3)),
            "P1, adopted: We march.\n" + PODS.format(n=12) + "Count: agree 9, disagree 3.\n"
            "Present are all who said something: 12. The quorum is 8: 2/3 of 12, rounded up.\n"
            "Yes or no was said by 12. The quorum less those who abstain or stand aside is 8. The larger counts: 12.\n"
            "3/4 of 12, in whole voices, is 9. Yes: 9.\n"
            "Standing blocks: 0. With one, it is not adopted.",
        ),
        (
            closed(PILLAR, Count(5, agree=3, disagree=1)),
            "P1, not adopted: We march.\n" + PODS.format(n=5) + "Count: agree 3, disagree 1, silent 1.\n"
            "Present are all who said something: 4. The quorum is 4: 4/5 of 5, rounded up.\n"
            "Every voice is counted, so silence is a no: 5.\n"
            "80% of 5, in whole voices, is 4. Yes: 3.\n"
            "Standing blocks: 0. With one, it is not adopted.",
        ),
    ],
    ids=lambda value: f"{value.class_.name} {value.state.value}" if isinstance(value, Proposal) else "",
)
def test_the_sum_is_said_word_by_word(proposal: Proposal, words: str) -> None:
    assert told(proposal) == words
