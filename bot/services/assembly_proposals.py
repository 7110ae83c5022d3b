"""Opening proposals of an assembly: advice, what binds every pod, and pillars.

Rule: the pods have the voices, and each is asked in its own room. A spoke proposes; nobody else speaks for a pod there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.classes import ADVICE, BINDING, PILLAR, ProposalClass
from bot.domain.errors import Conflict, NotAllowed, NotFound, UsageError
from bot.domain.ids import POLL
from bot.domain.modes import Mode, read_mode
from bot.domain.pods import Pod, Room, Settings
from bot.domain.polls import brief, tidy
from bot.domain.proposals import Proposal, check_count, check_text
from bot.domain.thresholds import Against, read_against
from bot.domain.values import Code, Person, When
from bot.services import decisions, mandates, proposal_texts
from bot.services.deadlines import deadline
from bot.services.pairs import is_spoke
from bot.services.proposal_counting import summed
from bot.services.speech import say
from bot.store import ids, pillars, pods, proposals, rooms, steps
from bot.store import mandates as mandate_store
from bot.store.database import Tx
from bot.text import Text


async def open_for_pods(
    tx: Tx,
    now: datetime,
    room: Room,
    settings: Settings,
    sender: Person,
    text: str,
    class_: ProposalClass,
    *,
    closes: str,
    mode: str = "",
    of: str = "",
    pillar: int | None = None,
    supersedes: str = "",
    trial: timedelta | None = None,
) -> None:
    """Open a proposal on which the pods decide, and put it to each.

    Args:
        tx: The open transaction.
        now: The moment.
        room: The assembly.
        settings: Its settings.
        sender: Who proposes: a spoke.
        text: As typed.
        class_: One of those in which pods have the voices.
        closes: The end as typed; empty for the least time of the class.
        mode: What is counted, as typed; empty for what the assembly has set.
        of: What the yes voices are a share of, as typed; empty for what the assembly has set.
        pillar: The number of the pillar whose text it would change; `None` for a new one.
        supersedes: The id of the decision that it would replace, as typed; empty for none.
        trial: How long it would be tried.

    Raises:
        NotAllowed: The sender is no spoke.
        NotFound: There is no such pillar.
        UsageError: It cannot be proposed like this.
        Conflict: There are too few pods, too few who have a voice, or too many open proposals.
    """
    if not await is_spoke(tx, room, sender.user_id):
        raise NotAllowed(
            "In an assembly it is a spoke who proposes. {show} shows who they are.", show=Code("!assembly")
        )
    typing = "!propose"
    if class_ is PILLAR:
        typing = "!pillar propose" if pillar is None else f"!pillar propose {pillar}"
    words = check_text(text, typing, class_.longest)
    example = f"!propose {brief(tidy(words))} | class={class_.name}"
    if pillar is not None:
        example = f"{typing} {brief(tidy(words))}"
        await _check_pillar(tx, room, pillar, words)
    if (supersedes or trial) and class_ is not BINDING:
        raise UsageError(
            "Only what is binding replaces a decision or is on trial. For example: {example}",
            example=Code(f"!propose {brief(tidy(words))} | class={BINDING.name}"),
        )
    found = await pods.pods_of(tx, room.room_id)
    _check_pods(len(found), class_, words)
    old = await decisions.to_replace(tx, room, supersedes, words)
    check_count(await proposals.open_in(tx, room.room_id), sender.user_id)
    closes_at = deadline(closes, now, settings.zone, example, class_.open_at_least, class_.open_for)
    # what an assembly sets makes no pillar easier
    usual = Mode.PODS if class_ is PILLAR else Mode(settings.mode)
    counted = read_mode(mode, usual, example)
    await _check_voices(tx, now, settings, found, class_, counted, words)
    against = max(class_.rule.against, Against(settings.of), key=list(Against).index)
    proposal = Proposal(
        await ids.next_id(tx, POLL),
        room.room_id,
        sender.user_id,
        words,
        replace(class_.rule, against=read_against(of, against, example)),
        now,
        now,
        closes_at,
        class_=class_,
        mode=counted,
        pillar=pillar,
        supersedes=old,
        trial=trial,
    )
    await proposals.add(tx, proposal, ())
    await mandate_store.add(tx, proposal.id, found)
    await steps.record(tx, room.room_id, sender.user_id, now, "proposal.open", id=proposal.id)
    await mandates.begin(tx, now, proposal)
    proposal, _count = await summed(tx, proposal)
    opened = proposal_texts.opened(proposal, sender, len(found), settings.zone, now)
    told = Text.lines([opened, await mandates.sleeping(tx, proposal)])
    await say(tx, now, room.room_id, told, about=proposal.id, aloud=True)


def _check_pods(count: int, class_: ProposalClass, words: str) -> None:
    if count >= class_.fewest:
        return
    what = Text(
        "The class {name} needs at least {fewest} pods, and there is one here.",
        plural="The class {name} needs at least {fewest} pods, and there are {n} here.",
        name=class_.name,
        fewest=class_.fewest,
        n=count,
    )
    if count >= BINDING.fewest:
        example = Code(f"!propose {brief(tidy(words))} | class={BINDING.name}")
        raise Conflict("{what} What binds them is proposed with {example}", what=what, example=example)
    raise Conflict("{what} To let one in: {invite}", what=what, invite=Code("!assembly invite"))


async def _check_voices(
    tx: Tx,
    now: datetime,
    settings: Settings,
    found: Sequence[Pod],
    class_: ProposalClass,
    mode: Mode,
    words: str,
) -> None:
    """Refuse what could not pass, because in too few pods anybody has been there long enough to have a voice."""
    needed = class_.rule.enough(len(found)) if mode is Mode.PODS else 1
    rosters = [await rooms.voices(tx, pod.room_id) for pod in found]
    begin = sorted(min(member.since for member in roster) + class_.member_for for roster in rosters if roster)
    if sum(at <= now for at in begin) >= needed:
        return
    reason = Text(
        "{class_} is decided by those who have been in their pod for {days} days. That is somebody in {able} of {n} pods,"
        " and {needed} would have to say yes.",
        class_=class_.name.capitalize(),
        days=class_.member_for.days,
        able=sum(at <= now for at in begin),
        n=len(found),
        needed=needed,
    )
    example = Code(f"!propose {brief(tidy(words))} | class={ADVICE.name}")
    if len(begin) < needed:
        raise Conflict(
            "{reason} What binds nobody can be proposed now: {example}", reason=reason, example=example
        )
    raise Conflict(
        "{reason} That can be from {at}. What binds nobody can be proposed now: {example}",
        reason=reason,
        at=When(begin[needed - 1], settings.zone, now),
        example=example,
    )


async def _check_pillar(tx: Tx, room: Room, number: int, words: str) -> None:
    known = await pillars.versions(tx, room.room_id, number)
    if not known:
        raise NotFound(
            "There is no pillar {number}. {pillars} lists them; a new one is proposed with {example}",
            number=number,
            pillars=Code("!pillars"),
            example=Code(f"!pillar propose {brief(tidy(words))}"),
        )
    if known[-1].text == words:
        raise UsageError(
            "Pillar {number} says exactly that already. {show} shows it.",
            number=number,
            show=Code(f"!pillar {number}"),
        )
