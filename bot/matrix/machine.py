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
from nio.crypto.sessions import InboundGroupSession, OlmAccount, OutboundSession, Session
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

from bot.matrix.asleep import SleepingSession
from bot.matrix.keystore import KeyStore
from bot.matrix.memory import Devices, GroupSessions, Sessions
from bot.matrix.rotation import Rotation

log = logging.getLogger(__name__)
SIGNED = "signed_curve25519"
KEYS_ASKED_FOR = 1000  # at a time
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, StopIteration, RecursionError)


class _Sparing:
    """An account that makes no more one-time keys than it lacks."""

    def __init__(self, account: OlmAccount) -> None:
        self._plain = account

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def generate_one_time_keys(self, count: int) -> None:
        self._plain.generate_one_time_keys(max(count - len(self._plain.one_time_keys["curve25519"]), 0))


class Machine(Olm):
    """nio's Olm machine with repairs."""

    # nio asks for one request per 20 devices; one message is about 1.3 kB, proxies often stop at 1 MB.
    _maxToDeviceMessagesPerRequest = 300
    # What an event repeats is noticed durably (`inbox.claim_ciphertext`); nio's own memory of it may be small.
    _message_index_store_size = 10_000
    store: KeyStore
    session_store: Sessions
    inbound_group_store: GroupSessions
    device_store: Devices

    def __init__(self, user_id: str, device_id: str, store: KeyStore) -> None:
        super().__init__(user_id, device_id, store)
        self.rotations: dict[str, Rotation] = {}
        """What rooms ask for; learned anew at each start, with the rooms themselves."""

    def rotate(self, room_id: str, rotation: Rotation) -> None:
        """Go by what a room asks for, from now on and for the key that is in use."""
        self.rotations[room_id] = rotation
        session = self.outbound_group_sessions.get(room_id)
        if session is not None:
            session.max_messages, session.max_age = rotation.messages, rotation.age

    def create_outbound_group_session(self, room_id: str) -> None:
        """Make the key of our next messages in a room; unlike nio's, one that lasts as long as the room says."""
        super().create_outbound_group_session(room_id)
        self.rotate(room_id, self.rotations.get(room_id, Rotation()))

    def save_inbound_group_session(self, session: InboundGroupSession) -> None:
        """Save a room key, unless a better one is known; nio's saves the worse over the better."""
        if self.inbound_group_store.get(session.room_id, session.sender_key, session.id) is session:
            super().save_inbound_group_session(session)

    def create_session(self, one_time_key: str, curve_key: str) -> Session:  # type: ignore[override]  # nobody asks for more of it
        """Start a session with a device; unlike nio's, without saving anything.

        The account stays as it was, and a session is worth a write once something was encrypted with it: one that a crash
        forgets before that is begun anew.
        """
        made = OutboundSession(self.account, curve_key, one_time_key)
        session = SleepingSession(self.store, made.id, made.creation_time, made.use_time, made._session)
        self.session_store.add(curve_key, session)
        return session

    def fallback_keys(self) -> dict[str, Any]:
        """Return the fallback key to upload, signed; made now if there is none that was not uploaded yet."""
        # nio has no name for them. One that was made but not uploaded is used again: making another would
        # throw away the one the server still hands out.
        account: Any = self.account._account  # their stubs leave these methods out
        if not account.fallback_key:
            account.generate_fallback_key()
        signed = {}
        for key_id, key in account.fallback_key.items():
            made: dict[str, Any] = {"key": key.to_base64(), "fallback": True}
            signature = self.sign_json(made)
            made["signatures"] = {self.user_id: {f"ed25519:{self.device_id}": signature}}
            signed[f"{SIGNED}:{key_id}"] = made
        return signed

    def share_keys(self) -> dict[str, Any]:
        """Return the keys to upload; unlike nio's, what a failed upload has made counts, so that none pile up.

        The account keeps the private halves of only so many; new ones would push out those that are in use.
        """
        account = self.account
        sparing: Any = _Sparing(account)
        self.account = sparing
        try:
            found: dict[str, Any] = super().share_keys()
        finally:
            self.account = account
        return found

    def handle_to_device_event(self, event: ToDeviceEvent) -> Any:
        """Decrypt a message to this device; unlike nio's, a malformed one does not end the whole sync."""
        try:
            return super().handle_to_device_event(event)
        except MALFORMED as error:
            log.warning("unusable message to this device from %s: %s", event.sender, _kind(error))
            if isinstance(event, OlmEvent):
                self._mark_device_for_unwedging(event.sender, event.sender_key)
            return None

    def handle_key_verification(self, event: KeyVerificationEvent) -> None:
        """Do nothing: nio's own answers are refused by everybody else's apps; `verification.py` answers."""

    def _handle_key_requests(self, event: ToDeviceEvent) -> None:
        """Do nothing: we give nobody keys of others, and nio remembers what strangers ask for without end."""

    def check_if_wedged(self, event: MegolmEvent) -> None:
        """Ask for a key that is missing; unlike nio's, once however many messages need it, and not without end."""
        waiting = self.key_re_requests_events.get((event.sender, event.device_id), [])
        queued = [*waiting, *self.outgoing_to_device_messages]
        if (
            len(queued) + len(self.outgoing_key_requests) >= KEYS_ASKED_FOR
            or any(getattr(other, "session_id", None) == event.session_id for other in queued)
            or not event.device_id  # it does not say whom to ask
        ):
            return
        super().check_if_wedged(event)

    def room_key_of(self, event: MegolmEvent, room_id: str | None) -> InboundGroupSession | None:
        """Return the key that a message was encrypted with, if it is known.

        The message itself need not name its device, and who reads it must not believe it (Matrix, `m.megolm.v1`).
        Where several devices claim to have made a key, the sender's own counts.
        """
        known = self.inbound_group_store.find(room_id or "", event.session_id or "")
        for key in known:
            if self.device_store.device_from_sender_key(event.sender, key.sender_key):
                return key
        return next((key for key in known if key.sender_key == event.sender_key), next(iter(known), None))

    def _name_device(self, event: MegolmEvent, room_id: str | None) -> None:
        """Write into a message whose device's key it needs; what it said itself does not count."""
        key = self.room_key_of(event, room_id)
        if key is None:
            return
        event.sender_key = event.source["content"]["sender_key"] = key.sender_key
        if not event.device_id:
            device = self.device_store.device_from_sender_key(event.sender, key.sender_key)
            event.device_id = device.id if device else ""

    def decrypt_megolm_event(self, event: MegolmEvent, room_id: str | None = None) -> Event | BadEventType:
        """Decrypt a room's message.

        Raises:
            EncryptionError: For whatever reason; nio's lets some malformed messages through as other errors.
        """
        self._name_device(event, room_id or event.room_id)
        try:
            plain: Any = super().decrypt_megolm_event(event, room_id)
        except (*MALFORMED, AssertionError) as error:
            raise EncryptionError(f"malformed message: {_kind(error)}") from error
        self.store.note_use(event.session_id or "")
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
                        log.warning("unusable one-time key of %s %s: %s", user_id, device_id, _kind(error))

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
                    log.warning("unusable device keys of %s: %s", user_id, _kind(error))
                else:
                    back = self._bring_back(user_id, one.device_keys[user_id])
                    for who, found in (*one.changed.items(), *([(user_id, back)] if back else [])):
                        changed[who].update(found)
        self.users_for_key_query |= changed_since
        response.changed = changed

    def _bring_back(self, user_id: str, shown: dict[str, Any]) -> dict[str, OlmDevice]:
        """Use devices again that were gone from the server's list and are back; nio never would."""
        back = {
            device.id: device
            for device in self.device_store[user_id].values()
            if device.deleted
            and (again := shown.get(device.id))
            and again["keys"].get(f"ed25519:{device.id}") == device.ed25519
            and self.verify_json(again, device.ed25519, user_id, device.id)
        }
        for device in back.values():
            device.deleted = False
        self.store.save_device_keys({user_id: back})
        return back

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


def _kind(error: BaseException) -> str:
    """Name an error; its own text may quote what was decrypted."""
    return type(error).__name__


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
