"""Give the sandbox's programs temporary folders that do not pile up.

Rule: a folder is its owner's as long as the owner lives; what a killed owner left is cleared by the next one.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path
from typing import IO

PREFIX = "spokesbot-sandbox-"
LOCK = "owner.lock"


class OwnedFolder:
    """A temporary folder that is locked while this process lives.

    Args:
        name: What it is for.
        within: Where it lies, if not where temporary files do.
    """

    def __init__(self, name: str, within: Path | None = None) -> None:
        clear_orphans(within)
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-", dir=within))
        # Locked before it gets its name, so that nobody finds it free in between.
        draft = self.path / f"{LOCK}.new"
        self._lock: IO[bytes] = draft.open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        draft.rename(self.path / LOCK)

    def remove(self) -> None:
        """Delete the folder with everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def clear_orphans(within: Path | None = None) -> None:
    """Delete the folders whose owners died before they could."""
    for lock in (within or Path(tempfile.gettempdir())).glob(f"{PREFIX}*/{LOCK}"):
        try:
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:
            continue  # in use, just gone, or another user's
