"""What a name looks like to a person, so that two that look alike are told apart.

Rule: a name is compared as it is shown, and shown without tricks. Sources: Unicode Standard Annex 15 (NFKC) and the
case folding of the Unicode Character Database; invisible characters (category Cf) are no part of what people see; the
letters of other scripts that look like Latin ones are a part of the list in Unicode Technical Standard 39.
"""

import re
import unicodedata
from functools import lru_cache

MOST_MARKS = 4
"""Combining marks on one letter. Written languages need up to four (Hebrew with cantillation, Tibetan, Vietnamese);
heaps of them cover the lines above and below."""

NAME_SHOWN = 60
"""Characters of a display name that are shown; a server lets people have any length."""

_NOT_LATIN = re.compile("[^\x00-\u02ff]+")
_JOINERS, _HIDDEN = "\u200c\u200d", ("Cc", "Cf", "Cs", "Co")
_FILLERS = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
_VARIATIONS = re.compile("[\ufe00-\ufe0f]")
# small letters (or letters whose capital looks like a Latin one) of Cyrillic, Greek and Armenian; then l, 1 and 0
_LOOKALIKES = str.maketrans(
    "\u0430\u0432\u0435\u0437\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443"
    "\u0445\u0455\u0501\u051b\u051d\u04bb\u04cf\u044c\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9"
    "\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9\u0585\u057d\u0578\u0570\u0251"
    "\u0261\u0131l1|0",
    "abe3ijkmhopctyxsdqwhibabezhikmvoptyxwounhagiiiio",
)


def skeleton(name: str) -> str:
    """Return a form that is equal for names that look the same on a screen."""
    return _skeleton(name[:200])


@lru_cache(maxsize=4096)
def _skeleton(name: str) -> str:
    folded = unicodedata.normalize("NFKC", _VARIATIONS.sub("", _FILLERS.sub("", unstack(name))))
    seen = (letter for letter in folded if unicodedata.category(letter) != "Cf")
    return " ".join("".join(seen).casefold().translate(_LOOKALIKES).split())


def clean(text: str) -> str:
    """Return text without lone surrogates, which JSON can carry and no file or database can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def unstack(text: str) -> str:
    """Return text with at most `MOST_MARKS` combining marks on a letter."""
    return _NOT_LATIN.sub(_unstack, text)


def visible(text: str) -> str:
    """Return text without control and format characters, fillers and heaps of marks; joiners stay for who needs them."""
    shown = (
        each
        for each in text
        if each.isspace() or each in _JOINERS or unicodedata.category(each) not in _HIDDEN
    )
    return unstack(_FILLERS.sub("", "".join(shown)))


def _unstack(match: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for letter in match[0]:
        kind = unicodedata.category(letter)
        if kind in ("Mn", "Me"):
            marks += 1
        elif kind != "Cf":  # an invisible character between marks does not begin another letter
            marks = 0
        if marks <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def shorten(name: str) -> str:
    """Return a name cut to what is shown of it, without heaps of marks."""
    return _shorten(name[: NAME_SHOWN * (MOST_MARKS + 2)])


@lru_cache(maxsize=2048)
def _shorten(name: str) -> str:
    shown = unstack(name)
    return shown if len(shown) <= NAME_SHOWN else shown[: NAME_SHOWN - 1] + "…"
