"""What crosses the border between the program and Matrix: incoming events and outgoing messages.

Rule: both sides are plain values. Nothing on this page knows nio, SQL or a socket, so everything that
decides can be tested with values alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from bot.domain.files import Attached, Fetch, Remark, Sealed, Unfit

if TYPE_CHECKING:
    from bot.store.database import Tx


# -- what comes in ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every incoming event has.

    Args:
        event_id: The server's id; each is handled once.
        room_id: The room it was sent in.
        sender: The full Matrix id of its sender, bound to a device of theirs where encrypted.
        sent_at: The server's timestamp (`origin_server_ts`), aware, UTC.
        shown_at: When the server first showed it, by our clock, where it could not be read then.
    """

    event_id: str
    room_id: str
    sender: str
    sent_at: datetime
    shown_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Event):
    """A text message that was decrypted.

    Args:
        body: The plain text, without the quoted fallback of a reply.
        reply_to: The event id it answers.
        thread: The root event id of the thread it is in.
        replaces: The event id it edits; `body` is then the new text.
        mentions: The user ids in its `m.mentions`.
        replied_body: The text of the message it replies to, fetched only for commands declared with
            `quotes=True`: other messages are never kept.
        replied_sender: Who wrote that message, where it was fetched.
        replied_file: The file in it, where it was fetched and has one.
        file: The file it carries itself: known of an edit, and of a caption that is a command.
        replied_poll: The native poll it replies to, fetched likewise.
    """

    body: str
    reply_to: str | None = None
    thread: str | None = None
    replaces: str | None = None
    mentions: tuple[str, ...] = ()
    replied_body: str | None = None
    replied_sender: str | None = None
    replied_file: Attached | None = None
    file: Attached | None = None
    replied_poll: PollMade | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollAnswered(Event):
    """A native poll response, in either spelling.

    Args:
        poll_event_id: The poll start event it answers.
        answers: The chosen answer ids, in the order given; empty means withdrawn.
    """

    poll_event_id: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollMade(Event):
    """A native poll that somebody made in their app, in either spelling, as it was when a command asked for it.

    Args:
        question: Plain text.
        answers: Pairs of answer id and plain text.
        most: How many answers one person may give.
        open: Whether apps may show results before the end (`disclosed`).
        taps: The answers that could be read, each with the server's time.
        ended_at: When its author ended it.
        whole: Whether all that belongs to it was looked through.
    """

    question: str
    answers: tuple[tuple[str, str], ...]
    most: int
    open: bool
    taps: tuple[PollAnswered, ...] = ()
    ended_at: datetime | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PollEnded(Event):
    """The end of a native poll, in either spelling.

    Args:
        poll_event_id: The poll start event it ends.
    """

    poll_event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PollChanged(Event):
    """The edit of a native poll; what it says now is not carried.

    Args:
        poll_event_id: The poll start event it edits.
    """

    poll_event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted(Event):
    """A deletion; never encrypted in Matrix.

    Args:
        redacts: The event id that was deleted.
    """

    redacts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unencrypted(Event):
    """Something that looks like a command, sent without encryption; its words are not carried."""


Incoming = Said | PollAnswered | PollEnded | PollChanged | Redacted | Unencrypted


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread(Event):
    """An encrypted event that waits for its key.

    Args:
        over: Whether it waits no longer: it was read after all.
    """

    over: bool = False


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """One `m.room.member` as the server shows it.

    Args:
        membership: `join`, `invite`, `leave`, `ban` or `knock`.
        at: The server's timestamp of that state event.
    """

    user_id: str
    membership: str
    display_name: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class RoomSeen:
    """The parts of a room's state that changed, or all of them after a start.

    Args:
        encrypted: `True` once an `m.room.encryption` state event was seen; it never turns false again.
        bot_power: The bot's own power level, where the power levels were seen.
        invite_power: The level needed to invite.
        kick_power: The level needed to remove somebody.
        admins: Members who may change power levels.
        successor: The room this one was upgraded to (`m.room.tombstone`).
    """

    room_id: str
    members: tuple[MemberSeen, ...] = ()
    encrypted: bool | None = None
    bot_power: int | None = None
    invite_power: int | None = None
    kick_power: int | None = None
    admins: frozenset[str] | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody asks the bot into a room."""

    room_id: str
    inviter: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The bot is no longer in a room.

    Args:
        by: Who removed it; the bot's own id when it left.
    """

    room_id: str
    by: str
    banned: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file of a summary that was fetched and lies on the server under a new key.

    Args:
        fetch: The wish for it.
        content: As it goes to every room.
        thumbnail: As it goes too.
        remark: What became of what it said of itself.
    """

    fetch: Fetch
    content: Sealed
    thumbnail: Sealed | None
    remark: Remark


@dataclass(frozen=True, slots=True)
class NotFetched:
    """A file of a summary that cannot go along.

    Args:
        fetch: The wish for it.
        largest: Bytes that a file may have.
    """

    fetch: Fetch
    why: Unfit
    largest: int


RoomChange = RoomSeen | Invited | Removed


@dataclass(frozen=True, slots=True)
class IdentitySeen:
    """What the server shows of somebody's devices, as far as the signatures hold.

    Args:
        master: The public master key of their identity; `None` for somebody who has never had one.
        devices: How many devices they have.
        signed: How many of these their identity has signed.
    """

    user_id: str
    master: str | None
    devices: int
    signed: int


# -- what goes out ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """A message in the bot's words.

    Args:
        markdown: Already in the room's language, every value in it escaped.
        mentions: User ids that must act; their apps notify them.
        reply_to: The event id it answers.
        thread: The root event id of the thread it belongs in.
        aloud: `True` for what people should be notified of (`m.text`), else a quiet `m.notice`.
    """

    markdown: str
    mentions: tuple[str, ...] = ()
    reply_to: str | None = None
    thread: str | None = None
    aloud: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces the text of a message the bot sent (`m.replace`).

    Args:
        sent: Transaction id of the outbox row to replace.
        aloud: As the message was; an app shows the text in the manner of its last edit.
    """

    sent: str
    markdown: str
    aloud: bool = False


