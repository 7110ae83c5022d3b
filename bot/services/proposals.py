"""Proposals of a pod: opening, finding, counting and showing them.

Rule: who has a voice is frozen at the opening. Whoever comes later is shown and not counted, whoever leaves drops out,
and the number needed is said again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import blocks
from bot.domain.calendar import parse_when, written
from bot.domain.classes import POD
from bot.domain.errors import Ambiguous, NotFound, UsageError
from bot.domain.ids import POLL
from bot.domain.mandates import count_pods
from bot.domain.pods import Room, Settings
from bot.domain.polls import brief, tidy
from bot.domain.proposals import (
    OPEN_AT_LEAST,
    OPEN_AT_MOST,
    Proposal,
    check_count,
    check_text,
)
from bot.domain.stances import Count, Stance, Statement, count_stances, last_said, unsure
from bot.domain.thresholds import Rule, read_threshold
from bot.domain.values import Code, Person, When
from bot.ports import EndPoll, Redact, StartPoll
from bot.services import proposal_texts
from bot.services.polls import SKEW
from bot.services.speech import say
from bot.store import ids, inbox, mandates, outbox, pods, proposals, rooms, stances, steps, timers
from bot.store.database import Tx
from bot.text import Text, shorten

_NO_STANCE = ("m.annotation", "m.replace")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a proposal stands.

    Args:
        voices: Who has a voice.
        last: What each person said last, also those without a voice.
        unknown: Voices whose last words could not be read.
        blocks: Voices whose block stands.
        count: The sum.
    """

    voices: frozenset[str]
    last: dict[str, Statement]
    unknown: frozenset[str]
    blocks: frozenset[str]
    count: Count

    def said(self, user_id: str) -> Statement | None:
        """Return the stance of somebody, if they have one."""
        found = self.last.get(user_id)
        return found if found is not None and found.stance is not None else None

    @property
    def silent(self) -> frozenset[str]:
        """Voices that have no stance."""
        return frozenset(user_id for user_id in self.voices if self.said(user_id) is None)

    @property
    def guests(self) -> int:
        """How many spoke who have no voice in it."""
        return sum(
            each.stance is not None and user_id not in self.voices for user_id, each in self.last.items()
        )


# -- opening -----------------------------------------------------------------------------------------


async def open_proposal(
    tx: Tx,
    now: datetime,
    room: Room,
    settings: Settings,
    sender: Person,
    text: str,
    *,
    closes: str,
    threshold: str,
) -> None:
    """Open a proposal: its words, the number needed, and a native poll to tap.

    Args:
        tx: The open transaction.
        now: The moment.
        room: The pod.
        settings: Its settings.
        sender: Who proposes; a member with a voice.
        text: As typed.
        closes: The end as typed; empty for 3 days.
        threshold: As typed; only the pod's own is taken.

    Raises:
        UsageError: It cannot be proposed like this.
        Conflict: Too many are open.
    """
    words = check_text(text)
    voices = frozenset(member.user_id for member in await rooms.voices(tx, room.room_id))
    rule = Rule(read_threshold(settings.threshold, len(voices), "!pod set threshold "), POD.rule.quorum)
    if threshold and not read_threshold(threshold, len(voices)).is_same(rule.threshold):
        raise UsageError(
            "This pod decides by {own}, and one person cannot change that for one proposal. {change} asks for another "
            "rule, which a second member confirms. For example: {example}",
            own=rule.threshold.name,
            change=Code(f"!pod set threshold {threshold.strip()}"),
            example=Code(f"!propose {brief(tidy(words))}"),
        )
    check_count(await proposals.open_in(tx, room.room_id), sender.user_id)
    closes_at = deadline(closes, now, settings.zone, f"!propose {brief(tidy(words))}")
    proposal = Proposal(
        await ids.next_id(tx, POLL), room.room_id, sender.user_id, words, rule, now, now, closes_at
    )
    await proposals.add(tx, proposal, voices)
    await steps.record(tx, room.room_id, sender.user_id, now, "proposal.open", id=proposal.id)
    await begin_round(tx, now, proposal)
    opened = proposal_texts.opened(proposal, sender, len(voices), settings.zone, now)
    await say(tx, now, room.room_id, opened, about=proposal.id, aloud=True)


