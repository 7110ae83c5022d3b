"""Proposals in one line each: those that are open, those that are over, and the records of a pod.

Rule: a line says what it is, how it stands, and when it closes or what came of it.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.proposals import Proposal
from bot.domain.stances import Count
from bot.domain.values import Code, When
from bot.services.proposal_texts import name, so_far, state_of
from bot.text import Text


def open_line(proposal: Proposal, count: Count, zone: ZoneInfo, now: datetime) -> Text:
    """Say an open or blocked proposal in one line."""
    if not proposal.is_open:
        return Text(
            "{name} – blocked. {show} shows more.", name=name(proposal), show=Code(f"!proposal {proposal.id}")
        )
    return Text(
        "{name} – {counts} Closes {at}.",
        name=name(proposal),
        counts=so_far(count),
        at=When(proposal.closes_at, zone, now),
    )


def ended_line(proposal: Proposal) -> Text:
    """Say a proposal that is over in one line."""
    return Text(
        "{name} – {state}. {counts}",
        name=name(proposal),
        state=state_of(proposal),
        counts=so_far(proposal.count, is_open=False) if proposal.count else Text(""),
    )


def record(proposal: Proposal, zone: ZoneInfo) -> Text:
    """Say a proposal in one line, for the records of a pod."""
    return Text(
        "{id}, {state}, {at}: {text} – {counts}",
        id=proposal.id,
        state=state_of(proposal),
        at=When(proposal.end, zone),
        text=proposal.text,
        counts=so_far(proposal.count, is_open=False) if proposal.count else Text("no result yet"),
    )
