"""`!friendly` and `not friendly`: other wording for a proposal, while what was said of it stays."""

from bot.commanding import Context, Prose, Reply, Unaddressed, command, undoes
from bot.domain.ids import POLL, normal_id
from bot.domain.proposals import Proposal
from bot.services import friendly, proposals
from bot.text import _
from commands.propose import is_proposal


@command(
    "friendly",
    summary=_("Fix the wording of your own proposal; what was said of it stays."),
    example=("!friendly P2 We buy a big tent.", "What was said of it stays."),
)
async def offer(ctx: Context, id: Proposal, text: Prose = "") -> Reply:
    """Offer other words for your proposal. They take effect in 12 hours, unless anybody with a voice replies `not friendly`.

    At least half of the words must stay. What changes more is a new version: `!amend`.
    """
    await friendly.offer(ctx.tx, ctx.now, id, ctx.sender, text)
    return None


@command(
    "not friendly",
    summary=_("Say that a change of wording is more than that; it does not take effect."),
    bare=True,
    always=True,
    example=("not friendly P2 It changes the price.", "so P2 stays as it was"),
    aliases=("notfriendly", "unfriendly"),
)
async def mind(ctx: Context, words: Prose = "") -> Reply:
    """Stop a change of wording, with the id or as a reply to it; alone, if one waits. One voice is enough; a reason may follow."""
    first, _space, rest = words.strip().partition(" ")
    named = normal_id(first)
    if named is not None and named.startswith(POLL):
        found, reason = await proposals.find_shown(ctx.tx, ctx.room, named), rest
    elif ctx.about is not None and await is_proposal(ctx, ctx.about):
        found, reason = await proposals.find_shown(ctx.tx, ctx.room, ctx.about), words
    elif ctx.bare:
        waiting = [] if words else await friendly.waiting_in(ctx.tx, ctx.room)
        if len(waiting) != 1:
            raise Unaddressed
        found, reason = waiting[0], ""
    else:
        found, reason = await proposals.only_open(ctx.tx, ctx.room, "not friendly", words), words
    await friendly.mind(ctx.tx, ctx.now, ctx.room, ctx.sender, found, reason)
    return None


@undoes("proposal.friendly")
async def undo(ctx: Context, payload: dict[str, str]) -> Reply:
    """Take an offered change of wording back."""
    return await friendly.take_back(ctx.tx, ctx.now, ctx.sender, payload["id"])
