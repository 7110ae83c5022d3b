"""Runs what is due: each timer in a transaction of its own, the oldest first.

Rule: every timer knows what being late means, because the bot may have been down for weeks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from bot.logs import fault
from bot.ports import Clock
from bot.services import (
    answers,
    briefs,
    decision_changes,
    delegation,
    digests,
    foreseen,
    friendly,
    handovers,
    holding,
    identity,
    objections,
    poll_closing,
    proposal_blocks,
    proposal_closing,
    recall,
    reminders,
    requests,
    rooms,
    summaries,
    swaps,
    unreadable,
)
from bot.store import inbox, steps, timers
from bot.store.database import Database, Tx

log = logging.getLogger(__name__)

Use = Callable[[Tx, datetime, datetime, dict[str, Any]], Awaitable[None]]
"""A use case: the transaction, now, when it was due, and what it needs."""


async def _lapse_request(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await requests.lapse(tx, now, payload["id"])


async def _lapse_summary(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await summaries.lapse(tx, now, payload["id"])


async def _send_digest(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await digests.send_due(tx, now, payload["id"])


async def _release_summary(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await objections.release(tx, now, payload["id"])


async def _close_poll(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await poll_closing.close_due(tx, now, payload["id"])


async def _correct_poll(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await poll_closing.correct(tx, now, payload["id"])


async def _erase_answers(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await poll_closing.erase(tx, payload["id"])


async def _close_proposal(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await proposal_closing.close_due(tx, now, payload["id"])


async def _correct_proposal(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await proposal_closing.correct(tx, now, payload["id"])


async def _look_at_block(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await proposal_blocks.look(tx, now, payload["id"], payload["step"])


async def _settle_proposal(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await proposal_closing.settle_due(tx, now, payload["id"])


async def _erase_stances(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await proposal_closing.erase(tx, now, payload["id"])


async def _drop_moving(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await rooms.drop_moving(tx, now, payload["room"])


async def _forget_old(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    await inbox.forget_old(tx, now)
    await steps.forget_questions(tx, now - FORGET_EACH)
    await timers.put(tx, "inbox.forget", "inbox.forget", now + FORGET_EACH)


FORGET_EACH = timedelta(days=1)

USE_CASES: dict[str, Use] = {
    "brief.remind": briefs.remind,
    "decision.review": decision_changes.review,
    "decision.settle": decision_changes.settle,
    "decision.trial": decision_changes.look,
    "digest.send": _send_digest,
    "inbox.forget": _forget_old,
    "poll.close": _close_poll,
    "poll.correct": _correct_poll,
    "poll.erase": _erase_answers,
    "recall.close": recall.close,
    "proposal.block": _look_at_block,
    "proposal.close": _close_proposal,
    "proposal.correct": _correct_proposal,
    "proposal.erase": _erase_stances,
    "proposal.friendly": friendly.take_effect,
    "proposal.settle": _settle_proposal,
    "remind": reminders.remind,
    "request.lapse": _lapse_request,
    "room.moved": _drop_moving,
    "spokes.ask": answers.lapse,
    "spokes.depart": delegation.depart,
    "spokes.fill": handovers.fill_later,
    "spokes.handover": handovers.hand_over,
    "spokes.moved": foreseen.tell_waiting,
    "spokes.swap": swaps.remind,
    "summary.lapse": _lapse_summary,
    "summary.release": _release_summary,
    "trust.held": holding.tell,
    "trust.hint": identity.hint,
    "unread.tell": unreadable.tell,
}

LOOK_AGAIN = 60.0
"""Seconds after which due timers are looked for anew, because the system's clock may jump."""
AFTER_A_FAULT = timedelta(minutes=10)


async def run_due(database: Database, clock: Clock) -> datetime | None:
    """Run every timer that is due and return when the next one will be."""
    while True:
        now = clock.now()
        async with database.transaction("timers") as tx:
            timer = await timers.earliest(tx)
            if timer is None or timer.due > now:
                return timer.due if timer else None
            tx.caused_by(f"timer.{timer.key}.{int(timer.due.timestamp())}")
            await timers.drop(tx, timer.key)
            try:
                async with tx.savepoint():
                    await USE_CASES[timer.kind](tx, now, timer.due, timer.payload)
            except Exception as error:  # noqa: BLE001 - one faulty timer must not hold up the others
                log.error("timer %s failed: %s", timer.kind, fault(error))
                await timers.put(tx, timer.kind, timer.key, now + AFTER_A_FAULT, **timer.payload)


async def run_forever(database: Database, clock: Clock) -> None:
    """Run timers as they come due; a transaction that sets one wakes this up."""
    while True:
        database.timers_set.clear()
        next_due = await run_due(database, clock)
        wait = min((next_due - clock.now()).total_seconds(), LOOK_AGAIN) if next_due else LOOK_AGAIN
        try:
            async with asyncio.timeout(max(wait, 0.01)):
                await database.timers_set.wait()
        except TimeoutError:
            continue
