"""The whole way of what people do in rooms: no line breaks the bot, and a refusal changes nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.ports import MemberSeen, PollAnswered, Redacted, RoomSeen, Said, StartPoll, Unencrypted
from tests.commands.chat import BOT, Chat, user
from tests.docs.federation import STAGES, take_up
from tests.fuzz.effort import fuzzed
from tests.fuzz.harmless import check_message
from tests.fuzz.hostile import words
from tests.fuzz.lines import lines

ROOMS = ["willow", "willow", "willow", "river", "oak", "hall", "direct", "plain", "nowhere"]
PEOPLE = ["Ana", "Ana", "Ben", "Cy", "Di", "Eve", "Hal", "Dora", "Mallory"]
KINDS = ["say"] * 8 + ["reply"] * 3 + ["edit", "thread", "tap", "tap", "delete", "unencrypted", "wait", "join", "leave", "name", "identity"]  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One thing somebody does; numbers choose among what there is when it happens."""

    kind: str
    person: str
    room: str
    line: str
    number: int
    ids: tuple[str, ...] = field(default=())


steps = st.builds(
    Step,
    st.sampled_from(KINDS),
    st.sampled_from(PEOPLE),
    st.sampled_from(ROOMS),
    lines,
    st.integers(0, 1000),
    st.lists(st.sampled_from(["1", "2", "3", "", "P1", "\u202e"]) | words.map(lambda text: text.encode("utf-8", "replace").decode()), max_size=4).map(tuple),
)  # fmt: skip


@contextmanager
def log_of_the_bot() -> Iterator[list[logging.LogRecord]]:
    """Collect what the bot logs."""
    found: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = found.append  # type: ignore[method-assign]
    log = logging.getLogger("bot")
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield found
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


async def dump(chat: Chat) -> dict[str, Any]:
    """Return the whole store but for claims, answers and what counts towards the limits."""
    async with chat.database.transaction("dump") as tx:
        tables = [row["name"] for row in await tx.all("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [
            name
            for name in tables
            if name not in ("inbox", "outbox", "questions", "sqlite_sequence", "taken")
        ]
        return {table: [tuple(row) for row in await tx.all(f"SELECT * FROM {table}")] for table in kept}


async def do(chat: Chat, step: Step, known: list[str]) -> None:
    """Let somebody do something."""
    body = step.line.encode("utf-8", "replace").decode()  # as `inbound.py` hands it on
    target = known[step.number % len(known)]
    event = chat._event(step.person, step.room)
    known.append(event["event_id"])
    match step.kind:
        case "wait":
            await chat.wait(hours=step.number % 400)
        case "join":
            await chat.joins(step.person, "willow" if step.room == "nowhere" else step.room)
        case "leave":
            await chat.leaves(step.person, "willow" if step.room == "nowhere" else step.room)
        case "name":
            seen = MemberSeen(user(step.person), "join", body, chat.clock.now())
            await chat._change(RoomSeen("!willow:test", (seen,)))
        case "identity":
            await chat.identity(step.person, f"key{step.number % 3}", devices=2, signed=step.number % 3)
        case "tap":
            await chat.give(PollAnswered(**event, poll_event_id=target, answers=step.ids))
        case "delete":
            await chat.give(Redacted(**event, redacts=target))
        case "unencrypted":
            await chat.give(Unencrypted(**event))
        case kind:
            more: dict[str, Any] = {
                "reply": {"reply_to": target, "replied_body": body, "replied_sender": user("Ben")},
                "edit": {"replaces": target},
                "thread": {"thread": target, "reply_to": target},
            }.get(kind, {})
            mentions = (BOT,) if step.number % 7 == 0 else ()
            await chat.give(Said(**event, body=body, mentions=mentions, **more))


@fuzzed(12)
@given(st.sampled_from(STAGES), st.lists(steps, min_size=1, max_size=12))
async def test_whatever_people_do_is_answered_safely_and_a_refusal_changes_nothing(
    copies: Path, stage: str, done: list[Step]
) -> None:
    with log_of_the_bot() as log:
        chat = await take_up(copies, stage)
        try:
            await chat.room("direct", "Mallory")
            await chat.room("plain", "Ana", "Ben", encrypted=False)
            known = [row["event_id"] for row in await chat.rows("SELECT event_id FROM outbox WHERE event_id IS NOT NULL")]  # fmt: skip
            known.append("$nothing")
            for step in done:
                await follow(chat, log, step, known)
            await chat.wait(days=60)
            check(chat, log, known)
        finally:
            await chat.database.close()


async def follow(chat: Chat, log: list[logging.LogRecord], step: Step, known: list[str]) -> None:
    """Let somebody do something and look at what came of it."""
    log.clear()
    chat.sent.clear()
    before = await dump(chat)
    await do(chat, step, known)
    if any(record.getMessage() == "refused" for record in log):
        assert await dump(chat) == before
    check(chat, log, known)


def check(chat: Chat, log: list[logging.LogRecord], known: list[str]) -> None:
    """Check what was logged and said."""
    for record in log:
        assert record.levelno < logging.ERROR, record.getMessage()
    for sent in chat.sent:
        known.append(sent.event_id)
        if isinstance(sent.message, StartPoll):
            known.extend([sent.event_id] * 3)
        assert "Something went wrong" not in sent.text
        check_message(sent.message)
    json.dumps([repr(sent.message) for sent in chat.sent]).encode()
