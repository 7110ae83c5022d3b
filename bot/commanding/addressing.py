"""Which messages are meant as a command, and what the command is without what it starts with.

Rule: a command starts with the prefix or with the bot's name; in a direct chat neither is needed, and a number alone
answers the question that was asked last. All else is talk, unless it is a reply to us or a word like `accept`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from bot.commanding.context import Context
from bot.domain.pods import RoomKind
from bot.domain.typed_lines import after_prefix, visible
from bot.store import rooms, steps

_CALL = re.compile(r"@|[^:,\n]{1,60}[:,]\s")
"""How a message begins that may call us without the app's mention: `Spokesbot: next`, `@spokesbot next`."""
QUESTION_GOOD_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Address:
    """What the bot is addressed by.

    Args:
        user_id: Its own Matrix id.
        prefix: What commands start with.
    """

    user_id: str
    prefix: str

    async def read_line(self, ctx: Context) -> str | None:
        """Return the command in a message, without what it starts with, or `None` if it is none."""
        body = visible(ctx.said.body)
        typed = after_prefix(body, self.prefix)
        if typed is not None:
            rest = typed.lstrip()
            return rest if rest[:1].isalpha() else None
        is_named = self.user_id in ctx.said.mentions or body.startswith(self.user_id)
        if is_named or _CALL.match(body):
            line = await self._after_name(ctx, body, mentioned=is_named)
            if line is not None:
                return line  # else it only names us, as apps do in a reply to us
        # a number in reply to something of ours is about that, not about the question asked last
        if ctx.about is None and re.fullmatch(r"\d{1,2}[.)]?", body):
            return await _chosen(ctx, int(body.rstrip(".)")))
        if ctx.room.kind is RoomKind.NONE and len(await rooms.members(ctx.tx, ctx.room.room_id)) == 1:
            return body or None  # a direct chat: everything said is said to us
        return None

    async def _after_name(self, ctx: Context, body: str, *, mentioned: bool) -> str | None:
        """Return what follows the bot's name at the start of a message.

        Without a mention by the app, `Spokesbot is broken` is talk about us: the name has an `@` or a sign behind it.
        """
        localpart = self.user_id[1:].partition(":")[0]
        shown = await rooms.display_name(ctx.tx, ctx.room.room_id, self.user_id)
        for name in (self.user_id, shown or localpart, localpart):
            match = re.match(rf"@?{re.escape(name)}(\s*[:,])?\s+", body, re.IGNORECASE)
            if match and (mentioned or match[1] or body.startswith("@")):
                return body[match.end() :].removeprefix(self.prefix).strip() or None
        return None


async def _chosen(ctx: Context, number: int) -> str | None:
    """Return the line that a number stands for in the question asked last; the question is over then."""
    question = await steps.take_question(ctx.tx, ctx.room.room_id, ctx.sender.user_id)
    if question and ctx.now - question.asked_at <= QUESTION_GOOD_FOR and 1 <= number <= len(question.choices):
        return question.choices[number - 1]
    return None
