"""Who may use a command where. Rule: a refusal names the role or the room that is needed."""

from __future__ import annotations

from bot.commanding.context import Context
from bot.commanding.spec import Spec
from bot.domain.errors import NotAllowed
from bot.domain.pods import Role, RoomKind
from bot.domain.values import Code
from bot.services import spokes
from bot.store import voices

_KINDS = {
    RoomKind.POD: "a pod's room",
    RoomKind.ASSEMBLY: "an assembly room",
    RoomKind.NONE: "a room not set up yet",
}


async def check_allowed(ctx: Context, spec: Spec) -> None:
    """Check that this room and this person may use a command.

    Raises:
        NotAllowed: With the room or the role that is needed.
    """
    if ctx.room.kind not in spec.where:
        raise NotAllowed(
            "{command} works in {places}. This is {here}. See {help}.",
            command=Code(f"!{spec.name}"),
            places=" or ".join(_KINDS[kind] for kind in spec.where),
            here=_KINDS[ctx.room.kind],
            help=Code("!help"),
        )
    if spec.who is Role.ANYONE:
        return
    member = await voices.standing(ctx.tx, ctx.room.room_id, ctx.sender.user_id)
    if member is None or (member.observer and spec.who is not Role.ADMIN):
        raise NotAllowed(
            "{command} is for members; observers are present without a voice here.",
            command=Code(f"!{spec.name}"),
        )
    if spec.who is Role.ADMIN and not member.admin:
        raise NotAllowed("{command} needs an admin of this room.", command=Code(f"!{spec.name}"))
    if spec.who is Role.SPOKE and not await spokes.is_spoke(ctx.tx, ctx.room, ctx.sender.user_id):
        raise NotAllowed(
            "{command} needs a spoke. {show} shows who the spokes are.",
            command=Code(f"!{spec.name}"),
            show=Code("!spokes" if ctx.room.kind is RoomKind.POD else "!assembly"),
        )
