"""Showing proposals: one, its sum, a rehearsal, and the lists.

Rule: looking changes nothing, and anybody in the room may look.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.pods import Room
from bot.domain.proposals import Proposal, State
from bot.domain.values import Code
from bot.services import hold_ends, mandates, proposal_lines, proposal_sums, proposal_texts
from bot.services.polls import LISTED, LISTED_FOR
from bot.services.proposal_counting import named, result_or_sum, stand, summed
from bot.store import pods, proposals, rooms, stances
from bot.store.database import Tx
from bot.text import Text


async def describe(tx: Tx, now: datetime, proposal: Proposal) -> Text:
    """Say how a proposal stands, or its result."""
    zone = (await pods.settings(tx, proposal.room_id)).zone
    author = await rooms.person(tx, proposal.room_id, proposal.author)
    standing = await stand(tx, proposal)
    talks = len(await stances.talks(tx, proposal))
    proposal, count = await summed(tx, proposal)
    people = await named(tx, proposal, standing.blocks)
    said = await _adopted_by(tx, proposal)
    if proposal.of_pods:
        spoken = await mandates.lines(tx, proposal, named=True)
        said = [*spoken, *await hold_ends.lines(tx, now, proposal, asked=True), *said]
    return proposal_texts.state(proposal, author, count, people, talks, zone, now, said)


async def _adopted_by(tx: Tx, proposal: Proposal) -> list[Text]:
    """Name the pods that made an advice their own."""
    found = [each for each in await proposals.adopting(tx, proposal.id) if each.state is State.ADOPTED]
    names = [pod.name for each in found if (pod := await pods.find_pod(tx, each.room_id))]
    return [Text("Adopted by {pods}", pods=Text.enumerated(Text("{pod}", pod=name) for name in names))][
        : len(names)
    ]


async def explain(tx: Tx, now: datetime, room: Room, proposal: Proposal) -> Text:
    """Say the sum of a proposal in words; in an assembly, with what each pod says and what is waited for.

    In the room of a pod it names no spoke of another one, and what one asked their own stays out.
    """
    if proposal.state is State.WITHDRAWN:
        return Text("{id} was withdrawn by its author, so nothing is counted.", id=proposal.id)
    standing = await stand(tx, proposal)
    zone = (await pods.settings(tx, proposal.room_id)).zone
    proposal, count = await summed(tx, proposal)
    why = proposal_sums.why(proposal, count, standing.guests, zone)
    if not proposal.of_pods:
        return why
    here = room.room_id == proposal.room_id
    spoken = await mandates.lines(tx, proposal, named=here)
    pods_say = [*spoken, *await hold_ends.lines(tx, now, proposal, asked=here)]
    return Text.lines([why, Text.listed(pods_say)])


async def rehearse(tx: Tx, now: datetime, proposal: Proposal) -> Text:
    """Say what would come of it if it closed now; nothing is changed."""
    zone = (await pods.settings(tx, proposal.room_id)).zone
    proposal, count = await summed(tx, proposal)
    return proposal_sums.rehearsal(proposal, count, zone)


async def listing(tx: Tx, now: datetime, room: Room) -> Text:
    """List the open proposals of a room and those that ended lately."""
    zone = (await pods.settings(tx, room.room_id)).zone
    running = await proposals.open_in(tx, room.room_id)
    over = await proposals.ended_in(tx, room.room_id, now - LISTED_FOR, LISTED)
    parts: list[Text] = []
    if running:
        parts.append(Text("Open proposals; {show} shows one:", show=Code(f"!proposal {running[0].id}")))
        lines = [proposal_lines.open_line(each, await result_or_sum(tx, each), zone, now) for each in running]
        parts.append(Text.listed(lines))
    else:
        parts.append(
            Text(
                "No proposal is open. For example: {example}",
                example=Code("!propose We buy a tent for the winter."),
            )
        )
    ended = [each for each in over if each.state.is_over]
    if ended:
        parts += [Text(""), Text("Ended lately:")]
        parts.append(Text.listed(proposal_lines.ended_line(each) for each in ended))
    return Text.lines(parts)


async def records(tx: Tx, room_id: str) -> Text:
    """List the proposals of a room with what came of them."""
    zone = (await pods.settings(tx, room_id)).zone
    found = {each.id: each for each in await proposals.open_in(tx, room_id)}
    found |= {each.id: each for each in await proposals.ended_in(tx, room_id)}
    if not found:
        return Text("No proposals.")
    return Text.listed(proposal_lines.record(each, zone) for each in found.values())
