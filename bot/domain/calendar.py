"""Deadlines as people type them on a phone: `18:00`, `Fri 18:00`, `27 Nov`, `in 2h`.

Rule: wall-clock time in the room's zone, always in the future, and never a guess: what does not exist is
refused with a valid line near to what was typed.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from bot.domain.errors import UsageError
from bot.domain.values import Code

DEFAULT_HOUR = time(18)
"""The wall-clock time of a deadline given as a date alone."""

FURTHEST_YEARS = 20
"""How many years ahead a year may be typed."""

LONGEST = 60
"""Characters of a deadline that are looked at."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip

_UNITS = {
    "s": timedelta(seconds=1), "sec": timedelta(seconds=1), "second": timedelta(seconds=1),
    "m": timedelta(minutes=1), "min": timedelta(minutes=1), "minute": timedelta(minutes=1),
    "h": timedelta(hours=1), "hr": timedelta(hours=1), "hour": timedelta(hours=1),
    "d": timedelta(days=1), "day": timedelta(days=1),
    "w": timedelta(weeks=1), "week": timedelta(weeks=1),
}  # fmt: skip
_LENGTH = re.compile(
    r"(\d{1,4}|an?)\s*(s|m|h|d|w|(?:sec|second|min|minute|hr|hour|day|week)s?)(?=\d|\s|$)\s*(?:and\b)?\s*"
)
# each length is read in one way: "and" is also "an d", and a long line has no end of such readings
_DURATION = re.compile(rf"(?:in\s+)?(?>{_LENGTH.pattern})+")
_CLOCK = re.compile(
    r"(?<![\w.:/-])(\d{1,2})(?:[:.](\d{2})(?:\s*([ap])\.?m\b\.?)?|\s*([ap])\.?m\b\.?)(?![\w:-]|\.\d)"
)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})[./-](\d{1,2})(?:[./-](?:\d{4}|\d{2}))?\.?")


