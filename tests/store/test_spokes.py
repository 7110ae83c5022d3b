"""What the store keeps of pairs, lines, draws and turns."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from bot.domain.rotation import Pair, Record, Standing
from bot.store import departures, pods, rooms, rounds, spokes
from bot.store.database import Tx
from tests import new_store

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
POD, RIVER = "!willow:test", "!river:test"


@pytest.fixture
async def tx(tmp_path: Path) -> AsyncIterator[Tx]:
    """A transaction in a store that has the pod Willow in the assembly River."""
    database = await new_store.opened(tmp_path / "spokesbot.db")
    async with database.transaction("test") as tx:
        for room_id in (POD, RIVER):
            await rooms.remember(tx, room_id, "joined")
        await pods.create_assembly(tx, RIVER, "River", NOW)
        await pods.create_pod(tx, POD, "Willow", NOW)
        yield tx
    await database.close()


async def test_a_pair_is_kept_and_who_keeps_a_seat_keeps_its_date(tx: Tx) -> None:
    await spokes.set_pair(tx, POD, Pair("@ana:test", "@ben:test"), NOW)
    later = NOW + timedelta(days=1)
    await spokes.set_pair(tx, POD, Pair("@ana:test", "@cy:test"), later)
    assert await spokes.pair(tx, POD) == Pair("@ana:test", "@cy:test")
    assert [(seat.name, seat.user_id, seat.since) for seat in await spokes.seated(tx, POD)] == [
        ("speak", "@ana:test", NOW),
        ("note", "@cy:test", later),
    ]
    await spokes.set_pair(tx, POD, Pair(), later)
    assert await spokes.seated(tx, POD) == []


async def test_a_record_comes_back_as_it_went_in_with_its_turns_counted(tx: Tx) -> None:
    entry = Record("@ana:test", Fraction(7, 3), Fraction(29, 4), NOW, None, NOW + timedelta(days=14))
    await spokes.enter_line(tx, POD, [entry])
    assert await spokes.records(tx, POD) == [entry]
    await spokes.begin_turn(tx, POD, "@ana:test", NOW)
    await spokes.end_turn(tx, POD, "@ana:test", NOW + timedelta(days=3), "handover")
    await spokes.begin_turn(tx, POD, "@ana:test", NOW + timedelta(days=9))
    [record] = await spokes.records(tx, POD)
    assert (record.turns, record.last_turn_at) == (Fraction(13, 3), NOW + timedelta(days=3))


async def test_who_leaves_the_line_and_comes_back_goes_on_with_their_numbers(tx: Tx) -> None:
    await spokes.enter_line(tx, POD, [Record("@ana:test", Fraction(1), Fraction(0), NOW, None, NOW)])
    await spokes.set_volunteered(tx, POD, "@ana:test", NOW)
    await spokes.set_available(tx, POD, "@ana:test", Fraction(5), None)
    assert await spokes.records(tx, POD) == []
    assert await spokes.line_entries(tx, POD) == {"@ana:test": (Fraction(5), None)}
    back = NOW + timedelta(days=70)
    await spokes.set_available(tx, POD, "@ana:test", Fraction(5), back)
    [record] = await spokes.records(tx, POD)
    assert record == Record("@ana:test", Fraction(1), Fraction(5), back, None, NOW)


async def test_a_turn_that_is_over_cannot_be_taken_back(tx: Tx) -> None:
    first = await spokes.begin_turn(tx, POD, "@ana:test", NOW)
    await spokes.end_turn(tx, POD, "@ana:test", NOW, "left")
    assert not await spokes.take_back_turn(tx, first)
    second = await spokes.begin_turn(tx, POD, "@ana:test", NOW)
    assert await spokes.take_back_turn(tx, second)
    assert [(turn.id, turn.end) for turn in await spokes.turns(tx, POD)] == [(first, "left")]


async def test_a_draw_is_kept_with_the_numbers_it_compared(tx: Tx) -> None:
    line = [
        Standing("@cy:test", Fraction(0), Fraction(3), None),
        Standing("@ana:test", Fraction(1), Fraction(3), NOW, resting=True),
    ]
    aside = [(Standing("@ben:test", Fraction(1), Fraction(3), None), "seated")]
    round_ = await rounds.begin(tx, POD, "handover", "$e1", NOW, line, aside)
    assert await rounds.latest(tx, POD) == round_ == await rounds.find(tx, round_.id)
    assert await rounds.line(tx, round_.id) == line
    assert await rounds.aside(tx, round_.id) == aside
    assert await rounds.handed_over_at(tx, POD) == NOW


async def test_nobody_can_be_asked_twice_in_a_round_nor_two_for_one_seat(tx: Tx) -> None:
    round_ = await rounds.begin(tx, POD, "draw", "$e1", NOW, [], [])
    ask = await rounds.add_ask(tx, round_.id, "note", "@ana:test", NOW)
    with pytest.raises(sqlite3.IntegrityError):
        await rounds.add_ask(tx, round_.id, "note", "@ben:test", NOW)
    await rounds.answer(tx, ask.id, "passed")
    with pytest.raises(sqlite3.IntegrityError):
        await rounds.add_ask(tx, round_.id, "note", "@ana:test", NOW)
    assert await rounds.pending(tx, POD) == []
    assert [found.answer for found in await rounds.asks(tx, round_.id)] == ["passed"]


async def test_all_of_it_follows_a_room_that_is_upgraded(tx: Tx) -> None:
    await pods.set_assembly(tx, POD, RIVER, NOW)
    await spokes.set_pair(tx, POD, Pair("@ana:test"), NOW)
    rotation = await spokes.begin_rotation(tx, POD, NOW, NOW + timedelta(days=14), "$e1")
    await spokes.enter_line(tx, POD, [Record("@ana:test", Fraction(0), Fraction(0), NOW, None, NOW)])
    await spokes.begin_turn(tx, POD, "@ana:test", NOW)
    departure_id = await departures.add(tx, POD, RIVER, "@ana:test")
    round_ = await rounds.begin(tx, POD, "draw", "$e1", NOW, [], [])
    await rooms.move(tx, POD, "!willow2:test")
    await rooms.move(tx, RIVER, "!river2:test")
    new = "!willow2:test"
    moved = await spokes.rotation_by_id(tx, rotation.id)
    assert moved is not None and moved == await spokes.rotation(tx, new)
    assert await spokes.pair(tx, new) == Pair("@ana:test")
    assert len(await spokes.records(tx, new)) == len(await spokes.turns(tx, new)) == 1
    latest = await rounds.latest(tx, new)
    assert latest is not None and latest.id == round_.id
    departure = await departures.find(tx, departure_id)
    assert departure is not None
    assert (departure.pod_room_id, departure.assembly_room_id) == (new, "!river2:test")
