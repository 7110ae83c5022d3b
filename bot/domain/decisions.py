"""Decisions: what a group has settled, how long it holds, and what can become of it.

Rule: nothing in the log is changed in silence. A decision stands until another takes its place, its trial is over, or two
people open the question again (behaviour.md, section 5, "Decision log").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.errors import UsageError
from bot.domain.values import Code

REVIEW_AFTER = timedelta(days=90)
"""When a decision is looked at again, where no date is given."""

TRIAL_AT_MOST = timedelta(days=366)
REMIND_OF_TRIAL = timedelta(days=7)
"""How long before its end a trial is spoken of; a short one at half of its time."""

REOPENED_FOR = timedelta(days=28)
"""How long a question is open before the decision stands again."""

LISTED = 20
"""Decisions in one list."""


class Status(Enum):
    """Where a decision stands."""

    STANDING = "standing"
    TRIAL = "trial"
    REOPENED = "reopened"
    SUPERSEDED = "superseded"
    LAPSED = "lapsed"

    @property
    def holds(self) -> bool:
        """Whether it is what is decided: also while the question is open again."""
        return self in (Status.STANDING, Status.TRIAL, Status.REOPENED)


@dataclass(frozen=True, slots=True)
class Decision:
    """One entry of the log of a pod or an assembly.

    Args:
        owner: The user id of who looks after it.
        review_at: When it is looked at again; `None` once that was said.
        trial: How long it holds before it lapses, unless renewed; `None` where it is no trial.
        ends_at: When the trial is over.
        supersedes: The decision in whose place it is.
        superseded_by: The one that is in its place.
        proposal_id: The proposal that was adopted; `None` where somebody wrote it down.
        pillar: The pillar that was named with it.
        reason: Why the question is open again.
        reopened_at: Since when.
    """

    id: str
    room_id: str
    owner: str
    text: str
    made_at: datetime
    status: Status = Status.STANDING
    review_at: datetime | None = None
    trial: timedelta | None = None
    ends_at: datetime | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    proposal_id: str | None = None
    pillar: str = ""
    reason: str = ""
    reopened_at: datetime | None = None

    @property
    def rests_on(self) -> Status:
        """What it is while nobody questions it."""
        return Status.STANDING if self.trial is None else Status.TRIAL

    @property
    def remind_at(self) -> datetime | None:
        """When the end of its trial is spoken of."""
        if self.trial is None or self.ends_at is None:
            return None
        return self.ends_at - min(REMIND_OF_TRIAL, self.trial / 2)


def read_trial(typed: str, example: str) -> timedelta | None:
    """Return the length of a trial as people type it: `60d`, `8 weeks`; nothing is none.

    Args:
        typed: As typed.
        example: The line, up to its options, for a refusal.

    Raises:
        UsageError: It is none, or too long.
    """
    if not typed.strip():
        return None
    match = re.fullmatch(r"(\d{1,3}) ?(d|days?|w|weeks?|m|months?)", typed.strip().lower())
    length = timedelta(days=int(match[1]) * {"d": 1, "w": 7, "m": 30}[match[2][0]]) if match else timedelta()
    if not timedelta(days=1) <= length <= TRIAL_AT_MOST:
        raise UsageError(
            "A trial lasts from 1 to {most} days. For example: {example}",
            most=TRIAL_AT_MOST.days,
            example=Code(f"{example} | trial=60d"),
        )
    return length


def names_pillar(text: str) -> str:
    """Return the pillar that a text names, as `2` or `Care`; nothing if it names none."""
    match = re.search(r"\bpillar(?:\s*[:#])?\s*(\d{1,4}|(?<=[:#])\s*\S{1,40})", text, re.IGNORECASE)
    return match[1].strip(" .,;") if match else ""
