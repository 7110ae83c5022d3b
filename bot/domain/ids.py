"""Short ids that people can say aloud: `P12`, `S4`, `J2`, and one-time codes such as `K7F-2QX`.

Rule: an id is a letter and a number, unique in all this bot serves; letters say what it is.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

POLL: Final = "P"
SUMMARY: Final = "S"
REQUEST: Final = "J"
RECALL: Final = "R"
DECISION: Final = "D"

_ID = re.compile(r"^[A-Za-z]\d{1,6}$")

# no 0/O, 1/I/L, 5/S, 8/B, nor vowels that would make words
CODE_LETTERS: Final = "234679CDFGHJKMNPQRTVWXYZ"


def normal_id(text: str) -> str | None:
    """Return `p12` as `P12`, or `None` if it is not an id."""
    word = text.strip().rstrip(".,;:!?")
    return word.upper() if _ID.match(word) else None


def by_number(text: str, letter: str) -> str | None:
    """Return the id that somebody means who leaves its letter out or apart: `3`, `#3`, `P 3`; `None` if it is no number alone."""
    found = re.fullmatch(rf"(?:{letter}\s+|#\s?)?(\d{{1,6}})[.,;:!?]?", text.strip(), re.IGNORECASE)
    return f"{letter}{int(found[1])}" if found else None


def make_code(choose: Callable[[Sequence[str]], str]) -> str:
    """Return a one-time code of two groups of three.

    Args:
        choose: Picks one letter at random (`secrets.choice`); 24^6 codes make guessing hopeless
            in the 7 days one is good for.
    """
    letters = [choose(CODE_LETTERS) for _ in range(6)]
    return f"{''.join(letters[:3])}-{''.join(letters[3:])}"


def normal_code(text: str) -> str:
    """Return a code as it was made, whatever case, spaces or dash it was typed with."""
    letters = re.sub(r"[^0-9A-Za-z]", "", text).upper()
    return f"{letters[:3]}-{letters[3:]}"
