"""Friendly amendments: wording fixed by who proposed it, while what was said of it stays.

Rule: nobody is bound to words they minded. One voice that says `not friendly` in time is enough, and then only a new version
changes the text.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import Conflict, NotAllowed, NotFound, UsageError
from bot.domain.pods import Room
from bot.domain.polls import brief, tidy
from bot.domain.proposals import REASON_LENGTH, Proposal, check_text
from bot.domain.values import Code, Person, Verbatim, When
from bot.domain.wording import OBJECT_WITHIN, Fix, is_fix
from bot.services.amending import differences
from bot.services.pairs import pairs_of
from bot.services.proposal_unread import who_counts
from bot.services.speech import say
from bot.store import mandates, pods, proposals, rooms, steps, timers, wording_fixes
from bot.store.database import Tx
from bot.text import Text

LATE = timedelta(minutes=10)
"""When it is later than that, an objection may have been sent and not read yet."""


async def offer(tx: Tx, now: datetime, proposal: Proposal, sender: Person, text: str) -> None:
    """Show a change of wording, and let it take effect in 12 hours if no voice minds.

    Raises:
        NotAllowed: The sender did not propose it.
        Conflict: It cannot be changed like this: it is over or nearly, or another change waits.
        UsageError: The text cannot be proposed, or is more than other wording.
    """
    amend = Code(f"!amend {proposal.parent or proposal.id} {brief(tidy(text)) or 'TEXT'}")
    if proposal.parent is not None:
        raise Conflict("{id} is your pod's part of {parent}; its words are changed in the assembly.", id=proposal.id, parent=proposal.parent)  # fmt: skip
    if sender.user_id != proposal.author:
        raise NotAllowed("Only who proposed {id} can change its words.", id=proposal.id)
    if not proposal.is_open:
        raise Conflict(
            "{id} is not open. {show} shows how it stands.",
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )
    if proposal.class_.readings > 1 or proposal.adopts is not None:
        raise Conflict(
            "{id} passes with the same words from beginning to end; any change starts again: {amend}"
            if proposal.adopts is None
            else "{id} asks whether your pod adopts {advice} as it stands.",
            id=proposal.id,
            advice=proposal.adopts,
            amend=amend,
        )
    words = check_text(text, f"!friendly {proposal.id}", proposal.class_.longest)
    if words == proposal.text:
        raise Conflict("{id} says that already.", id=proposal.id)
    if not is_fix(proposal.text, words):
        raise UsageError(
            "That changes more than half of the words, so all should say anew what they think. A new version: {amend}",
            amend=amend,
        )
    if await wording_fixes.find(tx, proposal.id) is not None:
        raise Conflict("A change of {id} waits already. {undo} takes your last step back.", id=proposal.id, undo=Code("!undo"))  # fmt: skip
    settings = await pods.settings(tx, proposal.room_id)
    due = settings.quiet_hours.wake(now + OBJECT_WITHIN, settings.zone)
    if due >= proposal.closes_at:
        raise Conflict(
            "{id} closes {at}, before everybody had time to mind. A new version has more time: {amend}",
            id=proposal.id,
            at=When(proposal.closes_at, settings.zone, now),
            amend=amend,
        )
    await wording_fixes.add(tx, proposal.id, Fix(words, due))
    await timers.put(tx, "proposal.friendly", f"proposal.{proposal.id}.friendly", due, id=proposal.id)
    await steps.record(tx, proposal.room_id, sender.user_id, now, "proposal.friendly", id=proposal.id)
    for room_id, shown in await _rooms(tx, proposal):
        zone = (await pods.settings(tx, room_id)).zone
        told = Text.lines(
            [
                Text("{who} fixes the wording of {id}. What changes:", who=sender, id=shown),
                differences(proposal.text, words),
                Text(
                    "What was said of it stays. It takes effect {at}, unless one of you replies {objection}.",
                    at=When(due, zone, now),
                    objection=Code(f"not friendly {shown}"),
                ),
            ]
        )
        await say(tx, now, room_id, told, about=shown, aloud=True)


async def _rooms(tx: Tx, proposal: Proposal) -> list[tuple[str, str]]:
    """Return the rooms in which a proposal is decided, each with its id there."""
    found = [(proposal.room_id, proposal.id)]
    if proposal.of_pods:
        found += [
            (each.pod_room_id, each.mirror_id or proposal.id) for each in await mandates.of(tx, proposal.id)
        ]
    return found


async def waiting_in(tx: Tx, room: Room) -> list[Proposal]:
    """Return the open proposals of a room of whose words a change waits."""
    running = await proposals.open_in(tx, room.room_id)
    return [shown for shown in running if await wording_fixes.find(tx, shown.parent or shown.id) is not None]


async def mind(tx: Tx, now: datetime, room: Room, sender: Person, shown: Proposal, reason: str) -> None:
    """Stop a change of wording, because a voice finds it more than that.

    Raises:
        NotFound: None waits.
        NotAllowed: The sender has no voice in it.
        UsageError: The reason is too long.
    """
    proposal = await proposals.find(tx, shown.parent) if shown.parent else shown
    fix = await wording_fixes.find(tx, proposal.id) if proposal is not None else None
    if proposal is None or fix is None:
        raise NotFound(
            "No change of the wording of {id} waits. {show} shows it as it is.",
            id=shown.id,
            show=Code(f"!proposal {shown.id}"),
        )
    if not await _has_voice(tx, room, sender, shown):
        raise NotAllowed("Only those who have a voice in {id} can do that.", id=shown.id)
    words = tidy(reason)
    if len(words) > REASON_LENGTH:
        raise UsageError(
            "That reason is {length} characters long; {most} are the most. For example: {example}",
            length=len(words),
            most=REASON_LENGTH,
            example=Code(f"not friendly {shown.id}"),
        )
    await _drop(tx, proposal.id)
    for room_id, name in await _rooms(tx, proposal):
        here = room_id == room.room_id
        told = Text.lines(
            [
                Text(
                    "{who} finds that more than other wording, so {id} stays as it was."
                    if here
                    else "The wording of {id} stays as it was: somebody found the change more than that.",
                    who=sender,
                    id=name,
                ),
                Text("{words}", words=Verbatim(words)) if words and here else None,
                Text(
                    "Who proposed it can make a new version of it, on which all say anew what they think: {amend}",
                    amend=Code(f"!amend {proposal.id} {tidy(fix.text)}"),
                )
                if room_id == proposal.room_id
                else None,
            ]
        )
        await say(tx, now, room_id, told, about=name)


async def _has_voice(tx: Tx, room: Room, sender: Person, shown: Proposal) -> bool:
    if shown.of_pods and room.room_id == shown.room_id:
        voices = {each.pod_room_id for each in await mandates.of(tx, shown.id)}
        pairs = await pairs_of(tx, shown.room_id)
        return any(sender.user_id in pairs.get(pod, set()) for pod in voices)
    if shown.of_pods:  # the assembly's id, typed in a pod
        return any(member.user_id == sender.user_id for member in await rooms.voices(tx, room.room_id))
    return sender.user_id in await who_counts(tx, shown)


async def _drop(tx: Tx, proposal_id: str) -> bool:
    await timers.drop(tx, f"proposal.{proposal_id}.friendly")
    return await wording_fixes.drop(tx, proposal_id)


async def take_effect(tx: Tx, now: datetime, _due: datetime, payload: dict[str, Any]) -> None:
    """Change the words, if nobody minded and it is still open.

    After a time down an objection may be on its way, so then it does not take effect: stances stay with words that were seen.
    """
    fix = await wording_fixes.find(tx, payload["id"])
    proposal = await proposals.find(tx, payload["id"])
    await _drop(tx, payload["id"])
    if fix is None or proposal is None or not proposal.is_open or now >= proposal.closes_at:
        return
    if now - fix.due >= LATE:
        text = Text(
            "I was not running when the change of {id} was due, so its wording stays. To offer it again: {friendly}",
            id=proposal.id,
            friendly=Code(f"!friendly {proposal.id} {tidy(fix.text)}"),
        )
        await say(tx, now, proposal.room_id, text, about=proposal.id)
        return
    await proposals.save(tx, replace(proposal, text=fix.text))
    for each in await mandates.of(tx, proposal.id):
        mirror = await proposals.find(tx, each.mirror_id) if each.mirror_id else None
        if mirror is not None and mirror.is_open:
            await proposals.save(tx, replace(mirror, text=fix.text))
    for room_id, shown in await _rooms(tx, proposal):
        text = Text.lines(
            [
                Text("Nobody minded, so {id} reads now:", id=shown),
                Text("{text}", text=Verbatim(fix.text)),
                Text("What was said of it stays."),
            ]
        )
        await say(tx, now, room_id, text, about=shown)


async def take_back(tx: Tx, now: datetime, sender: Person, proposal_id: str) -> Text:
    """Take an offered change of wording back.

    Raises:
        Conflict: None waits any more.
    """
    proposal = await proposals.find(tx, proposal_id)
    if proposal is None or not await _drop(tx, proposal_id):
        raise Conflict("No change of the wording of {id} waits any more.", id=proposal_id)
    for room_id, shown in (await _rooms(tx, proposal))[1:]:
        text = Text("The change of {id} is taken back; its wording stays.", id=shown)
        await say(tx, now, room_id, text, about=shown)
    return Text("{who}: the change of {id} is taken back; its wording stays.", who=sender, id=proposal_id)
