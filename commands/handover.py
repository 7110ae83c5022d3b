"""`!handover`: what a new spoke has to know, written by the bot and by those who had the seat before."""

from typing import Any

from bot.commanding import Context, Prose, Reply, command, needs, undoes
from bot.domain.pods import Role, RoomKind
from bot.domain.values import Code
from bot.services import briefs
from bot.text import Text, _


@command(
    "handover",
    summary=_("Show what a new spoke has to know."),
    who=Role.ANYONE,
    where=RoomKind.POD,
    example=("!handover", "What a new spoke of Willow has to know"),
)
async def show(ctx: Context) -> Reply:
    """Show the brief as it is now: lines of the spokes, what is open here, the last summaries, the next dates.

    A new spoke cannot read what was said in the assembly's room before. So the bot writes this when somebody takes a
    seat after others. It holds only what this room has seen already.
    """
    return await briefs.show(ctx.tx, ctx.now, ctx.room)


@command(
    "handover add",
    summary=_("Add a line for the next spoke."),
    where=RoomKind.POD,
    example=("!handover add Oak wants an answer about the hall", "Kept for the next spoke"),
)
async def add(ctx: Context, line: Prose) -> Reply:
    """Add a line to the brief, as a spoke or the one before. Lines are erased after two handovers."""
    return await briefs.add_line(ctx.tx, ctx.now, ctx.room, ctx.sender, line)


@command(
    "handover ok",
    summary=_("Say that you have read the brief."),
    where=RoomKind.POD,
    example=("!handover ok", "Thank you, "),
)
async def ok(ctx: Context) -> Reply:
    """Say that you have read the brief. Those whose turn is over then leave the assembly's room."""
    return await briefs.acknowledge(ctx.tx, ctx.now, ctx.room, ctx.sender)


@undoes("brief.line")
async def undo_line(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Erase a line that was just added."""
    return await briefs.take_back_line(ctx.tx, payload["id"])


@needs
async def brief_for_me(ctx: Context) -> list[Text]:
    """List the brief that the sender has not said to have read."""
    if await briefs.of_reader(ctx.tx, ctx.room, ctx.sender.user_id) is None:
        return []
    return [
        Text(
            "A brief waits for you: {show} shows it, {ok} says it is read.",
            show=Code("!handover"),
            ok=Code("!handover ok"),
        )
    ]
