"""`!pod`: a small group with a room of its own."""

import re

from bot.commanding import Answer, Context, Cursor, Line, Reply, Word, command, converter, undoes
from bot.domain.errors import NotFound, UsageError
from bot.domain.pods import Member, Role, RoomKind
from bot.domain.values import Code
from bot.services import entering, groups, requests
from bot.text import _


@command(
    "pod",
    summary=_("Show this pod: its members, spokes and settings."),
    who=Role.ANYONE,
    where=RoomKind.POD,
    example=("!pod", "Willow: 3 members"),
)
async def show(ctx: Context) -> Reply:
    """Show members, pair, assembly and settings of this pod."""
    return await groups.describe_pod(ctx.tx, ctx.room, ctx.settings)


@command(
    "pod create",
    summary=_("Make this room a pod."),
    where=(RoomKind.NONE, RoomKind.POD, RoomKind.ASSEMBLY),
    example=("!pod create Willow", "This room is now the pod Willow"),
)
async def create(ctx: Context, name: Line) -> Reply:
    """Make this room the home of a small group."""
    return await groups.create_pod(ctx.tx, ctx.now, ctx.room, name)


@command(
    "pod rename",
    summary=_("Give this pod another name, before it enters an assembly."),
    where=RoomKind.POD,
    example=("!pod rename Willow Two", "This pod is now called Willow Two"),
)
async def rename(ctx: Context, name: Line) -> Reply:
    """Give the pod another name; in an assembly the name is known and stays."""
    return await groups.rename(ctx.tx, ctx.room, name)


@command(
    "pod join",
    summary=_("Ask to enter the assembly that gave you a code."),
    where=RoomKind.POD,
    example=("!pod join K7F-2QX", "Willow has asked to enter the assembly River"),
)
async def join(ctx: Context, code: Line) -> Reply:
    """Ask an assembly to let this pod in; two spokes there type `ok`."""
    return await entering.ask_to_enter(ctx.tx, ctx.now, ctx.room, ctx.sender, code)


@command(
    "pod leave",
    summary=_("Propose to leave the assembly; a second member confirms."),
    where=RoomKind.POD,
    example=("!pod leave", "proposes that Willow leaves the assembly"),
)
async def leave(ctx: Context) -> Reply:
    """Leave the assembly, with the pod's records as an encrypted file."""
    return Answer(*await requests.ask_leave(ctx.tx, ctx.now, ctx.room, ctx.sender))


@command(
    "pod roster",
    summary=_("List members, observers and spokes."),
    who=Role.ANYONE,
    example=("!pod roster", "Willow: 3 members"),
)
async def roster(ctx: Context) -> Reply:
    """List the people of this room: members, observers, spokes."""
    return await groups.roster(ctx.tx, ctx.room)


@command(
    "pod observer",
    summary=_("Mark somebody as present without a voice; a second member confirms."),
    example=("!pod observer @cy:test", "proposes that Cy is an observer"),
)
async def observer(ctx: Context, who: Member) -> Reply:
    """Propose that somebody is present without a voice; for oneself it needs nobody's ok."""
    return Answer(*await requests.ask_observer(ctx.tx, ctx.now, ctx.room, ctx.sender, who, observer=True))


@command(
    "pod voice",
    summary=_("Give an observer a voice again; a second member confirms."),
    example=("!pod voice @di:test", "proposes that Di has a voice"),
)
async def voice(ctx: Context, who: Member) -> Reply:
    """Propose that an observer has a voice again."""
    return Answer(*await requests.ask_observer(ctx.tx, ctx.now, ctx.room, ctx.sender, who, observer=False))


@command(
    "pod set",
    summary=_("Propose another value for a setting; a second member confirms."),
    where=RoomKind.POD,
    example=("!pod set timezone Europe/London", "It takes effect when another member types"),
)
async def set_(ctx: Context, key: Word, value: Line) -> Reply:
    """Change a rule of this pod: the time zone, the term, quiet hours, the hour of a daily digest and so on."""
    return Answer(
        *await requests.ask_setting(
            ctx.tx, ctx.now, ctx.room, ctx.sender, (key.rstrip(":="), value.lstrip(":= "))
        )
    )


@undoes("request")
async def undo_request(ctx: Context, payload: dict[str, str]) -> Reply:
    """Withdraw a request that nobody decided yet."""
    return await requests.withdraw(ctx.tx, ctx.now, payload["id"])


@converter(Member)
async def read_member(ctx: Context, cursor: Cursor) -> Member:
    """Read a member of this room: a mention, a Matrix id, `@name` or a display name.

    Raises:
        UsageError: Nobody is named.
        NotFound: Nobody here is called that.
    """
    people = await groups.people(ctx.tx, ctx.room)
    text = re.sub(r"^\[?(?:https://matrix\.to/#/)?", "", cursor.text.strip())
    if not text:
        found = ctx.registry.find(ctx.said.body.strip().removeprefix(ctx.settings.prefix).split())
        name = found[0].name if found else "pod observer"
        raise UsageError("Who? For example: {example}", example=Code(f"!{name} {ctx.sender.user_id}"))
    names = [
        (name, member)
        for member in people
        for name in (member.user_id, member.person.name, "@" + member.user_id[1:].partition(":")[0])
    ]
    names += [(f"@{member.person.name}", member) for member in people]
    for name, member in sorted(names, key=lambda pair: -len(pair[0])):
        if re.match(rf"{re.escape(name)}(?!\w)", text, re.IGNORECASE):
            cursor.text = text[len(name) :].lstrip(":, ")
            return member
    raise NotFound(
        "Nobody here is called {name}. {roster} lists who is here.",
        name=cursor.line(),
        roster=Code("!pod roster"),
    )
