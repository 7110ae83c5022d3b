"""Proposals and what was said of them go into the store and come back the same."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from bot.domain.proposals import Proposal, State
from bot.domain.stances import Count, Stance, Statement
from bot.domain.thresholds import Rule, read_threshold
from bot.store import proposals, rooms, stances
from bot.store.database import Tx
from tests import new_store

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WILLOW = "!willow:test"
PEOPLE = ("@ana:test", "@ben:test")


def proposal(threshold: str = "consensus") -> Proposal:
    rule = Rule(read_threshold(threshold, 9), Fraction(1, 2))
    return Proposal("P3", WILLOW, "@ana:test", "We buy\na tent.", rule, NOW, NOW, NOW + timedelta(days=3))


@pytest.fixture
async def tx(tmp_path: Path) -> AsyncIterator[Tx]:
    """A transaction in a new database with the room Willow."""
    database = await new_store.opened(tmp_path / "spokesbot.db")
    async with database.transaction("test") as tx:
        await rooms.remember(tx, WILLOW, "joined")
        yield tx
    await database.close()


@pytest.mark.parametrize("threshold", ["consensus", "consensus-1", "majority", "2/3", "80%", "62.5%"])
async def test_a_proposal_comes_back_as_it_was_with_its_exact_rule(tx: Tx, threshold: str) -> None:
    await proposals.add(tx, proposal(threshold), PEOPLE)
    assert await proposals.find(tx, "P3") == proposal(threshold)
    assert await proposals.open_in(tx, WILLOW) == [proposal(threshold)]
    assert await proposals.voices(tx, "P3") == set(PEOPLE)
    assert await proposals.find(tx, "P4") is None


async def test_what_changes_is_kept(tx: Tx) -> None:
    await proposals.add(tx, proposal(), PEOPLE)
    changed = replace(
        proposal(),
        text="We buy two.",
        state=State.BLOCKED,
        version=2,
        round=3,
        extended=True,
        blocked_at=NOW,
        ended_at=NOW,
        count=Count(2, agree=1, block=1),
    )
    await proposals.save(tx, changed)
    assert await proposals.find(tx, "P3") == changed
    over = replace(changed, state=State.ADOPTED, fallback=True)
    await proposals.save(tx, over)
    assert await proposals.ended_in(tx, WILLOW, since=NOW, limit=1) == [over]
    assert await proposals.ended_in(tx, WILLOW, since=NOW + timedelta(seconds=1)) == []


async def test_what_was_said_belongs_to_its_round(tx: Tx) -> None:
    await proposals.add(tx, proposal(), PEOPLE)
    said = Statement("$1", "@ana:test", NOW, Stance.BLOCK, "Because.", "harm", typed=True)
    await stances.add_statement(tx, proposal(), said)
    assert await stances.statements(tx, proposal()) == [said]
    assert await stances.statements(tx, replace(proposal(), round=2)) == []
    assert await stances.find_statement(tx, "$1") == ("P3", 1, said)
    await stances.empty_statement(tx, "$1")
    assert await stances.statements(tx, proposal()) == [replace(said, stance=None, reason="", ground="")]


async def test_who_left_has_no_voice_any_more(tx: Tx) -> None:
    await proposals.add(tx, proposal(), PEOPLE)
    assert await proposals.lose_voice(tx, "P3", "@ben:test")
    assert not await proposals.lose_voice(tx, "P3", "@ben:test")
    assert await proposals.voices(tx, "P3") == {"@ana:test"}


async def test_erasing_leaves_the_proposal_and_its_sum(tx: Tx) -> None:
    over = replace(proposal(), state=State.ADOPTED, ended_at=NOW, count=Count(2, agree=2))
    await proposals.add(tx, proposal(), PEOPLE)
    await stances.add_statement(tx, over, Statement("$1", "@ana:test", NOW, Stance.AGREE))
    await stances.add_talk(tx, over, stances.Talk("$2", "@ana:test", NOW, "We met."))
    await stances.add_challenge(tx, over, "@ana:test", "@ben:test")
    await stances.end_block(tx, over, "@ana:test")
    await proposals.save(tx, over)
    await proposals.erase(tx, "P3")
    assert await proposals.find(tx, "P3") == replace(over, erased=True)
    for table in ("stances", "proposal_voices", "proposal_talks", "proposal_challenges", "ended_blocks"):
        assert await tx.all(f"SELECT * FROM {table}") == []
