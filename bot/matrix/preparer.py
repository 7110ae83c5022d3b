"""Give the devices in many rooms the key of the next messages there, in few requests.

Rule: a room counts as prepared only when every device that can be reached has its key; what was encrypted is
saved before it is sent, and no two preparations of one room run at once.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from bot.domain.errors import GiveUp, Retry, TransportError
from bot.matrix.requests import V3, request
from bot.matrix.withheld import notice

if TYPE_CHECKING:
    from nio.crypto.device import OlmDevice
    from nio.crypto.sessions import OutboundGroupSession

    from bot.matrix.client import BotClient

log = logging.getLogger(__name__)

FIRST, FEWEST, MOST = 3, 12, 20
"""Rooms of a part: of the first, then twice as many each time up to a tenth of all, between the other two.

The server and we are at work at the same time, it on the next part: a small first one has us begin soon. The encryption of
a large one takes about 30 ms, then the loop may turn.
"""
PARTS_AT_ONCE = 6
CLAIMS_AT_ONCE = 2
"""One that the server works on, and one that waits: it looks for one key after the other, whoever asks."""
DEVICES_A_CLAIM = 200
DEVICES_A_REQUEST = 300
REQUESTS_AT_ONCE = 4
REQUESTS_OPEN = 8
ROUNDS = 3  # members may come while keys are on their way; then once more, but not for ever
KEYLESS_SECONDS = 600  # a device without a one-time key is not asked again before

Device = tuple[str, str]


@dataclass
class _Request:
    """One sendToDevice request: what goes where, and which rooms' keys it carries to whom."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    carries: list[tuple[OutboundGroupSession, set[Device]]] = field(default_factory=list)
    size: int = 0

    def fits(self, messages: dict[str, dict[str, Any]]) -> bool:
        """Tell whether there is room; a device takes only one message of a request."""
        size = sum(map(len, messages.values()))
        return (self.size == 0 or self.size + size <= DEVICES_A_REQUEST) and not any(
            self.messages.get(user, {}).keys() & devices.keys() for user, devices in messages.items()
        )

    def add(
        self, messages: dict[str, dict[str, Any]], session: OutboundGroupSession, who: set[Device]
    ) -> None:
        """Take one room's messages in."""
        for user, devices in messages.items():
            self.messages.setdefault(user, {}).update(devices)
            self.size += len(devices)
        self.carries.append((session, who))


def _place(requests: list[_Request], messages: dict[str, dict[str, Any]]) -> _Request:
    """Return a request with room for these messages, one of the last few or a new one.

    People in several rooms need as many requests as rooms; looking at a few keeps those of others together.
    """
    for made in requests[-REQUESTS_OPEN:]:
        if made.fits(messages):
            return made
    requests.append(_Request())
    return requests[-1]