def parse_when(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment that a deadline means, as an aware UTC time after `now`.

    A time or weekday alone is its next occurrence; a date without a year is in the next year that has it; a
    date without a time is at 18:00. Days and weeks ahead keep the wall-clock time across a change of the
    clocks; hours, minutes and seconds are elapsed time. A time that happens twice, when the clocks go back,
    means the first.

    Args:
        text: What was typed.
        now: The moment, aware.
        zone: Whose wall clock is meant.

    Raises:
        UsageError: It is unclear, impossible or past. Its `example` is a `Code` that would be accepted now.
    """
    words = _normal(text, zone)[:LONGEST]
    try:
        return _read(words, now, zone)
    except ValueError:
        raise UsageError(
            "{typed} is not a date or time that I understand. For example: {example}",
            typed=" ".join(text.split())[:LONGEST] or "Nothing",
            example=Code(_near(words, now, zone)),
        ) from None


def written(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment in the form that `parse_when` reads: `Fri 27 Nov 2026 18:00`."""
    local = moment.astimezone(zone)
    day, month = _WEEKDAYS[local.weekday()][:3].title(), _MONTHS[local.month - 1][:3].title()
    return f"{day} {local.day} {month} {local.year} {local:%H:%M}"


def _normal(text: str, zone: ZoneInfo) -> str:
    words = " ".join(text.replace(",", " ").split()).casefold()
    words = words.removesuffix(zone.key.casefold()).strip()
    words = re.sub(r"^(?:by|until|till|on|at)\s+", "", words)
    return re.sub(r"^(\d{4}-\d{1,2}-\d{1,2})t(?=\d)", r"\1 ", words)


_HOUR = re.compile(r"(?<=\S )(\d{1,2}) ?h\b|\b(\d{1,2}) ?(?:uhr|o['’]?clock)\b")
"""A full hour: `Fri 18h`; a mere `18h` is how long from now."""


def _read(words: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment, or raise `ValueError` where the words are none, `UsageError` where it cannot be."""
    if _DURATION.fullmatch(words):
        return _ahead(words, now, zone)
    words = _HOUR.sub(lambda found: f"{found[1] or found[2]}:00", words)
    clock = DEFAULT_HOUR
    found = list(_CLOCK.finditer(words))
    if len(found) > 1:
        raise ValueError(words)
    if found:
        clock = _clock(found[0], now, zone)
        before, after = words[: found[0].start()], words[found[0].end() :]
        words = re.sub(r"\bat\s*$", "", before.strip()) + " " + re.sub(r"^\s*on\b", "", after)
    day = " ".join(words.split())
    if not day and not found:
        raise ValueError(words)
    for candidate in _days(day, clock, now, zone):
        naive = datetime.combine(candidate, clock)
        moment = naive.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) != naive:
            if moment <= now:
                continue
            raise UsageError(
                "On {day} there is no {clock}: the clocks go forward then. For example: {example}",
                day=_day_written(candidate),
                clock=f"{clock:%H:%M}",
                example=Code(written(moment, zone)),
            )
        if moment > now:
            return moment
    raise UsageError(
        "{typed} is past. For example: {example}",
        typed=f"{_day_written(candidate)} {clock:%H:%M}",
        example=Code(_first_good([f"tomorrow {clock:%H:%M}"], now, zone)),
    )


def _ahead(words: str, now: datetime, zone: ZoneInfo) -> datetime:
    days, elapsed = timedelta(), timedelta()
    for count, unit in _LENGTH.findall(words):
        length = _UNITS[unit if unit in _UNITS else unit.removesuffix("s")]
        length *= 1 if count.startswith("a") else int(count)
        if unit.startswith(("d", "w")):
            days += length
        else:
            elapsed += length
    if not days + elapsed:
        raise UsageError("That is now. For example: {example}", example=Code("in 2 hours"))
    if days + elapsed > timedelta(days=366 * FURTHEST_YEARS):
        raise UsageError("That is too far ahead. For example: {example}", example=Code("in 2 weeks"))
    local = now.astimezone(zone)
    wall = local.replace(tzinfo=None) + days
    start = wall.replace(tzinfo=zone, fold=local.fold).astimezone(UTC) if days else now.astimezone(UTC)
    return start + elapsed


def _clock(match: re.Match[str], now: datetime, zone: ZoneInfo) -> time:
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3] or match[4]
    if half and 1 <= hour <= 12 and minute < 60:
        return time(hour % 12 + (12 if half == "p" else 0), minute)
    if not half and hour < 24 and minute < 60:
        return time(hour, minute)
    hint = "23:59" if hour >= 24 else f"{hour:02}:{minute % 60:02}"
    # 27.11 was meant as a date
    numeric = _NUMERIC.fullmatch(match[0])
    raise UsageError(
        "{typed} is no time of day. For example: {example}",
        typed=match[0],
        example=Code(_first_good([*_as_dates(numeric), hint], now, zone)),
    )


def _days(words: str, clock: time, now: datetime, zone: ZoneInfo) -> Iterable[date]:
    """Return the days that may be meant, the first first; at least one.

    Raises:
        ValueError: The words name no day.
        UsageError: There is no such day.
    """
    today = now.astimezone(zone).date()
    match words.split():
        case []:
            return (today, today + timedelta(days=1), today + timedelta(days=2))
        case ["today"]:
            return (today,)
        case ["tomorrow"]:
            return (today + timedelta(days=1),)
        case [name] if (weekday := _named(name, _WEEKDAYS)) is not None:
            first = today + timedelta(days=(weekday - today.weekday()) % 7)
            return (first, first + timedelta(days=7))
        case [name, *rest] if rest and (weekday := _named(name, _WEEKDAYS)) is not None:
            return _checked(weekday, rest, clock, now, zone)
        case rest:
            return _dates(rest, clock, now, zone)


def _checked(weekday: int, words: list[str], clock: time, now: datetime, zone: ZoneInfo) -> Iterable[date]:
    """Return a date if it falls on the weekday that was typed before it."""
    for candidate in _dates(words, clock, now, zone):
        if datetime.combine(candidate, clock, zone) <= now:
            continue
        if candidate.weekday() == weekday:
            return (candidate,)
        raise UsageError(
            "{day} is a {weekday}. For example: {example}",
            day=_day_written(candidate)[4:],
            weekday=_WEEKDAYS[candidate.weekday()].title(),
            example=Code(_later(candidate, clock, now, zone)),
        )
    return _dates(words, clock, now, zone)


def _dates(words: list[str], clock: time, now: datetime, zone: ZoneInfo) -> list[date]:
    year: int | None
    match words:
        case [iso] if found := _ISO.fullmatch(iso):
            year, month, day = map(int, found.groups())
        case [first, second] if names := _day_and_month(first, second):
            (day, month), year = names, None
        case [first, second, last] if (names := _day_and_month(first, second)) and re.fullmatch(
            r"\d{4}", last
        ):
            (day, month), year = names, int(last)
        case _:
            raise ValueError(words)
    this_year = now.astimezone(zone).year
    if year is not None and not this_year <= year <= this_year + FURTHEST_YEARS:
        raise UsageError(
            "{year} is past. For example: {example}"
            if year < this_year
            else "{year} is too far ahead. For example: {example}",
            year=year,
            example=Code(_later(_possible(this_year, month, day), clock, now, zone)),
        )
    # a 29 February may be eight years away
    years: Iterable[int] = (year,) if year is not None else range(this_year, this_year + 9)
    found_dates = [possible for each in years if (possible := _possible(each, month, day)).day == day]
    if not 1 <= month <= 12 or not found_dates:
        raise UsageError(
            "There is no such day. For example: {example}",
            example=Code(_later(_possible(year or this_year, month, day), clock, now, zone)),
        )
    return found_dates


def _day_and_month(first: str, second: str) -> tuple[int, int] | None:
    for day, name in ((first, second), (second, first)):
        month = _named(name.rstrip("."), _MONTHS)
        number = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|\.)?", day)
        if number and month is not None:
            return int(number[1]), month + 1
    return None


def _possible(year: int, month: int, day: int) -> date:
    """Return a date, or the nearest one that exists."""
    year, month = min(max(year, 1), 9998), min(max(month, 1), 12)
    return date(year, month, min(max(day, 1), calendar.monthrange(year, month)[1]))


def _named(word: str, names: tuple[str, ...]) -> int | None:
    """Return the place of a name, or of the only name that begins with a word of three letters or more."""
    return next((place for place, name in enumerate(names) if len(word) >= 3 and name.startswith(word)), None)


def _day_written(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()][:3].title()} {day.day} {_MONTHS[day.month - 1][:3].title()} {day.year}"


# -- examples ----------------------------------------------------------------------------------------


def _later(day: date, clock: time, now: datetime, zone: ZoneInfo) -> str:
    """Return the same day and time in the first year where they are to come, in a form that can be typed."""
    this_year = now.astimezone(zone).year
    start = max(day.year, this_year)
    for year in range(start, start + 3):
        moment = datetime.combine(_possible(year, day.month, day.day), clock, zone).astimezone(UTC)
        if moment > now and year <= this_year + FURTHEST_YEARS:
            return written(moment, zone)
    return "in 2 days"


def _near(words: str, now: datetime, zone: ZoneInfo) -> str:
    """Return something valid that is near to words that were not understood."""
    known = [*_WEEKDAYS, *_MONTHS, "today", "tomorrow"]
    mended = [
        word if not word.isalpha() else next(iter(get_close_matches(word, known, 1, 0.7)), word)
        for word in words.split()
    ]
    numeric = _NUMERIC.fullmatch(words.partition(" ")[0])
    return _first_good(
        [f"{words}:00", " ".join(mended), *_as_dates(numeric), *_fewer(words.split()), "Fri 18:00"], now, zone
    )


def _fewer(words: list[str]) -> Iterator[str]:
    """Yield what is left when one word is left out: `next Fri` may have meant `Fri`."""
    if len(words) <= 5:
        for place in range(len(words)):
            yield " ".join(words[:place] + words[place + 1 :])


def _as_dates(numeric: re.Match[str] | None) -> Iterator[str]:
    """Yield the dates that two numbers may mean, the day first."""
    if numeric:
        for day, month in (numeric.groups(), numeric.groups()[::-1]):
            if 1 <= int(month) <= 12:
                yield f"{int(day)} {_MONTHS[int(month) - 1][:3].title()}"


def _first_good(examples: Iterable[str], now: datetime, zone: ZoneInfo) -> str:
    for example in examples:
        try:
            _read(_normal(example, zone), now, zone)
        except (ValueError, UsageError):
            continue
        return example[:1].upper() + example[1:]
    return "in 2 days"
