"""Ask the server whose devices are whose, and keep what it says.

Rule: nobody is forgotten: whoever was not answered for, or changed while the answer was on its way, is asked for
again; and a server that does not answer is left alone for a while and holds up nobody else.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

from nio import KeysQueryResponse

from bot.domain.errors import Retry
from bot.matrix.requests import V3, objects, request
from bot.matrix.signatures import Owner, read_owners
from bot.ports import IdentitySeen

if TYPE_CHECKING:
    from bot.matrix.client import BotClient

log = logging.getLogger(__name__)

USERS_A_QUERY = 125  # so that who needs a few of them in between waits for some 50 ms
USERS_A_SLICE = 25  # their devices take about 10 ms, then the loop may turn
REST_SECONDS = 0.5
"""After a start, or when a server was away, thousands may be unknown at once. Between the requests for them our server and
we are free for who types something; whoever is needed for that is asked for at once."""
REMOTE_SECONDS = 10  # how long our server may wait for other servers' answers
SILENT_SECONDS = 300  # how long a server, or a user, that was not answered for is left alone


class Queries:
    """Whose devices are asked for, by one client."""

    def __init__(self, client: BotClient) -> None:
        self._client = client
        self._turn = asyncio.Lock()
        self.asked_now: set[str] = set()
        self._waited_for: set[str] = set()
        self._rested_at: float | None = None
        """When the next of many are asked for, in the loop's time; `None` when they are few."""
        self._silent_until: dict[str, float] = {}  # by server name or user id, in the loop's time

    def is_unknown(self, user_id: str) -> bool:
        """Tell whether a user's devices are still to be asked for, or are just being asked for."""
        return user_id in self.asked_now or (
            user_id in self._client.olm.users_for_key_query and self._is_askable(user_id)
        )

    def _is_askable(self, user_id: str) -> bool:
        """Tell whether asking for a user's devices promises an answer."""
        now = asyncio.get_running_loop().time()
        return all(self._silent_until.get(name, 0) <= now for name in (user_id, user_id.partition(":")[2]))

    def hurry(self, users: Iterable[str]) -> None:
        """Have these asked for before everybody else: something waits for them."""
        self._waited_for.update(users)
        self._client.keys_wanted.set()

    async def go_on(self) -> float | None:
        """Ask for whom something waits, and for some of the others if it is time for that.

        Returns:
            The seconds after which there are more to ask for, or `None` if that was everybody.

        Raises:
            Retry: As `ask`.
            GiveUp: As `ask`.
        """
        hurried, self._waited_for = self._waited_for, set()
        try:
            await self.ask(hurried)
        except Retry:
            self._waited_for |= hurried
            raise
        now = asyncio.get_running_loop().time()
        others = filter(self._is_askable, self._client.olm.users_for_key_query)
        some = list(islice(others, USERS_A_QUERY + 1))
        if len(some) <= USERS_A_QUERY:
            self._rested_at = None
            await self.ask(some)
            return None
        if self._rested_at is None:
            self._rested_at = now + REST_SECONDS
        elif self._rested_at <= now:
            await self.ask(some[:USERS_A_QUERY])
            self._rested_at = now + REST_SECONDS
        return self._rested_at - now

    async def ask(self, users: Iterable[str] | None = None) -> None:
        """Ask for the devices of users whose devices are unknown or have changed.

        Users of a server that did not answer stay to be asked for, but not before five minutes have passed.

        Args:
            users: Only these, where they need it; None for everybody.

        Raises:
            Retry: As `requests.request`; whoever was not answered for is asked for again next time.
            GiveUp: The server refused.
        """
        olm = self._client.olm
        # with those who are just being asked for: who needs them waits until that is over
        wanted = olm.users_for_key_query | self.asked_now
        todo = iter(sorted(wanted if users is None else wanted.intersection(users)))
        while part := list(islice(filter(self._is_askable, todo), USERS_A_QUERY)):
            # one at a time, so that no older answer overtakes a newer one; who needs only a few of them comes in between
            async with self._turn:
                if asked := [user for user in part if user in olm.users_for_key_query]:
                    await self._ask(asked)
            await asyncio.sleep(0)

    async def _ask(self, part: list[str]) -> None:
        client, now = self._client, asyncio.get_running_loop().time
        # Out of the set before asking: who comes back into it meanwhile has changed again.
        client.olm.users_for_key_query.difference_update(part)
        self.asked_now.update(part)
        body = {"device_keys": {user: [] for user in part}, "timeout": REMOTE_SECONDS * 1000}
        taken: set[str] = set()
        try:
            answer = await request(client, "POST", f"{V3}/keys/query", body)
            shown = objects(answer.get("device_keys"))
            owners = await read_owners(answer, shown.keys() & set(part), client.store.owners)
            todo = iter([user for user in part if user in shown])
            while some := list(islice(todo, USERS_A_SLICE)):
                self.asked_now.difference_update(some)  # only now, so that nobody is passed over meanwhile
                self._take(
                    {user: shown[user] for user in some},
                    {user: owners[user] for user in some if user in owners},
                )
                taken.update(some)
                await asyncio.sleep(0)
        finally:
            self.asked_now.difference_update(part)
            client.olm.users_for_key_query.update(set(part) - taken)
        self._silent_until = {name: until for name, until in self._silent_until.items() if until > now()}
        for silent in {*objects(answer.get("failures")), *(set(part) - taken)}:
            log.warning("devices of %s are not told", silent)
            self._silent_until[silent] = now() + SILENT_SECONDS

    def _take(self, device_keys: dict[str, Any], owners: dict[str, Owner]) -> None:
        client = self._client
        response = KeysQueryResponse({user: objects(devices) for user, devices in device_keys.items()}, {})
        with client.store.batch():  # devices and who vouches for them reach the disk together
            client.olm.handle_response(response)
            changed = response.changed.keys() | client.store.save_owners(owners)
        self.note_identities(owners)
        if changed:
            for room_id in list(client.olm.outbound_group_sessions):
                room = client.rooms.get(room_id)
                if room is None or not changed.isdisjoint(room.users.keys()):
                    client.invalidate_outbound_session(room_id)

    def note_identities(self, owners: dict[str, Owner]) -> None:
        """Have it passed on what people's identities say."""
        client = self._client
        for user, owner in owners.items():
            devices = [
                (device.id, device.ed25519, device.curve25519)
                for device in client.olm.device_store.active_user_devices(user)
            ]
            signed = len(owner.signed.intersection(devices))
            client.identities[user] = IdentitySeen(user, owner.master, len(devices), signed)
        if owners:
            client.keys_wanted.set()
