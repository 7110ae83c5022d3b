"""The scenarios of `tests.faults` on the in-process homeserver."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.domain.errors import StartError
from tests.faults.scenarios import *  # noqa: F403 - whatever is told there is played here
from tests.faults.scene import ANA, BEN, CHATTER, Scene
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, SIGNED


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let every step meet every fault."""
    if "turn" in metafunc.fixturenames:
        metafunc.parametrize("turn", range(TURNS))  # noqa: F405


class InProcess(Scene):
    """The scene on the in-process homeserver; its clock moves when everything else has come to rest."""

    server: Homeserver

    def __init__(self, server: Homeserver, bot: Bot) -> None:
        super().__init__()
        self.server, self.world, self.bot = server, server.world, bot
        self.people = {name: Peer(server.world, name) for name in (ANA, BEN)}

    async def set_up(self) -> None:
        users = [person.user_id for person in self.people.values()]
        self.room = self.world.create("willow", *users, BOT)
        self.other = self.world.create("river", *users, BOT)
        await self.bot.start()
        await self.say("!pod create Willow")
        await self.bot.settled()

    async def say(self, text: str, who: str = ANA, room: str = "") -> str:
        return self.people[who].say(room or self.room, text)

    async def newcomer(self) -> str:
        name = f"cy{len(self.people)}"
        self.people[name] = Peer(self.world, name)
        self.world.member(self.room, self.people[name].user_id, "join")
        return name

    async def chatter(self) -> None:
        for number in range(CHATTER):
            talk = {"msgtype": "m.text", "body": f"talk {number}"}
            self.world.put(self.room, self.user_id(BEN), "m.room.message", talk)

    def user_id(self, who: str) -> str:
        return self.people[who].user_id

    def _answers(self, room: str, reader: str) -> list[tuple[str, str]]:
        found = []
        for heard in self.people[reader].heard(room):
            relation = (heard.content or {}).get("m.relates_to", {})
            found.append((relation.get("m.in_reply_to", {}).get("event_id", ""), heard.text))
        return found

    async def answers(self, event_id: str, reader: str, room: str) -> list[str]:
        return [text for answered, text in self._answers(room, reader) if answered == event_id]

    async def order(self, room: str) -> list[str]:
        return [answered for answered, text in self._answers(room, ANA) if answered and "end" not in text]

    async def until_answered(self, event_id: str, reader: str, room: str) -> None:
        def is_answered() -> bool:
            return any(answered == event_id for answered, _ in self._answers(room, reader))

        for _ in range(30):
            await self.bot.until(lambda: is_answered() or not self.bot._busy(), "an answer, or rest")
            if is_answered():
                return
            self.bot.later(minutes=1)
        raise AssertionError(f"{reader} reads no answer to {event_id}")

    async def kill(self) -> None:
        await self.bot.crash()

    async def start(self) -> None:
        await self.bot.start(settle=False)

    async def ended(self) -> None:
        error = await self.bot.ended()
        assert isinstance(error, StartError)
        assert "spokesbot init" in str(error)
        await self.bot.crash()

    async def complained(self) -> None:
        known = len(self.bot.pauses)
        await self.bot.until(lambda: len(self.bot.pauses) > known, "it waits for the server")

    async def refuse_connections(self) -> None:
        await self.server.refuse_connections()

    async def accept_connections(self) -> None:
        await self.server.accept_connections()

    async def claim_keys(self, number: int) -> None:
        device = self.bot.device
        for _ in range(min(number, len(device.one_time))):
            self.world.claim({BOT: {device.device_id: SIGNED}})

    async def rooms(self, number: int) -> list[str]:
        ana = self.people[ANA].user_id
        made = [self.world.create(f"room{index}", ana, BOT) for index in range(number)]
        await self.bot.settled()
        return made

    async def limit(self, per_second: int, burst: int) -> None:
        self.server.limit(per_second, burst)

    async def ban(self) -> None:
        self.world.member(self.room, BOT, "ban", by=self.people[ANA].user_id)

    async def forgive(self) -> None:
        for membership in ("leave", "invite"):
            self.world.member(self.room, BOT, membership, by=self.people[ANA].user_id)
        await self.bot.settled()

    async def power(self, bot: int, to_speak: int) -> None:
        users = {self.user_id(ANA): 100, self.user_id(BEN): 50, BOT: bot}
        levels = {"users": users, "events_default": to_speak, "kick": 50, "invite": 0}
        self.world.put(self.room, self.user_id(ANA), "m.room.power_levels", levels, "")


@pytest.fixture
async def scene(server: Homeserver, bot: Bot) -> AsyncIterator[Scene]:
    """The pod Willow on the in-process homeserver."""
    scene = InProcess(server, bot)
    await scene.set_up()
    yield scene
    await scene.check()
