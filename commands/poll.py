"""`!poll`, `!polls`: quick polls, native and in words."""

import re

from bot.commanding import (
    Answer,
    Context,
    Cursor,
    Line,
    Prose,
    Reply,
    Word,
    command,
    converter,
    explains,
    needs,
    undoes,
)
from bot.commanding.parse import read_arguments
from bot.domain.answers import sample
from bot.domain.counting.kinds import Kind, read_kind
from bot.domain.errors import UsageError
from bot.domain.ids import POLL, by_number, normal_id
from bot.domain.pods import Role
from bot.domain.poll_examples import example_of
from bot.domain.poll_lines import Typed, check_to, without_bullets
from bot.domain.polls import Poll, tidy
from bot.domain.values import Code
from bot.services import identity, pod_polls, poll_closing, polls
from bot.text import Text, _, shorten


@command(
    "poll",
    summary=_("Ask a question with 2 to 20 options, or show a poll by its id."),
    example=("!poll Where? | Park | Library | closes=Fri 18:00", "Where?"),
    aliases=("poll create", "poll open", "poll new", "poll start"),
)
async def poll(
    ctx: Context,
    question: Line = "",
    *option: Line,
    closes: Line = "",
    multi: Word = "",
    hide: bool = False,
    type_: Line = "",
    to: Line = "",
) -> Reply:
    """Open a poll in this room: the question, then its options, each after a `|` or on a line of its own.

    `closes=Fri 18:00` sets the end (3 days from now if there is none), `multi=2` lets each person give up to
    two answers, `hide` shows the counts only at closing. `type=` asks in another way: `yesno`, `approval` (all that are
    good enough), `score` (1 to 5), `rank` (best first), `temperature` (how you feel), `meeting` (the options are
    dates). In an assembly, `to=pods` asks every pod in its own room. With an id alone, or as a reply to a poll, it shows that poll; with nothing, the list.
    """
    if not (option or question or type_ or to):
        return await _shown(ctx, ctx.about if (ctx.about or "").startswith(POLL) else None)
    if not option and (found := normal_id(question)) and found.startswith(POLL):
        return await _shown(ctx, found)
    _check_line(ctx, question, option, read_kind(type_) or Kind.CHOICE)
    typed = Typed(question, without_bullets(option), closes, multi, type_, hide)
    of_pods = check_to(to, question, option)
    if of_pods:
        await identity.check_trusted(ctx.tx, ctx.room, ctx.sender)
    open_poll = pod_polls.open_for_pods if of_pods else polls.open_poll
    await open_poll(ctx.tx, ctx.now, ctx.room, ctx.sender, typed)
    return None


async def _shown(ctx: Context, poll_id: str | None) -> Reply:
    if poll_id is None:
        return await polls.listing(ctx.tx, ctx.now, ctx.room)
    found = await polls.find(ctx.tx, ctx.room, poll_id)
    return Answer(await polls.describe(ctx.tx, ctx.now, found), found.id)


def _check_line(ctx: Context, question: str, options: tuple[str, ...], kind: Kind) -> None:
    """Refuse a line that was meant as something else, or whose parts are not all there.

    Raises:
        UsageError: With the line that may have been meant.
    """
    words = question.split()
    named = [found for word in words if (found := normal_id(word)) and found.startswith(POLL)]
    if named and not options and len(words) <= 3:
        raise UsageError(
            "I do not know what to do with “{rest}”. {show} shows {id}, and {close} closes it.",
            rest=shorten(question),
            id=named[0],
            show=Code(f"!poll {named[0]}"),
            close=Code(f"!poll close {named[0]}"),
        )
    # what the framework hands over has no empty parts any more
    typed = re.split(r"\s", ctx.said.body.strip(), maxsplit=1)[-1].lstrip()
    if typed.startswith("|"):
        raise UsageError(
            "A poll begins with its question. For example: {example}",
            example=Code(example_of("", [question, *options], kind)),
        )
    if re.search(r"\|[^\S\n]*\|", typed):
        raise UsageError(
            "One option is empty. For example: {example}",
            example=Code(example_of(tidy(question), options, kind)),
        )


