"""`!spokes away`, `optout`, `later`: when somebody takes no turn, and a pair that stays once more."""

from typing import Any

from bot.commanding import Context, Line, Reply, command, undoes
from bot.domain.pods import RoomKind
from bot.services import availability, identity
from bot.text import _


@command(
    "spokes away",
    summary=_("Name days on which you are not drawn."),
    where=RoomKind.POD,
    example=("!spokes away 3 Mar..20 Mar", "is away from Wed 3 Mar"),
)
async def away(ctx: Context, days: Line) -> Reply:
    """Name days on which you take no turn: `3 Mar..20 Mar`, `until Fri`, `2 weeks`.

    The last day is included. You are not asked while you are away, nor for a turn of which you would miss half of the
    time up to the next handover. These weeks are not counted as weeks available, so you keep your place in the line.
    Days named anew replace those named before.
    """
    await availability.go_away(ctx.tx, ctx.now, ctx.room, ctx.sender, days, ctx.event.event_id)
    return None


@command(
    "spokes back",
    summary=_("Say that you are back before the days you had named are over."),
    where=RoomKind.POD,
    example=("!spokes back", "you are in the line again"),
)
async def back(ctx: Context) -> Reply:
    """End the days away that you have named."""
    return await availability.come_back(ctx.tx, ctx.now, ctx.room, ctx.sender)


@command(
    "spokes optout",
    summary=_("Take no turns until you say so; no reason is asked or kept."),
    where=RoomKind.POD,
    example=("!spokes optout", "takes no"),
)
async def optout(ctx: Context) -> Reply:
    """Take no turns, for as long as you like. A seat you have now stays yours until the turn is over."""
    await availability.opt_out(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event.event_id)
    return None


@command(
    "spokes optin",
    summary=_("Take turns again."),
    where=RoomKind.POD,
    example=("!spokes optin", "is in the line again"),
)
async def optin(ctx: Context) -> Reply:
    """Come back into the line with the numbers you had."""
    return await availability.opt_in(ctx.tx, ctx.now, ctx.room, ctx.sender)


@command(
    "spokes later",
    summary=_("Let the same pair stay once more; both spokes type it."),
    where=RoomKind.POD,
    example=("!spokes later", "stay once more"),
)
async def later(ctx: Context) -> Reply:
    """Leave out the coming handover. With one seat empty, the one spoke and any other member type it. Once in a row."""
    await identity.check_trusted(ctx.tx, ctx.room, ctx.sender)
    return await availability.stay(ctx.tx, ctx.now, ctx.room, ctx.sender)


@undoes("spokes.away")
async def undo_away(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Take the days back that were just named."""
    return await availability.take_back_absence(ctx.tx, ctx.now, ctx.room, ctx.sender, payload["id"])


@undoes("spokes.optout")
async def undo_optout(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Take an opting out back."""
    return await availability.take_back_absence(ctx.tx, ctx.now, ctx.room, ctx.sender, payload["id"])


@undoes("spokes.optin")
async def undo_optin(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Take no turns again."""
    await availability.opt_out(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event.event_id)
    return None


@undoes("spokes.later")
async def undo_later(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Take back that the pair should stay."""
    return await availability.take_back_stay(ctx.tx, ctx.now, ctx.room, ctx.sender)
