"""Wait for what a scripted client sees; the same for every kind of client.

Rule: a wait ends by what the client itself saw, and when it fails it says what that was.
"""

from __future__ import annotations

from sandbox.seen import Match, Seen, Sight


class Watching:
    """The part of a scripted client that looks and waits."""

    user_id: str
    sight: Sight

    def timeline(self, room: str) -> list[Seen]:
        """Return what this member's client has seen of a room so far, in the server's order."""
        return self.sight.timeline(room)

    async def wait_for(
        self,
        room: str,
        match: Match,
        *,
        sender: User | None = None,
        since: str | None = None,
        timeout: float = 60,  # noqa: ASYNC109 - the error tells what was seen
    ) -> Seen:
        """Return the first event of a room that fits, waiting where it has not come yet.

        The match is a part of the text, a pattern to find in it, or any condition on the event. Only events
        behind `since` count, an event id; `timeout` is in seconds.

        Raises:
            TimeoutError: it did not come; with the last events this member saw.
        """
        user_id = None if sender is None else user_id_of(sender)
        wanted = f"{match!r} by {user_id or 'anyone'} in {room}"
        return await self.sight.until(
            lambda: self.sight.find(room, match, user_id, since), timeout, wanted, room
        )

    async def wait_for_event(
        self,
        room: str,
        event_id: str,
        *,
        timeout: float = 60,  # noqa: ASYNC109 - the error tells what was seen
    ) -> Seen:
        """Return an event once this member can read it."""
        return await self.wait_for(
            room, lambda seen: seen.event_id == event_id and seen.utd is None, timeout=timeout
        )

    async def wait_for_membership(
        self,
        room: str,
        user: User,
        membership: str = "join",
        *,
        timeout: float = 60,  # noqa: ASYNC109 - the error tells what was seen
    ) -> None:
        """Wait until this member's client knows a user's membership: before that it shares no keys with them."""
        user_id = user_id_of(user)
        wanted = f"{user_id} to be {membership} in {room}"
        await self.sight.until(
            lambda: True if self.sight.membership(room, user_id) == membership else None,
            timeout,
            wanted,
            room,
        )


# A scripted client, or a user id.
User = Watching | str


def user_id_of(user: User) -> str:
    """Return the user id of a scripted client, or the user id itself."""
    return user if isinstance(user, str) else user.user_id
