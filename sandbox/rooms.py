"""What a scripted person can do to rooms: make them, enter and leave them, and know who is in them.

Rule: an order is done when it is true for this person's own client, not when the server has said yes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.watching import User, user_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.program import Program
    from sandbox.seen import Sight


class InRooms:
    """The part of a member that concerns rooms and memberships."""

    name: str
    user_id: str
    sight: Sight
    _program: Program

    async def _ask(self, op: str, **request: Any) -> Any:
        return await self._program.ask(op, member=self.name, **request)

    async def create_room(
        self,
        name: str,
        invite: Iterable[User] = (),
        *,
        encrypted: bool = True,
        preset: str = "private_chat",
        power: Mapping[str, Any] | None = None,
        history_visibility: str | None = None,
        topic: str | None = None,
        room_version: str | None = None,
    ) -> str:
        """Create a room and return its id once this member's client is in it.

        `power` replaces parts of the room's `m.room.power_levels`. In room version 12, the server's default, the
        creator stands above all levels and has none of its own.
        """
        room_id: str = await self._ask(
            "create_room",
            name=name,
            invite=[user_id_of(user) for user in invite],
            encrypted=encrypted,
            preset=preset,
            power=power,
            history_visibility=history_visibility,
            topic=topic,
            room_version=room_version,
        )
        return room_id

    async def invite(self, room: str, user: User) -> None:
        """Invite a user."""
        await self._ask("invite", room_id=room, user_id=user_id_of(user))

    async def join(self, room: str) -> None:
        """Join a room and wait until this member's client is in it."""
        await self._ask("join", room_id=room)

    async def leave(self, room: str) -> None:
        """Leave a room, or decline its invitation."""
        await self._ask("leave", room_id=room)

    async def kick(self, room: str, user: User, reason: str | None = None) -> None:
        """Remove a user from a room."""
        await self._ask("kick", room_id=room, user_id=user_id_of(user), reason=reason)

    async def set_power(self, room: str, user: User, level: int) -> None:
        """Set a user's power level."""
        await self._ask("set_power", room_id=room, user_id=user_id_of(user), level=level)

    async def send_state(self, room: str, type: str, content: Mapping[str, Any], state_key: str = "") -> str:
        """Send a state event and return its id."""
        event_id: str = await self._ask(
            "send_state", room_id=room, type=type, content=content, state_key=state_key
        )
        return event_id

    async def invited_rooms(self) -> list[str]:
        """Return the rooms this member is invited to."""
        return list(await self._ask("invited_rooms"))

    async def joined_members(self, room: str) -> list[str]:
        """Return the user ids this member's client takes for joined."""
        return list(await self._ask("joined_members", room_id=room))

    async def wait_for_invitation(
        self,
        known: Iterable[str] = (),
        *,
        timeout: float = 60,  # noqa: ASYNC109 - the error tells what was seen
    ) -> str:
        """Wait for an invitation to a room that is not among the known ones, and return the room id."""

        def look() -> str | None:
            invited = self.sight.rooms_with(self.user_id, "invite")
            return next((room for room in invited if room not in set(known)), None)

        return await self.sight.until(look, timeout, "an invitation", "")
