"""Read receipts of rooms where a delivery waits to be seen: asking the server for them, and taking them in.

Rule: who has read what is kept nowhere. A receipt is held in memory until it has been looked at, and then all that is
written is that its room has seen a delivery. An answer of the server that brings nothing but receipts waits for the next
transaction, and so does its token: a crash makes the server say them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from nio.events import ReceiptEvent
from nio.responses import RoomInfo, SyncResponse

from bot.domain.receipts import Receipt
from bot.matrix.client import BotClient
from bot.matrix.filters import NO_RECEIPTS
from bot.ports import Clock
from bot.store import rooms, seen, voices
from bot.store.database import Database, Tx

NAMED = 40
"""Rooms that are named when the server is asked for receipts; where more wait, it is asked for those of all rooms.

A filter stands in the address of each request, and an address of more than some 8,000 characters is refused by proxies.
"""

HELD = timedelta(seconds=10)
"""At most so often is there a transaction for nothing but receipts."""

AGAIN = timedelta(hours=1)
"""So often it is looked whether a delivery has waited long enough."""


class Receipts:
    """What is known of receipts, between the server and the store.

    Args:
        client: The logged-in client.
        database: Where deliveries are.
        clock: The source of time.
    """

    def __init__(self, client: BotClient, database: Database, clock: Clock) -> None:
        self._client = client
        self._database = database
        self._clock = clock
        self._watched: frozenset[str] = frozenset()
        self._found: dict[str, set[Receipt]] = {}
        self._taken_in_at = clock.now()
        self._is_new = True
        self._looked: int | None = None
        """How often the outbox had changed when it was looked up where deliveries wait: each goes through it."""
        self._looked_at = clock.now()

    def asked_for(self) -> dict[str, Any]:
        """Return what a filter says of receipts: none, those of some rooms, or all (`RoomEventFilter`)."""
        if not self._watched:
            return NO_RECEIPTS
        named = {"rooms": sorted(self._watched)} if len(self._watched) <= NAMED else {}
        return {"types": ["m.receipt"]} | named

    def hold(self, response: SyncResponse) -> bool:
        """Take the receipts of an answer that has nothing else in it; `False` where it must be handled now."""
        if not _is_bare(response):
            return False
        if not timedelta() <= self._clock.now() - self._taken_in_at < HELD:
            return False
        self._collect(response.rooms.join)
        return True

    async def begin(self, tx: Tx) -> None:
        """Look at what was held, before anything else of an answer is handled."""
        self._taken_in_at = self._clock.now()
        await self._watch(tx)
        await self._look(tx)

    async def finish(self, tx: Tx, joined: Mapping[str, RoomInfo], gaps: Mapping[str, list[Any]]) -> None:
        """Look at the receipts of an answer, after everything else in it was handled.

        Args:
            tx: The open transaction.
            joined: What the answer says of each room.
            gaps: The events that it left out, by room.
        """
        for room_id, info in joined.items():
            if room_id in self._watched:
                events = [*gaps.get(room_id, []), *info.timeline.events]
                await seen.add_places(tx, room_id, [*_ids(events)])
        self._collect(joined)
        await self._look(tx)
        await self._watch(tx)

    async def _watch(self, tx: Tx) -> None:
        now, changes = self._clock.now(), self._database.outbox_changes
        if self._looked == changes and not tx.queued and timedelta() <= now - self._looked_at < AGAIN:
            return
        watched = await seen.watched_rooms(tx, now)
        if self._is_new or self._watched - watched:
            await seen.keep_places(tx, watched)
        self._watched, self._is_new, self._looked, self._looked_at = watched, False, changes, now

    def _collect(self, joined: Mapping[str, RoomInfo]) -> None:
        for room_id, info in joined.items():
            if info.ephemeral and room_id in self._client.rooms:
                # the library would remember who has read what
                self._client.rooms[room_id].read_receipts.clear()
                self._client.rooms[room_id].threaded_read_receipts.clear()
            if room_id in self._watched and (receipts := set(_public(info))):
                self._found.setdefault(room_id, set()).update(receipts)

    async def _look(self, tx: Tx) -> None:
        """Look at what receipts say; a room that has seen all is asked about no more."""
        found, self._found = self._found, {}
        for room_id in found.keys() & self._watched:
            room = await rooms.find(tx, room_id)
            if room is None or not room.encrypted or not room.joined:
                continue
            entitled = await voices.ids(tx, room_id)
            places = await seen.places(tx, room_id)
            receipts = [receipt for receipt in found[room_id] if receipt.user_id in entitled]
            passed = [
                each
                for each in await seen.unseen_in(tx, room_id)
                if any(receipt.has_passed(each.event_id, each.thread, places) for receipt in receipts)
            ]
            await seen.mark_seen(tx, room_id, passed, self._clock.now())
            if passed:
                self._looked = None


def _public(info: RoomInfo) -> Iterable[Receipt]:
    for event in info.ephemeral:
        if isinstance(event, ReceiptEvent):
            for receipt in event.receipts:
                thread = receipt.thread_id
                kind: object = receipt.receipt_type  # a string, whatever it is declared as
                if kind == "m.read" and (thread is None or isinstance(thread, str)):
                    yield Receipt(receipt.user_id, receipt.event_id, thread)


def _ids(events: Iterable[Any]) -> Iterable[str]:
    for event in events:
        event_id = getattr(event, "event_id", None)
        if isinstance(event_id, str):
            yield event_id


def _is_bare(response: SyncResponse) -> bool:
    """Tell whether an answer has nothing in it but receipts and what the library takes in by itself."""
    joined = response.rooms.join
    return (
        bool(joined)
        and not (response.rooms.invite or response.rooms.leave or response.to_device_events)
        and not (response.device_list.changed or response.device_list.left)
        and not any(
            info.timeline.events or info.timeline.limited or info.state or info.account_data
            for info in joined.values()
        )
    )
