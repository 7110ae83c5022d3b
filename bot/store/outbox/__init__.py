"""What is to be said: durable rows that one sender empties, in order per room.

Rule: nothing is sent while deciding. A row is written in the transaction that decided it, under a
transaction id that the server de-duplicates, so a crash anywhere neither loses nor repeats it.
"""

from bot.store.outbox.outcomes import (
    Failed,
    Outcome,
    PutOff,
    Sent,
    cancel,
    first,
    forget_words,
    mark_echoed,
    mark_sent,
    mark_tried,
    settle,
    try_now,
)
from bot.store.outbox.rows import (
    LONGEST_WAIT,
    Answering,
    Entry,
    Head,
    Queued,
    about_event,
    answering,
    counts,
    find,
    has_spoken_of,
    heads,
    load,
    queue,
    sent_as,
    stands_before,
    troubles,
)

__all__ = [
    "LONGEST_WAIT",
    "Answering",
    "Entry",
    "Failed",
    "Head",
    "Outcome",
    "PutOff",
    "Queued",
    "Sent",
    "about_event",
    "answering",
    "cancel",
    "counts",
    "find",
    "first",
    "forget_words",
    "has_spoken_of",
    "heads",
    "load",
    "mark_echoed",
    "mark_sent",
    "mark_tried",
    "queue",
    "sent_as",
    "settle",
    "stands_before",
    "troubles",
    "try_now",
]
