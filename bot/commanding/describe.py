"""Writes `docs/commands.md` from the commands themselves.

Rule: nothing about a command is written by hand in two places; a test compares the page with what is made here.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.commanding.discover import discover
from bot.commanding.registry import Registry
from bot.commanding.spec import ANYWHERE, SET_UP, Parameter, Spec
from bot.domain.pods import RoomKind

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"

_HEAD = """\
# Commands

This page is made from the commands by `python -m bot.commanding.describe`. Do not edit it by hand.

A command starts with `!`, or with a mention of the bot. In a direct chat with the bot neither is needed. Parts are
separated by `|` or by a new line. `key=value` sets an option. Words are matched whole, in any case. Where a command
asks for an id such as `S4`, a reply to the bot's message about it will do instead. CAPITALS stand for what you fill in;
what is in [brackets] may be left out.
"""

_PLACES = {
    RoomKind.POD: "a pod's room",
    RoomKind.ASSEMBLY: "an assembly room",
    RoomKind.NONE: "a room that is not set up yet",
}
_SECTION = re.compile(r"^(Args|Returns|Raises|Yields|Attributes|Example|Examples|Note|Notes):$", re.MULTILINE)
_ARGUMENT = re.compile(r"^ {4}(\w+):\s*(.*(?:\n {5,}.*)*)", re.MULTILINE)


def describe(registry: Registry) -> str:
    """Return the page as Markdown: a list of all commands, then each topic with its commands."""
    topics = _by_module(registry)
    parts = [_HEAD, _contents(topics)]
    for module, specs in topics.items():
        parts.append(f"## {_anchor_name(module)}\n\n{_purpose(specs[0])}\n")
        parts += [_command(spec) for spec in specs]
    return "\n".join(parts)


def _by_module(registry: Registry) -> dict[str, list[Spec]]:
    """Return the commands by the file they are declared in, as a newcomer would read them."""
    found: dict[str, list[Spec]] = {}
    for spec in registry.commands:
        found.setdefault(spec.handler.__module__, []).append(spec)
    return dict(sorted(found.items()))


def _anchor_name(module: str) -> str:
    return module.rpartition(".")[2].capitalize()


def _contents(topics: dict[str, list[Spec]]) -> str:
    lines = ["| command | what it does |", "|---|---|"]
    for specs in topics.values():
        lines += [f"| `{_cell(_typed(spec))}` | {_cell(str(spec.summary))} |" for spec in specs]
    return "\n".join(lines) + "\n"


def _purpose(spec: Spec) -> str:
    doc = inspect.getdoc(inspect.getmodule(spec.handler)) or ""
    sentence = " ".join(doc.split("\n\n", 1)[0].split())
    return sentence[:1].upper() + sentence[1:]


def _command(spec: Spec) -> str:
    notes, arguments = _split(spec.notes)
    options = [item for item in spec.parameters if item.is_option]
    lines = [
        f"### `{_typed(spec)}`",
        "",
        str(spec.summary),
        "",
        *([notes, ""] if notes else []),
        f"- Who: {spec.who.value}.",
        f"- Where: {_where(spec)}.",
        f"- For example: `{_on_one_line(spec.example)}`",
        f"- The bot answers, among other things: “{spec.answer}”",
        *_otherwise(spec),
        *(_option(item, arguments.get(item.name, "")) for item in options),
        "",
    ]
    return "\n".join(lines)


def _otherwise(spec: Spec) -> Iterator[str]:
    names = [" ".join(alias) for alias in spec.aliases]
    if names:
        yield f"- Also: {', '.join(f'`!{name}`' for name in names)}."
    if spec.bare:
        yield f"- May be typed without `!`: {', '.join(f'`{name}`' for name in [spec.name, *names])}."


def _where(spec: Spec) -> str:
    if set(spec.where) == set(ANYWHERE):
        return "any room, also a direct chat with the bot"
    if set(spec.where) == set(SET_UP):
        return "a pod's room or an assembly room"
    return " or ".join(_PLACES[kind] for kind in spec.where)


def _option(item: Parameter, says: str) -> str:
    typed = f"`{item.label}`" if item.kind is bool else f"`{item.label}=…`"
    return f"- Option {typed}: {says}" if says else f"- Option {typed}"


def _typed(spec: Spec) -> str:
    """Return a command as it is typed, with capitals for what is to be filled in."""
    typed = ("!" if spec.example.startswith("!") else "") + spec.name
    separator = " "
    for item in spec.parameters:
        if not item.is_option:
            typed += _place(item, separator)
            separator = " " if item.shape == "word" else " | "
    return typed + "".join(_option_place(item) for item in spec.parameters if item.is_option)


def _place(item: Parameter, separator: str) -> str:
    label = item.label.upper()
    if item.is_list:
        return f"{separator}{label} | {label} …"
    return f"{separator}{label}" if item.required else f" [{separator.lstrip()}{label}]"


def _option_place(item: Parameter) -> str:
    return f" [| {item.label}]" if item.kind is bool else f" [| {item.label}=…]"


def _split(docstring: str) -> tuple[str, dict[str, str]]:
    """Return a docstring's text before its sections, and what it says of each argument."""
    start = _SECTION.search(docstring)
    text = docstring[: start.start()] if start else docstring
    sections = _SECTION.split(docstring)[1:]
    arguments = dict(zip(sections[::2], sections[1::2], strict=False)).get("Args", "")
    said = {match[1]: " ".join(match[2].split()) for match in _ARGUMENT.finditer(arguments)}
    return text.strip(), said


def _on_one_line(example: str) -> str:
    return " | ".join(example.splitlines())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Write the page."""
    PAGE.write_text(describe(discover()), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
