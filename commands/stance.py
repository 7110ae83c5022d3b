"""What somebody says of a proposal: `agree`, `reserve`, `aside`, `disagree`, `abstain`, `block`, by word, reply or tap."""

import re

from bot.commanding import Answer, Context, Line, Prose, Reply, Unaddressed, command, hears, replied, undoes
from bot.domain.errors import UsageError
from bot.domain.ids import POLL, by_number, normal_id
from bot.domain.polls import tidy
from bot.domain.proposals import Proposal
from bot.domain.stances import Stance
from bot.domain.values import Code
from bot.ports import PollAnswered, Redacted, Said
from bot.services import pair_voices, proposals, stances, stances_tapped
from bot.text import Text, _
from commands.propose import is_proposal

_REPLY = re.compile(
    r"(?:i\s+)?(agree|reserve|(?:stand\s+)?aside|disagree|abstain|block|withdraw)\b[\s:;,.!\u2013\u2014-]*(.*)",
    re.IGNORECASE | re.DOTALL,
)
_YES = frozenset(
    [
        "yes",
        "yeah",
        "yep",
        "yup",
        "y",
        "ja",
        "oui",
        "si",
        "sí",
        "sure",
        "ok",
        "okay",
        "+1",
        "👍",
        "👌",
        "✅",
        "✔",
    ]
)
_NO = frozenset(["no", "nope", "nah", "n", "nein", "non", "-1", "👎", "❌"])
_APART = str.maketrans(
    {sign: f" {sign} " for sign in "👍👌✅✔👎❌"}
    | dict.fromkeys("\ufe0f🏻🏼🏽🏾🏿.,!", " ")  # colours of skin
)
_SHORT = 60
"""Letters of the longest reply that is taken for a mere yes or no."""
_GROUND = re.compile(r"\s*ground\s*=(.*)", re.IGNORECASE)


@command(
    "agree",
    summary=_("Agree with a proposal."),
    bare=True,
    always=True,
    example=("agree P2", "agrees. Counted in P2"),
)
async def agree(ctx: Context, words: Prose = "", *, pod: Line = "") -> Reply:
    """Agree, with an id or as a reply to the proposal. The last thing you say of it counts.

    In an assembly a spoke says it for their pod: it is taken if it is what the pod decided, or if the pod left its pair room
    (`!remit`). Whoever is a spoke of two pods adds `pod=NAME`.
    """
    return await _say(ctx, Stance.AGREE, words, pod=pod)


@command(
    "reserve",
    summary=_("Agree with a proposal with reservations, and say which."),
    bare=True,
    always=True,
    example=("reserve P2 It is late in the year.", "agrees with reservations. Counted in P2"),
)
async def reserve(ctx: Context, words: Prose = "", *, pod: Line = "") -> Reply:
    """Agree although something troubles you. It counts as a yes, and what you say stands in the result."""
    return await _say(ctx, Stance.RESERVE, words, pod=pod)


@command(
    "aside",
    summary=_("Stand aside: let a proposal happen without you."),
    bare=True,
    always=True,
    example=("aside P2 I am away then.", "stands aside. Counted in P2"),
    aliases=("stand aside",),
)
async def aside(ctx: Context, words: Prose = "", *, pod: Line = "") -> Reply:
    """Stand aside. Consensus bears at most a third who stand aside or disagree."""
    return await _say(ctx, Stance.ASIDE, words, pod=pod)


@command(
    "disagree",
    summary=_("Disagree with a proposal without stopping it."),
    bare=True,
    always=True,
    example=("disagree P2 Too dear.", "disagrees. Counted in P2"),
)
async def disagree(ctx: Context, words: Prose = "", *, pod: Line = "") -> Reply:
    """Say no. It is counted; it stops a proposal only together with others."""
    return await _say(ctx, Stance.DISAGREE, words, pod=pod)


@command(
    "abstain",
    summary=_("Be present in a proposal without saying yes or no."),
    bare=True,
    always=True,
    example=("abstain P2", "abstains. Counted in P2"),
)
async def abstain(ctx: Context, words: Prose = "", *, pod: Line = "") -> Reply:
    """Be counted as present and say neither yes nor no."""
    return await _say(ctx, Stance.ABSTAIN, words, pod=pod)


@command(
    "block",
    summary=_("Stop a proposal, with a reason and what it stands on."),
    bare=True,
    always=True,
    example=("block P2 The tent would be a danger in a storm. | ground=harm", "blocks. Counted in P2"),
)
async def block(ctx: Context, words: Prose = "", *, ground: Line = "", pod: Line = "") -> Reply:
    """Stop a proposal that would otherwise pass. It needs a reason of at least 20 characters and a ground.

    The ground is `ground=harm`, or `ground=pillar:NAME` for the shared text that it would break. Without reason and ground
    it counts as standing aside. A block that stands at the end leads to talks and, if it still stands after 14 days and
    two talks, to a vote of 3/4.
    """
    return await _say(ctx, Stance.BLOCK, words, ground, pod)


@command(
    "withdraw",
    summary=_("Take back what you said of a proposal."),
    bare=True,
    always=True,
    example=("withdraw P2", "your stance on P2 is withdrawn"),
)
async def withdraw(ctx: Context, words: Prose = "", *, pod: Line = "") -> Reply:
    """Have no stance any more: you count as silent. Deleting your message does the same."""
    return await _say(ctx, None, words, pod=pod)


