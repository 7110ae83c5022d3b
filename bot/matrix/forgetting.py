"""Forget the keys of what has been handled, so that a seized server opens few old conversations.

Rule: the key of a room's messages goes a week after its sender's device has gone on to a newer one, and a month
after it last read anything in any case; never while a message waits that needs it. A room that lets apps keep
a key for longer than a week has it kept that much longer.

Why these: an app changes its key after a week or 100 messages and never goes back. What came late, while we were
away or in a gap, is read before anything is forgotten. What is left is a person's reply that quotes an old message:
it works for one to two weeks back, and after that the bot says that it cannot read it.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from nio.crypto.device import TrustState

from bot.matrix.rotation import AGE, Rotation
from bot.store import inbox

if TYPE_CHECKING:
    from nio.crypto.device import OlmDevice
    from nio.crypto.sessions import InboundGroupSession

    from bot.matrix.client import BotClient
    from bot.matrix.keystore import KeyStore
    from bot.store.database import Database

log = logging.getLogger(__name__)

SUPERSEDED_DAYS = 7
UNUSED_DAYS = 30
GONE_DAYS = 90
"""How long the sessions with a device that is gone are kept, for when its owner comes back."""
A_SLICE = 100  # about 20 ms, then the loop may turn
DAY = timedelta(days=1)
T = TypeVar("T")


async def run_daily(
    client: BotClient,
    database: Database,
    synced: asyncio.Event,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Forget once a day, for the first time when everything that was said while away has been read."""
    await synced.wait()
    while True:
        async with database.transaction("forgetting") as tx:
            waiting = {parked.session_id for parked in await inbox.parked(tx)}
        await forget(client, waiting)
        await pause(DAY.total_seconds())


async def forget(client: BotClient, waiting: Collection[str]) -> int:
    """Forget what is old enough; returns how many keys of rooms went.

    Args:
        client: Whose keys.
        waiting: The sessions that messages wait for.
    """
    olm, store = client.olm, client.store
    old = list(_old_keys(client, waiting))
    for part in _slices(old):
        unused = [
            key for key in part if store.uses.get(key.id) != store.today()
        ]  # still, after the last pause
        for key in unused:
            olm.inbound_group_store.drop(key)
        _drop_room_keys(store, unused)
        await asyncio.sleep(0)
    near = {client.user_id}.union(*(room.users for room in client.rooms.values()))
    gone = list(_gone(client, near))
    for devices in _slices(gone):
        for device in devices:
            olm.device_store.drop(device)
            olm.session_store.drop(device.curve25519)
            if device.user_id not in near:
                olm.tracked_users.discard(device.user_id)  # back again, they are asked for again
        _drop_devices(store, devices)
        await asyncio.sleep(0)
    _drop_other_sessions(store, {session.id for session in olm.session_store})
    _drop_requests(client, waiting)
    if old or gone:
        # what was dropped could still be read in the write-ahead log
        store.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        log.info("forgot %d keys of rooms and %d devices", len(old), len(gone))
    return len(old)


def _old_keys(client: BotClient, waiting: Collection[str]) -> Iterator[InboundGroupSession]:
    store, today = client.store, client.store.today()
    for keys in client.olm.inbound_group_store.by_device():
        newer = False
        for key in reversed(keys):
            unused = today - store.uses.get(key.id, today)
            longer = client.olm.rotations.get(key.room_id, Rotation()).others - AGE
            limit = SUPERSEDED_DAYS if newer else UNUSED_DAYS + max(longer, timedelta(0)).days
            if unused > limit and key.id not in waiting:
                yield key
            # one that was forwarded may have come after the one that took its place
            newer = newer or not key.forwarding_chain


def _gone(client: BotClient, near: Collection[str]) -> Iterator[OlmDevice]:
    """Yield the devices that are deleted, or whose owner shares no room with us, and that nothing is left of."""
    olm, store = client.olm, client.store
    speaking = {key.sender_key for key in olm.inbound_group_store}
    for device in list(olm.device_store):
        if (device.deleted or device.user_id not in near) and device.curve25519 not in speaking:
            session = olm.session_store.get(device.curve25519)
            used = session.use_time.date().toordinal() if session else 0
            # a device that somebody blocked stays blocked
            if store.today() - used > GONE_DAYS and device.trust_state != TrustState.blacklisted:
                yield device


def _drop_room_keys(store: KeyStore, keys: list[InboundGroupSession]) -> None:
    for key in keys:
        store.uses.pop(key.id, None)
    # what hangs on a key goes with it: the chain of a forwarded one
    _delete(store, ("megolminboundsessions", "uses"), "session_id = ?", [(key.id,) for key in keys])


def _drop_devices(store: KeyStore, devices: list[OlmDevice]) -> None:
    ours = "account_id = ? AND user_id = ? AND device_id = ?"
    names = [(store.account_id(), device.user_id, device.id) for device in devices]
    _delete(store, ("olmsessions",), "sender_key = ?", [(device.curve25519,) for device in devices])
    hung = f"device_id = (SELECT id FROM devicekeys WHERE {ours})"  # noqa: S608 - our own names
    _delete(store, ("keys", "devicetruststate"), hung, names)
    _delete(store, ("devicekeys",), ours, names)


def _drop_other_sessions(store: KeyStore, kept: Collection[str]) -> None:
    """Drop the sessions with devices that were too many to be kept in memory."""
    stored = store.database.execute_sql("SELECT session_id FROM olmsessions").fetchall()
    _delete(store, ("olmsessions",), "session_id = ?", [row for row in stored if row[0] not in kept])


def _delete(store: KeyStore, tables: Sequence[str], where: str, rows: Sequence[tuple[object, ...]]) -> None:
    with store.database.atomic():
        for table in tables:
            store.database.connection().executemany(f"DELETE FROM {table} WHERE {where}", rows)  # noqa: S608 - our own names


def _drop_requests(client: BotClient, waiting: Collection[str]) -> None:
    """Forget that we asked for keys that nothing waits for any more."""
    olm = client.olm
    for name, asked in list(olm.outgoing_key_requests.items()):
        if asked.session_id not in waiting:
            client.store.remove_outgoing_key_request(olm.outgoing_key_requests.pop(name))
    if not olm.wedged_devices and not olm.outgoing_to_device_messages:
        olm.key_re_requests_events.clear()  # nobody is left who could be asked


def _slices(things: list[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while part := list(islice(rest, A_SLICE)):
        yield part
