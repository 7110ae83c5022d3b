"""Polls that an assembly puts to its pods: opening them, and pods that come and go meanwhile.

Rule: each pod answers in its own room, in a poll of its own. Those who are there at the end count, as in any poll; so a
pod that joins is asked too, and what a pod answered that leaves goes with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.asking import check_count
from bot.domain.ballot_boxes import PodPoll
from bot.domain.errors import Conflict, NotAllowed, UsageError
from bot.domain.ids import POLL
from bot.domain.pods import Pod, Room, RoomKind
from bot.domain.poll_examples import example_of
from bot.domain.poll_lines import Typed, check_kind
from bot.domain.polls import Poll, tidy
from bot.domain.values import Code, Person
from bot.services import pod_poll_texts, poll_texts
from bot.services.pairs import is_spoke
from bot.services.poll_ending import take_back
from bot.services.polls import ask, read_poll
from bot.services.reminder_plans import plan
from bot.services.speech import say
from bot.store import ids, pods, poll_pods, polls, steps, timers
from bot.store.database import Tx
from bot.text import Text


async def open_for_pods(tx: Tx, now: datetime, room: Room, sender: Person, typed: Typed) -> None:
    """Open a poll of an assembly and put it to every pod.

    Raises:
        NotAllowed: The sender is no spoke.
        UsageError: The room is no assembly, or it cannot be asked like this.
        Conflict: There is no pod, or too many polls are open.
    """
    if room.kind is not RoomKind.ASSEMBLY:
        kind = check_kind(typed.kind, typed.question, typed.options)
        raise UsageError(
            "Only an assembly asks every pod; in this room leave {to} out. For example: {example}",
            to=Code("to="),
            example=Code(example_of(tidy(typed.question), [tidy(option) for option in typed.options], kind)),
        )
    if not await is_spoke(tx, room, sender.user_id):
        raise NotAllowed("Every pod is asked by a spoke. {show} shows who they are.", show=Code("!assembly"))
    found = await pods.pods_of(tx, room.room_id)
    if not found:
        raise Conflict(
            "No pod is in this assembly yet. {invite} makes a code for one.", invite=Code("!assembly invite")
        )
    running = await polls.open_in(tx, room.room_id)
    parent = replace(await read_poll(tx, now, room, sender, typed), of_pods=True)
    check_count(running, sender.user_id)
    await polls.add(tx, parent)
    await timers.put(tx, "poll.close", f"poll.{parent.id}", parent.closes_at, id=parent.id)
    await steps.record(tx, room.room_id, sender.user_id, now, "poll.open", id=parent.id)
    for pod in found:
        await _ask(tx, now, parent, pod)
    zone = (await pods.settings(tx, room.room_id)).zone
    parts = await poll_pods.of(tx, parent.id)
    text = pod_poll_texts.opened(parent, parts, zone, now)
    await say(tx, now, room.room_id, text, about=parent.id, aloud=True)


async def _ask(tx: Tx, now: datetime, parent: Poll, pod: Pod) -> None:
    """Put a poll of the assembly to a pod; what its room cannot be told now, it is told when it can."""
    running = await polls.open_in(tx, pod.room_id)
    mirror = replace(
        parent,
        id=await ids.next_id(tx, POLL),
        room_id=pod.room_id,
        opened_at=now,
        of_pods=False,
        parent=parent.id,
    )
    await polls.add(tx, mirror)
    await plan(tx, now, mirror.id, mirror.opened_at, mirror.closes_at)
    await poll_pods.put(tx, parent.id, PodPoll(pod.room_id, pod.name, mirror.id))
    home = await pods.find_assembly(tx, parent.room_id)
    asked_by = pod_poll_texts.asked_by(home.name if home else "", parent)
    zone = (await pods.settings(tx, pod.room_id)).zone
    words = poll_texts.opened(mirror, zone, now, alone=not running, asked_by=asked_by)
    await ask(tx, now, mirror, words)


async def pod_joined(tx: Tx, now: datetime, assembly_room_id: str, pod_room_id: str) -> None:
    """Ask a pod that has joined what all pods are being asked."""
    pod = await pods.find_pod(tx, pod_room_id)
    for parent in await polls.open_in(tx, assembly_room_id):
        if pod is not None and parent.of_pods and now < parent.closes_at:
            await _ask(tx, now, parent, pod)


async def pod_left(tx: Tx, now: datetime, assembly_room_id: str, pod_room_id: str) -> None:
    """Let what a pod answered drop out of open polls, with its individual answers."""
    home = await pods.find_assembly(tx, assembly_room_id)
    for parent in await polls.open_in(tx, assembly_room_id):
        parts = await poll_pods.of(tx, parent.id)
        part = next((each for each in parts if each.pod_room_id == pod_room_id), None)
        mirror = await polls.find(tx, part.mirror_id) if part else None
        if part is None or mirror is None:
            continue
        await take_back(tx, now, mirror)
        await poll_pods.drop(tx, parent.id, pod_room_id)
        text = Text(
            "{id} is cancelled, because this pod has left {assembly}: {question}",
            id=mirror.id,
            assembly=home.name if home else "",
            question=mirror.question,
        )
        await say(tx, now, pod_room_id, text, about=mirror.id)
        told = Text("{pod} left; what it answered in {id} does not count.", pod=part.name, id=parent.id)
        await say(tx, now, assembly_room_id, told, about=parent.id)
