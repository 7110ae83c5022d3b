"""A new store for a test, copied from one that was made once.

Rule: what is copied is what `Database.open` and `KeyStore` make of no file; to make it takes many times as long.
"""

from __future__ import annotations

from pathlib import Path

from bot.matrix.keystore import FILE, KeyStore
from bot.store.database import Database

_made: list[bytes] = []
_made_keys: list[bytes] = []


async def opened(path: Path) -> Database:
    """Open a store, a new one where there is none."""
    await lay(path)
    return await Database.open(path)


async def lay(path: Path) -> None:
    """Put an empty store of the newest schema where there is none."""
    if path.exists():
        return
    if not _made:
        await (await Database.open(path)).close()
        _made.append(path.read_bytes())
    _put(path, _made[0])


def lay_keys(folder: Path) -> None:
    """Put an empty store of keys where there is none."""
    path = folder / FILE
    if path.exists():
        return
    if not _made_keys:
        KeyStore("@nobody:test", "", str(folder), "", FILE).close()
        _made_keys.append(path.read_bytes())
    _put(path, _made_keys[0])


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