async def begin_round(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """Set the end of a round and start its native poll."""
    await set_end(tx, proposal)
    language = (await pods.settings(tx, proposal.room_id)).language
    answers = tuple(
        (stance.value, label.render(language)) for stance, label in proposal_texts.labels(proposal)
    )
    question = shorten(f"{proposal.id}: {proposal.text}", 300)
    await outbox.queue(
        tx,
        now,
        proposal.room_id,
        StartPoll(question, answers),
        about=proposal.id,
        txn_id=native_start(proposal),
    )


async def set_end(tx: Tx, proposal: Proposal) -> None:
    """Set, or move, what happens at the end of a round."""
    await timers.put(tx, "proposal.close", f"proposal.{proposal.id}", proposal.closes_at, id=proposal.id)


def native_start(proposal: Proposal) -> str:
    """Return the transaction id of the native poll of a proposal's round."""
    return f"{proposal.id}.round{proposal.round}.start"


async def end_native(tx: Tx, now: datetime, proposal: Proposal, *, redact: bool = False) -> None:
    """End, or delete, the native poll of a round, if it is in this room: after an upgrade it is in the old one."""
    started = native_start(proposal)
    if redact and await outbox.cancel(tx, started):
        return
    found = await outbox.find(tx, started)
    if found is None or found.state not in ("waiting", "sent") or found.room_id != proposal.room_id:
        return
    language = (await pods.settings(tx, proposal.room_id)).language
    end = Text("{id}: this round is over. What came of it is in the next message.", id=proposal.id)
    message = Redact(started) if redact else EndPoll(started, end.render(language))
    await outbox.queue(
        tx,
        now,
        proposal.room_id,
        message,
        about=proposal.id,
        txn_id=f"{proposal.id}.round{proposal.round}.end",
    )


def hours_later(now: datetime, length: timedelta, zone: ZoneInfo) -> datetime:
    """Return the next full hour of a room's clock after some time."""
    local = (now + length).astimezone(zone)
    beyond = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return now + length + (timedelta(hours=1) - beyond if beyond else timedelta())


def deadline(
    typed: str,
    now: datetime,
    zone: ZoneInfo,
    example: str,
    least: timedelta = OPEN_AT_LEAST,
    usual: timedelta = POD.open_for,
) -> datetime:
    """Return the end of a proposal.

    Args:
        typed: As typed; empty for the usual one.
        now: The moment.
        zone: The room's time zone.
        example: The line that was typed, for a refusal.
        least: How long it must be open.
        usual: How long it is open if nothing is typed.

    Raises:
        UsageError: It is unclear, too near or too far.
    """
    if not typed:
        return hours_later(now, usual, zone)
    try:
        closes_at = parse_when(typed, now, zone)
    except UsageError as error:
        near = error.values["example"].text
        raise UsageError(
            error.template, **error.values | {"example": Code(f"{example} | closes={near}")}
        ) from None
    # "in 1 day" is typed a moment before it is read
    if closes_at - now < least - SKEW:
        raise UsageError(
            "It must be open at least {hours} hours, so that everybody can think. For example: {example}",
            hours=least // timedelta(hours=1),
            example=Code(f"{example} | closes={written(hours_later(now, least, zone), zone)}"),
        )
    if closes_at - now > OPEN_AT_MOST:
        raise UsageError(
            "{at} is more than {days} days ahead. For example: {example}",
            at=When(closes_at, zone),
            days=OPEN_AT_MOST.days,
            example=Code(f"{example} | closes={written(hours_later(now, usual, zone), zone)}"),
        )
    return closes_at


# -- finding -----------------------------------------------------------------------------------------


async def find(tx: Tx, room: Room, proposal_id: str) -> Proposal:
    """Return a proposal of this room.

    Raises:
        NotFound: There is no such proposal here.
    """
    proposal = await proposals.find(tx, proposal_id)
    if proposal is None or proposal.room_id != room.room_id:
        raise NotFound(
            "There is no proposal {id} in this room. {proposals} lists those there are.",
            id=proposal_id,
            proposals=Code("!proposals"),
        )
    return proposal


async def find_shown(tx: Tx, room: Room, proposal_id: str) -> Proposal:
    """Return a proposal of this room, or of the assembly where this room's pod has a voice in it.

    Raises:
        NotFound: There is no such proposal here.
    """
    proposal = await proposals.find(tx, proposal_id)
    asked = await mandates.of(tx, proposal_id)
    if proposal is not None and any(each.pod_room_id == room.room_id for each in asked):
        return proposal
    return await find(tx, room, proposal_id)


async def is_one(tx: Tx, object_id: str | None) -> bool:
    """Tell whether an id is that of a proposal: polls share its letter."""
    return object_id is not None and await proposals.find(tx, object_id) is not None


async def only_open(tx: Tx, room: Room, verb: str, rest: str = "") -> Proposal:
    """Return the only open or blocked proposal of a room.

    Args:
        tx: The open transaction.
        room: The room.
        verb: What is to be done to it, such as `agree`.
        rest: What was typed after that.

    Raises:
        NotFound: None is open.
        Ambiguous: Several are.
    """
    found = await proposals.open_in(tx, room.room_id)
    if not found:
        raise NotFound(
            "No proposal is open here. For example: {example}",
            example=Code("!propose We buy a tent for the winter."),
        )
    if len(found) > 1:
        choices = [(proposal_texts.name(each), f"{verb} {each.id} {rest}".strip()) for each in found]
        raise Ambiguous("There are several open proposals. Which one?", choices=choices)
    return found[0]


# -- counting ----------------------------------------------------------------------------------------


async def who_counts(tx: Tx, proposal: Proposal) -> frozenset[str]:
    """Return who has a voice: those of the opening who are still here with one, fixed when a round has closed."""
    frozen = await proposals.voices(tx, proposal.id)
    if not proposal.is_open:
        return frozen
    return frozen & {member.user_id for member in await rooms.voices(tx, proposal.room_id)}


async def stand(tx: Tx, proposal: Proposal) -> Standing:
    """Sum a proposal up anew, as far as what was said could be read."""
    if proposal.of_pods:
        return await _stand_of_pods(tx, proposal)
    voices = await who_counts(tx, proposal)
    said = await stances.statements(tx, proposal)
    last = last_said(said, proposal.end)
    if proposal.blocked_at is not None:
        # those who stopped it can let it go after the end
        last = last_said(said, proposal.end, also=blocks.standing(last, voices, ()))
    ended = await stances.ended_blocks(tx, proposal)
    unknown = unsure(last, await _unread(tx, proposal), voices)
    void = blocks.void(last, ended) if proposal.can_block else frozenset()
    standing = blocks.standing(last, voices - unknown, ended) if proposal.can_block else frozenset()
    return Standing(voices, last, unknown, standing, count_stances(last, voices, unknown, void))


async def _stand_of_pods(tx: Tx, proposal: Proposal) -> Standing:
    found = await mandates.of(tx, proposal.id)
    ended = await stances.ended_blocks(tx, proposal)
    blocking = frozenset(each.pod_room_id for each in found if each.stance is Stance.BLOCK) - ended
    return Standing(
        frozenset(each.pod_room_id for each in found),
        {},
        frozenset(),
        blocking if proposal.can_block else frozenset(),
        count_pods(found, ended),
    )


async def _unread(tx: Tx, proposal: Proposal) -> list[tuple[str, datetime, str]]:
    """Return what could not be read so far and may be a stance of this round.

    An app leaves in clear what a tapped answer refers to. A reaction or an edit is no stance. Anything else may be one.
    """
    started = await outbox.find(tx, native_start(proposal))
    native = started.event_id if started else None
    return [
        (event.sender, event.sent_at, event.event_id)
        for event in await inbox.parked_in(tx, proposal.room_id, proposal.round_at - SKEW, proposal.end)
        if event.relation not in _NO_STANCE
        and (
            event.target == native if event.relation == "m.reference" else event.sent_at >= proposal.round_at
        )
    ]


async def result_or_sum(tx: Tx, proposal: Proposal) -> Count:
    """Return the count of a proposal: its result once it is over, else the sum as it stands."""
    if proposal.count is not None and (proposal.erased or proposal.state.is_over):
        return proposal.count
    return (await stand(tx, proposal)).count


async def waiting_for(tx: Tx, room: Room, user_id: str) -> list[Proposal]:
    """Return the open proposals of a room in which somebody has a voice and no stance."""
    return [
        each
        for each in await proposals.open_in(tx, room.room_id)
        if each.is_open and user_id in (await stand(tx, each)).silent
    ]


async def named(tx: Tx, proposal: Proposal, user_ids: Collection[str]) -> list[Person]:
    """Return how voices are called: people in the order of their ids, pods by name."""
    if proposal.of_pods:
        found = await mandates.of(tx, proposal.id)
        return [Person(each.pod_room_id, each.name) for each in found if each.pod_room_id in user_ids]
    return [await rooms.person(tx, proposal.room_id, user_id) for user_id in sorted(user_ids)]


async def open_here(tx: Tx, room: Room) -> list[Proposal]:
    """Return what is open or blocked in a room."""
    return await proposals.open_in(tx, room.room_id)
