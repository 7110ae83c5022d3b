"""The nio client this program uses: nio's own, with its lossy places mended.

Rule: nothing here waits for ever, retries unseen or forgets whose devices are still unknown; a caller sees
`Retry` or `GiveUp` and decides.
"""

# mypy: allow-untyped-calls

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

from aiohttp import ClientResponse
from jsonschema import SchemaError, ValidationError  # type: ignore[import-untyped]
from nio import (
    KeysClaimResponse,
    KeysQueryResponse,
    KeysUploadResponse,
    Response,
    RoomKeyRequest,
    RoomKeyRequestCancellation,
    ShareGroupSessionResponse,
    SyncResponse,
)
from nio.client.async_client import AsyncClient, AsyncClientConfig
from nio.events import RoomEncryptionEvent
from nio.responses import Rooms
from nio.schemas import Schemas

from bot import json_text
from bot.config import Trust
from bot.domain.errors import Retry
from bot.matrix import keystore, schemas, wire
from bot.matrix.errands import Errands
from bot.matrix.first_sync import FirstSync
from bot.matrix.keystore import KeyStore
from bot.matrix.machine import MALFORMED, SIGNED, Machine
from bot.matrix.malformed import without_unreadable
from bot.matrix.preparer import Preparer
from bot.matrix.queries import REMOTE_SECONDS, Queries
from bot.matrix.requests import V3, objects, request
from bot.matrix.rotation import rotation_of
from bot.ports import IdentitySeen

REQUEST_SECONDS = 60
ROOMS_A_SLICE = 25  # of a sync; what is said of them takes about 20 ms
USERS_A_SLICE = 25  # their sessions take about 15 ms, then the loop may turn

schemas.install()


