"""Our own sync loop: our own token, back-off, gaps paged back, and one transaction for each answer.

Rule: the token is saved in the same transaction as everything the answer brought. A crash at any point makes
the server say it again, and each event id is handled once; so nothing is lost and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from nio.events import (
    Event,
    ForwardedRoomKeyEvent,
    InviteMemberEvent,
    RoomKeyEvent,
    RoomMemberEvent,
)
from nio.responses import RoomInfo, SyncResponse
from vodozemac import MegolmMessage

from bot.domain.errors import GiveUp, Retry, StartError
from bot.logs import fault
from bot.matrix import verification_events
from bot.matrix.client import BotClient
from bot.matrix.inbound import Readable, incoming, readable, room_seen
from bot.matrix.parking import Parking
from bot.matrix.quotes import Quotes
from bot.matrix.requests import Refused, call
from bot.matrix.verification_events import Heard
from bot.ports import (
    Clock,
    HandleEvent,
    HandleIdentities,
    HandleRoom,
    HandleUnread,
    HoldEvent,
    Invited,
    Removed,
    RoomChange,
    RoomSeen,
    Said,
    Unencrypted,
    Unread,
)
from bot.store import inbox, outbox, rooms
from bot.store.database import Database, Tx, to_ms
from bot.text import utc

log = logging.getLogger(__name__)

TIMELINE = 100
PAGE = 100
PAGES = 100
LONG_POLL_MS = 30_000
SHORTEST_POLL = 1.0  # seconds; an answer without news takes LONG_POLL_MS on a server in good health
LONGEST_PAUSE = 60.0
TOKEN = "sync_token"  # noqa: S105 - a place in a stream, not a secret

_STATE = [
    "m.room.create",
    "m.room.encryption",
    "m.room.history_visibility",
    "m.room.member",
    "m.room.power_levels",
    "m.room.tombstone",
]
FILTER: dict[str, Any] = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {
        "ephemeral": {"types": []},
        "account_data": {"types": []},
        # not lazy: who is a member decides who gets keys and who has a voice
        "state": {"types": _STATE, "lazy_load_members": False},
        "timeline": {"limit": TIMELINE, "lazy_load_members": False},
    },
}


SETTLING = timedelta(seconds=2)
"""How long a room is left alone after somebody joined it.

