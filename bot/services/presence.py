"""Which pods of an assembly are active, and how many people each has, as a proposal is opened.

Rule: nobody is counted twice among the people, and no pod is called dormant that was heard in the last two assemblies.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.activity import heard_since
from bot.domain.modes import first_pods
from bot.domain.proposals import Proposal
from bot.domain.recurrence import Recurrence
from bot.store import heard, mandates, pods, rooms
from bot.store.database import Tx


async def note(tx: Tx, now: datetime, proposal: Proposal) -> list[str]:
    """Note which pods are dormant as a round begins, and how many people each has; returns the names of the dormant ones."""
    settings = await pods.settings(tx, proposal.room_id)
    dates = Recurrence.load(settings.meets) if settings.meets else None
    since = heard_since(dates, now, settings.zone)
    last = await heard.last(tx, proposal.room_id)
    found = await mandates.of(tx, proposal.id)
    joined = [
        (member.since, each.pod_room_id, member.user_id)
        for each in found
        for member in await rooms.voices(tx, each.pod_room_id)
        if now - member.since >= proposal.class_.member_for
    ]
    sizes = first_pods((pod, user_id) for _since, pod, user_id in sorted(joined))
    names = []
    for each in found:
        is_dormant = since is not None and last.get(each.pod_room_id, now) < since
        await mandates.note_size(
            tx, proposal.id, each.pod_room_id, sizes.get(each.pod_room_id, 0), is_dormant
        )
        if is_dormant:
            names.append(each.name)
    return names
