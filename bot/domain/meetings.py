"""What an assembly sets for itself: its time zone, when it meets, what it counts, whether results have pictures.

Rule: dates are set as people say them and shown as people say them; what is stored is an RFC 5545 rule.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.errors import UsageError
from bot.domain.modes import Mode
from bot.domain.pods import SETTINGS
from bot.domain.quiet import NEVER
from bot.domain.recurrence import EXAMPLE, Recurrence, in_words
from bot.domain.values import Code

EXAMPLES = {
    "timezone": "Europe/London",
    "meets": EXAMPLE,
    "mode": "double",
    "of": "present",
    "pictures": "off",
}
"""The settings of an assembly, each with one valid value."""

BY_TWO_PODS = ("mode", "of")
"""What makes a proposal pass: it is proposed by a spoke, and confirmed by a spoke of another pod."""


def check_assembly_setting(key: str, value: str, now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Return an assembly's setting and its value as it is stored.

    Raises:
        UsageError: There is no such setting, or it cannot have that value.
    """
    name = {"zone": "timezone", "tz": "timezone", "time": "timezone"}.get(key.lower(), key.lower())
    if name not in EXAMPLES:
        raise UsageError(
            "There is no setting {key} of an assembly. There are: {names}. For example: {example}",
            key=key,
            names=", ".join(EXAMPLES),
            example=Code(f"!assembly set meets {EXAMPLE}"),
        )
    try:
        if name in SETTINGS:
            return name, SETTINGS[name].check(value)
        if name == "mode":
            return name, Mode(value.strip().lower()).value
        if value.strip().lower() in NEVER:
            return name, ""
        return name, str(Recurrence.read(value, now, zone))
    except ValueError:
        raise UsageError(
            "{value} is not a value for {key}. For example: {example}",
            value=value or "Nothing",
            key=name,
            example=Code(f"!assembly set {name} {EXAMPLES[name]}"),
        ) from None


def shown(key: str, value: str) -> str:
    """Return a stored value as people read it."""
    if key != "meets":
        return value
    if not value:
        return "off"
    dates = Recurrence.load(value)
    return f"{in_words(dates.rule)} {dates.begins:%H:%M}"