@dataclass(frozen=True, slots=True)
class StartPoll:
    """A native poll.

    Args:
        question: Plain text.
        answers: Pairs of answer id and plain text.
        most: How many answers one person may give.
        open: Whether apps may show results before the end (`disclosed`).
    """

    question: str
    answers: tuple[tuple[str, str], ...]
    most: int = 1
    open: bool = True


@dataclass(frozen=True, slots=True)
class EndPoll:
    """Ends a native poll.

    Args:
        started: Transaction id of the outbox row that started it.
        markdown: What apps show as its end.
    """

    started: str
    markdown: str


@dataclass(frozen=True, slots=True)
class Redact:
    """Deletes a message the bot sent.

    Args:
        sent: Transaction id of the outbox row to delete.
    """

    sent: str


@dataclass(frozen=True, slots=True)
class SendFile:
    """A text file, encrypted before it is uploaded; its name never reaches the server in clear.

    Args:
        name: The file name people see.
        markdown: What is in it; it is written as plain text, which opens everywhere.
        mimetype: What it is; anything but plain text is written as it stands.
    """

    name: str
    markdown: str
    mimetype: str = "text/plain"


@dataclass(frozen=True, slots=True)
class ShareFile:
    """A file that lies on the server already, encrypted; nothing is uploaded for it.

    Args:
        media: How apps show it, as a message type of the Matrix specification.
        name: The file name people see.
        content: Where it is and what opens it.
        thumbnail: The same of a small picture of it.
        thread: The root event id of the thread it belongs in.
    """

    media: str
    name: str
    content: Sealed
    thumbnail: Sealed | None = None
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class SendChart:
    """The bars of a result as an encrypted picture; it is drawn when it is sent.

    Args:
        title: Markdown.
        bars: Of each its label and its number, as plain text, and its length in thousandths of the longest possible.
        caption: Markdown; says in words what the bars say.
        notes: Markdown lines below the bars.
        undrawn: Markdown; a note for where signs cannot be drawn.
    """

    title: str
    bars: tuple[tuple[str, str, int], ...]
    caption: str
    notes: tuple[str, ...] = ()
    undrawn: str = ""


@dataclass(frozen=True, slots=True)
class JoinRoom:
    """Accepts an invitation, or follows an upgrade.

    Args:
        via: Servers that can help to join.
    """

    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeaveRoom:
    """Leaves a room, or declines an invitation.

    Args:
        reason: What apps show beside it; it is not encrypted, so it holds nobody's words.
    """

    reason: str = ""


@dataclass(frozen=True, slots=True)
class InviteUser:
    """Invites somebody into the room."""

    user_id: str


@dataclass(frozen=True, slots=True)
class RemoveUser:
    """Removes somebody from the room.

    Args:
        reason: Shown to them by the server, unencrypted: never people's words.
    """

    user_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RefuseUnencrypted:
    """The one fixed sentence that may enter a room without encryption; it carries no values."""


Message = (
    Say | Edit | StartPoll | EndPoll | Redact | SendFile | ShareFile | SendChart
    | JoinRoom | LeaveRoom | InviteUser | RemoveUser | RefuseUnencrypted
)  # fmt: skip

UNENCRYPTED_ALLOWED = (RefuseUnencrypted, JoinRoom, LeaveRoom, Redact)
"""What may be sent to a room that is not encrypted: nothing that anyone said."""


# -- who does what ---------------------------------------------------------------------------------


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the moment, aware, UTC."""


class SystemClock:
    """The machine's clock, in whole milliseconds.

    The store keeps milliseconds: a finer moment would come back from it a little earlier or later than it
    went in, and "from now on" would sometimes begin after now.
    """

    def now(self) -> datetime:
        """Return the moment, aware, UTC."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass
class FixedClock:
    """A clock that stands still until it is set; for tests and for replaying."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 10, 0, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the moment, aware, UTC."""
        return self.moment


HandleEvent = Callable[["Tx", Incoming], Awaitable[None]]
"""Handles one incoming event within the transaction; must not send anything."""

HandleRoom = Callable[["Tx", RoomChange], Awaitable[None]]
"""Handles a change of a room within the transaction; must not send anything."""

HandleIdentities = Callable[["Tx", Sequence[IdentitySeen]], Awaitable[None]]
"""Takes in what is known of people's identities; hears the same again after each start."""

HoldEvent = Callable[["Tx", Incoming], Awaitable[bool]]
"""Takes note of an event from a device its sender has not signed; tells whether it is to be kept for later."""

HandleFile = Callable[["Tx", Fetched | NotFetched], Awaitable[None]]
"""Takes in that a file was fetched, or cannot be, within the transaction; must not send anything."""

HandleUnread = Callable[["Tx", Unread], Awaitable[None]]
"""Takes note that an event cannot be read yet, or that it could be read after all."""
