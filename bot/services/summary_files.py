"""Files of summaries: which are taken, how they are shown, and how they follow their letters.

Rule: a file goes under the same oks as the words it is shown with. It is uploaded once, and every room gets the same
message about it.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict, UsageError
from bot.domain.files import Attached, File, Remark, shown_size, tidy_name
from bot.domain.summaries import Summary
from bot.domain.values import Code
from bot.ports import Redact, Said, ShareFile
from bot.services.speech import plain_reason
from bot.store import inbox, outbox, summary_files
from bot.store.database import Tx
from bot.text import Text


async def offered(tx: Tx, said: Said) -> Attached | None:
    """Return the file that a command stands under or replies to; a reply to one of ours only says what it is about."""
    file = said.file or said.replied_file
    return None if file is not None and file.by == await inbox.load_meta(tx, "user_id") else file


async def check_taken(tx: Tx, attached: Attached) -> None:
    """Check that a file may go along.

    Raises:
        Conflict: It is one of ours, so it was relayed or made here.
        UsageError: It is not encrypted.
    """
    if attached.by == await inbox.load_meta(tx, "user_id"):
        raise Conflict(
            "That file came from me, and nothing relayed is relayed on. "
            "Send your own file here, and reply to it: {command} For words alone, type them without a reply.",
            command=Code("!summary"),
        )
    if not attached.encrypted:
        raise UsageError(
            "{name} is not encrypted, so the server can read it, and I do not carry it. "
            "Send it again with an app that encrypts files, and reply to it: {command}",
            name=tidy_name(attached.name),
            command=Code("!summary"),
        )


def words_of(attached: Attached) -> str:
    """Return the words of a summary that is only a file: its caption, or else its name."""
    return attached.caption or tidy_name(attached.name)


def named(file: File) -> Text:
    """Return a file as a sentence names it."""
    return Text("{name}, {size}", name=file.name, size=shown_size(file.size))


def in_letter(file: File) -> Text:
    """Return the line of a letter that its file belongs to."""
    return Text("The file follows: {file}.", file=named(file))


def remark(file: File) -> Text | None:
    """Say what became of what a file says of itself."""
    match file.remark:
        case Remark.CLEANED:
            return Text("What the picture said of where, when and with what it was taken is left out.")
        case Remark.UNSEEN:
            return Text(
                "I do not look into this kind of file: if it says who made it, when or where, that goes along."
            )
        case Remark.CLEAN:
            return None


async def fetching(tx: Tx, summary: Summary) -> Text | None:
    """Say that a draft waits for its file, and why; `None` if it does not."""
    if summary.file is None or summary.file.is_here:
        return None
    fetch = await summary_files.fetch_of(tx, summary.id, summary.file.since)
    if fetch is None or not fetch.attempts:
        return Text("Its file is being fetched: {name}.", name=summary.file.name)
    return Text(
        "Its file is not here yet: {name}. I try again, because: {why}",
        name=summary.file.name,
        why=plain_reason(fetch.reason),
    )


def shared(file: File, thread: str | None) -> ShareFile:
    """Return the message that carries a file that is here."""
    if file.content is None:
        raise ValueError("it is not here")
    return ShareFile(file.media.value, file.name, file.content, file.thumbnail, thread)


def preview_id(summary: Summary, version: int | None = None) -> str:
    """Return the transaction id of the message with which the file of a version is shown."""
    return f"{summary.id}.v{version or summary.version}.preview.file"


async def send(
    tx: Tx,
    now: datetime,
    summary: Summary,
    room_id: str,
    thread: str | None,
    *,
    with_letter: bool,
    letter: str | None = None,
) -> None:
    """Queue the file behind its letter unless the room has it; what the room had in its place is deleted.

    Args:
        tx: The open transaction.
        now: The moment.
        summary: What was approved; a retraction has no file.
        room_id: Where.
        thread: The thread the letter is in.
        with_letter: Whether the letter is sent anew, so that its file must follow it.
        letter: The transaction id of the letter, where that is not the usual one.
    """
    has_it = False
    for copy in await summary_files.copies(tx, summary.id, room_id):
        same = summary.file is not None and copy.since == summary.file.since
        if same and copy.is_reachable and not with_letter:
            has_it = True
        elif copy.state == "waiting" and await outbox.cancel(tx, copy.txn_id):
            continue
        elif copy.is_reachable:
            await _delete(tx, now, room_id, copy.txn_id)
    if summary.file is None or has_it:
        return
    txn_id = f"{letter or f'{summary.id}.v{summary.version}.{room_id}'}.file"
    await outbox.queue(tx, now, room_id, shared(summary.file, thread), about=summary.id, txn_id=txn_id)
    await summary_files.add_copy(tx, summary.id, summary.file.since, room_id, txn_id)


async def delete_previews(tx: Tx, now: datetime, summary: Summary, after: int = 0) -> None:
    """Delete what was shown of a file where it was approved: those messages hold its key too.

    Args:
        tx: The open transaction.
        now: The moment.
        summary: Whose.
        after: The last version whose preview stays.
    """
    for version in range(after + 1, summary.version + 1):
        txn_id = preview_id(summary, version)
        if await outbox.cancel(tx, txn_id):
            continue
        row = await outbox.find(tx, txn_id)
        if row is not None and row.state == "sent" and row.room_id == summary.room_id:
            await _delete(tx, now, summary.room_id, txn_id)


async def _delete(tx: Tx, now: datetime, room_id: str, txn_id: str) -> None:
    await outbox.queue(tx, now, room_id, Redact(txn_id), txn_id=f"{txn_id}.deleted")
