"""`!poll types`: every way to ask a question, each as a line to be typed."""

from bot.commanding import Context, Prose, Reply, command
from bot.domain.pods import Role
from bot.domain.values import Code
from bot.text import Text, _
from commands.poll import ask_about

_PLACES = "Where? | Park | Library | Hall"
_WAYS = (
    (f"!poll {_PLACES}", Text("one answer; with {multi} two", multi=Code("multi=2"))),
    ("!poll Do we march? | type=yesno", Text("yes or no")),
    (f"!poll {_PLACES} | type=approval", Text("all that are good enough")),
    (f"!poll {_PLACES} | type=score", Text("1 to 5 points for each")),
    (f"!poll {_PLACES} | type=rank", Text("in order, the best first")),
    ("!poll The plan? | type=temperature", Text("how you feel about it; this decides nothing")),
    ("!poll When? | Fri 18:00 | Sat 11:00 | type=meeting", Text("all times at which you can")),
)


@command(
    "poll types",
    summary=_("Show every way to ask: yes or no, approval, scores, an order, a feeling, times, every pod."),
    who=Role.ANYONE,
    example=("!poll types", "type=rank"),
    aliases=("poll type", "poll kinds", "poll kind"),
)
async def types(ctx: Context, text: Prose = "") -> Reply:
    """List the types of polls with an example of each. How each is counted: docs/counting.md."""
    if text.strip():
        return await ask_about(ctx, "types?|kinds?", text)
    return Text.lines(
        [
            Text(
                "Every poll can also have {closes} and {hide}.",
                closes=Code("closes=Fri 18:00"),
                hide=Code("hide"),
            ),
            Text("In an assembly, {to} asks every pod in its own room.", to=Code("to=pods")),
            Text("Ways to ask:"),
            Text.listed(Text("{line}: {means}", line=Code(line), means=means) for line, means in _WAYS),
        ]
    )
