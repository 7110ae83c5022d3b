"""Answers verifications that people start, in a room or to the bot's device, with the operator's say.

Rule: one verification per person at a time, ten minutes each, kept in memory alone: a stop ends them, and after a
crash the person's next step is answered with the end, so that they start again. The log says with whom, never which
numbers.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.logs import fault
from bot.matrix.backoff import Pause
from bot.matrix.client import BotClient
from bot.matrix.sas_flow import Flow, Party, Sending, Stage
from bot.matrix.verification_events import Heard
from bot.matrix.verification_steps import EVERY_DEVICE, LASTS, Courier, Talk
from bot.ports import Clock

log = logging.getLogger(__name__)

AHEAD = timedelta(minutes=5)
"""How far in the future a request may say it was sent (specification, `m.key.verification.request`)."""
PEOPLE = 100
"""How many people may begin verifications within `LASTS`."""
A_PERSON = 10
"""How many of them one person may begin; more are not looked at."""
STEPS = 50
"""How many steps of one person may wait for those before them; more are dropped."""
FAREWELL = 3.0
"""How many seconds a stop takes at most to end what is under way."""


@dataclass(frozen=True)
class Waiting:
    """What the operator sees of a verification that waits for their word.

    Args:
        where: The room's id, or `None` if it goes from device to device.
        emoji: Pairs of sign and English name.
    """

    number: int
    user_id: str
    device_id: str
    where: str | None
    numbers: tuple[int, int, int]
    emoji: tuple[tuple[str, str], ...]


class Verifications:
    """All verifications under way.

    Args:
        client: Logged in.
        clock: The source of time.
        master_key: The public master key of our identity, which we vouch for beside the device's.
        auto: Whether to confirm without asking the operator.
        pause: How to wait before another try.
    """

    def __init__(
        self,
        client: BotClient,
        clock: Clock,
        master_key: str,
        *,
        auto: bool = False,
        pause: Pause = asyncio.sleep,
    ) -> None:
        fingerprint = client.olm.account.identity_keys["ed25519"]
        keys = {f"ed25519:{client.device_id}": fingerprint, f"ed25519:{master_key}": master_key}
        self._ours = Party(client.user_id, client.device_id, keys)
        self._client = client
        self._clock = clock
        self._courier = Courier(client, clock, pause)
        self._started_at = clock.now()
        self.auto = auto
        self._talks: dict[str, Talk] = {}  # by user
        self._begun: dict[str, dict[str, datetime]] = {}  # by user: transactions
        self._last: dict[str, asyncio.Task[None]] = {}  # by user; each task waits for the one before
        self._queued: Counter[str] = Counter()  # by user
        self._count = 0
        self._changed = asyncio.Event()

    # -- what comes in

    def hear(self, heard: Heard) -> None:
        """Take one step; answering it begins at once and is waited for by nobody."""
        if self._queued[heard.user_id] < STEPS:
            self._in_turn(heard.user_id, partial(self._take, heard))

    async def expire(self) -> None:
        """End what has taken too long."""
        late = [talk for talk in self._talks.values() if talk.is_late(self._clock.now())]
        if late:
            await asyncio.wait({self._in_turn(talk.user_id, partial(self._time_out, talk)) for talk in late})

    async def run(self) -> None:
        """End what takes too long, until cancelled; then end what is under way."""
        try:
            while True:
                changed = self._changed
                first = min((talk.begun_at for talk in self._talks.values()), default=None)
                wait = None if first is None else max((first + LASTS - self._clock.now()).total_seconds(), 0)
                try:
                    async with asyncio.timeout(wait):
                        await changed.wait()
                except TimeoutError:
                    await self.expire()
        finally:
            for task in self._last.values():
                task.cancel()
            await self._take_leave()

    async def _take_leave(self) -> None:
        """Tell the other sides that it is over, once, so that nobody compares with a bot that is not there."""
        ending = [self._courier.send_once(talk, talk.flow.cancel("m.user")) for talk in self._talks.values()]
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await asyncio.gather(*ending)

    # -- the operator

    def waiting(self) -> list[Waiting]:
        """Return what waits for the operator's word, the oldest first."""
        return [
            Waiting(
                talk.number, talk.user_id, talk.device_id, talk.room_id,
                talk.flow.short.numbers, talk.flow.short.emoji,
            )
            for talk in sorted(self._talks.values(), key=lambda talk: talk.number)
            if talk.flow.is_waiting and talk.flow.short
        ]  # fmt: skip

    async def watch(self) -> AsyncGenerator[list[Waiting], None]:
        """Yield what waits, now and whenever it changes, for ever."""
        before: list[Waiting] | None = None
        while True:
            changed = self._changed
            if (now := self.waiting()) != before:
                yield now
                before = now
            await changed.wait()

    async def decide(self, number: int, *, same: bool) -> bool:
        """Take the operator's word on one; `False` means that it does not wait any more.

        Args:
            number: Which.
            same: Whether both sides show the same.
        """
        talk = next((talk for talk in self._talks.values() if talk.number == number), None)
        if talk is None or not talk.flow.is_waiting:
            return False
        decided: list[bool] = []
        await asyncio.wait({self._in_turn(talk.user_id, partial(self._decide, talk, same, decided))})
        return bool(decided)

    # -- one step

    def _in_turn(self, user_id: str, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Do something for one person after everything before it for them; other people do not wait."""
        before = self._last.get(user_id)

        async def begin() -> None:
            if before is not None:
                await asyncio.wait({before})
            await work()

        def finished(task: asyncio.Task[None]) -> None:
            self._queued[user_id] -= 1
            if self._last.get(user_id) is task:
                del self._last[user_id], self._queued[user_id]
            error = None if task.cancelled() else task.exception()
            if error is not None:
                log.error("verification: %s", fault(error))

        task = asyncio.create_task(begin(), name=f"verification with {user_id}")
        task.add_done_callback(finished)
        self._last[user_id] = task
        self._queued[user_id] += 1
        return task

    async def _decide(self, talk: Talk, same: bool, decided: list[bool]) -> None:
        if talk.flow.is_waiting:
            decided.append(True)
            log.info("the operator says %s", "the same" if same else "not the same", extra=talk.ids)
            await self._answer(talk, talk.flow.confirm() if same else talk.flow.refuse())

    async def _time_out(self, talk: Talk) -> None:
        await self._answer(talk, talk.flow.cancel("m.timeout"))

    def _is_timely(self, heard: Heard) -> bool:
        now = self._clock.now()
        if heard.at is not None and now - LASTS < heard.at < now + AHEAD:
            return True
        log.info("a verification by %s is out of date", heard.user_id)
        return False

    def _may_begin(self, heard: Heard) -> bool:
        """Take note of a transaction; `False` if it is known, a stranger's, or one too many."""
        now = self._clock.now()
        self._begun = {
            user: recent
            for user, times in self._begun.items()
            if (recent := {known: at for known, at in times.items() if now - at < LASTS})
        }
        begun = self._begun.get(heard.user_id, {})
        if heard.transaction in begun or len(begun) > A_PERSON:
            return False
        if not any(heard.user_id in room.users for room in self._client.rooms.values()):
            log.info("a verification by %s, who shares no room with us, is left out", heard.user_id)
            return False
        if not begun and len(self._begun) >= PEOPLE:
            log.warning("too many verifications; one by %s is left out", heard.user_id)
            return False
        self._begun[heard.user_id] = begun | {heard.transaction: now}
        if len(begun) == A_PERSON:
            log.warning("too many verifications by %s; they are left out for a while", heard.user_id)
            return False
        return True

    async def _take(self, heard: Heard) -> None:
        talk = self._talks.get(heard.user_id)
        is_known = talk is not None and (talk.transaction, talk.room_id) == (heard.transaction, heard.room_id)
        if talk is not None and is_known:
            if heard.kind != "request":
                known = await self._courier.keys_of(talk) if heard.kind == "mac" else {}
                await self._answer(talk, talk.flow.receive(heard.kind, heard.content, known))
        elif heard.kind != "request":
            await self._disown(heard)
        elif self._is_timely(heard) and self._may_begin(heard):
            if talk is not None:
                await self._answer(talk, talk.flow.cancel("m.user"))
            await self._begin(heard)

    async def _begin(self, heard: Heard) -> None:
        device_id = heard.content.get("from_device")
        if not isinstance(device_id, str):
            return
        self._count += 1
        talk = self._talks[heard.user_id] = self._talk(heard, device_id, self._count)
        log.info("%s begins a verification", heard.user_id, extra=talk.ids)
        await self._answer(talk, talk.flow.begin(heard.content.get("methods")))

    async def _disown(self, heard: Heard) -> None:
        """End what we know nothing of, as after a crash; without this the other side waits for ten minutes."""
        # in a room what is for us is known to us, unless it began before we started
        is_others = heard.room_id is not None and self._clock.now() - self._started_at >= LASTS
        if heard.kind not in ("start", "key", "mac") or is_others or not self._may_begin(heard):
            return
        if heard.room_id is not None and not await self._courier.was_for_us(heard):
            return
        device_id = heard.content.get("from_device")
        talk = self._talk(heard, device_id if isinstance(device_id, str) else EVERY_DEVICE)
        log.info("%s goes on with a verification that is not known here", heard.user_id, extra=talk.ids)
        await self._courier.send(talk, talk.flow.cancel("m.unknown_transaction"))

    def _talk(self, heard: Heard, device_id: str, number: int = 0) -> Talk:
        flow = Flow(self._ours, heard.user_id, device_id, heard.transaction)
        now = self._clock.now()
        return Talk(number, flow, heard.user_id, device_id, heard.room_id, heard.transaction, now)

    async def _answer(self, talk: Talk, sendings: list[Sending]) -> None:
        """Send what a step led to, and see what it means for the whole."""
        await self._courier.send(talk, sendings)
        if talk.flow.is_waiting and self.auto:
            log.info("confirmed without comparing, as verify.auto says", extra=talk.ids)
            await self._courier.send(talk, talk.flow.confirm())
        if talk.flow.is_over and self._talks.get(talk.user_id) is talk:
            del self._talks[talk.user_id]
            if talk.flow.stage is Stage.VERIFIED:
                log.info("verified with %s", talk.user_id, extra=talk.ids)
            else:
                log.info("the verification with %s ended: %s", talk.user_id, talk.flow.code, extra=talk.ids)
        elif talk.flow.is_waiting and not talk.told:
            talk.told = True
            log.info(
                "a verification with %s waits for you: run `spokesbot verify`", talk.user_id, extra=talk.ids
            )
        self._changed.set()
        self._changed = asyncio.Event()
