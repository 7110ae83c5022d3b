"""A pod asks to enter an assembly, with a code the assembly gave it.

Rule: a code works once, and no two pods of an assembly look alike by their names.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict, NotFound
from bot.domain.ids import normal_code
from bot.domain.names import skeleton
from bot.domain.pods import Pod, Room, enter_needs
from bot.domain.values import Code, Person
from bot.services import request_rules, requests, spokes
from bot.services.speech import say
from bot.store import pods, rooms
from bot.store import requests as store
from bot.store.database import Tx
from bot.text import Text


async def ask_to_enter(tx: Tx, now: datetime, room: Room, sender: Person, typed: str) -> Text:
    """Ask the assembly of a code to let this pod in.

    Raises:
        NotFound: There is no such code, or it has ended.
        Conflict: The code was used, the pod is in an assembly, has asked already, or its name is taken there.
    """
    if room.assembly_room_id is not None:
        assembly = await pods.find_assembly(tx, room.assembly_room_id)
        raise Conflict(
            "{pod} is in the assembly {assembly} already. {leave} leaves it.",
            pod=room.name,
            assembly=assembly.name if assembly else "",
            leave=Code("!pod leave"),
        )
    if asked := await store.open_of_pod(tx, room.room_id, "enter"):
        raise Conflict(
            "{pod} has asked already ({id}). Please wait for the assembly.", pod=room.name, id=asked[0].id
        )
    code = normal_code(typed)
    found = await pods.find_code(tx, code)
    if found is None or (found[1] < now and not found[2]):
        raise NotFound(
            "The code {code} does not work. Ask the assembly for a new one: {invite} there. For example: {example}",
            code=Code(code),
            invite=Code("!assembly invite"),
            example=Code("!pod join K7F-2QX"),
        )
    assembly_room_id, _, used = found
    if used:
        raise Conflict(
            "The code {code} was used already; each works once. Ask the assembly for a new one: {invite} there.",
            code=Code(code),
            invite=Code("!assembly invite"),
        )
    await _check_name_is_free(tx, assembly_room_id, room.name or "", code)
    await pods.use_code(tx, code, now)
    request = await requests.ask(tx, now, "enter", assembly_room_id, room.room_id, sender, key=code)
    size = len(await rooms.voices(tx, room.room_id))
    await say(
        tx,
        now,
        assembly_room_id,
        Text.lines(
            [
                Text(
                    "The pod {pod} ({size} members) asks to enter ({id}).",
                    pod=room.name,
                    size=size,
                    id=request.id,
                ),
                Text(
                    "{who} type {ok} to let it in.",
                    who=await _who_lets_in(tx, assembly_room_id),
                    ok=Code(f"ok {request.id}"),
                ),
            ]
        ),
        about=request.id,
        aloud=True,
    )
    assembly = await pods.find_assembly(tx, assembly_room_id)
    return Text(
        "{pod} has asked to enter the assembly {assembly} ({id}). You will hear here when it is decided.",
        pod=room.name,
        assembly=assembly.name if assembly else "",
        id=request.id,
    )


async def _check_name_is_free(tx: Tx, assembly_room_id: str, name: str, code: str) -> None:
    """Check that no pod of an assembly looks the same by its name.

    Raises:
        Conflict: One does.
    """
    taken = {skeleton(pod.name) for pod in await pods.pods_of(tx, assembly_room_id)}
    asking = {skeleton(pod.name) for pod in await _asking(tx, assembly_room_id)}
    if skeleton(name) in taken | asking:
        raise Conflict(
            "There is a pod called {name} in that assembly already, or one that asks to enter. Take another name "
            "first, for example {example}, then type {join} again.",
            name=name,
            example=Code(f"!pod rename {name} Two"),
            join=Code(f"!pod join {code}"),
        )


async def _asking(tx: Tx, assembly_room_id: str) -> list[Pod]:
    """Return the pods that ask to enter an assembly."""
    open_here = [item for item in await store.open_in(tx, assembly_room_id) if item.kind == "enter"]
    found = [await pods.find_pod(tx, item.pod_room_id) for item in open_here]
    return [pod for pod in found if pod is not None]


async def _who_lets_in(tx: Tx, assembly_room_id: str) -> Text:
    if enter_needs(await spokes.pairs_of(tx, assembly_room_id)) == "spokes":
        return Text("Any two spokes")
    needed = request_rules.admins_needed(await rooms.members(tx, assembly_room_id))
    return Text("An admin of this room can", n=needed) if needed == 1 else Text("Any two admins of this room")
