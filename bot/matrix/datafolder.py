"""Keep what outlives a run in the data folder: who is logged in, sealed with the store key, and a lock.

Rule: one process at a time uses the folder (two on one key store destroy each other's sessions), nobody else
on the machine can read it, and a file in it is replaced whole or not at all.
"""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF

from bot import json_text
from bot.domain.errors import StartError, StoreError
from bot.store.disk import check_writable

SESSION = "session.json"
LOCK = "lock"
VERSION = 1
_NONCE, _TAG = 12, 16  # bytes before and after what is sealed
_ALWAYS = ("user_id", "device_id", "homeserver")


@dataclass(frozen=True)
class SavedSession:
    """The contents of `session.json`.

    Args:
        user_id: The account.
        device_id: The device; it stays the same over restarts.
        homeserver: Where the account was logged in, for people who read the file.
        token: The access token, sealed; None until the login was answered.
        fingerprint: The device's public ed25519 key in the key store; None until that was made.
        master_key: The identity's public master key; None until the device was signed.
        pending: An identity that is being published, sealed; None before and after.
        keys_made_at: When the device's keys were made, as an ISO date; older versions did not note it.
    """

    user_id: str
    device_id: str
    homeserver: str
    token: str | None = field(default=None, repr=False)
    fingerprint: str | None = None
    master_key: str | None = None
    pending: str | None = field(default=None, repr=False)
    keys_made_at: str | None = None

    def seal(self, store_key: bytes, name: str, secret: Mapping[str, Any]) -> str:
        """Encrypt a secret for this session alone.

        Args:
            store_key: The operator's key.
            name: What it is; needed again to open it.
            secret: Anything JSON can say.
        """
        nonce = secrets.token_bytes(_NONCE)
        sealed, tag = self._cipher(store_key, name, nonce).encrypt_and_digest(json.dumps(secret).encode())
        return base64.b64encode(nonce + sealed + tag).decode()

    def unseal(self, store_key: bytes, name: str, sealed: str) -> dict[str, Any]:
        """Decrypt a secret of this session.

        Raises:
            StartError: The store key is another one, or the file was changed.
        """
        try:
            raw = base64.b64decode(sealed, validate=True)
            cipher = self._cipher(store_key, name, raw[:_NONCE])
            return dict(json.loads(cipher.decrypt_and_verify(raw[_NONCE:-_TAG], raw[-_TAG:])))
        except ValueError as error:
            raise StartError(
                f"The store key does not open {SESSION} of {self.user_id}: give the key it was made with."
            ) from error

    def with_token(self, store_key: bytes, token: str) -> "SavedSession":
        """Return it with the access token sealed in."""
        return replace(self, token=self.seal(store_key, "token", {"token": token}))

    def access_token(self, store_key: bytes) -> str | None:
        """Return the access token, or None before the login was answered.

        Raises:
            StartError: As `unseal`.
        """
        return None if self.token is None else str(self.unseal(store_key, "token", self.token)["token"])

    @property
    def is_complete(self) -> bool:
        """Whether the setup was finished."""
        return None not in (self.token, self.fingerprint, self.master_key) and self.pending is None

    def _cipher(self, store_key: bytes, name: str, nonce: bytes) -> Any:
        cipher = AES.new(_derive(store_key, "session"), AES.MODE_GCM, nonce=nonce, mac_len=_TAG)
        return cipher.update("\n".join((name, self.user_id, self.device_id)).encode())


def pickle_key(store_key: bytes) -> str:
    """Derive what the key store's contents are sealed with."""
    return base64.b64encode(_derive(store_key, "room keys")).decode()


def _derive(store_key: bytes, purpose: str) -> bytes:
    info = f"spokesbot {purpose}".encode()
    key: bytes = HKDF(store_key, 32, b"", SHA256, context=info)
    return key


@contextmanager
def data_lock(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for one process, making it if need be; the system lets go when the process ends.

    Raises:
        StartError: Another process holds it, or it cannot be written.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(data_dir / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StartError(
            f"The data folder {data_dir} cannot be used ({error.strerror}): give it to the user who runs the bot, or"
            " set another data_dir."
        ) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(
                f"Another Spokesbot is using {data_dir} (process {_holder(file)}): stop it first."
            ) from error
        with suppress(OSError):  # it only tells others who holds it; a full disk is told of by what matters
            os.ftruncate(file, 0)
            os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)


def is_locked(data_dir: Path) -> bool:
    """Tell whether another process holds the folder now, without disturbing it."""
    try:
        file = os.open(data_dir / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def _holder(file: int) -> str:
    return os.pread(file, 20, 0).decode("ascii", "replace") or "unknown"


def load(data_dir: Path) -> SavedSession | None:
    """Read `session.json`, or None if there is none.

    Raises:
        StoreError: It is damaged, or was written by a newer program.
    """
    path = data_dir / SESSION
    check_writable(path)
    try:
        raw = json_text.read(path.read_bytes())
        version = raw.pop("version")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is damaged ({error!r}): bring back a copy of it.") from error
    if version != VERSION:
        raise StoreError(f"{path} is of version {version}: use the newer Spokesbot that wrote it.")
    try:
        session = SavedSession(**raw)
        for name, value in raw.items():
            if not isinstance(value, str) and (value is not None or name in _ALWAYS):
                raise TypeError(f"{name} is no text")
    except TypeError as error:
        raise StoreError(f"{path} is damaged ({error}): bring back a copy of it.") from error
    return session


def save(data_dir: Path, session: SavedSession) -> None:
    """Write `session.json` so that after a power cut it is either the old or the new one, whole."""
    path = data_dir / SESSION
    new = path.with_suffix(".new")
    text = json.dumps({"version": VERSION, **session.__dict__}, indent=2) + "\n"
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(data_dir, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
