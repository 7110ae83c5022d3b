"""Quick polls: what they are made of.

Rule: two options that look alike to a reader are the same option.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.ballots import Tally
from bot.domain.counting.kinds import Kind
from bot.domain.names import unstack

FEWEST, MOST = 2, 20
"""Options of a poll (behaviour.md, section 4; MSC3381 allows 20)."""

QUESTION_LENGTH = 500
OPTION_LENGTH = 200

LONGEST_TOGETHER = 10_000
"""Bytes of question and options as JSON. A poll's start event holds each text twice, encrypted and in base64,
and a Matrix event may have 65,536 bytes in all (Client-Server API, "Size limits")."""

OPEN_IN_ROOM, OPEN_OF_ONE = 30, 10
"""Polls that are open at once in a room, and of one person there: more than an agenda of a day has, and nobody fills
the list alone."""

OPEN_FOR = timedelta(days=3)
"""How long a poll is open, up to the next full hour, when no end is given."""

OPEN_AT_MOST = timedelta(days=90)

ERASED_AFTER = timedelta(days=30)
"""How long individual answers are kept after the result (behaviour.md, section 11)."""

_JOINERS = "\u200c\u200d"
_UNSEEN = dict.fromkeys(map(ord, _JOINERS + "\ufe0e\ufe0f"))


@dataclass(frozen=True, slots=True)
class Poll:
    """A question with options, asked in one room.

    Args:
        author: The user id of who asked.
        options: Their words; an option's number is its place, from 1.
        most: How many answers one person may give.
        hidden: Whether the counts are shown only at closing.
        closes_at: The deadline.
        state: `open`, `closed` or `cancelled`.
        ended_at: The moment before which an answer must have been sent, once the poll has closed.
        tally: The result, once the poll has closed.
        erased: Whether the individual answers are gone, and only the tally is left.
        kind: What is asked for.
        of_pods: Whether an assembly put it to its pods; then nobody answers it in its own room.
        parent: The poll of the assembly that a pod answers with this one.
    """

    id: str
    room_id: str
    author: str
    question: str
    options: tuple[str, ...]
    most: int
    hidden: bool
    opened_at: datetime
    closes_at: datetime
    state: str = "open"
    ended_at: datetime | None = None
    tally: Tally | None = None
    erased: bool = False
    kind: Kind = Kind.CHOICE
    of_pods: bool = False
    parent: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has neither closed nor been cancelled."""
        return self.state == "open"

    @property
    def end(self) -> datetime:
        """The moment before which an answer must have been sent."""
        return self.ended_at or self.closes_at


def tidy(words: str) -> str:
    """Return words on one line, in Unicode's composed form, without invisible and direction marks or heaps of accents.

    A direction override would let one option look like another in people's apps. The joiners that scripts
    and emoji need stay.
    """
    shown = words.translate({ord(letter): _shown(letter) for letter in set(words)})
    return " ".join(unicodedata.normalize("NFC", unstack(shown)).split())


def _shown(letter: str) -> str | None:
    if letter.isspace():
        return " "
    return letter if letter in _JOINERS or unicodedata.category(letter) not in ("Cc", "Cf", "Cs") else None


def key(words: str) -> str:
    """Return what two options, or an option and an answer, are compared by: case, width and marks aside."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tidy(words)).casefold())
    return " ".join(folded.translate(_UNSEEN).split())


def brief(words: str) -> str:
    """Return words cut to what an example line holds."""
    return words if len(words) <= 40 else words[:39].rstrip() + "…"
