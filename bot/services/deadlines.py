"""Deadlines as people type them, and the usual ones.

Rule: a refusal writes out the whole line again with a moment that can be taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import parse_when, written
from bot.domain.classes import POD
from bot.domain.errors import UsageError
from bot.domain.proposals import OPEN_AT_LEAST, OPEN_AT_MOST
from bot.domain.values import Code, When

SKEW = timedelta(minutes=1)
"""How far the clocks of servers may differ."""


def hours_later(now: datetime, length: timedelta, zone: ZoneInfo) -> datetime:
    """Return the next full hour of a room's clock after some time."""
    local = (now + length).astimezone(zone)
    beyond = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return now + length + (timedelta(hours=1) - beyond if beyond else timedelta())


def moment(typed: str, now: datetime, zone: ZoneInfo, example: str) -> datetime:
    """Return a moment as people type it.

    Args:
        typed: As typed.
        now: The moment.
        zone: The room's time zone.
        example: The line that was typed, up to the moment, for a refusal.

    Raises:
        UsageError: It is unclear.
    """
    try:
        return parse_when(typed, now, zone)
    except UsageError as error:
        near = error.values["example"].text
        raise UsageError(error.template, **error.values | {"example": Code(f"{example}{near}")}) from None


def deadline(
    typed: str,
    now: datetime,
    zone: ZoneInfo,
    example: str,
    least: timedelta = OPEN_AT_LEAST,
    usual: timedelta = POD.open_for,
) -> datetime:
    """Return the end of a proposal.

    Args:
        typed: As typed; empty for the usual one.
        now: The moment.
        zone: The room's time zone.
        example: The line that was typed, for a refusal.
        least: How long it must be open.
        usual: How long it is open if nothing is typed.

    Raises:
        UsageError: It is unclear, too near or too far.
    """
    if not typed:
        return hours_later(now, usual, zone)
    closes_at = moment(typed, now, zone, f"{example} | closes=")
    # "in 1 day" is typed a moment before it is read
    if closes_at - now < least - SKEW:
        raise UsageError(
            "It must be open at least {hours} hours, so that everybody can think. For example: {example}",
            hours=least // timedelta(hours=1),
            example=Code(f"{example} | closes={written(hours_later(now, least, zone), zone)}"),
        )
    if closes_at - now > OPEN_AT_MOST:
        raise UsageError(
            "{at} is more than {days} days ahead. For example: {example}",
            at=When(closes_at, zone),
            days=OPEN_AT_MOST.days,
            example=Code(f"{example} | closes={written(hours_later(now, usual, zone), zone)}"),
        )
    return closes_at
