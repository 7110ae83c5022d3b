"""What people who come and go mean for open proposals.

Rule: who leaves drops out and the number needed is said again; who comes is told, and does not decide.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.pods import Room
from bot.domain.proposals import State
from bot.domain.values import Code, Person
from bot.services import (
    proposal_texts,
)
from bot.services.proposal_closing import settle
from bot.services.proposal_counting import stand
from bot.services.speech import say
from bot.store import proposals, rooms, voices
from bot.store.database import Tx
from bot.text import Text


async def member_left(tx: Tx, now: datetime, room_id: str, user_id: str) -> None:
    """Let somebody who left the room drop out, and say the number that is needed now.

    Where the end has passed and is still to be acted on, who left after it had a voice to the end.
    """
    for proposal in await proposals.open_in(tx, room_id):
        _here, gone = await voices.here_and_gone(tx, room_id, proposal.closes_at, user_id)
        if proposal.is_open and gone:
            continue
        if not await proposals.lose_voice(tx, proposal.id, user_id):
            continue
        who = await rooms.person(tx, room_id, user_id)
        standing = await stand(tx, proposal)
        if proposal.state is State.BLOCKED:
            if not standing.blocks:
                remark = Text("{who} left, and no block stands any more.", who=who)
                await settle(tx, now, proposal, remark)
            continue
        text = Text(
            "{who} left, and has no voice in {id} any more. {needed}",
            who=who,
            id=proposal.id,
            needed=proposal_texts.needed(proposal, len(standing.voices)),
        )
        await say(tx, now, room_id, text, about=proposal.id)


async def voice_changed(tx: Tx, now: datetime, room_id: str, who: Person, *, observer: bool) -> None:
    """Say the number that is needed now, because somebody of the opening has become an observer, or is none any more."""
    for proposal in await proposals.open_in(tx, room_id):
        if not proposal.is_open or who.user_id not in await proposals.voices(tx, proposal.id):
            continue
        standing = await stand(tx, proposal)
        text = Text(
            "{who} is an observer now, and has no voice in {id}. {needed}"
            if observer
            else "{who} has a voice in {id} again. {needed}",
            who=who,
            id=proposal.id,
            needed=proposal_texts.needed(proposal, len(standing.voices)),
        )
        await say(tx, now, room_id, text, about=proposal.id)


async def member_joined(tx: Tx, now: datetime, room: Room, user_id: str) -> None:
    """Tell somebody who joined about open proposals: they cannot read what was said before."""
    found = await proposals.open_in(tx, room.room_id)
    running = [each for each in found if each.is_open and not each.of_pods]
    if not running or user_id not in {member.user_id for member in await rooms.members(tx, room.room_id)}:
        return
    text = Text.lines(
        [
            Text(
                "These were proposed before you came, and those who were here then decide. {show} shows one:",
                show=Code(f"!proposal {running[0].id}"),
            ),
            Text.listed(Text("{name}", name=proposal_texts.name(each)) for each in running),
        ]
    )
    # several who join in one step are told once
    await say(tx, now, room.room_id, text, about=running[0].id, txn_id=f"{running[0].id}.again.{tx.cause}")
