"""`object`: a member stops a summary that two people have approved, until the pair answers."""

from bot.commanding import Answer, Context, Prose, Reply, Unaddressed, command
from bot.domain.errors import UsageError
from bot.domain.ids import SUMMARY, normal_id
from bot.domain.pods import RoomKind
from bot.domain.values import Code
from bot.services import objections, summary_finding
from bot.text import _


@command(
    "object",
    summary=_("Stop a summary before it goes, and say why; your pair answers."),
    where=RoomKind.POD,
    bare=True,
    example=("object S1 That was not decided.", "objects to S1"),
)
async def object_(ctx: Context, words: Prose = "") -> Reply:
    """Void its oks and call the pair: they approve it again, change it, or drop it.

    It works where the pod has set a time for objections (`!pod set objections 12h`): from the draft on, and for so long
    after the second ok. Each member may object once to a version. As a reply to the draft, the id may be left out.
    """
    first, *_rest = words.split(maxsplit=1) or [""]
    found = normal_id(first)
    reason = words.strip()[len(first) :] if found else words
    found = found or ctx.about
    if found is None or not found.startswith(SUMMARY):
        if ctx.bare:
            raise Unaddressed  # somebody objects to somebody
        raise UsageError(
            "Object to what? For example: {example}", example=Code("object S4 That was not decided.")
        )
    if (
        ctx.bare
        and not normal_id(first)
        and await summary_finding.came_from_elsewhere(ctx.tx, ctx.room, found)
    ):
        raise Unaddressed  # what others wrote to us is theirs
    told = await objections.object_to(ctx.tx, ctx.now, ctx.room, ctx.sender, found, reason)
    return Answer(told, found)
