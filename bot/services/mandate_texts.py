"""What the bot says about mandates: the question to a pod, and what the pod says.

Rule: the assembly sees what a pod says and its numbers, never who said what there.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.mandates import MEMBER_FOR, Mandate
from bot.domain.proposals import Proposal
from bot.domain.stances import Count, Stance
from bot.domain.values import Code, Verbatim, When
from bot.services.proposal_texts import how_to_answer, needed, so_far
from bot.text import Text

_VOICE = {
    Stance.AGREE: Text("yes"),
    Stance.DISAGREE: Text("no"),
    Stance.ABSTAIN: Text("abstains"),
    Stance.BLOCK: Text("blocks"),
}


def asked(
    mirror: Proposal,
    parent: Proposal,
    assembly: str,
    pod: str,
    voices: int,
    members: int,
    zone: ZoneInfo,
    now: datetime,
) -> Text:
    """Ask a pod what it says to a proposal of the assembly."""
    return Text.lines(
        [
            Text(
                "{id}: {assembly} asks every pod about {parent}, which would bind them all:",
                id=mirror.id,
                assembly=assembly,
                parent=parent.id,
            ),
            Text("{text}", text=Verbatim(parent.text)),
            Text("What you decide here is what {pod} says there, as one voice.", pod=pod),
            Text("All pods vote anew, after a block and talks; a block counts as no.")
            if parent.fallback
            else None,
            needed(mirror, voices),
            Text(
                "{n} of you came less than {days} days ago and is not counted in what binds all pods.",
                plural="{n} of you came less than {days} days ago and are not counted in what binds all pods.",
                n=members - voices,
                days=MEMBER_FOR.days,
            )
            if members > voices
            else None,
            how_to_answer(mirror),
            Text("Closes {at}.", at=When(mirror.closes_at, zone, now)),
        ]
    )


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


def line(mandate: Mandate) -> Text:
    """Say what a pod says in one line, with its numbers."""
    if mandate.stance is None or mandate.count is None:
        return Text("{pod}: nothing yet", pod=mandate.name)
    parts = [
        Text("{number} of {voices} agreed", number=mandate.count.yes, voices=mandate.count.voices),
        *(
            Text("{number} {what}", number=number, what=what)
            for what, number in (
                (Text("aside"), mandate.count.aside),
                (Text("disagreed"), mandate.count.disagree),
                (Text("abstained"), mandate.count.abstain),
                (Text("blocked"), mandate.count.block),
            )
            if number
        ),
    ]
    return Text(
        "{pod}: {voice} ({parts})", pod=mandate.name, voice=_VOICE[mandate.stance], parts=Text.joined(parts)
    )
