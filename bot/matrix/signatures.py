"""Read from the server's answers which devices people's identities vouch for.

Rule: nothing counts but signatures checked here, from the master key down; and whoever has had an identity keeps
one: a server that stops showing it does not turn its user into somebody without an identity.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.matrix.identity import MASTER, SELF_SIGNING, is_signed, key_of

SIGNATURES_A_SLICE = 50  # about 10 ms, then the loop may turn

Signed = tuple[str, str, str]
"""A device as it was signed: its id, its ed25519 and its curve25519 key. Another key is another device."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What somebody's identity says of their devices.

    Args:
        master: The public master key; `None` for somebody who has never shown one.
        signed: The devices that the identity has signed.
    """

    master: str | None
    signed: frozenset[Signed] = frozenset()


async def read_owners(
    answer: Mapping[str, Any], users: Iterable[str], known: Mapping[str, Owner]
) -> dict[str, Owner]:
    """Check the signatures in an answer of `/keys/query`, in slices that leave the loop time for others.

    The chain is that of the specification ("Cross-signing"): the master key signs the self-signing key, and that
    signs the device. A link that is missing, malformed or of somebody else breaks it for that person alone.

    Args:
        answer: What the server said.
        users: Whom it was asked for and answered for.
        known: What was known before.
    """
    masters, signers, devices = (
        _objects(answer.get(name)) for name in ("master_keys", "self_signing_keys", "device_keys")
    )
    owners, checked = {}, 0
    for user in users:
        before = known.get(user)
        master = key_of(masters.get(user), user, MASTER) or (before.master if before else None)
        signer = signer_of(signers.get(user), user, master) if master else None
        signed = set()
        for device_id, device in _objects(devices.get(user)).items():
            if signer is not None and (found := signed_device(device, user, device_id, signer)):
                signed.add(found)
            checked += 1
            if checked % SIGNATURES_A_SLICE == 0:
                await asyncio.sleep(0)
        owners[user] = Owner(master, frozenset(signed))
    return owners


def signer_of(thing: Any, user_id: str, master: str) -> str | None:
    """Return the self-signing key in a published key object, if this master key has signed it."""
    signer = key_of(thing, user_id, SELF_SIGNING)
    return signer if signer and is_signed(thing, user_id, master) else None


def signed_device(thing: Any, user_id: str, device_id: str, signer: str) -> Signed | None:
    """Return the keys of a device of this person, if this self-signing key has signed them.

    Args:
        thing: The device's keys object as the server shows it.
        user_id: Whose device it is said to be.
        device_id: Which one it is said to be; a signature for another one of theirs does not count.
        signer: The public self-signing key.
    """
    if not isinstance(thing, dict) or (thing.get("user_id"), thing.get("device_id")) != (user_id, device_id):
        return None
    keys = thing.get("keys")
    if not isinstance(keys, dict):
        return None
    ed25519, curve25519 = keys.get(f"ed25519:{device_id}"), keys.get(f"curve25519:{device_id}")
    if not isinstance(ed25519, str) or not isinstance(curve25519, str):
        return None
    return (device_id, ed25519, curve25519) if is_signed(thing, user_id, signer) else None


def _objects(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
