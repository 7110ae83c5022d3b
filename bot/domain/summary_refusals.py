"""Why a summary cannot change, or cannot be changed where it went: what is true now and what to do.

Rule: a refusal names the next command, written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import Conflict
from bot.domain.summary_parts import PENDING, State
from bot.domain.values import Code

if TYPE_CHECKING:
    from bot.domain.summaries import Summary


def not_pending(summary: Summary) -> Conflict:
    """Return how a version ended that can change no more."""
    new = Code("!summary TEXT")
    match summary.state:
        case State.APPROVED:
            return Conflict(
                "{id} is approved already and goes out as it is. {status} shows how far it is.",
                id=summary.id,
                status=Code(f"!summary status {summary.id}"),
            )
        case State.RETRACTED:
            return Conflict("{id} was retracted. {new} drafts another.", id=summary.id, new=new)
        case State.CANCELLED:
            return Conflict("{id} was cancelled. {new} drafts another.", id=summary.id, new=new)
    if summary.out is not None:
        return Conflict(
            "{id} version {version} was not approved in 72 hours and has lapsed. What was sent stays.",
            id=summary.id,
            version=summary.version,
        )
    return Conflict(
        "{id} was not approved in 72 hours and has lapsed. {new} drafts another.", id=summary.id, new=new
    )


def not_out(summary: Summary) -> Conflict:
    """Return why there is nothing to change where it went, or not now."""
    if summary.out is not None:
        return Conflict(
            "{id} version {version} waits already. Approve it, {ok}, or drop it: {cancel}",
            id=summary.id,
            version=summary.version,
            ok=Code(f"ok {summary.id}"),
            cancel=Code(f"!summary cancel {summary.id}"),
        )
    if summary.state in PENDING:
        return Conflict(
            "{id} has not gone yet. To change it, edit the message it is taken from; {cancel} drops it.",
            id=summary.id,
            cancel=Code(f"!summary cancel {summary.id}"),
        )
    return Conflict("{id} is not out, so there is nothing to change.", id=summary.id)


def still_fetching(summary: Summary) -> Conflict:
    """Return why nobody can approve a version whose file is not here yet."""
    return Conflict(
        "The file of {id} is still being fetched. When it is here I show it with the words; then type {ok}.",
        id=summary.id,
        ok=Code(f"ok {summary.id}"),
    )
