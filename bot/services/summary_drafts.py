"""Drafts of summaries: making them, showing them, and what happens when their message is edited or deleted.

Rule: what is shown is what would go, word by word and room by room; whatever changes it is a new version, shown
again, and every ok so far is void.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.errors import Conflict, UsageError
from bot.domain.harmless import tidy
from bot.domain.ids import SUMMARY
from bot.domain.pods import Room, RoomKind
from bot.domain.summaries import (
    APPROVERS,
    AssemblyVoices,
    Destination,
    PodVoices,
    State,
    Summary,
    Terms,
    check_count,
    check_text,
)
from bot.domain.values import Code, Person
from bot.ports import Said, Say
from bot.services import spokes
from bot.services import summary_words as wording
from bot.services.speech import LONGEST, say
from bot.services.summary_words import Electorate
from bot.store import ids, inbox, outbox, pods, rooms, steps, summaries, timers
from bot.store import spokes as seats
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


async def draft(
    tx: Tx,
    now: datetime,
    room: Room,
    sender: Person,
    command_event_id: str,
    source: Source,
    thread: str | None,
) -> None:
    """Make a draft and show it.

    Raises:
        UsageError: The text is empty or too long.
        Conflict: There is no other room for it, nobody who could approve it, or too many drafts wait.
    """
    text = check_text(source.words)
    terms = await terms_now(tx, room)
    await _check_can_be_approved(tx, room)
    check_count(
        [each for each in await summaries.drafts_in(tx, room.room_id) if now < each.lapses_at], sender.user_id
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
    )
    await summaries.save(tx, summary)
    await steps.record(tx, room.room_id, sender.user_id, now, "summary", id=summary.id)
    lead = Text("Draft {id}. This is how it will be read:", id=summary.id)
    if text != tidy(source.words):
        lead = Text("{lead} (Mentions and links to people or rooms are left out.)", lead=lead)
    await show(tx, now, room, summary, lead, command_event_id, thread)


async def show(
    tx: Tx, now: datetime, room: Room, summary: Summary, lead: Text, reply_to: str, thread: str | None = None
) -> None:
    """Show a version in its room, word by word as it will arrive, and let its time run."""
    shown = Text("{lead}\n\n{letter}", lead=lead, letter=wording.letter(summary))
    terms = await wording.terms_of_draft(tx, now, room, summary, await voices_of(tx, room))
    whole = Text("{shown}\n\n{terms}", shown=shown, terms=terms)
    if len(str(whole)) <= LONGEST:
        await say(
            tx, now, room.room_id, whole,
            about=summary.id, reply_to=reply_to, thread=thread, txn_id=preview_id(summary),
        )  # fmt: skip
    else:
        # in two messages rather than shortened: what is approved must be seen in full
        first = f"{preview_id(summary)}.letter"
        await say_whole(tx, now, room.room_id, shown, summary, first, reply_to=reply_to, thread=thread)
        await say(tx, now, room.room_id, terms, about=summary.id, thread=thread, txn_id=preview_id(summary))
    await timers.put(tx, "summary.lapse", f"summary.{summary.id}", summary.lapses_at, id=summary.id)


def preview_id(summary: Summary) -> str:
    """Return the transaction id of the message with which a version is shown in full."""
    return f"{summary.id}.v{summary.version}.preview"


async def say_whole(
    tx: Tx,
    now: datetime,
    room_id: str,
    text: Text,
    summary: Summary,
    txn_id: str,
    *,
    reply_to: str | None = None,
    thread: str | None = None,
    aloud: bool = False,
) -> None:
    """Queue a text that is never cut; it mentions nobody."""
    language = (await pods.settings(tx, room_id)).language
    message = Say(text.render(language), (), reply_to, thread, aloud)
    await outbox.queue(tx, now, room_id, message, about=summary.id, txn_id=txn_id)


async def terms_now(tx: Tx, room: Room) -> Terms:
    """Return who signs a summary of a room and where it goes now.

    Raises:
        Conflict: There is nowhere to go.
    """
    if room.kind is RoomKind.ASSEMBLY:
        found = await pods.pods_of(tx, room.room_id)
        if not found:
            raise Conflict(
                "{name} has no pods yet, so a summary has nowhere to go. {invite} makes a code for one.",
                name=room.name,
                invite=Code("!assembly invite"),
            )
        return Terms(f"the assembly {room.name}", tuple(Destination(pod.room_id, pod.name) for pod in found))
    assembly = await pods.find_assembly(tx, room.assembly_room_id) if room.assembly_room_id else None
    if assembly is None:
        raise Conflict(
            "{name} is in no assembly, so a summary has nowhere to go. {join} asks to enter one.",
            name=room.name,
            join=Code("!pod join CODE"),
        )
    return Terms(room.name or "", (Destination(assembly.room_id, assembly.name),))


async def voices_of(tx: Tx, room: Room) -> Electorate:
    """Return who may approve a summary of a room at this moment."""
    here = frozenset(member.user_id for member in await rooms.voices(tx, room.room_id))
    if room.kind is RoomKind.POD:
        seated = await seats.seated(tx, room.room_id)
        return PodVoices(room.name or "", frozenset(seat.user_id for seat in seated), here)
    pairs = await spokes.pairs_of(tx, room.room_id)
    names = {pod.room_id: pod.name for pod in await pods.pods_of(tx, room.room_id)}
    return AssemblyVoices(
        {user: frozenset(names[pod] for pod, pair in pairs.items() if user in pair) for user in here}
    )


async def _check_can_be_approved(tx: Tx, room: Room) -> None:
    voices = await voices_of(tx, room)
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


async def own_names(tx: Tx, room: Room) -> list[str]:
    """Return what the bot may be called at the start of a command: its id, its first part, its display name."""
    user_id = await inbox.load_meta(tx, "user_id") or ""
    name = (await rooms.person(tx, room.room_id, user_id)).name
    return [user_id, user_id[1:].partition(":")[0], name]


async def source_edited(tx: Tx, now: datetime, room: Room, edit: Said, command_words: str | None) -> None:
    """Take in an edit: new words of a draft make a new version, and an edited ok is no ok.

    An app can send an edit of anybody's message, so who sent it is checked where the author is known to us.

    Args:
        tx: The open transaction.
        now: The moment.
        room: Where.
        edit: The edit; its body is the whole new text.
        command_words: That text without `!summary`; `None` where it does not begin with it any more.
    """
    for summary in await summaries.made_from(tx, room.room_id, edit.replaces or ""):
        if summary.source_event_id == edit.replaces and summary.source_by in (edit.sender, None):
            is_command = summary.source_event_id == summary.command_event_id
            await _edited(tx, now, room, summary, edit.event_id, command_words if is_command else edit.body)
    await _ok_gone(tx, now, room, edit.replaces or "", edit)


async def _edited(
    tx: Tx, now: datetime, room: Room, summary: Summary, edit_event_id: str, words: str | None
) -> None:
    if summary.state is State.APPROVED:
        text = Text(
            "{id} was approved and goes out as it was. Editing the message does not change it.", id=summary.id
        )
        await say(tx, now, room.room_id, text, about=summary.id, reply_to=edit_event_id)
    if summary.state is not State.DRAFT or now >= summary.lapses_at:
        return
    try:
        changed = _text_of_edit(summary, words)
    except UsageError as problem:
        await summaries.save(tx, summary.void(now))
        told = Text(
            "{problem} {id} keeps its text, and no ok counts yet.", problem=Text.of(problem), id=summary.id
        )
        await say(tx, now, room.room_id, told, about=summary.id, reply_to=edit_event_id)
        return
    try:
        terms = await terms_now(tx, room)
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
    if words is None:
        raise UsageError(
            "That message is no {command} any more. {cancel} drops the draft.",
            command=Code("!summary TEXT"),
            cancel=Code(f"!summary cancel {summary.id}"),
        )
    return check_text(words)


async def source_deleted(tx: Tx, now: datetime, room: Room, event_id: str) -> None:
    """Take in that a message was deleted: drafts from it are cancelled, and an ok in it is taken back."""
    for summary in await summaries.made_from(tx, room.room_id, event_id):
        if summary.state is State.DRAFT and now < summary.lapses_at:
            await end(tx, summary.cancel(now))
            text = Text(
                "The message of {id} was deleted, so the draft is cancelled. Nothing was sent.", id=summary.id
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
    if summary is None or now >= summary.lapses_at:
        return
    user_id = next(ok.user_id for ok in summary.oks if ok.event_id == event_id)
    if edit is not None and edit.sender != user_id:
        return
    await summaries.save(tx, summary.take_back(user_id, now))
    text = Text(
        "The message with {who}'s ok was changed, so that ok for {id} does not count. {ok} gives it again.",
        who=await rooms.person(tx, room.room_id, user_id),
        id=summary.id,
        ok=Code(f"ok {summary.id}"),
    )
    await say(tx, now, room.room_id, text, about=summary.id, reply_to=edit.event_id if edit else None)


async def end(tx: Tx, summary: Summary) -> None:
    """Keep a draft that has ended, and stop its time."""
    await summaries.save(tx, summary)
    await timers.drop(tx, f"summary.{summary.id}")
