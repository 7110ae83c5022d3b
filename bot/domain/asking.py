"""What a poll may consist of: its question, its options, how many answers one person may give, how many are open.

Rule: a refusal shows how the same question is asked right, in the person's own words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.calendar import parse_when, written
from bot.domain.counting.kinds import Kind
from bot.domain.errors import Conflict, UsageError
from bot.domain.poll_examples import example_of
from bot.domain.polls import (
    FEWEST,
    LONGEST_TOGETHER,
    MOST,
    OPEN_IN_ROOM,
    OPEN_OF_ONE,
    OPTION_LENGTH,
    QUESTION_LENGTH,
    Poll,
    brief,
    key,
    tidy,
)
from bot.domain.values import Code


def check_poll(
    question: str, options: Sequence[str], most: str, kind: Kind = Kind.CHOICE
) -> tuple[str, tuple[str, ...], int]:
    """Return question, options and answers a person, tidied.

    Args:
        question: As typed.
        options: As typed.
        most: How many answers one person may give, as typed; empty if it was not.
        kind: What is asked for.

    Raises:
        UsageError: It cannot be asked like this; the example is made of the person's own words.
    """
    # of thirty thousand options, one more than may be is enough to look at
    asked, offered = tidy(question), tuple(tidy(option) for option in options[: MOST + 1])
    example = Code(example_of(asked, offered, kind))
    if not key(asked):
        raise UsageError("A poll begins with its question. For example: {example}", example=example)
    if kind.fixed:
        if offered and set(map(key, offered)) != set(map(key, kind.fixed)):
            raise UsageError(
                "A poll of the type {kind} has its own answers: {answers}. For example: {example}",
                kind=kind.value,
                answers=", ".join(kind.fixed),
                example=example,
            )
        offered = kind.fixed
    _check_options(offered, len(options), example)
    _check_lengths(asked, offered, example)
    return asked, offered, _check_most(most, len(offered), kind, example)


def _check_options(offered: tuple[str, ...], typed: int, example: Code) -> None:
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
            count=typed,
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


def _check_most(most: str, options: int, kind: Kind, example: Code) -> int:
    typed = most.strip()
    if kind is not Kind.CHOICE:
        if typed:
            raise UsageError(
                "{multi} is for polls of the type choice. For example: {example}",
                multi=Code("multi="),
                example=example,
            )
        return options if kind.takes_any else 1
    if not re.fullmatch(r"\d{1,3}", typed or "1") or not 1 <= int(typed or "1") <= options:
        raise UsageError(
            "{multi} is how many answers one person may give, 1 to {most} here. For example: {example}",
            multi=Code("multi="),
            most=options,
            example=Code(f"{example.text} | multi=2"),
        )
    return int(typed or "1")


def check_times(
    question: str, options: Sequence[str], now: datetime, zone: ZoneInfo
) -> tuple[tuple[str, ...], datetime | None]:
    """Return the options of a meeting poll as dates written out, the first first, and the first moment.

    Raises:
        UsageError: One of them is no date or time to come.
    """
    moments: list[datetime] = []
    asked = tidy(question)
    options = options[: MOST + 1]
    for place, option in enumerate(options):
        try:
            moments.append(parse_when(option, now, zone))
        except UsageError as error:
            near = error.values["example"].text
            good = [*options[:place], near, *options[place + 1 :]]
            example = Code(example_of(asked, list(_different_times(good, now, zone)), Kind.MEETING))
            raise UsageError(error.template, **(error.values | {"example": example})) from None
    moments.sort()
    return tuple(f"{written(moment, zone)} {zone.key}" for moment in moments), min(moments, default=None)


def _different_times(options: Sequence[str], now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """Yield the options that are times to come, each moment once."""
    seen = set()
    for option in options:
        with suppress(UsageError):
            moment = parse_when(option, now, zone)
            if moment not in seen:
                yield tidy(option)
            seen.add(moment)


def check_count(running: Sequence[Poll], author: str) -> None:
    """Check that one more poll may be open.

    Args:
        running: The open polls of the room that were asked in it.
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
