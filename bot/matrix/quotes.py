"""Fetches the messages that some commands reply to.

Rule: a quoted message is read as strictly as one that is said, and only for commands that need its text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from nio.events import BadEvent, Event, MegolmEvent

from bot.domain.limits import COMMANDS_IN_ROOM, COMMANDS_OF_ONE
from bot.matrix import wire
from bot.matrix.client import BotClient
from bot.matrix.found_polls import FoundPoll, find_poll, is_start
from bot.matrix.inbound import Readable, message, readable, reply_target
from bot.matrix.malformed import without_unreadable
from bot.matrix.requests import V3, Refused, request
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
            path = f"{V3}/rooms/{quote(room_id, safe='')}/event/{quote(target, safe='')}"
            answer = await request(self._client, "GET", path)
        except Refused as error:
            if error.is_passing:
                raise
            return None
        original, edit = self._read(room_id, answer), _newest_edit(answer)
        if original is None:
            return None
        if isinstance(original, Event) and is_start(original):
            return await find_poll(self._client, room_id, original)
        said = message(original, room_id, self._prefix)
        return said if said is None or edit is None else self._edited(room_id, said, edit)

    def _read(self, room_id: str, shown: dict[str, Any]) -> Event | BadEvent | None:
        """Return an event decrypted, or `None` if its words cannot be taken as its sender's."""
        wire.complete(shown)
        chunk = without_unreadable({"chunk": [shown]})["chunk"]
        event: Any = Event.parse_event(chunk[0]) if chunk else None
        if isinstance(event, MegolmEvent):
            event.room_id = room_id
            event = self._client.olm._decrypt_megolm_no_error(event) or event
        # a file that is not as it should be is a bad event to nio; people are told why it is not taken
        if not isinstance(event, Event | BadEvent) or readable(self._client, event) is not Readable.YES:
            return None
        return event

    def _edited(self, room_id: str, said: Said, newest: dict[str, Any]) -> Said | None:
        """Return a message as people see it since its newest edit; `None` if that cannot be read."""
        event = self._read(room_id, newest)
        edit = message(event, room_id, self._prefix) if event is not None else None
        if edit is None or (edit.replaces, edit.sender) != (said.event_id, said.sender):
            return None  # the words before it are not what its author wants to have said
        return replace(said, body=edit.body, file=edit.file)


def _newest_edit(shown: dict[str, Any]) -> dict[str, Any] | None:
    """Return the newest edit of an event, which a server sends with it (Matrix specification, "Event replacements")."""
    found: Any = shown
    for name in ("unsigned", "m.relations", "m.replace"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) and "content" in found else None
