"""Pods and assemblies: who is a member, who may approve what, and which settings there are.

Rule: nobody's boss. Whatever changes a rule or ties a group to others takes two people.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from bot.domain.errors import UsageError
from bot.domain.ids import normal_id
from bot.domain.names import visible
from bot.domain.quiet import Quiet
from bot.domain.setting_values import (
    AT_ASSEMBLIES,
    read_against,
    read_clock,
    read_days,
    read_digest,
    read_language,
    read_pair,
    read_quiet,
    read_remit,
    read_switch,
    read_threshold,
    read_window,
    read_zone,
)
from bot.domain.tags import OFF
from bot.domain.values import Code, Person

SMALLEST, LARGEST = 3, 15
"""The size of a pod that works (behaviour.md, "Words"); outside it gets a notice, not a refusal."""

CODE_GOOD_FOR = timedelta(days=7)
REQUEST_GOOD_FOR = timedelta(days=7)
NAME_LENGTH = 40
CODES_AT_ONCE = 30
"""Codes of an assembly that somebody could still use: more than pods enter in a week."""
REQUESTS_OF_ONE = 10
"""Open requests of one person in a room."""


class RoomKind(Enum):
    """What a room is to the federation."""

    POD = "pod"
    ASSEMBLY = "assembly"
    NONE = "room that is not set up yet"


class Role(Enum):
    """What a command needs its sender to be."""

    ANYONE = "anyone in the room"
    MEMBER = "a member"
    SPOKE = "a spoke"
    ADMIN = "an admin of the room"


@dataclass(frozen=True, slots=True)
class Member:
    """One joined person of a room.

    Args:
        since: When they joined; a change of name does not move it.
        observer: Present without a voice.
        admin: May change the room's power levels.
    """

    person: Person
    since: datetime
    observer: bool = False
    admin: bool = False

    @property
    def user_id(self) -> str:
        """The full Matrix id."""
        return self.person.user_id


@dataclass(frozen=True, slots=True)
class Room:
    """A room the bot is in, and what it is for.

    Args:
        name: The pod's or assembly's name; `None` where it is neither.
        assembly_room_id: For a pod in a federation, where its spokes meet.
        can_invite, can_remove: Whether the bot's power level reaches.
    """

    room_id: str
    kind: RoomKind
    name: str | None
    encrypted: bool
    joined: bool
    assembly_room_id: str | None = None
    can_invite: bool = False
    can_remove: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """A small autonomous group with a room of its own."""

    room_id: str
    name: str
    assembly_room_id: str | None


@dataclass(frozen=True, slots=True)
class Assembly:
    """The room where the pairs meet."""

    room_id: str
    name: str


def check_name(name: str, example: str) -> str:
    """Return a group's name, tidied.

    Raises:
        UsageError: It is empty, too long, or holds characters that commands use.
    """
    tidy = " ".join(visible(name).split())
    if not tidy:
        raise UsageError("It needs a name. For example: {example}", example=Code(example))
    if len(tidy) > NAME_LENGTH:
        raise UsageError(
            "That name is {length} characters long; {most} are the most. For example: {example}",
            length=len(tidy),
            most=NAME_LENGTH,
            example=Code(example),
        )
    if not re.search(r"\w", tidy) or re.search(r"[|=`@<>#!]", tidy):
        raise UsageError(
            "A name is made of letters, numbers, spaces and dashes. For example: {example}",
            example=Code(example),
        )
    if normal_id(tidy):
        raise UsageError(
            "{name} would read like the id of a poll or a summary. For example: {example}",
            name=tidy,
            example=Code(example),
        )
    return tidy


def size_notice(count: int) -> str | None:
    """Return `small` or `large` for a pod outside the size that works."""
    if count < SMALLEST:
        return "small"
    return "large" if count > LARGEST else None


@dataclass(frozen=True, slots=True)
class Setting:
    """A rule a pod sets for itself.

    Args:
        default: Used until two members change it.
        example: One valid value.
        check: Returns the value in its normal form, or raises `ValueError`.
        means: What it does, in a few words.
    """

    key: str
    default: str
    example: str
    check: Callable[[str], str]
    means: str


TERM = timedelta(days=14)
"""The time between two handovers where nothing else is set, or the assembly has said no dates yet."""

SETTINGS: dict[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting("timezone", "UTC", "Europe/London", read_zone, "the time zone of dates"),
        Setting("language", "en", "en", read_language, "the language the bot speaks here"),
        Setting("term", "14d", "2 weeks", read_days, "the time between two handovers of the pair"),
        Setting("handover", "18:00", "18:00", read_clock, "the hour of handovers"),
        Setting("quiet", "22:00-08:00", "22:00-8:00", read_quiet, "hours in which the bot wakes nobody"),
        Setting("pair", OFF, "woman", read_pair, "the tag that one of the pair has"),
        Setting(
            "objections", "none", "12h", read_window, "how long members may object to an approved summary"
        ),
        Setting("digest", OFF, "18:00", read_digest, "the hour at which summaries come, all in one message"),
        Setting("pictures", "on", "off", read_switch, "whether results come with a picture"),
        Setting("threshold", "consensus", "2/3", read_threshold, "when a proposal of the pod passes"),
        Setting("of", "voiced", "present", read_against, "what the yes voices are a share of"),
        Setting("remit", "bound", "free", read_remit, "how far your pair may go from what you decided"),
    )
}


@dataclass(frozen=True, slots=True)
class Settings:
    """A room's settings, defaults filled in.

    Args:
        mode: For an assembly, what it counts.
        meets: For an assembly, when it meets, as a `Recurrence` is stored; empty where it has not said.
        prefix: What commands start with; the operator's, the same in every room.
    """

    timezone: str = "UTC"
    language: str = "en"
    term: str = "14d"
    handover: str = "18:00"
    quiet: str = "22:00-08:00"
    pair: str = OFF
    meets: str = ""
    objections: str = "none"
    digest: str = OFF
    pictures: str = "on"
    threshold: str = "consensus"
    of: str = "voiced"
    mode: str = "pods"
    remit: str = "bound"
    prefix: str = "!"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone dates are written in."""
        return ZoneInfo(self.timezone)

    @property
    def between_handovers(self) -> timedelta:
        """The time between two handovers, where they do not follow the assembly."""
        return TERM if self.follows_assembly else timedelta(days=int(self.term.rstrip("d")))

    @property
    def follows_assembly(self) -> bool:
        """Whether handovers come at the end of each assembly."""
        return self.term == AT_ASSEMBLIES

    @property
    def quiet_hours(self) -> Quiet:
        """The hours in which the bot wakes nobody."""
        return Quiet.read(self.quiet)

    def is_quiet(self, now: datetime) -> bool:
        """Tell whether it is in its quiet hours, when what comes from elsewhere makes no sound."""
        return self.quiet_hours.wake(now, self.zone) != now

    @property
    def takes_digests(self) -> bool:
        """Whether summaries come once a day in one message."""
        return self.digest != OFF

    @property
    def objection_window(self) -> timedelta:
        """How long members may object to an approved summary; nothing where they may not."""
        return timedelta(hours=0 if self.objections == "none" else int(self.objections.rstrip("h")))

    @property
    def digest_hour(self) -> time:
        """The local wall-clock time of daily digests, where summaries come as such."""
        return time.fromisoformat(self.digest)

    @property
    def shows_pictures(self) -> bool:
        """Whether results come with a picture of the bars."""
        return self.pictures == "on"

    @property
    def handover_hour(self) -> time:
        """The local wall-clock time of handovers."""
        return time.fromisoformat(self.handover)


def check_setting(key: str, value: str) -> tuple[str, str]:
    """Return a setting's key and value in normal form.

    Raises:
        UsageError: There is no such setting, or it cannot have that value.
    """
    name = {"zone": "timezone", "tz": "timezone", "time": "timezone"}.get(key.lower(), key.lower())
    setting = SETTINGS.get(name)
    if setting is None:
        raise UsageError(
            "There is no setting {key}. There are: {names}. For example: {example}",
            key=key,
            names=", ".join(SETTINGS),
            example=Code("!pod set timezone Europe/London"),
        )
    try:
        return name, setting.check(value)
    except ValueError:
        raise UsageError(
            "{value} is not a value for {key}. For example: {example}",
            value=value or "Nothing",
            key=name,
            example=Code(f"!pod set {name} {setting.example}"),
        ) from None


def enter_needs(spokes_by_pod: dict[str, set[str]]) -> str:
    """Return who may let a pod in: `spokes` (any two), or `admins` of the room.

    Args:
        spokes_by_pod: The seated spokes of each pod that is in the assembly.
    """
    return "spokes" if len(spokes_by_pod) >= 2 else "admins"
