"""What a draft of a summary may be: how long, and how many at once.

Rule: words are made harmless here, before they are shown, so that what is shown is what goes.
"""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.errors import Conflict, UsageError
from bot.domain.harmless import make_harmless, tidy
from bot.domain.summaries import Summary
from bot.domain.values import Code

LONGEST = 1200
"""Characters of a summary: with its signature it stays under the 1,500 of one message."""

HOPELESS = 4 * LONGEST
"""Characters above which a text is not looked at any closer before it is refused."""

DRAFTS_IN_ROOM, DRAFTS_OF_ONE = 20, 5
"""Drafts that wait at once in a room, and of one person there."""


def check_count(waiting: Collection[Summary], user_id: str) -> None:
    """Check that one more draft may wait.

    Args:
        waiting: The drafts of the room.
        user_id: Who drafts.

    Raises:
        Conflict: There are as many as can be looked through.
    """
    own = [summary for summary in waiting if summary.drafted_by == user_id]
    first = next(iter(own or waiting), None)
    if first is None or (len(own) < DRAFTS_OF_ONE and len(waiting) < DRAFTS_IN_ROOM):
        return
    template = (
        "You have {count} drafts here, the most that one person may have. "
        if len(own) >= DRAFTS_OF_ONE
        else "{count} drafts wait here, the most that a room may have. "
    )
    raise Conflict(
        template + "To make room, approve one, {ok}, or drop one: {cancel}. {show} lists them.",
        count=len(own) if len(own) >= DRAFTS_OF_ONE else len(waiting),
        ok=Code(f"ok {first.id}"),
        cancel=Code(f"!summary cancel {first.id}"),
        show=Code("!summary"),
    )


def check_text(words: str) -> str:
    """Return the words of a summary as they are shown and sent.

    Raises:
        UsageError: Nothing is left of them, or they are too long.
    """
    text = tidy(words)
    if len(text) <= HOPELESS:
        text = make_harmless(text)
    if not text:
        raise UsageError(
            "The summary is empty. For example: {example}", example=Code("!summary We can host on Friday.")
        )
    if len(text) > LONGEST:
        raise UsageError(
            "That is {count} characters; a summary has {most} at most. Shorten it by {over}, or send it in two parts. "
            "For example: {example}",
            count=f"{len(text):,}",
            most=f"{LONGEST:,}",
            over=f"{len(text) - LONGEST:,}",
            example=Code(f"!summary {' '.join(text[:60].split(' ')[:-1]) or text[:60]}"),
        )
    return text
