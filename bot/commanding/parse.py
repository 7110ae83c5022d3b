"""Takes a typed line apart: words, parts, options.

Rule: parts are separated by `|` or by a new line, never by quotes, because phones change quotes.
`key=value` sets an option. Words are matched whole and in any case.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from bot.domain.errors import UsageError
from bot.domain.polls import brief, tidy
from bot.domain.values import Code

if TYPE_CHECKING:
    from bot.commanding.context import Context
    from bot.commanding.spec import Parameter, Spec

Word = Annotated[str, "word"]
"""One word."""
Line = Annotated[str, "line"]
"""The rest of a part: up to the next `|` or new line."""
Prose = Annotated[str, "prose"]
"""All the rest as it was typed, with its lines and bars, less the options at its end."""

_LEAD = re.compile(r"[\s|]*")
_WORD = re.compile(r"[\s|]*([^\s|]*)")
_LINE = re.compile(r"[\s|]*([^|\n]*)[|\n]?")
_SEPARATOR = re.compile(r"\||\n")
_ALMOST = re.compile(r"\s*([a-z]+)\s*[:=]\s*(\S.*)", re.IGNORECASE)
_OPTION = re.compile(r"\s*([a-z][a-z_-]*)\s*=", re.IGNORECASE)


@dataclass
class Cursor:
    """What is left to read of a command's text.

    Args:
        text: What follows the command's own words.
    """

    text: str

    def peek(self) -> str:
        """Return the next word without taking it, or an empty string."""
        return _WORD.match(self.text)[1]  # type: ignore[index]  # matches anything

    def word(self) -> str:
        """Take the next word, or an empty string."""
        return self._take(_WORD)

    def line(self) -> str:
        """Take up to the next `|` or new line, or an empty string."""
        return self._take(_LINE).strip()

    def rest(self) -> str:
        """Take everything, lines and bars included."""
        found, self.text = self.text.strip(), ""
        return found

    def is_empty(self) -> bool:
        """Tell whether nothing but separators is left."""
        return _LEAD.fullmatch(self.text) is not None

    def _take(self, pattern: re.Pattern[str]) -> str:
        """Take what a pattern that matches anything finds at the beginning, in one step: a text can be long."""
        found: re.Match[str] = pattern.match(self.text)  # type: ignore[assignment]
        self.text = self.text[found.end() :]
        return found[1]


def without_words(line: str, count: int) -> str:
    """Return a line without its first words, the rest as it was typed."""
    match = re.match(rf"\s*(?:\S+\s*){{{count}}}", line) if count else None
    return line[match.end() :] if match else line


def split_options(text: str, spec: Spec) -> tuple[str, dict[str, str]]:
    """Take the options out of a command's text.

    In prose only the parts at the end can be options, so that people's own words stay as they are.

    Returns:
        The text without them, and their values by name; a flag's value is empty.

    Raises:
        UsageError: An option is unknown or set twice.
    """
    options = {parameter.label: parameter for parameter in spec.parameters if parameter.is_option}
    pieces = [(match.start(), match.end()) for match in _SEPARATOR.finditer(text)]
    bounds = [0, *(end for _, end in pieces)]
    ends = [*(start for start, _ in pieces), len(text)]
    found: dict[str, str] = {}
    kept: list[tuple[int, int]] = []
    at_end, has_prose = True, spec.has_prose
    for start, end in reversed(list(zip(bounds, ends, strict=True))):
        part = text[start:end]
        name, value = _option(part, options, spec, known_only=has_prose)
        if name is not None and (at_end or not has_prose):
            if name in found:
                raise UsageError("{name}= is there twice. Give it once.", name=name)
            found[name] = value
        else:
            kept.append((start, end))
            at_end = at_end and not part.strip()
    if not kept:
        return "", found
    if has_prose:
        words = text[: kept[0][1]]
        _check_not_meant(words, spec, [name for name in options if options[name].kind is not bool], found)
        return words, found
    return "|".join(text[start:end] for start, end in reversed(kept)), found


def _check_not_meant(words: str, spec: Spec, names: list[str], found: dict[str, str]) -> None:
    """Refuse words that end in what was meant as an option: `| closes: Fri`, `| clsoes=Fri`, or one without its bar.

    Raises:
        UsageError: With the line as it was meant.
    """
    if not names or spec.bare:
        return
    *before, last = _SEPARATOR.split(words)
    apart = _ALMOST.fullmatch(last) if before else None
    near = get_close_matches(apart[1].lower(), names, 1, 0.75) if apart else []
    inside = re.search(rf"\s({'|'.join(names)})\s?=\s?(\S.*)", last, re.IGNORECASE)
    if near and apart:
        head, name, value = " | ".join(before), near[0], apart[2]
    elif inside:
        head, name, value = " | ".join([*before, last[: inside.start()]]), inside[1].lower(), inside[2]
    else:
        return
    meant = [f"{label}={given}" for label, given in ({name: value.strip()} | found).items()]
    raise UsageError(
        "{name}= stands after a {bar}, with an equals sign. For example: {example}",
        name=name,
        bar=Code("|"),
        example=Code(" | ".join([f"!{spec.name} {brief(tidy(head))}", *meant])),
    )


def _option(
    part: str, options: dict[str, Parameter], spec: Spec, *, known_only: bool
) -> tuple[str | None, str]:
    flag = part.strip().lower()
    if flag in options and options[flag].kind is bool:
        return flag, ""
    match = _OPTION.match(part)
    if match is None:
        return None, ""
    name = match[1].lower()
    if name in options and options[name].kind is not bool:
        return name, part[match.end() :].strip()
    if known_only or not options:
        return None, ""
    raise UsageError(
        "I do not know {name}= here. There are: {names}. For example: {example}",
        name=name,
        names=", ".join(label if item.kind is bool else f"{label}=" for label, item in options.items()),
        example=Code(spec.example),
    )


async def read_arguments(ctx: Context, spec: Spec, text: str) -> tuple[list[Any], dict[str, Any]]:
    """Turn a command's text into the values its handler asks for.

    Raises:
        UsageError: Something is missing, left over or not what it should be.
    """
    text, options = split_options(text, spec)
    cursor = Cursor(text)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in spec.parameters:
        if parameter.is_option:
            if parameter.kind is bool:
                named[parameter.name] = parameter.label in options
            elif parameter.label in options:
                named[parameter.name] = await _read(ctx, spec, parameter, Cursor(options[parameter.label]))
        elif parameter.is_list:
            while not cursor.is_empty():
                positional.append(await _read(ctx, spec, parameter, cursor))
        elif cursor.is_empty() and not parameter.required:
            positional.append(parameter.default)
        else:
            positional.append(await _read(ctx, spec, parameter, cursor))
    if not cursor.is_empty():
        raise UsageError(
            "I do not know what to do with “{rest}”. For example: {example}",
            rest=cursor.rest(),
            example=Code(spec.example),
        )
    return positional, named


async def _read(ctx: Context, spec: Spec, parameter: Parameter, cursor: Cursor) -> Any:
    converter = ctx.registry.converters.get(parameter.kind)
    if converter is not None:
        return await converter(ctx, cursor)
    value: Any
    if parameter.shape == "word" or parameter.kind is int:
        value = cursor.word()
    elif parameter.shape == "prose":
        value = cursor.rest()
    else:
        value = cursor.line()
    if not value:
        raise UsageError(
            "{what} is missing. For example: {example}",
            what=parameter.label.replace("-", " ").capitalize(),
            example=Code(spec.example),
        )
    if parameter.kind is int:
        try:
            return int(value)
        except ValueError:
            raise UsageError(
                "{value} is not a number. For example: {example}", value=value, example=Code(spec.example)
            ) from None
    return value


def shape_of(annotation: Any) -> tuple[Any, str]:
    """Return the type an annotation names, without `None`, and its shape (`word`, `line`, `prose`)."""
    arguments = [item for item in get_args(annotation) if item is not type(None)]
    if get_origin(annotation) is Annotated:
        return arguments[0], str(arguments[1])
    if type(None) in get_args(annotation) and len(arguments) == 1:
        return shape_of(arguments[0])
    return annotation, "word" if annotation is int else "line"


def label_of(name: str) -> str:
    """Return how a parameter is called in chat: `class_` is `class`, `open_for` is `open-for`."""
    return name.rstrip("_").replace("_", "-")


def parameters_of(handler: Any) -> list[inspect.Parameter]:
    """Return a handler's parameters, its context left out, annotations as types."""
    return list(inspect.signature(handler, eval_str=True).parameters.values())[1:]
