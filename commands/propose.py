"""`!propose`, `!proposal`, `!proposals`, `!test`: what a pod decides together."""

from dataclasses import dataclass

from bot.commanding import (
    Answer,
    Context,
    Cursor,
    Line,
    Prose,
    Reply,
    command,
    converter,
    explains,
    needs,
    undoes,
)
from bot.domain import classes
from bot.domain.decisions import read_trial
from bot.domain.errors import UsageError
from bot.domain.ids import POLL, normal_id
from bot.domain.pods import Role, RoomKind
from bot.domain.polls import brief, tidy
from bot.domain.proposals import Proposal
from bot.domain.values import Code
from bot.services import (
    amending,
    assembly_proposals,
    mandate_carrying,
    proposal_counting,
    proposal_opening,
    proposal_texts,
    proposal_views,
    proposal_withdrawal,
    proposals,
)
from bot.text import Text, _, shorten


async def is_proposal(ctx: Context, object_id: str) -> bool:
    """Tell whether an id is that of a proposal: polls share its letter."""
    return await proposals.is_one(ctx.tx, object_id)


@command(
    "propose",
    summary=_("Put something to the decision of this pod, or of all pods."),
    example=("!propose We buy a tent for the winter. | closes=in 5 days", "By consensus of 3 voices."),
)
async def propose(
    ctx: Context,
    text: Prose = "",
    *,
    class_: Line = "",
    closes: Line = "",
    threshold: Line = "",
    supersedes: Line = "",
    trial: Line = "",
    mode: Line = "",
    of: Line = "",
) -> Reply:
    """Open a proposal. Everybody with a voice in the pod at this moment decides, by the pod's own rule.

    In an assembly a spoke proposes, and each pod decides in its own room. `class=binding` binds every pod: at least 7 days,
    and 3/4 of the pods. `class=advice` binds nobody: at least 5 days, 2/3 of the pods, and each pod then adopts it or not.
    `class=pillar` is a shared text: two readings of 14 days, 80% of all pods. It says how many must agree. `closes=Fri 18:00` sets the end, at least 24 hours ahead (3 days from now if there is
    none). `threshold=` may name the pod's own rule; another one is for `!pod set threshold`. `of=present` lets abstaining count
    against it, `of=all` silence too. `mode=double` in an assembly counts pods and people, and both must pass. What is adopted goes
    into the log of decisions. `trial=60d` tries it: it lapses after that unless it is renewed. `supersedes=D3` names the decision
    that it would replace. With an id alone it shows that proposal; with nothing, the list.
    """
    if not text.strip():
        return await list_(ctx)
    if (found := normal_id(text)) and await is_proposal(ctx, found):
        return await show(ctx, Shown(await proposals.find_shown(ctx.tx, ctx.room, found)))
    tried = read_trial(trial, f"!propose {brief(tidy(text))}")
    in_assembly = ctx.room.kind is RoomKind.ASSEMBLY
    found_class = classes.read_class(class_, brief(tidy(text)), in_assembly=in_assembly)
    if in_assembly:
        if threshold:
            raise UsageError(
                "What a class asks for is the same for every proposal. Changing it is itself a pillar change: {example}",
                example=Code("!pillar propose What binds us needs 4/5 of the pods."),
            )
        await assembly_proposals.open_for_pods(
            ctx.tx,
            ctx.now,
            ctx.room,
            ctx.settings,
            ctx.sender,
            text,
            found_class,
            closes=closes,
            supersedes=supersedes,
            trial=tried,
            mode=mode,
            of=of,
        )
        return None
    if mode:
        raise UsageError(
            "In a pod its members are counted; a mode is for an assembly. For example: {example}",
            example=Code(f"!propose {brief(tidy(text))}"),
        )
    await proposal_opening.open_proposal(
        ctx.tx,
        ctx.now,
        ctx.room,
        ctx.settings,
        ctx.sender,
        text,
        closes=closes,
        threshold=threshold,
        of=of,
        supersedes=supersedes,
        trial=tried,
    )
    return None


