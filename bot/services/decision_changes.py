"""What becomes of a decision: renewed, opened again, looked at, lapsed.

Rule: what time does to a decision is said before it happens, and never at night.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.decisions import REOPENED_FOR, Status
from bot.domain.errors import Conflict
from bot.domain.values import Code, When
from bot.services import decision_texts
from bot.services.decision_log import set_timers
from bot.services.quiet import until_morning
from bot.services.speech import say
from bot.store import decisions, pods, rooms, timers
from bot.store.database import Tx
from bot.text import Text


async def renew(tx: Tx, now: datetime, decision_id: str) -> Text:
    """Let a trial go on for the same time once more, from its end.

    Raises:
        Conflict: It does not hold any more.
    """
    decision = await decisions.find(tx, decision_id)
    if decision is None or not decision.status.holds or decision.trial is None or decision.ends_at is None:
        raise Conflict("{id} does not hold any more.", id=decision_id)
    longer = replace(decision, ends_at=max(decision.ends_at, now) + decision.trial)
    await decisions.save(tx, longer)
    await set_timers(tx, now, longer)
    zone = (await pods.settings(tx, decision.room_id)).zone
    assert longer.ends_at is not None  # noqa: S101 - set above
    return Text(
        "{id} is renewed: it is a trial until {at}. {show} shows it.",
        id=decision.id,
        at=When(longer.ends_at, zone, now),
        show=Code(f"!decision {decision.id}"),
    )


async def reopen(tx: Tx, now: datetime, decision_id: str, reason: str) -> Text:
    """Open a question again: the decision holds until something else is decided.

    Raises:
        Conflict: It does not hold any more.
    """
    decision = await decisions.find(tx, decision_id)
    if decision is None or not decision.status.holds or decision.status is Status.REOPENED:
        raise Conflict("{id} does not hold any more, or is open again already.", id=decision_id)
    again = replace(decision, status=Status.REOPENED, reason=reason, reopened_at=now)
    await decisions.save(tx, again)
    await timers.put(
        tx, "decision.settle", f"decision.{decision.id}.settle", now + REOPENED_FOR, id=decision.id
    )
    zone = (await pods.settings(tx, decision.room_id)).zone
    return Text.lines(
        [
            Text("{name}", name=decision_texts.name(decision)),
            decision_texts.reopened_line(again, zone, now),
        ]
    )


# -- what time does ----------------------------------------------------------------------------------


async def look(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    """Remind of a trial that ends, or end it; a reminder that is late is not followed by the end on the same day."""
    decision = await decisions.find(tx, payload["id"])
    if decision is None or not decision.status.holds or decision.ends_at is None:
        return
    key = f"decision.{decision.id}.trial"
    if await until_morning(tx, now, decision.room_id, "decision.trial", key, payload):
        return
    zone = (await pods.settings(tx, decision.room_id)).zone
    if now < decision.ends_at:
        await timers.put(tx, "decision.trial", key, decision.ends_at, id=decision.id)
        owner = await rooms.person(tx, decision.room_id, decision.owner)
        text = Text(
            "{owner}, the trial of {name} ends {at}, and then it lapses. To go on trying, two of you: {renew}. To keep it for"
            " good: {propose}",
            owner=owner.mentioned(),
            name=decision_texts.name(decision),
            at=When(decision.ends_at, zone, now),
            renew=Code(f"!decision renew {decision.id}"),
            propose=Code(f"!propose {' '.join(decision.text.split())[:60]} | supersedes={decision.id}"),
        )
        await say(tx, now, decision.room_id, text, about=decision.id, aloud=True)
        return
    await timers.drop(tx, f"decision.{decision.id}.settle")
    await timers.drop(tx, f"decision.{decision.id}.review")
    await decisions.save(tx, replace(decision, status=Status.LAPSED))
    text = Text(
        "The trial of {name} is over, and it has lapsed: nobody renewed it. It may be proposed again: {propose}",
        name=decision_texts.name(decision),
        propose=Code("!propose TEXT"),
    )
    await say(tx, now, decision.room_id, text, about=decision.id, aloud=True)


async def review(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    """Ask who looks after a decision to look at it again, once."""
    decision = await decisions.find(tx, payload["id"])
    if decision is None or not decision.status.holds or decision.review_at is None:
        return
    key = f"decision.{decision.id}.review"
    if await until_morning(tx, now, decision.room_id, "decision.review", key, payload):
        return
    await decisions.save(tx, replace(decision, review_at=None))
    owner = await rooms.person(tx, decision.room_id, decision.owner)
    text = Text(
        "{owner}, please look at {name} again. If it is still right, nothing is to be done. If not: {reopen}",
        owner=owner.mentioned(),
        name=decision_texts.name(decision),
        reopen=Code(f"!reopen {decision.id} WHY"),
    )
    await say(tx, now, decision.room_id, text, about=decision.id)


async def settle(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    """Let a decision stand as before: nothing else was decided while the question was open."""
    decision = await decisions.find(tx, payload["id"])
    if decision is None or decision.status is not Status.REOPENED:
        return
    key = f"decision.{decision.id}.settle"
    if await until_morning(tx, now, decision.room_id, "decision.settle", key, payload):
        return
    await decisions.save(tx, replace(decision, status=decision.rests_on, reason="", reopened_at=None))
    text = Text(
        "{name} stands as before: nothing else was decided in {days} days.",
        name=decision_texts.name(decision),
        days=REOPENED_FOR.days,
    )
    await say(tx, now, decision.room_id, text, about=decision.id)
