"""How much one person, one room and one inviter may ask of the bot in a stretch of time.

Rule: a limit stops floods and never people. It goes by when something was sent, so that what was typed while the
bot was down is all done; and by nobody's word alone, because a server can write any time on an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.errors import UserError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in each window of the clock.

    Windows stand still instead of sliding: an event falls into the same one in whatever order events are read, after a
    gap or with a key that came late. So at most twice as many pass around the change of a window.

    Args:
        most: How many in one window.
        each: How long a window is.
    """

    most: int
    each: timedelta

    def begins(self, at: datetime) -> datetime:
        """Return when the window of a moment begins."""
        return at - (at - _EPOCH) % self.each

    def ends(self, at: datetime) -> datetime:
        """Return when the window of a moment ends, and things are taken again."""
        return self.begins(at) + self.each


COMMANDS_OF_ONE = Limit(60, timedelta(minutes=1))
"""Commands of one person, in all rooms together. One a second: no hand keeps that up for a minute."""

COMMANDS_IN_ROOM = Limit(300, timedelta(minutes=1))
"""Commands in one room. Five times what one person may, so that one person cannot silence the room for the others."""

INVITATIONS_OF_ONE = Limit(50, timedelta(days=1))
"""Rooms joined for one inviter. A whole federation is set up in a day or two."""

INVITATIONS = Limit(200, timedelta(days=1))
"""Rooms joined for all inviters together; a room that is a pod or an assembly already does not count."""

DECLINED = Limit(100, timedelta(days=1))
"""Invitations that are declined, each by a request; the others stay without an answer."""

LARGEST_ROOM = 500
"""People in a room that is not set up yet. Each message needs a key for each device of everybody in it, and no
assembly of pairs comes near: 500 people are the pairs of 250 pods."""


class Exceeded(UserError):
    """More came than is taken.

    Args:
        key: Whose limit it is: a person's or a room's.
        until: When commands are taken again.
    """

    def __init__(self, template: str, /, *, key: str, until: datetime, most: int) -> None:
        super().__init__(template, most=most)
        self.key = key
        self.until = until


def counted_at(sent_at: datetime, synced_at: datetime, now: datetime) -> datetime:
    """Return the moment an event counts for.

    It is when it was sent, but no later than now, and no earlier than when we were last in sync: what was sent before
    that we have had already. So with a forged time nobody gets more windows than there were since then.

    Args:
        sent_at: The server's timestamp.
        synced_at: When the answer before was taken in.
        now: When this one is.
    """
    return min(max(sent_at, synced_at), now)
