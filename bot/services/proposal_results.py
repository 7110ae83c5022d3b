"""What the bot says when a proposal ends or goes on: the outcome, the sum, and why it did not pass.

Rule: no percentages and no rounding; every number can be checked with a pencil. Lists come last in a message: in
Markdown a line after a list belongs to its last item.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.modes import Mode
from bot.domain.proposals import Outcome, Proposal, State, decide, decide_all
from bot.domain.stances import Count, Stance, Statement
from bot.domain.values import Code, Person, Verbatim, When
from bot.services import mode_texts
from bot.services.proposal_texts import how_to_answer, so_far, unread
from bot.text import Text


def result(
    proposal: Proposal,
    count: Count,
    said: Iterable[Text],
    remark: Text | None = None,
    then: Iterable[Text] = (),
) -> Text:
    """Say what came of a proposal, the sum, and the reasons that were given.

    Args:
        proposal: The proposal, in the state it ended in.
        count: The sum.
        said: Lines on what single voices said.
        remark: A line on what is out of the ordinary.
        then: Lines on what follows from it.
    """
    return Text.lines(
        [
            Text("{id} {outcome}:", id=proposal.id, outcome=_ended(proposal)),
            Text("{text}", text=Verbatim(proposal.text)),
            remark,
            so_far(count, is_open=False),
            unread(count),
            because(proposal, count),
            *then,
            Text("It may be proposed again.") if proposal.state in (State.LAPSED, State.UNCLEAR) else None,
            Text("{why} shows the sum.", why=Code(f"!why {proposal.id}")),
            Text.listed(said),
        ]
    )


def reasons_of(reasons: Iterable[tuple[Person, Statement]]) -> list[Text]:
    """Say the reasons that people gave, each with the stance."""
    return [
        Text("{who}, {stance}: {reason}", who=who, stance=_said(said), reason=said.reason)
        for who, said in reasons
    ]


def _ended(proposal: Proposal) -> Text:
    return Text(
        {
            State.ADOPTED: "is adopted",
            State.REFUSED: "is not adopted",
            State.LAPSED: "has lapsed, neither adopted nor rejected",
            State.UNCLEAR: "has no result",
            State.BLOCKED: "is blocked",
        }[proposal.state]
    )


def _said(said: Statement) -> Text:
    assert said.stance is not None  # noqa: S101 - the caller names those who have one
    return Text(
        {
            Stance.AGREE: "agrees",
            Stance.RESERVE: "agrees with reservations",
            Stance.ASIDE: "stands aside",
            Stance.DISAGREE: "disagrees",
            Stance.ABSTAIN: "abstains",
            Stance.BLOCK: "blocks",
        }[said.stance]
    )


def stance_of(said: Statement) -> Text:
    """Return what somebody says, as a verb."""
    return _said(said)


def because(proposal: Proposal, count: Count) -> Text | None:
    """Say in one sentence why it did not pass, or that it passed without its quorum."""
    if proposal.mode is not Mode.PODS:
        return _because_of_sums(proposal, count)
    rule = proposal.rule
    outcome = decide(rule, count, blocks=proposal.can_block)
    quorum = rule.quorum_of(count)
    match outcome:
        case Outcome.BLOCKED | Outcome.ADOPTED:
            if rule.is_quorate(count):
                return None
            return Text(
                "{present} of {voices} spoke; the quorum is {quorum}. It passes even with the missing ones counted as no.",
                present=count.present,
                voices=count.voices,
                quorum=quorum,
            )
        case Outcome.UNCLEAR:
            return Text("What could not be read could change it, so nothing is adopted.")
        case Outcome.ABSENT:
            return Text(
                "{present} of {voices} spoke; the quorum is {quorum}.",
                present=count.present,
                voices=count.voices,
                quorum=quorum,
            )
        case Outcome.REFUSED:
            return _missed(proposal, count)


def _because_of_sums(proposal: Proposal, count: Count) -> Text:
    """Say each sum where something else than pods is counted: what it needed, and whether it is enough."""
    found = proposal.sums(count)
    outcome = decide_all(found, count, blocks=proposal.can_block)
    unclear = outcome is Outcome.UNCLEAR
    return Text.lines(
        [
            Text("What could not be read could change it, so nothing is adopted.") if unclear else None,
            *(mode_texts.quorums(found) if outcome is Outcome.ABSENT else ()),
            *mode_texts.lines(found),
        ]
    )


def _missed(proposal: Proposal, count: Count) -> Text:
    rule = proposal.rule
    if not rule.threshold.is_consensus:
        return Text(
            "{yes} said yes, and {least} were needed: {threshold} of {base}.",
            yes=count.yes,
            least=rule.threshold.least(rule.base(count)),
            threshold=rule.threshold.name,
            base=rule.base(count),
        )
    yes, against = rule.consensus_needs(count)
    if count.yes < yes:
        return Text("{yes} agreed, and consensus needs {least}.", yes=count.yes, least=yes)
    return Text(
        "{count} stood aside, disagreed or blocked, and consensus bears {most} of {present}.",
        count=rule.consensus_against(count),
        most=against,
        present=rule.consensus_base(count),
    )


def extended(proposal: Proposal, count: Count, zone: ZoneInfo, now: datetime, remark: Text | None) -> Text:
    """Say that a round goes on, once; who is silent is not named."""
    return Text.lines(
        [
            Text("{id} goes on, once, until {at}.", id=proposal.id, at=When(proposal.closes_at, zone, now)),
            Text("{text}", text=Verbatim(proposal.text)),
            remark,
            so_far(count),
            because(proposal, count),
            unread(count, is_open=True),
            Text("If your last message to me could not be read, send your stance again.")
            if count.unknown
            else None,
            how_to_answer(proposal),
        ]
    )
