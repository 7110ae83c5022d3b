"""Recalls: opened by any member, answered by all, and a seat that is empty at once where one is carried.

Rule: the reason stays in the pod. The assembly hears that the pod has changed its pair, and nothing else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.errors import Conflict, NotAllowed, NotFound, UsageError
from bot.domain.ids import RECALL
from bot.domain.pods import Member, Room
from bot.domain.recall import LONGEST_REASON, OPEN_FOR, Count, Recall, count
from bot.domain.values import Code, Person, Verbatim
from bot.services import delegation
from bot.services.handovers import BOT_AWAY, LATE, empty_seats
from bot.services.quiet import until_morning
from bot.services.speech import say
from bot.services.turnover import Turnover, publish
from bot.store import ids, pods, recalls, rooms, rounds, spokes, steps, timers
from bot.store.database import Tx
from bot.text import Text


async def ask(
    tx: Tx, now: datetime, room: Room, sender: Person, member: Member, reason: str
) -> tuple[Text, str]:
    """Open a recall; returns what to say and its id.

    Raises:
        UsageError: The reason is missing or too long.
        Conflict: The person is no spoke, is the sender, or is being recalled already.
    """
    example = f"!spokes recall {member.user_id} missed three assemblies"
    if not reason.strip():
        raise UsageError(
            "A recall needs a reason; it stays in this pod. For example: {example}", example=Code(example)
        )
    if len(reason) > LONGEST_REASON:
        raise UsageError(
            "That reason is {n} characters long; {most} are the most. For example: {example}",
            n=len(reason), most=LONGEST_REASON, example=Code(example),
        )  # fmt: skip
    seat = (await spokes.pair(tx, room.room_id)).seat_of(member.user_id)
    if seat is None:
        raise Conflict(
            "{who} is no spoke of {pod}. {show} shows who is.",
            who=member.person,
            pod=room.name,
            show=Code("!spokes"),
        )
    if member.user_id == sender.user_id:
        raise Conflict("To give your own seat up, offer it: {swap}", swap=Code("!spokes swap"))
    for other in await recalls.open_in(tx, room.room_id):
        if other.user_id == member.user_id:
            raise Conflict(
                "{id} asks that already. {show} shows how it stands.", id=other.id, show=Code("!recall")
            )
    settings = await pods.settings(tx, room.room_id)
    closes_at = settings.quiet_hours.wake(now + OPEN_FOR, settings.zone)
    voices = [voice.user_id for voice in await rooms.voices(tx, room.room_id)]
    recall = Recall(
        await ids.next_id(tx, RECALL), room.room_id, member.user_id, sender.user_id, reason, now, closes_at, "open"
    )  # fmt: skip
    await recalls.add(tx, recall, voices)
    await timers.put(tx, "recall.close", f"recall.{recall.id}", closes_at, id=recall.id)
    await steps.record(tx, room.room_id, sender.user_id, now, "recall", id=recall.id)
    step = await Turnover.begin(tx, now, room.room_id)
    return await _asking(step, recall, Count(0, 0, len(voices)), seat), recall.id


async def _asking(step: Turnover, recall: Recall, so_far: Count, seat: str) -> Text:
    return Text(
        "{by} asks to recall {who} from the {seat} seat of {pod} ({id}). The reason given:\n\n{reason}\n\n"
        "{who} may answer here, and votes like everybody else. {yes} or {no} by {at}; the last answer counts. "
        "It needs {needed} of {n} members to say yes. The reason stays in this pod.",
        by=await step.person(recall.asked_by),
        who=(await step.person(recall.user_id)).mentioned(),
        seat=seat,
        pod=step.pod.name,
        id=recall.id,
        reason=Verbatim(recall.reason or ""),
        yes=Code("!recall yes"),
        no=Code("!recall no"),
        at=step.when(recall.closes_at),
        needed=so_far.needed,
        n=so_far.members,
    )


async def answer(
    tx: Tx, now: datetime, room: Room, sender: Person, stance: str, *, recall_id: str | None, event_id: str, sent_at: datetime
) -> tuple[Text, str]:  # fmt: skip
    """Count what somebody says; the last answer counts.

    Args:
        tx: The open transaction.
        now: The moment.
        room: Where.
        sender: Who.
        stance: `yes` or `no`.
        recall_id: Which one, where it is named.
        event_id: Their message, so that deleting it takes the answer back.
        sent_at: When the server got it.

    Raises:
        NotFound: There is no open recall.
        NotAllowed: They came after it was opened.
        Conflict: It has ended, or several are open.
    """
    recall = await _open(tx, room, recall_id)
    if sent_at >= recall.closes_at:
        raise Conflict("The time to answer {id} is over. The result comes in a moment.", id=recall.id)
    if not await recalls.set_stance(tx, recall.id, sender.user_id, stance, event_id):
        raise NotAllowed("{id} was opened before you came, so you have no vote in it.", id=recall.id)
    so_far = await _count(tx, recall)
    step = await Turnover.begin(tx, now, room.room_id)
    return (
        Text(
            "Counted, {who}: {n} of {all} members have answered {id}. It needs {needed} to say yes by {at}.",
            who=sender,
            n=so_far.yes + so_far.no,
            all=so_far.members,
            id=recall.id,
            needed=so_far.needed,
            at=step.when(recall.closes_at),
        ),
        recall.id,
    )


async def take_back_answer(tx: Tx, event_id: str) -> None:
    """Take back what a deleted message said."""
    await recalls.empty_voice(tx, event_id)


async def _open(tx: Tx, room: Room, recall_id: str | None) -> Recall:
    running = await recalls.open_in(tx, room.room_id)
    if recall_id is not None and running:
        named = [item for item in running if item.id == recall_id]
        if not named:
            raise NotFound(
                "{id} is no open recall here. Open is: {ids}. For example: {example}",
                id=recall_id,
                ids=", ".join(item.id for item in running),
                example=Code(f"!recall yes {running[0].id}"),
            )
        running = named
    if not running:
        raise NotFound("No recall is open here. {show} shows the pair.", show=Code("!spokes"))
    if len(running) > 1:
        raise Conflict(
            "Two recalls are open: {ids}. Say which, for example {example}",
            ids=" and ".join(item.id for item in running),
            example=Code(f"!recall yes {running[0].id}"),
        )
    return running[0]


async def _count(tx: Tx, recall: Recall) -> Count:
    present = {voice.user_id for voice in await rooms.voices(tx, recall.pod_room_id)}
    return count(await recalls.stances(tx, recall.id), present)


async def withdraw(tx: Tx, room: Room, sender: Person, recall_id: str | None) -> tuple[Text, str]:
    """Let the one who asked take a recall back.

    Raises:
        NotFound: There is no open recall.
        NotAllowed: Somebody else asked.
    """
    recall = await _open(tx, room, recall_id)
    if recall.asked_by != sender.user_id:
        raise NotAllowed(
            "Only who asked for {id} can take it back. {no} says no to it.",
            id=recall.id,
            no=Code("!recall no"),
        )
    await recalls.close(tx, recall.id, "withdrawn")
    await timers.drop(tx, f"recall.{recall.id}")
    return Text("{id} is withdrawn. Nothing changes, and the reason is erased here.", id=recall.id), recall.id


async def show(tx: Tx, now: datetime, room: Room) -> Text:
    """Say which recalls are open."""
    running = await recalls.open_in(tx, room.room_id)
    if not running:
        return Text("No recall is open here. {show} shows the pair.", show=Code("!spokes"))
    step = await Turnover.begin(tx, now, room.room_id)
    lines = []
    for recall in running:
        so_far = await _count(tx, recall)
        lines.append(
            Text(
                "{id}, on the seat of {who}: {n} of {all} have answered. {yes} or {no} by {at}.",
                id=recall.id,
                who=await step.person(recall.user_id),
                n=so_far.yes + so_far.no,
                all=so_far.members,
                yes=Code(f"!recall yes {recall.id}"),
                no=Code(f"!recall no {recall.id}"),
                at=step.when(recall.closes_at),
            )
        )
    return Text.listed(lines)


async def waiting_for(tx: Tx, room: Room, user_id: str) -> list[Recall]:
    """Return the open recalls that somebody has a vote in and has not answered."""
    return [
        recall
        for recall in await recalls.open_in(tx, room.room_id)
        if (await recalls.stances(tx, recall.id)).get(user_id, "none") is None
    ]


async def explain(tx: Tx, room: Room, recall_id: str) -> Text:
    """Say in words how a recall came out.

    Raises:
        NotFound: There is none in this pod.
    """
    recall = await recalls.find(tx, recall_id)
    if recall is None or recall.pod_room_id != room.room_id:
        raise NotFound("There is no {id} in this pod.", id=recall_id)
    if recall.state == "open":
        so_far = await _count(tx, recall)
        return Text(
            "{id} is open. It needs more than half of the {n} members to say yes, which is {needed}; who says nothing "
            "counts as no. How it stands is shown when it ends.",
            id=recall.id, n=so_far.members, needed=so_far.needed,
        )  # fmt: skip
    if recall.count is None:
        return Text("{id} ended without a vote.", id=recall.id)
    return _sum(recall, recall.count)


def _sum(recall: Recall, result: Count) -> Text:
    return Text(
        "{id}: {yes} of {n} members said yes, {no} no, {silent} nothing. It needed more than half, which is {needed}.",
        id=recall.id,
        yes=result.yes,
        n=result.members,
        no=result.no,
        silent=result.silent,
        needed=result.needed,
    )


async def close(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    """End a recall when its time is over; where it is carried, the seat is empty at once.

    After a time down answers may be on their way, so it waits once for them; those sent later do not count.
    """
    recall = await recalls.find(tx, payload["id"])
    if recall is None or recall.state != "open":
        return
    room = await rooms.find(tx, recall.pod_room_id)
    away = room is None or not room.joined
    if away or (now - due >= LATE and not payload.get("waited")):
        again = now + (BOT_AWAY if away else LATE)
        await timers.put(tx, "recall.close", f"recall.{recall.id}", again, id=recall.id, waited=not away)
        return
    if await until_morning(tx, now, recall.pod_room_id, "recall.close", f"recall.{recall.id}", payload):
        return
    step = await Turnover.begin(tx, now, recall.pod_room_id)
    who = await step.person(recall.user_id)
    if (await spokes.pair(tx, recall.pod_room_id)).seat_of(recall.user_id) is None:
        await recalls.close(tx, recall.id, "withdrawn")
        text = Text("{id} is over: {who} is no longer a spoke.", id=recall.id, who=who)
        await say(tx, now, recall.pod_room_id, text, about=recall.id)
        return
    result = await _count(tx, recall)
    await recalls.close(tx, recall.id, "carried" if result.is_carried else "lost", result)
    step.lines.append(_sum(recall, result))
    if not result.is_carried:
        step.lines.append(Text("Not carried: {who} keeps the seat.", who=who))
        await publish(step)
        return
    step.lines.append(Text("Carried: {who} no longer has a seat of {pod}.", who=who, pod=step.pod.name))
    await spokes.end_turn(tx, recall.pod_room_id, recall.user_id, now, "recalled")
    await empty_seats(step, [recall.user_id], same_round=bool(await rounds.pending(tx, recall.pod_room_id)))
    await delegation.let_go_at_once(tx, now, step.pod, recall.user_id)
    await publish(step)
