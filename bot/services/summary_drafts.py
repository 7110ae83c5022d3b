"""Drafts of summaries: making them, showing them, and what happens when their message is edited or deleted.

Rule: what is shown is what would go, word by word and room by room; whatever changes it is a new version, shown
again, and every ok so far is void.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.drafts import check_count, check_text
from bot.domain.errors import Conflict, UsageError
from bot.domain.harmless import tidy
from bot.domain.ids import SUMMARY
from bot.domain.pods import Room
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Kind, State, Terms
from bot.domain.values import Code, Person
from bot.domain.voices import APPROVERS, AssemblyVoices
from bot.ports import Said, Say
from bot.services import summary_delivery, summary_lines, summary_terms
from bot.services import summary_words as wording
from bot.services.speech import LONGEST, say
from bot.store import ids, outbox, pods, rooms, steps, summaries, timers
from bot.store.database import Tx
from bot.text import Text


@dataclass(frozen=True, slots=True)
class Source:
    """The message a summary is taken from.

    Args:
        words: Its text.
        event_id: The message with the words, which may be edited or deleted.
        by: Who may edit it; `None` where we do not know who wrote it.
    """

    words: str
    event_id: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Addressed:
    """What goes to one room rather than to all.

    Args:
        answers: The id of the question that it answers.
    """

    kind: Kind
    terms: Terms
    answers: str | None = None


async def draft(
    tx: Tx,
    now: datetime,
    room: Room,
    sender: Person,
    command_event_id: str,
    source: Source,
    thread: str | None,
    addressed: Addressed | None = None,
) -> Summary:
    """Make a draft and show it.

    Raises:
        UsageError: The text is empty or too long.
        Conflict: There is no other room for it, nobody who could approve it, or too many drafts wait.
    """
    text = check_text(source.words)
    terms = addressed.terms if addressed else await summary_terms.for_all(tx, room)
    await check_can_be_approved(tx, room)
    check_count(
        [each for each in await summaries.drafts_in(tx, room.room_id) if each.is_pending(now)], sender.user_id
    )
    summary = Summary(
        id=await ids.next_id(tx, SUMMARY),
        room_id=room.room_id,
        drafted_by=sender.user_id,
        command_event_id=command_event_id,
        source_event_id=source.event_id,
        source_by=source.by,
        text=text,
        terms=terms,
        made_at=now,
        kind=addressed.kind if addressed else Kind.SUMMARY,
        answers=addressed.answers if addressed else None,
    )
    await summaries.save(tx, summary)
    await steps.record(tx, room.room_id, sender.user_id, now, "summary", id=summary.id)
    lead = Text("Draft {id}. This is how it will be read:", id=summary.id)
    if was_changed(source.words, text):
        lead = with_note(lead)
    await show(tx, now, room, summary, lead, command_event_id, thread)
    return summary


def was_changed(words: str, text: str) -> bool:
    """Tell whether more than blanks was taken out of people's words."""
    return text != tidy(words)


def with_note(lead: Text) -> Text:
    """Add to what stands before a preview that something was left out."""
    return Text("{lead} (Mentions and links to people or rooms are left out.)", lead=lead)


def rooms_changed(summary: Summary) -> Text:
    """Return what stands before a version that came to be because its rooms have changed."""
    return Text(
        "The rooms that {id} would go to have changed, so no ok counts yet. This is version {version}:",
        id=summary.id,
        version=summary.version,
    )


async def show(
    tx: Tx,
    now: datetime,
    room: Room,
    summary: Summary,
    lead: Text,
    reply_to: str | None,
    thread: str | None = None,
) -> None:
    """Show a version in its room, word by word as it will arrive, and let its time run."""
    thread = await summary_delivery.thread_in(tx, summary, room.room_id) or thread
    shown = Text("{lead}\n\n{letter}", lead=lead, letter=wording.letter(summary))
    terms = await wording.terms_of_draft(tx, now, room, summary, await summary_terms.voices_of(tx, room))
    whole = Text("{shown}\n\n{terms}", shown=shown, terms=terms)
    if len(str(whole)) <= LONGEST:
        await say(
            tx, now, room.room_id, whole,
            about=summary.id, reply_to=reply_to, thread=thread, txn_id=preview_id(summary),
        )  # fmt: skip
    else:
        # in two messages rather than shortened: what is approved must be seen in full
        first = f"{preview_id(summary)}.letter"
        language = (await pods.settings(tx, room.room_id)).language
        letter = Say(shown.render(language), (), reply_to, thread)
        await outbox.queue(tx, now, room.room_id, letter, about=summary.id, txn_id=first)
        await say(tx, now, room.room_id, terms, about=summary.id, thread=thread, txn_id=preview_id(summary))
    await summary_delivery.stop_timers(tx, summary)
    await timers.put(tx, "summary.lapse", f"summary.{summary.id}", summary.lapses_at, id=summary.id)


def preview_id(summary: Summary) -> str:
    """Return the transaction id of the message with which a version is shown in full."""
    return f"{summary.id}.v{summary.version}.preview"


async def check_can_be_approved(tx: Tx, room: Room) -> None:
    """Check that there are two people here who can approve a summary.

    Raises:
        Conflict: There are not.
    """
    voices = await summary_terms.voices_of(tx, room)
    here = sorted(member.user_id for member in await rooms.voices(tx, room.room_id))
    if len(voices.counted(here)) == APPROVERS:
        return
    if isinstance(voices, AssemblyVoices):
        raise Conflict(
            "A summary needs the ok of spokes of two different pods, and they are not here yet. {show} lists them.",
            show=Code("!assembly"),
        )
    if voices.spokes:
        raise Conflict("A summary needs the ok of two people, and {pod} has only one here.", pod=room.name)
    raise Conflict(
        "{pod} has no spokes who could approve a summary. {draw} draws a pair; then type it again.",
        pod=room.name,
        draw=Code("!spokes draw"),
    )


