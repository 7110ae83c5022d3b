"""What an answer to a poll that ranks means.

Rule: an order without equals, the best first; what is left out comes last, all alike (ADR 11). What could be read in two
ways is refused with a line that can be typed.
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
from bot.domain.errors import UsageError
from bot.domain.polls import LONGEST_TOGETHER, MOST, Poll, brief, key, tidy
from bot.domain.values import Code

_ARROWS = r">+|›|»|→|➔|\bthen\b"
_POINT = r"(?:[.)](?![#\d]))?+"
"""What may stand behind the number of a list. It is never given back as a separator: else a long list is read in all ways."""
_NUMBERS = re.compile(
    rf"#?\d{{1,3}}{_POINT}(?:(?:\s*(?:[,;|\n/.–—-]|{_ARROWS})\s*|\s+)#?\d{{1,3}}{_POINT})*", re.IGNORECASE
)
_SHAPE = re.compile(
    r"(?=.*?\d\s?(?:[<=>,&+]|\band\b))(?:[\s\d#.,;|()<=>&+]|\band\b)+", re.IGNORECASE | re.DOTALL
)


def read_ranking(text: str, poll: Poll) -> tuple[int, ...]:
    """Return the numbers of options in the order that somebody's words mean; empty withdraws.

    `2 > 1 > 3`, `2 1 3`, `2, 1`, `Library > Park`, `none`.

    Raises:
        UsageError: They mean no order; the sentence has a valid line near to them.
    """
    text = text[:LONGEST_TOGETHER]
    whole = None if numbers_in(text) else named(text, poll)
    if whole is not None:
        return (whole,)
    if key(text) in WITHDRAW:
        return ()
    found = _split(text, poll)
    if (found is None or not all(found)) and re.search(r"[=<&+]|\band\b", text, re.IGNORECASE):
        apart = _split(re.sub(r"[=<&+]|\band\b", ">", text, flags=re.IGNORECASE), poll)
        if apart is not None and all(0 < number <= len(poll.options) for number in apart):
            raise UsageError(
                "Put one before the other, the best first. For example: {example}",
                example=Code(order_line(poll, apart[::-1] if "<" in text else apart)),
            )
    if found is None or not all(found):
        raise no_such_option(text, poll, order_line(poll, [number for number in found or [] if number > 0]))
    if not all(0 < number <= len(poll.options) for number in found):
        raise out_of_range(poll, order_line(poll, found))
    check_plain(text, found, poll, order_line(poll, found))
    for number in found:
        if found.count(number) > 1:
            raise UsageError(
                "{option} is there twice. For example: {example}",
                option=brief(poll.options[number - 1]),
                example=Code(order_line(poll, found)),
            )
    return tuple(found)


def is_attempt(text: str, poll: Poll) -> bool:
    """Tell whether words said in reply to a poll are an answer, if a faulty one, rather than talk."""
    if len(text) > LONGEST_TOGETHER:
        return False
    return _SHAPE.fullmatch(tidy(text)) is not None or any(_split(text, poll) or [])


def _split(text: str, poll: Poll) -> list[int] | None:
    """Return numbers of options in the order they are named, 0 for words that name none; `None` for no list."""
    if _NUMBERS.fullmatch(tidy(text)):
        # -1 stands for a number that no option can have
        return [int(digits) or -1 for digits in re.findall(r"\d+", tidy(text))]
    for separator in (_ARROWS, r"[,;|\n]"):
        parts = [
            part for part in re.split(separator, text, maxsplit=2 * MOST, flags=re.IGNORECASE) if key(part)
        ]
        if 1 < len(parts) <= 2 * MOST:
            return [place_of(part, poll) for part in parts]
    return None


def order_line(poll: Poll, numbers: list[int]) -> str:
    """Return a valid line with an order that begins as somebody's did, of up to three options."""
    good = dict.fromkeys(number for number in numbers if 0 < number <= len(poll.options))
    for number in (2, 1, 3):
        if len(good) < min(3, len(poll.options)) and number <= len(poll.options):
            good.setdefault(number)
    mark = place_mark(poll)
    return f"!vote {poll.id} {' > '.join(f'{mark}{number}' for number in list(good)[:MOST])}"
