"""What the bot says about proposals: the words, the number needed, the state, the result, the sum.

Rule: no percentages and no rounding; every number can be checked with a pencil. Lists come last in a message: in
Markdown a line after a list belongs to its last item.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.blocks import CLOCK, GIVEN_UP_AFTER, TALKS
from bot.domain.classes import ADVICE, PILLAR
from bot.domain.modes import Mode
from bot.domain.proposals import Proposal, State
from bot.domain.stances import Count, Stance
from bot.domain.thresholds import Against
from bot.domain.values import Code, Person, Verbatim, When
from bot.services import mode_texts
from bot.text import Text, shorten

_SHORT = 60

_LABELS = {
    Stance.AGREE: Text("Agree"),
    Stance.RESERVE: Text("Agree, with reservations"),
    Stance.ASIDE: Text("Stand aside"),
    Stance.DISAGREE: Text("Disagree"),
    Stance.ABSTAIN: Text("Abstain"),
    Stance.BLOCK: Text("Block (needs a reason, typed)"),
}


def labels(proposal: Proposal) -> list[tuple[Stance, Text]]:
    """Return the answers of the native poll; there are no blocks in the vote after a block."""
    return [each for each in _LABELS.items() if proposal.can_block or each[0] is not Stance.BLOCK]


def name(proposal: Proposal) -> str:
    """Return a proposal's id and words, short enough for a line."""
    return f"{proposal.id}: {shorten(proposal.text, _SHORT)}"


# -- opening and state -------------------------------------------------------------------------------


def opened(proposal: Proposal, author: Person, voices: int, zone: ZoneInfo, now: datetime) -> Text:
    """Say a new proposal, the number needed, and how to answer."""
    return Text.lines(
        [
            Text(
                "{id}, proposed by {author}:"
                if proposal.version == 1
                else "{id}, version {version}, proposed by {author}:",
                id=proposal.id,
                version=proposal.version,
                author=author,
            ),
            Text("{text}", text=Verbatim(proposal.text)),
            kind(proposal),
            reading(proposal),
            *log_terms(proposal),
            needed(proposal, voices),
            how_to_answer(proposal),
            Text("Closes {at}.", at=When(proposal.closes_at, zone, now)),
        ]
    )


def kind(proposal: Proposal) -> Text | None:
    """Say what comes of a proposal if it passes, where that is not plain."""
    if proposal.class_ is ADVICE:
        return Text("It is advice: it binds nobody, and each pod then adopts it or not.")
    if proposal.pillar is not None:
        return Text("It would replace the words of pillar {number}.", number=proposal.pillar)
    if proposal.class_ is PILLAR:
        return Text("It would be a pillar, which binds every pod.")
    if proposal.adopts is not None:
        return Text(
            "It is the advice {id} of the assembly; here your pod adopts it or not.", id=proposal.adopts
        )
    return None


def log_terms(proposal: Proposal) -> Iterable[Text]:
    """Say what it would replace, and how long it would be tried."""
    if proposal.supersedes:
        yield Text("It would replace decision {id}.", id=proposal.supersedes)
    if proposal.trial:
        yield Text(
            "It would be a trial of {days} days; then it lapses, unless it is renewed.",
            days=proposal.trial.days,
        )


def reading(proposal: Proposal) -> Text | None:
    """Say which reading it is, where it must pass more than one."""
    if proposal.class_.readings == 1:
        return None
    return Text(
        "It is reading {n} of {readings}: it must pass each with the same words.",
        n=proposal.reading,
        readings=proposal.class_.readings,
    )


def needed(proposal: Proposal, voices: int) -> Text:
    """Say the exact number that is needed, whatever the others say."""
    if proposal.mode is not Mode.PODS:
        return mode_texts.needed(proposal)
    if not voices and not proposal.of_pods:
        return Text("Nobody has a voice in it any more.")
    rule = proposal.rule
    least = rule.enough(voices)
    members = Text("{n} voice", plural="{n} voices", n=voices)
    if rule.against is Against.ALL and proposal.of_pods:
        return Text(
            "{pods}, {threshold} of all of them is needed: {n} that says yes is enough{blocks}. Silence is no yes.",
            plural="{pods}, {threshold} of all of them is needed: {n} that say yes are enough{blocks}. Silence is no yes.",
            n=least,
            pods=Text("{n} pod", plural="{n} pods", n=voices),
            threshold=rule.threshold.name,
            blocks=Text(", unless a pod blocks") if proposal.can_block else "",
        )
    if proposal.of_pods:
        return Text(
            "{pods}, {threshold} is needed: {n} that says yes is enough, whatever the others say{blocks}.",
            plural="{pods}, {threshold} is needed: {n} that say yes are enough, whatever the others say{blocks}.",
            n=least,
            pods=Text("{n} pod", plural="{n} pods", n=voices),
            threshold=rule.threshold.name,
            blocks=Text(", unless a pod blocks") if proposal.can_block else "",
        )
    if rule.threshold.is_consensus:
        return Text(
            "By consensus of {voices}. {n} who agrees is enough, whatever the others say, unless somebody blocks.",
            plural="By consensus of {voices}. {n} who agree are enough, whatever the others say, unless somebody"
            " blocks.",
            n=least,
            voices=members,
        )
    return Text(
        "{voices}, {threshold} is needed: {n} who agrees is enough, whatever the others say{blocks}.",
        plural="{voices}, {threshold} is needed: {n} who agree are enough, whatever the others say{blocks}.",
        n=least,
        voices=members,
        threshold=rule.threshold.name,
        blocks=Text(", unless somebody blocks") if proposal.can_block else "",
    )


