"""Makes people's words harmless before they are shown for approval, so that what is shown is what goes.

Rule: relayed words are words. They ping nobody, lead into no other room and hide nothing. Patterns follow the
Matrix specification: user ids, room ids and aliases ("Appendices, Common Identifier Format"), `matrix.to` and
`matrix:` addresses ("Appendices, matrix.to navigation" and "Matrix URI scheme"); `@room` is the mass mention of
the push rule `.m.rule.is_room_mention` and its forerunner, which read the plain body.
"""

import re
import unicodedata
from typing import Final

from bot.domain.names import unstack

NO_ROOM_LINK: Final = "[link to a room left out]"
NO_PERSON_LINK: Final = "[link to a person left out]"
NO_MASS_MENTION: Final = "[mention of the whole room left out]"

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S\n]")
_EMPTY_LINES = re.compile(r"\n{3,}")
# Overrides of direction, joiners, fillers, blanks that look like letters, tags, variation of variations.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|(?=[\w.-]*[^\W\d_]|\d+\.\d+\.\d+\.\d+)\w(?:[\w.-]*\w)?)(?::\d{1,5}(?!\d))?"
_MATRIX_TO = r"(?:https?://)?(?:www\.)?matrix\.to\.?/[^\s<>()\[\]]*"
_URI = r"matrix:(?://[^/\s]*/)?(?:roomid|room|r|user|u|event|e)/[^\s<>()\[\]]*"
_LABELLED = re.compile(rf"\[([^\[\]\n]*)\]\(<?({_MATRIX_TO}|{_URI})>?\)", re.IGNORECASE)
_ADDRESS = re.compile(rf"(?<![\w.-])(?:{_MATRIX_TO}|{_URI})", re.IGNORECASE)
_TO_PERSON = re.compile(r"matrix\.to\.?/(?:#/)?(?:@|%40)|matrix:(?://[^/\s]*/)?(?:user|u)/", re.IGNORECASE)
_ROOM = re.compile(rf"(?<!\w)(?:[#!][^\s:@#!,;()<>\[\]\"']{{1,200}}:{_HOST}|![A-Za-z0-9_-]{{43}}(?![\w-]))")
_PERSON = re.compile(rf"(?<!\w)@{{1,20}}([\w.=/+-]{{1,200}}):{_HOST}")
_MASS = re.compile(r"(?<!\w)@(?:room|here|channel|everyone|everybody|all)(?!\w)", re.IGNORECASE)


def make_harmless(words: str) -> str:
    """Return words without invisible characters, mass mentions, and links or ids that lead into Matrix.

    A Matrix id becomes its first part (`@cy:example.org` is `cy`); a room, or a link to one, is replaced by a
    note that it was left out. Ordinary web addresses stay as they are. Doing it twice changes nothing more.
    """
    text = tidy(words)
    while (changed := _without_handles(text)) != text:
        text = changed
    return tidy(text)


def tidy(words: str) -> str:
    """Return words as they can be shown: line ends and blanks of one kind, nothing invisible, no heaps of accents."""
    text = _BLANKS.sub(" ", _LINE_ENDS.sub("\n", words))
    text = "".join(
        letter for letter in text if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs")
    )
    text = unstack(_INVISIBLE.sub("", text))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", text).strip()


def _without_handles(text: str) -> str:
    text = _LABELLED.sub(_label, text)
    text = _ADDRESS.sub(_address, text)
    text = _ROOM.sub(NO_ROOM_LINK, text)
    text = _PERSON.sub(r"\1", text)
    return _MASS.sub(NO_MASS_MENTION, text)


def _label(match: re.Match[str]) -> str:
    return match[1] if _TO_PERSON.search(match[2]) else f"{match[1]} {NO_ROOM_LINK}".strip()


def _address(match: re.Match[str]) -> str:
    kept = match[0].rstrip(".,;:?!'\"")
    note = NO_PERSON_LINK if _TO_PERSON.search(kept) else NO_ROOM_LINK
    return note + match[0][len(kept) :]
