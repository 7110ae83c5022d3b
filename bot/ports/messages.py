"""Outgoing messages: all that the bot can say or do in a room, as plain values.

Rule: a message is whole when it is queued, and can be kept as JSON. One that changes an earlier message of
ours names it by its transaction id. Only `UNENCRYPTED_ALLOWED` may enter a room without encryption.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.files import Sealed


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
