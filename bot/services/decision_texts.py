"""What the bot says about decisions: one entry, the list, what became of one.

Rule: every entry says whether it holds, until when, and who looks after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.decisions import REOPENED_FOR, Decision, Status
from bot.domain.values import Code, Person, Verbatim, When
from bot.text import Text, shorten


def name(decision: Decision) -> str:
    """Return a decision's id and words, short enough for a line."""
    return f"{decision.id}: {shorten(decision.text, 60)}"


def logged(decision: Decision, owner: Person, where: str, zone: ZoneInfo, now: datetime) -> Text:
    """Say that a decision is in the log of a pod, and that it is the pod's to make."""
    return Text.lines(
        [
            Text("{id} is in the log of {where}:", id=decision.id, where=where),
            Text("{text}", text=Verbatim(decision.text)),
            Text("This is yours to decide; you need nobody's leave.")
            if not decision.pillar
            else Text(
                "It touches pillar {pillar}, which binds all pods. {pillars} shows the words; it cannot go against them.",
                pillar=decision.pillar,
                pillars=Code("!pillars"),
            ),
            *terms(decision, owner, zone, now),
            Text("{undo} takes it back within 10 minutes.", undo=Code("!undo")),
        ]
    )


def terms(decision: Decision, owner: Person, zone: ZoneInfo, now: datetime) -> Iterable[Text]:
    """Say who looks after it, what it replaces, and until when it holds."""
    yield Text("It is looked after by {owner}.", owner=owner)
    if decision.supersedes:
        yield Text("It replaces {id}.", id=decision.supersedes)
    if decision.ends_at is not None and decision.status.holds:
        yield Text(
            "It is a trial until {at}; then it lapses, unless two of you renew it: {renew}",
            at=When(decision.ends_at, zone, now),
            renew=Code(f"!decision renew {decision.id}"),
        )
    elif decision.review_at is not None and decision.status.holds:
        yield Text("It is looked at again {at}.", at=When(decision.review_at, zone, now))


def status(decision: Decision, zone: ZoneInfo) -> Text:
    """Return where it stands in a few words."""
    match decision.status:
        case Status.TRIAL:
            return Text("on trial")
        case Status.SUPERSEDED:
            return Text("replaced by {id}", id=decision.superseded_by)
        case Status.LAPSED if decision.ends_at is not None:
            return Text("lapsed {at}", at=When(decision.ends_at, zone))
        case _:
            return Text(decision.status.value)


def entry(decision: Decision, owner: Person, where: str, zone: ZoneInfo, now: datetime) -> Text:
    """Show one entry with what can be done about it."""
    parts: list[Text | None] = [
        Text(
            "{id}, {status}, decided {at} in {where}:",
            id=decision.id,
            status=status(decision, zone),
            at=When(decision.made_at, zone),
            where=where,
        ),
        Text("{text}", text=Verbatim(decision.text)),
        *terms(decision, owner, zone, now),
        Text(
            "It came from the proposal {id}; {why} shows the sum.",
            id=decision.proposal_id,
            why=Code(f"!why {decision.proposal_id}"),
        )
        if decision.proposal_id
        else Text("It was written down with {decide}.", decide=Code("!decide")),
    ]
    if decision.status is Status.REOPENED:
        parts.append(reopened_line(decision, zone, now))
    elif decision.status.holds:
        parts.append(
            Text(
                "To open the question again, two people: {reopen}", reopen=Code(f"!reopen {decision.id} WHY")
            )
        )
    return Text.lines(parts)


def reopened_line(decision: Decision, zone: ZoneInfo, now: datetime) -> Text:
    """Say what holds while the question is open."""
    assert decision.reopened_at is not None  # noqa: S101 - it is reopened
    return Text(
        "The question is open again: {reason}. It holds until something else is decided: {propose}. If nothing is by {at}, it"
        " stands as before.",
        reason=decision.reason.rstrip("."),
        propose=Code(f"!propose TEXT | supersedes={decision.id}"),
        at=When(decision.reopened_at + REOPENED_FOR, zone, now),
    )


def line(decision: Decision, zone: ZoneInfo) -> Text:
    """Say an entry in one line."""
    return Text(
        "{name} – {status}, {date}",
        name=name(decision),
        status=status(decision, zone),
        date=f"{decision.made_at.astimezone(zone):%-d %b %Y}",
    )
