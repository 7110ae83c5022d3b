"""`!decide`, `!decision`, `!decisions`, `!reopen`: the log of what was decided."""

from typing import Any

from bot.commanding import Answer, Context, Cursor, Line, Prose, Reply, command, converter, explains, undoes
from bot.domain.decisions import Decision, read_trial
from bot.domain.errors import UsageError
from bot.domain.ids import DECISION, normal_id
from bot.domain.pods import Member, Role, RoomKind
from bot.domain.polls import brief, tidy
from bot.domain.values import Code
from bot.services import decision_requests, decisions
from bot.text import _


@converter(Decision)
async def read_decision(ctx: Context, cursor: Cursor) -> Decision:
    """Read a decision's id; left out, it is the one replied to.

    Raises:
        UsageError: It is no id.
        NotFound: There is no such decision here.
    """
    about = ctx.about if (ctx.about or "").startswith(DECISION) else None
    typed = cursor.peek()
    if about and (not typed or not (normal_id(typed) or "").startswith(DECISION)):
        return await decisions.find_here(ctx.tx, ctx.room, about)
    cursor.word()
    return await decisions.find_here(ctx.tx, ctx.room, typed, " ".join([*ctx.said.body.split()[:1], ""]))


@command(
    "decide",
    summary=_("Write down what your pod has decided."),
    where=(RoomKind.POD, RoomKind.ASSEMBLY),
    example=("!decide We meet on Sundays. | review=1 March", "This is yours to decide"),
)
async def decide(
    ctx: Context,
    text: Prose = "",
    *,
    owner: Member | None = None,
    review: Line = "",
    trial: Line = "",
    supersedes: Line = "",
    pillar: Line = "",
) -> Reply:
    """Put a decision into the log of your pod. What you adopt as a proposal comes there by itself.

    `owner=` names who looks after it; you, if nobody is named. `review=1 March` says when it is looked at again; 90 days from
    now if there is none. `trial=60d`: it is tried, and lapses unless two of you renew it. `supersedes=D3` names the decision
    that it replaces, `pillar=2` the pillar that it touches.
    """
    if not text.strip():
        return await decisions.listing(ctx.tx, ctx.room)
    words = brief(tidy(text))
    if ctx.room.kind is RoomKind.ASSEMBLY:
        raise UsageError(
            "In an assembly the pods decide, each in its own room. What binds them is proposed: {example}",
            example=Code(f"!propose {words} | class=binding"),
        )
    return Answer(
        *await decisions.write_down(
            ctx.tx,
            ctx.now,
            ctx.room,
            ctx.settings,
            ctx.sender,
            text,
            owner=owner.person if owner else None,
            review=review,
            trial=read_trial(trial, f"!decide {words}"),
            supersedes=supersedes,
            pillar=pillar,
        )
    )


@command(
    "decisions",
    summary=_("List what is decided: what holds, and with `all` what did."),
    who=Role.ANYONE,
    example=("!decisions", "No decision is in the log."),
    aliases=("decision list",),
)
async def list_(ctx: Context, which: Line = "") -> Reply:
    """List the decisions of this room, and in a pod those of its assembly, which bind it. `!decisions all` lists the old ones too."""
    if normal_id(which):
        found = await decisions.find_here(ctx.tx, ctx.room, which, "!decision ")
        return await show(ctx, found)
    if which and which.strip().lower() != "all":
        raise UsageError(
            "“{typed}” is no list of decisions. For example: {example}",
            typed=which[:40],
            example=Code("!decisions all"),
        )
    return await decisions.listing(ctx.tx, ctx.room, all_of_them=bool(which))


@command(
    "decision",
    summary=_("Show a decision: its words, whether it holds, and how it can be changed."),
    who=Role.ANYONE,
    example=("!decision D1", "D1, standing, decided"),
)
async def show(ctx: Context, id: Decision) -> Reply:
    """Show a decision; as a reply to one, the id may be left out."""
    return Answer(await decisions.describe(ctx.tx, ctx.now, ctx.room, id), id.id)


@command(
    "decision renew",
    summary=_("Ask for a trial to go on; a second person confirms."),
    example=("!decision renew D1", "to renew D1 for 60 days"),
)
async def renew(ctx: Context, id: Decision) -> Reply:
    """Let a trial go on for the same time once more. It takes two members; in an assembly, spokes of two pods."""
    return Answer(*await decision_requests.ask_renewal(ctx.tx, ctx.now, ctx.room, ctx.sender, id))


@command(
    "reopen",
    summary=_("Ask for a decision to be open to question again; a second person confirms."),
    example=("!reopen D1 It rains on Sundays.", "to open D1 again, “We meet on Sundays.”"),
)
async def reopen(ctx: Context, id: Decision, reason: Prose = "") -> Reply:
    """Open a question again. It takes two members; in an assembly, spokes of two pods.

    The decision holds until something else is decided. If nothing is in 28 days, it stands as before.
    """
    return Answer(*await decision_requests.ask_reopening(ctx.tx, ctx.now, ctx.room, ctx.sender, id, reason))


@explains(DECISION)
async def explain(ctx: Context, object_id: str) -> Reply:
    """Say where a decision comes from, whether it holds, and how it can be changed."""
    found = await decisions.find_here(ctx.tx, ctx.room, object_id)
    return Answer(await decisions.describe(ctx.tx, ctx.now, ctx.room, found), found.id)


@undoes("decision")
async def undo(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Take back a decision that was just written down."""
    return await decisions.undo(ctx.tx, ctx.now, ctx.room, ctx.sender, payload["id"])
