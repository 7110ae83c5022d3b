"""Changing what others have: corrections and retractions, approved like the summary itself.

Rule: what was sent is changed by those who sent it and by nobody else. A change goes to the rooms that have the
summary, and until it is approved they keep what they have.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.drafts import check_count, check_text
from bot.domain.errors import UsageError
from bot.domain.files import Attached
from bot.domain.pods import Room
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Kind
from bot.domain.urgency import split_mark
from bot.domain.values import Code, Person
from bot.services import summary_drafts, summary_files, summary_finding, summary_terms
from bot.store import steps, summaries
from bot.store.database import Tx
from bot.text import Text


async def correct(
    tx: Tx,
    now: datetime,
    room: Room,
    sender: Person,
    summary_id: str,
    words: str,
    event_id: str,
    attached: Attached | None = None,
) -> None:
    """Show the words, and the file if there is another, that would replace what others have.

    Args:
        tx: The open transaction.
        now: The moment.
        room: Where.
        sender: Who.
        summary_id: Of what.
        words: The new ones; with another file they may be left out.
        event_id: The message with the command.
        attached: A file in place of the one that others have.

    Raises:
        NotFound: There is no such summary here.
        UsageError: The text is empty or too long.
        Conflict: It came from elsewhere, is not out, says that already, or a change of it waits.
    """
    before = await _sent(tx, now, room, sender, summary_id)
    words, urgent = split_mark(words)
    if attached is not None:
        await summary_files.check_taken(tx, attached)
        words = words.strip() or attached.caption or before.text
    keeps_words = urgent and not words.strip()
    text = before.text if keeps_words else check_text(words)
    if urgent and before.kind is not Kind.SUMMARY:
        raise UsageError(
            "Questions and answers come at once anyway, so {id} needs no mark: {example}",
            id=before.id,
            example=Code(f"!summary correct {before.id} {' '.join(text[:60].split())}"),
        )
    summary_terms.check_mark(room, text, urgent=urgent)
    terms = await summary_terms.of_copies(tx, room, before)
    terms = replace(terms, urgent=urgent or before.terms.urgent)
    after = before.correct(text, terms, sender.user_id, event_id, now, attached)
    noted = not keeps_words and summary_drafts.was_changed(words, text)
    if attached is not None:
        await _keep(tx, now, room, sender, after)
        await summary_drafts.begin_fetch(tx, now, room, after, attached, event_id, None, noted=noted)
        return
    lead = summary_drafts.lead_of(after)
    if noted:
        lead = summary_drafts.with_note(lead)
    await _propose(tx, now, room, sender, after, lead, event_id)


async def retract(tx: Tx, now: datetime, room: Room, sender: Person, summary_id: str, event_id: str) -> None:
    """Show that a summary would be deleted where it went.

    Raises:
        NotFound: There is no such summary here.
        Conflict: It came from elsewhere, is not out, or a change of it waits.
    """
    before = await _sent(tx, now, room, sender, summary_id)
    after = before.retract(await summary_terms.of_copies(tx, room, before), sender.user_id, event_id, now)
    lead = Text(
        "Retraction of {id}. Its text is deleted where it went; what has not gone yet stays here. In its place:"
        if before.file is None
        else "Retraction of {id}. Its text and its file are deleted where they went, and the file as I showed it here; what has "
        "not gone yet stays here. The server may keep the encrypted file, but I forget its key. In its place:",
        id=after.id,
    )
    await _propose(tx, now, room, sender, after, lead, event_id)


async def _sent(tx: Tx, now: datetime, room: Room, sender: Person, summary_id: str) -> Summary:
    summary = (await summary_finding.own(tx, room, summary_id)).lapse(now)
    summary.check_out()
    await summary_drafts.check_can_be_approved(tx, room)
    waiting = await summaries.drafts_in(tx, room.room_id)
    check_count([each for each in waiting if each.is_pending(now)], sender.user_id)
    return summary


async def _propose(
    tx: Tx, now: datetime, room: Room, sender: Person, after: Summary, lead: Text, event_id: str
) -> None:
    await _keep(tx, now, room, sender, after)
    await summary_drafts.show(tx, now, room, after, lead, event_id)


async def _keep(tx: Tx, now: datetime, room: Room, sender: Person, after: Summary) -> None:
    await summaries.save(tx, after)
    await steps.record(
        tx, room.room_id, sender.user_id, now, "summary", id=after.id, command=after.command_event_id
    )