@command(
    "polls",
    summary=_("List the open polls and those that closed lately."),
    who=Role.ANYONE,
    example=("!polls", "P1"),
    aliases=("poll list",),
)
async def list_(ctx: Context) -> Reply:
    """List the open polls of this room, and those that closed in the last 14 days."""
    return await polls.listing(ctx.tx, ctx.now, ctx.room)


@command(
    "poll close",
    summary=_("Close a poll before its end: its author alone, or any two members."),
    example=("!poll close P1", "P1"),
)
async def close(ctx: Context, id: Prose = "") -> Reply:
    """Close a poll and tell the result. Whoever did not ask the question needs a second member."""
    if "|" in id or "\n" in id:
        return await ask_about(ctx, "close", id)
    cursor = Cursor(id)
    found = await read_poll(ctx, cursor)
    if not cursor.is_empty():
        raise UsageError(
            "I do not know what to do with “{rest}”. For example: {example}",
            rest=shorten(cursor.rest()),
            example=Code(f"!poll close {found.id}"),
        )
    if found.of_pods:
        await identity.check_trusted(ctx.tx, ctx.room, ctx.sender)
    answer = await poll_closing.ask_to_close(ctx.tx, ctx.now, found, ctx.sender, ctx.event)
    return Answer(answer, found.id) if answer else None


async def ask_about(ctx: Context, verb: str, text: str) -> Reply:
    """Open a poll whose question happens to begin with a verb of this topic, such as "close"."""
    spec, _length = ctx.registry.find(["poll"]) or (None, 0)
    assert spec is not None  # noqa: S101 - declared above
    word = re.search(verb, ctx.said.body, re.IGNORECASE)
    positional, named = await read_arguments(ctx, spec, f"{word[0] if word else verb} {text}")
    return await spec.handler(ctx, *positional, **named)


@converter(Poll)
async def read_poll(ctx: Context, cursor: Cursor) -> Poll:
    """Read a poll's id; left out, it is the poll replied to, or the only open one.

    Raises:
        UsageError: The word is no poll's id.
        NotFound: There is no such poll here.
        Ambiguous: Several are open.
    """
    if cursor.is_empty():
        if (ctx.about or "").startswith(POLL):
            return await polls.find(ctx.tx, ctx.room, str(ctx.about))
        return await polls.only_open(ctx.tx, ctx.room, "poll close")
    typed = cursor.word()
    found = normal_id(typed) or by_number(typed, POLL)
    if found is None or not found.startswith(POLL):
        raise UsageError(
            "“{typed}” is no poll's id. For example: {example}",
            typed=shorten(typed),
            example=Code("!poll close P3"),
        )
    return await polls.find(ctx.tx, ctx.room, found)


@explains(POLL)
async def explain(ctx: Context, object_id: str) -> Reply:
    """Say the sum of a poll in words: who may vote, what counted, what did not and why."""
    found = await polls.find(ctx.tx, ctx.room, object_id)
    return Answer(await polls.explain(ctx.tx, found), found.id)


@undoes("poll.open")
async def undo_open(ctx: Context, payload: dict[str, str]) -> Reply:
    """Cancel a poll that nobody else has answered."""
    return await poll_closing.cancel(ctx.tx, ctx.now, ctx.room, ctx.sender, payload["id"])


@undoes("poll.close")
async def undo_close(ctx: Context, payload: dict[str, str]) -> Reply:
    """Take back the wish to close a poll, while it is open."""
    return await poll_closing.keep_open(ctx.tx, ctx.room, ctx.sender, payload["id"])


@needs
async def polls_for_me(ctx: Context) -> list[Text]:
    """List the open polls that the sender has not answered."""
    return [
        Text(
            "{poll} – for example {vote}",
            poll=polls.name(found),
            vote=Code(f"!vote {found.id} {sample(found)}"),
        )
        for found in await polls.unanswered(ctx.tx, ctx.room, ctx.sender.user_id)
    ]
