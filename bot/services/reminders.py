"""Reminders of open proposals and polls, to those who have a voice in one and have said nothing.

Rule: nobody is reminded at night, after the end, twice at once, or against their wish.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.pods import Room
from bot.domain.reminders import APART, MOST_NAMED, moments
from bot.domain.values import Code, Person, When
from bot.services import poll_counting, polls, proposal_texts
from bot.services.proposal_counting import stand
from bot.services.reminder_plans import plan, txn_of
from bot.services.speech import say
from bot.store import pods, proposals, rooms, timers, unreminded
from bot.store import polls as poll_store
from bot.store.database import Tx
from bot.text import Text


@dataclass(frozen=True, slots=True)
class _Open:
    """Something that is open, and who has said nothing to it."""

    room_id: str
    name: str
    begin: datetime
    end: datetime
    voices: frozenset[str]
    silent: frozenset[str]
    how: Text


async def remind(tx: Tx, now: datetime, _due: datetime, payload: dict[str, Any]) -> None:
    """Remind those who are silent; one that comes late stands for all that were due before it."""
    found = await _find(tx, payload["id"])
    if found is None or now >= found.end:
        return
    settings = await pods.settings(tx, found.room_id)
    wake = settings.quiet_hours.wake(now, settings.zone)
    if wake > now:
        if found.end - wake >= APART:
            await timers.put(tx, "remind", f"remind.{payload['id']}", wake, id=payload["id"])
        return
    await plan(tx, now + APART, payload["id"], found.begin, found.end)
    silent = sorted(found.silent - await unreminded.of(tx, found.room_id))
    if not silent:
        return
    at = When(found.end, settings.zone, now)
    text = Text(
        "{who} you have said nothing yet on {name} It closes {at}. {how} {quiet} stops reminders for you here."
        if len(silent) <= MOST_NAMED
        else "{n} of {all} have said nothing yet on {name} It closes {at}. {how} {quiet} stops reminders for you here.",
        who=await _named(tx, found.room_id, silent),
        n=len(silent),
        all=len(found.voices),
        name=found.name,
        at=at,
        how=found.how,
        quiet=Code("!quiet"),
    )
    moment = max(at for at in moments(found.begin, found.end) if at <= now)
    await say(tx, now, found.room_id, text, about=payload["id"], txn_id=txn_of(payload["id"], moment))


async def _named(tx: Tx, room_id: str, silent: Collection[str]) -> Text:
    people = [await rooms.person(tx, room_id, user_id) for user_id in list(silent)[:MOST_NAMED]]
    return Text(
        "{people},", people=Text.enumerated(Text("{who}", who=person.mentioned()) for person in people)
    )


async def _find(tx: Tx, object_id: str) -> _Open | None:
    proposal = await proposals.find(tx, object_id)
    if proposal is not None:
        if not proposal.is_open or proposal.of_pods:
            return None  # the pods are reminded in their own rooms
        standing = await stand(tx, proposal)
        return _Open(
            proposal.room_id,
            _stopped(proposal_texts.name(proposal)),
            proposal.round_at,
            proposal.closes_at,
            standing.voices,
            standing.silent,
            Text(
                "For example: {agree}. {show} shows it.",
                agree=Code(f"agree {proposal.id}"),
                show=Code(f"!proposal {proposal.id}"),
            ),
        )
    poll = await poll_store.find(tx, object_id)
    if poll is None or not poll.is_open:
        return None
    voices = await poll_counting.may_vote(tx, poll)
    answered = [user_id for user_id in voices if await poll_counting.standing(tx, poll, user_id) is not None]
    return _Open(
        poll.room_id,
        _stopped(polls.name(poll)),
        poll.opened_at,
        poll.closes_at,
        voices,
        voices - frozenset(answered),
        Text("{show} shows it.", show=Code(f"!poll {poll.id}")),
    )


def _stopped(name: str) -> str:
    return name if name.endswith((".", "?", "!", "…")) else f"{name}."


async def stop(tx: Tx, room: Room, sender: Person) -> Text:
    """Send somebody no more reminders in a room."""
    await unreminded.add(tx, room.room_id, sender.user_id)
    return Text(
        "{who}, I do not remind you of open proposals and polls here any more. {next} shows them; {off} starts it again.",
        who=sender,
        next=Code("!next"),
        off=Code("!quiet off"),
    )


async def start(tx: Tx, room: Room, sender: Person) -> Text:
    """Send somebody reminders in a room again."""
    await unreminded.drop(tx, room.room_id, sender.user_id)
    return Text(
        "{who}, I remind you here again of what is open: at half of the time and a day before the end. {quiet} stops it.",
        who=sender,
        quiet=Code("!quiet"),
    )
