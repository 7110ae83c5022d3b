"""Fetches the messages that some commands reply to.

Rule: a quoted message is read as strictly as one that is said, and only for commands that need its text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nio.events import BadEvent, Event, MegolmEvent

from bot.domain.limits import COMMANDS_IN_ROOM, COMMANDS_OF_ONE
from bot.matrix.client import BotClient
from bot.matrix.found_polls import FoundPoll, find_poll, is_start
from bot.matrix.inbound import Readable, message, readable, reply_target
from bot.matrix.requests import Refused, call
from bot.ports import Said

Quoted = Said | FoundPoll
"""What a command replies to."""


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

    async def fetch(self, timelines: Mapping[str, Sequence[Any]]) -> dict[str, Quoted]:
        """Fetch the messages that some commands reply to, by the id of the command's event.

        Of one person and answer no more than are taken as commands in a minute: the others of a flood are refused
        anyway, and of an honest backlog the person is asked to type the words.

        Args:
            timelines: What was sent in each room.
        """
        found: dict[str, Quoted] = {}
        asked: Counter[str] = Counter()
        for room_id, timeline in timelines.items():
            for event in timeline:
                target = self._target(event)
                if target is None:
                    continue
                asked[event.sender] += 1
                if asked[event.sender] > COMMANDS_OF_ONE.most or asked.total() > COMMANDS_IN_ROOM.most:
                    continue
                original = await self._original(room_id, target)
                if original is not None:
                    found[event.event_id] = original
        return found

    def _target(self, event: Any) -> str | None:
        """Return the event id of the message whose words a command needs; our own refusals begin like it too."""
        body = getattr(event, "body", None)
        if not isinstance(event, Event) or event.sender == self._client.user_id or not isinstance(body, str):
            return None
        target = reply_target(event) if event.decrypted else None
        return target if target is not None and self._wanted(body) else None

    async def _original(self, room_id: str, target: str) -> Quoted | None:
        """Return a message or a native poll of a room, if we can read it."""
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
        # a file that is not as it should be is a bad event to nio; people are told why it is not taken
        if not isinstance(original, Event | BadEvent) or readable(self._client, original) is not Readable.YES:
            return None
        if isinstance(original, Event) and is_start(original):
            return await find_poll(self._client, room_id, original)
        return message(original, room_id, self._prefix)
