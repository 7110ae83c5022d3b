"""Pass on what a sync says of a room: who came, who went, what may be done there, and that we were invited or removed.

Rule: one room's fault costs that change alone.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from nio.events import InviteMemberEvent, RoomMemberEvent

from bot.logs import fault
from bot.matrix.client import BotClient
from bot.matrix.inbound import room_seen
from bot.ports import Clock, HandleRoom, Invited, Removed, RoomChange, RoomSeen
from bot.store.database import Tx

log = logging.getLogger(__name__)

SETTLING = timedelta(seconds=2)
"""How long a room is left alone after somebody joined it.

An app that has just met us asks the server for our device first. A message that comes sooner is from an unknown
device to it, and an app that excludes insecure devices never looks at it again (seen with matrix-js-sdk 43).
"""

LONG_AGO_MS = 1_000_000  # a server may name any number, and a length of time has an end


def age_of(event: Any) -> timedelta:
    """Return how long ago the server says an event happened (`unsigned.age`); nothing where it does not say."""
    unsigned = event.source.get("unsigned")
    age = unsigned.get("age") if isinstance(unsigned, dict) else None
    return timedelta(milliseconds=min(age, LONG_AGO_MS)) if isinstance(age, int) and age > 0 else timedelta()


class RoomState:
    """What is seen of rooms.

    Args:
        client: Knows who we are.
        clock: The source of time.
        handle_room: Handles one change of a room within the transaction.
    """

    def __init__(self, client: BotClient, clock: Clock, handle_room: HandleRoom) -> None:
        self._client = client
        self._clock = clock
        self._handle_room = handle_room
        self.creators: defaultdict[str, set[str]] = defaultdict(set)
        """By room, whose power there has no end."""
        self.joins: dict[str, datetime] = {}
        """When somebody, or we, last joined a room; see `SETTLING`."""

    def seen(self, room_id: str, events: Iterable[Any]) -> RoomSeen | None:
        """Return what events say of a room, or `None` if they say nothing that matters."""
        return room_seen(self._client, room_id, events, self.creators[room_id])

    def note_join(self, room_id: str, ago: timedelta = timedelta()) -> None:
        """Note that somebody, or we, have joined, unless that was long ago."""
        if ago >= SETTLING:
            return
        now = self._clock.now()
        last = self.joins.get(room_id)
        # a stream of people joining must not keep us silent for ever
        if last is None or not timedelta() <= now - last <= SETTLING:
            self.joins[room_id] = now

    async def change(self, tx: Tx, change: RoomChange) -> None:
        """Have a change handled."""
        try:
            async with tx.savepoint():
                await self._handle_room(tx, change)
        except Exception as error:  # noqa: BLE001 - one room's fault must not stop the others
            log.error("room: %s", fault(error), extra={"room_id": change.room_id})

    async def invited(self, tx: Tx, room_id: str, state: list[Any], cause: str) -> None:
        """Pass on an invitation."""
        for event in state:
            if (
                isinstance(event, InviteMemberEvent)
                and event.state_key == self._client.user_id
                and event.membership == "invite"
            ):
                tx.caused_by(f"invite.{room_id}.{cause}")
                await self.change(tx, Invited(room_id, event.sender))

    async def left(self, tx: Tx, room_id: str, events: list[Any], cause: str) -> None:
        """Pass on that we are in a room no more."""
        own = [
            event
            for event in events
            if isinstance(event, RoomMemberEvent) and event.state_key == self._client.user_id
        ]
        self.creators.pop(room_id, None)
        last = own[-1] if own else None
        tx.caused_by(f"left.{room_id}.{cause}")
        by = last.sender if last else self._client.user_id
        await self.change(tx, Removed(room_id, by, banned=bool(last and last.membership == "ban")))
