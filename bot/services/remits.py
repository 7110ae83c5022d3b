"""How a pod gives its pair another remit for one proposal: two members, and not the pair alone.

Rule: who speaks for a pod does not decide by themselves how far they may go.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict, UsageError
from bot.domain.mandates import Mandate
from bot.domain.pods import Room
from bot.domain.proposals import Proposal
from bot.domain.remits import EXAMPLE, LIMITS_LENGTH, Remit
from bot.domain.values import Code, Person
from bot.services import mandate_texts, pair_voices, requests
from bot.store.database import Tx
from bot.text import Text, shorten


async def describe(tx: Tx, room: Room, mirror: Proposal) -> Text:
    """Say how far the pair may go in a proposal of the assembly, and how that is changed."""
    parent, mandate = await pair_voices.open_voice(tx, room, mirror)
    return Text.lines(
        [
            _says(parent, mandate),
            Text(
                "To change it: {example}, and the ok of another member.",
                example=Code(f"!remit {mirror.id} {EXAMPLE}"),
            ),
        ]
    )


def _says(parent: Proposal, mandate: Mandate) -> Text:
    left = mandate_texts.room_left(mandate.remit)
    return Text(
        "{id}: the remit of your pair is {remit}. {left}",
        id=parent.id,
        remit=str(mandate.remit),
        left=left or Text("In the assembly your spokes can confirm what you decide, and say nothing else."),
    )


async def ask(
    tx: Tx, now: datetime, room: Room, sender: Person, mirror: Proposal, typed: str
) -> tuple[Text, str]:
    """Propose another remit for one proposal.

    Returns:
        What to say, and the request's id.

    Raises:
        UsageError: It is no remit.
        Conflict: It is that already, the proposal is over, or room is to be given after the pod has decided.
    """
    try:
        remit = Remit.read(typed)
    except ValueError:
        raise UsageError(
            "{typed} is no remit. There are carry, bound, free, and within with your limits, at most {most} characters."
            " For example: {example}",
            typed=shorten(typed),
            most=LIMITS_LENGTH,
            example=Code(f"!remit {mirror.id} {EXAMPLE}"),
        ) from None
    _parent, mandate = await pair_voices.open_voice(tx, room, mirror)
    if mandate.remit == remit:
        raise Conflict("The remit of your pair is {remit} already.", remit=str(remit))
    pair_voices.check_loosens(mirror, mandate, remit)
    request = await requests.ask(
        tx, now, "remit", room.room_id, room.room_id, sender, key=mirror.id, value=str(remit)
    )
    told = Text(
        "{who} proposes the remit {remit} for {mirror} ({id}). It takes effect when another member types {ok}; one of the"
        " two must be no spoke.",
        who=sender,
        remit=str(remit),
        mirror=mirror.id,
        id=request.id,
        ok=Code(f"ok {request.id}"),
    )
    return told, request.id
