"""`!adopt`: a pod decides whether it makes an advice of its assembly its own."""

from bot.commanding import Context, Line, Reply, command
from bot.domain.errors import UsageError
from bot.domain.ids import POLL, normal_id
from bot.domain.pods import RoomKind
from bot.domain.values import Code
from bot.services import proposal_opening
from bot.text import _


@command(
    "adopt",
    summary=_("Ask your pod whether it makes an advice of the assembly its own."),
    where=RoomKind.POD,
    example=("!adopt P2", "It is the advice P2 of the assembly"),
)
async def adopt(ctx: Context, id: Line = "", *, closes: Line = "") -> Reply:
    """Open a proposal of your pod with the words of the advice; it is decided by the pod's own rule. As a reply, the id may be left out.

    The assembly hears that your pod adopts it, if it does.
    """
    found = normal_id(id) if id else ctx.about
    if found is None or not found.startswith(POLL):
        raise UsageError("Adopt which advice? For example: {example}", example=Code("!adopt P3"))
    await proposal_opening.open_adoption(
        ctx.tx, ctx.now, ctx.room, ctx.settings, ctx.sender, found, closes=closes
    )
    return None
