"""Read receipts: whether one says that a message of ours was seen.

Rule: order is the order in which the server showed the events of a room. A receipt's own time says when somebody looked,
not how far they had come, and an older event can be read after a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAIN = "main"
"""The timeline outside all threads, as a receipt names it (Matrix specification, "Threaded read receipts")."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One public read receipt (`m.read`).

    Args:
        event_id: The event up to which they have read.
        thread: The root of the thread it is about, `main`, or `None` for the room as a whole.
    """

    user_id: str
    event_id: str
    thread: str | None = None

    def has_passed(self, event_id: str, thread: str | None, places: Mapping[str, int]) -> bool:
        """Tell whether it covers an event: it is on that event, or on one that was shown later.

        Args:
            event_id: The event.
            thread: The root of the thread it is in, if it is in one.
            places: The order of the room's events, as far as it is known. What is unknown is taken as not passed.
        """
        if self.thread is not None and self.thread != (thread or MAIN):
            return False
        if self.event_id == event_id:
            return True
        place = places.get(event_id)
        return place is not None and places.get(self.event_id, place) > place
