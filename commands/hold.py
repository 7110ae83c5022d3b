"""`hold`, `hold off`: ask your pod before something closes; in a pod, let what you decided count."""

from bot.commanding import Answer, Context, Line, Prose, Reply, Unaddressed, command, needs, undoes
from bot.domain.errors import UsageError
from bot.domain.ids import POLL, normal_id
from bot.domain.pods import RoomKind
from bot.domain.proposals import Proposal
from bot.domain.values import Code
from bot.services import hold_ends, hold_opening, pair_voices, proposals
from bot.text import Text, _
from commands.propose import is_proposal


@command(
    "hold",
    summary=_("Ask your pod before a proposal closes; or hold back what your spokes say."),
    bare=True,
    example=("hold P5 That is beyond our limits.", "holds back what your spokes say"),
)
async def hold(ctx: Context, words: Prose = "", *, pod: Line = "") -> Reply:
    """In the assembly, a spoke asks their pod: closing waits up to 72 hours, or until the pod has answered.

    A pod has one hold for each version of a proposal. In a pod, any member lets what the pod decided count, whatever its two
    spokes say in the assembly where it left them room.
    """
    found, rest = await _meant(ctx, words)
    if ctx.room.kind is RoomKind.POD:
        return Answer(
            await pair_voices.hold_back(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event, found), found.id
        )
    return Answer(await hold_opening.hold(ctx.tx, ctx.now, found, ctx.sender, ctx.event, rest, pod), found.id)


@command(
    "hold off",
    summary=_("Let go of a hold."),
    bare=True,
    example=("hold off P5", "lets it go"),
)
async def off(ctx: Context, words: Prose = "", *, pod: Line = "") -> Reply:
    """Let a proposal close as planned, or let what your two spokes say count again."""
    found, _rest = await _meant(ctx, words)
    if ctx.room.kind is RoomKind.POD:
        told = await hold_opening.let_go_at_home(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event, found)
        return Answer(told, found.id)
    await hold_opening.let_go(ctx.tx, ctx.now, found, ctx.sender, pod)
    return None


async def _meant(ctx: Context, words: str) -> tuple[Proposal, str]:
    """Return which proposal is meant, and the words without its id.

    Raises:
        Unaddressed: It was talk, such as "hold on".
        NotFound: There is no such proposal here.
        UsageError: None is named.
    """
    first, _space, rest = words.strip().partition(" ")
    named = normal_id(first.rstrip(":,"))
    if named is not None and named.startswith(POLL):
        return await proposals.find_own(ctx.tx, ctx.room, named), rest.strip()
    if ctx.bare:
        raise Unaddressed
    if ctx.about is not None and await is_proposal(ctx, ctx.about):
        return await proposals.find(ctx.tx, ctx.room, ctx.about), words
    raise UsageError("Hold what? For example: {example}", example=Code("hold P3 WHY"))


@undoes("proposal.hold")
async def undo_asking(ctx: Context, payload: dict[str, str]) -> Reply:
    """Ask the pod no more; the proposal closes as planned."""
    found = await proposals.find(ctx.tx, ctx.room, payload["id"])
    return Answer(await hold_opening.undo(ctx.tx, ctx.now, found, payload["pod"]), found.id)


@undoes("remit.hold")
async def undo_holding_back(ctx: Context, payload: dict[str, str]) -> Reply:
    """Let what the two spokes say count again."""
    found = await proposals.find(ctx.tx, ctx.room, payload["id"])
    return await pair_voices.let_go(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event, found)


@needs
async def holds_for_us(ctx: Context) -> list[Text]:
    """List what the assembly waits with until this pod has answered."""
    return [
        Text(
            "{id} of the assembly waits for your pod until {at}: “{question}” Decide anew with {renew}, or a spoke types {off}",
            id=proposal.id,
            at=ctx.when(hold.until),
            question=hold.question,
            renew=Code(f"!renew {part}"),
            off=Code(f"hold off {part}"),
        )
        for proposal, hold, part in await hold_ends.waiting_for(ctx.tx, ctx.now, ctx.room)
    ]
