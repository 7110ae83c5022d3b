"""The sum of a proposal in words, so that anyone can redo it with a pencil.

Rule: every number that decides is there, and where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from bot.domain.mandates import carried
from bot.domain.modes import Mode
from bot.domain.proposals import ERASED_AFTER, Proposal, State, at_end, decide_all
from bot.domain.stances import Count
from bot.domain.thresholds import Against, Rule
from bot.domain.values import Code, When
from bot.services import mode_texts
from bot.services.mandate_texts import would_say
from bot.services.proposal_results import because
from bot.services.proposal_texts import so_far, state_of, unread
from bot.text import Text, shorten


def why(proposal: Proposal, count: Count, guests: int, zone: ZoneInfo) -> Text:
    """Say how the sum comes about, so that anyone can redo it with a pencil."""
    return Text.lines(
        [
            Text(
                "{id}, {state}: {text}",
                id=proposal.id,
                state=state_of(proposal),
                text=shorten(proposal.text, 60),
            ),
            Text(
                "{voices} pods have a voice, those of the opening that have not left. What each decided by its own rule"
                " before {at} counts.",
                voices=count.voices,
                at=When(proposal.end, zone),
            )
            if proposal.of_pods
            else Text(
                "{voices} voices, those who were here with a voice at the opening and have not left. The last stance of"
                " each that was sent before {at} counts, by the server's time.",
                voices=count.voices,
                at=When(proposal.end, zone),
            ),
            so_far(count, is_open=proposal.is_open),
            Text(
                "{n} who came later spoke too, and is not counted.",
                plural="{n} who came later spoke too, and are not counted.",
                n=guests,
            )
            if guests
            else None,
            unread(count, is_open=proposal.is_open),
            Text(
                "Who said what was erased {days} days after the result; the sum stays.",
                days=ERASED_AFTER.days,
            )
            if proposal.erased
            else None,
            *(_by_mode(proposal, count) if proposal.mode is not Mode.PODS else _by_rule(proposal, count)),
            _least(proposal, count) if proposal.is_open and proposal.mode is Mode.PODS else None,
            rehearsal(proposal, count, zone) if proposal.is_open else None,
        ]
    )


def _by_rule(proposal: Proposal, count: Count) -> Iterable[Text]:
    rule = proposal.rule
    yield _quorum(rule, count)
    yield from _by_consensus(proposal, count) if rule.threshold.is_consensus else _by_share(proposal, count)


def _by_mode(proposal: Proposal, count: Count) -> Iterable[Text]:
    """Say every sum of an assembly that counts something else than pods."""
    if (how := mode_texts.how(proposal.mode)) is not None:
        yield how
    found = proposal.sums(count)
    yield from mode_texts.quorums(found)
    yield from mode_texts.lines(found)
    if proposal.can_block:
        yield Text("Standing blocks: {have}. With one, it is not adopted.", have=count.block)


def _quorum(rule: Rule, count: Count) -> Text:
    if count.dormant:
        return Text(
            "Present are all who said something: {present}. {dormant} of {voices} are dormant: not heard in the last two"
            " assemblies. The quorum is {quorum}: {share} of the {active} active ones, rounded up, and never less than half of"
            " all where it is more than a half.",
            present=count.present,
            dormant=count.dormant,
            active=count.voices - count.dormant,
            quorum=rule.quorum_of(count),
            share=rule.quorum,
            voices=count.voices,
        )
    return Text(
        "Present are all who said something: {present}. The quorum is {quorum}: {share} of {voices}, rounded up.",
        present=count.present,
        quorum=rule.quorum_of(count),
        share=rule.quorum,
        voices=count.voices,
    )


def _by_consensus(proposal: Proposal, count: Count) -> Iterable[Text]:
    rule = proposal.rule
    yes, against = rule.consensus_needs(count)
    yield Text(
        "Agreeing, with reservations or without: {have}. At least half of {larger} is needed, {of}: {least}.",
        of=Text("every voice") if rule.against is Against.ALL else Text("the larger of present and quorum"),
        have=count.yes,
        larger=rule.consensus_base(count),
        least=yes,
    )
    yield Text(
        "Aside, disagreeing, blocking, or missing up to the quorum: {have}. At most a third of {larger} is borne: {most}.",
        have=rule.consensus_against(count),
        larger=rule.consensus_base(count),
        most=against,
    )
    yield Text("Standing blocks: {have}. With one, it is not adopted.", have=count.block)


def _by_share(proposal: Proposal, count: Count) -> Iterable[Text]:
    rule = proposal.rule
    base = rule.base(count)
    yield _counted_against(rule, count, base)
    yield Text(
        "{threshold} of {base}, in whole voices, is {least}. Yes: {yes}.",
        threshold=rule.threshold.name,
        base=base,
        least=rule.threshold.least(base),
        yes=count.yes,
    )
    if proposal.can_block:
        yield Text("Standing blocks: {have}. With one, it is not adopted.", have=count.block)


def _counted_against(rule: Rule, count: Count, base: int) -> Text:
    match rule.against:
        case Against.ALL:
            return Text("Every voice is counted, so silence is a no: {base}.", base=base)
        case Against.PRESENT:
            return Text(
                "Present are {present}, and the quorum is {quorum}. The larger counts: {base}.",
                present=count.present,
                quorum=rule.quorum_of(count),
                base=base,
            )
        case Against.VOICED:
            return Text(
                "Yes or no was said by {voiced}. The quorum less those who abstain or stand aside is {rest}. The larger"
                " counts: {base}.",
                voiced=count.voiced,
                rest=rule.quorum_of(count) - count.abstain - count.aside,
                base=base,
            )


def _least(proposal: Proposal, count: Count) -> Text | None:
    least = proposal.rule.least_yes(count)
    if least is None:
        return Text("If nobody changes their stance, no number of yes from the silent is enough any more.")
    if least <= count.yes:
        return None
    return Text(
        "If nobody changes their stance, {n} more yes is enough.",
        plural="If nobody changes their stance, {n} more yes are enough.",
        n=least - count.yes,
    )


def rehearsal(proposal: Proposal, count: Count, zone: ZoneInfo) -> Text:
    """Say what would come of it now."""
    if proposal.parent is not None and proposal.is_open:
        return would_say(proposal, carried(proposal.rule, count))
    if not proposal.is_open:
        return Text(
            "{id} is not open, it is {state}. {why} shows the sum.",
            id=proposal.id,
            state=state_of(proposal),
            why=Code(f"!why {proposal.id}"),
        )
    outcome = decide_all(proposal.sums(count), count, blocks=proposal.can_block)
    then = {
        None: Text("would go on once more"),
        State.ADOPTED: Text("would be adopted"),
        State.REFUSED: Text("would not be adopted"),
        State.BLOCKED: Text("would be blocked, and you would talk"),
        State.LAPSED: Text("would lapse"),
        State.UNCLEAR: Text("would have no result"),
    }[at_end(outcome, extended=proposal.extended)]
    return Text(
        "If {id} closed now, it {then}. {because}"
        if because(proposal, count)
        else "If {id} closed now, it {then}.",
        id=proposal.id,
        then=then,
        because=because(proposal, count),
    )
