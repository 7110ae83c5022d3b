"""The messages that drafts are made from: what happens when one of them is edited or deleted.

Rule: what is approved is what people see in the room. New words, or another file, are a new version without oks; a message
that is gone takes its draft with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.drafts import check_text
from bot.domain.errors import Conflict, UsageError
from bot.domain.files import Attached
from bot.domain.pods import Room, RoomKind
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Kind, State
from bot.domain.urgency import split_mark
from bot.domain.values import Code
from bot.ports import Said
from bot.services import summary_drafts, summary_files, summary_lines, summary_terms
from bot.services.speech import say
from bot.store import rooms, summaries
from bot.store.database import Tx
from bot.text import Text


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
        brings = summary.new_file is not None and summary.new_file.event_id == edit.replaces
        if summary.source_event_id == edit.replaces and summary.source_by in (edit.sender, None):
            words: str | None = summary_files.words_of(edit.file) if brings and edit.file else edit.body
            if summary.source_event_id == summary.command_event_id:
                words = await summary_lines.words_in(tx, room, prefix, edit.body, summary)
            await _edited(tx, now, room, summary, edit, words, edit.file if brings else None)
        elif summary.command_event_id == edit.replaces and summary.drafted_by == edit.sender and not brings:
            await _mark_edited(tx, now, room, summary, edit, prefix)
        elif brings and summary.new_file and summary.new_file.by == edit.sender:
            if edit.file is not None:
                await _edited(tx, now, room, summary, edit, summary.text, edit.file)
            elif summary.is_pending(now):
                await _file_gone(tx, now, room, summary, edit)
    await _ok_gone(tx, now, room, edit.replaces or "", edit)


async def _mark_edited(tx: Tx, now: datetime, room: Room, summary: Summary, edit: Said, prefix: str) -> None:
    """Take in that the command of a draft whose words are elsewhere calls it urgent, or does so no more."""
    words = await summary_lines.words_in(tx, room, prefix, edit.body, summary)
    if words is None or not summary.is_pending(now) or room.kind is not RoomKind.ASSEMBLY:
        return
    terms = replace(summary.terms, urgent=split_mark(words)[1])
    after = summary.change(summary.text, terms, now)
    if after is not summary:
        await summaries.save(tx, after)
        await summary_drafts.show(tx, now, room, after, summary_drafts.changed(after), edit.event_id)


async def _file_gone(tx: Tx, now: datetime, room: Room, summary: Summary, edit: Said) -> None:
    """Take in that the message with a draft's file was edited into one without."""
    await summary_drafts.keep(tx, summary.void(now))
    text = Text(
        "The message with the file of {id} has no file any more. {id} keeps what was shown, and no ok counts yet. "
        "{cancel} drops it.",
        id=summary.id,
        cancel=Code(f"!summary cancel {summary.id}"),
    )
    await say(tx, now, room.room_id, text, about=summary.id, reply_to=edit.event_id)


async def _edited(
    tx: Tx,
    now: datetime,
    room: Room,
    summary: Summary,
    edit: Said,
    words: str | None,
    attached: Attached | None,
) -> None:
    """Take in the new words of a draft, and the file of the edited message, which may be another one."""
    if summary.state is State.APPROVED:
        text = Text(
            "{id} was approved and goes out as it was. Editing the message does not change it.", id=summary.id
        )
        await say(tx, now, room.room_id, text, about=summary.id, reply_to=edit.event_id)
    if not summary.is_pending(now):
        return
    urgent = summary.terms.urgent
    if words is not None and summary.kind is Kind.SUMMARY and edit.replaces == summary.command_event_id:
        words, typed = split_mark(words)
        urgent = typed or (summary.out is not None and summary.out.terms.urgent)
    try:
        changed = _text_of_edit(summary, words)
        summary_terms.check_mark(room, changed, urgent=urgent)
        if attached is not None:
            await summary_files.check_taken(tx, attached)
    except (UsageError, Conflict) as problem:
        await summary_drafts.keep(tx, summary.void(now))
        told = Text(
            "{problem} {id} keeps its text, and no ok counts yet.", problem=Text.of(problem), id=summary.id
        )
        await say(tx, now, room.room_id, told, about=summary.id, reply_to=edit.event_id)
        return
    try:
        terms = await summary_terms.of(tx, room, summary)
    except Conflict:
        terms = summary.terms  # nowhere to go at this moment; approving it will say so
    after = summary.change(changed, replace(terms, urgent=urgent), now, attached)
    if after is summary:
        return
    await summaries.save(tx, after)
    if attached is not None:
        await summary_drafts.begin_fetch(
            tx, now, room, after, attached, edit.event_id, edit.thread, noted=False
        )
        return
    await summary_drafts.show(tx, now, room, after, summary_drafts.changed(after), edit.event_id)


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
        if _is_of_what_is_out(summary, event_id):
            continue  # others have that file already, and keep it
        if summary.is_pending(now):
            await summary_drafts.end(tx, summary.cancel(now))
            if summary.new_file is not None:
                # whoever deletes a file does not want it shown by us either
                after = summary.out.version if summary.out else 0
                await summary_files.delete_previews(tx, now, summary, after)
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


def _is_of_what_is_out(summary: Summary, event_id: str) -> bool:
    """Tell whether a message has to do with a change only by the file, which the change leaves as it is."""
    return summary.out is not None and event_id not in (
        summary.source_event_id,
        summary.command_event_id,
        summary.new_file.event_id if summary.new_file else None,
    )


async def _ok_gone(tx: Tx, now: datetime, room: Room, event_id: str, edit: Said | None = None) -> None:
    """Take back the ok that was typed in a message, if there is one: the message was edited or deleted."""
    summary = await summaries.with_ok_in(tx, room.room_id, event_id)
    if summary is None or not summary.is_pending(now):
        return
    user_id = next(ok.user_id for ok in summary.oks if ok.event_id == event_id)
    if edit is not None and edit.sender != user_id:
        return
    await summary_drafts.keep(tx, summary.take_back(user_id, now))
    text = Text(
        "The message with {who}'s ok was changed, so that ok for {id} does not count. {ok} gives it again."
        if edit
        else "The message with {who}'s ok was deleted, so that ok for {id} does not count. {ok} gives it again.",
        who=await rooms.person(tx, room.room_id, user_id),
        id=summary.id,
        ok=Code(f"ok {summary.id}"),
    )
    await say(tx, now, room.room_id, text, about=summary.id, reply_to=edit.event_id if edit else None)
