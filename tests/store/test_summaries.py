"""Summaries in a real database: they come back as they were, and each goes to a room once."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.files import Attached, Media, Remark, Sealed, taken_from
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Destination, Ok, State, Terms
from bot.ports import Say
from bot.store import deliveries, migrate, outbox, pods, rooms, summaries, summary_files
from bot.store.database import Database
from tests import new_store
from tests.waiting import due

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TERMS = Terms("the assembly River", (Destination("!oak", "Oak"), Destination("!willow", "Willow")))
DRAFT = Summary("S1", "!river", "@ana:test", "$command", "$talk", None, "We can host.", TERMS, NOW)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """The rooms of a small federation."""
    database = await new_store.opened(tmp_path / "spokesbot.db")
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
        await deliveries.add(tx, DRAFT, "!oak", "S1.v1.!oak")
        with pytest.raises(sqlite3.IntegrityError):
            await deliveries.add(tx, DRAFT, "!oak", "S1.v1.!oak.again")
        with pytest.raises(sqlite3.IntegrityError):
            await deliveries.add(tx, DRAFT, "!river", "S1.v1.!river")


async def test_deliveries_say_how_far_each_room_is(database: Database) -> None:
    async with database.transaction("step") as tx:
        await summaries.save(tx, DRAFT)
        for room_id in ("!willow", "!oak"):
            await outbox.queue(tx, NOW, room_id, Say("We can host."), txn_id=f"S1.v1.{room_id}", about="S1")
            await deliveries.add(tx, DRAFT, room_id, f"S1.v1.{room_id}")
        [head, _] = await due(tx, NOW)
        await outbox.mark_sent(tx, head.id, NOW, "$sent")
        found = await deliveries.of(tx, "S1")
        assert [(item.name, item.state) for item in found] == [("Oak", "waiting"), ("Willow", "sent")]
        assert await deliveries.waiting_for(tx, "!oak") == ["S1.v1.!oak"]
        assert await deliveries.waiting_for(tx, "!willow") == []
        assert await deliveries.was_delivered_to(tx, "S1", "!oak")
        assert not await deliveries.was_delivered_to(tx, "S1", "!river")


async def test_a_room_upgrade_carries_summaries_along(database: Database) -> None:
    async with database.transaction("step") as tx:
        await summaries.save(tx, DRAFT)
        await outbox.queue(tx, NOW, "!oak", Say("We can host."), txn_id="S1.v1.!oak", about="S1")
        await deliveries.add(tx, DRAFT, "!oak", "S1.v1.!oak")
        await rooms.move(tx, "!oak", "!oak2")
        await rooms.move(tx, "!river", "!river2")
        found = await summaries.find(tx, "S1")
        assert found is not None
        assert found.room_id == "!river2"
        assert [room.room_id for room in found.terms.destinations] == ["!oak2", "!willow"]
        assert await deliveries.waiting_for(tx, "!oak2") == ["S1.v1.!oak"]


def at_schema_7(path: Path) -> None:
    """Make a database of the seventh schema: S1 was sent to Oak as version 2, S2 is a draft with one ok."""
    connection = sqlite3.connect(path)
    for number, sql in migrate.migrations()[:7]:
        connection.executescript(sql)
        connection.execute(f"PRAGMA user_version={number}")
    at = round(NOW.timestamp() * 1000)
    connection.executescript(
        f"""
        PRAGMA application_id={migrate.APPLICATION_ID};
        PRAGMA foreign_keys=ON;
        INSERT INTO rooms (room_id, membership) VALUES ('!river', 'joined'), ('!oak', 'joined');
        INSERT INTO settings VALUES ('!river', 'timezone', 'Europe/Berlin');
        INSERT INTO summaries VALUES
            ('S1', '!river', '@ana:test', '$command', '$talk', NULL, 2, 'approved', {at}),
            ('S2', '!oak', '@ana:test', '$c2', '$c2', '@ana:test', 1, 'draft', NULL);
        INSERT INTO summary_versions VALUES
            ('S1', 1, NULL, 'the assembly River', {at}), ('S1', 2, 'We can host.', 'the assembly River', {at}),
            ('S2', 1, 'Perhaps.', 'Oak', {at});
        INSERT INTO summary_destinations VALUES
            ('S1', 1, '!oak', 'Oak', 0), ('S1', 2, '!oak', 'Oak', 0), ('S2', 1, '!river', 'River', 0);
        INSERT INTO summary_oks VALUES
            ('S1', 2, '@ana:test', {at}, '$ok1', 'Willow'), ('S2', 1, '@ana:test', {at}, '$ok2', NULL);
        INSERT INTO summary_deliveries VALUES ('S1', 2, '!oak', 'S1.v2.!oak');
        INSERT INTO outbox (room_id, kind, payload, txn_id, state, queued_at, event_id)
            VALUES ('!oak', 'Say', '', 'S1.v2.!oak', 'sent', {at}, '$sent');
        """
    )
    connection.close()


async def test_what_an_older_version_sent_can_be_corrected(tmp_path: Path) -> None:
    at_schema_7(tmp_path / "x.db")
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("look") as tx:
        sent, waiting = await summaries.find(tx, "S1"), await summaries.find(tx, "S2")
        copies = await deliveries.copies(tx, "S1")
        assert await tx.all("PRAGMA foreign_key_check") == []
    await database.close()
    berlin = ZoneInfo("Europe/Berlin")
    assert sent == Summary(
        "S1", "!river", "@ana:test", "$command", "$talk", None, "We can host.",
        Terms("the assembly River", (Destination("!oak", "Oak"),), berlin), NOW, 2, State.APPROVED,
        (Ok("@ana:test", NOW, "$ok1", "Willow"),), NOW, last_version=2,
    )  # fmt: skip
    assert waiting is not None
    assert (waiting.state, waiting.text, waiting.approvers) == (State.DRAFT, "Perhaps.", ("@ana:test",))
    assert [(copy.txn_id, copy.event_id, copy.is_reachable) for copy in copies["!oak"]] == [
        ("S1.v2.!oak", "$sent", True)
    ]


async def test_a_correction_that_waits_comes_back_with_what_others_have(database: Database) -> None:
    oks = (Ok("@ana:test", NOW, "$ok1", "Oak"),)
    sent = replace(DRAFT, state=State.APPROVED, oks=oks, ended_at=NOW)
    later = NOW + timedelta(hours=1)
    correction = sent.correct("We cannot.", TERMS, "@ben:test", "$correct", later)
    open_one = replace(
        correction, state=State.OPEN, goes_at=later, objectors=("@cy:test",), waits_from=later + timedelta(1)
    )
    for summary in (sent, correction, open_one, sent.retract(TERMS, "@ben:test", "$retract", later)):
        async with database.transaction("step") as tx:
            await summaries.save(tx, replace(summary, id="S5"))
            assert await summaries.find(tx, "S5") == replace(summary, id="S5")
            assert [item.id for item in await summaries.sent_by(tx, "!river")] == ["S5"]
    async with database.transaction("step") as tx:
        dropped = replace(correction, id="S5").cancel(later)
        await summaries.save(tx, dropped)
        assert await summaries.find(tx, "S5") == dropped
        texts = await tx.all("SELECT text FROM summary_versions ORDER BY version")
        assert [row["text"] for row in texts] == ["We can host.", None]


async def test_a_file_comes_back_as_it_was_and_its_keys_go_with_the_words(database: Database) -> None:
    sealed = Sealed("mxc://test/a", "the key", "iv", "hash", "image/png", 5, 8, 6)
    attached = Attached("$file", "@cy:test", Media.IMAGE, "a.png", "look", True, sealed, sealed)
    wanted = replace(DRAFT, file=taken_from(attached, 1))
    async with database.transaction("step") as tx:
        await summaries.save(tx, wanted)
        await summary_files.want(tx, "S1", 1, attached, "$command", None, noted=True)
        assert await summaries.find(tx, "S1") == wanted
        fetch = await summary_files.due_fetch(tx, NOW)
        assert fetch is not None
        assert (fetch.source, fetch.noted, fetch.attempts) == (attached, True, 0)
        await summary_files.put_off_fetch(tx, fetch.id, NOW + timedelta(minutes=1), "no answer")
        assert await summary_files.due_fetch(tx, NOW) is None
        assert await summary_files.next_fetch_at(tx) == NOW + timedelta(minutes=1)
        # a clock that went back a day does not make it wait for one
        assert await summary_files.due_fetch(tx, NOW - timedelta(days=1)) is not None
        assert await summary_files.settle_fetch(tx, fetch.id)
        assert not await summary_files.settle_fetch(tx, fetch.id)
        assert wanted.file is not None
        here = wanted.fetched(replace(wanted.file, content=sealed, thumbnail=sealed, remark=Remark.CLEANED))
        await summaries.save(tx, here)
        assert await summaries.find(tx, "S1") == here
        assert [item.id for item in await summaries.made_from(tx, "!river", "$file")] == ["S1"]
        changed = here.change("We cannot.", TERMS, NOW)
        await summaries.save(tx, changed)
        assert (await summaries.find(tx, "S1")) == changed
        sent = replace(changed, state=State.APPROVED, ended_at=NOW)
        await summaries.save(tx, sent)
        correction = sent.correct(
            "Perhaps.", TERMS, "@ben:test", "$c", NOW, replace(attached, event_id="$new")
        )
        await summaries.save(tx, correction)
        assert await summaries.find(tx, "S1") == correction
        assert len(await tx.all("SELECT 1 FROM summary_files")) == 2
        await summary_files.want(tx, "S1", correction.version, attached, None, None, noted=False)
        await summaries.save(tx, correction.cancel(NOW))
        assert await tx.all("SELECT 1 FROM summary_fetches") == []
        assert [row["since"] for row in await tx.all("SELECT since FROM summary_files")] == [1]
        retraction = sent.retract(TERMS, "@ben:test", "$c", NOW)
        await summaries.save(tx, replace(retraction, last_version=4, version=4))
        assert len(await tx.all("SELECT 1 FROM summary_files")) == 1
        await summaries.save(
            tx, replace(retraction, last_version=4, version=4, state=State.RETRACTED, out=None)
        )
        assert await tx.all("SELECT 1 FROM summary_files") == []
