"""What many tests begin with is built once in a process; each of them gets a copy.

Rule: only a chat in which nothing was done takes a copy, and it is what the building would have made: the store, the
time, the number of the next event, and what was said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from itertools import count
from typing import Any, TypeVar

from tests.commands.at_once import contents, put_back
from tests.commands.chat import Chat

R = TypeVar("R")


def built_once(build: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    """Let a function build what it builds once for each time and each arguments; what it returns is never changed."""
    built: dict[Any, tuple[Any, ...]] = {}

    @wraps(build)
    async def begin(chat: Chat, *args: Any, **more: Any) -> R:
        if not chat.is_new:
            return await build(chat, *args, **more)
        key = chat.clock.moment, args, *more.items()
        if key not in built:
            returned = await build(chat, *args, **more)
            number = next(chat._numbers)
            chat._numbers = count(number)
            built[key] = contents(chat.database), chat.clock.moment, number, tuple(chat.sent), returned
            return returned
        store, chat.clock.moment, number, sent, returned = built[key]
        put_back(chat.database, store)
        chat.is_touched = True
        chat._numbers, chat.sent = count(number), list(sent)
        return returned

    return begin
