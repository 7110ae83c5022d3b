"""Keys between this program's client and people's strict clients, on a real server."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from nio import MegolmEvent, RoomMessageText

from bot.matrix import session
from bot.matrix.client import BotClient
from bot.matrix.first_login import login_first
from bot.matrix.preparer import prepare
from bot.matrix.requests import V3, call, request
from sandbox.members import Member, Members
from sandbox.synapse import Synapse
from tests.synapse.operator import Knowing, config_for

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

KEY = bytes(32)


@pytest_asyncio.fixture(loop_scope="session")
async def client(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path
) -> AsyncIterator[BotClient]:
    """Return the client of a bot that was set up."""
    account = await synapse.register(fresh_name("bot"))
    config = config_for(synapse, account, tmp_path)
    await login_first(config, KEY, Knowing(account.password))
    taken = await session.restore(config, KEY)
    await call(taken.client.sync(full_state=True))
    yield taken.client
    await taken.client.close()


async def room_with(client: BotClient, member: Member) -> str:
    room = await member.create_room("Willow", [])
    await member.invite(room, client.user_id)
    await call(client.join(room))
    await member.wait_for_membership(room, client.user_id)
    await call(client.sync())
    return room


async def say(client: BotClient, room: str, body: str) -> str:
    await prepare(client, [room])
    content = {"msgtype": "m.text", "body": body}
    return str((await call(client.room_send(room, "m.room.message", content))).event_id)


async def hear(client: BotClient, room: str, body: str) -> Any:
    """Sync until a message is there."""
    for _ in range(20):
        response = await call(client.sync(timeout=10_000))
        await client.upkeep()
        joined = response.rooms.join.get(room)
        for event in joined.timeline.events if joined else []:
            if isinstance(event, MegolmEvent) or getattr(event, "body", None) == body:
                return event
    raise AssertionError(f"{body!r} did not come")


async def test_a_strict_member_and_the_bot_read_each_other_without_a_shield(
    client: BotClient, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana = await members.join_server(synapse, fresh_name("ana"))
    room = await room_with(client, ana)
    await say(client, room, "hello")
    seen = await ana.wait_for(room, "hello")
    assert (seen.encrypted, seen.shield) == (True, "NONE")
    assert [device.signed_by_owner for device in await ana.devices(client.user_id)] == [True]
    await ana.say(room, "good day")
    heard = await hear(client, room, "good day")
    assert isinstance(heard, RoomMessageText)
    assert client.is_bound_to_device(heard)


async def test_a_new_member_is_read_when_all_one_time_keys_are_used_up(
    client: BotClient, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    wanted = {"one_time_keys": {client.user_id: {client.device_id: "signed_curve25519"}}}
    for _ in range(50):
        await request(client, "POST", f"{V3}/keys/claim", wanted)
    before = await fallback_key(client, wanted)
    ana = await members.join_server(synapse, fresh_name("ana"))
    room = await room_with(client, ana)
    await ana.say(room, "is this on?")
    assert isinstance(await hear(client, room, "is this on?"), RoomMessageText)
    # Both kinds are there again.
    await call(client.sync())
    await client.upkeep()
    assert await fallback_key(client, wanted) != before
    for _ in range(49):
        await request(client, "POST", f"{V3}/keys/claim", wanted)
    assert await fallback_key(client, wanted) != before


async def fallback_key(client: BotClient, wanted: dict[str, Any]) -> dict[str, Any]:
    """Claim a key of the bot; the fallback key when no other is left."""
    answer = await request(client, "POST", f"{V3}/keys/claim", wanted)
    key: dict[str, Any] = answer["one_time_keys"][client.user_id][client.device_id]
    return key


async def test_who_joins_is_greeted_at_once_and_can_read_it(
    client: BotClient, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana = await members.join_server(synapse, fresh_name("ana"))
    room = await room_with(client, ana)
    await say(client, room, "hello all")
    ben = await members.join_server(synapse, fresh_name("ben"))
    await ana.invite(room, ben)
    await ana.wait_for_membership(room, ben)
    await call(client.sync())
    await say(client, room, "hello Ben")
    assert (await ben.wait_for(room, "hello Ben")).shield == "NONE"
