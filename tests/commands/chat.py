"""A federation on paper: the real dispatcher on a real store with a fixed clock, spoken to like a chat.

Everything that is queued is taken out of the outbox as the sender would, and given an event id, so that
replies to it work. What a room was told is compared word by word.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from bot.commanding.discover import discover
from bot.commanding.dispatch import Dispatcher
from bot.domain.files import Remark, Unfit, made_harmless
from bot.matrix.format import plain
from bot.ports import (
    Fetched,
    FixedClock,
    IdentitySeen,
    Incoming,
    Invited,
    MemberSeen,
    Message,
    NotFetched,
    PollAnswered,
    Redacted,
    Removed,
    RoomSeen,
    Said,
    Say,
    SendChart,
    ShareFile,
    StartPoll,
    Unread,
)
from bot.services import holding, identity, summary_fetching, timers, unreadable
from bot.services import rooms as room_service
from bot.store import inbox, outbox, summary_files, unread
from bot.store.database import Database
from tests.commands.at_once import open_copy, open_new
from tests.waiting import due

BOT = "@spokesbot:test"
# the same sentences are said in many tests
read_plain = cache(plain)
registry = cache(discover)


def user(name: str) -> str:
    """Return the Matrix id of a person called `Ana`."""
    return f"@{name.lower()}:test"


@dataclass(frozen=True)
class Sent:
    """Something the bot did in a room; `text` is the plain body people read."""

    room: str
    message: Message
    event_id: str
    about: str | None

    @property
    def text(self) -> str:
        """The plain body, or what kind of thing it was."""
        match self.message:
            case Say(markdown=markdown):
                return read_plain(markdown)
            case ShareFile(name=name):
                return f"({name})"
        return type(self.message).__name__

    @property
    def is_picture(self) -> bool:
        """Whether it is the picture of a result that was said before."""
        return isinstance(self.message, SendChart)


@dataclass
class Chat:
    """Rooms by name, people by first name, and what the bot said."""

    database: Database
    clock: FixedClock
    sent: list[Sent] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(registry(), self.clock, BOT)
        self._numbers = count(1)
        self._written = 0
        self.is_touched = True

    @classmethod
    async def open(cls, at: datetime | None = None, store: Path | None = None) -> Chat:
        """Start with an empty store, or with a copy of one."""
        database = open_copy(store) if store else await open_new()
        async with database.transaction("start") as tx:
            await inbox.save_meta(tx, "user_id", BOT)
        chat = cls(database, FixedClock(at) if at else FixedClock())
        chat.is_touched, chat._written = store is not None, database._statements.total_changes
        return chat

    @property
    def is_new(self) -> bool:
        """Whether nothing was done in it, and it did not begin with a store of another."""
        was_written = self.database._statements.total_changes != self._written
        return not (self.is_touched or was_written or self.refused)

    # -- rooms and people ------------------------------------------------------------------------

    async def room(
        self, name: str, *people: str, encrypted: bool = True, power: int = 50, admin: str | None = None
    ) -> None:
        """Make a room with the bot in it; the first person is its admin unless another is named."""
        admins = frozenset({user(admin or people[0])}) if people else frozenset[str]()
        await self._change(
            RoomSeen(
                f"!{name}:test",
                tuple(self._member(person, "join") for person in people),
                encrypted=encrypted or None,
                bot_power=power,
                invite_power=0,
                kick_power=50,
                admins=admins,
            )
        )

    async def joins(self, person: str, room: str) -> None:
        """Let somebody join."""
        await self._change(RoomSeen(f"!{room}:test", (self._member(person, "join"),)))

    async def leaves(self, person: str, room: str) -> None:
        """Let somebody leave."""
        await self._change(RoomSeen(f"!{room}:test", (self._member(person, "leave"),)))

    async def power(self, room: str, level: int, *admins: str) -> None:
        """Change the bot's power level."""
        await self._change(
            RoomSeen(
                f"!{room}:test",
                bot_power=level,
                invite_power=0,
                kick_power=50,
                admins=frozenset(map(user, admins)),
            )
        )

    async def upgraded(self, old: str, new: str) -> None:
        """Replace a room by another."""
        await self._change(RoomSeen(f"!{old}:test", successor=f"!{new}:test"))

    async def invited(self, room: str, by: str, allowed: bool = True) -> None:
        """Invite the bot."""
        await self._change(Invited(f"!{room}:test", user(by)), allowed)

    async def removed(self, room: str, by: str) -> None:
        """Remove the bot."""
        await self._change(Removed(f"!{room}:test", user(by)))

    async def identity(
        self, person: str, master: str | None, *, devices: int = 1, signed: int | None = None
    ) -> None:
        """Show the bot somebody's identity."""
        shown = devices if signed is None and master else signed or 0
        seen = IdentitySeen(user(person), master, devices, shown)
        async with self.database.transaction(f"identity.{next(self._numbers)}") as tx:
            await identity.seen(tx, self.clock.now(), [seen])
        await self.flush()

    async def from_unsigned(self, person: str, room: str, body: str, **more: Any) -> tuple[bool, Said]:
        """Say something from a device nobody vouches for; returns whether it is kept for later, and the event."""
        event = Said(**self._event(person, room), body=body, **more)
        async with self.database.transaction(f"sync.{event.event_id}") as tx:
            kept = await self.dispatcher.matters(tx, event) and await holding.hold(
                tx, self.clock.now(), event
            )
        await self.flush()
        return kept, event

    async def unreadable(
        self,
        person: str,
        room: str,
        body: str = "",
        *,
        taps: tuple[str, str] | None = None,
        relation: tuple[str, str] | None = None,
        session: str = "session",
        lacks: str = "key",
        at: datetime | None = None,
    ) -> Incoming:
        """Say something, or tap an answer of a poll, without its key; returns the event, for `key_comes`."""
        common = self._event(person, room) | ({"sent_at": at} if at else {})
        event: Incoming = Said(**common, body=body)
        if taps:
            event = PollAnswered(**common, poll_event_id=taps[0], answers=taps[1:])
            relation = "m.reference", taps[0]
        waiting = inbox.Parked(
            event.event_id,
            event.room_id,
            event.sender,
            session,
            {"content": {"sender_key": f"key of {person}"}},
            self.clock.now(),
            event.sent_at,
            *(relation or (None, None)),
            lacks=lacks,
        )
        async with self.database.transaction(f"sync.{event.event_id}") as tx:
            await inbox.park(tx, waiting)
            await unreadable.see(tx, self.clock.now(), Unread(**common))
        await self.flush()
        return event

    async def key_comes(self, event: Incoming) -> list[str]:
        """Read what could not be read; returns what the bot said in that room."""
        async with self.database.transaction(f"parked.{event.event_id}") as tx:
            await inbox.unpark(tx, event.event_id)
        answers = await self.give(event)
        async with self.database.transaction(f"over.{event.event_id}") as tx:
            over = Unread(
                event_id=event.event_id,
                room_id=event.room_id,
                sender=event.sender,
                sent_at=event.sent_at,
                over=True,
            )
            await unreadable.see(tx, self.clock.now(), over)
        return answers

    async def withheld(self, person: str, key: str, code: str) -> None:
        """Let somebody's app say why it gives no key."""
        async with self.database.transaction(f"withheld.{key}") as tx:
            await unread.note_withheld(tx, self.clock.now(), user(person), key, code)

    def _member(self, person: str, membership: str) -> MemberSeen:
        return MemberSeen(user(person), membership, person, self.clock.now())

    async def _change(self, change: Any, allowed: bool = True) -> None:
        async with self.database.transaction(f"room.{next(self._numbers)}") as tx:
            await room_service.changed(tx, self.clock.now(), change, lambda _inviter: allowed)
        await self.flush()

    # -- talking ---------------------------------------------------------------------------------

    async def say(
        self,
        person: str,
        room: str,
        body: str,
        *,
        reply_to: str | None = None,
        event: dict[str, Any] | None = None,
        **more: Any,
    ) -> list[str]:
        """Say something; returns what the bot answered in that room."""
        common = event or self._event(person, room)
        return await self.give(Said(**common, body=body, reply_to=reply_to, **more))

    async def file_comes(
        self, room: str, remark: Remark = Remark.UNSEEN, size: int = 118_000, why: Unfit | None = None
    ) -> list[str]:
        """Let the file that has waited longest come, or not; returns what the bot said in that room."""
        before, number = len(self.sent), next(self._numbers)
        async with self.database.transaction(f"file.{number}") as tx:
            fetch = await summary_files.due_fetch(tx, self.clock.now())
            assert fetch is not None
            assert await summary_files.settle_fetch(tx, fetch.id)
            source = made_harmless(fetch.source)
            assert source.content is not None
            content = replace(source.content, url=f"mxc://test/copy{number}", key=f"key{number}", size=size)
            thumbnail = source.thumbnail and replace(source.thumbnail, url=f"mxc://test/thumb{number}")
            found = NotFetched(fetch, why, 20_000_000) if why else Fetched(fetch, content, thumbnail, remark)
            await summary_fetching.take(tx, self.clock.now(), found)
        await self.flush()
        return [sent.text for sent in self.sent[before:] if sent.room == room]

    async def tap(
        self, person: str, room: str, poll: str, *answers: str, at: datetime | None = None
    ) -> list[str]:
        """Answer a native poll, which is the event id of its start."""
        event = self._event(person, room)
        if at is not None:
            event["sent_at"] = at
        return await self.give(PollAnswered(**event, poll_event_id=poll, answers=answers))

    async def delete(self, person: str, room: str, event_id: str) -> list[str]:
        """Delete a message."""
        return await self.give(Redacted(**self._event(person, room), redacts=event_id))

    async def give(self, event: Incoming) -> list[str]:
        """Hand an event to the dispatcher; returns what the bot said in that room."""
        before = len(self.sent)
        async with self.database.transaction(f"sync.{event.event_id}") as tx:
            await self.dispatcher.handle(tx, event)
        await self.flush()
        name = event.room_id[1:].partition(":")[0]
        return [sent.text for sent in self.sent[before:] if sent.room == name and not sent.is_picture]

    def _event(self, person: str, room: str) -> dict[str, Any]:
        return {
            "event_id": f"$e{next(self._numbers)}",
            "room_id": f"!{room}:test",
            "sender": user(person),
            "sent_at": self.clock.now(),
        }

    # -- time and the bot's side -----------------------------------------------------------------

    async def wait(self, **length: float) -> None:
        """Let time pass, timer by timer, as it would for a bot that is up."""
        await self.until(self.clock.now() + timedelta(**length))

    async def until(self, end: datetime) -> None:
        """Let time pass up to a moment, running each timer when it is due."""
        while (next_due := await timers.run_due(self.database, self.clock)) is not None and next_due <= end:
            await self.flush()
            self.clock.moment = next_due
        self.clock.moment = end
        await timers.run_due(self.database, self.clock)
        await self.flush()

    async def down_until(self, end: datetime) -> None:
        """Let time pass while the bot is down, then start it."""
        self.clock.moment = end
        await timers.run_due(self.database, self.clock)
        await self.flush()

    async def flush(self) -> None:
        """Send everything that waits, except to rooms named in `refused`."""
        while True:
            async with self.database.transaction("sender") as tx:
                rows = await due(tx, self.clock.now(), {f"!{name}:test" for name in self.refused})
                for row in rows:
                    number = next(self._numbers)
                    await outbox.mark_sent(tx, row.id, self.clock.now(), f"$bot{number}")
                    name = row.room_id[1:].partition(":")[0]
                    self.sent.append(Sent(name, row.message, f"$bot{number}", row.about))
            if not rows:
                return

    def heard(self, room: str) -> list[str]:
        """Return everything the bot said in a room but its pictures, and forget it."""
        found = [sent.text for sent in self.sent if sent.room == room and not sent.is_picture]
        self.sent = [sent for sent in self.sent if sent.room != room]
        return found

    def pictures(self, room: str) -> list[str]:
        """Return what the pictures in a room say in words."""
        return [
            plain(sent.message.caption)
            for sent in self.sent
            if sent.room == room and isinstance(sent.message, SendChart)
        ]

    def last(self, room: str) -> Sent:
        """Return the last thing the bot did in a room, pictures aside."""
        return [sent for sent in self.sent if sent.room == room and not sent.is_picture][-1]

    def last_poll(self, room: str) -> Sent:
        """Return the last native poll the bot started in a room."""
        return [sent for sent in self.sent if sent.room == room and isinstance(sent.message, StartPoll)][-1]

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        """Look into the store."""
        async with self.database.transaction("look") as tx:
            return [dict(row) for row in await tx.all(sql)]

    async def everything(self) -> str:
        """Return the whole store as text, to compare before and after; claims and answers left out."""
        tables = [
            row["name"]
            for row in await self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        skipped = {"inbox", "outbox", "sqlite_sequence", "questions", "taken", "heard"}
        return json.dumps(
            {table: await self.rows(f"SELECT * FROM {table}") for table in tables if table not in skipped}
        )
