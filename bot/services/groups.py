"""Assemblies and pods: creating and naming them, inviting pods, and showing who is in them.

Rule: a room is one thing, a pod or an assembly, and stays it.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from bot.domain.errors import Conflict
from bot.domain.ids import make_code
from bot.domain.meetings import shown
from bot.domain.modes import Mode
from bot.domain.pods import (
    CODE_GOOD_FOR,
    CODES_AT_ONCE,
    SETTINGS,
    Member,
    Pod,
    Room,
    RoomKind,
    Settings,
    check_name,
    size_notice,
)
from bot.domain.thresholds import Against
from bot.domain.values import Code, Person, When
from bot.services import mode_texts, spokes
from bot.services.rooms import power_needed, size_text
from bot.store import pods, requests, rooms
from bot.store.database import Tx
from bot.text import Text


async def create_assembly(tx: Tx, now: datetime, room: Room, name: str) -> Text:
    """Make a room an assembly.

    Raises:
        Conflict: The room is a pod or an assembly already.
    """
    _check_free(room)
    tidy = check_name(name, "!assembly create River Assembly")
    await pods.create_assembly(tx, room.room_id, tidy, now)
    return Text.lines(
        [
            Text("This room is now the assembly {name}.", name=tidy),
            Text(
                "Next: {invite} makes a code for each pod that shall enter.", invite=Code("!assembly invite")
            ),
            None if room.can_invite and room.can_remove else power_needed(),
        ]
    )


async def create_pod(tx: Tx, now: datetime, room: Room, name: str) -> Text:
    """Make a room a pod.

    Raises:
        Conflict: The room is a pod or an assembly already.
    """
    _check_free(room)
    tidy = check_name(name, "!pod create Willow")
    await pods.create_pod(tx, room.room_id, tidy, now)
    count = len(await rooms.voices(tx, room.room_id))
    await pods.set_size_told(tx, room.room_id, size_notice(count))
    return Text.lines(
        [
            Text("This room is now the pod {name}, with {count} members.", name=tidy, count=count),
            size_text(count) if size_notice(count) else None,
            Text("Next: {draw} draws your pair of spokes.", draw=Code("!spokes draw")),
            Text("To enter an assembly, type {join} with a code from there.", join=Code("!pod join CODE")),
        ]
    )


def _check_free(room: Room) -> None:
    if room.kind is RoomKind.POD:
        raise Conflict(
            "This room is the pod {name} already. {show} shows it.", name=room.name, show=Code("!pod")
        )
    if room.kind is RoomKind.ASSEMBLY:
        raise Conflict(
            "This room is the assembly {name} already. {show} shows it.",
            name=room.name,
            show=Code("!assembly"),
        )


async def rename(tx: Tx, room: Room, name: str) -> Text:
    """Give a pod that is in no assembly another name.

    Raises:
        Conflict: It is in an assembly, where the name is known.
    """
    if room.assembly_room_id is not None:
        raise Conflict("{name} is known under its name in the assembly, so it stays.", name=room.name)
    if asked := await requests.open_of_pod(tx, room.room_id, "enter"):
        raise Conflict(
            "{name} asks to enter an assembly ({id}), so its name stays.", name=room.name, id=asked[0].id
        )
    tidy = check_name(name, "!pod rename Willow")
    await pods.rename(tx, room.room_id, tidy)
    return Text("This pod is now called {name}.", name=tidy)


async def make_invitation(tx: Tx, now: datetime, room: Room, sender: Person) -> Text:
    """Make a one-time code with which a pod can ask to enter.

    Raises:
        Conflict: Many could still be used.
    """
    if await pods.open_codes(tx, room.room_id, now) >= CODES_AT_ONCE:
        raise Conflict(
            "{count} codes of {name} are unused, the most there may be. Please use one of them; each ends {days} days "
            "after it was made.",
            count=CODES_AT_ONCE,
            name=room.name,
            days=CODE_GOOD_FOR.days,
        )
    code = make_code(secrets.choice)
    ends = now + CODE_GOOD_FOR
    await pods.add_code(tx, code, room.room_id, sender.user_id, ends)
    zone = (await pods.settings(tx, room.room_id)).zone
    return Text.lines(
        [
            Text(
                "Here is a code for one pod. In that pod's room, type {join}", join=Code(f"!pod join {code}")
            ),
            Text("It works once, until {ends}.", ends=When(ends, zone, now)),
        ]
    )


async def roster(tx: Tx, room: Room) -> Text:
    """List members, observers and spokes of a room."""
    people = await rooms.members(tx, room.room_id)
    seats = await spokes.seats_by_user(tx, room)
    members = [member for member in people if not member.observer]
    observers = [member for member in people if member.observer]
    parts = [Text("{name}: {n} member", plural="{name}: {n} members", name=room.name or "", n=len(members))]
    if members:
        parts.append(Text.listed(_described(member, seats) for member in members))
    if observers:
        parts += [
            Text("Observers, without a voice:"),
            Text.listed(_described(member, seats) for member in observers),
        ]
    return Text.lines(parts)


def _described(member: Member, seats: dict[str, str]) -> Text:
    if member.user_id in seats:
        return Text("{who}, spoke ({seat})", who=member.person, seat=seats[member.user_id])
    return Text("{who}", who=member.person)


async def describe_assembly(tx: Tx, room: Room) -> Text:
    """Say what an assembly is made of: its pods and their pairs."""
    found = await pods.pods_of(tx, room.room_id)
    settings = await pods.settings(tx, room.room_id)
    if not found:
        return Text(
            "The assembly {name} has no pods yet. {invite} makes a code for one.",
            name=room.name,
            invite=Code("!assembly invite"),
        )
    return Text.lines(
        [
            Text(
                "The assembly {name} has {n} pod:",
                plural="The assembly {name} has {n} pods:",
                name=room.name,
                n=len(found),
            ),
            Text.listed([await _pod_line(tx, pod) for pod in found]),
            Text("It meets {dates} {zone}.", dates=shown("meets", settings.meets), zone=settings.timezone)
            if settings.meets
            else None,
            mode_texts.set_to(Mode(settings.mode), Against(settings.of)),
        ]
    )


async def _pod_line(tx: Tx, pod: Pod) -> Text:
    pair = await spokes.pair_text(tx, pod.room_id)
    return Text("{pod}: {pair}", pod=pod.name, pair=pair)


async def people(tx: Tx, room: Room) -> list[Member]:
    """Return the joined people of a room, observers too."""
    return await rooms.members(tx, room.room_id)


async def describe_pod(tx: Tx, room: Room, settings: Settings) -> Text:
    """Say who is in a pod, where it belongs and how it is set."""
    assembly = await pods.find_assembly(tx, room.assembly_room_id) if room.assembly_room_id else None
    return Text.lines(
        [
            await roster(tx, room),
            Text("In the assembly {name}.", name=assembly.name)
            if assembly
            else Text("In no assembly. {join} asks to enter one.", join=Code("!pod join CODE")),
            Text("Settings:"),
            Text.listed(
                Text("{key} = {value} ({means})", key=key, value=getattr(settings, key), means=setting.means)
                for key, setting in SETTINGS.items()
            ),
        ]
    )
