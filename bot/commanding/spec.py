"""What commands are: their words, who may use them where, and the values they ask for.

Rule: help, documentation, checks and tests are all made from the same declaration, so they cannot differ.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from bot.commanding.context import Context, Reply
from bot.commanding.parse import Cursor, label_of, parameters_of, shape_of
from bot.domain.errors import BotError
from bot.domain.pods import Role, RoomKind
from bot.ports import Event
from bot.text import Text

if TYPE_CHECKING:
    from bot.commanding.registry import Registry

Handler = Callable[..., Awaitable[Reply]]
Converter = Callable[[Context, Cursor], Awaitable[Any]]
Undo = Callable[[Context, dict[str, Any]], Awaitable[Reply]]
Needs = Callable[[Context], Awaitable[list[Text]]]
ByObject = Callable[..., Awaitable[Reply]]
Hears = Callable[[Context, Any], Awaitable[Reply]]
Owns = Callable[[Context, str], Awaitable[bool]]

MARK = "_spokesbot_declares"
WITH_ID = ("id", "words")
"""What the first parameter of a command is called where an id begins it: `id`, or `words` for an id and what is said of it."""
_T = TypeVar("_T")


class Unaddressed(BotError):
    """The message was talk, not a command: undo what was done and say nothing."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a handler asks for.

    Args:
        name: In Python.
        label: In chat.
        kind: Its type.
        shape: `word`, `line` or `prose`, for text.
        is_option: Given as `label=value`, or as `label` alone for a flag.
        is_list: Takes all the parts that are left.
    """

    name: str
    label: str
    kind: Any
    shape: str
    required: bool
    default: Any
    is_option: bool
    is_list: bool


@dataclass(frozen=True, slots=True)
class Spec:
    """One command.

    Args:
        words: Its words, such as `("poll", "close")`.
        summary: One line for `!help`.
        who: What its sender must be.
        where: The kinds of room it works in.
        example: One valid line, as typed, with `!`.
        answer: A piece of what the bot answers to the example.
        bare: May be typed without prefix, when it is whole words.
        always: Done even over the limit of commands, then without an answer.
        aliases: Other words for the same.
        quotes: Typed as a reply, it needs the text of the message replied to.
        notes: Its docstring, for the documentation.
    """

    words: tuple[str, ...]
    summary: Text
    who: Role
    where: tuple[RoomKind, ...]
    example: str
    answer: str
    bare: bool
    always: bool
    aliases: tuple[tuple[str, ...], ...]
    handler: Handler
    parameters: tuple[Parameter, ...]
    quotes: bool
    notes: str

    @property
    def topic(self) -> str:
        """Its first word."""
        return self.words[0]

    @property
    def name(self) -> str:
        """Its words as they are typed, without prefix."""
        return " ".join(self.words)

    @property
    def takes_id(self) -> bool:
        """Whether what follows it begins with an id, if there is one."""
        return bool(self.parameters) and self.parameters[0].label in WITH_ID

    @property
    def has_prose(self) -> bool:
        """Whether it takes text with lines and bars in it."""
        return any(parameter.shape == "prose" for parameter in self.parameters)


ANYWHERE = (RoomKind.POD, RoomKind.ASSEMBLY, RoomKind.NONE)
SET_UP = (RoomKind.POD, RoomKind.ASSEMBLY)


def command(
    name: str,
    *,
    summary: Text,
    example: tuple[str, str],
    who: Role = Role.MEMBER,
    where: RoomKind | tuple[RoomKind, ...] = SET_UP,
    bare: bool = False,
    always: bool = False,
    aliases: tuple[str, ...] = (),
    quotes: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare a command.

    Args:
        name: Its words: a topic, or a topic and a verb. If an id may follow them, the handler's first parameter is
            called as in `WITH_ID`, so that the id may be typed as phones write it; no other first parameter is called so.
        summary: One line for `!help`.
        example: One valid line as typed, and a piece of the bot's answer to it; it runs as a test.
        who: What its sender must be in the room.
        where: The kind or kinds of room it works in.
        bare: It may be typed without prefix. The handler raises `Unaddressed` where it was just talk.
        always: It is cheap and must not be lost, so it is done even over the limit of commands, then without an answer.
        aliases: Other names for the same.
        quotes: Typed as a reply, it needs the text of the message replied to (`Said.replied_body`).
    """

    def declare(handler: Handler) -> Handler:
        spec = Spec(
            words=tuple(name.split()),
            summary=summary,
            who=who,
            where=where if isinstance(where, tuple) else (where,),
            example=example[0],
            answer=example[1],
            bare=bare,
            always=always,
            aliases=tuple(tuple(alias.split()) for alias in aliases),
            handler=handler,
            parameters=tuple(_parameter(item) for item in parameters_of(handler)),
            quotes=quotes,
            notes=inspect.getdoc(handler) or "",
        )
        return _mark(handler, lambda registry: registry.take_in(spec))

    return declare


