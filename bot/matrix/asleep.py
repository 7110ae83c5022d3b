"""Sessions that are unsealed when they are first used.

Rule: what a session is, is known without it; opening thousands that nobody uses today would keep a start waiting and take
several times their memory.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

from datetime import datetime
from typing import Any

from nio.crypto.sessions import InboundGroupSession, Session


class SleepingSession(Session):
    """A session with a device, as the file has it until it is used.

    Args:
        pickle: The session, sealed.
        passphrase: What it is sealed with.
        session_id: Its id.
        made: When it began.
        used: When it was used last.
    """

    def __init__(
        self, pickle: bytes, passphrase: str, session_id: str, made: datetime, used: datetime
    ) -> None:
        super().__init__()
        self._sealed: tuple[bytes, str] | None = (pickle, passphrase)
        self._known_id = session_id
        self.creation_time, self.use_time = made, used

    @property
    def id(self) -> str:
        """The session's id."""
        return self._known_id

    @property
    def _session(self) -> Any:
        if self._sealed is not None:
            pickle, passphrase = self._sealed
            self._opened = Session.from_pickle(pickle, self.creation_time, passphrase)._session
            self._sealed = None
        return self._opened

    @_session.setter
    def _session(self, session: Any) -> None:
        self._opened = session


class SleepingGroupSession(InboundGroupSession):
    """What decrypts one sender's messages in a room, as the file has it until it is used.

    Args:
        pickle: The session, sealed.
        passphrase: What it is sealed with.
        session_id: Its id.
        signing_key: The sender's.
        sender_key: The sender's.
        room_id: The room.
        chain: Through whose hands it came.
    """

    def __init__(
        self,
        pickle: bytes,
        passphrase: str,
        session_id: str,
        signing_key: str,
        sender_key: str,
        room_id: str,
        chain: list[str] | None,
    ) -> None:
        super().__init__("", signing_key, sender_key, room_id, chain, session=_SEALED)
        self._sealed: tuple[bytes, str] | None = (pickle, passphrase)
        self._known_id = session_id

    @property
    def id(self) -> str:
        """The session's id."""
        return self._known_id

    @property
    def _session(self) -> Any:
        if self._sealed is not None:
            pickle, passphrase = self._sealed
            opened = InboundGroupSession.from_pickle(
                pickle, self.ed25519, self.sender_key, self.room_id, passphrase
            )
            self._opened = opened._session
            self._sealed = None
        return self._opened

    @_session.setter
    def _session(self, session: Any) -> None:
        self._opened = session


_SEALED: Any = object()
"""Stands for what is not opened yet."""
