"""Fetches the messages that some commands reply to.

Rule: a quoted message is read as strictly as one that is said, and only for commands that need its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nio.events import Event, MegolmEvent

from bot.matrix.client import BotClient
from bot.matrix.inbound import Readable, incoming, readable, reply_target
from bot.matrix.requests import Refused, call
from bot.ports import Said


class Quotes:
    """Looks up what is replied to.

    Args:
        client: The logged-in client.
        prefix: What commands start with.
        wanted: Whether a message needs the text of the one it replies to.
    """

    def __init__(self, client: BotClient, prefix: str, wanted: Callable[[str], bool]) -> None:
        self._client = client
        self._prefix = prefix
        self._wanted = wanted

    async def fetch(self, timelines: Mapping[str, Sequence[Any]]) -> dict[str, Said]:
        """Fetch the messages that some commands reply to, by the id of the command's event.

        Args:
            timelines: What was sent in each room.
        """
        found: dict[str, Said] = {}
        for room_id, timeline in timelines.items():
            for event in timeline:
                if isinstance(event, Event):
                    original = await self._quoted_by(room_id, event)
                    if original is not None:
                        found[event.event_id] = original
        return found

    async def _quoted_by(self, room_id: str, event: Event) -> Said | None:
        body = getattr(event, "body", None)
        target = reply_target(event) if event.decrypted and isinstance(body, str) else None
        if target is None or not isinstance(body, str) or not self._wanted(body):
            return None
        try:
            answer = await call(self._client.room_get_event(room_id, target))
        except Refused as error:
            if error.is_passing:
                raise
            return None
        original = answer.event
        if isinstance(original, MegolmEvent):
            original.room_id = room_id
            original = self._client.olm._decrypt_megolm_no_error(original) or original
        if not isinstance(original, Event) or readable(self._client, original) is not Readable.YES:
            return None
        said = incoming(original, room_id, self._prefix)
        return said if isinstance(said, Said) else None
