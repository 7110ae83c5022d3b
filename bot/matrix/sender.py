"""The outbox worker: says what is queued, in order per room, in many rooms at once.

Rule: a row leaves the queue only with the server's word for it. Its transaction id never changes, so that a
send whose answer was lost is repeated safely; and nothing anyone said ever goes to a room without encryption.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from bot.domain.errors import DiskError, GiveUp, Retry
from bot.logs import fault
from bot.matrix.agenda import Agenda
from bot.matrix.client import BotClient
from bot.matrix.delivery import EVENTS, OUTSIDE, Delivery
from bot.matrix.pace import SLOW, Pace
from bot.matrix.pictures import AT_ONCE, Draw, draw
from bot.matrix.requests import Refused
from bot.matrix.roomstate import SETTLING
from bot.ports import UNENCRYPTED_ALLOWED, Clock, JoinRoom, LeaveRoom, SendChart
from bot.store import outbox, rooms
from bot.store.database import Database, Tx
from bot.store.outbox import Failed, Head, Outcome, PutOff, Queued, Sent

log = logging.getLogger(__name__)

LOOK_AGAIN = 60.0
"""Seconds."""
TOGETHER = 8
"""One out of so many slots: when that many are free, what was sent is noted and they are filled, in one transaction."""
SOON = 0.05
"""Seconds after which what was sent is noted at the latest."""
PREPARED_AT_ONCE = 100
LONGEST_PAUSE = timedelta(minutes=10)
_UNENCRYPTED = frozenset(kind.__name__ for kind in UNENCRYPTED_ALLOWED)


class Sender:
    """Empties the outbox.

    Args:
        client: The logged-in client, synced.
        database: Where the outbox is.
        clock: The source of time.
        joins: When somebody last joined a room or was invited; it is left alone for a while after that.
        settling: For how long.
        draw: Draws pictures.
    """

    def __init__(
        self,
        client: BotClient,
        database: Database,
        clock: Clock,
        joins: dict[str, datetime] | None = None,
        settling: timedelta = SETTLING,
        draw: Draw = draw,
    ) -> None:
        self._client = client
        self._database = database
        self._clock = clock
        self._joins = {} if joins is None else joins
        self._settling = settling
        self._delivery = Delivery(client, database, clock, self._joins, draw)
        self._agenda = Agenda(self._due)
        self._busy: dict[str, tuple[asyncio.Task[Outcome], datetime]] = {}
        """Rooms in which something is being sent, or was and is not noted yet, and since when."""
        self._drawing: set[str] = set()
        self._landed: list[tuple[str, Outcome]] = []
        self._passed: set[str] = set()
        """Rooms that had their turn, and whose next row was not looked at yet."""
        self._seen: int | None = None
        """How often the outbox had changed when all of it was looked at."""
        self._looked_at = clock.now()
        self._pace = Pace()
        self._stopping = False

    async def run(self) -> None:
        """Send until `stop` was called and the sends under way are finished."""
        wake = self._database.outbox_filled
        while not self._stopping or self._busy:
            wake.clear()
            wait = await self._turn()
            if self._stopping and not self._busy:
                break
            try:
                # looked at now and then, because the system's clock may jump
                async with asyncio.timeout(wait if wait is None else min(wait, LOOK_AGAIN)):
                    await wake.wait()
            except TimeoutError:
                self._seen = None

    def stop(self) -> None:
        """Let the sends under way finish and begin no other."""
        self._stopping = True
        self._database.outbox_filled.set()

    # -- one turn --------------------------------------------------------------------------------

    async def _turn(self) -> float | None:
        """Note what was sent and start what is due, in one transaction.

        Returns:
            The seconds until something may be due, or `None` for nothing in sight.
        """
        now = self._clock.now()
        silence = self._pace.silence(now)
        landed, self._landed = self._landed, []
        rows: list[Queued] = []
        wait = silence.total_seconds() if silence else None
        if landed or not (silence or self._stopping):
            async with self._database.transaction("outbox") as tx:
                await outbox.settle(tx, [outcome for _, outcome in landed])
                # only now: until its row is noted as sent, the first that waits in a room is that row
                for room_id, _ in landed:
                    del self._busy[room_id]
                    self._passed.add(room_id)
                if not (silence or self._stopping):
                    rows, wait = await self._choose(tx, now)
        for row in rows:
            task = asyncio.create_task(self._send_row(row), name=f"send {row.txn_id}")
            self._busy[row.room_id] = task, now
            if isinstance(row.message, SendChart):
                self._drawing.add(row.room_id)
            task.add_done_callback(partial(self._finished, row))
        return wait

    async def _choose(self, tx: Tx, now: datetime) -> tuple[list[Queued], float | None]:
        """Choose what is sent now, and note that it may have been sent from now on."""
        agenda = self._agenda
        await self._look(tx, now)
        since = [begun for _, begun in self._busy.values()]
        slots = self._pace.slots(now, since, gentle=agenda.is_talked_to(now))
        chosen = agenda.pick(now, *slots, self._drawable())
        # begun, not waited for: a room whose members' devices are slow to be known must not hold up the others;
        # and a server that asked us to slow down is not asked to carry the keys of rooms whose turn has not come
        soon = [*chosen, *islice(agenda.coming(), PREPARED_AT_ONCE if self._pace.is_full else 0)]
        self._client.preparer.begin_known(head.room_id for head in soon if head.kind not in _UNENCRYPTED)
        loaded = {row.id: row for row in await outbox.load(tx, [head.id for head in chosen])}
        rows = await self._admit(tx, now, [loaded[head.id] for head in chosen if head.id in loaded])
        if len(rows) < len(chosen):  # their slots are free for others
            self._passed |= {head.room_id for head in chosen} - {row.room_id for row in rows}
            self._database.outbox_filled.set()
        return rows, self._wait(now)

    def _drawable(self) -> Callable[[Head], bool]:
        """Return what leaves out pictures beyond those drawn at once: the others' words need not wait for them."""
        left = AT_ONCE - len(self._drawing)

        def affords(head: Head) -> bool:
            nonlocal left
            left -= head.kind == SendChart.__name__
            return left >= 0 or head.kind != SendChart.__name__

        return affords

    def _wait(self, now: datetime) -> float | None:
        """Return the seconds until something may be due, or `None` for nothing in sight."""
        waits = [self._agenda.next_at - now] if self._agenda.next_at is not None else []
        if self._agenda.is_talked_to(now) and any(self._agenda.coming()):
            waits.append(SLOW)
        return max(min(waits).total_seconds(), 0.05) if waits else None

    async def _look(self, tx: Tx, now: datetime) -> None:
        """Look at what waits: at all of it where something was queued or has come due, else at what was passed on."""
        agenda, changes = self._agenda, self._database.outbox_changes
        passed, self._passed = list(self._passed), set()
        is_due = agenda.next_at is not None and agenda.next_at <= now
        if self._seen != changes or is_due or now < self._looked_at:
            self._seen = changes
            agenda.hear(await outbox.answering(tx, agenda.answered_to), now)
            heads = await outbox.heads(tx, now)
            agenda.begin((head for head in heads if head.room_id not in self._busy), now)
        elif passed:
            agenda.go_on(await outbox.heads(tx, now, passed), now)
        self._looked_at = now

    async def _admit(self, tx: Tx, now: datetime, rows: list[Queued]) -> list[Queued]:
        """Put off what may not be said where it is to be said, and note that the rest is being tried."""
        bound = [row for row in rows if not isinstance(row.message, JoinRoom | LeaveRoom)]
        known = await rooms.encrypted(tx, [row.room_id for row in bound])
        amiss = [(row, self._objection(row, known.get(row.room_id))) for row in bound]
        refused = {row.id: self._put_off(row, problem) for row, problem in amiss if problem is not None}
        await outbox.settle(tx, list(refused.values()))
        tried = [row.id for row in bound if row.id not in refused]
        await outbox.mark_tried(tx, tried, now, self._client.device_id)
        return [row for row in rows if row.id not in refused]

    def _objection(self, row: Queued, encrypted: bool | None) -> Retry | None:
        """Say why a row may not be sent now; `encrypted` is `None` for a room that we are not in."""
        if encrypted is None:
            return Retry("I am not in the room", OUTSIDE)
        room = self._client.rooms.get(row.room_id)
        if room is None:
            return Retry("the room has not been synced yet")
        if not (encrypted and room.encrypted) and not isinstance(row.message, UNENCRYPTED_ALLOWED):
            return Retry("the room is not encrypted", OUTSIDE)
        return None

    def _due(self, head: Head, now: datetime) -> datetime:
        """Return when a row may be sent: not before it is to be tried, and not just after somebody has joined."""
        joined_at = self._joins.get(head.room_id)
        if joined_at is None or head.kind in _UNENCRYPTED:
            return head.due_at
        if joined_at > now:  # the system's clock has gone back
            joined_at = self._joins[head.room_id] = now
        return max(head.due_at, joined_at + self._settling)

    def _finished(self, row: Queued, task: asyncio.Task[Outcome]) -> None:
        self._drawing.discard(row.room_id)
        # of a disk that failed `run` hears too; here it is only taken note of
        if task.cancelled() or task.exception():
            del self._busy[row.room_id]
            self._seen = None
            self._database.outbox_filled.set()
            return
        self._landed.append((row.room_id, task.result()))
        if self._is_worth_a_turn(row, task.result()):
            self._database.outbox_filled.set()
        elif len(self._landed) == 1:
            asyncio.get_running_loop().call_later(SOON, self._database.outbox_filled.set)

    def _is_worth_a_turn(self, row: Queued, outcome: Outcome) -> bool:
        """Tell whether something landed that is noted at once, or enough has."""
        return (
            not isinstance(outcome, Sent)
            or self._agenda.is_answer(row.room_id, row.id)
            or len(self._landed) * TOGETHER >= len(self._busy)
        )

    # -- one row ---------------------------------------------------------------------------------

    async def _send_row(self, row: Queued) -> Outcome:
        ids = {"room_id": row.room_id, "txn_id": row.txn_id}
        try:
            event_id = await self._delivery.deliver(row)
        except Retry as error:
            return self._put_off(row, error)
        except GiveUp as error:
            if isinstance(error, Refused) and error.is_passing:
                # it is not the message that was refused
                return self._put_off(row, _in_doubt(error.reason))
            log.warning("given up: %s", error.reason, extra=ids)
            return Failed(row.id, error.reason)
        except DiskError:
            raise
        except Exception as error:  # noqa: BLE001 - one row's fault must not stop the others
            log.error("send failed: %s", fault(error), extra=ids)
            return self._put_off(row, _in_doubt("a fault in the program; see its log"))
        self._pace.speed_up()
        return Sent(row.id, self._clock.now(), event_id)

    def _put_off(self, row: Queued, error: Retry) -> PutOff:
        now = self._clock.now()
        pause = error.after or min(timedelta(seconds=2 ** min(row.attempts, 10)), LONGEST_PAUSE)
        pause = min(pause, outbox.LONGEST_WAIT)
        if error.everywhere:
            self._pace.slow_down(now, pause)
        log.info("put off: %s", error.reason, extra={"room_id": row.room_id, "txn_id": row.txn_id})
        # nothing of it has left, so it can still be taken back
        untried = row.tried_at is None and isinstance(row.message, EVENTS) and not error.is_doubtful
        return PutOff(row.id, now + pause, error.reason, untried=untried)


def _in_doubt(reason: str) -> Retry:
    error = Retry(reason)
    error.is_doubtful = True
    return error
