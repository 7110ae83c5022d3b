"""Looks up a native poll that a member's app made, with the answers that were given before anybody asked us to count it.

Rule: a poll and each of its answers are read as strictly as words that are said. What cannot be read is handed on, to wait for
its key like any other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from nio.events import Event, MegolmEvent, UnknownEvent

from bot.domain.names import clean
from bot.matrix import polls, wire
from bot.matrix.client import BotClient
from bot.matrix.inbound import Readable, common_of, incoming, readable
from bot.matrix.malformed import without_unreadable
from bot.matrix.replay import is_replay
from bot.matrix.requests import request
from bot.ports import PollAnswered, PollEnded, PollMade
from bot.store.database import Tx

PAGE = 100
PAGES = 30
"""So many answers are looked through, the newest first: more than a federation gives."""


@dataclass(frozen=True, slots=True)
class FoundPoll:
    """A native poll and what belongs to it.

    Args:
        made: The poll, without its answers.
        taps: Its answers as nio read them and as they are to us.
        unread: What may be answers to it and cannot be taken now.
    """

    made: PollMade
    taps: tuple[tuple[Event, PollAnswered], ...]
    unread: tuple[Event, ...]

    @property
    def sender(self) -> str:
        """Who made it."""
        return self.made.sender


async def with_answers(tx: Tx, found: FoundPoll, now: datetime) -> PollMade:
    """Return the poll with its answers, less those whose words were shown before as another event."""
    taps = [answer for event, answer in found.taps if not await is_replay(tx, event, now)]
    return replace(found.made, taps=tuple(taps))


def is_start(event: Event) -> bool:
    """Tell whether a decrypted event starts a native poll."""
    return isinstance(event, UnknownEvent) and event.decrypted and event.type in polls.STARTS


async def find_poll(client: BotClient, room_id: str, start: Event) -> FoundPoll | None:
    """Return a native poll as it is now, or `None` if it is malformed.

    Args:
        client: The logged-in client.
        room_id: The room.
        start: The poll's start, which was read.

    Raises:
        Retry: No answer.
        Refused: The server does not show what belongs to it.
    """
    asked = polls.read_start(_content(start))
    edited_at, ended_at = None, None
    taps: list[tuple[Event, PollAnswered]] = []
    unread: list[Event] = []
    whole = False
    async for event in _related(client, room_id, start.event_id):
        if event is None:
            whole = True
            continue
        if readable(client, event) is not Readable.YES:
            if _is_reference(event):
                unread.append(event)
            continue
        found = incoming(event, room_id, "")
        content = _content(event)
        if isinstance(found, PollAnswered) and found.poll_event_id == start.event_id:
            taps.append((event, found))
        elif event.sender != start.sender or not event.decrypted:
            continue
        elif isinstance(found, PollEnded):
            ended_at = min(found.sent_at, ended_at or found.sent_at)
        elif is_start(event) and polls.related(content, "m.replace") == start.event_id:
            change = polls.read_start(_dict(content.get("m.new_content")))
            if change is not None and (edited_at is None or event.server_timestamp > edited_at):
                asked, edited_at = change, event.server_timestamp
    if asked is None:
        return None
    made = PollMade(
        **common_of(start, room_id),
        question=clean(asked.question),
        answers=tuple((clean(answer_id), clean(words)) for answer_id, words in asked.answers),
        most=asked.most,
        open=asked.open,
        ended_at=ended_at,
        whole=whole,
    )
    return FoundPoll(made, tuple(taps), tuple(unread))


async def _related(client: BotClient, room_id: str, event_id: str) -> AsyncIterator[Event | None]:
    """Give what refers to an event, as far as it can be read, the newest first, and `None` if that was all."""
    path = f"/_matrix/client/v1/rooms/{quote(room_id, safe='')}/relations/{quote(event_id, safe='')}"
    query = {"dir": "b", "limit": str(PAGE)}
    for _ in range(PAGES):
        answer = await request(client, "GET", f"{path}?{urlencode(query)}")
        wire.complete(answer)
        page = without_unreadable(answer)
        chunk = page.get("chunk")
        for event in map(Event.parse_event, chunk if isinstance(chunk, list) else ()):
            if isinstance(event, MegolmEvent):
                event.room_id = room_id
                plain = client.olm._decrypt_megolm_no_error(event)
                yield plain if isinstance(plain, Event) else event
            elif isinstance(event, Event):
                yield event
        if not isinstance(page.get("next_batch"), str):
            yield None
            return
        query["from"] = page["next_batch"]


def _is_reference(event: Event) -> bool:
    source = getattr(event, "encrypted_source", event.source)
    return polls.related(_dict(source.get("content")), "m.reference") is not None


def _content(event: Event) -> dict[str, Any]:
    return _dict(event.source.get("content"))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
