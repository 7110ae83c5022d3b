"""Sessions that stay in the file until they are used, and go back there when others have been used since.

Rule: what is put to sleep was written first, in the transaction that has just ended; a session that has moved on and was
not written is never put to sleep. Thousands that nobody uses today would keep a start waiting, and each takes nearly 4 kB.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from nio.crypto.sessions import InboundGroupSession, Session

if TYPE_CHECKING:
    from bot.matrix.keystore import KeyStore


class SleepingSession(Session):
    """A session with a device.

    Args:
        store: Where it is.
        session_id: Its id.
        made: When it began.
        used: When it was used last.
        opened: The session itself, if it was just begun.
    """

    def __init__(
        self, store: KeyStore, session_id: str, made: datetime, used: datetime, opened: Any = None
    ) -> None:
        self._opened: Any = None
        super().__init__(opened)
        self._store = store
        self._known_id = session_id
        self.creation_time, self.use_time = made, used

    @property
    def id(self) -> str:
        """The session's id."""
        return self._known_id

    def sleep(self) -> None:
        """Keep it in the file only; what is there must be its newest state."""
        self._opened = None

    @property
    def _session(self) -> Any:
        if self._opened is None:
            pickle, key = self._store.sealed("olmsessions", self._known_id), self._store.pickle_key
            self._opened = Session.from_pickle(pickle, self.creation_time, key)._session
            self._store.note_awake(self)
        return self._opened

    @_session.setter
    def _session(self, session: Any) -> None:
        self._opened = session


class SleepingGroupSession(InboundGroupSession):
    """What decrypts one sender's messages in a room; once used it stays awake.

    Args:
        store: Where it is.
        session_id: Its id.
        signing_key: The sender's.
        sender_key: The sender's.
        room_id: The room.
        chain: Through whose hands it came.
    """

    def __init__(
        self,
        store: KeyStore,
        session_id: str,
        signing_key: str,
        sender_key: str,
        room_id: str,
        chain: list[str] | None,
    ) -> None:
        self._opened: Any = None
        super().__init__("", signing_key, sender_key, room_id, chain, session=_ASLEEP)
        self._store = store
        self._known_id = session_id

    @property
    def id(self) -> str:
        """The session's id."""
        return self._known_id

    @property
    def _session(self) -> Any:
        if self._opened is _ASLEEP:
            pickle, key = self._store.sealed("megolminboundsessions", self._known_id), self._store.pickle_key
            opened = InboundGroupSession.from_pickle(pickle, self.ed25519, self.sender_key, self.room_id, key)
            self._opened = opened._session
        return self._opened

    @_session.setter
    def _session(self, session: Any) -> None:
        self._opened = session


_ASLEEP: Any = object()
