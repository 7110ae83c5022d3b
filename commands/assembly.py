"""`!assembly`: the room where the pairs of all pods meet."""

from bot.commanding import Context, Line, Reply, command
from bot.domain.pods import Role, RoomKind
from bot.services import groups
from bot.text import _


@command(
    "assembly",
    summary=_("Show the pods of this assembly and their spokes."),
    who=Role.ANYONE,
    where=RoomKind.ASSEMBLY,
    example=("!assembly", "The assembly River has 1 pod"),
)
async def show(ctx: Context) -> Reply:
    """List every pod with its pair; empty seats are named."""
    return await groups.describe_assembly(ctx.tx, ctx.room)


@command(
    "assembly create",
    summary=_("Make this room an assembly."),
    where=(RoomKind.NONE, RoomKind.POD, RoomKind.ASSEMBLY),
    example=("!assembly create River", "This room is now the assembly River"),
)
async def create(ctx: Context, name: Line) -> Reply:
    """Make this room the place where the spokes of all pods meet."""
    return await groups.create_assembly(ctx.tx, ctx.now, ctx.room, name)


@command(
    "assembly invite",
    summary=_("Make a one-time code with which a pod can ask to enter."),
    where=RoomKind.ASSEMBLY,
    example=("!assembly invite", "Here is a code for one pod"),
)
async def invite(ctx: Context) -> Reply:
    """Make a code for one pod, good for 7 days."""
    return await groups.make_invitation(ctx.tx, ctx.now, ctx.room, ctx.sender)
