"""Opening proposals of a pod.

Rule: the number needed is said at the opening, and the pod's own rule of that moment holds to the end.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.classes import ADVICE, POD
from bot.domain.errors import Conflict, NotFound, UsageError
from bot.domain.ids import POLL
from bot.domain.pods import Room, Settings
from bot.domain.polls import brief, tidy
from bot.domain.proposals import (
    Proposal,
    State,
    check_count,
    check_text,
)
from bot.domain.thresholds import Against, Rule, read_against, read_threshold
from bot.domain.values import Code, Person
from bot.services import decisions, proposal_texts
from bot.services.deadlines import deadline
from bot.services.proposal_rounds import begin_round
from bot.services.speech import say
from bot.store import ids, proposals, rooms, steps
from bot.store.database import Tx


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
    supersedes: str = "",
    trial: timedelta | None = None,
    of: str = "",
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
        supersedes: The id of the decision that it would replace, as typed; empty for none.
        trial: How long it would be tried.
        of: What the yes voices are a share of, as typed; as the pod has set, or stricter.

    Raises:
        UsageError: It cannot be proposed like this.
        Conflict: Too many are open.
    """
    words = check_text(text)
    voices, rule = await _electorate(tx, room, settings)
    line = f"!propose {brief(tidy(words))}"
    typed = read_threshold(threshold, len(voices), f"{line} | threshold=") if threshold else rule.threshold
    if not typed.is_same(rule.threshold):
        raise UsageError(
            "This pod decides by {own}, and one person cannot change that for one proposal. {change} asks for another "
            "rule, which a second member confirms. For example: {example}",
            own=rule.threshold.name,
            change=Code(f"!pod set threshold {threshold.strip()}"),
            example=Code(line),
        )
    rule = replace(rule, against=read_against(of, rule.against, line))
    closes_at = deadline(closes, now, settings.zone, line)
    old = await decisions.to_replace(tx, room, supersedes, words)
    await _open(tx, now, room, settings, sender, words, rule, voices, closes_at, supersedes=old, trial=trial)


async def open_adoption(
    tx: Tx, now: datetime, room: Room, settings: Settings, sender: Person, advice_id: str, *, closes: str
) -> None:
    """Ask a pod whether it makes an advice of its assembly its own.

    Raises:
        NotFound: There is no such advice of this pod's assembly.
        Conflict: The assembly does not advise it, or the pod has adopted it or decides on it already.
        UsageError: The end is unclear.
    """
    advice = await proposals.find(tx, advice_id)
    if advice is None or advice.class_ is not ADVICE or advice.room_id != room.assembly_room_id:
        raise NotFound(
            "{id} is no advice of your assembly. To decide on something of your own: {propose}",
            id=advice_id,
            propose=Code("!propose We buy a tent for the winter."),
        )
    if advice.state is not State.ADOPTED:
        raise Conflict(
            "The assembly does not advise {id}, it is {state}. {show} shows it.",
            id=advice.id,
            state=proposal_texts.state_of(advice),
            show=Code(f"!why {advice.id}"),
        )
    for each in await proposals.adopting(tx, advice.id):
        if each.room_id == room.room_id and each.state in (State.OPEN, State.BLOCKED, State.ADOPTED):
            raise Conflict(
                "Your pod has adopted {advice} in {id}."
                if each.state is State.ADOPTED
                else "Your pod decides on {advice} in {id} already. {show} shows it.",
                advice=advice.id,
                id=each.id,
                show=Code(f"!proposal {each.id}"),
            )
    voices, rule = await _electorate(tx, room, settings)
    closes_at = deadline(closes, now, settings.zone, f"!adopt {advice.id}")
    await _open(tx, now, room, settings, sender, advice.text, rule, voices, closes_at, adopts=advice.id)


async def _electorate(tx: Tx, room: Room, settings: Settings) -> tuple[frozenset[str], Rule]:
    """Return who has a voice in a pod now, and by which rule it decides."""
    voices = frozenset(member.user_id for member in await rooms.voices(tx, room.room_id))
    return voices, Rule(
        read_threshold(settings.threshold, len(voices), "!pod set threshold "),
        POD.rule.quorum,
        Against(settings.of),
    )


async def _open(
    tx: Tx,
    now: datetime,
    room: Room,
    settings: Settings,
    sender: Person,
    words: str,
    rule: Rule,
    voices: frozenset[str],
    closes_at: datetime,
    *,
    adopts: str | None = None,
    supersedes: str | None = None,
    trial: timedelta | None = None,
) -> None:
    check_count(await proposals.open_in(tx, room.room_id), sender.user_id)
    proposal = Proposal(
        await ids.next_id(tx, POLL),
        room.room_id,
        sender.user_id,
        words,
        rule,
        now,
        now,
        closes_at,
        adopts=adopts,
        supersedes=supersedes,
        trial=trial,
    )
    await proposals.add(tx, proposal, voices)
    await steps.record(tx, room.room_id, sender.user_id, now, "proposal.open", id=proposal.id)
    await begin_round(tx, now, proposal)
    opened = proposal_texts.opened(proposal, sender, len(voices), settings.zone, now)
    await say(tx, now, room.room_id, opened, about=proposal.id, aloud=True)
