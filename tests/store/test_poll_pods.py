"""Which pods a poll was put to goes into the store and comes back the same."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.ballot_boxes import PodPoll
from bot.store import pods, poll_pods, polls, rooms
from bot.store.database import Tx
from tests import new_store
from tests.store.test_polls import ASKED, NOW

RIVER = "!river:test"
PART = PodPoll("!oak:test", "Oak", "P4")


@pytest.fixture
async def tx(tmp_path: Path) -> AsyncIterator[Tx]:
    """A poll of River that is put to the pod Oak."""
    database = await new_store.opened(tmp_path / "spokesbot.db")
    async with database.transaction("test") as tx:
        for room in (RIVER, PART.pod_room_id):
            await rooms.remember(tx, room, "joined")
        await pods.create_pod(tx, PART.pod_room_id, "Oak", NOW)
        await polls.add(tx, replace(ASKED, room_id=RIVER, of_pods=True))
        await polls.add(tx, replace(ASKED, id="P4", room_id=PART.pod_room_id, parent="P3"))
        await poll_pods.put(tx, "P3", PART)
        yield tx
    await database.close()


async def test_a_poll_of_all_pods_and_its_part_come_back_as_they_were(tx: Tx) -> None:
    parent, mirror = await polls.find(tx, "P3"), await polls.find(tx, "P4")
    assert parent is not None
    assert mirror is not None
    assert (parent.of_pods, parent.parent) == (True, None)
    assert (mirror.of_pods, mirror.parent) == (False, "P3")
    assert await poll_pods.of(tx, "P3") == [PART]


async def test_what_a_pod_counted_is_kept(tx: Tx) -> None:
    counted = replace(PART, voted=2, counts=(2, 0), reached=False)
    await poll_pods.save(tx, "P3", counted)
    assert await poll_pods.of(tx, "P3") == [counted]


async def test_a_pod_that_left_is_gone_until_it_is_asked_anew(tx: Tx) -> None:
    await poll_pods.drop(tx, "P3", PART.pod_room_id)
    assert await poll_pods.of(tx, "P3") == []
    await poll_pods.put(tx, "P3", PART)
    assert await poll_pods.of(tx, "P3") == [PART]


async def test_a_pods_part_follows_its_room_when_it_is_upgraded(tx: Tx) -> None:
    await rooms.move(tx, PART.pod_room_id, "!oak2:test")
    assert await poll_pods.of(tx, "P3") == [replace(PART, pod_room_id="!oak2:test")]
