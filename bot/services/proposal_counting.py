"""Counting proposals: who has a voice, what they said last, what could not be read, and the sum.

Rule: nothing is summed up on the way. Who has a voice is frozen at the opening: whoever comes later is shown and not
counted, whoever leaves drops out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.domain import blocks
from bot.domain.mandates import count_pods
from bot.domain.pods import Room
from bot.domain.proposals import Proposal
from bot.domain.stances import Count, Stance, Statement, count_stances, last_said, unsure
from bot.domain.values import Person
from bot.services import voices
from bot.services.deadlines import SKEW
from bot.services.proposal_rounds import native_start
from bot.store import inbox, mandates, outbox, proposals, rooms, stances
from bot.store.database import Tx

_NO_STANCE = ("m.annotation", "m.replace")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a proposal stands.

    Args:
        voices: Who has a voice.
        last: What each person said last, also those without a voice.
        unknown: Voices whose last words could not be read.
        blocks: Voices whose block stands.
        count: The sum.
    """

    voices: frozenset[str]
    last: dict[str, Statement]
    unknown: frozenset[str]
    blocks: frozenset[str]
    count: Count

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


async def who_counts(tx: Tx, proposal: Proposal) -> frozenset[str]:
    """Return who has a voice: those of the opening who are still here with one, fixed when a round has closed."""
    frozen = await proposals.voices(tx, proposal.id)
    if not proposal.is_open:
        return frozen
    return frozen & {member.user_id for member in await rooms.voices(tx, proposal.room_id)}


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
    unknown = unsure(last, await _unread(tx, proposal), entitled)
    void = blocks.void(last, ended) if proposal.can_block else frozenset()
    standing = blocks.standing(last, entitled - unknown, ended) if proposal.can_block else frozenset()
    return Standing(entitled, last, unknown, standing, count_stances(last, entitled, unknown, void))


async def _stand_of_pods(tx: Tx, proposal: Proposal) -> Standing:
    found = await voices.of_pods(tx, proposal, await _unread(tx, proposal))
    ended = await stances.ended_blocks(tx, proposal)
    blocking = frozenset(each.pod_room_id for each in found if each.stance is Stance.BLOCK) - ended
    return Standing(
        frozenset(each.pod_room_id for each in found),
        {},
        frozenset(each.pod_room_id for each in found if each.unsure),
        blocking if proposal.can_block else frozenset(),
        count_pods(found, ended),
    )


async def _unread(tx: Tx, proposal: Proposal) -> list[tuple[str, datetime, str]]:
    """Return what could not be read so far and may be a stance of this round.

    An app leaves in clear what a tapped answer refers to. A reaction or an edit is no stance. Anything else may be one.
    """
    started = await outbox.find(tx, native_start(proposal))
    native = started.event_id if started else None
    return [
        (event.sender, event.sent_at, event.event_id)
        for event in await inbox.parked_in(tx, proposal.room_id, proposal.round_at - SKEW, proposal.end)
        if event.relation not in _NO_STANCE
        and (
            event.target == native if event.relation == "m.reference" else event.sent_at >= proposal.round_at
        )
    ]


async def result_or_sum(tx: Tx, proposal: Proposal) -> Count:
    """Return the count of a proposal: its result once it is over, else the sum as it stands."""
    if proposal.count is not None and (proposal.erased or proposal.state.is_over):
        return proposal.count
    return (await stand(tx, proposal)).count


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
