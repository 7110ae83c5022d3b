"""One verification by short string, as steps in and steps out: no network, no clock, no log.

Rule: it ends verified only if the operator confirmed the numbers and the other side's message authentication
codes were right, and our own codes, which vouch for our identity, leave only after the operator's word. Every
step that does not fit ends it with the code the specification has for that. We never send a `start`, so two
starts at once, for which the specification has a rule, cannot be.

Source: Matrix specification v1.16, client-server API, "Short Authentication String (SAS) verification".
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import vodozemac

from bot.matrix.sas_emoji import EMOJI
from bot.matrix.secret_storage import to_base64

SAS = "m.sas.v1"
KEY_AGREEMENT = "curve25519-hkdf-sha256"
HASH = "sha256"
MAC = "hkdf-hmac-sha256.v2"
SHORT = ("decimal", "emoji")
_UNUSABLE = (vodozemac.KeyException, vodozemac.SasException, ValueError)


@dataclass(frozen=True)
class Party:
    """One side.

    Args:
        user_id: The person, or us.
        device_id: The device that speaks for them.
        keys: Public ed25519 keys by their ids (`ed25519:DEVICE`, `ed25519:MASTERKEY`): ours are those we vouch
            for; the other side's are known only when they are to be compared.
    """

    user_id: str
    device_id: str
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Sending:
    """A step to be sent: `kind` is the event type behind `m.key.verification.`."""

    kind: str
    content: dict[str, Any]


@dataclass(frozen=True)
class ShortString:
    """What both people compare: three numbers, or seven emoji as pairs of sign and English name."""

    numbers: tuple[int, int, int]
    emoji: tuple[tuple[str, str], ...]


class Stage(Enum):
    """How far a flow is."""

    READY = "ready"
    ACCEPTED = "accepted"
    COMPARING = "comparing"
    VERIFIED = "verified"
    CANCELLED = "cancelled"


class Flow:
    """The answering side of one verification, from our `ready` on.

    Args:
        ours: Us, with the keys we vouch for.
        user_id: Who asked.
        device_id: From which of their devices.
        transaction: The transaction id, or in a room the id of the request's event.
    """

    def __init__(self, ours: Party, user_id: str, device_id: str, transaction: str) -> None:
        self._ours = ours
        self._theirs = Party(user_id, device_id, {})
        self._transaction = transaction
        self._sas = vodozemac.Sas()
        self._key: str = self._sas.public_key.to_base64()
        self._secret: vodozemac.EstablishedSas | None = None
        self._confirmed = False
        self._proved = False
        self._seen: set[str] = set()
        self.stage = Stage.READY
        self.short: ShortString | None = None
        self.code: str | None = None
        """Why it was cancelled, by either side."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen."""
        return self.stage in (Stage.VERIFIED, Stage.CANCELLED)

    @property
    def is_waiting(self) -> bool:
        """Whether the operator's word is awaited."""
        return self.stage is Stage.COMPARING and not self._confirmed

    def begin(self, methods: object) -> list[Sending]:
        """Answer the request.

        Args:
            methods: What the other side can do.
        """
        if not _offers(methods, SAS):
            return self.cancel("m.unknown_method")
        return [Sending("ready", {"from_device": self._ours.device_id, "methods": [SAS]})]

    def receive(
        self, kind: str, content: Mapping[str, Any], known: Mapping[str, str] | None = None
    ) -> list[Sending]:
        """Take a step of the other side and return what to answer.

        Args:
            kind: The event type behind `m.key.verification.`.
            content: Its content, as it was sent.
            known: For `mac`: the ed25519 keys that the server shows for the other user and device.
        """
        if self.is_over:
            return []
        if kind == "cancel":
            code = content.get("code")
            return self._end(Stage.CANCELLED, code if isinstance(code, str) else "m.unknown")
        expected = {Stage.READY: "start", Stage.ACCEPTED: "key", Stage.COMPARING: "mac"}[self.stage]
        if kind != expected or kind in self._seen:
            return self.cancel("m.unexpected_message")
        self._seen.add(kind)
        match kind:
            case "start":
                return self._start(content)
            case "key":
                return self._exchange(content)
            case _:
                return self._compare(content, known or {})

    def confirm(self) -> list[Sending]:
        """Take the operator's word that both sides show the same."""
        if not self.is_waiting:
            return []
        self._confirmed = True
        return [self._own_codes(), *self._finish()]

    def refuse(self) -> list[Sending]:
        """Take the operator's word that the sides differ."""
        return self.cancel("m.mismatched_sas") if self.is_waiting else []

    def cancel(self, code: str) -> list[Sending]:
        """End it for a reason of ours; nothing happens to one that is over."""
        if self.is_over:
            return []
        self._end(Stage.CANCELLED, code)
        return [Sending("cancel", {"code": code, "reason": REASONS.get(code, code)})]

    def _end(self, stage: Stage, code: str | None = None) -> list[Sending]:
        self.stage, self.code = stage, code
        self._secret = self.short = None
        return []

    def _start(self, content: Mapping[str, Any]) -> list[Sending]:
        if content.get("from_device") != self._theirs.device_id:
            return self.cancel("m.invalid_message")
        offers = (
            _offers(content.get("key_agreement_protocols"), KEY_AGREEMENT)
            and _offers(content.get("hashes"), HASH)
            and _offers(content.get("message_authentication_codes"), MAC)
            and _offers(content.get("short_authentication_string"), SHORT[0])
        )
        if content.get("method") != SAS or not offers:
            return self.cancel("m.unknown_method")
        try:
            digest = hashlib.sha256(self._key.encode() + _canonical_json(content)).digest()
        except (ValueError, RecursionError):
            return self.cancel("m.invalid_message")
        self.stage = Stage.ACCEPTED
        accept = {
            "commitment": to_base64(digest),
            "key_agreement_protocol": KEY_AGREEMENT,
            "hash": HASH,
            "message_authentication_code": MAC,
            "short_authentication_string": [
                way for way in SHORT if _offers(content.get("short_authentication_string"), way)
            ],
        }
        return [Sending("accept", accept)]

    def _exchange(self, content: Mapping[str, Any]) -> list[Sending]:
        theirs: Any = content.get("key")
        try:
            public = vodozemac.Curve25519PublicKey.from_base64(theirs)
            self._secret = self._sas.diffie_hellman(public)
        except (*_UNUSABLE, TypeError):
            return self.cancel("m.invalid_message")
        parts = (
            "MATRIX_KEY_VERIFICATION_SAS",
            *(self._theirs.user_id, self._theirs.device_id, theirs),
            *(self._ours.user_id, self._ours.device_id, self._key),
            self._transaction,
        )
        try:
            derived = self._secret.bytes("|".join(map(str, parts)))
        except UnicodeEncodeError:  # half a character in somebody's device id
            return self.cancel("m.invalid_message")
        first, second, third = derived.decimals
        emoji = tuple(EMOJI[at] for at in derived.emoji_indices)
        self.short = ShortString((first, second, third), emoji)
        self.stage = Stage.COMPARING
        return [Sending("key", {"key": self._key})]

    def _compare(self, content: Mapping[str, Any], known: Mapping[str, str]) -> list[Sending]:
        codes: Any = content.get("mac")
        of_ids: Any = content.get("keys")
        if not isinstance(codes, dict) or not all(
            isinstance(code, str) for code in (of_ids, *codes.values())
        ):
            return self.cancel("m.invalid_message")
        # What they vouch for beyond what the server shows us says nothing; their device must be among the rest.
        vouched = {key_id: known[key_id] for key_id in codes if key_id in known}
        if f"ed25519:{self._theirs.device_id}" not in vouched:
            return self.cancel("m.key_mismatch")
        info = self._info(self._theirs, self._ours)
        try:
            self._established.verify_mac(",".join(sorted(codes)), info + "KEY_IDS", of_ids)
            for key_id, key in vouched.items():
                self._established.verify_mac(key, info + key_id, codes[key_id])
        except _UNUSABLE:
            return self.cancel("m.key_mismatch")
        self._proved = True
        return self._finish()

    def _own_codes(self) -> Sending:
        info, keys = self._info(self._ours, self._theirs), self._ours.keys
        codes = {key_id: self._established.calculate_mac(key, info + key_id) for key_id, key in keys.items()}
        of_ids = self._established.calculate_mac(",".join(sorted(keys)), info + "KEY_IDS")
        return Sending("mac", {"mac": codes, "keys": of_ids})

    def _finish(self) -> list[Sending]:
        if not (self._confirmed and self._proved):
            return []
        self._end(Stage.VERIFIED)
        return [Sending("done", {})]

    def _info(self, speaker: Party, other: Party) -> str:
        parts = (speaker.user_id, speaker.device_id, other.user_id, other.device_id, self._transaction)
        return "MATRIX_KEY_VERIFICATION_MAC" + "".join(parts)

    @property
    def _established(self) -> vodozemac.EstablishedSas:
        if self._secret is None:
            raise AssertionError("only while comparing")
        return self._secret


REASONS = {
    "m.unknown_method": "Only comparing emoji or numbers is possible here.",
    "m.unexpected_message": "This step does not follow the one before.",
    "m.invalid_message": "This step could not be understood.",
    "m.key_mismatch": "The keys are not those that the server shows.",
    "m.mismatched_sas": "The emoji or numbers were said to differ.",
    "m.timeout": "It took too long.",
    "m.user": "It was given up.",
    "m.unknown_transaction": "This verification is not known here any more.",
}


def _offers(offered: object, wanted: str) -> bool:
    return isinstance(offered, list) and wanted in offered


def _canonical_json(content: Mapping[str, Any]) -> bytes:
    """Write a content as both sides hash it (specification, appendices, "Canonical JSON")."""
    return json.dumps(
        content, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
    ).encode()
