"""What members say of themselves, and the rule of a pod that somebody of its pair has said it.

Rule: people choose their own tags, and the rule only says whom to ask first. Nobody is put into a seat, and no
seat stays empty, because of a tag.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

OFF = "off"
MOST = 5
"""How many tags one person may have in a pod."""

_TAG = re.compile(r"[^\W_](?:[\w-]{0,18}[^\W_])?")


def normal_tag(text: str) -> str:
    """Return a tag as it is kept.

    Raises:
        ValueError: It is not one word of at most 20 letters, digits and dashes.
    """
    tag = text.strip().lower()
    if not _TAG.fullmatch(tag):
        raise ValueError(text)
    return tag


def first_fit(people: Sequence[str], tagged: Collection[str] | None, beside: Collection[str]) -> str:
    """Return who is to be asked first.

    Args:
        people: Those who can be asked, in the order of the line; at least one.
        tagged: Who has the tag of the pod's rule; `None` where it has no rule.
        beside: Who has, or is asked for, the other seat.

    Returns:
        The first one; where nobody beside them has the tag, the first one who has, if there is one.
    """
    if tagged is None or not set(tagged).isdisjoint(beside):
        return people[0]
    return next((user_id for user_id in people if user_id in tagged), people[0])
