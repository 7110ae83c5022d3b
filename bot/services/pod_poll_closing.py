"""Closing a poll of an assembly in every pod at once, and carrying corrections up.

Rule: all pods close together. Before the deadline it takes spokes of two pods: nobody cuts another pod short alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.ballot_boxes import Together, is_of_two_pods
from bot.domain.ballots import Tally
from bot.domain.errors import Conflict, NotAllowed
from bot.domain.polls import Poll
from bot.domain.values import Code, Person
from bot.ports import Event
from bot.services import pictures, pod_poll_texts
from bot.services.pairs import pairs_of
from bot.services.poll_counting import native_start, question, together
from bot.services.poll_ending import close, end_by_command, keep_result
from bot.services.speech import say
from bot.store import outbox, poll_pods, polls, steps
from bot.store.database import Tx
from bot.text import Text


async def ask_to_close(tx: Tx, now: datetime, parent: Poll, sender: Person, event: Event) -> Text | None:
    """Close a poll of all pods for spokes of two pods; with one pod, for two of its spokes.

    Raises:
        NotAllowed: The sender is no spoke.
        Conflict: They have asked before.
    """
    line = Code(f"!poll close {parent.id}")
    pairs = [pair for pair in (await pairs_of(tx, parent.room_id)).values() if pair]
    if not any(sender.user_id in pair for pair in pairs):
        raise NotAllowed(
            "{id} is asked in every pod, so only spokes of two pods can close it earlier.", id=parent.id
        )
    if not await polls.add_closer(tx, parent.id, sender.user_id):
        raise Conflict(
            "You have asked to close {id} already. It needs a spoke of another pod to type {close}.",
            id=parent.id,
            close=line,
        )
    if not is_of_two_pods(await polls.closers(tx, parent.id), pairs):
        await steps.record(tx, parent.room_id, sender.user_id, now, "poll.close", id=parent.id)
        return Text(
            "{who} wants to close {id} now. It closes when a spoke of another pod types {close}.",
            who=sender,
            id=parent.id,
            close=line,
        )
    ended_at = await end_by_command(tx, now, parent, event)
    await close_all(tx, now, parent, ended_at, Text("{who} has closed {id}", who=sender, id=parent.id))
    return None


async def close_all(
    tx: Tx, now: datetime, parent: Poll, ended_at: datetime, beginning: Text, remark: Text | None = None
) -> None:
    """Close a poll in every pod at once, and say the result of all."""
    found = await _keep_parts(tx, parent, ended_at)
    in_all = Text.lines([remark, pod_poll_texts.in_all(parent, found.tally)])
    for part in await poll_pods.of(tx, parent.id):
        mirror = await polls.find(tx, part.mirror_id)
        assert mirror is not None  # noqa: S101 - a foreign key keeps it
        if not part.reached:
            await outbox.cancel(tx, native_start(mirror))
        await close(tx, now, mirror, ended_at, Text("{id} is closed", id=mirror.id), in_all)
    await keep_result(tx, now, parent, ended_at, found.tally, frozenset())
    text = pod_poll_texts.result(parent, found.tally, await poll_pods.of(tx, parent.id), beginning, remark)
    await say(tx, now, parent.room_id, text, about=parent.id, aloud=True, txn_id=f"{parent.id}.result")
    title = Text("{id}, result of all pods", id=parent.id)
    await pictures.show_poll(tx, now, parent, found.tally, title, txn_id=f"{parent.id}.picture")


async def _keep_parts(tx: Tx, parent: Poll, ended_at: datetime) -> Together:
    """Sum all pods up and keep what each of them counted."""
    found = await together(tx, parent, ended_at)
    for part, tally in zip(await poll_pods.of(tx, parent.id), found.by_box, strict=True):
        asked = await outbox.find(tx, question(part.mirror_id))
        reached = part.reached and (asked is None or asked.state == "sent" or not parent.is_open)
        counted = replace(part, voted=tally.voted, counts=tally.counts, reached=reached)
        await poll_pods.save(tx, parent.id, counted)
    return found


async def correct(tx: Tx, now: datetime, parent: Poll, before: Tally) -> None:
    """Sum all pods up again, and say so where the result or the counts of a pod are others."""
    parts_before = await poll_pods.of(tx, parent.id)
    mirrors = [await polls.find(tx, part.mirror_id) for part in parts_before]
    if any(mirror is not None and mirror.erased for mirror in mirrors):
        return  # there is nothing to sum up any more
    found = await _keep_parts(tx, parent, parent.end)
    parts = await poll_pods.of(tx, parent.id)
    await polls.close(tx, parent.id, parent.end, found.tally, ())
    if parts == parts_before and found.tally.says_as(before):
        return
    remark = Text("Something that was sent before the end has reached me, or could be read, only after it.")
    beginning = Text("{id}, corrected result", id=parent.id)
    text = pod_poll_texts.result(parent, found.tally, parts, beginning, remark)
    await say(tx, now, parent.room_id, text, about=parent.id, aloud=True)
    await pictures.show_poll(tx, now, parent, found.tally, beginning)
    for part in parts:
        mirror = await polls.find(tx, part.mirror_id)
        if mirror is not None:
            told = pod_poll_texts.corrected(mirror, parent, found.tally)
            await say(tx, now, part.pod_room_id, told, about=mirror.id)
