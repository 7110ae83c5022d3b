"""Quick polls: what they are made of and what may be asked.

Rule: two options that look alike to a reader are the same option, and a refusal shows how the same
question is asked right.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.ballots import Tally
from bot.domain.counting.kinds import Kind
from bot.domain.errors import Conflict, UsageError
from bot.domain.names import unstack
from bot.domain.values import Code

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
    spaced = "".join(" " if letter.isspace() else letter for letter in words)
    shown = (
        letter
        for letter in spaced
        if letter in _JOINERS or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
    )
    return " ".join(unicodedata.normalize("NFC", unstack("".join(shown))).split())


def key(words: str) -> str:
    """Return what two options, or an option and an answer, are compared by: case, width and marks aside."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tidy(words)).casefold())
    return " ".join("".join(letter for letter in folded if letter not in _JOINERS + "\ufe0e\ufe0f").split())


# -- asking ------------------------------------------------------------------------------------------


def check_poll(question: str, options: Sequence[str], most: str) -> tuple[str, tuple[str, ...], int]:
    """Return question, options and answers a person, tidied.

    Args:
        question: As typed.
        options: As typed.
        most: How many answers one person may give, as typed.

    Raises:
        UsageError: It cannot be asked like this; the example is made of the person's own words.
    """
    # of thirty thousand options, one more than may be is enough to look at
    asked, offered = tidy(question), tuple(tidy(option) for option in options[: MOST + 1])
    example = Code(example_of(asked, offered))
    if not key(asked):
        raise UsageError("A poll begins with its question. For example: {example}", example=example)
    if not all(map(key, offered)):
        raise UsageError("One option is empty. For example: {example}", example=example)
    if len(offered) < FEWEST:
        raise UsageError(
            "A poll needs {fewest} to {most} options, each after a {bar}. For example: {example}",
            fewest=FEWEST,
            most=MOST,
            bar=Code("|"),
            example=example,
        )
    if len(offered) > MOST:
        raise UsageError(
            "{count} options are too many; {most} are the most. For example: {example}",
            count=len(options),
            most=MOST,
            example=example,
        )
    seen: dict[str, str] = {}
    for option in offered:
        if key(option) in seen:
            raise UsageError(
                "{option} is there twice. For example: {example}", option=brief(option), example=example
            )
        seen[key(option)] = option
    _check_lengths(asked, offered, example)
    if not re.fullmatch(r"\d{1,3}", most.strip()) or not 1 <= int(most) <= len(offered):
        raise UsageError(
            "{multi} is how many answers one person may give, 1 to {most} here. For example: {example}",
            multi=Code("multi="),
            most=len(offered),
            example=Code(f"{example.text} | multi=2"),
        )
    return asked, offered, int(most)


def check_count(running: Sequence[Poll], author: str) -> None:
    """Check that one more poll may be open.

    Args:
        running: The open polls of the room.
        author: The user id of who asks.

    Raises:
        Conflict: There are as many as can be looked through.
    """
    own = [poll for poll in running if poll.author == author]
    if len(own) >= OPEN_OF_ONE:
        raise Conflict(
            "You have {count} open polls here, the most that one person may have. To make room, close one: {close}. "
            "{polls} lists them.",
            count=len(own),
            close=Code(f"!poll close {own[0].id}"),
            polls=Code("!polls"),
        )
    if len(running) >= OPEN_IN_ROOM:
        raise Conflict(
            "{count} polls are open here, the most that a room may have. To make room, close one: {close}. "
            "{polls} lists them.",
            count=len(running),
            close=Code(f"!poll close {running[0].id}"),
            polls=Code("!polls"),
        )


def _check_lengths(asked: str, offered: tuple[str, ...], example: Code) -> None:
    if len(asked) > QUESTION_LENGTH:
        raise UsageError(
            "The question is {length} characters long; {most} are the most. For example: {example}",
            length=len(asked),
            most=QUESTION_LENGTH,
            example=example,
        )
    for option in offered:
        if len(option) > OPTION_LENGTH:
            raise UsageError(
                "{option} is {length} characters long; {most} are the most. For example: {example}",
                option=brief(option),
                length=len(option),
                most=OPTION_LENGTH,
                example=example,
            )
    size = len(json.dumps([asked, *offered]))
    if size > LONGEST_TOGETHER:
        raise UsageError(
            "Together that is too long for one message, by about {percent} in 100. For example: {example}",
            percent=max(1, 100 * (size - LONGEST_TOGETHER) // size),
            example=example,
        )


def example_of(question: str, options: Sequence[str]) -> str:
    """Return a valid `!poll` line made of somebody's own words, with at most three options."""
    asked = question
    words = list(options)
    if not words and "?" in question:
        # "Where? Park or Library": the options were there, only not set apart
        head, tail = question.split("?", 1)
        asked, words = f"{head}?", re.split(r"\s*(?:[,;/]|\bor\b)\s*", tail)
    elif not key(question) and len(words) > FEWEST:
        asked, *words = words
    taken = {key(brief(word)): brief(word) for word in map(tidy, words) if key(word)}
    for filler in ("Other", "None") if taken else ("Yes", "No"):
        if len(taken) < FEWEST:
            taken.setdefault(key(filler), filler)
    return " | ".join([f"!poll {brief(asked) if key(asked) else 'Where?'}", *list(taken.values())[:3]])


def brief(words: str) -> str:
    """Return words cut to what an example line holds."""
    return words if len(words) <= 40 else words[:39].rstrip() + "…"
