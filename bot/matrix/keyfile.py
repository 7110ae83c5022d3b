"""Look into a file of room keys before it is used: whose it is, and whether it is there at all.

Rule: looking changes nothing, and a file that is lost is told apart from one that is not ours.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from nio.crypto.sessions import OlmAccount

from bot.domain.errors import StoreError
from bot.store.disk import check_writable


class StoreLostError(StoreError):
    """The room keys of this device are nowhere."""


def fingerprint_in(path: Path, user_id: str, device_id: str, pickle_key: str) -> str:
    """Read whose keys a file holds, without changing it or keeping it open.

    Returns:
        The device's public ed25519 key, in unpadded base64.

    Raises:
        StoreLostError: There is no file, or nobody's account in it.
        StoreError: It has only another device's account, or was made with another store key.
    """
    again = "run `spokesbot init` again with the recovery key to start as a new device"
    if not path.exists():
        raise StoreLostError(f"The store of room keys {path} is lost: bring it back, or {again}.")
    check_writable(path)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT user_id, device_id, account FROM accounts").fetchall()
            [(health,)] = connection.execute("PRAGMA quick_check(1)")
    except sqlite3.Error as error:
        raise StoreError(f"The store of room keys {path} cannot be read ({error}): {again}.") from error
    if health != "ok":
        raise StoreError(f"The store of room keys {path} is damaged. Nothing was changed: {again}.")
    if not rows:
        raise StoreLostError(
            f"The store of room keys {path} is empty: bring the right file back, or {again}."
        )
    for user, device, account in rows:
        if (user, device) == (user_id, device_id):
            try:
                return str(OlmAccount.from_pickle(_bytes(account), pickle_key).identity_keys["ed25519"])
            except ValueError as error:
                raise StoreError(
                    f"The store key does not open {path}: give the key it was made with."
                ) from error
    raise StoreError(
        f"The store of room keys {path} belongs to another device ({rows[0][0]} {rows[0][1]}):"
        f" bring back the one of {device_id}, or move it away and {again}."
    )


def _bytes(pickle: bytes | str) -> bytes:
    return pickle.encode() if isinstance(pickle, str) else pickle
