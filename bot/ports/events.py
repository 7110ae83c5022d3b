"""Incoming events: what somebody did in a room, as plain values.

Rule: an event is one thing that one person did, with the server's time; people's words are in it only
where they were decrypted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.files import Attached


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
