"""The side that begins a verification by short string, done by hand after the specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import vodozemac


def start_of(device_id: str) -> dict[str, Any]:
    """Return what a device that can everything starts with."""
    return {
        "from_device": device_id,
        "method": "m.sas.v1",
        "key_agreement_protocols": ["curve25519-hkdf-sha256"],
        "hashes": ["sha256"],
        "message_authentication_codes": ["hkdf-hmac-sha256.v2", "hkdf-hmac-sha256"],
        "short_authentication_string": ["decimal", "emoji"],
    }


@dataclass
class OtherSide:
    """Somebody who verifies the bot, and computes what their app would.

    Args:
        keys: What they vouch for, by its id.
    """

    user_id: str
    device_id: str
    keys: Mapping[str, str]
    bot: str
    bots_device: str
    transaction: str
    sas: Any = field(default_factory=vodozemac.Sas)
    established: Any = None
    bots_key: str = ""

    @property
    def key(self) -> str:
        return str(self.sas.public_key.to_base64()) if self.sas else self.own

    def exchange(self, bots_key: str) -> None:
        """Take the bot's key."""
        self.own, self.bots_key = self.key, bots_key
        self.established = self.sas.diffie_hellman(vodozemac.Curve25519PublicKey.from_base64(bots_key))
        self.sas = None

    def numbers(self) -> tuple[int, ...]:
        """Return what their app shows."""
        parts = (self.user_id, self.device_id, self.own, self.bot, self.bots_device, self.bots_key)
        info = "|".join(("MATRIX_KEY_VERIFICATION_SAS", *parts, self.transaction))
        return tuple(self.established.bytes(info).decimals)

    def mac(self, keys: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the codes over their keys, or over others."""
        keys = self.keys if keys is None else keys
        info = f"MATRIX_KEY_VERIFICATION_MAC{self.user_id}{self.device_id}{self.bot}{self.bots_device}{self.transaction}"
        return {
            "mac": {name: self.established.calculate_mac(key, info + name) for name, key in keys.items()},
            "keys": self.established.calculate_mac(",".join(sorted(keys)), info + "KEY_IDS"),
        }

    def checks(self, content: Mapping[str, Any], keys: Mapping[str, str]) -> None:
        """See that the bot's codes are over these keys."""
        info = f"MATRIX_KEY_VERIFICATION_MAC{self.bot}{self.bots_device}{self.user_id}{self.device_id}{self.transaction}"
        self.established.verify_mac(",".join(sorted(content["mac"])), info + "KEY_IDS", content["keys"])
        for name, code in content["mac"].items():
            self.established.verify_mac(keys[name], info + name, code)
