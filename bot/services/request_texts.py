"""What a request asks for, in a few words.

Rule: nobody says ok to a number alone.
"""

from __future__ import annotations

from bot.domain.meetings import shown
from bot.store import pods, rooms
from bot.store.database import Tx
from bot.store.requests import Request
from bot.text import Text


async def asked_for(tx: Tx, request: Request) -> Text:
    """Say what would be true with the oks."""
    pod = await pods.find_pod(tx, request.pod_room_id)
    name, key, value = pod.name if pod else "", request.key or "", request.value or ""
    match request.kind:
        case "enter":
            return Text("{pod} enters", pod=name)
        case "leave":
            return Text("{pod} leaves the assembly", pod=name)
        case "remit":
            return Text("the remit {value} for {id}", value=value, id=key)
        case "pillar":
            apart = "{pod} stands apart from pillar {number}"
            return Text(apart if value == "apart" else "{pod} joins pillar {number}", pod=name, number=key)
        case "renew":
            return Text("{id} is renewed", id=key)
        case "reopen":
            return Text("{id} is open again", id=key)
        case "voice":
            who = await rooms.person(tx, request.room_id, value)
            return Text("{who} is an observer" if key == "observer" else "{who} has a voice", who=who)
        case _:
            return Text("{key} = {value}", key=key, value=shown(key, value))
