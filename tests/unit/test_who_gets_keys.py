"""Who gets the keys of a room, against a key server in memory that shows people's identities."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.config import Trust
from bot.domain.errors import Retry
from bot.matrix.client import BotClient
from bot.matrix.identity import MASTER, SELF_SIGNING, Identity
from bot.ports import IdentitySeen
from tests.unit.test_client import BAD_GATEWAY, ME, SERVER, KeyServer, room, sync

ANA, OTTO = "@ana:willow.test", "@otto:willow.test"
PHONE, LAPTOP, OLD = (ANA, "PHONE"), (ANA, "LAPTOP"), (OTTO, "OLD")


class IdentityServer(KeyServer):
    """Shows identities too, and the signatures of the devices that were signed."""

    def __init__(self) -> None:
        super().__init__()
        self.identities: dict[str, Identity] = {}
        self.signed: set[tuple[str, str]] = set()

    def _query(self, body: Any) -> Any:
        answer = super()._query(body)
        for user, own in self.identities.items():
            answer.setdefault("master_keys", {})[user] = own.key_object(MASTER)
            answer.setdefault("self_signing_keys", {})[user] = own.key_object(SELF_SIGNING)
            devices = answer["device_keys"].get(user, {})
            answer["device_keys"][user] = {
                name: own.sign(SELF_SIGNING, device) if (user, name) in self.signed else device
                for name, device in devices.items()
            }
        return answer

    def handed_out(self) -> dict[tuple[str, str], int]:
        """Return how many keys each device was given, and begin to count anew."""
        found, self.delivered = self.delivered, {}
        return found


@pytest.fixture
def server() -> IdentityServer:
    made = IdentityServer()
    for user, name in (PHONE, LAPTOP, OLD):
        made.add(user, name)
    made.identities[ANA] = Identity.create(ANA)
    made.signed = {PHONE}
    return made


class Desk:
    """Opens clients on one folder, as starts of the bot do."""

    def __init__(self, folder: Path, server: IdentityServer, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.server, self.patch = folder, server, patch
        self.opened: list[BotClient] = []

    def open(self, trust: Trust = "signed") -> BotClient:
        made = BotClient(SERVER, ME, store_path=str(self.folder), pickle_key="key", trust=trust)
        made.restore_login(ME, "BOT", "token")
        self.patch.setattr(made, "send", self.server.send)
        self.opened.append(made)
        return made


@pytest_asyncio.fixture
async def desk(
    server: IdentityServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    made = Desk(tmp_path, server, monkeypatch)
    yield made
    for client in made.opened:
        await client.close()


@pytest.mark.parametrize(
    ("trust", "reads"), [("signed", {PHONE, OLD}), ("strict", {PHONE}), ("all", {PHONE, LAPTOP, OLD})]
)
async def test_the_policy_says_which_devices_read(
    desk: Desk, server: IdentityServer, trust: Trust, reads: set[tuple[str, str]]
) -> None:
    client = desk.open(trust)
    await client.preparer.prepare([room(client, "!room", ANA, OTTO)])
    assert server.handed_out().keys() == reads


async def test_a_device_reads_from_when_it_is_signed_until_it_is_not(
    desk: Desk, server: IdentityServer
) -> None:
    client = desk.open()
    room_id = room(client, "!room", ANA, OTTO)
    await client.preparer.prepare([room_id])
    server.handed_out()

    async def changed() -> set[tuple[str, str]]:
        client._handle_olm_events(sync(device_lists={"changed": [ANA], "left": []}))
        await client.query_keys()
        await client.preparer.prepare([room_id])
        return set(server.handed_out())

    assert await changed() == set()  # nothing is different: the key stays
    server.signed.add(LAPTOP)
    assert await changed() == {PHONE, LAPTOP, OLD}
    server.signed.discard(PHONE)
    assert await changed() == {LAPTOP, OLD}
    server.identities[ANA] = Identity.create(ANA)
    server.signed = {PHONE}
    assert await changed() == {PHONE, OLD}
    del server.identities[ANA]
    assert await changed() == {OLD}  # hiding the identity does not let the others in


async def test_no_restart_lets_an_unsigned_device_in(desk: Desk, server: IdentityServer) -> None:
    first = desk.open()
    await first.preparer.prepare([room(first, "!room", ANA, OTTO)])
    server.handed_out()
    second = desk.open()
    server.broken["keys/query"] = [BAD_GATEWAY]
    room_id = room(second, "!room", ANA, OTTO)
    with pytest.raises(Retry):
        await second.preparer.prepare([room_id])
    assert server.handed_out() == {}
    second.olm.users_for_key_query.clear()  # as if the server had never answered: what was known holds
    await second.preparer.prepare([room_id])
    assert server.handed_out().keys() == {PHONE, OLD}


async def test_devices_known_from_before_are_checked_before_they_get_anything(
    desk: Desk, server: IdentityServer
) -> None:
    first = desk.open("all")
    await first.preparer.prepare([room(first, "!room", ANA, OTTO)])
    first.store.database.execute_sql("DELETE FROM owners")  # a store of a version that did not look
    server.handed_out()
    second = desk.open()
    room_id = room(second, "!room", ANA, OTTO)
    second.olm.users_for_key_query.clear()
    await second.preparer.prepare([room_id])
    assert server.handed_out() == {}


async def test_what_is_known_of_identities_is_told_anew_after_each_start(
    desk: Desk, server: IdentityServer
) -> None:
    first = desk.open()
    room(first, "!room", ANA, OTTO)
    assert not first.keys_wanted.is_set()
    await first.query_keys()
    master = server.identities[ANA].public(MASTER)
    expected = {ANA: IdentitySeen(ANA, master, 2, 1), OTTO: IdentitySeen(OTTO, None, 1, 0)}
    assert {user: first.identities[user] for user in expected} == expected
    assert first.keys_wanted.is_set()
    again = desk.open().identities
    assert {user: again[user] for user in expected} == expected
