"""What a request does once enough people have said ok to it.

Rule: called once for each request, in the transaction that closes it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.domain.errors import Conflict
from bot.domain.meetings import shown
from bot.domain.remits import Remit
from bot.domain.values import Code
from bot.services import (
    decision_changes,
    digests,
    groups,
    mandates,
    pair_voices,
    pillars,
    pod_polls,
    proposal_membership,
    records,
    spokes,
    summaries,
)
from bot.services.speech import say
from bot.store import outbox, pods, proposals, rooms
from bot.store.database import Tx
from bot.store.requests import Request
from bot.text import Text


async def _let_in(tx: Tx, now: datetime, request: Request) -> Text:
    pod = await pods.find_pod(tx, request.pod_room_id)
    assembly = await pods.find_assembly(tx, request.room_id)
    assert pod is not None and assembly is not None  # noqa: S101 - foreign keys keep them
    await pods.set_assembly(tx, pod.room_id, assembly.room_id, now)
    await say(
        tx,
        now,
        pod.room_id,
        Text.lines(
            [
                Text("{pod} is now in the assembly {assembly}.", pod=pod.name, assembly=assembly.name),
                Text(
                    "Your spokes are invited into its room. {summary} sends it a text.",
                    summary=Code("!summary TEXT"),
                ),
            ]
        ),
        aloud=True,
    )
    await spokes.entered_assembly(tx, now, pod.room_id)
    await pod_polls.pod_joined(tx, now, assembly.room_id, pod.room_id)
    count = len(await pods.pods_of(tx, assembly.room_id))
    return Text(
        "{pod} is now in the assembly {assembly}, which has {n} pod.",
        plural="{pod} is now in the assembly {assembly}, which has {n} pods.",
        pod=pod.name,
        assembly=assembly.name,
        n=count,
    )


async def _apply_setting(tx: Tx, now: datetime, request: Request) -> Text:
    assert request.key is not None and request.value is not None  # noqa: S101 - a setting has both
    await spokes.change_setting(tx, now, request.room_id, request.key, request.value)
    await digests.setting_changed(tx, now, request.room_id, request.key)
    if request.key == "digest":
        return digests.announced(request.value)
    if await pods.find_assembly(tx, request.room_id) is not None:
        template = (
            "{key} is now {value} in this assembly. {ics} sends its dates as a calendar file."
            if request.key == "meets"
            else "{key} is now {value} in this assembly. What is open already keeps its old rule."
        )
    else:
        template = "{key} is now {value} in this pod. What is open already keeps its old rule."
    return Text(
        template,
        key=request.key.capitalize(),
        value=shown(request.key, request.value),
        ics=Code("!assembly ics"),
    )


async def _leave(tx: Tx, now: datetime, request: Request) -> Text:
    room = await rooms.find(tx, request.pod_room_id)
    if room is None or room.assembly_room_id is None:
        raise Conflict("This pod is in no assembly any more.")
    assembly = await pods.find_assembly(tx, room.assembly_room_id)
    await outbox.queue(
        tx, now, room.room_id, await records.of_pod(tx, now, room, await groups.roster(tx, room))
    )
    await spokes.left_assembly(tx, now, room.room_id)
    await summaries.pod_left(tx, room.room_id)
    await pods.set_assembly(tx, room.room_id, None, now)
    await mandates.pod_left(tx, now, room.assembly_room_id, room.room_id)
    await pod_polls.pod_left(tx, now, room.assembly_room_id, room.room_id)
    await say(
        tx,
        now,
        room.assembly_room_id,
        Text("The pod {pod} has left the assembly.", pod=room.name),
        aloud=True,
    )
    return Text(
        "{pod} has left the assembly {assembly}. Your records are in the file above.",
        pod=room.name,
        assembly=assembly.name if assembly else "",
    )


async def _change_voice(tx: Tx, now: datetime, request: Request) -> Text:
    assert request.value is not None  # noqa: S101 - it names the person
    person = await rooms.person(tx, request.room_id, request.value)
    observer = request.key == "observer"
    await rooms.set_observer(tx, request.room_id, request.value, observer)
    await proposal_membership.voice_changed(tx, now, request.room_id, person, observer=observer)
    if observer:
        await spokes.member_left(tx, now, request.room_id, request.value)
        return Text("{who} is now an observer: present, without a voice.", who=person)
    await spokes.member_joined(tx, now, request.room_id, request.value)
    return Text("{who} has a voice again.", who=person)


async def _change_remit(tx: Tx, now: datetime, request: Request) -> Text:
    room = await rooms.find(tx, request.room_id)
    mirror = await proposals.find(tx, request.key or "")
    assert room is not None and mirror is not None  # noqa: S101 - it was found when it was asked for
    return await pair_voices.set_remit(tx, now, room, mirror, Remit.read(request.value or ""))


async def _set_apart(tx: Tx, now: datetime, request: Request) -> Text:
    room = await rooms.find(tx, request.room_id)
    assert room is not None and request.key is not None  # noqa: S101 - it was asked for there
    return await pillars.set_apart(tx, now, room, int(request.key), apart=request.value == "apart")


async def _renew(tx: Tx, now: datetime, request: Request) -> Text:
    return await decision_changes.renew(tx, now, request.key or "")


async def _reopen(tx: Tx, now: datetime, request: Request) -> Text:
    return await decision_changes.reopen(tx, now, request.key or "", request.value or "")


EFFECTS: dict[str, Callable[[Tx, datetime, Request], Awaitable[Text]]] = {
    "enter": _let_in,
    "leave": _leave,
    "remit": _change_remit,
    "pillar": _set_apart,
    "renew": _renew,
    "reopen": _reopen,
    "setting": _apply_setting,
    "voice": _change_voice,
}
