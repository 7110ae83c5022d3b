"""Summaries: approving them, carrying them between pods and assembly, and saying how far they are.

Rule: what goes is what was shown, to the rooms that were shown, once two people approved exactly that. An ok counts
only when the preview of its version has left the outbox, because nobody can approve what they have not seen.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict, NotAllowed
from bot.domain.pods import Room, RoomKind
from bot.domain.summaries import Summary
from bot.domain.summary_parts import State
from bot.domain.values import Code, Person, Verbatim, When
from bot.domain.voices import APPROVERS
from bot.services import (
    digests,
    objections,
    spokes,
    summary_delivery,
    summary_drafts,
    summary_finding,
    summary_terms,
)
from bot.services import summary_words as wording
from bot.services.speech import say
from bot.store import deliveries, outbox, pods, steps, summaries, summary_files
from bot.store.database import Tx
from bot.text import Text


async def approve(
    tx: Tx,
    now: datetime,
    room: Room,
    sender: Person,
    summary_id: str,
    event_id: str,
    shown_at: datetime | None = None,
    answered: str | None = None,
) -> Text | None:
    """Count somebody's ok; the second one that counts sends the summary.

    Args:
        tx: The open transaction.
        now: The moment.
        room: Where.
        sender: Whose.
        summary_id: For what.
        event_id: The message it was typed in.
        shown_at: When that message came, if it could not be read then: it is no ok for what was shown since.
        answered: What it speaks to: it is no ok for what was shown after that.

    Raises:
        NotFound: There is no such summary here.
        NotAllowed: The person may not approve it.
        Conflict: It is no draft, was not shown yet, has nowhere to go, or the ok adds nothing.
    """
    before = await summary_finding.own(tx, room, summary_id)
    before.check_pending(now)
    terms, voices = await summary_terms.of(tx, room, before), await summary_terms.voices_of(tx, room)
    before.check_fetched()
    if shown_at is not None and not await summary_drafts.is_shown(tx, before, shown_at):
        raise Conflict(
            "I could read that ok only now, and {id} version {version} was shown after you typed it, so it does not count."
            " Read that first, then type {ok}.",
            id=before.id,
            version=before.version,
            ok=Code(f"ok {before.id}"),
        )
    if answered is not None and await summary_drafts.is_older(tx, before, answered):
        raise Conflict(
            "{id} version {version} was shown after the message that you answered. Read it first, then type {ok}.",
            id=before.id,
            version=before.version,
            ok=Code(f"ok {before.id}"),
        )
    if not await summary_drafts.is_shown(tx, before):
        raise Conflict(
            "{id} has just changed, and version {version} is not shown here yet. Read it first, then type {ok}.",
            id=before.id,
            version=before.version,
            ok=Code(f"ok {before.id}"),
        )
    window = (await pods.settings(tx, room.room_id)).objection_window
    after = before.approve(sender.user_id, event_id, voices, terms, now, window)
    await summaries.save(tx, after)
    if after.version != before.version:
        await summary_drafts.show(tx, now, room, after, summary_drafts.rooms_changed(after), event_id)
        return None
    await steps.record(
        tx, room.room_id, sender.user_id, now, "summary.ok", id=summary_id, version=after.version
    )
    if after.state is State.OPEN:
        return await objections.open_window(tx, room, after)
    if after.state is not State.DRAFT:
        return await summary_delivery.release(tx, now, room, after)
    return Text.lines(
        [
            Text(
                "Counted: {who} says ok to {id}, {count} of {needed}.",
                who=sender,
                id=after.id,
                count=len(voices.counted(after.approvers)),
                needed=APPROVERS,
            ),
            await wording.missing(tx, room, after, voices),
        ]
    )


async def cancel(tx: Tx, now: datetime, room: Room, sender: Person, summary_id: str) -> Text:
    """Drop a draft; its author may, and whoever could approve it.

    Raises:
        NotFound: There is no such summary here.
        NotAllowed: The person neither drafted it nor is a spoke.
        Conflict: It is no draft any more.
    """
    summary = await summary_finding.own(tx, room, summary_id)
    after = summary.cancel(now)
    if sender.user_id != summary.drafted_by and not await spokes.is_spoke(tx, room, sender.user_id):
        raise NotAllowed("{id} can be cancelled by who drafted it, or by a spoke.", id=summary.id)
    await summary_drafts.end(tx, after)
    return _dropped(summary)


def _dropped(summary: Summary) -> Text:
    """Say that what waited does not go; of a change, that what others have stays."""
    if summary.out is None:
        return Text("{id} is cancelled. Nothing was sent.", id=summary.id)
    return Text(
        "The change of {id} is cancelled. What was sent stays: version {version}.",
        id=summary.id,
        version=summary.out.version,
    )


async def undo_draft(
    tx: Tx, now: datetime, room: Room, sender: Person, summary_id: str, command: str | None
) -> Text:
    """Drop what somebody's own command drafted.

    Args:
        tx: The open transaction.
        now: The moment.
        room: Where.
        sender: Who.
        summary_id: What.
        command: The message with that command; `None` of steps that were kept without it.

    Raises:
        Conflict: What waits now is somebody else's, or from another command, or nothing waits.
    """
    summary = await summary_finding.own(tx, room, summary_id)
    if command not in (None, summary.command_event_id):
        raise _passed(summary)
    return await cancel(tx, now, room, sender, summary_id)


def _passed(summary: Summary) -> Conflict:
    """Return that somebody's step is part of what others have by now."""
    return Conflict(
        "What you did for {id} has gone out since, so there is nothing to undo. {status} shows how it stands.",
        id=summary.id,
        status=Code(f"!summary status {summary.id}"),
    )


