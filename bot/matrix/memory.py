"""nio's tables of devices and sessions in memory, mended where they search, grow or prefer the worse.

Rule: a look-up never adds anything, because what is looked up comes from strangers; and a key that reads more is
never replaced by one that reads less.
"""

# mypy: allow-untyped-calls

from collections.abc import Iterator

from nio.crypto.device import DeviceStore, OlmDevice
from nio.crypto.memorystores import GroupSessionStore, SessionStore
from nio.crypto.sessions import InboundGroupSession, Session

SESSIONS_A_DEVICE = 5
"""The specification ("Olm") asks for at least four."""


class Devices(DeviceStore):
    """nio's device list with a look-up; without one, each added device walked all the known ones."""

    def __contains__(self, device: OlmDevice) -> bool:
        return bool(self._entries.get(device.user_id, {}).get(device.id) == device)

    def active_user_devices(self, user_id: str) -> Iterator[OlmDevice]:
        """Yield the devices of a user that are in use."""
        return (device for device in self._entries.get(user_id, {}).values() if not device.deleted)

    def drop(self, device: OlmDevice) -> None:
        """Forget a device."""
        self._entries.get(device.user_id, {}).pop(device.id, None)
        if not self._entries.get(device.user_id):
            self._entries.pop(device.user_id, None)


class Sessions(SessionStore):
    """nio's sessions with devices: the one last used first, and only the last few."""

    def add(self, sender_key: str, session: Session) -> bool:
        """Take in a session; of too many with one device, the one longest unused goes."""
        added = bool(super().add(sender_key, session))
        del self._entries[sender_key][SESSIONS_A_DEVICE:]
        return added

    def get(self, sender_key: str) -> Session | None:
        """Return the session to encrypt with: the one that was last of use (specification, "Olm").

        nio's order is that of the last addition, so a peer who went back to an older session was not followed.
        """
        known = self._entries.get(sender_key, ())
        return max(known, key=lambda session: session.use_time, default=None)

    def __getitem__(self, sender_key: str) -> list[Session]:
        return self._entries.get(sender_key, [])

    def drop(self, sender_key: str) -> None:
        """Forget all sessions with a device."""
        self._entries.pop(sender_key, None)


class GroupSessions(GroupSessionStore):
    """nio's keys of rooms, in the order they came within a room and device."""

    def add(self, session: InboundGroupSession) -> bool:
        """Take in a key, unless the same one is known from an earlier or the same message on."""
        known = self.get(session.room_id, session.sender_key, session.id)
        if known is not None and known.first_known_index <= session.first_known_index:
            return False
        self._entries[session.room_id][session.sender_key][session.id] = session
        return True

    def get(self, room_id: str, sender_key: str, session_id: str) -> InboundGroupSession | None:
        """Return a key, if it is known as that device's."""
        return self._of(room_id).get(sender_key, {}).get(session_id)

    def find(self, room_id: str, session_id: str) -> list[InboundGroupSession]:
        """Return the key with this id, as whosever it is known."""
        return [known[session_id] for known in self._of(room_id).values() if session_id in known]

    def drop(self, session: InboundGroupSession) -> None:
        """Forget a key."""
        of_room = self._of(session.room_id)
        of_room.get(session.sender_key, {}).pop(session.id, None)
        if not of_room.get(session.sender_key):
            of_room.pop(session.sender_key, None)
        if not of_room:
            self._entries.pop(session.room_id, None)

    def by_device(self) -> Iterator[list[InboundGroupSession]]:
        """Yield the keys of each device in each room, in the order they came."""
        for of_room in list(self._entries.values()):
            for known in list(of_room.values()):
                yield list(known.values())

    def _of(self, room_id: str) -> dict[str, dict[str, InboundGroupSession]]:
        return self._entries.get(room_id, {})
