"""What an answer that names options means, typed or tapped.

Rule: an answer is taken only where it has one meaning. A number is the place of an option, words are the
whole words of an option; where both fit, the person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from bot.domain.counting.kinds import Kind
from bot.domain.errors import Ambiguous, UsageError
from bot.domain.polls import LONGEST_TOGETHER, MOST, Poll, brief, key, tidy
from bot.domain.values import Code

WITHDRAW = {"none", "withdraw", "nothing"}
"""What takes an answer back, where it is not the words of an option."""

_YES = {"y", "yeah", "yep", "aye", "ja", "oui", "si", "sí", "👍"}
_NO = {"n", "nope", "nay", "nein", "non", "👎"}
_SKIN = dict.fromkeys(range(0x1F3FB, 0x1F400))
"""The colours of skin that a thumb can have."""
_OTHER_KIND = re.compile(r"(?:#?\d{1,3}\s*[<>=]\s*)+#?\d{1,3}(?:[\s,;]+(?:#?\d{1,3}\s*[<>=]\s*)+#?\d{1,3})*")
"""An order, or points: an answer to a poll of another kind."""
_ALL = {"all", "all of them", "any", "every", "everything", "all times"}
_NUMBERS = re.compile(r"#?\d{1,3}[.)!]?(?:(?:\s*(?:[,;&+]|\band\b)\s*|\s+)#?\d{1,3}[.)!]?)*", re.IGNORECASE)
_KEYCAP = {0xFE0F: None, 0x20E3: " "}
"""What makes a digit an emoji of a key."""


def read_answers(text: str, poll: Poll) -> tuple[int, ...]:
    """Return the numbers of the options that somebody's words mean, in order; empty withdraws.

    `2`, `#2`, `1 3`, `1, 3`, an option's words, several options' words with commas between, `none`.

    Raises:
        UsageError: They mean nothing here; the sentence has a valid line near to them.
        Ambiguous: They are the number of one option and the words of another.
    """
    text = text[:LONGEST_TOGETHER]  # longer than all options together, it is none of them
    numbers, whole = numbers_in(text), named(text, poll)
    in_range = numbers is not None and all(1 <= number <= len(poll.options) for number in numbers)
    if whole is not None:
        if numbers and in_range and numbers != [whole] and "#" not in text:
            raise Ambiguous(
                "{typed} is the words of option {whole} and the number of another. Which one?",
                typed=tidy(text),
                whole=whole,
                choices=[
                    (f"Option {number}: {poll.options[number - 1]}", f"vote {poll.id} #{number}")
                    for number in dict.fromkeys([whole, *numbers])
                ],
            )
        return (whole,)
    if key(text) in WITHDRAW:
        return ()
    if poll.kind.takes_any and key(text) in _ALL:
        return tuple(range(1, len(poll.options) + 1))
    found = numbers if numbers is not None else _several(text, poll)
    if found is None:
        near = get_close_matches(key(text), [key(option) for option in poll.options], 1, 0.6)
        raise no_such_option(text, poll, _vote_line(poll, near[0] if near else None))
    if not all(1 <= number <= len(poll.options) for number in found):
        nearest = min(max(found[0], 1), len(poll.options))
        raise out_of_range(poll, f"!vote {poll.id} {nearest}")
    answers = sorted(set(found))
    if len(answers) > poll.most:
        raise UsageError(
            "{id} takes {n} answer from each of you. For example: {example}"
            if poll.most == 1
            else "{id} takes up to {n} answers from each of you. For example: {example}",
            id=poll.id,
            n=poll.most,
            example=Code(f"!vote {poll.id} {' '.join(map(str, answers[: poll.most]))}"),
        )
    return tuple(answers)


def no_such_option(text: str, poll: Poll, example: str) -> UsageError:
    """Return the refusal of words that name no option."""
    return UsageError(
        "{id} has no option “{typed}”. For example: {example}",
        id=poll.id,
        typed=brief(tidy(text)),
        example=Code(example),
    )


def out_of_range(poll: Poll, example: str) -> UsageError:
    """Return the refusal of a number that no option has."""
    return UsageError(
        "{id} has options 1 to {last}. For example: {example}",
        id=poll.id,
        last=len(poll.options),
        example=Code(example),
    )


def check_plain(text: str, numbers: Sequence[int], poll: Poll, example: str) -> None:
    """Refuse numbers that are the places of some options and the words of others.

    Raises:
        UsageError: With a line in which they are places.
    """
    if "#" not in text and any(named(str(number), poll) not in (None, number) for number in numbers):
        raise UsageError(
            "The options of {id} are numbers, so write # before a place in the list. For example: {example}",
            id=poll.id,
            example=Code(example),
        )


def place_mark(poll: Poll) -> str:
    """Return what stands before a place in an example: `#` where options are numbers themselves, in whatever script."""
    numbered = any(numbers_in(key(option)) for option in poll.options)
    return "#" if numbered else ""


def is_attempt(text: str, poll: Poll) -> bool:
    """Tell whether words said in reply to a poll are an answer, if a faulty one, rather than talk."""
    if len(text) > LONGEST_TOGETHER:
        return False
    if numbers_in(text) is not None or named(text, poll) is not None or _several(text, poll) is not None:
        return True
    if _OTHER_KIND.fullmatch(tidy(text)):
        return True
    return bool(get_close_matches(key(text), [key(option) for option in poll.options], 1, 0.8))


def read_taps(answer_ids: Sequence[str], poll: Poll, named: Sequence[str] = ()) -> tuple[int, ...] | None:
    """Return the numbers of the options that were tapped; empty withdraws, `None` is a spoiled answer.

    An answer id that the poll does not have spoils the whole answer, and of too many answers the first
    count (MSC3381, "Responses"; matrix-js-sdk, `PollResponseEvent.validateAgainst`).

    Args:
        answer_ids: As they came.
        poll: The poll.
        named: What the options are called in a poll that a member's app made; their numbers in ours.
    """
    names = named or [str(number) for number in range(1, len(poll.options) + 1)]
    known = {name: number for number, name in enumerate(names, 1)}
    if any(answer_id not in known for answer_id in answer_ids):
        return None
    return tuple(sorted({known[answer_id] for answer_id in answer_ids[: poll.most]}))


def numbers_in(text: str) -> list[int] | None:
    """Return the numbers that a text is made of; `None` if there is anything else in it."""
    flat = tidy(text.translate(_KEYCAP))
    return [int(found) for found in re.findall(r"\d+", flat)] if _NUMBERS.fullmatch(flat) else None


def named(words: str, poll: Poll) -> int | None:
    """Return the number of the option that has exactly these words.

    In a poll about yes or no, also another word for one of them; in one about times, also the words that one time alone
    has, such as its day.
    """
    keys = [key(option) for option in poll.options]
    shown = key(words)
    bare = shown.strip(" .,;:!?\"'“”‘’")
    for typed in (shown, bare):
        if typed in keys:
            return keys.index(typed) + 1
    match poll.kind:
        case Kind.YESNO:
            bare = bare.translate(_SKIN)
            return 1 if bare in _YES else 2 if bare in _NO else None
        case Kind.MEETING:
            return _only_time(bare.split(), keys)
        case _:
            return None


def place_of(words: str, poll: Poll) -> int:
    """Return the number of the option that a part of an answer means: 0 if it names none, -1 for the number nought.

    `#2` is always the place.
    """
    numbers = numbers_in(words)
    found = None if numbers and "#" in words else named(words, poll)
    if found is not None:
        return found
    return (numbers[0] or -1) if numbers and len(numbers) == 1 else 0


def _only_time(words: Sequence[str], keys: Sequence[str]) -> int | None:
    """Return the number of the only option that has all these words; a number alone is a place in the list."""
    if not any(word.isalpha() or ":" in word for word in words):
        return None
    found = [number for number, each in enumerate(keys, 1) if set(words) <= set(each.split())]
    return found[0] if len(found) == 1 else None


def _several(text: str, poll: Poll) -> list[int] | None:
    """Return the numbers of options named one after another, by words or by number."""
    for separator in (r"[,;|\n]", r"[,;|\n&+]|\band\b"):
        parts = re.split(separator, text, maxsplit=2 * MOST, flags=re.IGNORECASE)
        if len(parts) > 2 * MOST:
            return None
        parts = [part for part in parts if key(part)]
        found: list[int] = []
        for part in parts:
            one = named(part, poll)
            found += [one] if one is not None else numbers_in(part) or [0]
        if len(parts) > 1 and all(found):
            return found
    return None


def _vote_line(poll: Poll, near: str | None) -> str:
    for option in poll.options:
        if key(option) == near and len(option) <= 40 and numbers_in(option) is None:
            return f"!vote {poll.id} {option}"
    return f"!vote {poll.id} 1"