def how_to_answer(proposal: Proposal) -> Text:
    """Say how a stance is taken, without the native poll too."""
    if proposal.of_pods:
        return Text("Each pod decides in its own room by its own rule, and I carry here what it says.")
    words = {stance.value: Code(f"{stance.value} WHY") for stance in Stance} | {
        stance.value: Code(stance.value) for stance in (Stance.AGREE, Stance.ABSTAIN)
    }
    return Text(
        "Tap your answer in the poll, or type {example}, or reply to this message with {agree}, {reserve}, {aside},"
        " {disagree} or {abstain}. Your last answer counts."
        if not proposal.can_block
        else "Tap your answer in the poll, or type {example}, or reply to this message with {agree}, {reserve}, {aside},"
        " {disagree}, {abstain} or {block}. Your last answer counts.",
        example=Code(f"agree {proposal.id}"),
        **words,
    )


def so_far(count: Count, *, is_open: bool = True) -> Text:
    """Say who said what, in one line of numbers, without what nobody said."""
    parts = [
        Text("{what} {number}", what=what, number=number)
        for what, number in (
            (Text("agree"), count.agree),
            (Text("with reservations"), count.reserve),
            (Text("aside"), count.aside),
            (Text("disagree"), count.disagree),
            (Text("abstain"), count.abstain),
            (Text("block"), count.block),
            (Text("silent"), count.silent - count.unknown),
            (Text("unknown"), count.unknown),
        )
        if number
    ]
    if not parts:
        return Text("Nobody has a voice in it any more.")
    return Text("So far: {parts}." if is_open else "Count: {parts}.", parts=Text.joined(parts))


def state(
    proposal: Proposal,
    author: Person,
    count: Count,
    blockers: Sequence[Person],
    talks: int,
    zone: ZoneInfo,
    now: datetime,
    said: Iterable[Text] = (),
) -> Text:
    """Say how a proposal stands, or what came of it."""
    return Text.lines(
        [
            Text(
                "{id}, proposed by {author}, {state}:",
                id=proposal.id,
                author=author,
                state=state_of(proposal),
            ),
            Text("{text}", text=Verbatim(proposal.text)),
            kind(proposal),
            reading(proposal) if proposal.is_open else None,
            *(log_terms(proposal) if proposal.is_open else ()),
            so_far(count, is_open=proposal.is_open) if proposal.state is not State.WITHDRAWN else None,
            unread(count, is_open=proposal.is_open),
            needed(proposal, count.voices) if proposal.is_open else None,
            blocked(proposal, blockers, talks, zone, now)
            if blockers and not proposal.state.is_over
            else None,
            how_to_answer(proposal) if proposal.is_open else None,
            Text("Closes {at}.", at=When(proposal.closes_at, zone, now)) if proposal.is_open else None,
            Text.listed(said),
        ]
    )


def state_of(proposal: Proposal) -> Text:
    """Return the state of a proposal in a word or two."""
    if proposal.is_open:
        return Text("the vote after a block") if proposal.fallback else Text("open")
    if proposal.parent is not None and proposal.state in (State.ADOPTED, State.REFUSED):
        return Text("decided") if proposal.state is State.ADOPTED else Text("without agreement")
    return Text(
        {
            State.BLOCKED: "blocked",
            State.ADOPTED: "adopted",
            State.REFUSED: "not adopted",
            State.LAPSED: "lapsed",
            State.UNCLEAR: "without a result",
        }.get(proposal.state, "withdrawn")
    )


def blocked(
    proposal: Proposal, blockers: Sequence[Person], talks: int, zone: ZoneInfo, now: datetime
) -> Text:
    """Say whose block stands and how it ends."""
    who = Text.enumerated(Text("{who}", who=person) for person in blockers)
    if proposal.parent is not None:
        return Text("Blocked by {who}. While that stands, your pod does not say yes.", who=who)
    if proposal.blocked_at is None:
        return Text(
            "Blocked by {who}. If that stands at the end, you talk before anything else happens.", who=who
        )
    return Text(
        "The block of {who} stands. Meet and talk until {at}; log each talk with {met} ({talks} of {needed} so far). "
        "It ends when {who} types {agree} or {aside}, with a new version ({amend}), or by a vote of 3/4 after that. "
        "Who finds it groundless types {challenge}."
        if not proposal.of_pods
        else "The block of {who} stands. Meet and talk until {at}; log each talk with {met} ({talks} of {needed} so far). "
        "It ends when {who} says something else ({renew} in its own room), or with a new version ({amend}). A block of a "
        "pillar is never outvoted: if it stands to the end, the pillar is not adopted."
        if proposal.class_.fallback is None
        else "The block of {who} stands. Meet and talk until {at}; log each talk with {met} ({talks} of {needed} so far). "
        "It ends when {who} says something else ({renew} in its own room), or by a vote of 80% of the pods after that.",
        renew=Code("!renew"),
        amend=Code(f"!amend {proposal.id} TEXT"),
        who=who,
        at=When(proposal.blocked_at + (CLOCK if proposal.class_.fallback else GIVEN_UP_AFTER), zone, now),
        met=Code(f"!met {proposal.id} NOTE"),
        talks=talks,
        needed=TALKS,
        agree=Code(f"agree {proposal.id}"),
        aside=Code(f"aside {proposal.id}"),
        challenge=Code(f"!challenge {proposal.id}"),
    )


def unread(count: Count, *, is_open: bool = False) -> Text | None:
    """Say how many voices' last words could not be read."""
    if not count.unknown:
        return None
    return Text(
        "What {n} voice sent last could not be read; {may}.",
        plural="What {n} voices sent last could not be read; {may}.",
        n=count.unknown,
        may=Text("it may be a stance") if is_open else Text("it was counted as unknown"),
    )
