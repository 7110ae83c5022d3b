"""Tell a disk that takes nothing more from every other fault, and end all work after it.

Rule: once something that had to be on the disk did not get there, nothing is committed any more: what is in memory
may be ahead of what is kept. The program ends, as a power cut would end it, and the next start goes on from the disk.
"""

from __future__ import annotations

import asyncio
import errno
import os
import pwd
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bot.domain.errors import DiskError, StoreError

_SQLITE = {
    sqlite3.SQLITE_FULL: "it is full",
    sqlite3.SQLITE_IOERR: "it reports an error",
    sqlite3.SQLITE_READONLY: "it can only be read",
}
_SYSTEM = {
    errno.ENOSPC: "it is full",
    errno.EDQUOT: "its quota is used up",
    errno.EFBIG: "files may not grow",
    errno.EIO: "it reports an error",
    errno.EROFS: "it can only be read",
}


class Disk:
    """Whether everything that had to be on the disk got there.

    Attributes:
        fault: What was wrong the first time something did not.
        failed: Set from then on.
    """

    def __init__(self) -> None:
        self.fault: DiskError | None = None
        self.failed = asyncio.Event()

    def check(self) -> None:
        """Go on only if nothing was wrong so far.

        Raises:
            DiskError: Something was; somebody on the way has caught it, and half of a step must not be kept.
        """
        if self.fault is not None:
            raise self.fault

    def note(self, error: Exception) -> None:
        """Look at an error of a write.

        Raises:
            DiskError: It is the disk's.
        """
        fault = disk_fault(error)
        if fault is not None:
            self.fault = self.fault or fault
            self.failed.set()
            raise self.fault from error

    async def watch(self) -> None:
        """Wait for the first fault.

        Raises:
            DiskError: It has come.
        """
        await self.failed.wait()
        self.check()


def check_writable(path: Path) -> None:
    """See that a file, or the folder it is to be made in, is ours to write; nothing is written.

    Raises:
        StoreError: It is not, with what helps.
    """
    for place, needed in ((path.parent, os.R_OK | os.W_OK | os.X_OK), (path, os.R_OK | os.W_OK)):
        if place.exists() and not os.access(place, needed):
            raise StoreError(
                f"{place} cannot be written by the user {_user()}, who runs the bot. Nothing was changed. Give it"
                " back to that user, or run the bot as the user who owns it."
            )


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def disk_fault(error: BaseException) -> DiskError | None:
    """Return what is wrong with the disk, if that is what an error says."""
    for each in _causes(error):
        if isinstance(each, DiskError):
            return each
        reason = None
        if isinstance(each, sqlite3.Error):
            # the lower byte is the kind, the rest says more closely what failed
            reason = _SQLITE.get((getattr(each, "sqlite_errorcode", None) or 0) & 0xFF)
        elif isinstance(each, OSError):
            reason = _SYSTEM.get(each.errno or 0)
        if reason is not None:
            return DiskError(
                f"The disk with the data folder cannot be written: {reason}. Nothing is lost: make it writable, and"
                " the bot goes on where it was."
            )
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _causes(each)
        error = error.__cause__ or error.__context__
