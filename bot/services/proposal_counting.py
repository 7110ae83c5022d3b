"""Counting proposals: who has a voice, what they said last, what could not be read, and the sum.

Rule: nothing is summed up on the way. Who has a voice is frozen at the opening: whoever comes later is shown and not
counted, whoever leaves drops out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.domain import blocks
from bot.domain.mandates import Mandate, count_pods, count_votes
from bot.domain.modes import Mode, Unit, conditions
from bot.domain.pods import Room
from bot.domain.proposals import Proposal
from bot.domain.stances import Count, Stance, Statement, count_stances, last_said, unsure
from bot.domain.values import Person
from bot.services import voices
from bot.services.people_counting import count_people
from bot.services.proposal_unread import unread_of, who_counts
from bot.store import mandates, proposals, rooms, stances
from bot.store.database import Tx


@dataclass(frozen=True, slots=True)
class Standing:
    """How a proposal stands.

    Args:
        voices: Who has a voice.
        last: What each person said last, also those without a voice.
        unknown: Voices whose last words could not be read.
        blocks: Voices whose block stands.
        count: The sum; in an assembly, of the pods.
        tally: In an assembly that counts something else than pods, the counts of its conditions.
    """

    voices: frozenset[str]
    last: dict[str, Statement]
    unknown: frozenset[str]
    blocks: frozenset[str]
    count: Count
    tally: tuple[Count, ...] = ()

    def said(self, user_id: str) -> Statement | None:
        """Return the stance of somebody, if they have one."""
        found = self.last.get(user_id)
        return found if found is not None and found.stance is not None else None

    @property
    def silent(self) -> frozenset[str]:
        """Voices that have no stance."""
        return frozenset(user_id for user_id in self.voices if self.said(user_id) is None)

    @property
    def guests(self) -> int:
        """How many spoke who have no voice in it."""
        return sum(
            each.stance is not None and user_id not in self.voices for user_id, each in self.last.items()
        )


async def stand(tx: Tx, proposal: Proposal) -> Standing:
    """Sum a proposal up anew, as far as what was said could be read."""
    if proposal.of_pods:
        return await _stand_of_pods(tx, proposal)
    entitled = await who_counts(tx, proposal)
    said = await stances.statements(tx, proposal)
    last = last_said(said, proposal.end)
    if proposal.blocked_at is not None:
        # those who stopped it can let it go after the end
        last = last_said(said, proposal.end, also=blocks.standing(last, entitled, ()))
    ended = await stances.ended_blocks(tx, proposal)
    unknown = unsure(last, await unread_of(tx, proposal), entitled)
    void = blocks.void(last, ended) if proposal.can_block else frozenset()
    standing = blocks.standing(last, entitled - unknown, ended) if proposal.can_block else frozenset()
    return Standing(entitled, last, unknown, standing, count_stances(last, entitled, unknown, void))


async def _stand_of_pods(tx: Tx, proposal: Proposal) -> Standing:
    found = await voices.of_pods(tx, proposal, await unread_of(tx, proposal))
    ended = await stances.ended_blocks(tx, proposal)
    blocking = frozenset(each.pod_room_id for each in found if each.stance is Stance.BLOCK) - ended
    return Standing(
        frozenset(each.pod_room_id for each in found),
        {},
        frozenset(each.pod_room_id for each in found if each.unsure),
        blocking if proposal.can_block else frozenset(),
        count_pods(found, ended),
        await _tally(tx, proposal, found, ended),
    )


async def _tally(
    tx: Tx, proposal: Proposal, found: Collection[Mandate], ended: Collection[str]
) -> tuple[Count, ...]:
    """Return the counts of what a mode asks for, in the order of its conditions."""
    if proposal.mode is Mode.PODS:
        return ()
    counts = []
    for unit, _rule in conditions(proposal.mode, proposal.rule):
        match unit:
            case Unit.PODS:
                counts.append(count_pods(found, ended))
            case Unit.VOTES:
                counts.append(count_votes(found, ended))
            case Unit.PEOPLE:
                counts.append(await count_people(tx, proposal, found))
    return tuple(counts)


async def result_or_sum(tx: Tx, proposal: Proposal) -> Count:
    """Return the count of a proposal: its result once it is over, else the sum as it stands."""
    return (await summed(tx, proposal))[1]


async def summed(tx: Tx, proposal: Proposal) -> tuple[Proposal, Count]:
    """Return a proposal with its tally, and its count: the result once it is over, else as they stand."""
    if proposal.count is not None and (proposal.erased or proposal.state.is_over):
        return proposal, proposal.count
    standing = await stand(tx, proposal)
    return replace(proposal, tally=standing.tally), standing.count


async def waiting_for(tx: Tx, room: Room, user_id: str) -> list[Proposal]:
    """Return the open proposals of a room in which somebody has a voice and no stance."""
    return [
        each
        for each in await proposals.open_in(tx, room.room_id)
        if each.is_open and user_id in (await stand(tx, each)).silent
    ]


async def named(tx: Tx, proposal: Proposal, user_ids: Collection[str]) -> list[Person]:
    """Return how voices are called: people in the order of their ids, pods by name."""
    if proposal.of_pods:
        found = await mandates.of(tx, proposal.id)
        return [Person(each.pod_room_id, each.name) for each in found if each.pod_room_id in user_ids]
    return [await rooms.person(tx, proposal.room_id, user_id) for user_id in sorted(user_ids)]
