"""Blocks: what makes one whole, how long it is talked about, and how it ends.

Rule: a block always ends. By its person, by a new version, by the others, by a vote after the talks, or by time
(behaviour.md, section 5).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import Enum
from fractions import Fraction
from math import ceil

from bot.domain.stances import Stance, Statement

REASON_AT_LEAST = 20
"""Characters of a reason."""

CLOCK = timedelta(days=14)
"""How long a block is talked about before anything is voted, and after which a silent blocker's block lapses."""

REMIND_BLOCKER_AFTER = (timedelta(days=7), timedelta(days=12))
"""When a blocker who says nothing is reminded."""

GIVEN_UP_AFTER = timedelta(days=28)
"""When a blocked proposal lapses about which nobody has met."""

TALKS = 2
"""Logged talks that a vote after the clock needs."""

NO_GROUND = Fraction(9, 10)
"""The share of the other voices that sets a block aside."""

_PILLAR = re.compile(r"pillar\s*:\s*(\S.{0,59})", re.IGNORECASE)


class Lacks(Enum):
    """What a block still needs."""

    REASON = "a reason of at least 20 characters"
    GROUND = "a ground"


def read_ground(text: str) -> str | None:
    """Return a ground in its normal form, `harm` or `pillar:NAME`, or `None` if it is none."""
    flat = " ".join(text.split())
    if flat.lower() == "harm":
        return "harm"
    match = _PILLAR.fullmatch(flat)
    return f"pillar:{match[1].strip()}" if match else None


def lacking(statement: Statement) -> tuple[Lacks, ...]:
    """Return what a block still needs before it stands."""
    return tuple(
        part
        for part, missing in (
            (Lacks.REASON, len(" ".join(statement.reason.split())) < REASON_AT_LEAST),
            (Lacks.GROUND, not statement.ground),
        )
        if missing
    )


def standing(
    last: Mapping[str, Statement], voices: Collection[str], ended: Collection[str]
) -> frozenset[str]:
    """Return whose blocks stand.

    Args:
        last: What each person said last.
        voices: Who has a voice.
        ended: Whose block has lapsed or was set aside.
    """
    return frozenset(
        user_id
        for user_id, each in last.items()
        if each.stance is Stance.BLOCK and not lacking(each) and user_id in voices and user_id not in ended
    )


def void(last: Mapping[str, Statement], ended: Collection[str]) -> frozenset[str]:
    """Return whose blocks count as standing aside."""
    return frozenset(
        user_id
        for user_id, each in last.items()
        if each.stance is Stance.BLOCK and (lacking(each) or user_id in ended)
    )


def others_needed(voices: int) -> int:
    """Return how many of the others must say that a block has no ground; at least one."""
    return max(ceil(NO_GROUND * (voices - 1)), 1)


class Next(Enum):
    """What becomes of a block when its clock is looked at."""

    WAIT = "wait"
    LAPSE = "the block lapses"
    VOTE = "the vote after the clock"
    GIVE_UP = "nobody met: the proposal lapses"


def after(since: timedelta, talks: int, *, all_silent: bool, can_vote: bool = True) -> Next:
    """Return what happens to a blocked proposal.

    Args:
        since: How long it has been blocked.
        talks: How many talks were logged.
        can_vote: Whether its class has a vote after the clock.
        all_silent: Whether none of those who block has said anything about it since, though reminded.
    """
    if since < CLOCK:
        return Next.WAIT
    if all_silent:
        return Next.LAPSE
    if talks >= TALKS and can_vote:
        return Next.VOTE
    return Next.GIVE_UP if since >= GIVEN_UP_AFTER else Next.WAIT