class BotClient(AsyncClient):
    """A client of one account on one device.

    Args:
        homeserver: Its URL, without a slash at the end.
        user_id: The full Matrix id.
        store_path: The folder that holds the key store; an empty string for a client without encryption.
        pickle_key: What the key store is sealed with.
        trust: Which devices get keys and may give commands.
    """

    device_id: str
    olm: Machine
    store: KeyStore

    def __init__(
        self,
        homeserver: str,
        user_id: str,
        *,
        store_path: str = "",
        pickle_key: str = "",
        trust: Trust = "signed",
    ) -> None:
        config = AsyncClientConfig(
            store=KeyStore,
            store_name=keystore.FILE,
            # nio saves its token before a sync is handled, which loses whatever a crash interrupts.
            store_sync_tokens=False,
            encryption_enabled=True,
            pickle_key=pickle_key,
            # nio would sleep and repeat inside a request, unseen; our callers own their retries.
            max_limit_exceeded=0,
            max_timeouts=1,
            request_timeout=REQUEST_SECONDS,
        )
        super().__init__(homeserver.rstrip("/"), user_id, store_path=store_path, config=config)
        self.preparer = Preparer(self)
        self.queries = Queries(self)
        self.errands = Errands(self)
        self.trust = trust
        self.identities: dict[str, IdentitySeen] = {}
        """What was learned of people's identities and not passed on yet; begins with all that is known."""
        self.keys_wanted = asyncio.Event()
        """Set when there is something for `upkeep` to do."""
        self.needs_fallback_key = False
        self.first_sync: FirstSync | None = None
        """A sync that was asked for before this client was made."""
        self.ahead = True
        """Whether something of a sync was taken in here that was not handled yet."""

    def load_store(self) -> None:
        """Open the key store with our own machine; does nothing twice, or for a client without a store."""
        if self.store or not self.store_path:
            return
        self.store = KeyStore(
            self.user_id, self.device_id, self.store_path, self.config.pickle_key, self.config.store_name
        )
        self.store.trust = self.trust
        self.olm = Machine(self.user_id, self.device_id, self.store)
        self.queries.note_identities(self.store.owners)
        self.encrypted_rooms = self.store.load_encrypted_rooms()

    async def close(self) -> None:
        """Close the connections and the key store."""
        await super().close()
        if self.store:
            self.store.close()

    async def send(self, method: str, path: str, *args: Any, **kwargs: Any) -> ClientResponse:
        """Send a request as nio does, unless it was sent ahead."""
        if self.first_sync is not None and self.first_sync.stands_for(method, path):
            return await self.first_sync.take()
        return await super().send(method, path, *args, **kwargs)  # type: ignore[no-any-return]

    def is_bound_to_device(self, event: Any) -> bool:
        """Tell whether a decrypted event really comes from a device of the user it names as its sender.

        The server may show anybody's ciphertext under any name; only the sender's own device list, signed by
        those devices, says whose session it was.

        Args:
            event: One of nio's events, as a sync or `decrypt_event` gave it.
        """
        if not event.decrypted or not event.sender_key or not event.session_id:
            return False
        session = self.olm.inbound_group_store.get(event.room_id, event.sender_key, event.session_id)
        if session is None:
            return False
        own = self.olm.account.identity_keys
        if event.sender == self.user_id and event.sender_key == own["curve25519"]:
            return bool(session.ed25519 == own["ed25519"])
        device = self.olm.device_store.device_from_sender_key(event.sender, event.sender_key)
        return device is not None and device.ed25519 == session.ed25519

    def is_key_trusted(self, user_id: str, sender_key: str | None) -> bool:
        """Tell whether a user's device with this curve25519 key may give commands."""
        device = self.olm.device_store.device_from_sender_key(user_id, sender_key or "")
        return device is not None and self.store.may_receive(device)

    def is_identity_known(self, user_id: str) -> bool:
        """Tell whether the server has said what a user's identity is, or that there is none."""
        return self.trust == "all" or user_id in self.store.owners

    # -- what a sync brings

    async def parse_body(self, transport_response: ClientResponse) -> dict[Any, Any]:
        """Parse an answer, whatever is in it, keep the one field of a sync that nio drops, and add those it wants."""
        try:
            found = json_text.read(await transport_response.read())
        except ValueError:
            found = {}
        parsed: dict[Any, Any] = found if isinstance(found, dict) else {}
        wire.complete(parsed)
        unused = parsed.get("device_unused_fallback_key_types")
        if isinstance(unused, list):
            self.needs_fallback_key = SIGNED not in unused
        return parsed

    async def create_matrix_response(
        self,
        response_class: type,
        transport_response: ClientResponse,
        data: tuple[Any, ...] | None = None,
        save_to: Any = None,
    ) -> Response:
        """Read an answer; where nio stumbles over an event, read it without that event.

        Raises:
            Retry: It is malformed as a whole.
        """
        try:
            if response_class is SyncResponse:
                return await self._read_sync(transport_response)
            return await super().create_matrix_response(response_class, transport_response, data, save_to)
        except MALFORMED:
            try:
                kept = without_unreadable(await self.parse_body(transport_response))
                response: Any = response_class.from_dict(kept, *(data or ()))  # type: ignore[attr-defined]
            except MALFORMED as error:
                raise Retry(f"{response_class.__name__}: the answer is malformed") from error
            response.transport_response = transport_response
            return response  # type: ignore[no-any-return]

    async def _read_sync(self, transport_response: ClientResponse) -> Response:
        """Read an answer to a sync; unlike nio, some rooms at a time, so that the loop may turn."""
        parsed = await self.parse_body(transport_response)
        try:
            schemas.validate(parsed, Schemas.sync)
            todo = iter(parsed["rooms"].pop("join").items())
        except (ValidationError, SchemaError, KeyError, AttributeError):
            todo = iter(())  # an error, or without rooms
        response: Any = SyncResponse.from_dict(parsed)
        while part := dict(islice(todo, ROOMS_A_SLICE)):
            response.rooms.join.update(SyncResponse._get_room_info({"join": part}).join)
            await asyncio.sleep(0)
        response.transport_response = transport_response
        return response  # type: ignore[no-any-return]

    async def _handle_sync(self, response: SyncResponse) -> None:
        self.ahead = True
        # nio skips an answer whose token it has seen, even one asked for again because handling it failed.
        self.next_batch = ""
        await super()._handle_sync(response)
        for room_id in response.rooms.leave:
            self.rooms.pop(room_id, None)
            self.invalidate_outbound_session(room_id)
            if self.olm:
                self.olm.rotations.pop(room_id, None)
        # an invitation is handled from the answer it came in; one that is not accepted must not stay here for ever
        self.invited_rooms.clear()
        if self.store:
            self.store.save_uses()

    async def _handle_to_device(self, response: SyncResponse) -> None:
        events = response.to_device_events
        if self.store:
            with self.store.batch():
                for index, event in enumerate(events):
                    events[index] = self._handle_decrypt_to_device(event) or event
        for event in events:
            if not isinstance(event, RoomKeyRequest | RoomKeyRequestCancellation):
                await self._on_to_device(event)

    async def _handle_joined_rooms(self, response: SyncResponse) -> None:
        todo = iter(list(response.rooms.join.items()))
        while part := dict(islice(todo, ROOMS_A_SLICE)):
            await self._handle_some_rooms(replace(response, rooms=Rooms({}, part, {})))
            await asyncio.sleep(0)

    async def _handle_some_rooms(self, response: SyncResponse) -> None:
        await super()._handle_joined_rooms(response)
        # Our filters never ask for lazily loaded members, so what a sync tells about a room is everybody.
        for room_id, info in response.rooms.join.items():
            self.rooms[room_id].members_synced = True
            for event in [*info.state, *info.timeline.events]:
                if (
                    isinstance(event, RoomEncryptionEvent)
                    and event.source.get("state_key") == ""
                    and self.olm
                ):
                    self.olm.rotate(room_id, rotation_of(event.source["content"]))

    def _handle_olm_events(self, response: SyncResponse) -> None:
        # nio ignores a count of zero, and then never uploads new keys.
        count = response.device_key_count.signed_curve25519
        if count is not None:
            self.olm.uploaded_key_count = count
        # Whoever was never asked for is asked for as a member of a room; whoever left them all is forgotten,
        # because the server tells nothing of their devices from now on.
        left = set(response.device_list.left)
        self.olm.tracked_users -= left
        # Some servers count those who were only invited as gone from us; they get keys, so they are asked for.
        here = {
            user for room in self.rooms.values() if room.encrypted for user in left.intersection(room.users)
        }
        self.olm.users_for_key_query = (self.olm.users_for_key_query - left) | here
        known = self.olm.tracked_users | self.queries.asked_now
        self.olm.add_changed_users(known.intersection(response.device_list.changed))

    def invalidate_outbound_session(self, room_id: str) -> None:
        """Drop a room's key; nio keeps one that is only half shared, with a member who has left since."""
        if self.olm:
            self.olm.outbound_group_sessions.pop(room_id, None)

    # -- keys: the steps between syncs

    async def upkeep(self) -> float | None:
        """Do what keys need between syncs: upload ours, ask for changed devices, mend broken sessions.

        Run it beside the sync loop, not in it: a query may wait ten seconds for another server.

        Returns:
            The seconds after which there is more to do, or `None` for nothing known.

        Raises:
            Retry: A step failed; nothing is forgotten, the next call does it again.
            GiveUp: The server refused a step.
        """
        if self.should_upload_keys:
            await self.upload_keys()
        rest = await self.queries.go_on()
        if self.should_claim_keys:
            wanted = self.get_users_for_key_claiming()
            await self.start_sessions(await self.claim_keys(wanted))
            # A device without a key left would be asked for after every sync; its next message asks again.
            asked = {(user, device) for user, devices in wanted.items() for device in devices}
            for waiting in (self.olm.wedged_devices, self.olm.key_request_devices_no_session):
                waiting[:] = [device for device in waiting if (device.user_id, device.id) not in asked]
        await self.errands.run()
        return rest

    @property
    def should_upload_keys(self) -> bool:
        """Whether the server has too few of our one-time keys, or has used up the fallback key."""
        return bool(self.olm) and (self.needs_fallback_key or self.olm.should_upload_keys)

    async def upload_keys(self) -> None:
        """Upload what is missing of: device keys (first time), one-time keys, a fallback key.

        The account is saved before the request: keys the server hands out whose private half a crash forgot
        would make first messages to us unreadable.

        Raises:
            Retry: As `requests.request`.
            GiveUp: The server refused; most likely it has other keys for this device.
        """
        account = self.olm.account
        first = not account.shared
        content: dict[str, Any] = self.olm.share_keys() if self.olm.should_upload_keys else {}
        if first or self.needs_fallback_key:
            content["fallback_keys"] = self.olm.fallback_keys()
        self.olm.save_account()
        answer = await request(self, "POST", f"{V3}/keys/upload", content)
        left = answer.get("one_time_key_counts", {}).get(SIGNED, 0)
        self.needs_fallback_key = False
        self.olm.handle_response(KeysUploadResponse(0, left))

    async def query_keys(self, users: Iterable[str] | None = None) -> None:
        """Ask for the devices of users whose devices are unknown or have changed; see `Queries.ask`."""
        await self.queries.ask(users)

    def is_unknown(self, user_id: str) -> bool:
        """Tell whether a user's devices are still to be asked for, or are just being asked for."""
        return self.queries.is_unknown(user_id)

    async def claim_keys(self, devices: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Claim a one-time key of each device, by user; returns those that there were.

        Raises:
            Retry: As `requests.request`.
            GiveUp: The server refused.
        """
        wanted = {user: dict.fromkeys(ids, SIGNED) for user, ids in devices.items()}
        body = {"one_time_keys": wanted, "timeout": REMOTE_SECONDS * 1000}
        answer = await request(self, "POST", f"{V3}/keys/claim", body)
        return {user: objects(found) for user, found in objects(answer.get("one_time_keys")).items()}

    async def start_sessions(self, keys: dict[str, dict[str, Any]]) -> None:
        """Start sessions with the devices whose keys were claimed, a few people's at a time."""
        todo = iter(keys.items())
        while part := dict(islice(todo, USERS_A_SLICE)):
            self.olm.handle_response(KeysClaimResponse(part, {}))
            await asyncio.sleep(0)

    # nio's own paths call these by these names.

    async def keys_upload(self) -> KeysUploadResponse:
        """Upload keys under nio's name for it."""
        await self.upload_keys()
        return KeysUploadResponse(0, self.olm.uploaded_key_count or 0)

    async def keys_query(self) -> KeysQueryResponse:
        """Ask for devices under nio's name for it."""
        await self.query_keys()
        return KeysQueryResponse({}, {})

    async def share_group_session(
        self,
        room_id: str,
        ignore_unverified_devices: bool = False,
    ) -> ShareGroupSessionResponse:
        """Share a room's key with all its devices, or raise; nio's marks it shared whoever got it."""
        del ignore_unverified_devices
        await self.preparer.prepare([room_id])
        session = self.olm.outbound_group_sessions.get(room_id)
        if session is None:
            raise Retry(f"the key of {room_id} was withdrawn while it was shared")
        return ShareGroupSessionResponse(room_id, session.users_shared_with)
