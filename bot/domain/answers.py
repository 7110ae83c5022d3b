"""What an answer to a poll of any kind means, typed or tapped. Rule: it is taken only where it has one meaning."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain import choices, points, rankings
from bot.domain.counting.kinds import Kind
from bot.domain.polls import Poll


def read_answer(text: str, poll: Poll) -> tuple[int, ...]:
    """Return what somebody's words mean, as a `Ballot` holds it; empty withdraws.

    Raises:
        UsageError: They mean nothing here; the sentence has a valid line near to them.
        Ambiguous: They are the number of one option and the words of another.
    """
    match poll.kind:
        case Kind.RANK:
            return rankings.read_ranking(text, poll)
        case Kind.SCORE:
            return points.read_points(text, poll)
        case _:
            return choices.read_answers(text, poll)


def is_attempt(text: str, poll: Poll) -> bool:
    """Tell whether words said in reply to a poll are an answer, if a faulty one, rather than talk."""
    match poll.kind:
        case Kind.RANK:
            return rankings.is_attempt(text, poll)
        case Kind.SCORE:
            return points.is_attempt(text, poll)
        case _:
            return choices.is_attempt(text, poll)


def read_tap(answer_ids: Sequence[str], poll: Poll, named: Sequence[str] = ()) -> tuple[int, ...] | None:
    """Return what was tapped; empty withdraws, `None` is a spoiled answer.

    Only polls of which one tap is a whole answer are shown to be tapped (ADR 11); anything else spoils.

    Args:
        answer_ids: As they came.
        poll: The poll.
        named: What the options are called in a poll that a member's app made; their numbers in ours.
    """
    return choices.read_taps(answer_ids, poll, named) if poll.kind.can_be_tapped else None


def sample(poll: Poll) -> str:
    """Return an answer that anybody could type to a poll, as an example."""
    match poll.kind:
        case Kind.RANK:
            return rankings.order_line(poll, []).removeprefix(f"!vote {poll.id} ")
        case Kind.SCORE:
            return points.points_line(poll, []).removeprefix(f"!vote {poll.id} ")
        case _ if poll.most > 1 and not poll.kind.can_be_tapped:
            return "1 2" if len(poll.options) == 2 else "1 3"
        case _:
            return "2"
