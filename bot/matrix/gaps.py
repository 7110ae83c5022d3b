"""Page back what a sync left out of a room's timeline, and find where in it we came.

Rule: what was said while we were away is read from the oldest on, before anything newer; a gap whose reading fails
is read again, because the token is not saved without it. What was said before we came was not said to us.
"""

from __future__ import annotations

import logging
from typing import Any

from nio.events import RoomMemberEvent
from nio.responses import RoomInfo

from bot.matrix.client import BotClient
from bot.matrix.requests import Refused, call
from bot.store import rooms
from bot.store.database import Database

log = logging.getLogger(__name__)

PAGE = 100
PAGES = 100


class Gaps:
    """What the server left out.

    Args:
        client: Reads the pages.
        database: Knows which rooms we are in.
    """

    def __init__(self, client: BotClient, database: Database) -> None:
        self._client = client
        self._database = database

    async def fetch(self, room_id: str, info: RoomInfo, since: str | None) -> list[Any]:
        """Page back what a limited timeline left out, oldest first."""
        if not info.timeline.limited or since is None:
            return []
        async with self._database.transaction("gap") as tx:
            room = await rooms.find(tx, room_id)
        # what was said before we came was not said to us
        is_new = room is None or not room.joined
        if is_new and any(map(self._is_own_join, info.timeline.events)):
            return []
        missing: list[Any] = []
        start = info.timeline.prev_batch or ""  # from the newest on; what comes twice is handled once
        for _ in range(PAGES):
            try:
                page = await call(self._client.room_messages(room_id, start, since, limit=PAGE))
            except Refused as error:
                if error.is_passing:
                    raise
                log.error(
                    "what was said while away cannot be read: %s", error.reason, extra={"room_id": room_id}
                )
                break
            missing += page.chunk
            if is_new and any(map(self._is_own_join, page.chunk)):
                break
            if not page.chunk or page.end is None or page.end == start:
                break
            start = page.end
        else:
            log.error("more was said while away than can be read", extra={"room_id": room_id})
        missing.reverse()
        return missing

    def own_join(self, timeline: list[Any]) -> int:
        """Return the place after our last joining, or after everything if it is not there.

        A server that lets us in again shows what was said before, from our first stay on.
        """
        places = (index for index, event in enumerate(timeline, 1) if self._is_own_join(event))
        return max(places, default=len(timeline))

    def _is_own_join(self, event: Any) -> bool:
        return (
            isinstance(event, RoomMemberEvent)
            and event.state_key == self._client.user_id
            and event.membership == "join"
            and event.prev_membership != "join"
        )
