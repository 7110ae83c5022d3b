"""Native polls: made in the form clients show today, read in both spellings.

Source: MSC3381 (unstable `org.matrix.msc3381.poll.*`, what Element sends) and the Matrix specification's
`m.poll.*`. Element shows only the unstable form of a poll's start, so that is the one we send.
"""

from __future__ import annotations

from typing import Any

from bot.ports import StartPoll

START = "org.matrix.msc3381.poll.start"
END = "org.matrix.msc3381.poll.end"
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
    relation = content.get("m.relates_to")
    if not isinstance(relation, dict) or relation.get("rel_type") != "m.reference":
        return None
    start = relation.get("event_id")
    if not isinstance(start, str):
        return None
    unstable = content.get(RESPONSES[0])
    answers = unstable.get("answers") if isinstance(unstable, dict) else content.get("m.selections")
    if not isinstance(answers, list):
        answers = []
    return start, tuple(answer for answer in answers[:20] if isinstance(answer, str))
