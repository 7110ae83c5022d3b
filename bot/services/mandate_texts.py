"""What the bot says about mandates: the question to a pod, and what the pod says.

Rule: the assembly sees what a pod says and its numbers, never who said what there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.classes import ADVICE, BINDING, PILLAR
from bot.domain.mandates import Mandate
from bot.domain.proposals import Proposal
from bot.domain.remits import FITTING, Kind, Remit, as_voice
from bot.domain.stances import Count, Stance
from bot.domain.values import Code, Person, Verbatim, When
from bot.services import proposal_texts
from bot.services.proposal_results import stance_of
from bot.services.proposal_texts import how_to_answer, needed, so_far
from bot.text import Text

_VOICE = {
    Stance.AGREE: Text("yes"),
    Stance.DISAGREE: Text("no"),
    Stance.ABSTAIN: Text("abstains"),
    Stance.BLOCK: Text("blocks"),
}

_ASKED = {
    ADVICE.name: "{id}: {assembly} asks every pod about {parent}, an advice that each pod then adopts or not:",
    BINDING.name: "{id}: {assembly} asks every pod about {parent}, which would bind them all:",
    PILLAR.name: "{id}: {assembly} asks every pod about {parent}, a pillar that would bind them all:",
}


def asked(
    mirror: Proposal,
    parent: Proposal,
    assembly: str,
    mandate: Mandate,
    voices: int,
    members: int,
    zone: ZoneInfo,
    now: datetime,
) -> Text:
    """Ask a pod what it says to a proposal of the assembly."""
    return Text.lines(
        [
            Text(
                _ASKED[parent.class_.name],
                id=mirror.id,
                assembly=assembly,
                parent=parent.id,
            ),
            Text("{text}", text=Verbatim(parent.text)),
            proposal_texts.reading(parent),
            Text(
                "It is version {version}. What was said of the words before does not count.",
                version=parent.version,
            )
            if parent.version > 1
            else None,
            Text("What you decide here is what {pod} says there, as one voice.", pod=mandate.name),
            room_left(mandate.remit),
            Text("All pods vote anew, after a block and talks; a block counts as no.")
            if parent.fallback
            else None,
            *_who_decides(mirror, parent, mandate, voices, members),
            Text("Closes {at}.", at=When(mirror.closes_at, zone, now)),
        ]
    )


def _who_decides(
    mirror: Proposal, parent: Proposal, mandate: Mandate, voices: int, members: int
) -> list[Text]:
    days = parent.class_.member_for.days
    if not voices:
        return [
            Text(
                "None of you has been here for {days} days yet, so nobody here has a voice in it, and {pod} says nothing."
                " You can talk about it, and a spoke can say so in the assembly.",
                days=days,
                pod=mandate.name,
            )
        ]
    lines = [needed(mirror, voices)]
    if members > voices:
        newer = Text(
            "{n} of you came less than {days} days ago and is not counted in what binds all pods.",
            plural="{n} of you came less than {days} days ago and are not counted in what binds all pods.",
            n=members - voices,
            days=days,
        )
        lines.append(newer)
    return [*lines, how_to_answer(mirror)]


def room_left(remit: Remit) -> Text | None:
    """Say how far a pair may go, where it is not the usual: no further than the pod."""
    match remit.kind:
        case Kind.CARRY:
            return Text("I carry it; your spokes add nothing to it.")
        case Kind.WITHIN:
            return Text(
                "If both your spokes say something else there, that counts, within these limits: “{limits}”. They are"
                " shown there. You hear it here, and any of you can hold it back.",
                limits=remit.limits,
            )
        case Kind.FREE:
            return Text(
                "Your pair is free: if both your spokes say something else there, that counts. You hear it here, and any"
                " of you can hold it back."
            )
        case Kind.BOUND:
            return None


def said(
    mirror: Proposal,
    parent: Proposal,
    pod: str,
    stance: Stance | None,
    count: Count,
    remark: Text | None,
    *,
    counted: bool,
    renewable: bool,
    remit: Remit,
) -> Text:
    """Say in a pod what it says in the assembly.

    Args:
        mirror: The pod's own proposal, over.
        parent: That of the assembly.
        pod: The pod's name.
        stance: What it says; `None` if it agrees on nothing.
        count: Who said what.
        remark: A line on what is out of the ordinary.
        counted: Whether it came before the assembly's end, and changes what the pod says there.
        renewable: Whether there is time to decide it anew.
        remit: How far the pair may go from it.
    """
    if stance is None:
        outcome = Text(
            "{id}: {pod} agrees on nothing about {parent}.", id=mirror.id, pod=pod, parent=parent.id
        )
    else:
        outcome = Text(
            "{id}: to {parent}, {pod} says: {voice}.",
            id=mirror.id,
            parent=parent.id,
            pod=pod,
            voice=_VOICE[stance],
        )
    return Text.lines(
        [
            outcome,
            Text("{text}", text=Verbatim(parent.text)),
            remark,
            so_far(count, is_open=False),
            Text("A block stands here, so it is no yes.") if stance is None and count.block else None,
            Text("It came after the assembly's end and is not counted there.")
            if stance is not None and not counted
            else None,
            room_left(remit)
            if stance not in (None, Stance.BLOCK) and counted and remit.kind.leaves_room
            else None,
            Text(
                "You can decide it anew while {parent} is open: {renew}",
                parent=parent.id,
                renew=Code(f"!renew {mirror.id}"),
            )
            if renewable
            else None,
        ]
    )


def would_say(mirror: Proposal, stance: Stance | None) -> Text:
    """Say what a pod would say now."""
    if stance is None:
        return Text("If {id} closed now, your pod would agree on nothing.", id=mirror.id)
    return Text("If {id} closed now, your pod would say: {voice}.", id=mirror.id, voice=_VOICE[stance])


def word(stance: Stance) -> Text:
    """Return what a pod says, as a word: yes, no, abstains, blocks."""
    return _VOICE[as_voice(stance)]


def decided(mandate: Mandate) -> Text:
    """Say what a pod decided, with its numbers: "yes (7 of 9 agreed, 1 aside)"."""
    assert mandate.stance is not None and mandate.count is not None  # noqa: S101 - it has decided
    return Text("{voice} ({sum})", voice=_VOICE[mandate.stance], sum=sum_of(mandate.count))


def sum_of(count: Count) -> Text:
    """Say in a few numbers how a pod decided: "7 of 9 agreed, 1 aside"."""
    parts = [
        Text("{number} of {voices} agreed", number=count.yes, voices=count.voices),
        *(
            Text("{number} {what}", number=number, what=what)
            for what, number in (
                (Text("aside"), count.aside),
                (Text("disagreed"), count.disagree),
                (Text("abstained"), count.abstain),
                (Text("blocked"), count.block),
            )
            if number
        ),
    ]
    return Text.joined(parts)


def line(mandate: Mandate, people: Mapping[str, Person]) -> Text:
    """Say what a pod says in one line, with its numbers, and what its spokes add to it.

    Args:
        mandate: Its voice.
        people: Who its spokes are, by user id.
    """
    spoke = [each for each in mandate.said if each.stance is not None and each.user_id in people]
    if mandate.stance is None or mandate.count is None:
        if not spoke:
            return Text(
                "{pod}: nothing yet, dormant" if mandate.dormant else "{pod}: nothing yet", pod=mandate.name
            )
        views = Text.joined(
            Text("{who} {says}", who=people[each.user_id], says=stance_of(each)) for each in spoke
        )
        return Text(
            "{pod}: nothing yet (views of its spokes, not counted: {views})", pod=mandate.name, views=views
        )
    values: dict[str, Any] = {"pod": mandate.name, "decided": decided(mandate)}
    if mandate.voice is None:
        return Text(
            "{pod}: on hold, not counted, while its spokes differ; the pod decided {decided}", **values
        )
    if mandate.voice is not mandate.stance:
        return Text(
            "{pod}: {voice}, as both its spokes say within “{limits}”; the pod decided {decided}"
            if mandate.remit.kind is Kind.WITHIN
            else "{pod}: {voice}, as both its spokes say, who are free; the pod decided {decided}",
            voice=_VOICE[mandate.voice],
            limits=mandate.remit.limits,
            **values,
        )
    agreeing = [each for each in spoke if each.stance in FITTING[mandate.stance]]
    if agreeing:
        names = Text.enumerated(Text("{who}", who=people[each.user_id]) for each in agreeing)
        return Text("{pod}: {decided}, confirmed by {names}", names=names, **values)
    return Text("{pod}: {decided}", **values)


def missing(silent: Iterable[Mandate], on_hold: Iterable[Mandate]) -> Text | None:
    """Say which pods are missing when too few are there, and why; people are not named."""
    asked_again, differing = ([each.name for each in found] for found in (silent, on_hold))
    if not asked_again and not differing:
        return None
    return Text.lines(
        [
            Text("Nothing yet from {pods}; I ask them again.", pods=", ".join(asked_again))
            if asked_again
            else None,
            Text("On hold, because the spokes differ: {pods}.", pods=", ".join(differing))
            if differing
            else None,
        ]
    )


def dormant(names: Collection[str]) -> Text | None:
    """Name the pods that the quorum does not wait for."""
    if not names:
        return None
    return Text(
        "Not heard in the last two assemblies: {pods}. They are asked like all others, and the quorum does not wait for them.",
        pods=", ".join(names),
    )
