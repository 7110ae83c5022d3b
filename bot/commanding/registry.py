"""Everything that the modules in `commands/` declare, and finding in it what was typed.

Rule: nothing is registered by hand. What a module declares is taken in as it is; see `spec.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.commanding.spec import MARK, ByObject, Converter, Hears, Needs, OfLetter, Spec, Undo
from bot.domain.typed_lines import BEHIND
from bot.ports import Event

if TYPE_CHECKING:
    from types import ModuleType


@dataclass
class Registry:
    """Everything the modules in `commands/` declare."""

    commands: list[Spec] = field(default_factory=list)
    converters: dict[Any, Converter] = field(default_factory=dict)
    approvers: dict[str, ByObject] = field(default_factory=dict)
    explainers: dict[str, OfLetter] = field(default_factory=dict)
    repliers: dict[str, OfLetter] = field(default_factory=dict)
    always: set[str] = field(default_factory=set)
    """Letters of objects to which a plain reply is taken even over the limit of commands."""
    undoers: dict[str, Undo] = field(default_factory=dict)
    needs: list[Needs] = field(default_factory=list)
    listeners: dict[type[Event], list[Hears]] = field(default_factory=dict)
    _named: dict[tuple[str, ...], Spec] = field(default_factory=dict)
    _longest: int = 0

    def take_in(self, spec: Spec) -> None:
        """Take in a command, by each of its names."""
        self.commands.append(spec)
        for name in (spec.words, *spec.aliases):
            self._named.setdefault(name, spec)
            self._longest = max(self._longest, len(name))

    def add(self, module: ModuleType) -> None:
        """Take in what a module declares."""
        for thing in vars(module).values():
            if getattr(thing, "__module__", None) == module.__name__:
                for register in getattr(thing, MARK, ()):
                    register(self)

    def find(self, words: list[str]) -> tuple[Spec, int] | None:
        """Return the command that a line's words name, and how many of the words are its name.

        A word may have a sign behind it, as in `Ok, S4` or `Answer: by Friday`.
        """
        lowered = tuple(word.lower().rstrip(BEHIND) for word in words[: self._longest])
        for length in range(len(lowered), 0, -1):
            if spec := self._named.get(lowered[:length]):
                return spec, length
        return None

    def names(self, words: str) -> bool:
        """Tell whether words are the whole name of a command."""
        found = self.find(words.split())
        return found is not None and found[1] == len(words.split())

    def topic(self, topic: str) -> list[Spec]:
        """Return the commands of a topic, the shortest name first."""
        found = [spec for spec in self.commands if spec.topic == topic]
        return sorted(found, key=lambda spec: len(spec.words))

    @property
    def topics(self) -> list[str]:
        """Every topic, in the order of the alphabet."""
        return sorted({spec.topic for spec in self.commands})
