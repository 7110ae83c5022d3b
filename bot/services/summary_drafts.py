"""Drafts of summaries: making them, fetching their files and showing them.

Rule: what is shown is what would go, word by word and room by room; whatever changes it is a new version, shown
again, and every ok so far is void.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.drafts import check_count, check_text
from bot.domain.errors import Conflict
from bot.domain.files import Attached, taken_from
from bot.domain.harmless import tidy
from bot.domain.ids import SUMMARY
from bot.domain.pods import Room
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Kind, State, Terms
from bot.domain.values import Code, Person
from bot.domain.voices import APPROVERS, AssemblyVoices
from bot.ports import Say
from bot.services import summary_delivery, summary_files, summary_terms
from bot.services import summary_words as wording
from bot.services.speech import LONGEST, say
from bot.store import ids, outbox, pods, rooms, steps, summaries, timers
from bot.store import summary_files as files
from bot.store.database import Tx
from bot.text import Text


@dataclass(frozen=True, slots=True)
class Source:
    """The message a summary is taken from.

    Args:
        words: Its text.
        event_id: The message with the words, which may be edited or deleted.
        by: Who may edit it; `None` where we do not know who wrote it.
        file: What goes along.
        unread: It is a reply to a message that could not be read, so a file in that does not go along.
        urgent: Whether the command says that it is urgent.
    """

    words: str
    event_id: str
    by: str | None
    file: Attached | None = None
    unread: bool = False
    urgent: bool = False


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
    if source.file is not None:
        await summary_files.check_taken(tx, source.file)
    text = check_text(source.words)
    terms = addressed.terms if addressed else await summary_terms.for_all(tx, room)
    summary_terms.check_mark(room, text, urgent=source.urgent)
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
        terms=replace(terms, urgent=source.urgent),
        made_at=now,
        kind=addressed.kind if addressed else Kind.SUMMARY,
        answers=addressed.answers if addressed else None,
        file=taken_from(source.file, 1) if source.file else None,
    )
    await summaries.save(tx, summary)
    await steps.record(
        tx, room.room_id, sender.user_id, now, "summary", id=summary.id, command=command_event_id
    )
    noted = was_changed(source.words, text)
    if source.file is not None:
        await begin_fetch(tx, now, room, summary, source.file, command_event_id, thread, noted=noted)
        return summary
    lead = lead_of(summary)
    if noted:
        lead = with_note(lead)
    if source.unread:
        lead = Text(
            "{lead} (I could not read the message you replied to. If there is a file in it, it does not go along.)",
            lead=lead,
        )
    await show(tx, now, room, summary, lead, command_event_id, thread)
    return summary


def lead_of(summary: Summary) -> Text:
    """Return what stands before the preview of a version."""
    if summary.out is not None:
        return Text(
            "Correction of {id}. This is how it will be read, in place of what is there:", id=summary.id
        )
    if summary.version == 1:
        return Text("Draft {id}. This is how it will be read:", id=summary.id)
    return changed(summary)


def changed(summary: Summary) -> Text:
    """Return what stands before a version that came to be because its message was edited."""
    return Text(
        "The text of {id} has changed, so no ok counts yet. This is version {version}:",
        id=summary.id,
        version=summary.version,
    )


async def begin_fetch(
    tx: Tx,
    now: datetime,
    room: Room,
    summary: Summary,
    attached: Attached,
    reply_to: str | None,
    thread: str | None,
    *,
    noted: bool,
) -> None:
    """Ask for the file that a version brings, and say that the version is shown when it is here."""
    thread = await summary_delivery.thread_in(tx, summary, room.room_id) or thread
    await files.want(tx, summary.id, summary.version, attached, reply_to, thread, noted=noted)
    text = Text(
        "{id} version {version}: I fetch the file {name} first. Then I show here what others will get, and from then on "
        "an ok counts. {cancel} drops it.",
        id=summary.id,
        version=summary.version,
        name=summary.file.name if summary.file else "",
        cancel=Code(f"!summary cancel {summary.id}"),
    )
    await say(tx, now, room.room_id, text, about=summary.id, reply_to=reply_to, thread=thread)
    await wait_for_oks(tx, summary)


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
    """Show a version in its room, word by word and with its file as it will arrive, and let its time run.

    A version whose file is still being fetched is shown when that is here.
    """
    await steps.forget_choice(tx, room.room_id, f"ok {summary.id}")  # it was about another version
    if summary.file is not None and not summary.file.is_here:
        text = Text(
            "{id} has changed. It is shown when its file is here: {name}.",
            id=summary.id,
            name=summary.file.name,
        )
        await say(tx, now, room.room_id, text, about=summary.id, reply_to=reply_to, thread=thread)
        await wait_for_oks(tx, summary)
        return
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
        first = _letter_id(summary)
        language = (await pods.settings(tx, room.room_id)).language
        letter = Say(shown.render(language), (), reply_to, thread)
        await outbox.queue(tx, now, room.room_id, letter, about=summary.id, txn_id=first)
        await say(tx, now, room.room_id, terms, about=summary.id, thread=thread, txn_id=preview_id(summary))
    if summary.file is not None:
        await outbox.queue(
            tx, now, room.room_id, summary_files.shared(summary.file, thread),
            about=summary.id, txn_id=summary_files.preview_id(summary),
        )  # fmt: skip
    await wait_for_oks(tx, summary)


async def wait_for_oks(tx: Tx, summary: Summary) -> None:
    """Let the time run in which a version can be approved, and no other."""
    await summary_delivery.stop_timers(tx, summary)
    await timers.put(tx, "summary.lapse", f"summary.{summary.id}", summary.lapses_at, id=summary.id)


async def is_shown(tx: Tx, summary: Summary, by: datetime | None = None) -> bool:
    """Tell whether a version was shown in full, its file too: nobody can approve what they have not seen.

    Args:
        tx: The open transaction.
        summary: The version.
        by: Until when; until now if not given.
    """
    wanted = [preview_id(summary), *([summary_files.preview_id(summary)] if summary.file else [])]
    rows = [await outbox.find(tx, txn_id) for txn_id in wanted]
    return all(
        row is not None and row.state == "sent" and (by is None or row.sent_at is None or row.sent_at <= by)
        for row in rows
    )


async def is_older(tx: Tx, summary: Summary, event_id: str) -> bool:
    """Tell whether a message of ours spoke of a summary before this version was shown: it is no answer to this one."""
    return await outbox.stands_before(tx, summary.id, event_id, (preview_id(summary), _letter_id(summary)))


def _letter_id(summary: Summary) -> str:
    return f"{preview_id(summary)}.letter"


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


async def keep(tx: Tx, summary: Summary) -> None:
    """Keep a draft that has lost oks: a window that was open is over, and its time for oks runs."""
    await summaries.save(tx, summary)
    if summary.state is State.DRAFT:
        await wait_for_oks(tx, summary)


async def end(tx: Tx, summary: Summary) -> None:
    """Keep a draft that has ended, and stop its time."""
    await summaries.save(tx, summary)
    await summary_delivery.stop_timers(tx, summary)
