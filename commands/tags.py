"""`!spokes tag`: what members say of themselves, for a pod that wants, say, at least one woman in its pair."""

from typing import Any

from bot.commanding import Context, Reply, Word, command, undoes
from bot.domain.pods import RoomKind
from bot.services import tags
from bot.text import _


@command(
    "spokes tag",
    summary=_("Give yourself a tag, or take it off; alone it shows yours."),
    where=RoomKind.POD,
    example=("!spokes tag woman", "It is known in this pod only"),
)
async def tag(ctx: Context, tag: Word = "") -> Reply:
    """Say of yourself what your pod's rule asks for; nobody can say it for you.

    `!pod set pair woman` makes the rule, with a second member's ok; `!pod set pair off` ends it. Where nobody beside the
    empty seat has the tag, those who have it are asked first, then everybody else: nobody is put into a seat and no seat
    stays empty because of it, and who has just served still goes last. Tags are known in the pod only, and are not in the records it takes along.
    """
    if not tag:
        return await tags.show(ctx.tx, ctx.room, ctx.sender)
    return await tags.choose(ctx.tx, ctx.now, ctx.room, ctx.sender, tag)


@undoes("spokes.tag")
async def undo_tag(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Turn a tag back to what it was."""
    return await tags.choose(ctx.tx, ctx.now, ctx.room, ctx.sender, payload["tag"])
