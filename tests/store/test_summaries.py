"""Summaries in a real database: they come back as they were, and each goes to a room once."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.summaries import Destination, Ok, State, Summary, Terms
from bot.ports import Say
from bot.store import outbox, pods, rooms, summaries
from bot.store.database import Database

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TERMS = Terms("the assembly River", (Destination("!oak", "Oak"), Destination("!willow", "Willow")))
DRAFT = Summary("S1", "!river", "@ana:test", "$command", "$talk", None, "We can host.", TERMS, NOW)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """The rooms of a small federation."""
    database = await Database.open(tmp_path / "spokesbot.db")
    async with database.transaction("start") as tx:
        for room_id in ("!river", "!oak", "!willow"):
            await rooms.remember(tx, room_id, "joined")
        await pods.create_assembly(tx, "!river", "River", NOW)
        for room_id in ("!oak", "!willow"):
            await pods.create_pod(tx, room_id, room_id[1:].title(), NOW)
    yield database
    await database.close()


async def test_a_summary_comes_back_as_it_was(database: Database) -> None:
    oks = (Ok("@ana:test", NOW, "$ok1"), Ok("@pia:test", NOW + timedelta(hours=1), "$ok2", "Oak"))
    for summary in (
        DRAFT,
        replace(DRAFT, id="S2", oks=oks, source_by="@ana:test"),
        replace(DRAFT, id="S3", state=State.APPROVED, oks=oks, ended_at=NOW),
        DRAFT.change("We cannot.", replace(TERMS, destinations=TERMS.destinations[:1]), NOW),
    ):
        async with database.transaction("step") as tx:
            await summaries.save(tx, summary)
            assert await summaries.find(tx, summary.id) == summary
    async with database.transaction("look") as tx:
        assert [item.id for item in await summaries.drafts_in(tx, "!river")] == ["S1", "S2"]
        assert [item.id for item in await summaries.sent_by(tx, "!river")] == ["S3"]
        assert await summaries.drafts_in(tx, "!oak") == []
        assert [item.id for item in await summaries.made_from(tx, "!river", "$command")] == ["S1", "S2", "S3"]
        assert await summaries.made_from(tx, "!oak", "$talk") == []
        found = await summaries.with_ok_in(tx, "!river", "$ok2")
        assert found is not None
        assert found.id == "S2"
        assert await summaries.find(tx, "S9") is None


async def test_words_that_go_nowhere_are_erased(database: Database) -> None:
    async with database.transaction("step") as tx:
        await summaries.save(tx, DRAFT)
        second = DRAFT.change("We cannot.", TERMS, NOW)
        await summaries.save(tx, second)
        kept = [row["text"] for row in await tx.all("SELECT text FROM summary_versions ORDER BY version")]
        assert kept == [None, "We cannot."]
        ended = second.cancel(NOW)
        await summaries.save(tx, ended)
        assert await summaries.find(tx, "S1") == ended
        assert await tx.all("SELECT 1 FROM summary_versions WHERE text IS NOT NULL") == []


async def test_a_version_goes_to_a_room_once_and_only_where_it_was_shown_to_go(database: Database) -> None:
    async with database.transaction("step") as tx:
        await summaries.save(tx, DRAFT)
        await summaries.add_delivery(tx, DRAFT, "!oak", "S1.v1.!oak")
        with pytest.raises(sqlite3.IntegrityError):
            await summaries.add_delivery(tx, DRAFT, "!oak", "S1.v1.!oak.again")
        with pytest.raises(sqlite3.IntegrityError):
            await summaries.add_delivery(tx, DRAFT, "!river", "S1.v1.!river")


async def test_deliveries_say_how_far_each_room_is(database: Database) -> None:
    async with database.transaction("step") as tx:
        await summaries.save(tx, DRAFT)
        for room_id in ("!willow", "!oak"):
            await outbox.queue(tx, NOW, room_id, Say("We can host."), txn_id=f"S1.v1.{room_id}", about="S1")
            await summaries.add_delivery(tx, DRAFT, room_id, f"S1.v1.{room_id}")
        [head, _] = await outbox.due(tx, NOW, frozenset())
        await outbox.mark_sent(tx, head.id, NOW, "$sent")
        found = await summaries.deliveries(tx, "S1")
        assert [(item.name, item.state) for item in found] == [("Oak", "waiting"), ("Willow", "sent")]
        assert await summaries.waiting_for(tx, "!oak") == ["S1.v1.!oak"]
        assert await summaries.waiting_for(tx, "!willow") == []
        assert await summaries.was_delivered_to(tx, "S1", "!oak")
        assert not await summaries.was_delivered_to(tx, "S1", "!river")


async def test_a_room_upgrade_carries_summaries_along(database: Database) -> None:
    async with database.transaction("step") as tx:
        await summaries.save(tx, DRAFT)
        await outbox.queue(tx, NOW, "!oak", Say("We can host."), txn_id="S1.v1.!oak", about="S1")
        await summaries.add_delivery(tx, DRAFT, "!oak", "S1.v1.!oak")
        await rooms.move(tx, "!oak", "!oak2")
        await rooms.move(tx, "!river", "!river2")
        found = await summaries.find(tx, "S1")
        assert found is not None
        assert found.room_id == "!river2"
        assert [room.room_id for room in found.terms.destinations] == ["!oak2", "!willow"]
        assert await summaries.waiting_for(tx, "!oak2") == ["S1.v1.!oak"]
