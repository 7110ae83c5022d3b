"""Requests: what takes effect only when other people type `ok`.

Rule: nobody's boss. A pod enters an assembly by two spokes' ok; leaving it, changing a setting or taking
somebody's voice needs another member's ok.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict, NotAllowed, NotFound
from bot.domain.ids import REQUEST
from bot.domain.meetings import BY_TWO_PODS, check_assembly_setting, shown
from bot.domain.pods import (
    REQUEST_GOOD_FOR,
    REQUESTS_OF_ONE,
    Member,
    Room,
    RoomKind,
    check_setting,
)
from bot.domain.values import Code, Person
from bot.services import proposal_membership, spokes
from bot.services.request_effects import EFFECTS
from bot.services.request_rules import check_may_approve
from bot.services.speech import say
from bot.store import ids, pods, requests, rooms, steps, timers
from bot.store.database import Tx
from bot.store.requests import Request
from bot.text import Text


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
    needed = await check_may_approve(tx, request, sender)
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
    return await EFFECTS[request.kind](tx, now, request)


async def _count_oks(tx: Tx, request: Request) -> int:
    """Count the oks of those who may ok a request today: the rule, and who has a seat, may have changed."""
    count = 0
    for user_id in await requests.oks(tx, request.id):
        try:
            await check_may_approve(tx, request, await rooms.person(tx, request.room_id, user_id))
        except NotAllowed:
            continue
        count += 1
    return count


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
    by_two_pods = room.kind is RoomKind.ASSEMBLY and key in BY_TWO_PODS
    if by_two_pods and not await spokes.is_spoke(tx, room, sender.user_id):
        raise NotAllowed(
            "What an assembly counts is proposed by a spoke. {show} lists them.", show=Code("!assembly")
        )
    if getattr(settings, key) == value:
        raise Conflict("{key} is {value} already.", key=key.capitalize(), value=shown(key, value))
    request = await ask(tx, now, "setting", room.room_id, room.room_id, sender, key=key, value=value)
    what = Text("{key} = {value}", key=key, value=shown(key, value))
    return _asked(sender, what, request, by_two_pods=by_two_pods), request.id


async def ask_leave(tx: Tx, now: datetime, room: Room, sender: Person) -> tuple[Text, str]:
    """Propose that the pod leaves its assembly.

    Raises:
        Conflict: It is in no assembly.
    """
    if room.assembly_room_id is None:
        raise Conflict(
            "{pod} is in no assembly. To enter one: {join}", pod=room.name, join=Code("!pod join CODE")
        )
    request = await ask(tx, now, "leave", room.room_id, room.room_id, sender)
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
        await proposal_membership.voice_changed(tx, now, room.room_id, member.person, observer=observer)
        await spokes.member_left(tx, now, room.room_id, member.user_id)
        return Text("{who} is now an observer: present, without a voice.", who=member.person), None
    request = await ask(tx, now, "voice", room.room_id, room.room_id, sender, key=key, value=member.user_id)
    template = "that {who} is an observer, without a voice" if observer else "that {who} has a voice"
    return _asked(sender, Text(template, who=member.person), request), request.id


def _asked(sender: Person, what: Text, request: Request, *, by_two_pods: bool = False) -> Text:
    return Text(
        "{who} proposes {what} ({id}). It takes effect when a spoke of another pod types {ok}."
        if by_two_pods
        else "{who} proposes {what} ({id}). It takes effect when another member types {ok}.",
        who=sender,
        what=what,
        id=request.id,
        ok=Code(f"ok {request.id}"),
    )


async def ask(
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
    """Keep a new request; an open one for the same thing gives way.

    Raises:
        Conflict: The person has many that wait.
    """
    for other in await requests.open_of_pod(tx, pod_room_id, kind):
        if other.key == key and (kind == "setting" or other.value == value):
            await requests.close(tx, other.id, "withdrawn")
    own = [each for each in await requests.open_in(tx, room_id) if each.asked_by == sender.user_id]
    if len(own) >= REQUESTS_OF_ONE:
        raise Conflict(
            "{count} requests of yours wait here, the most that one person may have. Another member can settle one, "
            "for example with {ok}; each lapses {days} days after it was made.",
            count=len(own),
            ok=Code(f"ok {own[0].id}"),
            days=REQUEST_GOOD_FOR.days,
        )
    request = Request(
        await ids.next_id(tx, REQUEST), kind, room_id, pod_room_id, sender.user_id, now, key, value, "open"
    )
    await requests.add(tx, request)
    await timers.put(tx, "request.lapse", f"request.{request.id}", now + REQUEST_GOOD_FOR, id=request.id)
    await steps.record(tx, pod_room_id, sender.user_id, now, "request", id=request.id)
    return request


async def waiting_for_ok(tx: Tx, room: Room, sender: Person) -> list[Request]:
    """Return the requests of this room that this person could ok now."""
    found = []
    for request in await requests.open_in(tx, room.room_id):
        try:
            await check_may_approve(tx, request, sender)
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
