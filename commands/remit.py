"""`!remit`: how far a pair may go from what its pod decides."""

from bot.commanding import Answer, Context, Line, Reply, command
from bot.domain.pods import RoomKind
from bot.domain.proposals import Proposal
from bot.services import remits
from bot.text import _


@command(
    "remit",
    summary=_("Say how far your pair may go from what you decide, for one proposal of the assembly."),
    where=RoomKind.POD,
    example=("!remit P5 within at most two days", "proposes the remit"),
)
async def remit(ctx: Context, id: Proposal, remit: Line = "") -> Reply:
    """Give your pair another remit for one proposal of the assembly; another member confirms it with `ok`.

    `carry`: I carry what you decide, and that is all. `bound`, the usual: your spokes can confirm it. `within` and your limits in
    words, or `free`: both spokes together can say something else; you hear it, and anyone can `hold` it back. Room is given
    while you decide, and taken back at any time. With nothing, it shows what it is. For all proposals to come:
    `!pod set remit free`.
    """
    if not remit:
        return Answer(await remits.describe(ctx.tx, ctx.room, id), id.id)
    text, request_id = await remits.ask(ctx.tx, ctx.now, ctx.room, ctx.sender, id, remit)
    return Answer(text, request_id)
