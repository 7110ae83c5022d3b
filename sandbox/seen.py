"""Keep what one client saw, in the server's order, and wake whoever waits for more.

Rule: waiting never polls; a waiter looks at what is there already and then at each new sight.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.install import SandboxError


@dataclass(frozen=True)
class Seen:
    """An event as one client sees it.

    Attributes:
        type: the decrypted type; `m.room.encrypted` where it could not be read.
        body: the text; of an edit, the new text.
        content: the decrypted content, with the relation.
        origin_server_ts: milliseconds since 1970, by the server's clock.
        encrypted: it came encrypted.
        shield: NONE, GREY or RED as the app would show it; None for events in clear or unreadable ones.
        shield_reason: why the shield is grey or red, in the SDK's words, such as UNSIGNED_DEVICE.
        reply_to: the event it answers; a thread's fallback is no answer.
        thread: the thread's root.
        replaces: the event it edits.
        redacted: it was deleted; the content is gone.
        utd: the failure code of an event that this client could not decrypt.
        position: its place among the room's events; only the order means something.
    """

    event_id: str
    room_id: str
    sender: str
    type: str
    content: dict[str, Any]
    origin_server_ts: int
    encrypted: bool
    position: int
    body: str | None = None
    formatted_body: str | None = None
    msgtype: str | None = None
    state_key: str | None = None
    shield: str | None = None
    shield_reason: str | None = None
    reply_to: str | None = None
    thread: str | None = None
    mentions: tuple[str, ...] = ()
    replaces: str | None = None
    redacted: bool = False
    utd: str | None = None

    @classmethod
    def from_push(cls, pushed: dict[str, Any]) -> Seen:
        """Build it from what a client's program reports, reading relations as the specification says."""
        content: dict[str, Any] = pushed["content"]
        relation = content.get("m.relates_to") or {}
        kind = relation.get("rel_type")
        replaces = relation.get("event_id") if kind == "m.replace" else None
        text = content.get("m.new_content", content) if replaces else content
        reply = (relation.get("m.in_reply_to") or {}).get("event_id")
        return cls(
            **pushed,
            body=text.get("body"),
            formatted_body=text.get("formatted_body"),
            msgtype=text.get("msgtype"),
            reply_to=None if relation.get("is_falling_back") else reply,
            thread=relation.get("event_id") if kind == "m.thread" else None,
            mentions=tuple((content.get("m.mentions") or {}).get("user_ids", ())),
            replaces=replaces,
        )

    def __str__(self) -> str:
        what = self.utd or ("redacted" if self.redacted else self.body) or self.content
        return f"{self.event_id} {self.sender} {self.type}: {what}"


Found = TypeVar("Found")
Match = str | re.Pattern[str] | Callable[[Seen], bool]


def fits(seen: Seen, match: Match, sender: str | None) -> bool:
    """Say whether an event is the one waited for; texts match only what was decrypted and not deleted."""
    if sender is not None and seen.sender != sender:
        return False
    if callable(match):
        return match(seen)
    if seen.body is None or seen.utd or seen.redacted:
        return False
    return match in seen.body if isinstance(match, str) else match.search(seen.body) is not None


class Sight:
    """All that one client saw: events by room, and memberships."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._rooms: dict[str, dict[str, Seen]] = defaultdict(dict)
        self._memberships: dict[str, dict[str, str]] = defaultdict(dict)
        self._changed = asyncio.Condition()
        self._failure: str | None = None

    async def add(self, seen: Seen) -> None:
        """Take an event, or what has become of one."""
        self._rooms[seen.room_id][seen.event_id] = seen
        if seen.type == "m.room.member" and seen.state_key is not None:
            # a client does not always report what its timeline shows
            self._memberships[seen.room_id][seen.state_key] = str(seen.content.get("membership"))
        await self._wake()

    async def set_membership(self, room_id: str, user_id: str, membership: str) -> None:
        """Take a change of membership."""
        self._memberships[room_id][user_id] = membership
        await self._wake()

    async def fail(self, reason: str) -> None:
        """Tell everyone who waits that nothing more will come."""
        self._failure = reason
        await self._wake()

    def timeline(self, room_id: str) -> list[Seen]:
        """Return a room's events in the server's order."""
        return sorted(self._rooms[room_id].values(), key=lambda seen: seen.position)

    def membership(self, room_id: str, user_id: str) -> str | None:
        """Return a user's membership as far as this client knows."""
        return self._memberships[room_id].get(user_id)

    def rooms_with(self, user_id: str, membership: str) -> list[str]:
        """Return the rooms where a user has this membership."""
        return [room for room, users in self._memberships.items() if users.get(user_id) == membership]

    def find(self, room_id: str, match: Match, sender: str | None, since: str | None) -> Seen | None:
        """Return the first event that fits, of those after the event `since`."""
        after = -float("inf")
        if since is not None:
            start = self._rooms[room_id].get(since)
            if start is None:
                return None
            after = start.position
        later = (seen for seen in self.timeline(room_id) if seen.position > after)
        return next((seen for seen in later if fits(seen, match, sender)), None)

    async def until(
        self, look: Callable[[], Found | None], seconds: float, wanted: str, room_id: str
    ) -> Found:
        """Wait until a look at what was seen finds something.

        Raises:
            TimeoutError: it did not come; with the last events of the room.
            SandboxError: the client's program ended.
        """
        try:
            async with asyncio.timeout(seconds), self._changed:
                while (found := look()) is None:
                    if self._failure is not None:
                        raise SandboxError(self._failure)
                    await self._changed.wait()
                return found
        except TimeoutError:
            last = "\n".join(f"  {seen}" for seen in self.timeline(room_id)[-10:])
            raise TimeoutError(
                f"{self._owner} waited {seconds:g} s for {wanted}; it saw last:\n{last}"
            ) from None

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
