"""Opening proposals of a pod.

Rule: the number needed is said at the opening, and the pod's own rule of that moment holds to the end.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.classes import POD
from bot.domain.errors import UsageError
from bot.domain.ids import POLL
from bot.domain.pods import Room, Settings
from bot.domain.polls import brief, tidy
from bot.domain.proposals import (
    Proposal,
    check_count,
    check_text,
)
from bot.domain.thresholds import Rule, read_threshold
from bot.domain.values import Code, Person
from bot.services import proposal_texts
from bot.services.deadlines import deadline
from bot.services.proposal_rounds import begin_round
from bot.services.speech import say
from bot.store import ids, proposals, rooms, steps
from bot.store.database import Tx


async def open_proposal(
    tx: Tx,
    now: datetime,
    room: Room,
    settings: Settings,
    sender: Person,
    text: str,
    *,
    closes: str,
    threshold: str,
) -> None:
    """Open a proposal: its words, the number needed, and a native poll to tap.

    Args:
        tx: The open transaction.
        now: The moment.
        room: The pod.
        settings: Its settings.
        sender: Who proposes; a member with a voice.
        text: As typed.
        closes: The end as typed; empty for 3 days.
        threshold: As typed; only the pod's own is taken.

    Raises:
        UsageError: It cannot be proposed like this.
        Conflict: Too many are open.
    """
    words = check_text(text)
    voices = frozenset(member.user_id for member in await rooms.voices(tx, room.room_id))
    rule = Rule(read_threshold(settings.threshold, len(voices), "!pod set threshold "), POD.rule.quorum)
    if threshold and not read_threshold(threshold, len(voices)).is_same(rule.threshold):
        raise UsageError(
            "This pod decides by {own}, and one person cannot change that for one proposal. {change} asks for another "
            "rule, which a second member confirms. For example: {example}",
            own=rule.threshold.name,
            change=Code(f"!pod set threshold {threshold.strip()}"),
            example=Code(f"!propose {brief(tidy(words))}"),
        )
    check_count(await proposals.open_in(tx, room.room_id), sender.user_id)
    closes_at = deadline(closes, now, settings.zone, f"!propose {brief(tidy(words))}")
    proposal = Proposal(
        await ids.next_id(tx, POLL), room.room_id, sender.user_id, words, rule, now, now, closes_at
    )
    await proposals.add(tx, proposal, voices)
    await steps.record(tx, room.room_id, sender.user_id, now, "proposal.open", id=proposal.id)
    await begin_round(tx, now, proposal)
    opened = proposal_texts.opened(proposal, sender, len(voices), settings.zone, now)
    await say(tx, now, room.room_id, opened, about=proposal.id, aloud=True)
