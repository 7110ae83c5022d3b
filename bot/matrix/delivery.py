"""Says what one row of the outbox says, and does what it asks for.

Rule: nothing anyone said ever goes to a room without encryption; the row's transaction id goes along, and what may have
been said already is looked for before it is said again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.domain.errors import GiveUp, Retry
from bot.matrix import membership
from bot.matrix.client import BotClient
from bot.matrix.contents import content_of, sent_event
from bot.matrix.echo import SIGN, find_sent, is_doubtful
from bot.matrix.pictures import Draw, chart_content, draw
from bot.matrix.requests import V3, Refused, request
from bot.ports import (
    Clock,
    Edit,
    EndPoll,
    InviteUser,
    JoinRoom,
    LeaveRoom,
    Redact,
    RefuseUnencrypted,
    RemoveUser,
    Say,
    SendChart,
    SendFile,
    ShareFile,
    StartPoll,
)
from bot.store import outbox
from bot.store.database import Database
from bot.store.outbox import Queued

OUTSIDE = outbox.LONGEST_WAIT
"""How long to wait before looking again whether we are back in a room."""
EVENTS = (Say, Edit, StartPoll, EndPoll, SendFile, ShareFile, SendChart, RefuseUnencrypted)
"""What would be there twice if it were sent twice; the others change nothing the second time."""
REFUSAL = (
    "This room is not encrypted, so I do nothing here. Switch encryption on in its settings and I will help."
)


class Delivery:
    """Delivers rows, one at a time in each room.

    Args:
        client: The logged-in client, synced.
        database: Where the outbox is.
        clock: The source of time.
        joins: When somebody last joined a room or was invited; noted here for whom we invite.
        draw: Draws pictures.
    """

    def __init__(
        self,
        client: BotClient,
        database: Database,
        clock: Clock,
        joins: dict[str, datetime],
        draw: Draw = draw,
    ) -> None:
        self._draw = draw
        self._client = client
        self._database = database
        self._clock = clock
        self._joins = joins

    async def deliver(self, row: Queued) -> str | None:
        """Do what a row says and return the event id, where there is one."""
        message = row.message
        if isinstance(message, JoinRoom):
            await membership.join(self._client, row.room_id, message)
            return None
        if isinstance(message, LeaveRoom):
            await membership.leave(self._client, row.room_id, message)
            return None
        if row.room_id not in self._client.rooms:
            raise Retry("I am not in the room", OUTSIDE)  # removed a moment ago
        if is_doubtful(row, self._clock.now(), self._client.device_id) and isinstance(message, EVENTS):
            with _forbidden_for_now():
                event_id = await find_sent(self._client, row)
            if event_id is not None:
                return event_id
        match message:
            case InviteUser() | RemoveUser():
                changed = await membership.change_member(self._client, row.room_id, message)
                if changed and isinstance(message, InviteUser):
                    # until a sync has shown us the invitation, the next message's key would not be shared with them
                    self._joins[row.room_id] = self._clock.now()
                return None
            case Redact():
                return await self._redact(row, message)
            case RefuseUnencrypted():
                return await self._refuse(row)
            case SendChart():
                content = await chart_content(self._client, message, self._draw)
                return await self._say(row, "m.room.message", content)
            case _:
                return await self._say(row, *await content_of(self._client, self._database, message))

    async def _say(self, row: Queued, kind: str, content: dict[str, Any]) -> str:
        await self._client.preparer.prepare([row.room_id])
        # nothing is awaited between the encryption and the request, so a key that was just shared is still it
        kind, encrypted = self._client.encrypt(row.room_id, kind, content)
        return await self._put(row, f"send/{kind}", encrypted | {SIGN: row.sign})

    async def _put(self, row: Queued, what: str, content: dict[str, Any]) -> str:
        path = f"/rooms/{_part(row.room_id)}/{what}/{_part(row.txn_id)}"
        try:
            with _forbidden_for_now():
                return _event_id(await request(self._client, "PUT", V3 + path, content))
        except Retry as error:
            # a server that says no has not taken it; an answer that was lost may have been a yes
            error.is_doubtful = not (error.everywhere or isinstance(error.__cause__, Refused))
            raise

    async def _redact(self, row: Queued, message: Redact) -> str | None:
        try:
            target = await sent_event(self._database, message.sent)
        except GiveUp:
            return None  # it never got there
        return await self._put(row, f"redact/{_part(target)}", {})

    async def _refuse(self, row: Queued) -> str | None:
        if self._client.rooms[row.room_id].encrypted:
            return None  # switched on meanwhile
        content = {"msgtype": "m.notice", "body": REFUSAL, "m.mentions": {}, SIGN: row.sign}
        return await self._put(row, "send/m.room.message", content)


@contextmanager
def _forbidden_for_now() -> Iterator[None]:
    """Let a message wait where we were removed and not told yet, or silenced: people may change that."""
    try:
        yield
    except Refused as error:
        if error.errcode != "M_FORBIDDEN":
            raise
        raise Retry("I may not write there", OUTSIDE) from error


def _part(text: str) -> str:
    """Return one part of a path; ids of rooms of version 3 have slashes in them."""
    return quote(text, safe="")


def _event_id(answer: dict[str, Any]) -> str:
    event_id = answer.get("event_id")
    if not isinstance(event_id, str):
        raise Retry("the server did not say the event id")
    return event_id
