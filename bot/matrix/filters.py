"""What a sync is asked for: what must be known, and nothing else.

Rule: nothing here needs the Matrix library, so that the server can be asked before that is loaded.
"""

from __future__ import annotations

from typing import Any

TIMELINE = 100
AT_FIRST = 1
"""The same where nothing is known yet: what was said before was not said to us, and who is where is told apart from it."""

NO_RECEIPTS: dict[str, Any] = {"types": []}

_STATE = [
    "m.room.create",
    "m.room.encryption",
    "m.room.history_visibility",
    "m.room.member",
    "m.room.power_levels",
    "m.room.tombstone",
]


def asked_for(ephemeral: dict[str, Any], timeline: int = TIMELINE) -> dict[str, Any]:
    """Return the filter with which the server is asked.

    Args:
        ephemeral: Which receipts.
        timeline: How many events of a room.
    """
    return {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "ephemeral": ephemeral,
            "account_data": {"types": []},
            # not lazy: who is a member decides who gets keys and who has a voice
            "state": {"types": _STATE, "lazy_load_members": False},
            "timeline": {"limit": timeline, "lazy_load_members": False},
        },
    }
