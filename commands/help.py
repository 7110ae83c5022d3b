"""`!help`: what can be typed, made from the commands themselves."""

from difflib import get_close_matches

from bot.commanding import Context, Line, Reply, command
from bot.commanding.spec import ANYWHERE, Spec
from bot.domain.errors import NotFound
from bot.domain.pods import Role, RoomKind
from bot.domain.values import Code
from bot.text import Text, _

_FIRST = {
    RoomKind.NONE: ("pod create", "assembly create"),
    RoomKind.POD: ("next", "spokes", "summary", "poll", "propose", "pod"),
    RoomKind.ASSEMBLY: ("next", "assembly", "summary", "poll", "propose"),
}


@command(
    "help",
    summary=_("Show what I can do, or `!help TOPIC` for one topic."),
    who=Role.ANYONE,
    where=ANYWHERE,
    example=("!help poll", "!poll"),
)
async def help_(ctx: Context, topic: Line = "") -> Reply:
    """List the topics, or every command of one topic with an example."""
    words = topic.lower().removeprefix(ctx.settings.prefix).split()
    return _one(ctx, words[0]) if words else _all(ctx)


def _all(ctx: Context) -> Text:
    here = [spec for spec in ctx.registry.commands if ctx.room.kind in spec.where]
    first = [spec for name in _FIRST[ctx.room.kind] for spec in here if spec.name == name]
    topics = sorted({spec.topic for spec in here if not spec.bare})
    words = sorted({spec.topic for spec in here} - {*topics})
    return Text.lines(
        [
            Text("Most used here:"),
            Text.listed(
                Text("{typed}: {what}", typed=Code(f"!{spec.name}"), what=spec.summary) for spec in first
            ),
            Text("Topics: {topics}.", topics=", ".join(topics)),
            Text(
                "{help} shows one of them, for example {example}.",
                help=Code("!help TOPIC"),
                example=Code(f"!help {topics[0]}"),
            ),
            Text(
                "Words to answer with, which need no {mark}: {words}.", mark=Code("!"), words=", ".join(words)
            )
            if words
            else None,
        ]
    )


def _one(ctx: Context, topic: str) -> Text:
    specs = ctx.registry.topic(topic)
    if not specs:
        near = get_close_matches(topic, ctx.registry.topics, 1, 0.6)
        raise NotFound(
            "There is no topic {topic}. For example: {example}",
            topic=topic,
            example=Code(f"!help {near[0] if near else 'poll'}"),
        )
    return Text.lines(
        [Text("{topic}:", topic=topic.capitalize()), Text.listed(_line(ctx, spec) for spec in specs)]
    )


def _line(ctx: Context, spec: Spec) -> Text:
    return Text("{typed}: {what}", typed=Code(spec.example), what=spec.summary)
