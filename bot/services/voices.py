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
    said: dict[str, list[tuple[Statement, bool]]] = {}
    for pod, words, taken in await spoken.of(tx, proposal):
        said.setdefault(pod, []).append((words, taken))
    found = []
    for each in await mandates.of(tx, proposal.id):
        pair = tuple(sorted(pairs.get(each.pod_room_id, ())))
        own = said.get(each.pod_room_id, [])
        last = last_said(_since(each, own), proposal.end)
        refused = {words.event_id for words, taken in own if not taken} if each.stance else set()
        kept = tuple(last[user] for user in pair if user in last and last[user].event_id not in refused)
        whole = replace(each, pair=pair, said=kept)
        if whole.is_loose and each.decided_at is not None:
            later = [item for item in unread if item[1] >= each.decided_at]
            whole = replace(whole, unsure=bool(unsure(last, later, pair)))
        found.append(whole)
    return found


def _since(mandate: Mandate, own: Iterable[tuple[Statement, bool]]) -> list[Statement]:
    """Return what may count since the pod decided; while it has decided nothing, all views.

    Where the pair has room, what was not taken changes nothing. Where it has none, it ends an earlier confirmation.
    """
    if mandate.stance is None or mandate.decided_at is None:
        return [words for words, _taken in own]
    since = [(words, taken) for words, taken in own if words.sent_at >= mandate.decided_at]
    return [words for words, taken in since if taken or not mandate.is_loose]


async def keep_pairs(tx: Tx, proposal: Proposal) -> None:
    """Fix who are the pairs, because a round closes."""
    for each in await of_pods(tx, proposal):
        await mandates.keep_pair(tx, proposal.id, each.pod_room_id, each.pair)


async def settle(tx: Tx, proposal: Proposal) -> None:
    """Keep what each pod said in the end, because what its spokes said is about to be erased."""
    for each in await of_pods(tx, proposal):
        await mandates.settle(tx, proposal.id, each)
