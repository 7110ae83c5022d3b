"""`!spokes ics`, `!assembly ics`, `!assembly set meets`: dates, and calendar files of them."""

from bot.commanding import Answer, Context, Line, Reply, Word, command
from bot.domain.pods import Role, RoomKind
from bot.services import calendars, requests
from bot.text import _


@command(
    "spokes ics",
    summary=_("Send this pod's dates as a calendar file."),
    who=Role.ANYONE,
    where=RoomKind.POD,
    example=("!spokes ics", "willow.ics holds"),
)
async def spokes_ics(ctx: Context) -> Reply:
    """Send handovers, assemblies and deadlines as an encrypted `.ics` file.

    It names no person and repeats nobody's words. After a change ask for it again: entries keep their `UID` and count
    their `SEQUENCE` up, so that a calendar moves them. Handovers are those of `!spokes next`.
    """
    return await calendars.send(ctx.tx, ctx.now, ctx.room)


@command(
    "assembly ics",
    summary=_("Send this assembly's dates as a calendar file."),
    who=Role.ANYONE,
    where=RoomKind.ASSEMBLY,
    example=("!assembly ics", "river.ics holds"),
)
async def assembly_ics(ctx: Context) -> Reply:
    """Send the assembly's dates and deadlines as an encrypted `.ics` file, as `!spokes ics` does in a pod."""
    return await calendars.send(ctx.tx, ctx.now, ctx.room)


@command(
    "assembly set",
    summary=_("Propose when the assembly meets, or its time zone; a second person confirms."),
    where=RoomKind.ASSEMBLY,
    example=("!assembly set meets every 2 weeks on Thu 19:00", "It takes effect when"),
)
async def set_(ctx: Context, key: Word, value: Line) -> Reply:
    """Set `meets` or `timezone`. It takes effect when a spoke other than you types `ok`.

    `meets` reads `every 2 weeks on Thu 19:00`, `every Thu 19:00`, `every month on the first Tue 19:00`, an RFC 5545 rule
    such as `FREQ=MONTHLY;BYMONTHDAY=1 19:00`, or `off`. Pods with `term = assembly` hand over when an assembly ends, two
    hours after it begins.
    """
    return Answer(
        *await requests.ask_setting(ctx.tx, ctx.now, ctx.room, ctx.sender, (key, value.lstrip("= ")))
    )
