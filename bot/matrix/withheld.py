"""Tell a device that gets no key why, so that its app can say so (Matrix, "Reporting that decryption keys are withheld").

Rule: said once for each key that was withheld, in words the server may read, and never waited for.
"""

from __future__ import annotations

from typing import Any

from nio.crypto.device import OlmDevice
from nio.event_builders import ToDeviceMessage

WITHHELD = "m.room_key.withheld"
MEGOLM = "m.megolm.v1.aes-sha2"
REASONS = {
    "m.unverified": "This app has not been verified by its owner, so it gets no keys.",
    "m.blacklisted": "This app has been blocked, so it gets no keys.",
    "m.no_olm": "No secure channel to this app could be opened: it has no one-time keys left.",
}


def notice(
    device: OlmDevice, code: str, sender_key: str, room_id: str = "", session_id: str = ""
) -> ToDeviceMessage:
    """Make the notice for one device.

    Args:
        device: Who gets no key.
        code: Why, one of `REASONS`.
        sender_key: Our curve25519 key.
        room_id: Where; left out for `m.no_olm`, which is true of every room.
        session_id: Which key; left out likewise.
    """
    content: dict[str, Any] = {
        "algorithm": MEGOLM,
        "code": code,
        "reason": REASONS[code],
        "sender_key": sender_key,
    }
    if session_id:
        content |= {"room_id": room_id, "session_id": session_id}
    return ToDeviceMessage(WITHHELD, device.user_id, device.id, content)
