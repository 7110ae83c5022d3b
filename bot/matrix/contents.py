"""What a message of ours looks like on the wire: the type and content of its event, before it is encrypted.

Rule: what it refers to was sent, or it waits; and nobody is mentioned whom the message does not name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from bot.domain.errors import GiveUp, Retry
from bot.matrix import polls
from bot.matrix.client import BotClient
from bot.matrix.files import file_content, upload_encrypted
from bot.matrix.format import html, plain
from bot.ports import Edit, EndPoll, Message, Say, SendFile, ShareFile, StartPoll
from bot.store import outbox
from bot.store.database import Database


async def content_of(client: BotClient, database: Database, message: Message) -> tuple[str, dict[str, Any]]:
    """Return the event type and content of a message.

    Raises:
        Retry: What it refers to has not been sent yet, or its file could not be uploaded.
        GiveUp: What it refers to never will be, or it is nothing that can be said.
    """
    match message:
        case Say():
            return "m.room.message", text_content(message)
        case Edit():
            text = text_content(Say(message.markdown, aloud=message.aloud))
            relation = {"rel_type": "m.replace", "event_id": await sent_event(database, message.sent)}
            return "m.room.message", text | {
                "body": f"* {text['body']}",
                "m.new_content": text,
                "m.relates_to": relation,
            }
        case StartPoll():
            return polls.START, polls.start_content(message)
        case EndPoll():
            started = await sent_event(database, message.started)
            return polls.END, polls.end_content(started, plain(message.markdown))
        case SendFile():
            return "m.room.message", await upload_encrypted(client, message)
        case ShareFile():
            return "m.room.message", file_content(message)
        case _:
            raise GiveUp(f"{type(message).__name__} is no message")


async def sent_event(database: Database, txn_id: str) -> str:
    """Return the event id of a row that was sent before.

    Raises:
        Retry: It waits to be sent.
        GiveUp: It never will be.
    """
    async with database.transaction("outbox") as tx:
        row = await outbox.find(tx, txn_id)
    if row is None or row.state in ("failed", "cancelled"):
        raise GiveUp("what it refers to was never sent")
    if row.event_id is None:
        raise Retry("what it refers to has not been sent yet")
    return row.event_id


@lru_cache(maxsize=4)  # the same letter goes to many rooms, with an answer or two in between
def _shown(markdown: str) -> tuple[str, str]:
    return plain(markdown), html(markdown)


def text_content(message: Say) -> dict[str, Any]:
    """Return the content of a message in words."""
    body, formatted = _shown(message.markdown)
    content: dict[str, Any] = {
        "msgtype": "m.text" if message.aloud else "m.notice",
        "body": body,
        "format": "org.matrix.custom.html",
        "formatted_body": formatted,
        # always there, so that no app looks for names or @room in the text (Matrix specification, `m.mentions`)
        "m.mentions": {"user_ids": list(message.mentions)} if message.mentions else {},
    }
    relation: dict[str, Any] = {}
    if message.thread:
        relation = {
            "rel_type": "m.thread",
            "event_id": message.thread,
            "is_falling_back": message.reply_to is None,
        }
    if message.reply_to or message.thread:
        relation["m.in_reply_to"] = {"event_id": message.reply_to or message.thread}
        content["m.relates_to"] = relation
    return content