def converter(kind: Any) -> Callable[[Converter], Converter]:
    """Declare how a value of a type is read from a command's text."""
    return lambda read: _mark(read, lambda registry: registry.converters.__setitem__(kind, read))


def approves(letter: str) -> Callable[[ByObject], ByObject]:
    """Declare what `ok` does to objects of a letter: `async def f(ctx, object_id) -> Reply`."""
    return lambda act: _mark(act, lambda registry: registry.approvers.__setitem__(letter, act))


def explains(letter: str, *, owns: Owns | None = None) -> Callable[[ByObject], ByObject]:
    """Declare what `!why` says of objects of a letter: `async def f(ctx, object_id) -> Reply`.

    Where two kinds of objects share a letter, `owns` tells which ids are of this kind.
    """
    return lambda act: _mark(
        act, lambda registry: registry.explainers.setdefault(letter, OfLetter()).add(act, owns)
    )


def replied(letter: str, *, always: bool = False, owns: Owns | None = None) -> Callable[[ByObject], ByObject]:
    """Declare what a plain reply to our message about an object does: `async def f(ctx, object_id, text)`.

    It raises `Unaddressed` where the reply was just talk. For `always`, see `command`; for `owns`, `explains`.
    """

    def register(registry: Registry, act: ByObject) -> None:
        registry.repliers.setdefault(letter, OfLetter()).add(act, owns)
        if always:
            registry.always.add(letter)

    return lambda act: _mark(act, lambda registry: register(registry, act))


def undoes(kind: str) -> Callable[[Undo], Undo]:
    """Declare how `!undo` takes back a step that was recorded under a kind."""
    return lambda act: _mark(act, lambda registry: registry.undoers.__setitem__(kind, act))


def needs(act: Needs) -> Needs:
    """Declare what `!next` lists: the things that wait for the sender in this room."""
    return _mark(act, lambda registry: registry.needs.append(act))


def hears(kind: type[Event]) -> Callable[[Hears], Hears]:
    """Declare what happens at an event that is no command; of messages, those that edit another one.

    It answers only if something must be said.
    """
    return lambda act: _mark(act, lambda registry: registry.listeners.setdefault(kind, []).append(act))


@dataclass
class OfLetter:
    """What is done with the objects of a letter; polls and proposals share one."""

    usual: ByObject | None = None
    special: list[tuple[Owns, ByObject]] = field(default_factory=list)

    def add(self, act: ByObject, owns: Owns | None) -> None:
        """Take in what is done with one kind of them."""
        if owns is None:
            self.usual = act
        else:
            self.special.append((owns, act))

    async def __call__(self, ctx: Context, object_id: Any, *more: str) -> Reply:
        """Do what is declared for the kind that an id is of."""
        for owns, act in self.special:
            if await owns(ctx, object_id):
                return await act(ctx, object_id, *more)
        if self.usual is None:
            raise Unaddressed
        return await self.usual(ctx, object_id, *more)


def _mark(thing: _T, register: Callable[[Registry], Any]) -> _T:
    thing.__dict__.setdefault(MARK, []).append(register)
    return thing


def _parameter(item: inspect.Parameter) -> Parameter:
    kind, shape = shape_of(item.annotation)
    return Parameter(
        name=item.name,
        label=label_of(item.name),
        kind=kind,
        shape=shape,
        required=item.default is inspect.Parameter.empty,
        default=None if item.default is inspect.Parameter.empty else item.default,
        is_option=item.kind is inspect.Parameter.KEYWORD_ONLY,
        is_list=item.kind is inspect.Parameter.VAR_POSITIONAL,
    )
