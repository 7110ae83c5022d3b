"""The objection window of a pod: after two oks its members have a while to object, and an objection stops the summary.

Rule: an objection stops, it does not decide. The pair answers it: their oks, given again, send the summary without a
second window; an edit makes a new version, which begins anew.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict, UsageError
from bot.domain.pods import Room, RoomKind
from bot.domain.summaries import Summary
from bot.domain.summary_parts import State
from bot.domain.values import Code, Person, When
from bot.services import summary_delivery, summary_drafts, summary_finding, summary_terms, summary_words
from bot.services.speech import say
from bot.store import pods, rooms, summaries, timers
from bot.store.database import Tx
from bot.text import Text


async def object_to(tx: Tx, now: datetime, room: Room, sender: Person, summary_id: str, reason: str) -> Text:
    """Stop a summary until the pair answers.

    Raises:
        NotFound: There is no such summary here.
        UsageError: No reason was given.
        Conflict: The pod has no window, the summary is no draft, or the person has objected already.
    """
    summary = await summary_finding.own(tx, room, summary_id)
    settings = await pods.settings(tx, room.room_id)
    # a window that is open stays open, also where the pod has given it up since
    has_time = settings.objection_window or summary.state is State.OPEN
    if room.kind is not RoomKind.POD or not has_time:
        raise Conflict(
            "There is no time for objections here. A pod sets one with {example}; until then, talk to your pair.",
            example=Code("!pod set objections 12h"),
        )
    if not reason.strip():
        raise UsageError(
            "An objection needs its reason. For example: {example}",
            example=Code(f"object {summary.id} That was not decided."),
        )
    after = summary.object(sender.user_id, now)
    await summary_drafts.keep(tx, after)
    voices = await summary_terms.voices_of(tx, room)
    return Text.lines(
        [
            Text(
                "{who} objects to {id}, so it does not go. No ok counts any more; the pair answers.",
                who=sender,
                id=after.id,
            ),
            Text(
                "To send it all the same, approve it again. To change it, edit the message it is taken from. To drop it: {cancel}",
                cancel=Code(f"!summary cancel {after.id}"),
            ),
            await summary_words.missing(tx, room, after, voices, mention=True),
        ]
    )


async def open_window(tx: Tx, room: Room, summary: Summary) -> Text:
    """Let the time for objections run and say so."""
    if summary.goes_at is None:
        raise ValueError("it has no window")
    await summary_delivery.stop_timers(tx, summary)
    await timers.put(tx, "summary.release", f"summary.release.{summary.id}", summary.goes_at, id=summary.id)
    zone = (await pods.settings(tx, room.room_id)).zone
    return Text(
        "{id} is approved by {who}. It goes to {rooms} {at}, unless a member objects before: {object}",
        id=summary.id,
        who=await summary_words.approvers(tx, room, summary),
        rooms=summary_words.names(summary.terms.destinations),
        at=When(summary.goes_at, zone),
        object=Code(f"object {summary.id} REASON"),
    )


async def release(tx: Tx, now: datetime, summary_id: str) -> None:
    """Send a summary whose time for objections is over; late, when the bot was down, it goes all the same."""
    summary = await summaries.find(tx, summary_id)
    if summary is None or summary.state is not State.OPEN:
        return
    room = await rooms.find(tx, summary.room_id)
    if room is None:
        return
    try:
        terms = await summary_terms.of(tx, room, summary)
    except Conflict:
        await summary_drafts.end(tx, summary.cancel(now))
        text = Text("{id} has nowhere to go any more, so it is dropped. Nothing was sent.", id=summary.id)
        await say(tx, now, room.room_id, text, about=summary.id)
        return
    after = summary.release(terms, now)
    if after is summary:
        return
    await summaries.save(tx, after)
    if after.state is State.DRAFT:
        await summary_drafts.show(tx, now, room, after, summary_drafts.rooms_changed(after), None)
        return
    await say(tx, now, room.room_id, await summary_delivery.release(tx, now, room, after), about=after.id)
