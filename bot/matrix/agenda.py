"""Whose turn it is: the first waiting row of each room, and in which order the rooms are served.

Rule: who waits for an answer comes first, and each room has its turn before another has its second. What was looked at
once is not looked at again until something has changed, so that a room costs the same among many as among few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.store.outbox import Answering, Head

TALK = timedelta(seconds=10)
"""For so long after it was answered somebody counts as talking with us: they read, think and type the next line."""


class Agenda:
    """The rooms in which something waits to be said.

    Args:
        due: Says when a row may be sent.
    """

    def __init__(self, due: Callable[[Head, datetime], datetime]) -> None:
        self._due = due
        self._answers: dict[str, int] = {}
        """The last row in each room that answers somebody."""
        self._first: dict[str, Head] = {}
        self._ready: dict[str, Head] = {}
        """Both in the order in which they are served."""
        self._talks: dict[str | None, datetime] = {}
        """When somebody was last answered, by what it was about."""
        self.next_at: datetime | None = None
        """When a row that is not due yet may be; `None` for nothing in sight."""
        self.answered_to = 0
        """The last row that was looked at for whom it answers."""

    def hear(self, found: Iterable[Answering], now: datetime) -> None:
        """Take note of rows that answer somebody."""
        for each in found:
            self.answered_to = max(self.answered_to, each.id)
            if each.answers:
                self._answers[each.room_id] = each.id
                self._talks[each.about] = now
        self._talks = {about: at for about, at in self._talks.items() if now - TALK < at <= now}

    def begin(self, heads: Iterable[Head], now: datetime) -> None:
        """Take in all there is; rooms that were here keep their places."""
        found = {head.room_id: head for head in heads}
        places = dict.fromkeys((*self._first, *self._ready, *found))
        self._first, self._ready, self.next_at = {}, {}, None
        self.go_on((found[room_id] for room_id in places if room_id in found), now)
        # who approved what is now carried to the rooms waits for nothing else
        for head in self._ready.values():
            if head.about is not None:
                self._talks.pop(head.about, None)

    def go_on(self, heads: Iterable[Head], now: datetime) -> None:
        """Take in the next rows of rooms that had their turn; of one that is not due only its time is kept."""
        for head in heads:
            at = self._due(head, now)
            if at > now:
                self.next_at = min(self.next_at or at, at)
            elif self.is_answer(head.room_id, head.id):
                self._first[head.room_id] = head
            else:
                self._ready[head.room_id] = head

    def is_answer(self, room_id: str, row_id: int) -> bool:
        """Tell whether a row answers somebody, or stands before one that does."""
        return row_id <= self._answers.get(room_id, 0)

    def is_talked_to(self, now: datetime) -> bool:
        """Tell whether people talk with us: not those who approved what is just being carried to the rooms."""
        return any(now - TALK < at <= now for at in self._talks.values())

    def pick(self, now: datetime, answers: int, others: int, affords: Callable[[Head], bool]) -> list[Head]:
        """Take out the rows whose turn it is.

        Args:
            now: The moment.
            answers: How many of those that answer somebody there is room for.
            others: How many there is room for in all but for these.
            affords: Says whether a row can be sent now; one that cannot keeps its place.
        """
        chosen = self._take(self._first, now, answers, affords)
        return chosen + self._take(self._ready, now, others - len(chosen), affords)

    def _take(
        self, places: dict[str, Head], now: datetime, most: int, affords: Callable[[Head], bool]
    ) -> list[Head]:
        chosen: list[Head] = []
        put_off: list[Head] = []
        for head in places.values():
            if len(chosen) >= most:
                break
            if self._due(head, now) > now:  # somebody has joined meanwhile
                put_off.append(head)
            elif affords(head):
                chosen.append(head)
        for head in (*chosen, *put_off):
            del places[head.room_id]
        self.go_on(put_off, now)
        return chosen

    def coming(self) -> Iterable[Head]:
        """Yield the rows whose turn comes next."""
        yield from self._first.values()
        yield from self._ready.values()
