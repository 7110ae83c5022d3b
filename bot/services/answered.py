"""What somebody has read, as far as their message tells.

Rule: an ok or a stance counts for what its sender has seen. What they answer is what they have seen; in a thread an app names
the first message as answered, whatever they look at, so there it counts only for a word without the id of what it is for.
"""

from __future__ import annotations

from bot.domain.ids import normal_id
from bot.ports import Event, Said


def answered(event: Event, object_id: str) -> str | None:
    """Return the event id of the message that somebody speaks to about an object, if they speak to one."""
    if not isinstance(event, Said) or event.reply_to is None:
        return None
    is_named = any(normal_id(word) == object_id for word in event.body.split())
    return None if event.reply_to == event.thread and is_named else event.reply_to
