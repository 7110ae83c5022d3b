"""`!status`, `!next`, `!undo`, `!why`: how things stand, and how to take a step back."""

from bot.commanding import Context, Reply, Word, command
from bot.commanding.spec import ANYWHERE
from bot.domain.errors import NotFound, UsageError
from bot.domain.ids import normal_id
from bot.domain.pods import Role
from bot.domain.values import Code
from bot.services import status
from bot.text import Text, _


@command(
    "status",
    summary=_("Show how this room is set up and whether anything waits to be said."),
    who=Role.ANYONE,
    where=ANYWHERE,
    example=("!status", "Nothing waits to be said here"),
)
async def status_(ctx: Context) -> Reply:
    """Show what this room is, whether the bot may invite here, and what could not be said yet."""
    return await status.describe(ctx.tx, ctx.now, ctx.room, ctx.settings)


@command(
    "next",
    summary=_("Show what needs you in this room."),
    who=Role.ANYONE,
    where=ANYWHERE,
    example=("!next", "Nothing here needs you now"),
)
async def next_(ctx: Context) -> Reply:
    """List everything in this room that waits for the person who asks."""
    waiting = [item for needs in ctx.registry.needs for item in await needs(ctx)]
    if not waiting:
        return Text("Nothing here needs you now, {who}.", who=ctx.sender)
    return Text.lines([Text("{who}, this needs you:", who=ctx.sender), Text.listed(waiting)])


@command(
    "undo",
    summary=_("Take back your own last step here, within 10 minutes."),
    where=ANYWHERE,
    example=("!undo", "is withdrawn"),
)
async def undo(ctx: Context) -> Reply:
    """Take back the sender's own last step in this room, where that is still possible."""
    step = await status.take_last_step(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.settings)
    return await ctx.registry.undoers[step.kind](ctx, step.payload)


@command(
    "why",
    summary=_("Show the sum behind a result in words, such as `!why P3`."),
    who=Role.ANYONE,
    example=("!why P1", "P1"),
)
async def why(ctx: Context, id: Word = "") -> Reply:
    """Say how a result came about, so that anyone can redo it with a pencil."""
    found = normal_id(id) if id else ctx.about
    if found is None:
        raise UsageError("Why what? For example: {example}", example=Code("!why P3"))
    explain = ctx.registry.explainers.get(found[0])
    if explain is None:
        raise NotFound(
            "There is nothing to explain about {id}. For example: {example}",
            id=found,
            example=Code("!why P3"),
        )
    return await explain(ctx, found)
