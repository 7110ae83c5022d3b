"""`!quiet`: no reminders for me in this room."""

from bot.commanding import Context, Line, Reply, command
from bot.domain.errors import UsageError
from bot.domain.values import Code
from bot.services import reminders
from bot.text import _


@command(
    "quiet",
    summary=_("Stop reminders for you in this room; `!quiet off` starts them again."),
    example=("!quiet", "I do not remind you of open proposals and polls here any more."),
)
async def quiet(ctx: Context, word: Line = "") -> Reply:
    """Be reminded no more of open proposals and polls here. It is for you alone; hours for all are set with `!pod set quiet 22-8`.

    Two things go on, because something follows from your silence: who blocks is asked whether that stands, and a spoke about
    the handover.
    """
    match word.strip().lower().rstrip(".!"):
        case "" | "on" | "please":
            return await reminders.stop(ctx.tx, ctx.room, ctx.sender)
        case "off" | "stop" | "end" | "no":
            return await reminders.start(ctx.tx, ctx.room, ctx.sender)
    raise UsageError(
        "{quiet} stops reminders for you, {off} starts them again. Hours in which all have quiet: {hours}",
        quiet=Code("!quiet"),
        off=Code("!quiet off"),
        hours=Code("!pod set quiet 22:00-8:00"),
    )
