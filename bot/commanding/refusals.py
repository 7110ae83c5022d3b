"""What a refusal speaks of: the object that the answer would have spoken of.

Rule: it is one that was spoken of in this room before. So a command in reply to a refusal needs no id, and somebody who was
refused and then approves a summary does not hold up its way to the rooms (docs/adr/0020-gentle-while-people-talk.md). What people
say there without the prefix counts as in any reply, a stance or a vote; but an "ok" says there "I see", and approves nothing.
"""

from __future__ import annotations

from bot.commanding.context import Context
from bot.domain.errors import UserError
from bot.domain.ids import normal_id
from bot.ports import Event
from bot.store import outbox

_REFUSED = ".refused"


def txn_id(event: Event) -> str:
    """Return the transaction id of the refusal of what came in an event."""
    return f"{event.event_id}{_REFUSED}"


async def is_reply_to_one(ctx: Context) -> bool:
    """Tell whether a message replies to a refusal."""
    found = await outbox.sent_as(ctx.tx, ctx.room.room_id, ctx.said.reply_to) if ctx.said.reply_to else None
    return found is not None and found.endswith(_REFUSED)


async def subject(ctx: Context, error: UserError) -> str | None:
    """Return the id that a refusal names, else the one that was typed, else that of what was replied to."""
    named = error.values.get("id")
    for found in (normal_id(named) if isinstance(named, str) else None, error.typed, ctx.about):
        if found is not None and await outbox.has_spoken_of(ctx.tx, ctx.room.room_id, found):
            return found
    return None
