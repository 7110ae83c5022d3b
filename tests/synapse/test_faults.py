"""The scenarios of `tests.faults` on Synapse: the bot's own process behind a proxy, and people's strict apps."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio

from sandbox.bot import BotProcess
from sandbox.members import Member, Members
from sandbox.proxy import Proxy
from sandbox.seen import Seen
from sandbox.synapse import Account, Synapse
from tests.faults.scenarios import *  # noqa: F403 - whatever is told there is played here
from tests.faults.scene import ANA, BEN, CHATTER, Scene

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

ENDED = 3  # the exit code that says that the operator is needed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let every fault strike, each at another step."""
    if "turn" in metafunc.fixturenames:
        metafunc.parametrize("turn", range(3))


class OnSynapse(Scene):
    """The scene on Synapse. Ana's and Ben's apps see the server itself; only the bot sees it through the proxy."""

    server: Proxy

    def __init__(
        self,
        synapse: Synapse,
        members: Members,
        fresh_name: Callable[[str], str],
        proxy: Proxy,
        bot: BotProcess,
    ) -> None:
        super().__init__()
        self.synapse, self.members, self.fresh_name, self.bot = synapse, members, fresh_name, bot
        self.server = proxy
        self.people: dict[str, Member] = {}
        self._stranger = ""

    async def set_up(self) -> None:
        for name in (ANA, BEN):
            self.people[name] = await self.members.join_server(self.synapse, self.fresh_name(name))
        self.room, self.other = await self._room(ANA, BEN), await self._room(ANA, BEN)
        await self.answered(await self.say("!pod create Willow"))
        account = await self.synapse.register(self.fresh_name("stranger"))
        self._stranger = await self._logged_in(account)
        await self.people[ANA].invite(self.room, account.user_id)
        await self._ask("POST", f"join/{quote(self.room)}", {})

    async def _room(self, first: str, *others: str) -> str:
        host = self.people[first]
        invited = [self.people[name] for name in others]
        power = {"users": {self.bot.user_id: 50}}
        room = await host.create_room("Room", [*invited, self.bot.user_id], power=power)
        for member in invited:
            await host.wait_for_membership(room, member)
        await host.wait_for_membership(room, self.bot.user_id)
        return room

    async def _logged_in(self, account: Account) -> str:
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": account.user_id},
            "password": account.password,
        }
        answer = await self._ask("POST", "login", body)
        return str(answer["access_token"])

    async def _ask(self, method: str, path: str, body: object) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._stranger}"} if self._stranger else {}
        address = f"{self.synapse.url}/_matrix/client/v3/{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, address, json=body, headers=headers) as got,
        ):
            got.raise_for_status()
            found: dict[str, Any] = await got.json()
            return found

    async def say(self, text: str, who: str = ANA, room: str = "") -> str:
        return await self.people[who].say(room or self.room, text)

    async def newcomer(self) -> str:
        member = await self.members.join_server(self.synapse, self.fresh_name("cy"))
        await self.people[ANA].invite(self.room, member)
        await self.people[ANA].wait_for_membership(self.room, member)
        self.people[member.user_id] = member
        return member.user_id

    async def chatter(self) -> None:
        for number in range(CHATTER):
            talk = {"msgtype": "m.text", "body": f"talk {number}"}
            await self._ask("PUT", f"rooms/{quote(self.room)}/send/m.room.message/{uuid.uuid4()}", talk)

    def user_id(self, who: str) -> str:
        return self.people[who].user_id

    def _answers(self, reader: str, room: str) -> list[Seen]:
        timeline = self.people[reader].timeline(room)
        return [seen for seen in timeline if seen.sender == self.bot.user_id and seen.reply_to]

    async def answers(self, event_id: str, reader: str, room: str) -> list[str]:
        return [seen.body or "" for seen in self._answers(reader, room) if seen.reply_to == event_id]

    async def order(self, room: str) -> list[str]:
        return [seen.reply_to or "" for seen in self._answers(ANA, room)]

    async def until_answered(self, event_id: str, reader: str, room: str) -> None:
        seen = await self.people[reader].wait_for(room, lambda seen: seen.reply_to == event_id)
        assert (seen.sender, seen.encrypted, seen.utd) == (self.bot.user_id, True, None)
        assert (await self.people[reader].look(seen)).shield == "NONE"

    async def check(self) -> None:
        await super().check()
        for room in (self.room, self.other):
            unread = [seen for seen in self.people[ANA].timeline(room) if seen.utd]
            assert [seen for seen in unread if seen.sender == self.bot.user_id] == []

    def forget_limits(self) -> None:
        """Count people's commands anew: two of them type those of all scenarios, faster than anybody would."""
        with closing(sqlite3.connect(self.bot.folder / "data" / "spokesbot.db", timeout=30)) as store, store:
            store.execute("DELETE FROM taken")

    async def kill(self) -> None:
        await self.bot.kill()

    async def start(self) -> None:
        await self.bot.start(wait=False)

    async def ended(self) -> None:
        assert await self.bot.ended() == ENDED
        assert "has ended the" in self.bot.log.splitlines()[-1]

    async def complained(self) -> None:
        await self.bot.wait_for_log("next try in", since=len(self.bot.log.splitlines()) - 1)

    async def refuse_connections(self) -> None:
        await self.server.refuse_connections()

    async def accept_connections(self) -> None:
        await self.server.accept_connections()

    async def claim_keys(self, number: int) -> None:
        device = (await self.people[ANA].devices(self.bot.user_id))[0].device_id
        for _ in range(number):
            wanted = {"one_time_keys": {self.bot.user_id: {device: "signed_curve25519"}}}
            answer = await self._ask("POST", "keys/claim", wanted)
            [key] = answer["one_time_keys"][self.bot.user_id][device].values()
            if key.get("fallback"):
                return

    async def rooms(self, number: int) -> list[str]:
        made = await asyncio.gather(*(self._room(ANA) for _ in range(number)))
        for room in made:
            await self.people[ANA].wait_for(room, "Hello, I am Spokesbot", sender=self.bot.user_id)
        return list(made)

    async def limit(self, per_second: int, burst: int) -> None:
        await self.synapse.limit_messages(self.bot.user_id, per_second, burst)

    async def _member(self, membership: str) -> None:
        ana = self.people[ANA]
        await ana.send_state(self.room, "m.room.member", {"membership": membership}, self.bot.user_id)
        await ana.wait_for_membership(self.room, self.bot.user_id, membership)

    async def ban(self) -> None:
        await self._member("ban")

    async def forgive(self) -> None:
        await self._member("leave")
        await self.people[ANA].invite(self.room, self.bot.user_id)
        await self.people[ANA].wait_for(self.room, "I am back in Willow", sender=self.bot.user_id)

    async def power(self, bot: int, to_speak: int) -> None:
        users = {self.user_id(BEN): 50, self.bot.user_id: bot}
        levels = {"users": users, "events_default": to_speak, "kick": 50, "invite": 0}
        await self.people[ANA].send_state(self.room, "m.room.power_levels", levels)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> AsyncIterator[OnSynapse]:
    """One bot behind one proxy, and its rooms, for all scenarios."""
    async with (
        Proxy(synapse.url) as proxy,
        BotProcess(synapse, fresh_name("bot"), through=proxy.url) as bot,
    ):
        stage = OnSynapse(synapse, members, fresh_name, proxy, bot)
        await stage.set_up()
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def scene(stage: OnSynapse) -> AsyncIterator[Scene]:
    """The pod Willow on Synapse."""
    stage.asked.clear()
    stage.forget_limits()
    yield stage
    await stage.check()
