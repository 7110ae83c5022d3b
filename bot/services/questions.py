"""Questions between an assembly and its pods, and their answers, each approved like a summary.

Rule: a question is the root of a thread, where it was asked and where it arrived; its answer is said in both, so that
whoever reads one finds the other. Nobody's question leaves a room unapproved: it speaks in the name of all there.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict, NotFound, UsageError
from bot.domain.pods import Room, RoomKind
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Kind, State
from bot.domain.values import Code, Person
from bot.ports import Said
from bot.services import summary_drafts, summary_files, summary_finding, summary_lines, summary_terms
from bot.services.summary_drafts import Addressed, Source
from bot.store import outbox, pods, summaries
from bot.store.database import Tx


async def ask(
    tx: Tx, now: datetime, room: Room, sender: Person, said: Said, text: str, about: str | None
) -> None:
    """Draft a question: to the room that a summary came from, or from an assembly to a pod by name.

    Raises:
        UsageError: No pod is named, or there is no question.
        Conflict: It cannot go there.
    """
    if about is not None and await summary_finding.came_from_elsewhere(tx, room, about):
        asked = await summary_finding.find(tx, room, about)
        other, words = asked.room_id, text
    elif room.kind is RoomKind.ASSEMBLY:
        other, words = await _pod_named(tx, room, text)
    else:
        raise UsageError(
            "Ask whom? In a pod, reply to what came from the assembly: {example}",
            example=Code("ask When do you need to know?"),
        )
    if not words.strip():
        raise UsageError(
            "What is the question? For example: {example}",
            example=Code("ask When do you need to know?" if about else f"!ask {text.strip()} When is it?"),
        )
    terms = await summary_terms.for_one(tx, room, other, with_us=False)
    source = Source(words, said.event_id, sender.user_id, await summary_files.offered(tx, said))
    question = await summary_drafts.draft(
        tx, now, room, sender, said.event_id, source, said.thread, Addressed(Kind.QUESTION, terms)
    )
    # an event that is in a thread itself cannot be the root of one
    await summaries.begin_thread(tx, question.id, room.room_id, said.thread or said.event_id)


async def _pod_named(tx: Tx, room: Room, text: str) -> tuple[str, str]:
    found = {pod.name: pod.room_id for pod in await pods.pods_of(tx, room.room_id)}
    for name in summary_lines.longest_first(list(found)):
        if (words := summary_lines.without(name, text)) is not None:
            return found[name], words
    first = next(iter(sorted(found)), "Oak")
    raise UsageError(
        "Ask which pod? There are: {names}. For example: {example}",
        names=", ".join(sorted(found)) or "none yet",
        example=Code(f"!ask {first} {text.strip()[:60] or 'When do you need to know?'}"),
    )


async def meant(tx: Tx, room: Room, said: Said, about: str | None) -> str | None:
    """Return the question that a message answers: the one it replies to, or in whose thread it is."""
    for found in (about, await outbox.about_event(tx, room.room_id, said.thread) if said.thread else None):
        if found is not None and await _is_asked_here(tx, room, found):
            return found
    return None


async def _is_asked_here(tx: Tx, room: Room, summary_id: str) -> bool:
    summary = await summaries.find(tx, summary_id)
    return summary is not None and summary.kind is Kind.QUESTION and summary.room_id != room.room_id


async def answer(
    tx: Tx, now: datetime, room: Room, sender: Person, said: Said, question_id: str, words: str
) -> None:
    """Draft the answer to a question that came here.

    Raises:
        NotFound: No such question came here.
        UsageError: There is no answer in it.
        Conflict: It was retracted, or has not arrived yet, or cannot be answered from here any more.
    """
    question = await summary_finding.find(tx, room, question_id)
    if question.kind is not Kind.QUESTION or question.room_id == room.room_id:
        raise NotFound(
            "{id} is no question to {room}. {next} shows what needs you.",
            id=question.id,
            room=room.name,
            next=Code("!next"),
        )
    if question.state is State.RETRACTED:
        raise Conflict("{id} was retracted, so it needs no answer.", id=question.id)
    if not words.strip():
        raise UsageError(
            "What is the answer? For example: {example}", example=Code(f"answer {question.id} By Friday.")
        )
    terms = await summary_terms.for_one(tx, room, question.room_id, with_us=True)
    source = Source(words, said.event_id, sender.user_id, await summary_files.offered(tx, said))
    addressed = Addressed(Kind.ANSWER, terms, question.id)
    await summary_drafts.draft(tx, now, room, sender, said.event_id, source, said.thread, addressed)


async def unanswered(tx: Tx, room: Room) -> list[Summary]:
    """Return the questions that wait for an answer from this room."""
    return await summaries.unanswered_in(tx, room.room_id)