async def source_edited(tx: Tx, now: datetime, room: Room, edit: Said, prefix: str) -> None:
    """Take in an edit: new words of a draft make a new version, and an edited ok is no ok.

    An app can send an edit of anybody's message, so who sent it is checked where the author is known to us.

    Args:
        tx: The open transaction.
        now: The moment.
        room: Where.
        edit: The edit; its body is the whole new text.
        prefix: What commands start with.
    """
    for summary in await summaries.made_from(tx, room.room_id, edit.replaces or ""):
        if summary.source_event_id == edit.replaces and summary.source_by in (edit.sender, None):
            is_command = summary.source_event_id == summary.command_event_id
            words = (
                await summary_lines.words_in(tx, room, prefix, edit.body, summary)
                if is_command
                else edit.body
            )
            await _edited(tx, now, room, summary, edit.event_id, words)
    await _ok_gone(tx, now, room, edit.replaces or "", edit)


async def _edited(
    tx: Tx, now: datetime, room: Room, summary: Summary, edit_event_id: str, words: str | None
) -> None:
    if summary.state is State.APPROVED:
        text = Text(
            "{id} was approved and goes out as it was. Editing the message does not change it.", id=summary.id
        )
        await say(tx, now, room.room_id, text, about=summary.id, reply_to=edit_event_id)
    if not summary.is_pending(now):
        return
    try:
        changed = _text_of_edit(summary, words)
    except UsageError as problem:
        await keep(tx, summary.void(now))
        told = Text(
            "{problem} {id} keeps its text, and no ok counts yet.", problem=Text.of(problem), id=summary.id
        )
        await say(tx, now, room.room_id, told, about=summary.id, reply_to=edit_event_id)
        return
    try:
        terms = await summary_terms.of(tx, room, summary)
    except Conflict:
        terms = summary.terms  # nowhere to go at this moment; approving it will say so
    after = summary.change(changed, terms, now)
    if after is summary:
        return
    await summaries.save(tx, after)
    lead = Text(
        "The text of {id} has changed, so no ok counts yet. This is version {version}:",
        id=after.id,
        version=after.version,
    )
    await show(tx, now, room, after, lead, edit_event_id)


def _text_of_edit(summary: Summary, words: str | None) -> str:
    if words is None or summary.retracting:
        raise UsageError(
            "That message is no {command} any more. {cancel} drops the draft.",
            command=_command_of(summary),
            cancel=Code(f"!summary cancel {summary.id}"),
        )
    return check_text(words)


def _command_of(summary: Summary) -> Code:
    if summary.out is not None:
        verb = "retract" if summary.retracting else "correct"
        return Code(f"!summary {verb} {summary.id}" + ("" if summary.retracting else " TEXT"))
    return Code(
        {Kind.SUMMARY: "!summary TEXT", Kind.QUESTION: "!ask POD QUESTION", Kind.ANSWER: "answer TEXT"}[
            summary.kind
        ]
    )


async def source_deleted(tx: Tx, now: datetime, room: Room, event_id: str) -> None:
    """Take in that a message was deleted: drafts from it are cancelled, and an ok in it is taken back."""
    for summary in await summaries.made_from(tx, room.room_id, event_id):
        if summary.is_pending(now):
            await end(tx, summary.cancel(now))
            text = Text(
                "The message of {id} was deleted, so the draft is cancelled. Nothing was sent."
                if summary.out is None
                else "The message with the change of {id} was deleted, so the change is cancelled. What was sent stays.",
                id=summary.id,
            )
            await say(tx, now, room.room_id, text, about=summary.id)
        elif summary.state is State.APPROVED:
            text = Text(
                "{id} was approved and goes out as it was. Deleting the message does not take it back.",
                id=summary.id,
            )
            await say(tx, now, room.room_id, text, about=summary.id)
    await _ok_gone(tx, now, room, event_id)


async def _ok_gone(tx: Tx, now: datetime, room: Room, event_id: str, edit: Said | None = None) -> None:
    """Take back the ok that was typed in a message, if there is one: the message was edited or deleted."""
    summary = await summaries.with_ok_in(tx, room.room_id, event_id)
    if summary is None or not summary.is_pending(now):
        return
    user_id = next(ok.user_id for ok in summary.oks if ok.event_id == event_id)
    if edit is not None and edit.sender != user_id:
        return
    await keep(tx, summary.take_back(user_id, now))
    text = Text(
        "The message with {who}'s ok was changed, so that ok for {id} does not count. {ok} gives it again.",
        who=await rooms.person(tx, room.room_id, user_id),
        id=summary.id,
        ok=Code(f"ok {summary.id}"),
    )
    await say(tx, now, room.room_id, text, about=summary.id, reply_to=edit.event_id if edit else None)


async def keep(tx: Tx, summary: Summary) -> None:
    """Keep a draft that has lost oks: a window that was open is over, and its time for oks runs."""
    await summaries.save(tx, summary)
    if summary.state is State.DRAFT:
        await summary_delivery.stop_timers(tx, summary)
        await timers.put(tx, "summary.lapse", f"summary.{summary.id}", summary.lapses_at, id=summary.id)


async def end(tx: Tx, summary: Summary) -> None:
    """Keep a draft that has ended, and stop its time."""
    await summaries.save(tx, summary)
    await summary_delivery.stop_timers(tx, summary)
