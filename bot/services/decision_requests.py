"""What two people ask for about a decision: that a trial goes on, that a question is opened again.

Rule: nobody does either alone; in an assembly it takes spokes of two pods (behaviour.md, section 5).
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.decisions import Decision, Status
from bot.domain.errors import Conflict, NotAllowed, UsageError
from bot.domain.pods import Room, RoomKind
from bot.domain.polls import tidy
from bot.domain.proposals import REASON_LENGTH
from bot.domain.values import Code, Person
from bot.services import requests
from bot.services.decision_log import check_no_pillar
from bot.services.pairs import is_spoke
from bot.store.database import Tx
from bot.text import Text, shorten


async def ask_renewal(
    tx: Tx, now: datetime, room: Room, sender: Person, decision: Decision
) -> tuple[Text, str]:
    """Ask for a trial to go on for the same time once more; returns what to say, and the request's id.

    Raises:
        Conflict: It is no trial, or over.
        NotAllowed: It is the assembly's, and the sender is no spoke there.
    """
    await _check_room(tx, room, sender, decision)
    if decision.trial is None or not decision.status.holds:
        raise Conflict(
            "{id} is no trial that could be renewed. {show} shows how it stands.",
            id=decision.id,
            show=Code(f"!decision {decision.id}"),
        )
    request = await requests.ask(tx, now, "renew", room.room_id, room.room_id, sender, key=decision.id)
    return _asked(room, sender, Text("to renew {id} for {days} days", id=decision.id, days=decision.trial.days), request.id)  # fmt: skip


async def ask_reopening(
    tx: Tx, now: datetime, room: Room, sender: Person, decision: Decision, reason: str
) -> tuple[Text, str]:
    """Ask for a question to be opened again; returns what to say, and the request's id.

    Raises:
        UsageError: There is no reason, or too long a one.
        Conflict: It does not hold any more, or is open again.
        NotAllowed: It is the assembly's, and the sender is no spoke there.
    """
    await _check_room(tx, room, sender, decision)
    await check_no_pillar(tx, decision)
    words = tidy(reason)
    if not any(letter.isalnum() for letter in words) or len(words) > REASON_LENGTH:
        raise UsageError(
            "Say why, in at most {most} characters. For example: {example}",
            most=REASON_LENGTH,
            example=Code(f"!reopen {decision.id} The winter was colder than we thought."),
        )
    if decision.status is Status.REOPENED or not decision.status.holds:
        raise Conflict(
            "{id} is open again already. {show} shows it."
            if decision.status is Status.REOPENED
            else "{id} does not hold any more, so you are free to decide anew: {propose}",
            id=decision.id,
            show=Code(f"!decision {decision.id}"),
            propose=Code("!propose TEXT"),
        )
    request = await requests.ask(
        tx, now, "reopen", room.room_id, room.room_id, sender, key=decision.id, value=words
    )
    what = Text("to open {id} again, “{text}”", id=decision.id, text=shorten(decision.text, 60))
    return _asked(room, sender, what, request.id, words)


def _asked(room: Room, sender: Person, what: Text, request_id: str, reason: str = "") -> tuple[Text, str]:
    text = Text.lines(
        [
            Text("{who} asks {what} ({id}).", who=sender, what=what, id=request_id),
            Text("Why: {reason}", reason=reason) if reason else None,
            Text(
                "It takes effect when a spoke of another pod types {ok}."
                if room.kind is RoomKind.ASSEMBLY
                else "It takes effect when another member types {ok}.",
                ok=Code(f"ok {request_id}"),
            ),
        ]
    )
    return text, request_id


async def _check_room(tx: Tx, room: Room, sender: Person, decision: Decision) -> None:
    if decision.room_id != room.room_id:
        raise Conflict(
            "{id} is a decision of the assembly; your spokes can ask for that there.", id=decision.id
        )
    if room.kind is RoomKind.ASSEMBLY and not await is_spoke(tx, room, sender.user_id):
        raise NotAllowed(
            "In an assembly a spoke asks for that. {show} shows who they are.", show=Code("!assembly")
        )