@converter(Proposal)
async def read_proposal(ctx: Context, cursor: Cursor) -> Proposal:
    """Read a proposal's id; left out, it is the one replied to, or the only open one.

    Raises:
        UsageError: The word is no id.
        NotFound: There is no such proposal here.
        Ambiguous: Several are open.
    """
    typed = cursor.peek()
    found = normal_id(typed)
    if found is not None and found.startswith(POLL):
        cursor.word()
        return await proposals.find(ctx.tx, ctx.room, found)
    if ctx.about is not None and await is_proposal(ctx, ctx.about):
        return await proposals.find(ctx.tx, ctx.room, ctx.about)
    if typed and (ctx.about is not None or len(await proposals.open_here(ctx.tx, ctx.room)) != 1):
        raise UsageError(
            "“{typed}” is no proposal's id. For example: {example}",
            typed=shorten(typed),
            example=Code(f"{ctx.said.body.split()[0]} P3"),
        )
    return await proposals.only_open(ctx.tx, ctx.room, ctx.said.body.split()[0].lstrip(ctx.settings.prefix))


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal that is only looked at: also one of the assembly in which this pod has a voice."""

    proposal: Proposal


@converter(Shown)
async def read_shown(ctx: Context, cursor: Cursor) -> Shown:
    """Read the id of a proposal to look at; see `read_proposal`."""
    found = normal_id(cursor.peek())
    if found is not None and found.startswith(POLL):
        cursor.word()
        return Shown(await proposals.find_shown(ctx.tx, ctx.room, found))
    return Shown(await read_proposal(ctx, cursor))


@command(
    "proposal",
    summary=_("Show a proposal: its words, how it stands, and how to answer."),
    who=Role.ANYONE,
    example=("!proposal P2", "P2, proposed by"),
)
async def show(ctx: Context, id: Shown) -> Reply:
    """Show a proposal; without an id, the one replied to or the only open one."""
    return Answer(await proposal_views.describe(ctx.tx, ctx.now, id.proposal), id.proposal.id)


@command(
    "proposals",
    summary=_("List the open proposals and those that ended lately."),
    who=Role.ANYONE,
    example=("!proposals", "P2"),
    aliases=("proposal list",),
)
async def list_(ctx: Context) -> Reply:
    """List the open proposals of this pod, and those that ended in the last 14 days."""
    return await proposal_views.listing(ctx.tx, ctx.now, ctx.room)


@command(
    "proposal withdraw",
    summary=_("Take back your own proposal."),
    example=("!proposal withdraw P2", "is withdrawn"),
)
async def withdraw(ctx: Context, id: Proposal) -> Reply:
    """Take back a proposal you made, while it is open or blocked; what was said of it is erased."""
    return Answer(await proposal_withdrawal.withdraw(ctx.tx, ctx.now, id, ctx.sender, ctx.event), id.id)


@command(
    "amend",
    summary=_("Change your own proposal; everybody says anew what they think."),
    example=("!amend P2 We buy two tents.", "P2, version 2"),
)
async def amend(ctx: Context, id: Proposal, text: Prose = "") -> Reply:
    """Put a new version in the place of your proposal, while it is open or blocked.

    It shows what changed. What was said of the version before does not count for it, and it is open for what is left of the
    time, at least half of it.
    """
    await amending.amend(ctx.tx, ctx.now, id, ctx.sender, ctx.event, text)
    return None


@command(
    "test",
    summary=_("Rehearse: what would come of a proposal if it closed now."),
    who=Role.ANYONE,
    example=("!test P2", "If P2 closed now"),
)
async def test(ctx: Context, id: Proposal) -> Reply:
    """Say what would come of a proposal now. Nothing is changed by it."""
    return Answer(await proposal_views.rehearse(ctx.tx, ctx.now, id), id.id)


@explains(POLL, owns=is_proposal)
async def explain(ctx: Context, object_id: str) -> Reply:
    """Say the sum of a proposal in words: who has a voice, what counted, and the number that decides."""
    found = await proposals.find_shown(ctx.tx, ctx.room, object_id)
    return Answer(await proposal_views.explain(ctx.tx, ctx.now, ctx.room, found), found.id)


@undoes("proposal.open")
async def undo_open(ctx: Context, payload: dict[str, str]) -> Reply:
    """Withdraw a proposal on which nobody else has spoken."""
    return await proposal_withdrawal.undo_open(
        ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event, payload["id"]
    )


@needs
async def proposals_for_me(ctx: Context) -> list[Text]:
    """List the open proposals on which the sender has a voice and no stance."""
    return [
        Text(
            "{proposal} – for example {agree}",
            proposal=proposal_texts.name(found),
            agree=Code(f"agree {found.id}"),
        )
        for found in await proposal_counting.waiting_for(ctx.tx, ctx.room, ctx.sender.user_id)
    ]


@command(
    "renew",
    summary=_("Ask your pod again what it says to a proposal of the assembly."),
    where=RoomKind.POD,
    example=("!renew P5", "River asks every pod about P2"),
)
async def renew(ctx: Context, id: Proposal) -> Reply:
    """Put a proposal of the assembly to your pod again. Until the pod says something else, its word stands."""
    await mandate_carrying.renew(ctx.tx, ctx.now, ctx.room, ctx.sender, id)
    return None
