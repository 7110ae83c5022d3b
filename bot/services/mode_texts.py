"""What the bot says where an assembly counts people, or pods by their people: the numbers needed, the sums, what was missing.

Rule: every condition has its own exact numbers, so that each can be redone with a pencil.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.modes import CAP, Mode, Sum, Unit
from bot.domain.proposals import Proposal
from bot.domain.stances import Count
from bot.domain.thresholds import Against
from bot.domain.values import Code
from bot.text import Text


def _amount(unit: Unit, number: int) -> Text:
    match unit:
        case Unit.PODS:
            return Text("{n} pod", plural="{n} pods", n=number)
        case Unit.PEOPLE:
            return Text("{n} person", plural="{n} people", n=number)
        case Unit.VOTES:
            return Text("{n} vote", plural="{n} votes", n=number)


def how(mode: Mode) -> Text | None:
    """Say what a mode counts, where it is not pods."""
    return {
        Mode.PODS: None,
        Mode.PEOPLE: Text("People are counted, each once, also who is in two pods."),
        Mode.DOUBLE: Text("Pods and people are counted, and both must pass; each person once."),
        Mode.CAPPED: Text(
            "Each pod has as many votes as people, and none more than {share} of all votes.", share=CAP
        ),
    }[mode]


def set_to(mode: Mode, against: Against) -> Text | None:
    """Say what an assembly has set, where it is not the usual."""
    if mode is Mode.PODS and against is Against.VOICED:
        return None
    return Text(
        "What it decides on is counted by mode={mode} and of={of}. {how}",
        mode=mode.value,
        of=against.value,
        how=how(mode) or "",
    )


def needed(proposal: Proposal) -> Text:
    """Say the exact numbers that are needed, whatever the others say; without its tally, where they stand."""
    if not proposal.tally:
        return Text(
            "{how} {why} shows the numbers.", how=how(proposal.mode) or "", why=Code(f"!why {proposal.id}")
        )
    each = Text.enumerated(
        Text(
            "of {all} at least {least} ({threshold})",
            all=_amount(found.unit, found.count.voices),
            least=found.rule.enough(found.count.voices),
            threshold=found.rule.threshold.name,
        )
        for found in proposal.sums(Count(0))
    )
    return Text(
        "{how} Needed are {each} for it: that is enough, whatever the others say{blocks}.",
        how=how(proposal.mode) or "",
        each=each,
        blocks=Text(", unless a pod blocks") if proposal.can_block else "",
    )


def lines(found: Iterable[Sum]) -> list[Text]:
    """Say each sum in one line: what was counted, and what that needs."""
    return [
        Text(
            "{all}: yes {yes}, no {no}, abstain or aside {other}, silent {silent}{unknown}. Needed: {least}, {threshold} of {base}."
            " {passes}",
            all=_amount(each.unit, each.count.voices),
            yes=each.count.yes,
            no=each.count.disagree + each.count.block,
            other=each.count.abstain + each.count.aside,
            silent=each.count.silent - each.count.unknown,
            unknown=Text(", unknown {n}", n=each.count.unknown) if each.count.unknown else "",
            least=each.rule.threshold.least(each.rule.base(each.count)),
            threshold=each.rule.threshold.name,
            base=each.rule.base(each.count),
            passes=Text("That passes.") if each.passes else Text("That does not pass."),
        )
        for each in found
    ]


def quorums(found: Iterable[Sum]) -> list[Text]:
    """Say the quorum of each sum, and how many are there."""
    return [
        Text(
            "{all}: {present} are there, the quorum is {quorum}.",
            all=_amount(each.unit, each.count.voices),
            present=each.count.present,
            quorum=each.rule.quorum_of(each.count),
        )
        for each in found
    ]
