"""What a member's client says when it is asked: about devices, about trust, about polls.

Rule: these are the SDK's own findings, put into values and not reinterpreted.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """A device as another user's client knows it."""

    device_id: str
    display_name: str | None
    ed25519: str | None
    curve25519: str | None
    signed_by_owner: bool
    verified: bool


@dataclass(frozen=True)
class Trust:
    """What a client thinks of another user's identity."""

    known: bool
    verified: bool
    was_verified: bool
    needs_approval: bool


@dataclass(frozen=True)
class PollResults:
    """A poll as the SDK counts it: the last valid response of each sender.

    Attributes:
        votes: by the answer's text.
        voters: the ids of the answers each sender chose.
        undecryptable: responses this client could not read.
    """

    question: str
    votes: dict[str, int]
    answer_ids: dict[str, str]
    voters: dict[str, list[str]]
    ended: bool
    undecryptable: int
