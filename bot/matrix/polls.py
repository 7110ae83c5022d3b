"""Native polls: made in the form clients show today, read in both spellings.

Source: MSC3381 (unstable `org.matrix.msc3381.poll.*`, what Element sends) and the Matrix specification's
`m.poll.*`. Element shows only the unstable form of a poll's start, so that is the one we send.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.ports import StartPoll

START = "org.matrix.msc3381.poll.start"
END = "org.matrix.msc3381.poll.end"
STARTS = (START, "m.poll.start")
ENDS = (END, "m.poll.end")
RESPONSES = ("org.matrix.msc3381.poll.response", "m.poll.response")
_TEXT = "org.matrix.msc1767.text"


def start_content(poll: StartPoll) -> dict[str, Any]:
    """Return the content of a poll's start event."""
    kind = "disclosed" if poll.open else "undisclosed"
    numbered = [f"{number}. {text}" for number, (_, text) in enumerate(poll.answers, 1)]
    return {
        START: {
            "question": {_TEXT: poll.question},
            "kind": f"org.matrix.msc3381.poll.{kind}",
            "max_selections": poll.most,
            "answers": [{"id": answer_id, _TEXT: text} for answer_id, text in poll.answers],
        },
        # what apps without polls show
        _TEXT: "\n".join([poll.question, *numbered]),
    }


def end_content(start_event_id: str, plain_body: str) -> dict[str, Any]:
    """Return the content of a poll's end event."""
    return {
        "m.relates_to": {"rel_type": "m.reference", "event_id": start_event_id},
        END: {},
        _TEXT: plain_body,
    }


def read_response(content: dict[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """Return the poll start event id and the answer ids of a response, or `None` if it is malformed.

    No answers, or none that are text, is an empty (spoiled) answer: it withdraws.
    """
    start = related(content, "m.reference")
    if start is None:
        return None
    unstable = content.get(RESPONSES[0])
    answers = unstable.get("answers") if isinstance(unstable, dict) else content.get("m.selections")
    if not isinstance(answers, list):
        answers = []
    return start, tuple(answer for answer in answers[:20] if isinstance(answer, str))


MOST_ANSWERS = 20
"""Of more than that, apps show the first (MSC3381, "Poll start")."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a poll's start event says; see `bot.ports.PollMade`."""

    question: str
    answers: tuple[tuple[str, str], ...]
    most: int
    open: bool


def read_start(content: dict[str, Any]) -> Start | None:
    """Return what a poll's start event, or the new content of its edit, says; `None` if it is malformed.

    A kind that is not known is undisclosed, and nonsense in `max_selections` is 1 (MSC3381).
    """
    unstable = content.get(START)
    found = unstable if isinstance(unstable, dict) else content.get("m.poll")
    if not isinstance(found, dict) or not isinstance(found.get("answers"), list):
        return None
    question = _words(found.get("question"))
    answers: dict[str, str] = {}
    for answer in found["answers"][:MOST_ANSWERS]:
        answer_id = (answer.get("id") or answer.get("m.id")) if isinstance(answer, dict) else None
        words = _words(answer)
        if isinstance(answer_id, str) and words is not None:
            answers.setdefault(answer_id, words)
    if question is None or not answers:
        return None
    most = found.get("max_selections")
    return Start(
        question,
        tuple(answers.items()),
        max(most, 1) if isinstance(most, int) and not isinstance(most, bool) else 1,
        found.get("kind") in ("org.matrix.msc3381.poll.disclosed", "m.disclosed", "m.poll.disclosed"),
    )


def _words(block: object) -> str | None:
    """Return the plain text of a block of extensible text (MSC1767), in any spelling."""
    if not isinstance(block, dict):
        return None
    for name in (_TEXT, "m.text", "body"):
        found = block.get(name)
        if isinstance(found, list):
            plain = (each for each in found if isinstance(each, dict))
            found = next(
                (each.get("body") for each in plain if each.get("mimetype") in (None, "text/plain")), None
            )
        if isinstance(found, str):
            return found
    return None


def related(content: dict[str, Any], kind: str) -> str | None:
    """Return the event that a relation of this kind names (`m.reference`, `m.replace`)."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, dict) or relation.get("rel_type") != kind:
        return None
    found = relation.get("event_id")
    return found if isinstance(found, str) else None
