"""Bring what the server shows into a form that nio can read.

Rule: nothing is made up; what was not said is an empty text, and what is said in the newer place is put into the
older one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.matrix.requests import objects

MEGOLM = "m.megolm.v1.aes-sha2"
UNSAID = ("sender_key", "device_id")
"""What an encrypted event need not say any more (Matrix 1.3, MSC3700); nio takes none without."""


def complete(answer: object) -> None:
    """Make the events of a sync, of a page of messages, or an event alone, readable for nio."""
    for event in _events(answer):
        if not isinstance(event, dict):
            continue
        content = event.get("content")
        if not isinstance(content, dict):
            continue
        if content.get("algorithm") == MEGOLM and event.get("type") == "m.room.encrypted":
            for name in UNSAID:
                content.setdefault(name, "")
        elif event.get("type") == "m.room.redaction" and "redacts" in content:
            event.setdefault("redacts", content["redacts"])  # its place since room version 11
        if "state_key" in event and isinstance(event.get("unsigned"), dict):
            # a deleted state event still holds: who is a member stays one, without a name; nio drops them
            event["unsigned"].pop("redacted_because", None)


def _events(answer: object) -> Iterator[Any]:
    if not isinstance(answer, dict):
        return
    yield answer
    parts = [
        objects(room).get(name, {})
        for rooms in objects(answer.get("rooms")).values()
        for room in objects(rooms).values()
        for name in ("state", "timeline")
    ]
    for found in (answer.get("chunk"), *(part.get("events") for part in parts)):
        if isinstance(found, list):
            yield from found
