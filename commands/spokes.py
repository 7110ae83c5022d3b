"""`!spokes`: the pair of a pod, who is next and why; `accept` and `pass` answer the bot's question."""

from bot.commanding import Context, Reply, Unaddressed, command, needs, undoes
from bot.domain.pods import Role, RoomKind
from bot.domain.values import Code
from bot.services import answers, groups, handovers, identity, rota
from bot.text import Text, _


@command(
    "spokes",
    summary=_("Show the pair and when the next handover comes."),
    who=Role.ANYONE,
    example=("!spokes", "The pair of Willow"),
)
async def show(ctx: Context) -> Reply:
    """Show who speaks for this pod and since when; in an assembly, the pairs of all its pods."""
    if ctx.room.kind is RoomKind.ASSEMBLY:
        return await groups.describe_assembly(ctx.tx, ctx.room)
    return await rota.show(ctx.tx, ctx.now, ctx.room)


@command(
    "spokes draw",
    summary=_("Draw the first pair, or draw for empty seats."),
    where=RoomKind.POD,
    example=("!spokes draw", "The pair of Willow is"),
)
async def draw(ctx: Context) -> Reply:
    """Draw people for the empty seats and ask them; they answer `accept` or `pass`."""
    await handovers.draw(ctx.tx, ctx.now, ctx.room, ctx.event.event_id)
    return None


@command(
    "spokes accept",
    summary=_("Take the seat you are asked to take; `accept` alone does it too."),
    who=Role.ANYONE,
    where=RoomKind.POD,
    bare=True,
    aliases=("accept",),
    example=("!spokes accept", "seat of Willow"),
)
async def accept(ctx: Context) -> Reply:
    """Take the seat one is asked to take."""
    await _check_asked(ctx)
    await identity.check_trusted(ctx.tx, ctx.room, ctx.sender)
    await answers.accept(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event.event_id)
    return None


@command(
    "spokes pass",
    summary=_("Say no to a seat for this time; `pass` alone does it too."),
    who=Role.ANYONE,
    where=RoomKind.POD,
    bare=True,
    aliases=("pass",),
    example=("!spokes pass", "seat of Willow"),
)
async def pass_(ctx: Context) -> Reply:
    """Say no to a seat, for this time and without a reason; the next in line is asked."""
    await _check_asked(ctx)
    await answers.pass_on(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event.event_id)
    return None


async def _check_asked(ctx: Context) -> None:
    """Take a bare word as an answer only from somebody who is being asked."""
    if ctx.bare and await answers.ask_of(ctx.tx, ctx.room.room_id, ctx.sender.user_id) is None:
        raise Unaddressed


@command(
    "spokes volunteer",
    summary=_("Offer to take a seat: an empty one at once, otherwise when your turn comes."),
    where=RoomKind.POD,
    example=("!spokes volunteer", "seat of Willow"),
)
async def volunteer(ctx: Context) -> Reply:
    """Offer to take a seat. Newcomers who do are drawn like everybody else."""
    await identity.check_trusted(ctx.tx, ctx.room, ctx.sender)
    await answers.volunteer(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event.event_id)
    return None


@command(
    "spokes next",
    summary=_("Show the next four handovers and who is likely."),
    who=Role.ANYONE,
    where=RoomKind.POD,
    example=("!spokes next", "The next handovers of Willow"),
)
async def next_(ctx: Context) -> Reply:
    """Show the next four handovers, with dates and who is likely."""
    return await rota.show_next(ctx.tx, ctx.now, ctx.room)


@command(
    "spokes why",
    summary=_("Show the numbers of the last draw, so that you can repeat it."),
    who=Role.ANYONE,
    where=RoomKind.POD,
    example=("!spokes why", "The line of Willow"),
)
async def why(ctx: Context) -> Reply:
    """Show turns, weeks, last turns and the seed that the last draw compared."""
    return await rota.show_why(ctx.tx, ctx.now, ctx.room)


@command(
    "spokes history",
    summary=_("List all past turns."),
    who=Role.ANYONE,
    where=RoomKind.POD,
    example=("!spokes history", "The turns of Willow"),
)
async def history(ctx: Context) -> Reply:
    """List every turn of this pod, from the first one."""
    return await rota.history(ctx.tx, ctx.room.room_id)


@undoes("spokes.accept")
async def undo_accept(ctx: Context, payload: dict[str, int]) -> Reply:
    """Give a seat back that was taken a moment ago."""
    await answers.take_back_seat(ctx.tx, ctx.now, ctx.room, ctx.sender, payload["turn"], ctx.event.event_id)
    return None


@undoes("spokes.volunteer")
async def undo_volunteer(ctx: Context, payload: dict[str, int]) -> Reply:
    """Take an offer back."""
    return await answers.take_back_offer(ctx.tx, ctx.now, ctx.room, ctx.sender)


@needs
async def ask_for_me(ctx: Context) -> list[Text]:
    """List the seat that waits for the sender's answer."""
    ask = await answers.ask_of(ctx.tx, ctx.room.room_id, ctx.sender.user_id)
    if ask is None:
        return []
    return [
        Text(
            "Would you take the {seat} seat? Type {yes} or {no} by {by}.",
            seat=ask.seat,
            yes=Code("accept"),
            no=Code("pass"),
            by=ctx.when(ask.answer_by),
        )
    ]