An app that has just met us asks the server for our device first. A message that comes sooner is from an unknown
device to it, and an app that excludes insecure devices never looks at it again (seen with matrix-js-sdk 43).
"""

Pause = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""


class Backoff:
    """Pauses that grow from one second to a minute, with chance in them so that bots do not march in step.

    Args:
        pause: How to wait.
    """

    def __init__(self, pause: Pause = asyncio.sleep) -> None:
        self._pause = pause
        self._tries = 0

    def reset(self) -> None:
        """Begin again with a short pause."""
        self._tries = 0

    async def wait(self, error: Retry) -> None:
        """Pause as long as the server asks, or a little longer than last time."""
        pause = error.after.total_seconds() if error.after else min(2.0**self._tries, LONGEST_PAUSE)
        self._tries = min(self._tries + 1, 10)
        log.warning("%s; next try in %.0f s", error.reason, pause)
        # never sooner than the server asked
        least = 1.0 if error.after else 0.8
        await self._pause(pause * random.uniform(least, 1.2))  # noqa: S311 - not for secrecy


class SyncLoop:
    """Brings in what happens in the rooms.

    Args:
        client: The logged-in client.
        database: Where it is kept.
        clock: The source of time.
        handle_event: Handles one incoming event within the transaction.
        handle_room: Handles one change of a room within the transaction.
        prefix: What commands start with.
        wants_quoted: Whether a message needs the text of the one it replies to.
        hold: Takes note of an event from a device its sender has not signed.
        see_identities: Takes in what is known of people's identities.
        see_unread: Takes note of an event that cannot be read yet, or could be read after all.
        pause: How to wait before another try.
        verify: Takes each step of a verification once, after what came with it is on the disk.
    """

    def __init__(
        self,
        client: BotClient,
        database: Database,
        clock: Clock,
        handle_event: HandleEvent,
        handle_room: HandleRoom,
        prefix: str,
        wants_quoted: Callable[[str], bool],
        hold: HoldEvent,
        see_identities: HandleIdentities,
        see_unread: HandleUnread,
        pause: Pause = asyncio.sleep,
        verify: Callable[[Heard], None] | None = None,
    ) -> None:
        self._client = client
        self._verify = verify
        self._database = database
        self._clock = clock
        self._handle_event = handle_event
        self._handle_room = handle_room
        self._prefix = prefix
        self._quotes = Quotes(client, prefix, wants_quoted)
        self._parking = Parking(client, clock)
        self._hold = hold
        self._handle_identities = see_identities
        self._handle_unread = see_unread
        self._pause = pause
        self._creators: defaultdict[str, set[str]] = defaultdict(set)
        self.joins: dict[str, datetime] = {}
        """When somebody, or we, last joined a room; see `sender.SETTLING`."""
        self.synced = asyncio.Event()
        self.keys_wanted = asyncio.Event()
        client.wake_upkeep = self.keys_wanted.set

    async def run(self) -> None:
        """Sync until cancelled.

        Raises:
            StartError: The server has ended our session.
        """
        async with self._database.transaction("start") as tx:
            token = await inbox.load_meta(tx, TOKEN)
        backoff, loop = Backoff(self._pause), asyncio.get_running_loop()
        while True:
            first, asked_at = not self.synced.is_set(), loop.time()
            try:
                response = await call(
                    self._client.sync(LONG_POLL_MS, FILTER, since=token, full_state=True if first else None)
                )
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
            self.keys_wanted.set()
            # a server that leaves no time between answers without news would be asked in a circle
            stuck = not first and response.next_batch == token and loop.time() - asked_at < SHORTEST_POLL
            token = response.next_batch
            if stuck:
                await backoff.wait(Retry("the server says the same again"))
            else:
                backoff.reset()

    async def keep_keys(self) -> None:
        """Do the key work between syncs, beside the loop: a slow server must not hold up messages."""
        backoff = Backoff(self._pause)
        while True:
            await self.keys_wanted.wait()
            self.keys_wanted.clear()
            try:
                await self._client.upkeep()
            except Retry as error:
                await backoff.wait(error)
                self.keys_wanted.set()
                continue
            except GiveUp as error:
                log.error("keys: %s", error.reason)
            backoff.reset()
            self._parking.may_be_readable = True
            await self.read_parked()

    # -- one answer ------------------------------------------------------------------------------

    async def _take(self, response: SyncResponse, since: str | None) -> None:
        """Handle one answer and save its token, all in one transaction."""
        joined = response.rooms.join
        gaps = {room_id: await self._gap(room_id, info, since) for room_id, info in joined.items()}
        quoted = await self._quotes.fetch(
            {room_id: [*gaps[room_id], *info.timeline.events] for room_id, info in joined.items()}
        )
        async with self._database.transaction(f"sync.{response.next_batch}") as tx:
            for room_id, invitation in response.rooms.invite.items():
                await self._invited(tx, room_id, invitation.invite_state, response.next_batch)
            for room_id, left in response.rooms.leave.items():
                await self._left(tx, room_id, [*left.state, *left.timeline.events], response.next_batch)
            for room_id, info in joined.items():
                await self._joined(tx, room_id, info, gaps[room_id], quoted, response.next_batch)
            await self._parking.note_withheld(tx, response.to_device_events)
            await inbox.save_meta(tx, TOKEN, response.next_batch)
            await inbox.save_meta(tx, inbox.SYNCED_AT, str(to_ms(self._clock.now())))
            if self._verify is not None:
                steps = filter(None, map(verification_events.to_device, response.to_device_events))
                tx.afterwards += [partial(self._verify, heard) for heard in steps]
        if any(
            isinstance(event, RoomKeyEvent | ForwardedRoomKeyEvent) for event in response.to_device_events
        ):
            self._parking.may_be_readable = True
        await self.read_parked()

    async def _joined(
        self, tx: Tx, room_id: str, info: RoomInfo, gap: list[Any], quoted: dict[str, Said], cause: str
    ) -> None:
        room = await rooms.find(tx, room_id)
        is_new = room is None or not room.joined
        seen = room_seen(self._client, room_id, info.state, self._creators[room_id])
        timeline = [*gap, *info.timeline.events]
        if is_new:
            self._note_join(room_id)
            # What was said before we came was not said to us.
            start = self._own_join(timeline)
            before, timeline = timeline[:start], timeline[start:]
            timeline = [*filter(self._asks_us, before), *timeline]
            seen = room_seen(
                self._client, room_id, [*info.state, *before], self._creators[room_id]
            ) or RoomSeen(room_id)
        tx.caused_by(f"room.{room_id}.{cause}")
        if seen is not None:
            await self._change(tx, seen)
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

    def _note_join(self, room_id: str) -> None:
        now = self._clock.now()
        last = self.joins.get(room_id)
        # a stream of people joining must not keep us silent for ever
        if last is None or not timedelta() <= now - last <= SETTLING:
            self.joins[room_id] = now

    def _own_join(self, timeline: list[Any]) -> int:
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

    async def _event(self, tx: Tx, room_id: str, event: Any, quoted: dict[str, Said], cause: str) -> None:
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
        self, tx: Tx, room_id: str, event: Event, quoted: dict[str, Said], cause: str
    ) -> None:
        if event.sender == self._client.user_id and event.transaction_id:
            await outbox.mark_echoed(tx, event.transaction_id, event.event_id, self._clock.now())
        seen = room_seen(self._client, room_id, [event], self._creators[room_id])
        if seen is not None:
            if any(member.membership == "join" for member in seen.members):
                self._note_join(room_id)
            tx.caused_by(f"room.{room_id}.{cause}")
            await self._change(tx, seen)
        elif event.sender != self._client.user_id:
            await self._read(tx, room_id, event, quoted.get(event.event_id))

    async def _read(
        self, tx: Tx, room_id: str, event: Event, quoted: Said | None, shown_at: datetime | None = None
    ) -> None:
        standing = readable(self._client, event)
        await self._see_identities(tx)
        match standing:
            case Readable.YES:
                found = incoming(event, room_id, self._prefix, quoted)
                heard = None
                if found is None and self._verify is not None:
                    room = self._client.rooms.get(room_id)  # none where we were removed meanwhile
                    encrypted = room is not None and room.encrypted
                    step = verification_events.in_room(
                        event, room_id, self._client.user_id, encrypted=encrypted
                    )
                    found, heard = (step, None) if isinstance(step, Unencrypted) else (None, step)
                if (found is None and heard is None) or await self._is_replay(tx, event):
                    return
                if found is not None:
                    await self._handle_event(tx, replace(found, shown_at=shown_at))
                elif self._verify and heard and await inbox.claim(tx, event.event_id, self._clock.now()):
                    tx.afterwards.append(partial(self._verify, heard))
            case Readable.LATER:
                if await inbox.is_claimed(tx, event.event_id) or await self._was_shown(tx, event):
                    return
                await self._parking.park(tx, room_id, event)
                await self._handle_unread(tx, _unread(event, room_id))
                self._parking.may_be_readable = True
            case Readable.UNSIGNED:
                found = incoming(event, room_id, self._prefix)
                if found is not None and await self._hold(tx, found):
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
            await self._handle_identities(tx, found)

    async def _was_shown(self, tx: Tx, event: Event) -> bool:
        """Tell whether the words of an event that cannot be read were shown before as another event."""
        place = _place(event)
        return place is not None and await inbox.is_ciphertext_claimed(tx, *place)

    async def _is_replay(self, tx: Tx, event: Event) -> bool:
        """Tell whether the server shows words again that it showed before as another event."""
        place = _place(event) if hasattr(event, "encrypted_source") else None
        if place is None:
            return False
        first = await inbox.claim_ciphertext(tx, *place, event.event_id, self._clock.now())
        if not first:
            log.warning("an event repeats another one's words", extra={"event_id": event.event_id})
        return not first

    async def _change(self, tx: Tx, change: RoomChange) -> None:
        try:
            async with tx.savepoint():
                await self._handle_room(tx, change)
        except Exception as error:  # noqa: BLE001 - one room's fault must not stop the others
            log.error("room: %s", fault(error), extra={"room_id": change.room_id})

    async def _invited(self, tx: Tx, room_id: str, state: list[Any], cause: str) -> None:
        for event in state:
            if (
                isinstance(event, InviteMemberEvent)
                and event.state_key == self._client.user_id
                and event.membership == "invite"
            ):
                tx.caused_by(f"invite.{room_id}.{cause}")
                await self._change(tx, Invited(room_id, event.sender))

    async def _left(self, tx: Tx, room_id: str, events: list[Any], cause: str) -> None:
        own = [
            event
            for event in events
            if isinstance(event, RoomMemberEvent) and event.state_key == self._client.user_id
        ]
        self._creators.pop(room_id, None)
        last = own[-1] if own else None
        tx.caused_by(f"left.{room_id}.{cause}")
        by = last.sender if last else self._client.user_id
        await self._change(tx, Removed(room_id, by, banned=bool(last and last.membership == "ban")))

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
                    await self._handle_unread(tx, _unread(plain, waiting.room_id, over=True))

    # -- what the server left out ----------------------------------------------------------------

    async def _gap(self, room_id: str, info: RoomInfo, since: str | None) -> list[Any]:
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


def _place(event: Event) -> tuple[str, int] | None:
    """Return the megolm session of an encrypted event and its index there, or `None` if it is malformed."""
    source = getattr(event, "encrypted_source", event.source)
    try:
        index = MegolmMessage.from_base64(source["content"]["ciphertext"]).message_index()
    except (KeyError, TypeError, ValueError):
        return None
    return event.session_id or "", index


def _unread(event: Event, room_id: str, *, over: bool = False) -> Unread:
    return Unread(
        event_id=event.event_id,
        room_id=room_id,
        sender=event.sender,
        sent_at=utc(event.server_timestamp),
        over=over,
    )
