"""What was typed behind `!poll`: its type, where it goes, and what was meant as `key=value` but lacks a bar or a sign.

Rule: words of the poll stay words of the poll; a refusal writes the line as it was meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.domain.counting.kinds import Kind, read_kind
from bot.domain.errors import UsageError
from bot.domain.poll_examples import example_of
from bot.domain.polls import MOST, brief, key, tidy
from bot.domain.values import Code

_TO_PODS = {"pods", "pod", "all", "allpods", "everypod", "everybody", "federation"}
_SECRET = {"secret", "anonymous", "anon", "private", "hidden"}
_UNSEPARATED = re.compile(r"\s(type|closes|multi|to)\s?=\s?(.*)$", re.IGNORECASE)
_BULLET = re.compile(r"[-*•–—]\s+(\S.*)", re.DOTALL)
_WITHOUT_SIGN = re.compile(r"(type|closes|multi|to)(?:\s*:\s*|\s+)(.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed to ask a poll.

    Args:
        closes: The deadline; empty for 3 days.
        multi: How many answers one person may give; empty for one.
        kind: What is asked for; empty for a choice.
        hide: Whether the counts are shown only at closing.
    """

    question: str
    options: tuple[str, ...]
    closes: str = ""
    multi: str = ""
    kind: str = ""
    hide: bool = False


def check_kind(typed: str, question: str, options: Sequence[str]) -> Kind:
    """Return the kind of poll that is asked for.

    Args:
        typed: What follows `type=`; nothing is a choice.
        question: As typed.
        options: As typed.

    Raises:
        UsageError: There is no such kind, or it is a secret ballot, which a chat cannot hold.
    """
    asked, offered = tidy(question), [tidy(option) for option in options[:MOST]]
    if not tidy(typed):
        return Kind.CHOICE
    found = read_kind(typed)
    if found is not None:
        return found
    word = key(typed)
    if any(part in _SECRET for part in word.split()):
        raise UsageError(
            "No poll here is secret: apps show who answered what. For a secret ballot use Belenios, belenios.org. For an"
            " open poll, for example: {example}",
            example=Code(example_of(asked, offered)),
        )
    names = [kind.value for kind in Kind]
    near = get_close_matches(word, names, 1, 0.6)
    first = read_kind(word.partition(" ")[0])
    likely = first or (Kind(near[0]) if near else Kind.CHOICE if offered else Kind.YESNO)
    raise UsageError(
        "“{typed}” is no type of poll. There are: {names}. For example: {example}",
        typed=brief(tidy(typed)),
        names=", ".join(names),
        example=Code(example_of(asked, offered, likely)),
    )


def check_to(typed: str, question: str, options: Sequence[str]) -> bool:
    """Tell whether a poll is for every pod.

    Raises:
        UsageError: It is to go somewhere else.
    """
    if typed and key(typed).replace(" ", "") not in _TO_PODS:
        words = example_of(tidy(question), [tidy(option) for option in options[:MOST]])
        raise UsageError(
            "A poll goes to this room, or with {to} to every pod. For example: {example}",
            to=Code("to=pods"),
            example=Code(f"{words} | to=pods"),
        )
    return bool(typed)


def check_separated(question: str, options: Sequence[str]) -> None:
    """Refuse an option such as `type=rank` that stands in the middle of a part, or is written `type: rank`.

    Raises:
        UsageError: With the line as it was meant.
    """
    parts = [question, *options[:MOST]]
    for place, part in enumerate(parts):
        meant = _WITHOUT_SIGN.fullmatch(tidy(part))
        if place and meant and _is_option(meant[1].lower(), meant[2]):
            line = [*parts[:place], f"{meant[1].lower()}={meant[2]}", *parts[place + 1 :]]
            raise UsageError(
                "Write {option} with an equals sign. For example: {example}",
                option=Code(f"{meant[1].lower()}="),
                example=Code("!poll " + " | ".join(brief(tidy(each)) for each in line if key(each))),
            )
        if found := _UNSEPARATED.search(part):
            before = part[: found.start()]
            line = [*parts[:place], before, f"{found[1].lower()}={found[2].strip()}", *parts[place + 1 :]]
            raise UsageError(
                "Put a {bar} before {option}. For example: {example}",
                bar=Code("|"),
                option=Code(f"{found[1].lower()}="),
                example=Code("!poll " + " | ".join(brief(tidy(each)) for each in line if key(each))),
            )


def _is_option(name: str, value: str) -> bool:
    """Tell whether words are meant as an option of the command rather than of the poll: "to pods", not "to Berlin"."""
    match name:
        case "type":
            return read_kind(value) is not None
        case "to":
            return key(value).replace(" ", "") in _TO_PODS
        case "multi":
            return value.strip().isdecimal()
        case _:
            return True


def without_bullets(options: Sequence[str]) -> tuple[str, ...]:
    """Return options without the marks of a list, where all have one: `- Park`, `• Library`."""
    marked = [_BULLET.fullmatch(option.strip()) for option in options]
    return tuple(match[1] for match in marked if match) if all(marked) else tuple(options)
