"""The outbox worker: says what is queued, in order per room, in many rooms at once.

Rule: a row leaves the queue only with the server's word for it. Its transaction id never changes, so that a
send whose answer was lost is repeated safely; and nothing anyone said ever goes to a room without encryption.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import quote

from bot.domain.errors import DiskError, GiveUp, Retry
from bot.logs import fault
from bot.matrix import membership
from bot.matrix.client import BotClient
from bot.matrix.contents import content_of, sent_event
from bot.matrix.echo import SIGN, find_sent, is_doubtful
from bot.matrix.pictures import AT_ONCE, Draw, chart_content, draw
from bot.matrix.requests import V3, Refused, request
from bot.matrix.roomstate import SETTLING
from bot.ports import (
    UNENCRYPTED_ALLOWED,
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
from bot.store import outbox, rooms
from bot.store.database import Database
from bot.store.outbox import Queued

log = logging.getLogger(__name__)

LOOK_AGAIN = 60.0
"""Seconds."""
WIDTH = 32
"""Rooms sent to at once; Synapse gives its best at about this many."""
PREPARED_AT_ONCE = 200
LONGEST_PAUSE = timedelta(minutes=10)
OUTSIDE = outbox.LONGEST_WAIT
"""How long to wait before looking again whether we are back in a room."""
_EVENTS = (Say, Edit, StartPoll, EndPoll, SendFile, ShareFile, SendChart, RefuseUnencrypted)
"""What would be there twice if it were sent twice; the others change nothing the second time."""
REFUSAL = (
    "This room is not encrypted, so I do nothing here. Switch encryption on in its settings and I will help."
)


class Sender:
    """Empties the outbox.

    Args:
        client: The logged-in client, synced.
        database: Where the outbox is.
        clock: The source of time.
        joins: When somebody last joined a room or was invited; it is left alone for a while after that.
        settling: For how long.
        draw: Draws pictures.
    """

    def __init__(
        self,
        client: BotClient,
        database: Database,
        clock: Clock,
        joins: dict[str, datetime] | None = None,
        settling: timedelta = SETTLING,
        draw: Draw = draw,
    ) -> None:
        self._draw = draw
        self._client = client
        self._database = database
        self._clock = clock
        self._joins = {} if joins is None else joins
        self._settling = settling
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._drawing: set[str] = set()
        self._width = WIDTH
        self._silent_until: datetime | None = None
        self._stopping = False
        self._turns = count(1)
        self._served: dict[str, int] = {}
        """When each room had its last turn: who has much to hear does not keep the others waiting."""

    async def run(self) -> None:
        """Send until `stop` was called and the sends under way are finished."""
        wake = self._database.outbox_filled
        while not self._stopping:
            wake.clear()
            wait = await self._start_due()
            try:
                # looked at now and then, because the system's clock may jump
                async with asyncio.timeout(wait if wait is None else min(wait, LOOK_AGAIN)):
                    await wake.wait()
            except TimeoutError:
                continue
        if self._busy:
            await asyncio.wait(self._busy.values())

    def stop(self) -> None:
        """Let the sends under way finish and begin no other."""
        self._stopping = True
        self._database.outbox_filled.set()

    async def _start_due(self) -> float | None:
        """Start what is due; returns the seconds until something may be, or `None` for nothing in sight."""
        now = self._clock.now()
        if self._silence(now):
            return self._silence(now).total_seconds()
        async with self._database.transaction("outbox") as tx:
            due = await outbox.due(tx, now, frozenset(self._busy))
            later = await outbox.next_due_at(tx, now)
        settled = [row for row in due if self._settled_at(row, now) <= now]
        if len(settled) < len(due):
            first = min(self._settled_at(row, now) for row in due if row not in settled)
            later = min(later, first) if later is not None and later > now else first
        due = self._affordable(sorted(settled, key=lambda row: self._served.get(row.room_id, 0)))
        # begun, not waited for: a room whose members' devices are slow to be known must not hold up the others
        now_sent = due[: max(self._width - len(self._busy), 0)]
        # a server that asked us to slow down is not asked to carry the keys of rooms whose turn has not come
        self._prepare(due if self._width == WIDTH else now_sent)
        for row in now_sent:
            task = asyncio.create_task(self._send_row(row), name=f"send {row.txn_id}")
            self._busy[row.room_id] = task
            if isinstance(row.message, SendChart):
                self._drawing.add(row.room_id)
            self._served[row.room_id] = next(self._turns)
            task.add_done_callback(partial(self._finished, row.room_id))
        return max((later - now).total_seconds(), 0.05) if later is not None and later > now else None

    def _affordable(self, due: list[Queued]) -> list[Queued]:
        """Leave out pictures beyond those that are drawn at once, so that the others' words need not wait for them."""
        pictures = [row for row in due if isinstance(row.message, SendChart)]
        later = {row.id for row in pictures[max(AT_ONCE - len(self._drawing), 0) :]}
        return [row for row in due if row.id not in later]

    def _silence(self, now: datetime) -> timedelta:
        """Return how long the server wants nothing from us; more than we ever wait says that the clock went back."""
        left = (self._silent_until or now) - now
        return left if timedelta() < left <= outbox.LONGEST_WAIT else timedelta()

    def _settled_at(self, row: Queued, now: datetime) -> datetime:
        """Return when a row may be sent, as far as newcomers to its room are concerned."""
        joined_at = self._joins.get(row.room_id)
        if joined_at is None or isinstance(row.message, UNENCRYPTED_ALLOWED):
            return now
        if joined_at > now:  # the system's clock has gone back
            joined_at = self._joins[row.room_id] = now
        return joined_at + self._settling

    def _finished(self, room_id: str, task: asyncio.Task[None]) -> None:
        del self._busy[room_id]
        self._drawing.discard(room_id)
        # of a disk that failed `run` hears too; here it is only taken note of
        task.cancelled() or task.exception()
        self._database.outbox_filled.set()

    def _prepare(self, due: list[Queued]) -> None:
        """Begin to share the keys of all rooms that are due in few large requests; each send waits for its own."""
        known = self._client.rooms
        self._client.preparer.begin(
            row.room_id
            for row in due[:PREPARED_AT_ONCE]
            if not isinstance(row.message, UNENCRYPTED_ALLOWED)
            and row.room_id in known
            and known[row.room_id].encrypted
        )

    # -- one row ---------------------------------------------------------------------------------

    async def _send_row(self, row: Queued) -> None:
        ids = {"room_id": row.room_id, "txn_id": row.txn_id}
        try:
            event_id = await self._send(row)
        except Retry as error:
            await self._put_off(row, error)
        except GiveUp as error:
            if isinstance(error, Refused) and error.is_passing:
                # it is not the message that was refused
                await self._put_off(row, Retry(error.reason))
                return
            log.warning("given up: %s", error.reason, extra=ids)
            async with self._database.transaction("outbox") as tx:
                await outbox.mark_failed(tx, row.id, error.reason)
        except DiskError:
            raise
        except Exception as error:  # noqa: BLE001 - one row's fault must not stop the others
            log.error("send failed: %s", fault(error), extra=ids)
            await self._put_off(row, Retry("a fault in the program; see its log"))
        else:
            self._width = min(self._width + 1, WIDTH)
            async with self._database.transaction("outbox") as tx:
                await outbox.mark_sent(tx, row.id, self._clock.now(), event_id)

    async def _put_off(self, row: Queued, error: Retry) -> None:
        now = self._clock.now()
        pause = error.after or min(timedelta(seconds=2 ** min(row.attempts, 10)), LONGEST_PAUSE)
        pause = min(pause, outbox.LONGEST_WAIT)
        if error.everywhere:
            # the whole account was asked to slow down: all stop, and go on fewer at a time
            self._silent_until = now + max(self._silence(now), pause)
            self._width = max(self._width // 2, 1)
        log.info("put off: %s", error.reason, extra={"room_id": row.room_id, "txn_id": row.txn_id})
        async with self._database.transaction("outbox") as tx:
            await outbox.put_off(tx, row.id, now + pause, error.reason)

    async def _send(self, row: Queued) -> str | None:
        """Do what a row says and return the event id, where there is one."""
        message = row.message
        if isinstance(message, JoinRoom):
            await membership.join(self._client, row.room_id, message)
            return None
        if isinstance(message, LeaveRoom):
            await membership.leave(self._client, row.room_id, message)
            return None
        await self._check_room(row)
        if is_doubtful(row, self._clock.now(), self._client.device_id) and isinstance(message, _EVENTS):
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

    async def _check_room(self, row: Queued) -> None:
        """See that we are in the room and may say this there; from then on it may have been sent."""
        async with self._database.transaction("outbox") as tx:
            room = await rooms.find(tx, row.room_id)
            if room is None or not room.joined:
                raise Retry("I am not in the room", OUTSIDE)
            if row.room_id not in self._client.rooms:
                raise Retry("the room has not been synced yet")
            encrypted = room.encrypted and self._client.rooms[row.room_id].encrypted
            if not encrypted and not isinstance(row.message, UNENCRYPTED_ALLOWED):
                raise Retry("the room is not encrypted", OUTSIDE)
            await outbox.mark_tried(tx, row.id, self._clock.now(), self._client.device_id)

    async def _say(self, row: Queued, kind: str, content: dict[str, Any]) -> str:
        await self._client.preparer.prepare([row.room_id])
        # nothing is awaited between the encryption and the request, so a key that was just shared is still it
        kind, encrypted = self._client.encrypt(row.room_id, kind, content)
        return await self._put(row, f"send/{kind}", encrypted | {SIGN: row.sign})

    async def _put(self, row: Queued, what: str, content: dict[str, Any]) -> str:
        path = f"/rooms/{_part(row.room_id)}/{what}/{_part(row.txn_id)}"
        with _forbidden_for_now():
            return _event_id(await request(self._client, "PUT", V3 + path, content))

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
