"""What follows from the end of a proposal: a pillar is in force, an advice goes to the pods, a pod has adopted one.

What binds is entered into the log of decisions.

Rule: called each time a result is said, also a corrected one, so everything here can be done twice and taken back.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.classes import ADVICE, PILLAR
from bot.domain.proposals import Proposal, State
from bot.domain.values import Code
from bot.services import decision_log, pillars
from bot.services.speech import say
from bot.store import pods, proposals
from bot.store.database import Tx
from bot.text import Text


async def carry_out(tx: Tx, now: datetime, proposal: Proposal) -> list[Text]:
    """Do what follows from a result; returns lines on what is now true.

    Args:
        tx: The open transaction.
        now: The moment.
        proposal: In the state it ended in.
    """
    lines: list[Text] = []
    if proposal.class_ is PILLAR and (told := await pillars.put_in_force(tx, proposal)):
        lines.append(told)
    lines += await decision_log.enter_adopted(tx, now, proposal)
    if proposal.class_ is ADVICE and proposal.state is State.ADOPTED:
        lines.append(
            Text(
                "It is advice. A pod makes it its own by deciding so in its room: {adopt}",
                adopt=Code(f"!adopt {proposal.id}"),
            )
        )
    if proposal.adopts is not None and proposal.state is State.ADOPTED:
        await _tell_assembly(tx, now, proposal)
    return lines


async def _tell_assembly(tx: Tx, now: datetime, proposal: Proposal) -> None:
    advice = await proposals.find(tx, proposal.adopts or "")
    pod = await pods.find_pod(tx, proposal.room_id)
    if advice is None or pod is None or pod.assembly_room_id != advice.room_id:
        return
    text = Text("{pod} adopts {id}.", pod=pod.name, id=advice.id)
    await say(tx, now, advice.room_id, text, about=advice.id)
