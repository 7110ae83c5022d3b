"""The values that a pod's settings can have, read as people write them.

Rule: each reader returns the value in its normal form, which it reads again, or raises `ValueError`.
"""

from __future__ import annotations

import re
from datetime import time
from zoneinfo import available_timezones

from bot.domain import remits, thresholds
from bot.domain.quiet import NEVER, Quiet
from bot.domain.tags import OFF, normal_tag
from bot.domain.thresholds import FEWEST_FOR_ALL_BUT_ONE, Against

AT_ASSEMBLIES = "assembly"
"""The value of `term` for handovers at the end of each assembly."""

LONGEST_WINDOW = 48
"""Hours for which a pod may let its members object: longer than that, news is old."""


def read_zone(text: str) -> str:
    """Read the name of a time zone, or of the one city it is called by: `Europe/Berlin`, `Berlin`."""
    typed = text.strip().lower().replace(" ", "_")
    names = {name.lower(): name for name in available_timezones()}
    of_city = [name for lowered, name in names.items() if lowered.endswith(f"/{typed}") and typed]
    if typed not in names and len(of_city) != 1:
        raise ValueError(text)
    return names.get(typed) or of_city[0]


def read_language(text: str) -> str:
    """Read the name of a language the bot speaks."""
    if text.strip().lower() not in ("en", "english"):
        raise ValueError(text)
    return "en"


def read_days(text: str) -> str:
    """Read a number of days or weeks, or that it is each assembly."""
    if re.fullmatch(r"\s*(at )?((each|every) )?assembl(y|ies)\s*", text.lower()):
        return AT_ASSEMBLIES
    match = re.fullmatch(r"\s*(\d{1,3})\s*(d|days?|w|weeks?)\s*", text.lower())
    if not match:
        raise ValueError(text)
    count = int(match[1]) * (7 if match[2].startswith("w") else 1)
    if not 1 <= count <= 366:
        raise ValueError(text)
    return f"{count}d"


def read_clock(text: str) -> str:
    """Read a time of day."""
    match = re.fullmatch(r"(\d{1,2})[:.](\d{2})", text.strip())
    if not match:
        raise ValueError(text)
    return f"{time(int(match[1]), int(match[2])):%H:%M}"


def read_digest(text: str) -> str:
    """Read a time of day as people say it, or that there is none."""
    if text.strip().lower() in (*NEVER, "at once", "now"):
        return OFF
    words = re.sub(r"^(?:(?:once a day|daily|every day|each day|at)\s+)+", "", text.strip().lower())
    match = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm|h)?", words)
    if not match:
        raise ValueError(text)
    hour, half = int(match[1]), match[3]
    if half in ("am", "pm"):
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f"{time(hour, int(match[2] or 0)):%H:%M}"


def read_quiet(text: str) -> str:
    """Read hours in which nobody is woken."""
    return str(Quiet.read(text))


def read_switch(text: str) -> str:
    """Read on or off."""
    words = {"on": "on", "yes": "on", "true": "on", "off": OFF, "no": OFF, "none": OFF, "false": OFF}
    if text.strip().lower() not in words:
        raise ValueError(text)
    return words[text.strip().lower()]


def read_pair(text: str) -> str:
    """Read a tag, or that there is none."""
    return OFF if text.strip().lower() in NEVER else normal_tag(text)


def read_window(text: str) -> str:
    """Read a number of hours or days, or that there are none."""
    if text.strip().lower() in ("none", "no", "off", "0"):
        return "none"
    match = re.fullmatch(r"\s*(\d{1,2})\s*(h|hours?|d|days?)\s*", text.lower())
    if not match:
        raise ValueError(text)
    hours = int(match[1]) * (24 if match[2].startswith("d") else 1)
    if not 1 <= hours <= LONGEST_WINDOW:
        raise ValueError(text)
    return f"{hours}h"


def read_threshold(text: str) -> str:
    """Read a threshold."""
    return thresholds.read_threshold(text, FEWEST_FOR_ALL_BUT_ONE, "!pod set threshold ").name


def read_remit(text: str) -> str:
    """Read a remit."""
    return str(remits.Remit.read(text))


def read_against(text: str) -> str:
    """Read what yes voices are a share of."""
    return Against(text.strip().lower()).value
