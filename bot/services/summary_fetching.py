"""What becomes of a draft when its file was fetched, or cannot be.

Rule: whatever keeps a file back is said before anybody approves anything, and then the draft does not wait for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.files import Unfit, shown_size
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Kind
from bot.domain.values import Code
from bot.ports import Fetched, NotFetched
from bot.services import summary_drafts
from bot.services.speech import say
from bot.store import rooms, summaries
from bot.store.database import Tx
from bot.text import Text, shorten


async def take(tx: Tx, now: datetime, found: Fetched | NotFetched) -> None:
    """Show a draft whose file is here, or end it; nothing if it has ended or has another file by now."""
    fetch = found.fetch
    summary = await summaries.find(tx, fetch.summary_id)
    room = await rooms.find(tx, summary.room_id) if summary else None
    if summary is None or room is None or not summary.is_pending(now):
        return
    if summary.file is None or summary.file.since != fetch.since:
        return
    if isinstance(found, NotFetched):
        await _end(tx, now, summary, found)
        return
    file = replace(
        summary.file,
        content=found.content,
        thumbnail=found.thumbnail,
        remark=found.remark,
        size=found.content.size,
    )
    summary = summary.fetched(file)
    await summaries.save(tx, summary)
    lead = summary_drafts.lead_of(summary)
    if fetch.noted:
        lead = summary_drafts.with_note(lead)
    await summary_drafts.show(tx, now, room, summary, lead, fetch.reply_to, fetch.thread)


async def _end(tx: Tx, now: datetime, summary: Summary, found: NotFetched) -> None:
    await summary_drafts.end(tx, summary.cancel(now))
    text = Text(
        "{id} is dropped, because its file cannot go along. {why} {next}"
        if summary.out is None
        else "The change of {id} is dropped, because its file cannot go along. {why} What was sent stays. {next}",
        id=summary.id,
        why=_why(summary, found),
        next=_next(summary, found.why),
    )
    fetch = found.fetch
    await say(tx, now, summary.room_id, text, about=summary.id, reply_to=fetch.reply_to, thread=fetch.thread)


def _why(summary: Summary, found: NotFetched) -> Text:
    name = summary.file.name if summary.file else ""
    match found.why:
        case Unfit.TOO_LARGE:
            return Text(
                "{name} is too large: a file may have {most} at most.",
                name=name,
                most=shown_size(found.largest),
            )
        case Unfit.MISSING:
            return Text("The server does not have {name} any more.", name=name)
        case Unfit.CHANGED:
            return Text("{name} is not what its sender sent: its checksum is another.", name=name)
        case Unfit.UNREADABLE:
            return Text("{name} came without a key that opens it.", name=name)
        case Unfit.REFUSED:
            return Text("The server does not let me copy {name}.", name=name)


def _next(summary: Summary, why: Unfit) -> Text:
    command = Code(_typed_again(summary))
    if why is Unfit.TOO_LARGE:
        return Text("Send a smaller one here, and reply to it: {command}", command=command)
    return Text("Send it here once more, and reply to it: {command}", command=command)


def _typed_again(summary: Summary) -> str:
    """Return the command that drafts the same with another file."""
    words = summary.text if summary.text == shorten(summary.text) else "TEXT"
    typed = summary.source_event_id == summary.command_event_id
    if summary.out is not None:
        return f"!summary correct {summary.id} {words}"
    match summary.kind:
        case Kind.QUESTION:
            return f"!ask {summary.terms.destinations[0].name} {words}"
        case Kind.ANSWER:
            return f"answer {summary.answers} {words}"
        case Kind.SUMMARY:
            return f"!summary {words}" if typed else "!summary"
