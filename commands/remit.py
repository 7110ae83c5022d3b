"""`!remit`, `hold`, `hold off`: how far a pair may go, and what waits for its pod."""

from bot.commanding import Answer, Context, Line, Prose, Reply, Unaddressed, command, undoes
from bot.domain.errors import UsageError
from bot.domain.ids import POLL, normal_id
from bot.domain.pods import RoomKind
from bot.domain.proposals import Proposal
from bot.domain.values import Code
from bot.services import pair_voices, proposals, remits
from bot.text import _
from commands.propose import is_proposal


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


@command(
    "hold",
    summary=_("Hold back what your spokes say in the assembly, so that what you decided counts."),
    where=RoomKind.POD,
    bare=True,
    example=("hold P5 That is beyond our limits.", "holds back what your spokes say"),
)
async def hold(ctx: Context, words: Prose = "") -> Reply:
    """Let what your pod decided count, whatever its two spokes say in the assembly where you left them room."""
    found, _rest = await _meant(ctx, words)
    return Answer(await pair_voices.hold_back(ctx.tx, ctx.now, ctx.room, ctx.sender, found), found.id)


@command(
    "hold off",
    summary=_("Let go of your hold."),
    where=RoomKind.POD,
    bare=True,
    example=("hold off P5", "lets it go"),
)
async def off(ctx: Context, words: Prose = "") -> Reply:
    """Let what your two spokes say count again."""
    found, _rest = await _meant(ctx, words)
    return Answer(await pair_voices.let_go(ctx.tx, ctx.now, ctx.room, ctx.sender, found), found.id)


async def _meant(ctx: Context, words: str) -> tuple[Proposal, str]:
    """Return which proposal is meant, and the words without its id.

    Raises:
        Unaddressed: It was talk, such as "hold on".
        NotFound: There is no such proposal here.
        UsageError: None is named.
    """
    first, _space, rest = words.strip().partition(" ")
    named = normal_id(first)
    if named is not None and named.startswith(POLL):
        return await proposals.find(ctx.tx, ctx.room, named), rest.strip()
    if ctx.bare:
        raise Unaddressed
    if ctx.about is not None and await is_proposal(ctx, ctx.about):
        return await proposals.find(ctx.tx, ctx.room, ctx.about), words
    raise UsageError("Hold what? For example: {example}", example=Code("hold P3 WHY"))


@undoes("remit.hold")
async def undo_hold(ctx: Context, payload: dict[str, str]) -> Reply:
    """Let what the two spokes say count again."""
    found = await proposals.find(ctx.tx, ctx.room, payload["id"])
    return await pair_voices.let_go(ctx.tx, ctx.now, ctx.room, ctx.sender, found)
