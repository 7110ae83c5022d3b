"""Build the contents of text messages as people's apps send them.

Rule: pure, and the same for every kind of scripted client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def mentions_of(user_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return `m.mentions`; empty where nobody is meant, which is what apps send."""
    found = list(user_ids)
    return {"user_ids": found} if found else {}


def text_message(
    body: str,
    *,
    msgtype: str = "m.text",
    formatted_body: str | None = None,
    reply_to: str | None = None,
    thread: str | None = None,
    edit_of: str | None = None,
) -> dict[str, Any]:
    """Return the content of an `m.room.message`, with its relation.

    `thread` is the thread's root: without `reply_to` the reply is only a fallback for apps without threads.
    `edit_of` is the event whose text this replaces.
    """
    content: dict[str, Any] = {"msgtype": msgtype, "body": body}
    if formatted_body is not None:
        content |= {"format": "org.matrix.custom.html", "formatted_body": formatted_body}
    if edit_of is not None:
        edited = {**content, "body": f"* {body}", "m.new_content": content}
        return {**edited, "m.relates_to": {"rel_type": "m.replace", "event_id": edit_of}}
    relation: dict[str, Any] = {}
    if thread is not None:
        relation = {"rel_type": "m.thread", "event_id": thread, "is_falling_back": reply_to is None}
        relation["m.in_reply_to"] = {"event_id": reply_to or thread}
    elif reply_to is not None:
        relation = {"m.in_reply_to": {"event_id": reply_to}}
    return {**content, "m.relates_to": relation} if relation else content
