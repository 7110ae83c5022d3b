"""Join and leave rooms, invite and remove people.

Rule: doing it a second time changes nothing.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from bot.matrix.client import BotClient
from bot.matrix.requests import V3, Refused, request
from bot.ports import InviteUser, JoinRoom, LeaveRoom, RemoveUser


async def join(client: BotClient, room_id: str, message: JoinRoom) -> None:
    """Join a room."""
    query = urlencode([("server_name", server) for server in message.via])
    await _post(client, f"/join/{_part(room_id)}?{query}")


async def leave(client: BotClient, room_id: str, message: LeaveRoom) -> None:
    """Leave a room, if we are in it."""
    reason = message.reason
    try:
        await _post(client, f"/rooms/{_part(room_id)}/leave", {"reason": reason} if reason else None)
    except Refused as error:
        if error.is_passing or error.status not in (403, 404):
            raise  # else we are out already


async def change_member(client: BotClient, room_id: str, message: InviteUser | RemoveUser) -> bool:
    """Invite or remove somebody; returns whether that was still to be done."""
    room = client.rooms[room_id]
    present = message.user_id in room.users or message.user_id in room.invited_users
    if present == isinstance(message, InviteUser):
        return False
    body = {"user_id": message.user_id}
    if isinstance(message, RemoveUser):
        await _post(client, f"/rooms/{_part(room_id)}/kick", body | {"reason": message.reason})
    else:
        await _post(client, f"/rooms/{_part(room_id)}/invite", body)
    return True


async def _post(client: BotClient, path: str, body: dict[str, Any] | None = None) -> None:
    await request(client, "POST", V3 + path, body or {})


def _part(text: str) -> str:
    """Return one part of a path; ids of rooms of version 3 have slashes in them."""
    return quote(text, safe="")
