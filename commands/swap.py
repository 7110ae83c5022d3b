"""`!spokes swap`: handing a seat to somebody who takes it, and changing places with them."""

from typing import Any

from bot.commanding import Context, Reply, command, undoes
from bot.domain.pods import Member, RoomKind
from bot.services import identity, swaps
from bot.text import _


@command(
    "spokes swap",
    summary=_("Offer your seat, or that of a spoke who cannot, to whoever takes it."),
    where=RoomKind.POD,
    example=("!spokes swap @ben:test", "Type !spokes swap take"),
)
async def offer(ctx: Context, who: Member | None = None) -> Reply:
    """Offer a seat. Alone it is your own; with a name you ask for a spoke who cannot do it themselves now.

    Nothing changes until somebody takes it. The turn then counts for who took it over, so that the two have changed
    places in the line. The offer is said again after a day and after three days, and is over at the handover.
    """
    return await swaps.offer(ctx.tx, ctx.now, ctx.room, ctx.sender, who)


@command(
    "spokes swap take",
    summary=_("Take over a seat that is offered."),
    where=RoomKind.POD,
    example=("!spokes swap take", "hands the seat on"),
)
async def take(ctx: Context) -> Reply:
    """Take over the seat that was offered first, for the rest of its turn, which counts as yours."""
    await identity.check_trusted(ctx.tx, ctx.room, ctx.sender)
    await swaps.take(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event.event_id)
    return None


@command(
    "spokes swap stop",
    summary=_("Take back an offer of a seat."),
    where=RoomKind.POD,
    example=("!spokes swap stop", "The offer is withdrawn"),
)
async def stop(ctx: Context) -> Reply:
    """Take an offer back, as the spoke it is about or as who asked for them."""
    return await swaps.stop(ctx.tx, ctx.room, ctx.sender)


@undoes("spokes.swap")
async def undo_offer(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Take back an offer that was just made."""
    return await swaps.stop(ctx.tx, ctx.room, ctx.sender)


@undoes("spokes.swap.take")
async def undo_taking(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Give back a seat that was just taken over."""
    return await swaps.take_back_taking(ctx.tx, ctx.now, ctx.room, ctx.sender, payload["id"], payload["turn"])
