"""Requests: what takes effect only when other people type `ok`.

Rule: nobody's boss. A pod enters an assembly by two spokes' ok; leaving it, changing a setting or taking
somebody's voice needs another member's ok.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.domain.errors import Conflict, NotAllowed, NotFound
from bot.domain.ids import REQUEST, normal_code
from bot.domain.meetings import check_assembly_setting, shown
from bot.domain.names import skeleton
from bot.domain.pods import REQUEST_GOOD_FOR, Member, Pod, Room, RoomKind, check_setting, enter_needs
from bot.domain.values import Code, Person
from bot.services import groups, records, spokes, summaries
from bot.services.speech import say
from bot.store import ids, outbox, pods, requests, rooms, steps, timers
from bot.store.database import Tx
from bot.store.requests import Request
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
    if asked := await requests.open_of_pod(tx, room.room_id, "enter"):
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
    request = await _ask(tx, now, "enter", assembly_room_id, room.room_id, sender, key=code)
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
    open_here = [item for item in await requests.open_in(tx, assembly_room_id) if item.kind == "enter"]
    found = [await pods.find_pod(tx, item.pod_room_id) for item in open_here]
    return [pod for pod in found if pod is not None]


async def _who_lets_in(tx: Tx, assembly_room_id: str) -> Text:
    if enter_needs(await spokes.pairs_of(tx, assembly_room_id)) == "spokes":
        return Text("Any two spokes")
    needed = _admins_needed(await rooms.members(tx, assembly_room_id))
    return Text("An admin of this room can", n=needed) if needed == 1 else Text("Any two admins of this room")


def _admins_needed(members: list[Member]) -> int:
    """Two people, unless the room has only one admin."""
    return min(2, sum(member.admin for member in members)) or 1


async def approve(tx: Tx, now: datetime, room: Room, sender: Person, request_id: str) -> Text | None:
    """Count somebody's ok for a request.

    Raises:
        NotFound: There is no such request here.
        NotAllowed: The person may not ok it.
        Conflict: It is closed, or the person's ok was counted.
    """
    request = await requests.find(tx, request_id)
    if request is None or request.room_id != room.room_id:
        raise NotFound(
            "There is no {id} in this room. {next} shows what waits.", id=request_id, next=Code("!next")
        )
    if request.state != "open":
        raise Conflict("{id} is not open any more.", id=request_id)
    needed = await _check_may_approve(tx, request, sender)
    if not await requests.add_ok(tx, request_id, sender.user_id, now):
        raise Conflict("Your ok for {id} is counted already. It needs another person.", id=request_id)
    await steps.record(tx, room.room_id, sender.user_id, now, "request.ok", id=request_id)
    count = await _count_oks(tx, request)
    if count < needed:
        return Text(
            "Counted: {who} says ok to {id}, {count} of {needed}. One more person types {ok}.",
            who=sender,
            id=request_id,
            count=count,
            needed=needed,
            ok=Code(f"ok {request_id}"),
        )
    await requests.close(tx, request_id, "done")
    await timers.drop(tx, f"request.{request_id}")
    return await _EFFECTS[request.kind](tx, now, request)


async def _count_oks(tx: Tx, request: Request) -> int:
    """Count the oks of those who may ok a request today: the rule, and who has a seat, may have changed."""
    count = 0
    for user_id in await requests.oks(tx, request.id):
        try:
            await _check_may_approve(tx, request, await rooms.person(tx, request.room_id, user_id))
        except NotAllowed:
            continue
        count += 1
    return count


async def _check_may_approve(tx: Tx, request: Request, sender: Person) -> int:
    """Check that somebody may ok a request; returns how many people it needs."""
    if request.kind != "enter":
        if sender.user_id == request.asked_by:
            raise NotAllowed("You proposed {id}; it needs the ok of another member.", id=request.id)
        if not any(member.user_id == sender.user_id for member in await rooms.voices(tx, request.room_id)):
            raise NotAllowed("{id} needs the ok of a member with a voice.", id=request.id)
        if request.kind != "setting" or await pods.find_assembly(tx, request.room_id) is None:
            return 1
        pairs = await spokes.pairs_of(tx, request.room_id)
        if enter_needs(pairs) == "spokes" and not any(sender.user_id in pair for pair in pairs.values()):
            raise NotAllowed(
                "{id} needs the ok of a spoke. {show} lists them.", id=request.id, show=Code("!assembly")
            )
        return 1
    pairs = await spokes.pairs_of(tx, request.room_id)
    if enter_needs(pairs) == "spokes":
        if not any(sender.user_id in pair for pair in pairs.values()):
            raise NotAllowed(
                "{id} needs the ok of two spokes. {show} lists them.", id=request.id, show=Code("!assembly")
            )
        return 2
    members = await rooms.members(tx, request.room_id)
    if not any(member.admin and member.user_id == sender.user_id for member in members):
        raise NotAllowed(
            "While there are fewer than two pods, {id} needs the ok of this room's admins.", id=request.id
        )
    return _admins_needed(members)


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
    if await pods.find_assembly(tx, request.room_id) is not None:
        template = "{key} is now {value} in this assembly. {ics} sends its dates as a calendar file."
    else:
        template = "{key} is now {value} in this pod. What is open already keeps its old rule."
    return Text(
        template,
        key=request.key.capitalize(),
        value=shown(request.key, request.value),
        ics=Code("!assembly ics"),
    )


async def ask_setting(
    tx: Tx, now: datetime, room: Room, sender: Person, typed: tuple[str, str]
) -> tuple[Text, str]:
    """Propose another value for a setting.

    Returns:
        What to say, and the request's id.

    Raises:
        UsageError: There is no such setting or value.
        Conflict: It has that value already.
    """
    settings = await pods.settings(tx, room.room_id)
    if room.kind is RoomKind.ASSEMBLY:
        key, value = check_assembly_setting(*typed, now, settings.zone)
    else:
        key, value = check_setting(*typed)
    if getattr(settings, key) == value:
        raise Conflict("{key} is {value} already.", key=key.capitalize(), value=shown(key, value))
    request = await _ask(tx, now, "setting", room.room_id, room.room_id, sender, key=key, value=value)
    what = Text("{key} = {value}", key=key, value=shown(key, value))
    return _asked(sender, what, request), request.id


async def ask_leave(tx: Tx, now: datetime, room: Room, sender: Person) -> tuple[Text, str]:
    """Propose that the pod leaves its assembly.

    Raises:
        Conflict: It is in no assembly.
    """
    if room.assembly_room_id is None:
        raise Conflict(
            "{pod} is in no assembly. To enter one: {join}", pod=room.name, join=Code("!pod join CODE")
        )
    request = await _ask(tx, now, "leave", room.room_id, room.room_id, sender)
    return _asked(sender, Text("that {pod} leaves the assembly", pod=room.name), request), request.id


async def ask_observer(
    tx: Tx, now: datetime, room: Room, sender: Person, member: Member, *, observer: bool
) -> tuple[Text, str | None]:
    """Propose that a member is present without a voice, or has one again; for oneself it needs nobody.

    Raises:
        Conflict: It is so already.
    """
    if member.observer == observer:
        raise Conflict(
            "{who} is an observer already." if observer else "{who} has a voice already.", who=member.person
        )
    key = "observer" if observer else "voice"
    if member.user_id == sender.user_id and observer:
        await rooms.set_observer(tx, room.room_id, member.user_id, observer)
        await spokes.member_left(tx, now, room.room_id, member.user_id)
        return Text("{who} is now an observer: present, without a voice.", who=member.person), None
    request = await _ask(tx, now, "voice", room.room_id, room.room_id, sender, key=key, value=member.user_id)
    template = "that {who} is an observer, without a voice" if observer else "that {who} has a voice"
    return _asked(sender, Text(template, who=member.person), request), request.id


def _asked(sender: Person, what: Text, request: Request) -> Text:
    return Text(
        "{who} proposes {what} ({id}). It takes effect when another member types {ok}.",
        who=sender,
        what=what,
        id=request.id,
        ok=Code(f"ok {request.id}"),
    )


async def _ask(
    tx: Tx,
    now: datetime,
    kind: str,
    room_id: str,
    pod_room_id: str,
    sender: Person,
    *,
    key: str | None = None,
    value: str | None = None,
) -> Request:
    """Keep a new request; an open one for the same thing gives way."""
    for other in await requests.open_of_pod(tx, pod_room_id, kind):
        if other.key == key and (kind == "setting" or other.value == value):
            await requests.close(tx, other.id, "withdrawn")
    request = Request(
        await ids.next_id(tx, REQUEST), kind, room_id, pod_room_id, sender.user_id, now, key, value, "open"
    )
    await requests.add(tx, request)
    await timers.put(tx, "request.lapse", f"request.{request.id}", now + REQUEST_GOOD_FOR, id=request.id)
    await steps.record(tx, pod_room_id, sender.user_id, now, "request", id=request.id)
    return request


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
    if observer:
        await spokes.member_left(tx, now, request.room_id, request.value)
        return Text("{who} is now an observer: present, without a voice.", who=person)
    await spokes.member_joined(tx, now, request.room_id, request.value)
    return Text("{who} has a voice again.", who=person)


async def waiting_for_ok(tx: Tx, room: Room, sender: Person) -> list[Request]:
    """Return the requests of this room that this person could ok now."""
    found = []
    for request in await requests.open_in(tx, room.room_id):
        try:
            await _check_may_approve(tx, request, sender)
        except NotAllowed:
            continue
        if sender.user_id not in await requests.oks(tx, request.id):
            found.append(request)
    return found


async def withdraw(tx: Tx, now: datetime, request_id: str) -> Text:
    """Take a request back.

    Raises:
        Conflict: It was decided.
    """
    request = await requests.find(tx, request_id)
    if request is None or request.state != "open":
        raise Conflict("{id} is decided already.", id=request_id)
    await requests.close(tx, request_id, "withdrawn")
    await timers.drop(tx, f"request.{request_id}")
    if request.kind == "enter":
        pod = await pods.find_pod(tx, request.pod_room_id)
        await say(
            tx,
            now,
            request.room_id,
            Text("{pod} has withdrawn its request ({id}).", pod=pod.name if pod else "", id=request_id),
        )
    return Text("{id} is withdrawn. Nothing was changed.", id=request_id)


async def withdraw_ok(tx: Tx, sender: Person, request_id: str) -> Text:
    """Take an ok back.

    Raises:
        Conflict: It was decided.
    """
    request = await requests.find(tx, request_id)
    if request is None or request.state != "open":
        raise Conflict("{id} is decided already.", id=request_id)
    await requests.drop_ok(tx, request_id, sender.user_id)
    return Text("Your ok for {id} is taken back.", id=request_id)


async def lapse(tx: Tx, now: datetime, request_id: str) -> None:
    """End a request that nobody decided in time."""
    request = await requests.find(tx, request_id)
    if request is None or request.state != "open":
        return
    await requests.close(tx, request_id, "lapsed")
    text = Text(
        "{id} was not decided in {days} days and has lapsed.", id=request_id, days=REQUEST_GOOD_FOR.days
    )
    for room_id in dict.fromkeys([request.room_id, request.pod_room_id]):
        await say(tx, now, room_id, text)


_EFFECTS: dict[str, Callable[[Tx, datetime, Request], Awaitable[Text]]] = {
    "enter": _let_in,
    "leave": _leave,
    "setting": _apply_setting,
    "voice": _change_voice,
}