async def withdraw_ok(
    tx: Tx, now: datetime, room: Room, sender: Person, summary_id: str, version: int | None = None
) -> Text:
    """Take somebody's ok back while nothing has gone.

    Args:
        tx: The open transaction.
        now: The moment.
        room: Where.
        sender: Whose.
        summary_id: For what.
        version: For which version; `None` of steps that were kept without it.

    Raises:
        Conflict: It is no draft any more, or the ok was for what others have.
    """
    summary = await summary_finding.own(tx, room, summary_id)
    if summary.out is not None and version is not None and version <= summary.out.version:
        raise _passed(summary)
    await summary_drafts.keep(tx, summary.take_back(sender.user_id, now))
    return Text("Your ok for {id} is taken back.", id=summary_id)


async def lapse(tx: Tx, now: datetime, summary_id: str) -> None:
    """End a draft that was not approved in time; late, when the bot was down, it lapses all the same."""
    summary = await summaries.find(tx, summary_id)
    if summary is None or (after := summary.lapse(now)) is summary:
        return
    await summaries.save(tx, after)
    text = (
        Text(
            "{id} was not approved in 72 hours and has lapsed. Nothing was sent. {new} drafts another.",
            id=summary_id,
            new=Code("!summary TEXT"),
        )
        if summary.out is None
        else Text(
            "The change of {id} was not approved in 72 hours and has lapsed. What was sent stays: version {version}.",
            id=summary_id,
            version=after.version,
        )
    )
    await say(tx, now, summary.room_id, text, about=summary_id)


async def pod_left(tx: Tx, pod_room_id: str) -> None:
    """Take back what waits for a pod that is leaving its assembly: from now on it is not addressed.

    What the pod itself sent before it left still arrives, before the news that it left.
    """
    waiting = await deliveries.waiting_for(tx, pod_room_id) + await summary_files.waiting_for(tx, pod_room_id)
    for txn_id in waiting:
        await outbox.cancel(tx, txn_id)
    await digests.pod_left(tx, pod_room_id)


async def drafts(tx: Tx, now: datetime, room: Room) -> Text:
    """List the drafts of a room."""
    found = [item for item in await summaries.drafts_in(tx, room.room_id) if item.is_pending(now)]
    if not found:
        return Text(
            "No summary waits here. {new} drafts one, or {reply} as a reply to a message.",
            new=Code("!summary TEXT"),
            reply=Code("!summary"),
        )
    return Text.lines(
        [
            Text("{n} draft here:", plural="{n} drafts here:", n=len(found)),
            Text.listed(wording.short_line(item) for item in found),
            Text("{status} shows one of them.", status=Code(f"!summary status {found[0].id}")),
        ]
    )


async def status(tx: Tx, now: datetime, room: Room, summary_id: str) -> Text:
    """Say how a summary stands.

    Raises:
        NotFound: This room has none of that id.
    """
    summary = await summary_finding.find(tx, room, summary_id)
    return await wording.describe(tx, now, room, summary.lapse(now), await summary_terms.voices_of(tx, room))


async def explain(tx: Tx, room: Room, summary_id: str) -> Text:
    """Say why a summary went.

    Raises:
        NotFound: This room has none of that id.
    """
    return await wording.explain(tx, room, await summary_finding.find(tx, room, summary_id))


async def waiting_for_ok(tx: Tx, now: datetime, room: Room, user_id: str) -> list[Summary]:
    """Return the drafts of a room that somebody's ok would bring nearer."""
    if room.kind is RoomKind.NONE:
        return []
    voices = await summary_terms.voices_of(tx, room)
    return [
        item
        for item in await summaries.drafts_in(tx, room.room_id)
        if item.is_pending(now)
        and item.state is State.DRAFT
        and user_id not in item.approvers
        and len(voices.counted([*item.approvers, user_id])) > len(voices.counted(item.approvers))
    ]


async def records(tx: Tx, room_id: str) -> Text:
    """List the summaries a pod sent."""
    found = await summaries.sent_by(tx, room_id)
    if not found:
        return Text("No summaries.")
    zone = (await pods.settings(tx, room_id)).zone
    return Text.lines(
        Text(
            "{id} version {version}, {at}, to {rooms}:\n\n{words}\n"
            if item.file is None
            else "{id} version {version}, {at}, to {rooms}, with the file {file}:\n\n{words}\n",
            id=item.id,
            version=item.version,
            at=When(item.ended_at or item.made_at, zone),
            rooms=wording.names(item.terms.destinations),
            words=Verbatim(item.text),
            file=item.file.name if item.file else "",
        )
        for item in (each.as_sent for each in found)
    )
