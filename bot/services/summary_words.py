"""What people read of summaries: the letter, its preview, how far it is, and why it went.

Rule: the preview and what arrives are made by the same function, so nobody approves one text and sends another.
What arrives is signed by the pod, names nobody and mentions nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.pods import Room, RoomKind
from bot.domain.summaries import Summary
from bot.domain.summary_parts import PENDING, Destination, Kind, State
from bot.domain.values import Code, Verbatim, When
from bot.domain.voices import APPROVERS, AssemblyVoices
from bot.services import delivery_words, summary_files
from bot.services.summary_terms import Electorate
from bot.store import pods, rooms
from bot.store.database import Tx
from bot.text import Text, shorten


def letter(summary: Summary) -> Text:
    """Return a version as it arrives: signature and words; of a retraction, the line that it leaves.

    The time is that of the version, written in the time zone of the room it comes from, so that what is shown is
    what arrives, letter by letter, everywhere.
    """
    values: dict[str, Any] = {
        "pod": summary.terms.signed_by,
        "id": summary.id,
        "version": summary.version,
        "at": When(summary.made_at, summary.terms.zone),
        "words": Verbatim(summary.text),
    }
    if summary.retracting:
        return Text("{id} from {pod} was retracted.", **values)
    words = _letter(summary, values)
    if summary.file is None:
        return words
    return Text("{words}\n\n{file}", words=words, file=summary_files.in_letter(summary.file))


def _letter(summary: Summary, values: dict[str, Any]) -> Text:
    match summary.kind:
        case Kind.SUMMARY if summary.terms.urgent:
            return Text("Urgent. From {pod}, {id} version {version}, {at}:\n{words}", **values)
        case Kind.SUMMARY:
            return Text("From {pod}, {id} version {version}, {at}:\n{words}", **values)
        case Kind.QUESTION:
            return Text(
                "Question from {pod}, {id} version {version}, {at}:\n{words}\n\nTo answer, reply with {answer}.",
                answer=Code("answer TEXT"),
                **values,
            )
        case Kind.ANSWER:
            return Text(
                "Answer from {pod} to {question}, {id} version {version}, {at}:\n{words}",
                question=summary.answers or "",
                **values,
            )


def names(destinations: tuple[Destination, ...]) -> Text:
    """Return where a summary goes, by name."""
    return Text.enumerated(Text("{name}", name=room.name) for room in destinations)


async def terms_of_draft(tx: Tx, now: datetime, room: Room, summary: Summary, voices: Electorate) -> Text:
    """Say where a draft goes, who must approve it, and until when."""
    settings = await pods.settings(tx, room.room_id)
    own = summary.source_event_id == summary.command_event_id
    drop = Text(
        "{cancel} drops it. Without two oks it lapses {at}.",
        cancel=Code(f"!summary cancel {summary.id}"),
        at=When(summary.lapses_at, settings.zone, now),
    )
    rooms_shown = names(summary.terms.destinations)
    return Text.lines(
        [
            Text("It is deleted in {rooms}, and only there.", rooms=rooms_shown)
            if summary.retracting
            else Text("It goes to {rooms}, and only there.", rooms=rooms_shown),
            summary_files.remark(summary.file) if summary.file else None,
            Text("It is urgent: a pod that takes a digest gets it at once.")
            if summary.terms.urgent and not summary.retracting
            else None,
            await missing(tx, room, summary, voices, mention=True),
            _window(settings.objection_window)
            if room.kind is RoomKind.POD and not summary.retracting
            else None,
            drop
            if summary.retracting
            else Text(
                "To change it, edit {message}. {drop}",
                message=Text("your message") if own else Text("the message it is taken from"),
                drop=drop,
            ),
        ]
    )


def _window(length: timedelta) -> Text | None:
    if not length:
        return None
    return Text(
        "Then members have {n} hour to object.",
        plural="Then members have {n} hours to object.",
        n=int(length / timedelta(hours=1)),
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
        return Text(
            "It is deleted when spokes of two different pods have typed {ok}."
            if summary.retracting
            else "It goes when spokes of two different pods have typed {ok}.",
            ok=ok,
        )
    waited_for = [await rooms.person(tx, room.room_id, user) for user in sorted(voices.spokes - set(counted))]
    people = [Text("{who}", who=person.mentioned() if mention else person) for person in waited_for]
    if len(voices.spokes) < APPROVERS and not counted.keys() - voices.spokes:
        people.append(Text("one other member") if people else Text("Any other member"))
    if counted:
        return Text("Next: {who} types {ok}.", who=Text.enumerated(people), ok=ok)
    return Text(
        "It is deleted when {who} have typed {ok}."
        if summary.retracting
        else "It goes when {who} have typed {ok}.",
        who=Text.enumerated(people),
        ok=ok,
    )


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
    if summary.state in PENDING and room.room_id == summary.room_id:
        count = len(voices.counted(summary.approvers)) if voices else 0
        return Text.lines(
            [
                await _pending(summary, count, zone, now),
                await summary_files.fetching(tx, summary),
                await _objected(tx, summary),
                await missing(tx, room, summary, voices) if voices and summary.state is State.DRAFT else None,
                Text("{words}", words=Verbatim(_beginning(summary.text))) if summary.text else None,
                _with_file(summary) if summary.file and summary.file.is_here else None,
                await delivery_words.sent(tx, summary.as_sent, zone, now) if summary.out else None,
            ]
        )
    return await delivery_words.sent(tx, summary.as_sent, zone, now)


async def _pending(summary: Summary, count: int, zone: ZoneInfo, now: datetime) -> Text:
    values: dict[str, Any] = {
        "id": summary.id,
        "version": summary.version,
        "rooms": names(summary.terms.destinations),
        "count": count,
        "needed": APPROVERS,
        "at": When(summary.goes_at or summary.lapses_at, zone, now),
    }
    if summary.state is State.OPEN:
        return Text(
            "{id} version {version} is approved and goes to {rooms} {at}, unless a member objects.", **values
        )
    if summary.retracting:
        return Text(
            "A retraction of {id} waits, for {rooms}, with {count} of {needed} oks. It lapses {at}.", **values
        )
    if summary.out:
        return Text(
            "{id} version {version} is a correction for {rooms}, with {count} of {needed} oks. It lapses {at}.",
            **values,
        )
    return Text(
        "{id} version {version} is a draft for {rooms}, with {count} of {needed} oks. It lapses {at}.",
        **values,
    )


def _with_file(summary: Summary) -> Text | None:
    return Text("With the file {file}.", file=summary_files.named(summary.file)) if summary.file else None


def _beginning(words: str, most: int = 800) -> str:
    return words if len(words) <= most else shorten(words, most)


async def _objected(tx: Tx, summary: Summary) -> Text | None:
    """Say who objected to a version, in the room it is a draft of."""
    if not summary.objectors:
        return None
    people = [await rooms.person(tx, summary.room_id, user_id) for user_id in summary.objectors]
    return Text(
        "{who} objected to version {version}; the oks of before do not count any more.",
        who=Text.enumerated(Text("{who}", who=person) for person in people),
        version=summary.version,
    )


async def explain(tx: Tx, room: Room, summary: Summary) -> Text:
    """Say who approved a summary, by which rule, and where it went; people only in the room it comes from."""
    zone = (await pods.settings(tx, room.room_id)).zone
    home = await rooms.find(tx, summary.room_id)
    in_pod = home is not None and home.kind is RoomKind.POD
    summary = summary.as_sent
    gone = summary.state in (State.APPROVED, State.RETRACTED)
    if not gone:
        lead = Text("{id} has not gone anywhere: it is {state}.", id=summary.id, state=_STATES[summary.state])
    else:
        lead = Text(
            "The retraction of {id} was approved by {who}, at {at}."
            if summary.retracting
            else "{id} version {version} was approved by {who}, at {at}.",
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
            if gone
            else None,
            await _objected(tx, summary) if not gone else None,
            _with_file(summary),
            Text("{status} shows how far it is.", status=Code(f"!summary status {summary.id}")),
        ]
    )


_STATES = {
    State.DRAFT: Text("a draft"),
    State.OPEN: Text("approved, and members may still object"),
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
    if summary.retracting:
        return Text("{id} version {version}: retraction", id=summary.id, version=summary.version)
    line = Text(
        "{id} version {version}: {words}", id=summary.id, version=summary.version, words=shorten(summary.text)
    )
    if summary.file is None or summary.text == summary.file.name:
        return line
    return Text("{line} (with {name})", line=line, name=summary.file.name)
