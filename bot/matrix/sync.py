"""Our own sync loop: our own token, back-off, gaps paged back, and one transaction for each answer.

Rule: the token is saved in the same transaction as everything the answer brought. A crash at any point makes
the server say it again, and each event id is handled once; so nothing is lost and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from nio.events import (
    Event,
    ForwardedRoomKeyEvent,
    RoomKeyEvent,
)
from nio.responses import RoomInfo, SyncResponse

from bot.domain.errors import Retry, StartError
from bot.logs import fault
from bot.matrix import snapshot, verification_events
from bot.matrix.backoff import Backoff, Pause
from bot.matrix.client import BotClient
from bot.matrix.filters import AT_FIRST, TIMELINE, asked_for
from bot.matrix.found_polls import FoundPoll, with_answers
from bot.matrix.gaps import Gaps
from bot.matrix.inbound import Readable, incoming, readable
from bot.matrix.parking import Parking
from bot.matrix.quotes import Quoted, Quotes
from bot.matrix.receipts import Receipts
from bot.matrix.replay import is_replay, was_shown
from bot.matrix.requests import Refused, call
from bot.matrix.roomstate import RoomState, age_of
from bot.matrix.verification_events import Heard
from bot.ports import (
    Clock,
    Handlers,
    RoomSeen,
    Unencrypted,
    Unread,
)
from bot.store import inbox, outbox, rooms
from bot.store.database import Database, Tx, to_ms
from bot.text import utc

log = logging.getLogger(__name__)

LONG_POLL_MS = 30_000
SHORTEST_POLL = 1.0  # seconds; an answer without news takes LONG_POLL_MS on a server in good health


class SyncLoop:
    """Brings in what happens in the rooms.

    Args:
        client: The logged-in client.
        database: Where it is kept.
        clock: The source of time.
        handle: What is done with what comes in, within the transaction.
        prefix: What commands start with.
        pause: How to wait before another try.
        verify: Takes each step of a verification once, after what came with it is on the disk.
    """

    def __init__(
        self,
        client: BotClient,
        database: Database,
        clock: Clock,
        handle: Handlers,
        prefix: str,
        pause: Pause = asyncio.sleep,
        verify: Callable[[Heard], None] | None = None,
    ) -> None:
        self._client = client
        self._verify = verify
        self._database = database
        self._clock = clock
        self._handle = handle
        self._rooms = RoomState(client, clock, handle.room)
        self._gaps = Gaps(client, database)
        self._receipts = Receipts(client, database, clock)
        self._prefix = prefix
        self._quotes = Quotes(client, prefix, handle.wants_quoted)
        self._parking = Parking(client, clock)
        self._pause = pause
        self.joins = self._rooms.joins
        """When somebody, or we, last joined a room; see `roomstate.SETTLING`."""
        self._saved: str | None = None
        self.synced = asyncio.Event()

    async def run(self) -> None:
        """Sync until cancelled.

        Raises:
            StartError: The server has ended our session.
        """
        async with self._database.transaction("start") as tx:
            token = await inbox.load_meta(tx, inbox.SYNC_TOKEN)
            await self._receipts.begin(tx)
            present = await rooms.present(tx)
        taken = snapshot.take_up(self._client, token, self._clock.now(), present)
        if taken is not None:
            self._rooms.creators.update(taken.creators)
        backoff, loop = Backoff(self._pause), asyncio.get_running_loop()
        while True:
            first, asked_at = not self.synced.is_set(), loop.time()
            try:
                response = await self._ask(token, first=first, whole=first and taken is None)
                if not first and response.next_batch != token and self._receipts.hold(response):
                    token, self._client.ahead = response.next_batch, False
                    backoff.reset()
                    continue
                await self._take(response, token)
            except Retry as error:
                await backoff.wait(error)
                continue
            except Refused as error:
                if error.is_token_unknown:
                    raise StartError(
                        "The server has ended the bot's session. "
                        "Run `spokesbot init` with the recovery key to log in as a new device."
                    ) from error
                await backoff.wait(Retry(error.reason))
                continue
            self.synced.set()
            self._client.keys_wanted.set()
            # a server that leaves no time between answers without news would be asked in a circle
            stuck = not first and response.next_batch == token and loop.time() - asked_at < SHORTEST_POLL
            token = response.next_batch
            if stuck:
                await backoff.wait(Retry("the server says the same again"))
            else:
                backoff.reset()

    async def _ask(self, since: str | None, *, first: bool, whole: bool) -> SyncResponse:
        wanted = asked_for(self._receipts.asked_for(), TIMELINE if since else AT_FIRST)
        patience = 0 if first else LONG_POLL_MS
        return await call(
            self._client.sync(patience, wanted, since=since, full_state=True if whole else None)
        )

    def rest(self) -> None:
        """Keep what the next start can go on from; call it when nothing is synced or sent any more."""
        if self._saved is not None and not self._client.ahead:
            snapshot.keep(self._client, self._saved, self._clock.now(), self._rooms.creators)

    # -- one answer ------------------------------------------------------------------------------

    async def _take(self, response: SyncResponse, since: str | None) -> None:
        """Handle one answer and save its token, all in one transaction."""
        joined = response.rooms.join
        gaps = {room_id: await self._gaps.fetch(room_id, info, since) for room_id, info in joined.items()}
        quoted = await self._quotes.fetch(
            {room_id: [*gaps[room_id], *info.timeline.events] for room_id, info in joined.items()}
        )
        async with self._database.transaction(f"sync.{response.next_batch}") as tx:
            await self._receipts.begin(tx)
            for room_id, invitation in response.rooms.invite.items():
                await self._rooms.invited(tx, room_id, invitation.invite_state, response.next_batch)
            for room_id, left in response.rooms.leave.items():
                await self._rooms.left(tx, room_id, [*left.state, *left.timeline.events], response.next_batch)
            for room_id, info in joined.items():
                await self._joined(tx, room_id, info, gaps[room_id], quoted, response.next_batch)
            await self._receipts.finish(tx, joined, gaps)
            await self._parking.note_withheld(tx, response.to_device_events)
            await inbox.save_meta(tx, inbox.SYNC_TOKEN, response.next_batch)
            await inbox.save_meta(tx, inbox.SYNCED_AT, str(to_ms(self._clock.now())))
            if self._verify is not None:
                steps = filter(None, map(verification_events.to_device, response.to_device_events))
                tx.afterwards += [partial(self._verify, heard) for heard in steps]
        self._saved, self._client.ahead = response.next_batch, False
        if any(
            isinstance(event, RoomKeyEvent | ForwardedRoomKeyEvent) for event in response.to_device_events
        ):
            self._parking.may_be_readable = True
        await self.read_parked()

    async def _joined(
        self, tx: Tx, room_id: str, info: RoomInfo, gap: list[Any], quoted: dict[str, Quoted], cause: str
    ) -> None:
        room = await rooms.find(tx, room_id)
        is_new = room is None or not room.joined
        seen = self._rooms.seen(room_id, info.state)
        timeline = [*gap, *info.timeline.events]
        if is_new:
            self._rooms.note_join(room_id)
            # What was said before we came was not said to us.
            start = self._gaps.own_join(timeline)
            before, timeline = timeline[:start], timeline[start:]
            timeline = [*filter(self._asks_us, before), *timeline]
            seen = self._rooms.seen(room_id, [*info.state, *before]) or RoomSeen(room_id)
        tx.caused_by(f"room.{room_id}.{cause}")
        if seen is not None:
            await self._rooms.change(tx, seen)
        for index, event in enumerate(timeline):
            await self._event(tx, room_id, event, quoted, f"{cause}.{index}")

    def _asks_us(self, event: Any) -> bool:
        """Tell whether somebody asks to verify us: an app invites us for that, and does not wait until we come."""
        return (
            isinstance(event, Event)
            and event.sender != self._client.user_id
            and verification_events.is_request_to(
                self._client.user_id, event.source.get("type"), event.source.get("content")
            )
        )

    async def _event(self, tx: Tx, room_id: str, event: Any, quoted: dict[str, Quoted], cause: str) -> None:
        if not isinstance(event, Event):
            # nio could not parse it: if it was encrypted, somebody's words are lost to us, and loudly
            if getattr(event, "type", "") == "m.room.encrypted":
                log.error("an encrypted event has a form we cannot read", extra={"room_id": room_id})
            return
        try:
            async with tx.savepoint():
                await self._take_event(tx, room_id, event, quoted, cause)
        except Exception as error:  # noqa: BLE001 - one event's fault must not stop the others, nor all at each start
            log.error("event: %s", fault(error), extra={"room_id": room_id, "event_id": event.event_id})
            await inbox.claim(tx, event.event_id, self._clock.now())

    async def _take_event(
        self, tx: Tx, room_id: str, event: Event, quoted: dict[str, Quoted], cause: str
    ) -> None:
        if event.sender == self._client.user_id and event.transaction_id:
            await outbox.mark_echoed(tx, event.transaction_id, event.event_id, self._clock.now())
        seen = self._rooms.seen(room_id, [event])
        if seen is not None:
            if any(member.membership == "join" for member in seen.members):
                self._rooms.note_join(room_id, age_of(event))
            tx.caused_by(f"room.{room_id}.{cause}")
            await self._rooms.change(tx, seen)
        elif event.sender != self._client.user_id:
            found = quoted.get(event.event_id)
            await self._read(tx, room_id, event, found)
            for index, answer in enumerate(found.unread if isinstance(found, FoundPoll) else ()):
                # now that somebody asked to count them, they wait for their keys like anything said to us
                await self._event(tx, room_id, answer, {}, f"{cause}.{index}")

    async def _read(
        self, tx: Tx, room_id: str, event: Event, quoted: Quoted | None, shown_at: datetime | None = None
    ) -> None:
        standing = readable(self._client, event)
        await self._see_identities(tx)
        match standing:
            case Readable.YES:
                if isinstance(quoted, FoundPoll):
                    quoted_poll = await with_answers(tx, quoted, self._clock.now())
                    found = incoming(event, room_id, self._prefix, quoted_poll)
                else:
                    found = incoming(event, room_id, self._prefix, quoted)
                heard = None
                if found is None and self._verify is not None:
                    room = self._client.rooms.get(room_id)  # none where we were removed meanwhile
                    encrypted = room is not None and room.encrypted
                    step = verification_events.in_room(
                        event, room_id, self._client.user_id, encrypted=encrypted
                    )
                    found, heard = (step, None) if isinstance(step, Unencrypted) else (None, step)
                if (found is None and heard is None) or await is_replay(tx, event, self._clock.now()):
                    return
                if found is not None:
                    await self._handle.event(tx, replace(found, shown_at=shown_at))
                elif self._verify and heard and await inbox.claim(tx, event.event_id, self._clock.now()):
                    tx.afterwards.append(partial(self._verify, heard))
            case Readable.LATER:
                if await inbox.is_claimed(tx, event.event_id) or await was_shown(tx, event):
                    return
                await self._parking.park(tx, room_id, event)
                await self._handle.unread(tx, _unread(event, room_id))
                self._parking.may_be_readable = True
            case Readable.UNSIGNED:
                found = incoming(event, room_id, self._prefix)
                if found is not None and await self._handle.hold(tx, found):
                    await self._parking.park(tx, room_id, event)
            case Readable.NEVER:
                log.warning(
                    "an event is not from a device of %s", event.sender,
                    extra={"room_id": room_id, "event_id": event.event_id},
                )  # fmt: skip

    async def _see_identities(self, tx: Tx) -> None:
        """Pass on what was learned of identities: before an event that a new one vouches for is handled."""
        found = list(self._client.identities.values())
        self._client.identities.clear()  # a start passes on everything again
        if found:
            await self._handle.identities(tx, found)

    async def read_after_upkeep(self) -> None:
        """Handle parked events whose device list, or whose key, has come by an upkeep."""
        self._parking.may_be_readable = True
        await self.read_parked()

    async def read_parked(self) -> None:
        """Handle parked events whose key or device list has come."""
        if not self._parking.may_be_readable:
            return
        self._parking.may_be_readable = False
        async with self._database.transaction("parked") as tx:
            await self._see_identities(tx)
            for waiting in await self._parking.waiting(tx):
                plain = await self._parking.take(tx, waiting)
                if plain is not None:
                    await self._read(tx, waiting.room_id, plain, None, waiting.parked_at)
                    await self._handle.unread(tx, _unread(plain, waiting.room_id, over=True))


def _unread(event: Event, room_id: str, *, over: bool = False) -> Unread:
    return Unread(
        event_id=event.event_id,
        room_id=room_id,
        sender=event.sender,
        sent_at=utc(event.server_timestamp),
        over=over,
    )
