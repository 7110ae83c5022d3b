"""One message a day instead of many: a pod's digest, written at the hour that it chose.

Rule: a digest is made of the letters that were approved, unchanged; nothing is in two messages, and nothing that was taken
back is in any. A correction is an edit that says the whole message anew. Where it would be too long for a message, and
where a letter is retracted, the message is deleted with its edits, because apps show what an edit replaced, and what is
left of it is said anew (ADR 15).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.digests import BETWEEN, LATE, next_digest, pack
from bot.domain.summaries import Summary
from bot.domain.tags import OFF
from bot.domain.values import When
from bot.ports import Edit, Redact, Say
from bot.services import summary_files
from bot.services import summary_words as wording
from bot.services.speech import LONGEST
from bot.store import digests, outbox, pods, summaries, timers
from bot.store.database import Tx
from bot.store.digests import Digest, Held
from bot.text import Text


def announced(value: str) -> Text:
    """Say how summaries come from now on."""
    if value == OFF:
        return Text("Summaries come to this pod at once from now on.")
    return Text(
        "Summaries come to this pod once a day at {hour} from now on, all in one message. Urgent ones, questions and answers come at once.",
        hour=value,
    )


async def hold(tx: Tx, now: datetime, summary: Summary, room_id: str, held_at: datetime | None) -> None:
    """Put a letter aside for the next digest of a room.

    Args:
        tx: The open transaction.
        now: The moment.
        summary: What.
        room_id: For whom.
        held_at: When an earlier version was put aside, whose place it takes.
    """
    digest = await digests.collected_in(tx, room_id)
    if digest is None:
        digest = await digests.begin(tx, room_id, await _next(tx, now, room_id))
        await _set_timer(tx, digest)
    await digests.hold(tx, summary, digest, held_at or now)


async def send_due(tx: Tx, now: datetime, digest_id: int) -> None:
    """Write a digest; late, when the bot was down, it is written once all the same."""
    digest = await digests.find(tx, digest_id)
    if digest is None or digest.made_at is not None:
        return
    waiting = await digests.waiting_for(tx, digest_id)
    await digests.close(tx, digest_id, now)
    written = await digests.find(tx, digest_id)
    assert written is not None  # noqa: S101 - it was closed just now
    settings = await pods.settings(tx, digest.room_id)
    await _say(tx, now, written, waiting, aloud=not settings.is_quiet(now))


async def setting_changed(tx: Tx, now: datetime, room_id: str, key: str) -> None:
    """Let what waits come at the new hour, or now, where a pod takes summaries at once again."""
    digest = await digests.collected_in(tx, room_id) if key in ("digest", "timezone") else None
    if digest is None:
        return
    if not (await pods.settings(tx, room_id)).takes_digests:
        await timers.drop(tx, _timer(digest.id))
        await send_due(tx, now, digest.id)
        return
    moved = Digest(digest.id, room_id, await _next(tx, now, room_id), None)
    await digests.move(tx, moved.id, moved.due_at)
    await _set_timer(tx, moved)


async def pod_left(tx: Tx, room_id: str) -> None:
    """Take out what waits for a pod that is leaving its assembly."""
    digest = await digests.collected_in(tx, room_id)
    if digest is not None:
        await digests.take_all_out(tx, digest.id)


async def change(tx: Tx, now: datetime, summary: Summary, room_id: str, message: str, *, txn_id: str) -> None:
    """Put a correction, or the line of a retraction, in the place of a letter in a digest's message.

    Args:
        tx: The open transaction.
        now: The moment.
        summary: The version that was approved; its delivery is kept here.
        room_id: Where.
        message: The transaction id of the digest's message that has the letter.
        txn_id: That of the edit, where one is enough.
    """
    found = await digests.of_message(tx, message)
    assert found is not None  # noqa: S101 - whoever calls has looked
    digest, versions = found
    held_at = next(each.held_at for each in versions if each.summary_id == summary.id)
    await digests.hold(tx, summary, digest, held_at)
    edits = {each.txn_id for each in versions if each.edits == message and each.txn_id}
    unsent = {edit for edit in edits if await outbox.cancel(tx, edit)}
    letters = [*_newest([*versions, Held(summary.id, summary.version, held_at, None, None)])]
    markdown = BETWEEN.join([await _lead(tx, digest), *[await _letter(tx, digest, each) for each in letters]])
    fits = len(markdown) <= LONGEST or len(letters) == 1
    gone = not await outbox.cancel(tx, message)
    if gone and fits and not summary.retracting:
        edited = [each for each in letters if each.txn_id in unsent or each.summary_id == summary.id]
        await digests.lay(tx, room_id, edited, txn_id, message)
        await outbox.queue(tx, now, room_id, Edit(message, markdown, aloud=True), txn_id=txn_id)
        await summary_files.send(tx, now, summary, room_id, None, with_letter=False)
        return
    for sent in [message, *sorted(edits - unsent)] if gone else []:
        await outbox.queue(tx, now, room_id, Redact(sent), txn_id=f"{sent}.deleted")
    if summary.retracting and not gone:
        letters = [each for each in letters if each.summary_id != summary.id]
        await digests.drop(tx, summary.id, summary.version, room_id)
        await summary_files.send(tx, now, summary, room_id, None, with_letter=False)
    await _say(tx, now, digest, letters, aloud=False)


def _newest(versions: Sequence[Held]) -> list[Held]:
    """Return the newest version of each summary, in order."""
    found: dict[str, Held] = {}
    for each in versions:
        if each.summary_id not in found or each.version > found[each.summary_id].version:
            found[each.summary_id] = each
    return list(found.values())


async def _say(tx: Tx, now: datetime, digest: Digest, letters: Sequence[Held], *, aloud: bool) -> None:
    """Lay letters into messages, their files behind them; the first message is said aloud, if any."""
    room_id, lead = digest.room_id, await _lead(tx, digest)
    words = [await _letter(tx, digest, each) for each in letters]
    for places in pack(lead, words, LONGEST):
        txn_id = await digests.next_message(tx, digest.id)
        markdown = BETWEEN.join([lead, *(words[place] for place in places)])
        held = [letters[place] for place in places]
        await digests.lay(tx, room_id, held, txn_id)
        about = held[0].summary_id if len(held) == 1 else None
        await outbox.queue(tx, now, room_id, Say(markdown, aloud=aloud), about=about, txn_id=txn_id)
        aloud = False
        for each in held:
            summary, letter = await _summary(tx, each), f"{txn_id}.{each.summary_id}"
            await summary_files.send(tx, now, summary, room_id, None, with_letter=True, letter=letter)


async def _lead(tx: Tx, digest: Digest) -> str:
    settings = await pods.settings(tx, digest.room_id)
    made_at = digest.made_at or digest.due_at
    due = When(digest.due_at, settings.zone)
    if made_at < digest.due_at:
        text = Text("Digest, now, because summaries come at once from now on:")
    elif made_at > digest.due_at + LATE:
        text = Text("Digest of {due}, late because I was not running then:", due=due)
    else:
        text = Text("Digest of {due}:", due=due)
    return text.render(settings.language, settings.prefix)


async def _letter(tx: Tx, digest: Digest, held: Held) -> str:
    letter = wording.letter(await _summary(tx, held))
    return letter.render((await pods.settings(tx, digest.room_id)).language)


async def _summary(tx: Tx, held: Held) -> Summary:
    summary = await summaries.find(tx, held.summary_id)
    assert summary is not None  # noqa: S101 - a foreign key keeps it
    return summary.as_sent


async def _next(tx: Tx, now: datetime, room_id: str) -> datetime:
    settings = await pods.settings(tx, room_id)
    return next_digest(now, settings.digest_hour, settings.zone)


async def _set_timer(tx: Tx, digest: Digest) -> None:
    await timers.put(tx, "digest.send", _timer(digest.id), digest.due_at, id=digest.id)


def _timer(digest_id: int) -> str:
    return f"digest.{digest_id}"
