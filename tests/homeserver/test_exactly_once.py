"""Whatever happens in whatever order: each message is said once, in order; each command is obeyed once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.ports import Say
from bot.store import outbox
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT

ROOMS = ("willow", "oak")
SEND = "PUT .*/send/"
STEPS = ("PUT .*/send/", "GET .*/sync", "PUT .*/sendToDevice", "POST .*/keys/", "GET .*/messages")
MOMENTS = ("before sync", "after sync", "before outbox", "after outbox", "before parked")


class ExactlyOnce(RuleBasedStateMachine):
    """A bot in two assemblies' rooms, with a network and a power supply that cannot be relied on."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.folder = TemporaryDirectory()
        self.queued: dict[str, list[str]] = {}
        self.commands: dict[str, int] = {}

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Let the loop run until a step is done; between steps everything stands still."""
        self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        self.do(self._begin())

    async def _begin(self) -> None:
        self.server = await self.stack.enter_async_context(Homeserver.running())
        self.ana = Peer(self.server.world, "ana")
        self.bot = Bot(self.server, Path(self.folder.name))
        self.rooms = [self.server.world.create(name, self.ana.user_id, BOT) for name in ROOMS]
        await self.bot.start()
        for room in self.rooms:
            self.ana.say(room, f"!assembly create {room[1:4]}")
            self.queued[room], self.commands[room] = [], 0
        await self.bot.settled()

    # -- what people and the bot's own services do

    @rule(room=st.integers(0, 1), late_key=st.booleans())
    def command(self, room: int, late_key: bool) -> None:
        if late_key:
            self.server.world.late_keys = True
            self.ana.new_room_key(self.rooms[room])
        self.commands[self.rooms[room]] += 1
        self.ana.say(self.rooms[room], "!assembly invite")

    @precondition(lambda self: self.bot.running)
    @rule(room=st.integers(0, 1), number=st.integers(1, 3), fault=st.sampled_from((None, "fail", "lose")))
    def speak(self, room: int, number: int, fault: str | None) -> None:
        if fault is not None:
            self.server.fault(fault, SEND, status=502)
        self.do(self._speak(self.rooms[room], number))

    async def _speak(self, room: str, number: int) -> None:
        said = self.queued[room]
        async with self.bot.database.transaction("test") as tx:
            for _ in range(number):
                said.append(f"message {len(said)}")
                await outbox.queue(
                    tx, self.bot.clock.now(), room, Say(said[-1]), txn_id=f"{room}.{len(said)}"
                )

    @precondition(lambda self: self.bot.running)
    @rule(seconds=st.sampled_from((0, 0, 3, 700)))
    def time_passes(self, seconds: int) -> None:
        self.do(self.bot.wait(seconds=seconds))

    # -- what goes wrong

    @rule(what=st.sampled_from(("lose", "drop", "cut")), step=st.sampled_from(STEPS), times=st.integers(1, 3))
    def answers_are_lost(self, what: str, step: str, times: int) -> None:
        self.server.fault(what, step, times)

    @rule(step=st.sampled_from(STEPS), times=st.integers(1, 3), status=st.sampled_from((429, 502)))
    def requests_are_refused(self, step: str, times: int, status: int) -> None:
        self.server.fail(step, status, "M_LIMIT_EXCEEDED" if status == 429 else "", times)

    @rule(back=st.integers(1, 40))
    def the_server_repeats_itself(self, back: int) -> None:
        self.server.rewind = back

    @precondition(lambda self: self.bot.running)
    @rule()
    def dies(self) -> None:
        self.do(self.bot.crash())

    @precondition(lambda self: self.bot.running)
    @rule(room=st.integers(0, 1), moment=st.sampled_from(MOMENTS))
    def dies_while_it_works(self, room: int, moment: str) -> None:
        self.bot.die_at(moment)
        self.command(room, late_key=False)
        self.do(self._works_or_dies())

    @precondition(lambda self: self.bot.running)
    @rule(room=st.integers(0, 1), acted=st.booleans())
    def dies_while_it_sends(self, room: int, acted: bool) -> None:
        held = self.server.fault("hold" if acted else "wait", SEND)
        self.speak(room, 1, fault=None)
        self.do(self._works_or_dies(held.reached))
        held.release()

    async def _works_or_dies(self, reached: asyncio.Event | None = None) -> None:
        bot = self.bot
        await bot.bell.until(
            lambda: bot.life.ended or (reached is not None and reached.is_set()) or not bot._busy(),
            "the work is done, or the bot is dead",
        )
        if bot.life.ended or (reached is not None and reached.is_set()):
            await bot.crash()
        bot.life.moment = None

    # -- what goes on

    @precondition(lambda self: not self.bot.running)
    @rule(hours=st.sampled_from((0, 1, 30)))
    def starts(self, hours: int) -> None:
        self.do(self._start(hours))

    async def _start(self, hours: int) -> None:
        self.bot.later(hours=hours)
        if hours > 24:
            self.server.world.forget_transactions()
        await self.bot.start()

    @rule()
    def keys_arrive(self) -> None:
        self.server.world.release_keys()

    # -- what must be true

    @invariant()
    def nothing_is_said_twice_or_out_of_order(self) -> None:
        for room, queued in self.queued.items():
            said = [text for text in self.ana.texts(room) if text.startswith("message")]
            assert said == queued[: len(said)]

    def teardown(self) -> None:
        try:
            if hasattr(self, "bot"):
                self.do(self._end())
        finally:
            self.do(self.stack.aclose())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            self.folder.cleanup()

    async def _end(self) -> None:
        """Let everything go well at last, and count."""
        try:
            for fault in self.server.faults:
                fault.release()
            self.server.world.release_keys()
            if not self.bot.running:
                await self.bot.start()
            for _ in range(4):
                await self.bot.wait(hours=1)
            assert self.bot.rows("SELECT count(*) AS n FROM outbox WHERE state != 'sent'") == [{"n": 0}]
            for room in self.rooms:
                texts = self.ana.texts(room)
                codes = self.bot.rows(f"SELECT code FROM codes WHERE assembly_room_id = '{room}'")
                answers = [text for text in texts if text.startswith("Here is a code")]
                assert "(unreadable)" not in texts
                assert [text for text in texts if text.startswith("message")] == self.queued[room]
                assert len(codes) == len(answers) == self.commands[room]
                assert all(any(row["code"] in answer for answer in answers) for row in codes)
        finally:
            if self.bot.running:
                await self.bot.crash()


ExactlyOnce.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),  # to shrink a failure takes minutes; fifteen steps can be read
    database=None,
    suppress_health_check=list(HealthCheck),
)
test_each_message_and_each_command_counts_once = ExactlyOnce.TestCase
