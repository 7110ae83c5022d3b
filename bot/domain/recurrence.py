"""When an assembly meets, as an RFC 5545 recurrence, read from plain words or from an `RRULE`.

Rule: the rule is counted on the wall clock of the assembly's own time zone, so that Thursday 19:00 stays
Thursday 19:00 when the clocks change. It is expanded by python-dateutil, not by us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

LASTS = timedelta(hours=2)
"""How long an assembly is taken to last."""

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PLACES = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": -1,
}  # fmt: skip
_WEEKLY = re.compile(
    r"every (?:(?P<n>\d{1,2}|other|second) )?weeks?(?: on)? (?P<day>[a-z]+)(?: at)? (?P<h>\d{1,2})[:.](?P<m>\d{2})"
)
_DAY = re.compile(r"every (?P<day>[a-z]+)(?: at)? (?P<h>\d{1,2})[:.](?P<m>\d{2})")
_MONTHLY = re.compile(
    r"every (?:(?P<n>\d{1,2}) )?months?(?: on)?(?: the)? (?P<place>\w+) (?P<day>[a-z]+)(?: at)? (?P<h>\d{1,2})[:.](?P<m>\d{2})"
)
_RULE = re.compile(
    r"(?:rrule:)?(?P<rule>freq=[a-z0-9=;,+-]+)(?: at)? (?P<h>\d{1,2})[:.](?P<m>\d{2})", re.IGNORECASE
)
_ALLOWED = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
# an interval of 0 would be counted for ever
_OFTEN = re.compile(r"^(?!.*INTERVAL=)|INTERVAL=0*[1-9]\d?;")
EXAMPLE = "every 2 weeks on Thu 19:00"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Dates that come again.

    Args:
        begins: The first one, on the wall clock (naive).
        rule: The value of an `RRULE`, such as `FREQ=WEEKLY;INTERVAL=2;BYDAY=TH`.
    """

    begins: datetime
    rule: str

    @classmethod
    def read(cls, text: str, now: datetime, zone: ZoneInfo) -> Recurrence:
        """Return the dates that were typed, from the next one on.

        Raises:
            ValueError: It is not understood, or has no dates.
        """
        rule, clock = _rule(" ".join(text.replace(",", " , ").replace(" , ", ",").split()))
        local = now.astimezone(zone).replace(tzinfo=None)
        start = datetime.combine(local.date(), clock)
        first = rrulestr(rule, dtstart=start)
        at = first.after(local)
        if at is None:
            raise ValueError(text)
        return cls(at, rule)

    @classmethod
    def load(cls, stored: str) -> Recurrence:
        """Return what `str` wrote."""
        begins, _, rule = stored.partition(" ")
        return cls(datetime.fromisoformat(begins), rule)

    def __str__(self) -> str:
        return f"{self.begins:%Y-%m-%dT%H:%M} {self.rule}"

    def after(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the first date later than a moment, as UTC; an hour the clocks skip comes as much later.

        The rules taken here go on for ever and come at least once in some years (`_rule` sees to that).
        """
        expanded: rrule = rrulestr(self.rule, dtstart=self.begins)  # type: ignore[assignment]  # one rule, no set
        # an hour before, because around a change of the clocks the wall clock runs back
        wall = at.astimezone(zone).replace(tzinfo=None) - timedelta(hours=2)
        for naive in expanded.xafter(wall):
            found = naive.replace(tzinfo=zone).astimezone(UTC)
            if found > at:
                return found
        raise ValueError(self.rule)

    def before(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the last date earlier than a moment, as UTC, or `None` if the first one is yet to come."""
        expanded: rrule = rrulestr(self.rule, dtstart=self.begins)  # type: ignore[assignment]  # one rule, no set
        # an hour after, because around a change of the clocks the wall clock runs on
        wall = at.astimezone(zone).replace(tzinfo=None) + timedelta(hours=2)
        while (naive := expanded.before(wall)) is not None:
            found = naive.replace(tzinfo=zone).astimezone(UTC)
            if found < at:
                return found
            wall = naive
        return None


def _rule(words: str) -> tuple[str, time]:
    """Return the `RRULE` and the time of day of some words.

    Raises:
        ValueError: They are not understood.
    """
    if match := _RULE.fullmatch(words):
        rule = match["rule"].upper().rstrip(";")
        keys = [part.partition("=")[0] for part in rule.split(";")]
        # what ends, or comes several times a day, is no rhythm to live by
        if not set(keys) <= _ALLOWED or len(set(keys)) < len(keys) or "FREQ" not in keys:
            raise ValueError(words)
        if not re.search(r"FREQ=(DAILY|WEEKLY|MONTHLY)\b", rule) or not _OFTEN.search(f"{rule};"):
            raise ValueError(words)
        return rule, time(int(match["h"]), int(match["m"]))
    lower = words.lower()
    if match := _WEEKLY.fullmatch(lower):
        count = {"other": 2, "second": 2, None: 1}.get(match["n"]) or int(match["n"])
        rule = f"FREQ=WEEKLY;INTERVAL={count};BYDAY={_weekday(match['day'])}"
    elif match := _DAY.fullmatch(lower):
        rule = f"FREQ=WEEKLY;INTERVAL=1;BYDAY={_weekday(match['day'])}"
    elif (match := _MONTHLY.fullmatch(lower)) and match["place"] in _PLACES:
        rule = f"FREQ=MONTHLY;INTERVAL={int(match['n'] or 1)};BYDAY={_PLACES[match['place']]}{_weekday(match['day'])}"
    else:
        raise ValueError(words)
    if not _OFTEN.search(f"{rule};"):
        raise ValueError(words)
    return rule, time(int(match["h"]), int(match["m"]))


def _weekday(word: str) -> str:
    for name, short in zip(_NAMES, _DAYS, strict=True):
        if len(word) >= 3 and name.startswith(word):
            return short
    raise ValueError(word)


def in_words(rule: str) -> str:
    """Return a rule as people say it, or the rule itself where there are no plain words for it."""
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    known = set(parts) <= {"FREQ", "INTERVAL", "BYDAY"}
    match = re.fullmatch(r"(-1|[1-4])?(MO|TU|WE|TH|FR|SA|SU)", parts.get("BYDAY", ""))
    count = int(parts.get("INTERVAL", "1"))
    if known and match and parts["FREQ"] == "WEEKLY" and not match[1]:
        each = "week" if count == 1 else f"{count} weeks"
        return f"every {each} on {_NAMES[_DAYS.index(match[2])].title()}"
    if known and match and parts["FREQ"] == "MONTHLY" and match[1]:
        each = "month" if count == 1 else f"{count} months"
        place = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}[int(match[1])]
        return f"every {each} on the {place} {_NAMES[_DAYS.index(match[2])].title()}"
    return rule
