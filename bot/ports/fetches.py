"""What became of a file that a summary wants to take along.

Rule: a wish for a file is answered once: by where the file lies now, or by why it cannot go along.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.files import Fetch, Remark, Sealed, Unfit


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file of a summary that was fetched and lies on the server under a new key.

    Args:
        fetch: The wish for it.
        content: As it goes to every room.
        thumbnail: As it goes too.
        remark: What became of what it said of itself.
    """

    fetch: Fetch
    content: Sealed
    thumbnail: Sealed | None
    remark: Remark


@dataclass(frozen=True, slots=True)
class NotFetched:
    """A file of a summary that cannot go along.

    Args:
        fetch: The wish for it.
        largest: Bytes that a file may have.
    """

    fetch: Fetch
    why: Unfit
    largest: int
