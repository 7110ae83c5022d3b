"""`!spokes recall` and `!recall`: taking a seat from a spoke by a vote of the pod."""

from typing import Any

from bot.commanding import (
    Answer,
    Context,
    Prose,
    Reply,
    Unaddressed,
    Word,
    command,
    explains,
    hears,
    needs,
    replied,
    undoes,
)
from bot.domain.errors import UsageError
from bot.domain.ids import RECALL, normal_id
from bot.domain.pods import Member, RoomKind
from bot.domain.values import Code
from bot.ports import Redacted
from bot.services import identity, recall
from bot.text import Text, _


@command(
    "spokes recall",
    summary=_("Ask the pod to take a seat from a spoke; the reason stays here."),
    where=RoomKind.POD,
    example=("!spokes recall @ben:test missed three assemblies", "asks to recall Ben"),
)
async def ask(ctx: Context, who: Member, reason: Prose = "") -> Reply:
    """Open a recall: 24 hours, and more than half of all members must say yes; silence counts as no.

    The one who is meant may speak and vote. Where it is carried, the seat is empty at once, they leave the assembly's
    room, and they are not asked again before the next handover. The assembly hears that the pod has changed its pair,
    not why. The reason and who said what are erased when it ends.
    """
    await identity.check_trusted(ctx.tx, ctx.room, ctx.sender)
    return Answer(*await recall.ask(ctx.tx, ctx.now, ctx.room, ctx.sender, who, reason))


@command(
    "recall",
    summary=_("Show the open recalls."),
    where=RoomKind.POD,
    example=("!recall", "No recall is open here"),
)
async def show(ctx: Context) -> Reply:
    """Show which recalls are open and how many have answered; how they answered is shown at the end, as a sum."""
    return await recall.show(ctx.tx, ctx.now, ctx.room)


@command(
    "recall yes",
    summary=_("Say yes to a recall: the seat is to be empty."),
    where=RoomKind.POD,
    example=("!recall yes", "members have answered R1"),
)
async def yes(ctx: Context, id: Word = "") -> Reply:
    """Say yes. The last answer counts; deleting the message takes it back."""
    return await _say(ctx, "yes", id)


@command(
    "recall no",
    summary=_("Say no to a recall."),
    where=RoomKind.POD,
    example=("!recall no", "members have answered R1"),
)
async def no(ctx: Context, id: Word = "") -> Reply:
    """Say no. The last answer counts; deleting the message takes it back."""
    return await _say(ctx, "no", id)


@command(
    "recall withdraw",
    summary=_("Take back a recall that you have asked for."),
    where=RoomKind.POD,
    example=("!recall withdraw", "R1 is withdrawn"),
)
async def withdraw(ctx: Context, id: Word = "") -> Reply:
    """Take a recall back; the reason is erased."""
    return Answer(*await recall.withdraw(ctx.tx, ctx.room, ctx.sender, _named(ctx, id)))


async def _say(ctx: Context, stance: str, typed: str) -> Reply:
    await identity.check_trusted(ctx.tx, ctx.room, ctx.sender)
    return Answer(
        *await recall.answer(
            ctx.tx,
            ctx.now,
            ctx.room,
            ctx.sender,
            stance,
            recall_id=_named(ctx, typed),
            event_id=ctx.event.event_id,
            sent_at=ctx.event.sent_at,
        )
    )


def _named(ctx: Context, typed: str) -> str | None:
    """Return the recall that is meant, if it is said which.

    Raises:
        UsageError: What was typed is no recall's id.
    """
    if not typed:
        return ctx.about if (ctx.about or "").startswith(RECALL) else None
    found = normal_id(typed)
    if found is None or not found.startswith(RECALL):
        raise UsageError(
            "{typed} is no recall. For example: {example}", typed=typed, example=Code("!recall yes R1")
        )
    return found


@replied(RECALL)
async def reply(ctx: Context, object_id: str, text: str) -> Reply:
    """Take a plain `yes` or `no` in a reply to our message as an answer."""
    words = text.strip().strip(".!").lower()
    if words not in ("yes", "no"):
        raise Unaddressed
    return await _say(ctx, words, object_id)


@explains(RECALL)
async def explain(ctx: Context, object_id: str) -> Reply:
    """Say how a recall came out."""
    return await recall.explain(ctx.tx, ctx.room, object_id)


@hears(Redacted)
async def deleted(ctx: Context, event: Redacted) -> Reply:
    """Take back the answer of a deleted message."""
    await recall.take_back_answer(ctx.tx, event.redacts)
    return None


@undoes("recall")
async def undo(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Take back a recall that was just opened."""
    return Answer(*await recall.withdraw(ctx.tx, ctx.room, ctx.sender, payload["id"]))


@needs
async def recalls_for_me(ctx: Context) -> list[Text]:
    """List the recalls that wait for the sender's answer."""
    return [
        Text("{id} waits for your answer: {yes} or {no}", id=item.id, yes=Code(f"!recall yes {item.id}"), no=Code(f"!recall no {item.id}"))
        for item in await recall.waiting_for(ctx.tx, ctx.room, ctx.sender.user_id)
    ]  # fmt: skip
