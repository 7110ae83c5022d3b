"""Mend nio's key handling where it loses keys or trips over other people's mistakes.

Rule: one malformed device or key of somebody else costs only that device; each override is guarded by a test
that fails when nio's own version of it changes.
"""

# mypy: allow-untyped-calls

import logging
from collections import defaultdict
from typing import Any

from nio.crypto.device import OlmDevice
from nio.crypto.olm_machine import Olm
from nio.crypto.sessions import OutboundSession
from nio.events import (
    BadEventType,
    Event,
    ForwardedRoomKeyEvent,
    KeyVerificationEvent,
    MegolmEvent,
    OlmEvent,
    ToDeviceEvent,
)
from nio.exceptions import EncryptionError
from nio.responses import KeysClaimResponse, KeysQueryResponse

from bot.matrix.keystore import KeyStore

log = logging.getLogger(__name__)
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, StopIteration)


class Machine(Olm):
    """nio's Olm machine with repairs."""

    # nio asks for one request per 20 devices; one message is about 1.3 kB, proxies often stop at 1 MB.
    _maxToDeviceMessagesPerRequest = 300
    store: KeyStore

    def create_session(self, one_time_key: str, curve_key: str) -> OutboundSession:
        """Start a session with a device; unlike nio's, without saving the account, which it leaves as it was."""
        session = OutboundSession(self.account, curve_key, one_time_key)
        self.session_store.add(curve_key, session)
        self.save_session(curve_key, session)
        return session

    def handle_to_device_event(self, event: ToDeviceEvent) -> Any:
        """Decrypt a message to this device; unlike nio's, a malformed one does not end the whole sync."""
        try:
            return super().handle_to_device_event(event)
        except MALFORMED as error:
            log.warning("unusable message to this device from %s: %r", event.sender, error)
            if isinstance(event, OlmEvent):
                self._mark_device_for_unwedging(event.sender, event.sender_key)
            return None

    def handle_key_verification(self, event: KeyVerificationEvent) -> None:
        """Do nothing: nio's own answers are refused by everybody else's apps; `verification.py` answers."""

    def decrypt_megolm_event(self, event: MegolmEvent, room_id: str | None = None) -> Event | BadEventType:
        """Decrypt a room's message.

        Raises:
            EncryptionError: For whatever reason; nio's lets some malformed messages through as other errors.
        """
        try:
            plain: Any = super().decrypt_megolm_event(event, room_id)
        except (*MALFORMED, AssertionError) as error:
            raise EncryptionError(f"malformed message: {error!r}") from error
        # Kept so that the event can be read again later without ever storing what it says.
        plain.encrypted_source = event.source
        return plain  # type: ignore[no-any-return]

    def _handle_key_claiming(self, response: KeysClaimResponse) -> None:
        with self.store.batch():
            for user_id, devices in response.one_time_keys.items():
                for device_id, key in devices.items():
                    try:
                        super()._handle_key_claiming(KeysClaimResponse({user_id: {device_id: key}}, {}))
                    except MALFORMED as error:
                        log.warning("unusable one-time key of %s %s: %r", user_id, device_id, error)

    def _handle_key_query(self, response: KeysQueryResponse) -> None:
        # Who is in the set now changed devices while this answer was on its way: it must be asked for again,
        # but nio takes everyone answered for out of the set.
        changed_since = set(self.users_for_key_query)
        changed: defaultdict[str, dict[str, OlmDevice]] = defaultdict(dict)
        with self.store.batch():
            for user_id, devices in response.device_keys.items():
                one = KeysQueryResponse({user_id: _well_formed(user_id, devices)}, {})
                try:
                    super()._handle_key_query(one)
                except MALFORMED as error:
                    log.warning("unusable device keys of %s: %r", user_id, error)
                else:
                    changed.update(one.changed)
        self.users_for_key_query |= changed_since
        response.changed = changed

    def _should_accept_forward(self, sender: str, sender_key: str, event: ForwardedRoomKeyEvent) -> bool:
        """Take a key we asked for from the very device that made the session, which nio refuses.

        It could have sent us any key in the first place, so this trusts nobody more than before.
        """
        if super()._should_accept_forward(sender, sender_key, event):
            return True
        asked = self.outgoing_key_requests.get(event.session_id)
        if (
            asked is None
            or event.algorithm != self._megolm_algorithm
            or (asked.room_id, asked.session_id) != (event.room_id, event.session_id)
        ):
            return False
        device = self.device_store.device_from_sender_key(sender, sender_key)
        content = event.source["content"]
        return (
            device is not None
            and content.get("sender_key") == sender_key
            and content.get("sender_claimed_ed25519_key") == device.ed25519
        )


def _well_formed(user_id: str, devices: Any) -> dict[str, Any]:
    """Keep the devices whose description has the parts nio reads; another server may send anything."""
    kept = {}
    for device_id, device in devices.items():
        if (
            isinstance(device, dict)
            and isinstance(device.get("user_id"), str)
            and isinstance(device.get("device_id"), str)
            and _all_text(device.get("keys"))
            and isinstance(device.get("signatures"), dict)
            and all(_all_text(made) for made in device["signatures"].values())
            and isinstance(device.get("unsigned", {}), dict)
        ):
            named = isinstance(device.get("unsigned", {}).get("device_display_name"), str)
            kept[device_id] = device if named else {**device, "unsigned": {}}
        else:
            log.warning("malformed keys of device %s of %s left out", device_id, user_id)
    return kept


def _all_text(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for part in value.values())
