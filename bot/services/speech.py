"""Says things: renders a sentence in a room's language and puts it in the outbox.

Rule: messages stay under 1,500 characters; what is longer goes as an encrypted file, so that a phone
shows the point and nobody scrolls past it.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.pods import Room
from bot.ports import Say, SendFile
from bot.store import adoptions, inbox, outbox, pods, rooms
from bot.store.database import Tx
from bot.text import Text

LONGEST = 1500
"""Characters of one message (behaviour.md, section 0)."""

MOST_MENTIONED = 50
"""People notified by one message. An id has up to 255 bytes, and an event 65,536, encrypted and in base64."""


async def say(
    tx: Tx,
    now: datetime,
    room_id: str,
    text: Text,
    *,
    about: str | None = None,
    reply_to: str | None = None,
    thread: str | None = None,
    aloud: bool = False,
    txn_id: str | None = None,
) -> str:
    """Queue a message and return its transaction id.

    Args:
        tx: The open transaction.
        now: The moment.
        room_id: Where.
        text: What; the people it mentions are notified.
        about: The id of the object it speaks of, so that a reply to it needs no id.
        reply_to: The event id it answers.
        thread: The root of the thread it belongs in.
        aloud: Notify everybody in the room, as an ordinary message does.
        txn_id: A fixed transaction id.
    """
    settings = await pods.settings(tx, room_id)
    markdown = text.render(settings.language, settings.prefix)
    mentions = text.mentions()[:MOST_MENTIONED]
    file: SendFile | None = None
    if len(markdown) > LONGEST:
        file = SendFile("answer.txt", markdown)
        markdown = _beginning(
            markdown, Text("The whole answer is in the file below.").render(settings.language)
        )
    row = await outbox.queue(
        tx,
        now,
        room_id,
        Say(markdown, mentions, reply_to, thread, aloud or bool(mentions)),
        about=about,
        txn_id=txn_id,
    )
    if file is not None:
        await outbox.queue(tx, now, room_id, file, about=about, txn_id=f"{row}.file")
    return row


async def spoken_of(tx: Tx, room_id: str, event_id: str) -> str | None:
    """Return the id of the object that a message of ours, or the start of an adopted poll, speaks of in this room."""
    found = await outbox.about_event(tx, room_id, event_id)
    adopted = None if found else await adoptions.by_event(tx, room_id, event_id)
    return adopted.poll_id if adopted else found


async def own_names(tx: Tx, room: Room) -> list[str]:
    """Return what the bot may be called at the start of a command: its id, its first part, its display name."""
    user_id = await inbox.load_meta(tx, "user_id") or ""
    name = (await rooms.person(tx, room.room_id, user_id)).name
    return [user_id, user_id[1:].partition(":")[0], name]


def _beginning(markdown: str, ending: str) -> str:
    """Cut a text at a line, so that it fits with a last line that says where the rest is."""
    kept: list[str] = []
    room = LONGEST - len(ending) - 2
    for line in markdown.splitlines():
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([*kept, "", ending])


def plain_reason(reason: str | None) -> Text:
    """Say in plain words why a message waits or failed; what the server said is for the log."""
    if not reason:
        return Text("it is next in turn")
    for sign, words in _REASONS.items():
        if sign in reason:
            return words
    return Text("the server did not take it yet")


_REASONS = {
    "not in the room": Text("I am not in the room"),
    "not write": Text("I may not write there"),
    "not encrypted": Text("the room is not encrypted"),
    "429": Text("the server asked me to slow down"),
    "no answer": Text("the server does not answer"),
    "not be drawn": Text("a picture could not be drawn"),
    "M_TOO_LARGE": Text("it is too large for the server"),
    "fault": Text("of a fault in the program; its log says more"),
}
