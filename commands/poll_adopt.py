"""`!poll adopt`: count a poll that a member made with their own app's poll button."""

from bot.commanding import Context, Line, Prose, Reply, command, hears, undoes
from bot.domain.errors import Conflict, UsageError
from bot.domain.ids import POLL
from bot.domain.values import Code
from bot.ports import PollChanged, PollEnded, Redacted
from bot.services import poll_adopting
from bot.text import _, shorten


@command(
    "poll adopt",
    summary=_("As a reply to a poll made with an app's poll button: count and close it like mine."),
    example=("!poll adopt", "I count this poll of Ben"),
    quotes=True,
)
async def adopt(ctx: Context, rest: Prose = "", *, closes: Line = "") -> Reply:
    """Count a poll that a member made in their app, with the answers that were given before.

    From then on it has an id and an end, can be answered in words too, and I say its result. `closes=Fri 18:00` sets the end (3
    days from now if there is none). Its author can still end it in their app, which closes it here.
    """
    said = ctx.said
    if said.replied_poll is None and (ctx.about or "").startswith(POLL):
        raise Conflict(
            "{id} is counted already. {show} shows how it stands.",
            id=ctx.about,
            show=Code(f"!poll {ctx.about}"),
        )
    if said.replied_poll is None:
        raise poll_adopting.not_a_poll(said.replied_body, is_reply=said.reply_to is not None)
    if rest:
        raise UsageError(
            "I do not know what to do with “{rest}”. For example: {example}",
            rest=shorten(rest),
            example=Code("!poll adopt | closes=Fri 18:00"),
        )
    await poll_adopting.adopt(ctx.tx, ctx.now, ctx.room, ctx.sender, said.replied_poll, closes)
    return None


@hears(PollEnded)
async def ended(ctx: Context, event: PollEnded) -> Reply:
    """Close a poll that its author ended in their app."""
    await poll_adopting.ended(ctx.tx, ctx.now, ctx.room, ctx.sender, event)
    return None


@hears(PollChanged)
async def changed(ctx: Context, event: PollChanged) -> Reply:
    """Say that a poll is counted as it was."""
    return await poll_adopting.start_changed(ctx.tx, ctx.now, ctx.room, event.poll_event_id, ctx.sender)


@hears(Redacted)
async def deleted(ctx: Context, event: Redacted) -> Reply:
    """Say that a poll goes on in words."""
    await poll_adopting.start_deleted(ctx.tx, ctx.now, ctx.room, event)
    return None


@undoes("poll.adopt")
async def undo_adopt(ctx: Context, payload: dict[str, str]) -> Reply:
    """Count a poll no more."""
    return await poll_adopting.let_go(ctx.tx, ctx.room, payload["id"])
