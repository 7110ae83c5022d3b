"""Standing apart from a pillar: a pod that did not agree keeps its autonomy on those words.

Rule: it takes two members, the assembly sees it, and on other words it is asked anew (behaviour.md, section 6).
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict
from bot.domain.pods import Room
from bot.domain.values import Code, Person
from bot.services import pillars, requests
from bot.store import pillars as store
from bot.store.database import Tx
from bot.text import Text


async def ask_apart(
    tx: Tx, now: datetime, room: Room, sender: Person, typed: str, *, apart: bool
) -> tuple[Text, str]:
    """Ask for a pod to stand apart from a pillar, or to do so no more; returns what to say, and the request's id.

    Raises:
        NotFound: There is no such pillar.
        Conflict: The pod agreed to it, or it is so already.
        UsageError: It is no pillar's number.
    """
    pillar = await pillars.current(tx, room, typed)
    home = pillars.home_of(room)
    if apart and room.name in await pillars.agreed(tx, pillar):
        raise Conflict(
            "{pod} agreed to pillar {number}. To change its words, in the assembly: {propose}",
            pod=room.name,
            number=pillar.number,
            propose=Code(f"!pillar propose {pillar.number} TEXT"),
        )
    if apart == (room.name in await store.apart(tx, home, pillar)):
        raise Conflict(
            "{pod} stands apart from pillar {number} already. {back} ends that."
            if apart
            else "{pod} does not stand apart from pillar {number}. {show} shows it.",
            pod=room.name,
            number=pillar.number,
            back=Code(f"!pillar join {pillar.number}"),
            show=Code(f"!pillar {pillar.number}"),
        )
    value = "apart" if apart else "join"
    request = await requests.ask(
        tx, now, "pillar", room.room_id, room.room_id, sender, key=str(pillar.number), value=value
    )
    told = Text(
        "{who} asks that {pod} stands apart from pillar {number} ({id}). It takes effect when another member types {ok}."
        if apart
        else "{who} asks that {pod} joins pillar {number} ({id}). It takes effect when another member types {ok}.",
        who=sender,
        pod=room.name,
        number=pillar.number,
        id=request.id,
        ok=Code(f"ok {request.id}"),
    )
    return told, request.id
