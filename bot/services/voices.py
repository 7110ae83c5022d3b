"""The voices of the pods in an assembly: what each decided, and what its pair says there since.

Rule: a pair are those who have the seats now; when the assembly's round closes they are fixed, so that a handover after it
changes no result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from bot.domain.mandates import Mandate
from bot.domain.proposals import Proposal
from bot.domain.stances import Statement, last_said, unsure
from bot.services.pairs import pairs_of
from bot.services.proposal_unread import Unread
from bot.store import mandates, spoken
from bot.store.database import Tx


async def of_pods(tx: Tx, proposal: Proposal, unread: Collection[Unread] = ()) -> list[Mandate]:
    """Return the voices of a proposal's pods, by name, with what their pairs say.

    Args:
        tx: The open transaction.
        proposal: A proposal of an assembly.
        unread: What could not be read in the assembly and may be a stance.
    """
    pairs: dict[str, Collection[str]] = dict(await pairs_of(tx, proposal.room_id))
    if not proposal.is_open:
        pairs.update(await mandates.kept_pairs(tx, proposal.id))
    said = await spoken.of(tx, proposal)
    found = []
    for each in await mandates.of(tx, proposal.id):
        pair = tuple(sorted(pairs.get(each.pod_room_id, ())))
        own = [(words, taken) for pod, words, taken in said if pod == each.pod_room_id]
        last = last_said(_since(each, own), proposal.end)
        kept = tuple(last[user_id] for user_id in pair if user_id in last)
        whole = replace(each, pair=pair, said=kept)
        if whole.is_loose and each.decided_at is not None:
            later = [item for item in unread if item[1] >= each.decided_at]
            whole = replace(whole, unsure=bool(unsure(last, later, pair)))
        found.append(whole)
    return found


def _since(mandate: Mandate, own: Iterable[tuple[Statement, bool]]) -> list[Statement]:
    """Return what counts since the pod decided; while it has decided nothing, all views."""
    if mandate.stance is None or mandate.decided_at is None:
        return [words for words, _taken in own]
    return [words for words, taken in own if taken and words.sent_at >= mandate.decided_at]


async def keep_pairs(tx: Tx, proposal: Proposal) -> None:
    """Fix who are the pairs, because a round closes."""
    for each in await of_pods(tx, proposal):
        await mandates.keep_pair(tx, proposal.id, each.pod_room_id, each.pair)


async def settle(tx: Tx, proposal: Proposal) -> None:
    """Keep what each pod said in the end, because what its spokes said is about to be erased."""
    for each in await of_pods(tx, proposal):
        await mandates.settle(tx, proposal.id, each)
