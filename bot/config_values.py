"""Read one value of the configuration: is it what belongs in its place?

Rule: whatever stands in the file, the answer is the value it means or sentences that begin with its place, never another
error. A part tells all its problems at once.

The whole of it is loaded for as long as the bot runs, which is why no library does it (docs/adr/0019).
"""

import difflib
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

from bot.domain.errors import ConfigError

Read = Callable[[str, Any], Any]
"""Takes a place such as `log.level` and what stands there; returns what it means or raises `ConfigError`."""

_SHORT = reprlib.Repr()
_SHORT.maxlevel = 2
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def text(check: Callable[[str], str]) -> Read:
    """Return what reads a text.

    Args:
        check: Returns the text as it counts, or raises `ValueError` with what is wrong with it.
    """

    def read(where: str, value: Any) -> str:
        if not isinstance(value, str):
            raise _problem(where, f"{_shown(value)} is no text{_in_quotes(value)}")
        try:
            return check(value)
        except ValueError as error:
            raise _problem(where, str(error)) from error

    return read


def one_of(choice: Any) -> Read:
    """Return what reads one of the words of a `Literal`."""
    known = get_args(choice)
    named = [repr(word) for word in known]
    told = " or ".join(filter(None, (", ".join(named[:-1]), named[-1])))

    def read(where: str, value: Any) -> Any:
        if not isinstance(value, str) or value not in known:
            raise _problem(where, f"{_shown(value)} is not one of {told}")
        return value

    return read


def whole(least: int, most: int) -> Read:
    """Return what reads a whole number, both ends included; in quotes it is one too."""

    def read(where: str, value: Any) -> int:
        digits = value.strip() if isinstance(value, str) else ""
        number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else value
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise _problem(where, f"{_shown(value)} is not a whole number from {least} to {most}")
        return number

    return read


def yes_or_no(where: str, value: Any) -> bool:
    """Read `true` or `false`; in quotes they are the same."""
    meant = _WORDS.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(meant, bool):
        raise _problem(where, f"{_shown(value)} is neither true nor false")
    return meant


def path(where: str, value: Any) -> Path:
    """Read a path that is not empty."""
    if not isinstance(value, str | Path):
        raise _problem(where, f"{_shown(value)} is no path{_in_quotes(value)}")
    found = Path(value)
    if found == Path():
        raise _problem(where, "a path is missing here")
    return found


def or_nothing(inner: Read) -> Read:
    """Return what reads a value that may be left empty."""
    return lambda where, value: None if value is None else inner(where, value)


def many(inner: Read, example: str) -> Read:
    """Return what reads a list.

    Args:
        inner: Reads each of it.
        example: What a list with one thing in it looks like.
    """

    def read(where: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _problem(where, f"{_shown(value)} is no list such as {example}")
        return tuple(_each(inner, ((f"{where}[{index}]", one) for index, one in enumerate(value))))

    return read


def part(kind: Any) -> Read:
    """Return what reads a dataclass; each of its fields is a part itself, or `Annotated` with what reads it."""
    known: dict[str, Field[Any]] = {one.name: one for one in fields(kind)}

    def read(where: str, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise _problem(where, f"{_shown(value)} is no list of `key: value` lines")
        found, problems = {}, []
        for name, one in known.items():
            place = _below(where, name)
            if name not in value:
                if one.default is MISSING:
                    problems.append(f"{place}: this must be set.")
                continue
            try:
                found[name] = _reader(one)(place, value[name])
            except ConfigError as error:
                problems += error.problems
        problems += [_unknown(where, str(name), known) for name in value if name not in known]
        if problems:
            raise ConfigError(problems)
        return kind(**found)

    return read


def every_key(kind: Any, above: str = "") -> Iterator[str]:
    """Yield the path of every setting, such as `invites.allow`; the documentation is checked against it."""
    for one in fields(kind):
        if is_dataclass(one.type):
            yield from every_key(one.type, _below(above, one.name))
        else:
            yield _below(above, one.name)


def _each(inner: Read, values: Iterator[tuple[str, Any]]) -> Iterator[Any]:
    problems = []
    for where, value in values:
        try:
            yield inner(where, value)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)


def _reader(one: Field[Any]) -> Read:
    return part(one.type) if is_dataclass(one.type) else one.type.__metadata__[0]  # type: ignore[union-attr]


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _unknown(where: str, name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{_below(where, name)}: there is no such setting{hint}"


def _problem(where: str, told: str) -> ConfigError:
    return ConfigError([f"{where}: {told}" if told.endswith("?") else f"{where}: {told}."])


def _shown(value: Any) -> str:
    """Write a value as it stands in the file, where that is short; what is nested may be endless."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, str) else _SHORT.repr(value)


def _in_quotes(value: Any) -> str:
    """Say how a value that YAML took for something else becomes a text."""
    return (
        f"; put it in quotes: {str(value)!r}"
        if isinstance(value, int | float) and not isinstance(value, bool)
        else ""
    )
