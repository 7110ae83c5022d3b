"""What people read of summaries: the letter, its preview, how far it is, and why it went.

Rule: the preview and what arrives are made by the same function, so nobody approves one text and sends another.
What arrives is signed by the pod, names nobody and mentions nobody.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.pods import Room, RoomKind
from bot.domain.summaries import APPROVERS, AssemblyVoices, Destination, PodVoices, State, Summary
from bot.domain.values import Code, Verbatim, When
from bot.services.speech import plain_reason
from bot.store import pods, rooms, summaries
from bot.store.database import Tx
from bot.store.summaries import Delivery
from bot.text import Text, shorten

Electorate = PodVoices | AssemblyVoices
"""Who may approve, in either kind of room."""


def letter(summary: Summary, at: When | None = None) -> Text:
    """Return a summary as it arrives: signature and words.

    The time is written in the time zone of the room it comes from, the same for all who get it, so that a letter
    is one text everywhere.

    Args:
        summary: What.
        at: When it was approved; left open in a preview.
    """
    return Text(
        "From {pod}, {id} version {version}, {at}:\n{words}",
        pod=summary.terms.signed_by,
        id=summary.id,
        version=summary.version,
        at=at or Text("at the time of sending"),
        words=Verbatim(summary.text),
    )


def names(destinations: tuple[Destination, ...]) -> Text:
    """Return where a summary goes, by name."""
    return Text.enumerated(Text("{name}", name=room.name) for room in destinations)


async def terms_of_draft(tx: Tx, now: datetime, room: Room, summary: Summary, voices: Electorate) -> Text:
    """Say where a draft goes, who must approve it, and until when."""
    settings = await pods.settings(tx, room.room_id)
    own = summary.source_event_id == summary.command_event_id
    return Text.lines(
        [
            Text("It goes to {rooms}, and only there.", rooms=names(summary.terms.destinations)),
            await missing(tx, room, summary, voices, mention=True),
            Text(
                "To change it, edit {message}. {cancel} drops it. Without two oks it lapses {at}.",
                message=Text("your message") if own else Text("the message it is taken from"),
                cancel=Code(f"!summary cancel {summary.id}"),
                at=When(summary.lapses_at, settings.zone, now),
            ),
        ]
    )


async def missing(tx: Tx, room: Room, summary: Summary, voices: Electorate, *, mention: bool = False) -> Text:
    """Say who must type what before a draft goes; `mention` notifies the spokes who must."""
    ok = Code(f"ok {summary.id}")
    counted = voices.counted(summary.approvers)
    if isinstance(voices, AssemblyVoices):
        if counted:
            return Text(
                "Next: a spoke of another pod than {pod} types {ok}.", pod=next(iter(counted.values())), ok=ok
            )
        return Text("It goes when spokes of two different pods have typed {ok}.", ok=ok)
    waited_for = [await rooms.person(tx, room.room_id, user) for user in sorted(voices.spokes - set(counted))]
    people = [Text("{who}", who=person.mentioned() if mention else person) for person in waited_for]
    if len(voices.spokes) < APPROVERS and not counted.keys() - voices.spokes:
        people.append(Text("one other member") if people else Text("Any other member"))
    if counted:
        return Text("Next: {who} types {ok}.", who=Text.enumerated(people), ok=ok)
    return Text("It goes when {who} have typed {ok}.", who=Text.enumerated(people), ok=ok)


async def describe(tx: Tx, now: datetime, room: Room, summary: Summary, voices: Electorate | None) -> Text:
    """Say how a summary stands, to a room that may know of it.

    Args:
        tx: The open transaction.
        now: The moment.
        room: Who asks.
        summary: What about.
        voices: Who may approve it, where it is a draft of this room that still can go.
    """
    zone = (await pods.settings(tx, room.room_id)).zone
    if summary.state is State.CANCELLED:
        return Text("{id} was cancelled. Nothing was sent.", id=summary.id)
    if summary.state is State.LAPSED:
        return Text("{id} was not approved in 72 hours and has lapsed. Nothing was sent.", id=summary.id)
    if summary.state is State.DRAFT:
        count = len(voices.counted(summary.approvers)) if voices else 0
        return Text.lines(
            [
                Text(
                    "{id} version {version} is a draft for {rooms}, with {count} of {needed} oks. It lapses {at}.",
                    id=summary.id,
                    version=summary.version,
                    rooms=names(summary.terms.destinations),
                    count=count,
                    needed=APPROVERS,
                    at=When(summary.lapses_at, zone, now),
                ),
                await missing(tx, room, summary, voices) if voices else None,
                Text("{words}", words=Verbatim(_beginning(summary.text))),
            ]
        )
    sent = await summaries.deliveries(tx, summary.id)
    there = sum(item.state == "sent" for item in sent)
    waiting = [_delivery(item, When(item.queued_at, zone)) for item in sent if item.state != "sent"]
    return Text.lines(
        [
            Text(
                "{id} version {version} from {pod}, approved {at}: delivered to {there} of {n} room.",
                plural="{id} version {version} from {pod}, approved {at}: delivered to {there} of {n} rooms.",
                id=summary.id,
                version=summary.version,
                pod=summary.terms.signed_by,
                at=When(summary.ended_at or summary.made_at, zone, now),
                there=there,
                n=len(sent),
            ),
            Text.listed(waiting) if waiting else None,
        ]
    )


def _beginning(words: str, most: int = 800) -> str:
    return words if len(words) <= most else shorten(words, most)


def _delivery(item: Delivery, since: When) -> Text:
    match item.state:
        case "failed":
            return Text("{room} could not be reached: {why}", room=item.name, why=plain_reason(item.reason))
        case "cancelled":
            return Text("{room} left the assembly before it was sent.", room=item.name)
        case _ if item.reason:
            return Text(
                "{room} waiting since {at} because: {why}",
                room=item.name,
                at=since,
                why=plain_reason(item.reason),
            )
        case _:
            return Text("{room} waiting since {at}: it is next in turn there.", room=item.name, at=since)


async def explain(tx: Tx, room: Room, summary: Summary) -> Text:
    """Say who approved a summary, by which rule, and where it went; people only in the room it comes from."""
    zone = (await pods.settings(tx, room.room_id)).zone
    home = await rooms.find(tx, summary.room_id)
    in_pod = home is not None and home.kind is RoomKind.POD
    if summary.state is not State.APPROVED:
        lead = Text("{id} has not gone anywhere: it is {state}.", id=summary.id, state=_STATES[summary.state])
    else:
        lead = Text(
            "{id} version {version} was approved by {who}, at {at}.",
            id=summary.id,
            version=summary.version,
            who=await approvers(tx, room, summary),
            at=When(summary.ended_at or summary.made_at, zone),
        )
    return Text.lines(
        [
            lead,
            Text(
                "The rule: both spokes of a pod type ok for exactly this version; with one seat empty, one spoke and any other member."
            )
            if in_pod
            else Text(
                "The rule: spokes of two different pods type ok for exactly this version; one person counts once."
            ),
            Text("It went to {rooms}, as shown before.", rooms=names(summary.terms.destinations))
            if summary.state is State.APPROVED
            else None,
            Text("{status} shows how far it is.", status=Code(f"!summary status {summary.id}")),
        ]
    )


_STATES = {
    State.DRAFT: Text("a draft"),
    State.CANCELLED: Text("cancelled"),
    State.LAPSED: Text("lapsed"),
}


async def approvers(tx: Tx, room: Room, summary: Summary) -> Text:
    """Say whose oks counted: people in the room it comes from, pods and a count elsewhere."""
    counted = [ok for ok in summary.oks if ok.counted_for is not None]
    if room.room_id == summary.room_id:
        people = [(await rooms.person(tx, room.room_id, ok.user_id), ok.counted_for) for ok in counted]
        template = "{who}" if room.kind is RoomKind.POD else "{who} for {pod}"
        return Text.enumerated(Text(template, who=who, pod=pod) for who, pod in people)
    found = sorted({ok.counted_for or "" for ok in counted})
    return Text(
        "{count} people of {pods}",
        count=len(counted),
        pods=Text.enumerated(Text("{pod}", pod=pod) for pod in found),
    )


def short_line(summary: Summary) -> Text:
    """Return a summary as one line of a list."""
    return Text(
        "{id} version {version}: {words}", id=summary.id, version=summary.version, words=shorten(summary.text)
    )
