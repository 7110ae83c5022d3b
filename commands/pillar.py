"""`!pillars`, `!pillar`: the shared texts that bind every pod."""

from bot.commanding import Answer, Context, Line, Prose, Reply, Word, command
from bot.domain.classes import PILLAR
from bot.domain.errors import UsageError
from bot.domain.pods import Role, RoomKind
from bot.domain.values import Code
from bot.services import assembly_proposals, pillar_autonomy, pillars
from bot.text import _


@command(
    "pillars",
    summary=_("List the shared texts that bind every pod."),
    who=Role.ANYONE,
    example=("!pillars", "There is no pillar yet."),
    aliases=("pillar list",),
)
async def list_(ctx: Context, number: Line = "") -> Reply:
    """List each pillar with its number, version, date, and the pods that adopted it; with a number, show that one."""
    if number.strip():
        return await show(ctx, number)
    return await pillars.listing(ctx.tx, ctx.room)


@command(
    "pillar",
    summary=_("Show one pillar, with its former words."),
    who=Role.ANYONE,
    example=("!pillar", "There is no pillar yet."),
)
async def show(ctx: Context, number: Line = "") -> Reply:
    """Show a pillar by its number; without one, the list."""
    if not number.strip():
        return await list_(ctx)
    return await pillars.describe(ctx.tx, ctx.room, number)


@command(
    "pillar propose",
    summary=_("Propose a new pillar, or other words for one."),
    example=("!pillar propose We never leave anybody behind.", "3 pods, 80% of all of them is needed"),
)
async def propose(ctx: Context, number: Word = "", text: Prose = "", *, closes: Line = "") -> Reply:
    """Propose a shared text of at most 600 characters. With a number first, it would replace the words of that pillar.

    Every pod decides in its own room, twice: a first reading of at least 14 days, and a second with the same words. 80% of
    all pods must say yes each time; silence is no yes, and one pod can block. A change of the words starts at the first reading.
    """
    known = number.strip("#.:,").isdigit() and number.isascii()
    words = text if known else f"{number} {text}".strip()
    if ctx.room.kind is not RoomKind.ASSEMBLY:
        raise UsageError(
            "A pillar is for all pods, so a spoke proposes it in the assembly: {example}",
            example=Code(
                f"!pillar propose {' '.join(words.split())[:60] or 'We never leave anybody behind.'}"
            ),
        )
    await assembly_proposals.open_for_pods(
        ctx.tx,
        ctx.now,
        ctx.room,
        ctx.settings,
        ctx.sender,
        words,
        PILLAR,
        closes=closes,
        pillar=pillars.number_of(number) if known else None,
    )
    return None


@command(
    "pillar apart",
    summary=_("Ask that your pod stands apart from a pillar; a second member confirms."),
    where=RoomKind.POD,
    example=("!pillar apart 3", "stands apart from pillar 3"),
)
async def apart(ctx: Context, number: Line = "") -> Reply:
    """Keep your pod's autonomy on the words of a pillar that it did not agree to. The assembly sees it. On other words it is asked anew."""
    return Answer(*await pillar_autonomy.ask_apart(ctx.tx, ctx.now, ctx.room, ctx.sender, number, apart=True))


@command(
    "pillar join",
    summary=_("Ask that your pod joins a pillar that it stood apart from."),
    where=RoomKind.POD,
    example=("!pillar join 3", "joins pillar 3"),
)
async def join(ctx: Context, number: Line = "") -> Reply:
    """Stand apart from a pillar no more. It takes two members."""
    return Answer(
        *await pillar_autonomy.ask_apart(ctx.tx, ctx.now, ctx.room, ctx.sender, number, apart=False)
    )
