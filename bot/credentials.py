"""Find the operator's secrets: in the environment, in files, or by asking at the terminal.

Rule: a secret is never an argument (other users of the machine see those), never in the configuration, and a
file that others can read is refused.
"""

import base64
import binascii
import getpass
import os
import secrets
import stat
import sys
from pathlib import Path

from bot.domain.errors import StartError

PASSWORD = "SPOKESBOT_PASSWORD"  # noqa: S105 - the name of the variable
ACCESS_TOKEN = "SPOKESBOT_ACCESS_TOKEN"  # noqa: S105 - the name of the variable
STORE_KEY = "SPOKESBOT_STORE_KEY"
RECOVERY_KEY = "SPOKESBOT_RECOVERY_KEY"
KEY_SIZE = 32


def find(name: str) -> str | None:
    """Return a secret from the variable, or from the file that the variable with `_FILE` after it names.

    Raises:
        StartError: The file cannot be read, is empty, or others can read it.
    """
    value = os.environ.get(name, "").strip()
    if value:
        return value
    named = os.environ.get(f"{name}_FILE", "").strip()
    return read_private(Path(named)) if named else None


def ask(name: str, prompt: str) -> str | None:
    """Return a secret, asking for it if a person sits at the terminal; None if there is none.

    Raises:
        StartError: As `find`.
    """
    return find(name) or (getpass.getpass(f"{prompt}: ").strip() if sys.stdin.isatty() else "") or None


def require(name: str, prompt: str) -> str:
    """Return a secret, asking for it if a person sits at the terminal.

    Raises:
        StartError: There is none; the sentence says where to put it. Or as `find`.
    """
    value = ask(name, prompt)
    if value is None:
        raise StartError(f"{prompt} is needed: set {name}, or {name}_FILE to a file that holds it.")
    return value


def read_private(path: Path) -> str:
    """Read a file that only its owner can read.

    Raises:
        StartError: It cannot be read, is empty, or others can read it.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path} cannot be read: {error}.") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StartError(
            f"{path} holds a secret that other users of this machine can read: run `chmod 600 {path}`."
        )
    if not text:
        raise StartError(f"{path} is empty: put the secret into it.")
    return text


def store_key(path: Path) -> bytes:
    """Return the key that seals everything this program keeps secret on the disk.

    Args:
        path: The key file, used if the environment has no key.

    Raises:
        StartError: There is none, or it is unfit.
    """
    text = find(STORE_KEY)
    where = STORE_KEY
    if text is None:
        if not path.exists():
            raise StartError(
                f"There is no store key: run `spokesbot init` to make {path}, bring the file back,"
                f" or set {STORE_KEY}."
            )
        text, where = read_private(path), str(path)
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_SIZE:
        raise StartError(f"{where} is not a store key: it must be {KEY_SIZE} bytes in base64.")
    return key


def make_store_key(path: Path) -> bool:
    """Write a new key file unless there is a key already.

    Returns:
        Whether one was made.

    Raises:
        StartError: The file cannot be written.
    """
    if find(STORE_KEY) is not None or path.exists():
        return False
    key = base64.b64encode(secrets.token_bytes(KEY_SIZE))
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whole or not at all: half a key would lock everything sealed with it away.
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(key + b"\n")
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
    except OSError as error:
        raise StartError(f"The store key cannot be written to {path}: {error}.") from error
    return True