async def _say(ctx: Context, stance: Stance | None, words: str, ground: str = "", pod: str = "") -> Reply:
    found, reason = await _meant(ctx, stance.value if stance else "withdraw", words)
    return await _take(ctx, found, stance, reason, ground, pod)


async def _meant(ctx: Context, verb: str, words: str) -> tuple[Proposal, str]:
    """Return which proposal is meant, and the words without its id.

    Raises:
        Unaddressed: It was talk.
        NotFound: There is no such proposal here, or none is open.
        Ambiguous: It could be several.
    """
    first, _space, rest = words.strip().partition(" ")
    named = normal_id(first)
    if named is not None and named.startswith(POLL):
        return await proposals.find_own(ctx.tx, ctx.room, named), rest.strip()
    if ctx.about is not None and await is_proposal(ctx, ctx.about):
        return await proposals.find(ctx.tx, ctx.room, ctx.about), words
    if named is not None:
        raise UsageError(
            "{id} is no proposal; {proposals} lists those. For example: {example}",
            id=named,
            proposals=Code("!proposals"),
            example=Code(f"{verb} {POLL}3"),
        )
    if ctx.bare:
        raise Unaddressed
    if (meant := by_number(words, POLL)) is not None:  # else the only open one would take it as a reason
        return await proposals.find_own(ctx.tx, ctx.room, meant), ""
    return await proposals.only_open(ctx.tx, ctx.room, verb, words), words


async def _take(
    ctx: Context, found: Proposal, stance: Stance | None, reason: str, ground: str, pod: str = ""
) -> Reply:
    if found.of_pods:
        told = await pair_voices.take(ctx.tx, ctx.now, found, ctx.sender, ctx.event, stance, pod)
        return Answer(told, found.id)
    if pod:
        raise UsageError(
            "In your pod's own room you speak for yourself. For example: {example}",
            example=Code(f"{stance.value if stance else 'withdraw'} {found.id}"),
        )
    text = await stances.take(ctx.tx, ctx.now, found, ctx.sender, ctx.event, stance, reason, ground)
    return Answer(text, found.id) if text is not None else None


@replied(POLL, always=True, owns=is_proposal)
async def reply(ctx: Context, object_id: str, text: str) -> Reply:
    """Take a plain reply to one of our messages about a proposal as a stance, if it begins with one."""
    found = await proposals.find(ctx.tx, ctx.room, object_id)
    match = _REPLY.fullmatch(text.strip())
    if match is None:
        in_talk = ctx.said.thread is not None  # a yes there may be meant for somebody else
        if found.is_open and not in_talk and (vague := _vague(text)):
            raise UsageError(
                "A {vague} alone is not counted here: say agree, reserve, aside, disagree, abstain or block. "
                "For example: {example}",
                vague=vague,
                example=Code(f"{'disagree' if vague == 'no' else 'agree'} {found.id}"),
            )
        raise Unaddressed
    verb = match[1].lower().split()[-1]
    reason, ground = _without_ground(match[2])
    stance = None if verb == "withdraw" else Stance(verb)
    return await _take(ctx, found, stance, reason, ground)


def _vague(text: str) -> str | None:
    """Return `yes` or `no` for a reply of nothing else, in whatever words, that is none of the words of a proposal."""
    words = set(tidy(text).casefold().translate(_APART).split()) if len(text) <= _SHORT else set()
    if not words or not words <= _YES | _NO:
        return None
    return "no" if words & _NO else "yes"


def _without_ground(words: str) -> tuple[str, str]:
    """Return a reason, and the ground that its last part names, if it does."""
    words = words.rstrip()
    bar = max(words.rfind("|"), words.rfind("\n"))
    ground = _GROUND.fullmatch(words[bar + 1 :]) if bar >= 0 else None
    return (words[:bar].rstrip(), ground[1].strip()) if ground else (words, "")


@hears(PollAnswered)
async def tapped(ctx: Context, event: PollAnswered) -> Reply:
    """Take a stance that was tapped in somebody's app."""
    told = await stances_tapped.tapped(ctx.tx, ctx.now, ctx.room, ctx.sender, event, ctx.about)
    return Answer(*told) if told else None


@hears(Redacted)
async def deleted(ctx: Context, event: Redacted) -> Reply:
    """Withdraw the stance that was in a deleted message."""
    await stances_tapped.deleted(ctx.tx, ctx.now, ctx.room, event, event.redacts)
    return None


@hears(Said)
async def edited(ctx: Context, event: Said) -> Reply:
    """Say that editing a message does not change the stance that was in it; an app can edit anybody's."""
    found = (
        await stances.stated_in(ctx.tx, ctx.room, event.replaces, event.sender) if event.replaces else None
    )
    if found is None:
        return None
    return Text(
        "{who}, editing a message does not change your stance on {id}. Say it anew, for example {agree}.",
        who=ctx.sender,
        id=found.id,
        agree=Code(f"agree {found.id}"),
    )


@undoes("proposal.stance")
async def undo_stance(ctx: Context, payload: dict[str, str]) -> Reply:
    """Withdraw the sender's stance; no earlier one comes back."""
    found = await proposals.find(ctx.tx, ctx.room, payload["id"])
    if found.of_pods:
        return await pair_voices.take(ctx.tx, ctx.now, found, ctx.sender, ctx.event, None, payload["pod"])
    return await stances.take_back(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event, payload["id"])