class Preparer:
    """Prepares the rooms of one client."""

    def __init__(self, client: BotClient) -> None:
        self._client = client
        self._running: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(PARTS_AT_ONCE)
        self._claims = asyncio.Semaphore(CLAIMS_AT_ONCE)
        self._keyless: dict[Device, float] = {}
        self._told_no_olm: set[Device] = set()

    async def prepare(self, room_ids: Iterable[str]) -> None:
        """See that an encrypted message can be sent in these rooms at once; costs nothing where it can.

        A cancelled caller does not stop the work: others may wait for it too.

        Raises:
            Retry: Some room is not known yet, or some device did not get its key; the other rooms are done.
            GiveUp: A room is not encrypted, or the server refused.
        """
        wanted = list(dict.fromkeys(room_ids))
        for _ in range(ROUNDS):
            rooms = [room_id for room_id in wanted if self._is_cold(room_id)]
            if not rooms:
                return
            running = {self._running[room_id] for room_id in rooms if room_id in self._running}
            own = self.begin(rooms)
            # unlike awaiting them, this leaves them alone when we are cancelled
            await asyncio.wait(running | own)
            for task in own:
                task.result()
        raise Retry("the rooms' devices kept changing while their keys were shared")

    def begin(self, room_ids: Iterable[str]) -> set[asyncio.Task[None]]:
        """Start preparing rooms that nobody prepares yet, and return the tasks that do it.

        Rooms whose members' devices are all known do not wait for those whose are still asked for.

        Raises:
            Retry: A room is not known yet.
            GiveUp: A room is not encrypted.
        """
        wanted = dict.fromkeys(room_ids)
        cold = [room_id for room_id in wanted if room_id not in self._running and self._is_cold(room_id)]
        asked = dict.fromkeys(room_id for room_id in cold if self._is_asked_for(room_id))
        known = [room_id for room_id in cold if room_id not in asked]
        tasks = set()
        for group in (known, asked):
            todo, largest = iter(group), min(max(len(group) // 10, FEWEST), MOST)
            size = FIRST if group is known else largest
            while part := list(islice(todo, size)):
                size = min(2 * size, largest)
                task = asyncio.create_task(self._run(part), name="prepare rooms")
                # Seen even when the one who asked was cancelled and nobody else looks.
                task.add_done_callback(lambda done: done.cancelled() or done.exception())
                self._running.update(dict.fromkeys(part, task))
                tasks.add(task)
        return tasks

    def begin_known(self, room_ids: Iterable[str]) -> None:
        """Start preparing those of the rooms that can be; whoever sends there sees to the others."""
        known = self._client.rooms
        self.begin(room_id for room_id in room_ids if room_id in known and known[room_id].encrypted)

    async def _run(self, room_ids: list[str]) -> None:
        try:
            users = self._members(room_ids)
            if any(map(self._client.is_unknown, users)):
                await self._client.query_keys(users)
            async with self._slots:  # a few at a time, so that the first can be sent to soon
                await self._share(room_ids)
        finally:
            for room_id in room_ids:
                self._running.pop(room_id, None)

    def _is_cold(self, room_id: str) -> bool:
        room = self._client.rooms.get(room_id)
        if room is None:
            raise Retry(f"{room_id} has not been synced yet")
        if not room.encrypted:
            raise GiveUp(f"{room_id} is not encrypted")
        olm = self._client.olm
        return bool(olm.should_share_group_session(room_id)) or self._is_asked_for(room_id)

    def _is_asked_for(self, room_id: str) -> bool:
        return any(map(self._client.is_unknown, self._client.rooms[room_id].users))

    async def _share(self, room_ids: list[str]) -> None:
        olm = self._client.olm
        cold = [room_id for room_id in room_ids if olm.should_share_group_session(room_id)]
        await self._claim(self._members(cold))
        requests = self._encrypt(cold)
        problem = await self._send(requests)
        missed = [room_id for room_id in cold if not self._settle(room_id)]
        if missed:
            raise problem or Retry(f"{len(missed)} of {len(cold)} rooms have devices without the key")

    def _members(self, room_ids: list[str]) -> set[str]:
        rooms = (self._client.rooms.get(room_id) for room_id in room_ids)
        return {user for room in rooms if room is not None for user in room.users}

    def _devices(self, users: Iterable[str]) -> Iterator[OlmDevice]:
        """Yield the devices that are to read: all of the users' but our own and the blocked ones."""
        olm = self._client.olm
        for user in users:
            for device in olm.device_store.active_user_devices(user):
                # nio compares the device id alone.
                if device.id != olm.device_id and not olm.is_device_blacklisted(device):
                    yield device

    async def _claim(self, users: Iterable[str]) -> None:
        olm, now = self._client.olm, asyncio.get_running_loop().time()
        missing = [
            device
            for device in self._devices(users)
            if not olm.session_store.get(device.curve25519)
            and self._keyless.get((device.user_id, device.id), 0) <= now
        ]
        todo = iter(missing)
        while part := list(islice(todo, DEVICES_A_CLAIM)):
            wanted: dict[str, list[str]] = {}
            for device in part:
                wanted.setdefault(device.user_id, []).append(device.id)
            async with self._claims:
                keys = await self._client.claim_keys(wanted)
            await asyncio.sleep(0)  # who waited for this asks now, and is answered while we are at work
            await self._client.start_sessions(keys)
            for device in part:
                if olm.session_store.get(device.curve25519):
                    self._keyless.pop((device.user_id, device.id), None)
                    self._told_no_olm.discard((device.user_id, device.id))
                else:
                    log.warning("%s %s has no one-time key left", device.user_id, device.id)
                    self._keyless[device.user_id, device.id] = now + KEYLESS_SECONDS
            await asyncio.sleep(0)

    def _encrypt(self, room_ids: list[str]) -> list[_Request]:
        olm = self._client.olm
        requests: list[_Request] = []
        with self._client.store.batch():
            for room_id in room_ids:
                room = self._client.rooms.get(room_id)
                if room is None:
                    continue
                session = olm.outbound_group_sessions.get(room_id)
                if session is not None and session.expired:
                    self._client.invalidate_outbound_session(room_id)
                for who, content in olm.share_group_session_parallel(room_id, list(room.users), True):
                    session = olm.outbound_group_sessions[room_id]
                    _place(requests, content["messages"]).add(content["messages"], session, who)
        return requests

    async def _send(self, requests: list[_Request]) -> TransportError | None:
        slots = asyncio.Semaphore(REQUESTS_AT_ONCE)

        async def send(made: _Request) -> None:
            async with slots:
                path = f"{V3}/sendToDevice/m.room.encrypted/{uuid.uuid4()}"
                await request(self._client, "PUT", path, {"messages": made.messages})
            for session, who in made.carries:
                session.users_shared_with.update(who)

        first: TransportError | None = None
        for problem in await asyncio.gather(*(send(made) for made in requests), return_exceptions=True):
            if isinstance(problem, TransportError):
                log.warning("keys could not be sent: %s", problem)
                first = first or problem
            elif problem is not None:
                raise problem
        return first

    def _settle(self, room_id: str) -> bool:
        """Mark a room's key as shared if everybody has it now, else drop it."""
        session = self._client.olm.outbound_group_sessions.get(room_id)
        room = self._client.rooms.get(room_id)
        if session is None or room is None:  # membership changed while the key was on its way
            return True  # not a failure: the next round sees the room cold again
        sessions = self._client.olm.session_store
        for device in self._devices(room.users):
            has_it = (device.user_id, device.id) in session.users_shared_with
            if not has_it and sessions.get(device.curve25519):
                self._client.invalidate_outbound_session(room_id)
                return False
        session.shared = True
        self._tell_withheld(room_id, session)
        return True

    def _tell_withheld(self, room_id: str, session: OutboundGroupSession) -> None:
        """Tell the devices that got no key why; once a key, because a key is shared once."""
        client, olm = self._client, self._client.olm
        own = olm.account.identity_keys["curve25519"]
        for user in client.rooms[room_id].users:
            for device in olm.device_store.active_user_devices(user):
                name = (user, device.id)
                if device.id == olm.device_id or name in session.users_shared_with:
                    continue
                if not olm.is_device_blacklisted(device):
                    if name not in self._told_no_olm:
                        self._told_no_olm.add(name)
                        client.errands.queue(notice(device, "m.no_olm", own))
                elif client.is_identity_known(user):
                    code = "m.unverified" if not client.store.may_receive(device) else "m.blacklisted"
                    client.errands.queue(notice(device, code, own, room_id, session.id))


async def prepare(client: BotClient, room_ids: Iterable[str]) -> None:
    """Prepare rooms of this client for sending; see `Preparer.prepare`."""
    await client.preparer.prepare(room_ids)
