"""Days on which somebody takes no turn: reading them, and telling whether a turn falls on them.

Rule: being away costs nobody their place. Weeks away are not counted as weeks available, so who comes back
stands in the line where they stood.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from bot.domain.calendar import parse_when, written
from bot.domain.errors import UsageError
from bot.domain.values import Code

LONGEST = timedelta(days=184)
"""The longest time one can be away; for longer there is `!spokes optout`."""

_TO = re.compile(r"\.{2,}|…|–|—|\s-\s|\bto\b|\buntil\b|\btill\b")
_LENGTH = re.compile(r"(?:for\s+)?((?:\d+|an?)\s*(?:d|w|days?|weeks?))", re.IGNORECASE)
_END_OF_DAY = "23:59"
_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Absence:
    """Days on which somebody takes no turn.

    Args:
        ends_at: The first moment after them; `None` until they say that they are back (`!spokes optout`).
    """

    user_id: str
    starts_at: datetime
    ends_at: datetime | None

    def covers(self, at: datetime) -> bool:
        """Tell whether a moment is in it."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    @property
    def word(self) -> str:
        """What it is called in a draw: `away`, or `out` without an end."""
        return "away" if self.ends_at is not None else "out"


def covering(absences: Collection[Absence], user_id: str, at: datetime) -> Absence | None:
    """Return somebody's absence at a moment, the longest if there are several."""
    found = [item for item in absences if item.user_id == user_id and item.covers(at)]
    return max(found, key=lambda item: (item.ends_at is None, item.ends_at), default=None)


def missing(absences: Collection[Absence], user_id: str, at: datetime, following: datetime) -> Absence | None:
    """Return the absence for which somebody is not drawn at a moment, if there is one.

    They are not drawn while they are away, nor where they would miss half or more of the time from then to the
    handover after it, or a seat would stand empty right after it was filled.

    Args:
        absences: What is known.
        user_id: Who.
        at: The moment of the draw.
        following: The handover after it.
    """
    now = covering(absences, user_id, at)
    if now is not None:
        return now
    for item in absences:
        if item.user_id == user_id and item.starts_at < following:
            missed = min(item.ends_at or following, following) - max(item.starts_at, at)
            if missed * 2 >= following - at:
                return item
    return None


def available(
    weeks: Fraction, since: datetime | None, absences: Collection[Absence], now: datetime
) -> tuple[Fraction, datetime | None]:
    """Return the weeks available before a new beginning, and that beginning, with absences taken out.

    Args:
        weeks: Weeks available before `since`.
        since: In the line without a break since then; `None` if they are out of it.
        absences: Theirs.
        now: Up to when.

    Returns:
        The same two, as they are now; the beginning is `None` while they are away.
    """
    back = _EVER  # from all that have begun: a short absence may lie within a longer one
    for item in sorted(absences, key=lambda item: item.starts_at):
        if item.starts_at > now:
            break
        ends_at = item.ends_at or _NEVER
        back = max(back, ends_at)
        if since is not None and ends_at > since:
            weeks += max(item.starts_at - since, timedelta(0)) // timedelta(days=7)
            since = None
        if since is None and back <= now:
            since = back
    return weeks, since


def read_days(text: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first moment of some days, at the earliest now, and the first moment after them.

    Reads `3 Mar..20 Mar`, `3..20 Mar`, `until Fri`, `2 weeks`, `tomorrow`; the last day is included.

    Raises:
        UsageError: A day does not exist or is past, the end is before the start, or it is too long.
    """
    words = " ".join(text.split())
    try:
        return _read(words, now, zone)
    except UsageError as error:
        if "{example}" not in error.template or error.values["example"].text == "!spokes optout":
            raise
        near = error.values["example"].text.removeprefix("!spokes away ")
        try:
            _read(near, now, zone)
        except UsageError:
            near = f"tomorrow..{_written(now + timedelta(weeks=2), zone)}"
        example = Code(f"!spokes away {near}")
        raise UsageError(error.template, **{**error.values, "example": example}) from None


def _read(words: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if length := _LENGTH.fullmatch(words):
        return now, _midnight(_day(f"in {length[1]}", words, now, zone), zone)
    begin, end = _parted(words)
    if re.fullmatch(r"\d{1,2}", begin) and (month := re.search(r"[A-Za-z].*", end)):
        begin = f"{begin} {month[0]}"
    first = _day(begin, words, now, zone) if begin else now
    if not end:
        return max(now, _midnight(first, zone)), _midnight(first, zone, days=1)
    try:
        last = _day(end, words, max(now, _midnight(first, zone) - timedelta(minutes=1)), zone)
    except UsageError:
        # refused as past only because it is counted from the first day
        if _day(end, words, now, zone) < first:
            raise _backwards(begin, end) from None
        raise
    starts_at, ends_at = max(now, _midnight(first, zone)), _midnight(last, zone, days=1)
    if ends_at - starts_at > LONGEST:
        if _day(end, words, now, zone) < first:
            raise _backwards(begin, end)
        raise UsageError(
            "That is more than half a year. To take no turns until you say so, type {example}",
            example=Code("!spokes optout"),
        )
    return starts_at, ends_at


def _parted(words: str) -> tuple[str, str]:
    match = _TO.search(words)
    return (words[: match.start()].rstrip(), words[match.end() :].lstrip()) if match else (words, "")


def _written(moment: datetime, zone: ZoneInfo) -> str:
    return " ".join(written(moment, zone).split()[1:3])


def _backwards(begin: str, end: str) -> UsageError:
    return UsageError(
        "{end} is before {begin}. For example: {example}",
        begin=begin,
        end=end,
        example=Code(f"!spokes away {end}..{begin}"),
    )


def _day(words: str, whole: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment on the day that some words mean.

    Raises:
        UsageError: There is no such day; the example is the whole command, with the nearest day that is one.
    """
    try:
        return parse_when(words if words.startswith("in ") else f"{words} {_END_OF_DAY}", now, zone)
    except UsageError as error:
        near = error.values["example"].text
        near = re.sub(r"^(?:[A-Z][a-z]{2} (?=\d))|,? \d\d:\d\d$", "", near)
        whole = whole.replace(words, near, 1) if words else near
        typed = {"typed": words} if "typed" in error.values else {}
        raise UsageError(
            error.template, **{**error.values, **typed, "example": Code(f"!spokes away {whole}")}
        ) from None


def _midnight(moment: datetime, zone: ZoneInfo, days: int = 0) -> datetime:
    day = moment.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(0), zone).astimezone(UTC)
