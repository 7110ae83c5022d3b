"""Decisions of a pod or an assembly: writing one down, finding and showing them.

Rule: a decision is found in its own room, and one of an assembly by the same id in the rooms of its pods.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.decisions import LISTED, REVIEW_AFTER, Decision, Status, names_pillar
from bot.domain.errors import Conflict, NotFound, UsageError
from bot.domain.ids import DECISION, normal_id
from bot.domain.pods import Room, RoomKind, Settings
from bot.domain.polls import brief, tidy
from bot.domain.proposals import check_text
from bot.domain.values import Code, Person
from bot.services import decision_texts
from bot.services.deadlines import moment
from bot.services.decision_log import check_no_pillar, enter, take_out
from bot.store import decisions, ids, pods, rooms, steps
from bot.store.database import Tx
from bot.text import Text


async def write_down(
    tx: Tx,
    now: datetime,
    room: Room,
    settings: Settings,
    sender: Person,
    text: str,
    *,
    owner: Person | None,
    review: str,
    trial: timedelta | None,
    supersedes: str,
    pillar: str,
) -> tuple[Text, str]:
    """Write down what a pod has decided; returns what to say, and the decision's id.

    Args:
        tx: The open transaction.
        now: The moment.
        room: The pod.
        settings: Its settings.
        sender: Who writes it down.
        text: As typed.
        owner: Who looks after it; the sender if nobody.
        review: When it is looked at again, as typed; empty for 90 days.
        trial: How long it is tried.
        supersedes: The id of the decision that it replaces, as typed; empty for none.
        pillar: The pillar it touches, as typed; empty to see whether its words name one.

    Raises:
        UsageError: It cannot be written down like this.
        NotFound, Conflict: It cannot replace that.
    """
    words = check_text(text, "!decide")
    typing = f"!decide {brief(tidy(words))}"
    old = await _replaced(tx, room, supersedes, words) if supersedes else None
    if old is not None and old.proposal_id is not None:
        raise Conflict(
            "{id} was adopted by all in {proposal}, so all decide what takes its place: {propose}",
            id=old.id,
            proposal=old.proposal_id,
            propose=Code(f"!propose {brief(tidy(words))} | supersedes={old.id}"),
        )
    review_at = moment(review, now, settings.zone, f"{typing} | review=") if review else now + REVIEW_AFTER
    decision = Decision(
        await ids.next_id(tx, DECISION),
        room.room_id,
        (owner or sender).user_id,
        words,
        now,
        Status.TRIAL if trial else Status.STANDING,
        None if trial and not review else review_at,
        trial,
        now + trial if trial else None,
        old.id if old else None,
        pillar=pillar.strip() or names_pillar(words),
    )
    await enter(tx, now, decision, old)
    await steps.record(tx, room.room_id, sender.user_id, now, "decision", id=decision.id)
    told = decision_texts.logged(decision, owner or sender, room.name or "", settings.zone, now)
    return told, decision.id


async def _replaced(tx: Tx, room: Room, typed: str, words: str) -> Decision:
    """Return the decision that another one would replace.

    Raises:
        UsageError: It is no id.
        NotFound: There is none of this room.
        Conflict: It does not hold any more.
    """
    found = await find_here(tx, room, typed, f"!propose {brief(tidy(words))} | supersedes=")
    if found.room_id != room.room_id:
        raise Conflict(
            "{id} is a decision of the assembly, so the assembly decides what takes its place.", id=found.id
        )
    await check_no_pillar(tx, found)
    if not found.status.holds:
        raise Conflict(
            "{name} does not hold any more; it need not be replaced.", name=decision_texts.name(found)
        )
    return found


async def to_replace(tx: Tx, room: Room, typed: str, words: str) -> str | None:
    """Return the id of the decision that a proposal would replace; see `_replaced` for what is refused."""
    return (await _replaced(tx, room, typed, words)).id if typed.strip() else None


async def undo(tx: Tx, now: datetime, room: Room, sender: Person, decision_id: str) -> Text:
    """Take back a decision that was just written down.

    Raises:
        Conflict: It is in the log no more, or another one is in its place.
    """
    found = await decisions.find(tx, decision_id)
    if found is None or found.room_id != room.room_id or found.superseded_by is not None:
        raise Conflict("{id} cannot be taken back any more.", id=decision_id)
    await take_out(tx, now, found)
    return Text("{who}: {id} is taken out of the log.", who=sender, id=decision_id)


# -- finding and showing -----------------------------------------------------------------------------


async def find_here(tx: Tx, room: Room, typed: str, example: str = "!decision ") -> Decision:
    """Return a decision of this room, or of the assembly that this pod is in.

    Raises:
        UsageError: It is no decision's id.
        NotFound: There is no such decision here.
    """
    if not typed.strip():
        raise UsageError("Which decision? For example: {example}", example=Code(f"{example}D3"))
    found = normal_id(typed)
    if found is None or not found.startswith(DECISION):
        raise UsageError(
            "“{typed}” is no decision's id. For example: {example}",
            typed=" ".join(typed.split())[:40],
            example=Code(f"{example}D3"),
        )
    decision = await decisions.find(tx, found)
    if decision is None or decision.room_id not in (room.room_id, room.assembly_room_id):
        raise NotFound(
            "There is no decision {id} here. {decisions} lists those there are.",
            id=found,
            decisions=Code("!decisions"),
        )
    return decision


async def describe(tx: Tx, now: datetime, room: Room, decision: Decision) -> Text:
    """Show a decision."""
    zone = (await pods.settings(tx, room.room_id)).zone
    owner = await rooms.person(tx, decision.room_id, decision.owner)
    return decision_texts.entry(decision, owner, await where(tx, decision.room_id), zone, now)


async def where(tx: Tx, room_id: str) -> str:
    """Return the name of a pod or an assembly."""
    found = await rooms.find(tx, room_id)
    return (found.name if found else None) or ""


async def listing(tx: Tx, room: Room, *, all_of_them: bool = False) -> Text:
    """List what holds here: a pod's own decisions, and those of its assembly that bind it.

    Args:
        tx: The open transaction.
        room: Where.
        all_of_them: Also those that hold no more.
    """
    zone = (await pods.settings(tx, room.room_id)).zone
    parts: list[Text] = []
    hidden = 0
    for room_id in filter(None, (room.room_id, room.assembly_room_id)):
        log = await decisions.in_room(tx, room_id)
        shown = [each for each in log if all_of_them or each.status.holds][: None if all_of_them else LISTED]
        hidden += len(log) - len(shown)
        if shown:
            parts.append(
                Text(
                    "Decisions of {where}; {show} shows one:",
                    where=await where(tx, room_id),
                    show=Code(f"!decision {shown[0].id}"),
                )
            )
            parts += [Text.listed(decision_texts.line(each, zone) for each in shown), Text("")]
    if not parts and not hidden:
        if room.kind is RoomKind.ASSEMBLY:
            return Text("No decision is in the log. What the pods adopt comes here by itself.")
        return Text(
            "No decision is in the log. What you adopt comes here by itself; what you decided otherwise: {decide}",
            decide=Code("!decide We meet on Sundays."),
        )
    if hidden:
        parts.append(Text("{n} more, replaced, lapsed or older: {all}", n=hidden, all=Code("!decisions all")))
    elif parts and not str(parts[-1]):
        parts.pop()
    return Text.lines(parts)


async def records(tx: Tx, room_id: str, now: datetime) -> Text:
    """List the decisions of a pod with what became of each, for its records."""
    zone = (await pods.settings(tx, room_id)).zone
    found = await decisions.in_room(tx, room_id)
    if not found:
        return Text("No decisions.")
    return Text.lines(
        [
            decision_texts.entry(
                each, await rooms.person(tx, room_id, each.owner), await where(tx, room_id), zone, now
            )
            for each in found
        ]
    )
