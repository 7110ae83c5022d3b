"""What the bot says about spokes in the assembly: to them there, and to their pod at home.

Rule: what was said, what counts, and what can be done about it; nobody is blamed.
"""

from __future__ import annotations

from bot.domain.mandates import Mandate
from bot.domain.proposals import Proposal
from bot.domain.remits import FITTING, Kind
from bot.domain.stances import Stance, Statement
from bot.domain.values import Code, Person
from bot.services.mandate_texts import decided, line, word
from bot.services.proposal_results import stance_of
from bot.text import Text


def view(proposal: Proposal, mandate: Mandate, who: Person, said: Statement) -> Text:
    """Say that a pod has decided nothing, so that its spoke's stance is a view."""
    if said.stance is None:
        return Text("{who}: your view on {id} is withdrawn.", who=who, id=proposal.id)
    return Text(
        "{who}: shown as your own view, not counted. {pod} has decided nothing about {id} yet; it does so in its room.",
        who=who,
        pod=mandate.name,
        id=proposal.id,
    )


def not_taken(proposal: Proposal, mandate: Mandate, who: Person, said: Statement) -> Text:
    """Say to a spoke that a stance does not fit, and what does."""
    assert mandate.stance is not None  # noqa: S101 - it was compared with what was decided
    if said.stance is Stance.BLOCK:
        return Text(
            "{who}: not taken. A block is for {pod} to decide, in its own room with {renew}. What counts: {decided}.",
            who=who,
            pod=mandate.name,
            renew=_renew(mandate),
            decided=decided(mandate),
        )
    return Text(
        "{who}: not taken, because {pod} decided {decided}, and that counts. What fits: {fitting}. To decide anew, type"
        " {renew} in your pod's room.",
        who=who,
        pod=mandate.name,
        decided=decided(mandate),
        fitting=Text.joined(
            Text("{line}", line=Code(f"{each.value} {proposal.id}")) for each in FITTING[mandate.stance]
        ),
        renew=_renew(mandate),
    )


def not_taken_at_home(proposal: Proposal, mandate: Mandate, who: Person, said: Statement) -> Text:
    """Tell a pod that its spoke said something else, and that nothing has changed."""
    return Text(
        "In the assembly your spoke {who} {says} on {id}. You decided {decided}, and that is what counts there. If there is"
        " something to talk about, talk; to decide anew: {renew}",
        who=who,
        says=stance_of(said),
        id=proposal.id,
        decided=decided(mandate),
        renew=_renew(mandate),
    )


def counted(proposal: Proposal, mandate: Mandate, who: Person, said: Statement) -> Text:
    """Say to a spoke what their pod says now."""
    told = (
        Text("{who}: your stance on {id} is withdrawn.", who=who, id=proposal.id)
        if said.stance is None
        else Text("{who}: noted.", who=who)
    )
    if mandate.voice is None:
        return Text(
            "{told} Your pod decided {decided}; you two have to say the same before anything else counts. Until then"
            " {pod} is on hold: not counted.",
            told=told,
            decided=decided(mandate),
            pod=mandate.name,
        )
    return Text("{told} {line}.", told=told, line=line(mandate, {}))


def moved_at_home(proposal: Proposal, mandate: Mandate, who: Person, said: Statement) -> Text:
    """Tell a pod that left its pair room what its spoke says, and what counts."""
    if said.stance is None:
        first = Text(
            "In the assembly your spoke {who} takes back their stance on {id}.", who=who, id=proposal.id
        )
    else:
        first = Text(
            "In the assembly your spoke {who} {says} on {id}.", who=who, says=stance_of(said), id=proposal.id
        )
    return Text.lines(
        [
            first,
            Text("You decided {decided}.", decided=decided(mandate)),
            Text("Your limits: “{limits}”.", limits=mandate.remit.limits)
            if mandate.remit.kind is Kind.WITHIN
            else None,
            Text("While your two spokes differ, {pod} is on hold there: not counted.", pod=mandate.name)
            if mandate.voice is None
            else Text("What {pod} says now: {voice}.", pod=mandate.name, voice=word(mandate.voice)),
            Text(
                "So that what you decided counts, any of you types {hold}. To decide anew: {renew}",
                hold=Code(f"hold {mandate.mirror_id} WHY"),
                renew=_renew(mandate),
            )
            if mandate.voice is not mandate.stance
            else None,
        ]
    )


def now_says(proposal: Proposal, mandate: Mandate) -> Text:
    """Say in the assembly that a pod says something else than a moment ago."""
    return Text("On {id} now: {line}.", id=proposal.id, line=line(mandate, {}))


def _renew(mandate: Mandate) -> Code:
    return Code(f"!renew {mandate.mirror_id}")
