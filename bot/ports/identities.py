"""What the server shows of a person's devices.

Rule: only signatures that were checked count; what the server merely says of a device is not in here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IdentitySeen:
    """What the server shows of somebody's devices, as far as the signatures hold.

    Args:
        master: The public master key of their identity; `None` for somebody who has never had one.
        devices: How many devices they have.
        signed: How many of these their identity has signed.
    """

    user_id: str
    master: str | None
    devices: int
    signed: int
