"""Stances: what a voice can say of a proposal, and how many said what.

Rule: a voice has one stance, the last it took before the end; silence is none (behaviour.md, section 5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum


class Stance(Enum):
    """What a voice says of a proposal; the value is the word people type."""

    AGREE = "agree"
    RESERVE = "reserve"
    ASIDE = "aside"
    DISAGREE = "disagree"
    ABSTAIN = "abstain"
    BLOCK = "block"

    @property
    def is_yes(self) -> bool:
        """Whether it counts as yes: with reservations is yes too."""
        return self in (Stance.AGREE, Stance.RESERVE)


@dataclass(frozen=True, slots=True)
class Count:
    """How many voices took which stance.

    Args:
        voices: How many there are in all.
        unknown: How many of them may have said something that could not be read.
        dormant: How many of them say nothing and have not been heard for long: the quorum does not wait for them.
    """

    voices: int
    agree: int = 0
    reserve: int = 0
    aside: int = 0
    disagree: int = 0
    abstain: int = 0
    block: int = 0
    unknown: int = 0
    dormant: int = 0

    @property
    def yes(self) -> int:
        """Voices for it."""
        return self.agree + self.reserve

    @property
    def voiced(self) -> int:
        """Voices for or against it."""
        return self.yes + self.disagree + self.block

    @property
    def present(self) -> int:
        """Voices that said anything."""
        return self.voiced + self.aside + self.abstain

    @property
    def silent(self) -> int:
        """Voices that said nothing which could be read."""
        return self.voices - self.present

    def with_yes(self, yes: int) -> Count:
        """Return the same count with this many yes instead."""
        return replace(self, agree=yes, reserve=0)._awake()

    def with_stance(self, stance: Stance, more: int = 1) -> Count:
        """Return the same count with some voices more, or fewer, of a stance."""
        return replace(self, **{stance.value: getattr(self, stance.value) + more})._awake()

    def _awake(self) -> Count:
        """Return the same count, with no more dormant than silent: who says something is awake."""
        return replace(self, dormant=min(self.dormant, max(self.silent - self.unknown, 0)))

    def if_unknown(self, stance: Stance) -> Count:
        """Return the count if all voices that could not be read had taken this stance."""
        return replace(replace(self, unknown=0).with_stance(stance, self.unknown))


@dataclass(frozen=True, slots=True)
class Statement:
    """One stance that somebody sent, tapped or typed.

    Args:
        event_id: The event it came in.
        sent_at: By the server's timestamp.
        stance: `None` withdraws the one before.
        reason: Why, in their words.
        ground: What a block stands on: `harm` or `pillar:NAME`.
        typed: Said in words, which people's apps do not count.
    """

    event_id: str
    user_id: str
    sent_at: datetime
    stance: Stance | None
    reason: str = ""
    ground: str = ""
    typed: bool = False

    @property
    def place(self) -> tuple[datetime, str]:
        """What statements are ordered by: the server's time, and at the same millisecond the event id."""
        return self.sent_at, self.event_id


def last_said(
    statements: Iterable[Statement], end: datetime | None, also: Collection[str] = ()
) -> dict[str, Statement]:
    """Return what each person said last, withdrawals too, whoever they are.

    Args:
        statements: Everything that was sent, in any order.
        end: What was sent at this moment or later does not count; `None` while nothing is too late.
        also: Whose later statements count all the same: those who answer for a block.
    """
    last: dict[str, Statement] = {}
    for each in statements:
        if end is None or each.sent_at < end or each.user_id in also:
            before = last.get(each.user_id)
            if before is None or each.place > before.place:
                last[each.user_id] = each
    return last


def unsure(
    last: Mapping[str, Statement], unread: Iterable[tuple[str, datetime, str]], voices: Collection[str]
) -> frozenset[str]:
    """Return the voices whose last words could not be read and may be a stance.

    Args:
        last: What each person said last, as far as it could be read.
        unread: Sender, time and event id of what could not be read.
        voices: Who has a voice.
    """
    return frozenset(
        user_id
        for user_id, sent_at, event_id in unread
        if user_id in voices and (user_id not in last or (sent_at, event_id) > last[user_id].place)
    )


def count_stances(
    last: Mapping[str, Statement],
    voices: Collection[str],
    unknown: Collection[str] = (),
    void: Collection[str] = (),
) -> Count:
    """Add up what the voices said.

    Args:
        last: What each person said last.
        voices: Who has a voice; whoever else spoke is not counted.
        unknown: Voices whose last words could not be read: they are not counted as anything else.
        void: Whose block counts as standing aside: it is incomplete, has lapsed or was set aside.
    """
    said = [
        Stance.ASIDE if each.stance is Stance.BLOCK and user_id in void else each.stance
        for user_id, each in last.items()
        if user_id in voices and user_id not in unknown and each.stance is not None
    ]
    counts = {stance.value: said.count(stance) for stance in Stance}
    return Count(len(voices), unknown=len(unknown), **counts)
