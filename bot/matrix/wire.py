"""Bring what the server shows into a form that nio can read.

Rule: nothing is taken away and nothing is made up; what was not said is an empty text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.matrix.requests import objects

MEGOLM = "m.megolm.v1.aes-sha2"
UNSAID = ("sender_key", "device_id")
"""What an encrypted event need not say any more (Matrix 1.3, MSC3700); nio takes none without."""


def complete(answer: object) -> None:
    """Give the encrypted events of a sync, of a page of messages or alone the fields they leave out."""
    for event in _events(answer):
        content = event.get("content") if isinstance(event, dict) else None
        if isinstance(content, dict) and content.get("algorithm") == MEGOLM:
            for name in UNSAID:
                content.setdefault(name, "")


def _events(answer: object) -> Iterator[Any]:
    if not isinstance(answer, dict):
        return
    yield answer
    rooms = objects(answer.get("rooms"))
    timelines = [
        objects(room).get("timeline", {}) for part in rooms.values() for room in objects(part).values()
    ]
    for found in (answer.get("chunk"), *(timeline.get("events") for timeline in timelines)):
        if isinstance(found, list):
            yield from found
