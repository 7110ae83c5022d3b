"""What an answer to a poll that scores means.

Rule: 1 to 5 points for each option, in whole numbers; what is left out gets the lowest (`bot.domain.counting.scores`).
"""

from __future__ import annotations

import re

from bot.domain.choices import (
    WITHDRAW,
    check_plain,
    named,
    no_such_option,
    numbers_in,
    out_of_range,
    place_mark,
    place_of,
)
from bot.domain.counting.levels import HIGHEST, LOWEST
from bot.domain.errors import UsageError
from bot.domain.polls import LONGEST_TOGETHER, MOST, Poll, brief, key, tidy
from bot.domain.values import Code

_POINTS = r"(\d{1,3})(?:\s*/\s*5)?+(?!\d|[.,]\d)"
# each letter of a pair can be only one thing: else a long line is divided in all ways there are
_PAIR = re.compile(rf"([^=:,;|.\s][^=:,;|\n]*)[=:]\s*{_POINTS}[\s,;|.]*")
_PAIRS = re.compile(rf"(?>{_PAIR.pattern})+")
_WORDS_THEN_POINTS = re.compile(rf"(.+?)\s*(?:[=:–—-]|\s)\s*{_POINTS}\s*(?:points?)?[.!]?", re.IGNORECASE)


def read_points(text: str, poll: Poll) -> tuple[int, ...]:
    """Return the points of every option, in their order; empty withdraws.

    `1=5 2=3`, `1:5, 2:3`, `Park=5, Library 3`, `Park 5 Library 3`, as many numbers as there are options, `none`.

    Raises:
        UsageError: They mean no scores; the sentence has a valid line near to them.
    """
    text = text[:LONGEST_TOGETHER]
    if key(text) in WITHDRAW:
        return ()
    pairs = _pairs(text, poll)
    if pairs is None:
        whole, numbers = named(text, poll), numbers_in(text)
        if whole is None and numbers is None:
            raise no_such_option(text, poll, points_line(poll, []))
        raise UsageError(
            "Say which option gets how many points, 1 to 5. For example: {example}",
            example=Code(points_line(poll, [(whole or (numbers or [1])[0], HIGHEST)])),
        )
    if not all(number for number, _ in pairs):
        raise no_such_option(text, poll, points_line(poll, pairs))
    if not all(0 < number <= len(poll.options) for number, _ in pairs):
        raise out_of_range(poll, points_line(poll, pairs))
    if not all(LOWEST <= points <= HIGHEST for _, points in pairs):
        raise UsageError(
            "Points go from 1 to 5, and 5 is best. For example: {example}",
            example=Code(points_line(poll, pairs)),
        )
    if not numbers_in(text):
        check_plain(text, [number for number, _ in pairs], poll, points_line(poll, pairs))
    given = [LOWEST] * len(poll.options)
    seen: dict[int, int] = {}
    for number, points in pairs:
        if seen.setdefault(number, points) != points:
            raise UsageError(
                "{option} is there twice. For example: {example}",
                option=brief(poll.options[number - 1]),
                example=Code(points_line(poll, pairs)),
            )
        given[number - 1] = points
    return tuple(given)


def is_attempt(text: str, poll: Poll) -> bool:
    """Tell whether words said in reply to a poll are an answer, if a faulty one, rather than talk."""
    if len(text) > LONGEST_TOGETHER:
        return False
    if numbers_in(text) is not None or any(number > 0 for number, _ in _pairs(text, poll) or []):
        return True
    before = [re.split(r"[=:]", part)[0] for part in re.split(r"[,;|\n]", text) if re.search(r"[=:]", part)]
    return any(place_of(words, poll) > 0 for words in before)


def _pairs(text: str, poll: Poll) -> list[tuple[int, int]] | None:
    """Return options and their points, 0 for words that are no option; `None` for no such list."""
    numbers = numbers_in(text)
    if numbers is not None:
        return list(enumerate(numbers, 1)) if len(numbers) == len(poll.options) else None
    lines = [part for part in re.split(r"[,;|\n]", text, maxsplit=2 * MOST) if key(part)]
    if len(lines) > 2 * MOST:
        return None
    found = [_WORDS_THEN_POINTS.fullmatch(tidy(line)) for line in lines]
    told = [(place_of(match[1], poll), int(match[2])) for match in found if match]
    if lines and len(told) == len(lines) and all(number for number, _ in told):
        return told
    *parts, rest = re.split(r"(?<=\s)(\d{1,3})(?!\S)", tidy(text).rstrip(" .!"), maxsplit=2 * MOST)
    spaced = [
        (place_of(words, poll), int(points)) for words, points in zip(parts[::2], parts[1::2], strict=True)
    ]
    if len(spaced) > 1 and not rest and all(number > 0 for number, _ in spaced):
        return spaced  # `tent 5 stove 2`
    if _PAIRS.fullmatch(text.strip()):
        return [(place_of(match[1], poll), int(match[2])) for match in _PAIR.finditer(text.strip())]
    return told if lines and len(told) == len(lines) else None


def points_line(poll: Poll, pairs: list[tuple[int, int]]) -> str:
    """Return a valid line that gives points as somebody did, to at least two options."""
    good: dict[int, int] = {}
    for number, points in pairs:
        if 0 < number <= len(poll.options):
            good.setdefault(number, min(max(points, LOWEST), HIGHEST))
    for number, points in ((1, 5), (2, 3)):
        if len(good) < 2:
            good.setdefault(number, points)
    mark = place_mark(poll)
    return f"!vote {poll.id} {' '.join(f'{mark}{number}={points}' for number, points in list(good.items())[:MOST])}"
