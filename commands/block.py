"""`!met`, `!challenge`: how a block comes to an end."""

from bot.commanding import Answer, Context, Prose, Reply, Word, command, undoes
from bot.domain.pods import RoomKind
from bot.domain.proposals import Proposal
from bot.services import block_ends, proposals
from bot.text import _


@command(
    "met",
    summary=_("Log a talk about a block, in a few words."),
    example=("!met P2 Ana and Cy met; the date is the trouble.", "logged, 1 of 2 talks"),
)
async def met(ctx: Context, id: Proposal, note: Prose = "") -> Reply:
    """Log that people met about the block of a proposal. After 14 days and two talks, a block that stands leads to a vote."""
    text = await block_ends.met(ctx.tx, ctx.now, id, ctx.sender, ctx.event, note)
    return Answer(text, id.id) if text is not None else None


@command(
    "challenge",
    summary=_("Say that a block has no ground; nine of ten others set it aside."),
    where=RoomKind.POD,
    example=("!challenge P2", "groundless"),
)
async def challenge(ctx: Context, id: Proposal, who: Word = "") -> Reply:
    """Say that a standing block has no ground. When nine of ten of the other voices say so, it counts as standing aside."""
    text = await block_ends.challenge(ctx.tx, ctx.now, id, ctx.sender, who or None)
    return Answer(text, id.id) if text is not None else None


@undoes("proposal.met")
async def undo_met(ctx: Context, payload: dict[str, str]) -> Reply:
    """Take a logged talk back, while the proposal is blocked."""
    found = await proposals.find(ctx.tx, ctx.room, payload["id"])
    return await block_ends.unlog(ctx.tx, found, ctx.sender, payload["event"])


@undoes("proposal.challenge")
async def undo_challenge(ctx: Context, payload: dict[str, str]) -> Reply:
    """Take back that a block has no ground."""
    found = await proposals.find(ctx.tx, ctx.room, payload["id"])
    return await block_ends.keep_block(ctx.tx, found, ctx.sender, payload["blocker"])
