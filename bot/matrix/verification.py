"""Answers verifications that people start, in a room or to the bot's device, with the operator's say.

Rule: one verification per person at a time, ten minutes each, kept in memory alone: after a crash the person's
app shows a timeout and they start again. The log says with whom, never which numbers.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from bot.domain.errors import GiveUp, Retry
from bot.logs import fault
from bot.matrix.client import BotClient
from bot.matrix.identity import Published
from bot.matrix.requests import V3, request
from bot.matrix.sas_flow import Flow, Party, Sending, Stage
from bot.matrix.sync import Backoff, Pause
from bot.matrix.verification_events import PREFIX, Heard
from bot.ports import Clock

log = logging.getLogger(__name__)

LASTS = timedelta(minutes=10)
"""How long one verification may take (specification: a request older than this is ignored)."""
AHEAD = timedelta(minutes=5)
"""How far in the future a request may say it was sent (specification, `m.key.verification.request`)."""
AT_ONCE = 100
A_PERSON = 10
"""How many verifications one person may start within `LASTS`; more are not looked at."""


@dataclass
class Talk:
    """A verification under way.

    Args:
        number: What the operator calls it.
        room_id: The room, or `None` if it goes from device to device.
        told: Whether the log has said that it waits for the operator.
    """

    number: int
    flow: Flow
    user_id: str
    device_id: str
    room_id: str | None
    transaction: str
    begun_at: datetime
    told: bool = False


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
        self._auto = auto
        self._pause = pause
        self._talks: dict[str, Talk] = {}  # by user
        self._begun: dict[str, list[datetime]] = {}  # by user
        self._last: dict[
            str, asyncio.Task[None]
        ] = {}  # by user; each task begins when the one before is done
        self._count = 0
        self._changed = asyncio.Event()

    # -- what comes in

    def hear(self, heard: Heard) -> None:
        """Take one step; answering it begins at once and is waited for by nobody."""
        self._in_turn(heard.user_id, partial(self._take, heard))

    async def expire(self) -> None:
        """End what has taken too long."""
        now = self._clock.now()
        for talk in [talk for talk in self._talks.values() if now - talk.begun_at >= LASTS]:
            await asyncio.wait({self._in_turn(talk.user_id, partial(self._time_out, talk))})

    async def run(self) -> None:
        """End what takes too long, until cancelled; what is under way then is forgotten."""
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
            if self._last.get(user_id) is task:
                del self._last[user_id]
            error = None if task.cancelled() else task.exception()
            if error is not None:
                log.error("verification: %s", fault(error))

        task = asyncio.create_task(begin(), name=f"verification with {user_id}")
        task.add_done_callback(finished)
        self._last[user_id] = task
        return task

    async def _decide(self, talk: Talk, same: bool, decided: list[bool]) -> None:
        if talk.flow.is_waiting:
            decided.append(True)
            log.info("the operator says %s", "the same" if same else "not the same", extra=_ids(talk))
            await self._answer(talk, talk.flow.confirm() if same else talk.flow.refuse())

    async def _time_out(self, talk: Talk) -> None:
        await self._answer(talk, talk.flow.cancel("m.timeout"))

    def _may_begin(self, heard: Heard) -> bool:
        now = self._clock.now()
        if heard.at is None or not now - LASTS < heard.at < now + AHEAD:
            log.info("a verification by %s is out of date", heard.user_id)
            return False
        self._begun = {
            user: recent
            for user, times in self._begun.items()
            if (recent := [at for at in times if now - at < LASTS])
        }
        begun = self._begun.setdefault(heard.user_id, [])
        if len(begun) >= A_PERSON or len(self._begun) > AT_ONCE:
            log.warning("too many verifications; one by %s is left out", heard.user_id)
            return False
        begun.append(now)
        return True

    async def _take(self, heard: Heard) -> None:
        talk = self._talks.get(heard.user_id)
        is_known = talk is not None and (talk.transaction, talk.room_id) == (heard.transaction, heard.room_id)
        if heard.kind == "request":
            if is_known or not self._may_begin(heard):
                return
            if talk is not None:
                await self._answer(talk, talk.flow.cancel("m.user"))
            await self._begin(heard)
        elif talk is None or not is_known:
            await self._disown(heard)
        else:
            known = await self._keys_of(talk) if heard.kind == "mac" else {}
            await self._answer(talk, talk.flow.receive(heard.kind, heard.content, known))

    async def _begin(self, heard: Heard) -> None:
        device_id = heard.content.get("from_device")
        if not isinstance(device_id, str):
            return
        self._count += 1
        flow = Flow(self._ours, heard.user_id, device_id, heard.transaction)
        talk = Talk(
            self._count, flow, heard.user_id, device_id, heard.room_id, heard.transaction, self._clock.now()
        )
        self._talks[heard.user_id] = talk
        log.info("%s begins a verification", heard.user_id, extra=_ids(talk))
        await self._answer(talk, flow.begin(heard.content.get("methods")))

    async def _disown(self, heard: Heard) -> None:
        """Tell a device that goes on with what we know nothing of; without this it waits ten minutes."""
        device_id = heard.content.get("from_device")
        if heard.kind != "start" or heard.room_id is not None or not isinstance(device_id, str):
            return  # in a room it may be others' verification
        flow = Flow(self._ours, heard.user_id, device_id, heard.transaction)
        talk = Talk(0, flow, heard.user_id, device_id, None, heard.transaction, self._clock.now())
        await self._send_all(talk, flow.cancel("m.unknown_transaction"))

    async def _answer(self, talk: Talk, sendings: list[Sending]) -> None:
        """Send what a step led to, and see what it means for the whole."""
        await self._send_all(talk, sendings)
        if talk.flow.is_waiting and self._auto:
            log.info("confirmed without comparing, as verify.auto says", extra=_ids(talk))
            await self._send_all(talk, talk.flow.confirm())
        if talk.flow.is_over and self._talks.get(talk.user_id) is talk:
            del self._talks[talk.user_id]
            if talk.flow.stage is Stage.VERIFIED:
                log.info("verified with %s", talk.user_id, extra=_ids(talk))
            else:
                log.info("the verification with %s ended: %s", talk.user_id, talk.flow.code, extra=_ids(talk))
        elif talk.flow.is_waiting and not talk.told:
            talk.told = True
            log.info(
                "a verification with %s waits for you: run `spokesbot verify`", talk.user_id, extra=_ids(talk)
            )
        self._changed.set()
        self._changed = asyncio.Event()

    async def _send_all(self, talk: Talk, sendings: list[Sending]) -> None:
        backoff = Backoff(self._pause)
        for sending in sendings:
            txn_id = uuid.uuid4().hex
            while True:
                try:
                    await self._send(talk, sending, txn_id)
                    break
                except Retry as error:
                    if self._clock.now() - talk.begun_at >= LASTS:
                        talk.flow.cancel("m.timeout")
                        return
                    await backoff.wait(error)
                except GiveUp as error:
                    log.warning("a step was refused: %s", error.reason, extra=_ids(talk))
                    talk.flow.cancel("m.user")
                    return

    async def _send(self, talk: Talk, sending: Sending, txn_id: str) -> None:
        kind, content = PREFIX + sending.kind, dict(sending.content)
        if talk.room_id is None:
            content["transaction_id"] = talk.transaction
            body = {"messages": {talk.user_id: {talk.device_id: content}}}
            await request(self._client, "PUT", f"{V3}/sendToDevice/{kind}/{txn_id}", body)
            return
        room = self._client.rooms.get(talk.room_id)
        if room is None:
            raise GiveUp("the room is not there any more")
        content["m.relates_to"] = {"rel_type": "m.reference", "event_id": talk.transaction}
        if room.encrypted:
            await self._client.preparer.prepare([talk.room_id])
            kind, content = self._client.encrypt(talk.room_id, kind, content)
        path = f"{V3}/rooms/{quote(talk.room_id, safe='')}/send/{kind}/{txn_id}"
        await request(self._client, "PUT", path, content)

    async def _keys_of(self, talk: Talk) -> dict[str, str]:
        """Ask for the keys that the other side's codes are compared with; none if the server does not say."""
        try:
            query = {"device_keys": {talk.user_id: [talk.device_id]}}
            answer = await request(self._client, "POST", f"{V3}/keys/query", query)
        except (Retry, GiveUp) as error:
            log.warning("the keys of %s are not told: %s", talk.user_id, error)
            return {}
        published = Published.parse(answer, talk.user_id, talk.device_id)
        key_id = f"ed25519:{talk.device_id}"
        key: Any = (published.device or {}).get("keys", {}).get(key_id)
        known = {key_id: key} if isinstance(key, str) else {}
        return known | ({f"ed25519:{published.master}": published.master} if published.master else {})


def _ids(talk: Talk) -> dict[str, str]:
    return {"room_id": talk.room_id} if talk.room_id else {}
