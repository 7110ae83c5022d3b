"""The kinds of quick polls and the words for them. Rule: whatever a person would call a kind is understood."""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import Enum


class Kind(Enum):
    """What a poll asks for."""

    CHOICE = "choice"
    YESNO = "yesno"
    APPROVAL = "approval"
    SCORE = "score"
    RANK = "rank"
    TEMPERATURE = "temperature"
    MEETING = "meeting"

    @property
    def fixed(self) -> tuple[str, ...]:
        """The options that every poll of this kind has; empty where whoever asks names them."""
        return FIXED.get(self, ())

    @property
    def takes_any(self) -> bool:
        """Whether an answer may name any number of options, all alike."""
        return self in (Kind.APPROVAL, Kind.MEETING)

    @property
    def can_be_tapped(self) -> bool:
        """Whether one tap is a whole answer, so that people's apps can carry it (ADR 11)."""
        return self in (Kind.CHOICE, Kind.YESNO, Kind.TEMPERATURE)


FIXED = {
    Kind.YESNO: ("Yes", "No"),
    Kind.TEMPERATURE: ("Strongly for", "For", "Unsure", "Against", "Strongly against"),
}

_WORDS = {
    Kind.CHOICE: "choice choose single pick multiplechoice multi normal",
    Kind.YESNO: "yesno noyes yesorno yn yesandno",
    Kind.APPROVAL: "approval approve approvals approvalvoting any anyof allthatfit",
    Kind.SCORE: "score scores scoring rate rating ratings points stars 15 1to5 grade grades",
    Kind.RANK: "rank ranked ranking rankings rankedchoice order irv rcv condorcet preference preferential runoff instantrunoff",
    Kind.TEMPERATURE: "temperature temp temperaturecheck tempcheck mood feeling thermometer vibe",
    Kind.MEETING: "meeting meet meetingtime date dates when time times day days doodle schedule appointment",
}
_KNOWN = {word: kind for kind, words in _WORDS.items() for word in words.split()}


def read_kind(typed: str) -> Kind | None:
    """Return the kind that somebody's words mean, a slip of a letter allowed; `None` if they mean none."""
    word = re.sub(r"[^a-z0-9]", "", typed.casefold())
    near = get_close_matches(word, _KNOWN, 1, 0.75) if len(word) > 3 and word not in _KNOWN else [word]
    return _KNOWN.get(near[0]) if near else None
