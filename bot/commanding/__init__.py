"""The command framework: turns a line of chat into a typed call. It knows no topic.

What a module in `commands/` may declare, each by a decorator from here:

- `command`: something people type;
- `converter`: how a word becomes a value of a type that commands ask for;
- `approves`, `explains`, `replied`: what `ok S4`, `!why P3` and a plain reply to our message about an
  object do, by the letter of its id;
- `undoes`: how `!undo` takes a step back;
- `needs`: what `!next` lists;
- `hears`: what happens at an event that is no command (a tapped vote, a deletion, an edit).
"""

from bot.commanding.context import Answer, Context, Reply
from bot.commanding.parse import Cursor, Line, Prose, Word
from bot.commanding.spec import (
    Unaddressed,
    approves,
    command,
    converter,
    explains,
    hears,
    needs,
    replied,
    undoes,
)

__all__ = [
    "Answer", "Context", "Cursor", "Line", "Prose", "Reply", "Unaddressed", "Word",
    "approves", "command", "converter", "explains", "hears", "needs", "replied", "undoes",
]  # fmt: skip
