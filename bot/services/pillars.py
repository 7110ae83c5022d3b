"""Pillars: listing them, and what an adopted or corrected proposal does to them.

Rule: a pillar's words come from a proposal that passed every reading, and from nowhere else.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.errors import NotFound, UsageError
from bot.domain.pillars import Pillar
from bot.domain.pods import Room, RoomKind
from bot.domain.proposals import Proposal, State
from bot.domain.stances import Stance
from bot.domain.values import Code, Verbatim, When
from bot.services import voices
from bot.services.speech import say
from bot.store import pillars, pods, proposals
from bot.store.database import Tx
from bot.text import Text


async def put_in_force(tx: Tx, proposal: Proposal) -> Text | None:
    """Bring the pillars in line with a proposal that has just ended; returns what is now true."""
    await pillars.drop_of(tx, proposal.id)
    if proposal.state is not State.ADOPTED:
        return None
    known = await pillars.in_force(tx, proposal.room_id)
    number = proposal.pillar or max((each.number for each in known), default=0) + 1
    version = len(await pillars.versions(tx, proposal.room_id, number)) + 1
    pillar = Pillar(number, version, proposal.text, proposal.end, proposal.id)
    await pillars.add(tx, proposal.room_id, pillar)
    return Text(
        "It is pillar {number} now, version {version}. {show} shows all.",
        number=number,
        version=version,
        show=Code("!pillars"),
    )


def home_of(room: Room) -> str:
    """Return the assembly of a room: itself, or that of the pod.

    Raises:
        NotFound: The pod is in none.
    """
    home = room.room_id if room.kind is RoomKind.ASSEMBLY else room.assembly_room_id
    if home is None:
        raise NotFound(
            "Pillars are shared texts of an assembly, and this pod is in none. To enter one: {join}",
            join=Code("!pod join CODE"),
        )
    return home


async def listing(tx: Tx, room: Room) -> Text:
    """List the pillars of an assembly, also in the rooms of its pods.

    Raises:
        NotFound: The pod is in no assembly.
    """
    home = home_of(room)
    found = await pillars.in_force(tx, home)
    if not found:
        return Text(
            "There is no pillar yet. A spoke proposes one in the assembly, with at most 600 characters: {example}",
            example=Code("!pillar propose We never leave anybody behind."),
        )
    zone = (await pods.settings(tx, room.room_id)).zone
    parts: list[Text | None] = []
    for each in found:
        parts += [await _headed(tx, each, zone), Text("")]
    return Text.lines([*parts, Text("To change one, in the assembly: {example}", example=Code(f"!pillar propose {found[0].number} TEXT"))])  # fmt: skip


async def describe(tx: Tx, room: Room, typed: str) -> Text:
    """Show one pillar with its former words.

    Raises:
        NotFound: There is none of that number.
        UsageError: It is no number.
    """
    pillar = await current(tx, room, typed)
    found = await pillars.versions(tx, home_of(room), pillar.number)
    zone = (await pods.settings(tx, room.room_id)).zone
    parts = [await _headed(tx, found[-1], zone)]
    if found[:-1]:
        parts += [Text(""), Text("Before that:")]
        parts += [await _headed(tx, each, zone) for each in reversed(found[:-1])]
    return Text.lines(parts)


async def _headed(tx: Tx, pillar: Pillar, zone: ZoneInfo) -> Text:
    proposal = await proposals.find(tx, pillar.proposal_id)
    assert proposal is not None  # noqa: S101 - a foreign key keeps it
    said_yes = await agreed(tx, pillar)
    apart = await pillars.apart(tx, proposal.room_id, pillar)
    return Text.lines(
        [
            Text(
                "Pillar {number}, version {version}, adopted {at} by {pods} ({id}):",
                number=pillar.number,
                version=pillar.version,
                at=When(pillar.adopted_at, zone),
                pods=Text.enumerated(Text("{pod}", pod=pod) for pod in said_yes),
                id=pillar.proposal_id,
            ),
            Text("{text}", text=Verbatim(pillar.text)),
            Text("Apart from it: {pods}.", pods=Text.enumerated(Text("{pod}", pod=pod) for pod in apart))
            if apart
            else None,
        ]
    )


async def agreed(tx: Tx, pillar: Pillar) -> list[str]:
    """Return the names of the pods that said yes to a version."""
    proposal = await proposals.find(tx, pillar.proposal_id)
    assert proposal is not None  # noqa: S101 - a foreign key keeps it
    return [each.name for each in await voices.of_pods(tx, proposal) if each.voice is Stance.AGREE]


def number_of(typed: str) -> int:
    """Return the number of a pillar as people type it: `3`, `3.`, `#3`.

    Raises:
        UsageError: It is none.
    """
    if not typed.strip():
        raise UsageError("Which pillar? For example: {example}", example=Code("!pillar 3"))
    digits = typed.strip().strip("#.:,")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 6 or int(digits) == 0:
        raise UsageError(
            "“{typed}” is no pillar's number. For example: {example}",
            typed=typed.strip(),
            example=Code("!pillar 3"),
        )
    return int(digits)


async def current(tx: Tx, room: Room, typed: str) -> Pillar:
    """Return a pillar in its last version.

    Raises:
        NotFound: There is none of that number.
        UsageError: It is no number.
    """
    found = await pillars.versions(tx, home_of(room), number_of(typed))
    if not found:
        raise NotFound(
            "There is no pillar {typed}. {pillars} lists them.", typed=typed.strip(), pillars=Code("!pillars")
        )
    return found[-1]


async def set_apart(tx: Tx, now: datetime, room: Room, number: int, *, apart: bool) -> Text:
    """Note that a pod stands apart from a pillar, or does so no more, and tell the assembly.

    Raises:
        NotFound: There is no such pillar.
    """
    home = home_of(room)
    pillar = await current(tx, room, str(number))
    await pillars.set_apart(tx, home, pillar, room.room_id, apart=apart)
    text = Text(
        "{pod} stands apart from pillar {number}, version {version}, and keeps its autonomy on it."
        if apart
        else "{pod} joins pillar {number}, version {version}.",
        pod=room.name,
        number=pillar.number,
        version=pillar.version,
    )
    await say(tx, now, home, text, aloud=True)
    return text
