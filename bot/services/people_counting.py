"""People in what an assembly decides: each once, however many pods they are in.

Rule: somebody in two pods has one voice among the people, what they said last in either of them. In each pod they are counted as
there, for what that pod says.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.domain import blocks
from bot.domain.mandates import Mandate
from bot.domain.proposals import Proposal
from bot.domain.stances import Count, Statement, count_stances, last_said, unsure
from bot.services.proposal_unread import Unread, unread_of, who_counts
from bot.store import proposals, stances
from bot.store.database import Tx


async def count_people(tx: Tx, proposal: Proposal, found: Collection[Mandate]) -> Count:
    """Add up what people said in all pods that have a voice in a proposal.

    Who has a voice are those who have one where their pod decides it now. What they said in an earlier round of their pod counts
    until they say something else.

    Args:
        tx: The open transaction.
        proposal: The assembly's.
        found: The voices of its pods.
    """
    entitled: dict[str, bool] = {}
    said: list[Statement] = []
    unread: list[Unread] = []
    ended: set[str] = set()
    current = {each.mirror_id: each for each in found if each.mirror_id is not None}
    rooms = {each.pod_room_id for each in found}
    for mirror in await proposals.parts_of(tx, proposal):
        if mirror.room_id not in rooms:
            continue
        if (mandate := current.get(mirror.id)) is not None:
            for user_id in await who_counts(tx, mirror):
                entitled[user_id] = entitled.get(user_id, True) and mandate.dormant
            unread += await unread_of(tx, mirror)
            ended |= await stances.ended_blocks(tx, mirror)
        said += last_said(await stances.statements(tx, mirror), mirror.end).values()
    last = last_said(said, None)
    unknown = unsure(last, unread, entitled)
    count = count_stances(last, entitled, unknown, blocks.void(last, ended))
    spoke = {user_id for user_id, each in last.items() if each.stance is not None} | unknown
    asleep = sum(dormant and user_id not in spoke for user_id, dormant in entitled.items())
    return replace(count, dormant=asleep)
