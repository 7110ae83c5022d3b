"""The client's handling of keys, against a key server in memory that loses, delays and garbles answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from nio import MatrixRoom, SyncResponse
from nio.crypto import OlmAccount, OutboundGroupSession
from nio.crypto.key_request import OutgoingKeyRequest
from nio.events import ForwardedRoomKeyEvent, MegolmEvent, OlmEvent

from bot.domain.errors import GiveUp, Retry
from bot.matrix import queries
from bot.matrix.client import BotClient
from bot.matrix.preparer import FEWEST
from bot.matrix.queries import USERS_A_QUERY
from bot.matrix.requests import Refused

ME, SERVER = "@bot:willow.test", "https://willow.test"


class Answer:
    """What aiohttp would give."""

    headers: dict[str, str] = {}  # noqa: RUF012
    content_type = "application/json"
    content_disposition = None

    def __init__(self, status: int, body: object) -> None:
        self.status = status
        self._raw = json.dumps(body).encode() if not isinstance(body, bytes) else body

    async def read(self) -> bytes:
        return self._raw

    async def json(self) -> Any:
        return json.loads(self._raw)


class KeyServer:
    """Devices, one-time keys and to-device messages of everybody."""

    def __init__(self) -> None:
        self.accounts: dict[tuple[str, str], OlmAccount] = {}
        self.asked: list[str] = []
        self.delivered: dict[tuple[str, str], int] = {}
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.told_in: list[str] = []
        self.uploaded: list[dict[str, Any]] = []
        self.broken: dict[str, list[Answer]] = {}
        self.shown: dict[str, Any] = {}
        self.failures: dict[str, Any] = {}
        self.meanwhile: Callable[[str], None] = lambda _: None
        self.reached = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    def add(self, user: str, device: str, one_time_keys: int = 10) -> OlmAccount:
        account = self.accounts[user, device] = OlmAccount()
        account.generate_one_time_keys(one_time_keys)
        keys = account.identity_keys
        content = {
            "user_id": user,
            "device_id": device,
            "algorithms": [],
            "keys": {f"{kind}:{device}": keys[kind] for kind in ("ed25519", "curve25519")},
        }
        self.shown.setdefault(user, {})[device] = self._signed(account, user, device, content)
        return account

    async def send(self, method: str, path: str, data: Any = None, *_: Any, **__: Any) -> Answer:
        kind = "/".join(path.partition("?")[0].split("/")[4:6])
        self.asked.append(kind)
        self.reached.set()
        await self.gate.wait()
        body = json.loads(data) if data else {}
        if self.broken.get(kind):
            return self.broken[kind].pop(0)
        if kind.startswith("sendToDevice/") and not kind.endswith(".encrypted"):
            return self._tell(path, body)
        answer = {
            "keys/query": self._query,
            "keys/claim": self._claim,
            "keys/upload": self._upload,
            "sendToDevice/m.room.encrypted": self._deliver,
        }[kind](body)
        self.meanwhile(kind)
        return Answer(200, answer)

    def _query(self, body: Any) -> Any:
        local = [user for user in body["device_keys"] if user.endswith(":willow.test")]
        known = {user: self.shown.get(user, {}) for user in local}
        return {"device_keys": known, "failures": self.failures}

    def _claim(self, body: Any) -> Any:
        found: dict[str, Any] = {}
        for user, devices in body["one_time_keys"].items():
            for device in devices:
                account = self.accounts[user, device]
                for key_id, key in list(account.one_time_keys["curve25519"].items())[:1]:
                    account.mark_keys_as_published()
                    signed = self._signed(account, user, device, {"key": key})
                    found.setdefault(user, {})[device] = {f"signed_curve25519:{key_id}": signed}
        return {"one_time_keys": found, "failures": {}}

    def _upload(self, body: Any) -> Any:
        self.uploaded.append(body)
        return {"one_time_key_counts": {"signed_curve25519": 50}}

    def _deliver(self, body: Any) -> Any:
        for user, devices in body["messages"].items():
            for device in devices:
                self.delivered[user, device] = self.delivered.get((user, device), 0) + 1
        return {}

    def _tell(self, path: str, body: Any) -> Answer:
        if path not in self.told_in:  # the same request again is delivered once
            self.told_in.append(path)
            for user, devices in body["messages"].items():
                self.told += [(user, device, content) for device, content in devices.items()]
        self.meanwhile("told")
        return Answer(200, {})

    @staticmethod
    def _signed(account: OlmAccount, user: str, device: str, thing: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(thing, separators=(",", ":"), sort_keys=True)
        return {**thing, "signatures": {user: {f"ed25519:{device}": account.sign(text)}}}


@pytest.fixture
def server() -> KeyServer:
    return KeyServer()


@pytest_asyncio.fixture
async def client(
    server: KeyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[BotClient]:
    made = BotClient(SERVER, ME, store_path=str(tmp_path), pickle_key="key")
    made.restore_login(ME, "BOT", "token")
    monkeypatch.setattr(made, "send", server.send)
    yield made
    await made.close()


def room(client: BotClient, room_id: str, *users: str, encrypted: bool = True) -> str:
    made = client.rooms[room_id] = MatrixRoom(room_id, ME, encrypted)
    for user in (ME, *users):
        made.add_member(user, None, None)
    client.olm.update_tracked_users(made)
    return room_id


def sync(**parts: Any) -> SyncResponse:
    response = SyncResponse.from_dict({"next_batch": "token", **parts})
    assert isinstance(response, SyncResponse)
    return response


BAD_GATEWAY = Answer(502, b"<html>")


# -- preparing rooms


async def test_many_rooms_take_few_requests(client: BotClient, server: KeyServer) -> None:
    for number in range(10):
        server.add(f"@u{number}:willow.test", "PHONE")
    rooms = [
        room(client, f"!{number}", f"@u{number}:willow.test", f"@u{(number + 1) % 10}:willow.test")
        for number in range(10)
    ]
    await client.preparer.prepare(rooms)
    assert [server.asked.count(kind) for kind in ("keys/query", "keys/claim")] == [1, 1]
    assert server.asked.count("sendToDevice/m.room.encrypted") <= 4
    assert set(server.delivered.values()) == {2}
    assert not any(client.olm.should_share_group_session(room_id) for room_id in rooms)
    asked = len(server.asked)
    await client.preparer.prepare(rooms)
    await client.errands.run()  # nobody is told that a key was withheld
    assert len(server.asked) == asked


async def test_a_key_that_could_not_be_sent_is_not_counted_as_shared(
    client: BotClient, server: KeyServer
) -> None:
    server.add("@a:willow.test", "PHONE")
    room_id = room(client, "!room", "@a:willow.test")
    server.broken["sendToDevice/m.room.encrypted"] = [BAD_GATEWAY]
    with pytest.raises(Retry):
        await client.preparer.prepare([room_id])
    assert client.olm.should_share_group_session(room_id)
    await client.preparer.prepare([room_id])
    assert server.delivered == {("@a:willow.test", "PHONE"): 1}


async def test_slowing_down_everywhere_reaches_the_caller(client: BotClient, server: KeyServer) -> None:
    server.add("@a:willow.test", "PHONE")
    limit = Answer(429, {"errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": 1500})
    server.broken["sendToDevice/m.room.encrypted"] = [limit]
    with pytest.raises(Retry) as caught:
        await client.preparer.prepare([room(client, "!room", "@a:willow.test")])
    assert caught.value.everywhere
    assert caught.value.after is not None
    assert caught.value.after.total_seconds() == 1.5


async def test_two_callers_share_one_preparation_and_one_may_give_up_waiting(
    client: BotClient, server: KeyServer
) -> None:
    server.add("@a:willow.test", "PHONE")
    room_id = room(client, "!room", "@a:willow.test")
    server.gate.clear()
    impatient = asyncio.create_task(client.preparer.prepare([room_id]))
    patient = asyncio.create_task(client.preparer.prepare([room_id]))
    await server.reached.wait()
    impatient.cancel()
    server.gate.set()
    await patient
    assert impatient.cancelled() or impatient.cancelling()
    assert server.delivered == {("@a:willow.test", "PHONE"): 1}


async def test_who_comes_while_the_key_is_on_its_way_gets_it_too(
    client: BotClient, server: KeyServer
) -> None:
    server.add("@a:willow.test", "PHONE")
    server.add("@late:willow.test", "PHONE")
    room_id = room(client, "!room", "@a:willow.test")

    def arrive(kind: str) -> None:
        if kind.startswith("sendToDevice"):
            server.meanwhile = lambda _: None
            client.rooms[room_id].add_member("@late:willow.test", None, None)
            client.olm.update_tracked_users(client.rooms[room_id])

    server.meanwhile = arrive
    await client.preparer.prepare([room_id])
    assert ("@late:willow.test", "PHONE") in server.delivered


async def test_a_query_on_its_way_is_waited_for(client: BotClient, server: KeyServer) -> None:
    server.add("@a:willow.test", "PHONE")
    room_id = room(client, "!room", "@a:willow.test")
    server.gate.clear()
    upkeep = asyncio.create_task(client.query_keys())
    await server.reached.wait()
    sending = asyncio.create_task(client.preparer.prepare([room_id]))
    await asyncio.sleep(0)
    server.gate.set()
    await asyncio.gather(upkeep, sending)
    assert server.asked.count("keys/query") == 1
    assert server.delivered == {("@a:willow.test", "PHONE"): 1}


async def test_who_leaves_a_half_shared_room_never_reads_on(client: BotClient, server: KeyServer) -> None:
    server.add("@a:willow.test", "PHONE")
    room_id = room(client, "!room", "@a:willow.test")
    client.olm.create_outbound_group_session(room_id)
    known = client.olm.outbound_group_sessions[room_id]
    client.invalidate_outbound_session(room_id)
    await client.preparer.prepare([room_id])
    assert client.olm.outbound_group_sessions[room_id].id != known.id


async def test_a_device_without_keys_does_not_hold_up_the_room(client: BotClient, server: KeyServer) -> None:
    server.add("@a:willow.test", "PHONE")
    server.add("@a:willow.test", "EMPTY", one_time_keys=0)
    await client.preparer.prepare([room(client, "!room", "@a:willow.test")])
    assert server.delivered == {("@a:willow.test", "PHONE"): 1}


async def test_blocked_devices_get_nothing(client: BotClient, server: KeyServer) -> None:
    server.add("@a:willow.test", "PHONE")
    server.add("@a:willow.test", "STOLEN")
    room_id = room(client, "!room", "@a:willow.test")
    await client.query_keys()
    client.blacklist_device(client.device_store["@a:willow.test"]["STOLEN"])
    await client.preparer.prepare([room_id])
    assert server.delivered == {("@a:willow.test", "PHONE"): 1}


async def test_an_unknown_or_plain_room_is_never_prepared(client: BotClient) -> None:
    with pytest.raises(Retry, match="has not been synced"):
        await client.preparer.prepare(["!nowhere"])
    with pytest.raises(GiveUp, match="is not encrypted"):
        await client.preparer.prepare([room(client, "!plain", encrypted=False)])


async def test_one_failing_part_does_not_stop_the_others(client: BotClient, server: KeyServer) -> None:
    for number in range(60):
        server.add(f"@u{number}:willow.test", "PHONE")
    rooms = [room(client, f"!{number}", f"@u{number}:willow.test") for number in range(60)]
    server.broken["keys/claim"] = [BAD_GATEWAY]
    with pytest.raises(Retry):
        await client.preparer.prepare(rooms)
    assert sum(not client.olm.should_share_group_session(room_id) for room_id in rooms) == 60 - FEWEST


# -- whose devices are known


async def test_who_needs_a_few_peoples_devices_does_not_wait_for_those_of_all(
    client: BotClient, server: KeyServer
) -> None:
    users = [f"@u{number:03}:willow.test" for number in range(3 * USERS_A_QUERY)]
    for number, user in enumerate(users):
        server.add(user, "PHONE", one_time_keys=0)
        room(client, f"!{number}", user)
    everybody = asyncio.create_task(client.query_keys())
    await asyncio.sleep(0)
    await client.query_keys({users[-1]})
    assert not client.is_unknown(users[-1])
    assert not everybody.done()
    await everybody
    assert not any(map(client.is_unknown, users))
    assert server.asked.count("keys/query") == 4


async def test_thousands_are_asked_for_unhurriedly_and_at_once_for_whom_something_waits(
    client: BotClient, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [f"@u{number:03}:willow.test" for number in range(2 * USERS_A_QUERY)]
    for number, user in enumerate(users):
        server.add(user, "PHONE", one_time_keys=0)
        room(client, f"!{number}", user)
    assert 0 < (await client.upkeep() or 0) <= queries.REST_SECONDS
    assert server.asked.count("keys/query") == 0
    client.queries.hurry({users[-1]})
    assert await client.upkeep() is not None
    assert not client.is_unknown(users[-1])
    assert server.asked.count("keys/query") == 1
    monkeypatch.setattr(queries, "REST_SECONDS", 0)
    client.queries._rested_at = None
    while await client.upkeep() is not None:
        pass
    assert not any(map(client.is_unknown, users))
    assert server.asked.count("keys/query") == 3


async def test_a_change_during_the_query_is_asked_for_again(client: BotClient, server: KeyServer) -> None:
    server.add("@a:willow.test", "PHONE")
    room(client, "!room", "@a:willow.test")

    def change(_: str) -> None:
        server.meanwhile = lambda _: None
        server.add("@a:willow.test", "NEW")
        client.olm.add_changed_users({"@a:willow.test"})

    server.meanwhile = change
    await client.query_keys()
    assert client.olm.users_for_key_query == {"@a:willow.test"}
    await client.query_keys()
    assert set(client.device_store["@a:willow.test"]) == {"PHONE", "NEW"}


async def test_a_failed_query_forgets_nobody(client: BotClient, server: KeyServer) -> None:
    server.add("@a:willow.test", "PHONE")
    room(client, "!room", "@a:willow.test")
    server.broken["keys/query"] = [BAD_GATEWAY]
    with pytest.raises(Retry):
        await client.query_keys()
    assert "@a:willow.test" in client.olm.users_for_key_query


async def test_a_silent_server_is_left_alone_for_a_while_and_the_rest_is_served(
    client: BotClient, server: KeyServer
) -> None:
    server.add("@a:willow.test", "PHONE")
    server.failures = {"dead.test": {}}
    room_id = room(client, "!room", "@a:willow.test", "@x:dead.test")
    await client.preparer.prepare([room_id])
    assert ("@a:willow.test", "PHONE") in server.delivered
    await client.preparer.prepare([room_id])
    assert server.asked.count("keys/query") == 1
    assert "@x:dead.test" in client.olm.users_for_key_query


async def test_a_malformed_device_costs_only_itself(client: BotClient, server: KeyServer) -> None:
    server.add("@a:willow.test", "PHONE")
    server.shown["@a:willow.test"] |= {"N": None, "L": {"keys": 7}, "S": {"signatures": {}}, "E": {}}
    garbled = server.shown["@a:willow.test"]["PHONE"]
    server.shown["@b:willow.test"] = {"PHONE": {**garbled, "signatures": {"@b:willow.test": {"a": "?"}}}}
    room(client, "!room", "@a:willow.test", "@b:willow.test")
    await client.query_keys()
    assert set(client.device_store["@a:willow.test"]) == {"PHONE"}
    assert client.device_store["@b:willow.test"] == {}


async def test_who_left_every_room_is_forgotten_and_asked_for_on_return(
    client: BotClient, server: KeyServer
) -> None:
    server.add("@a:willow.test", "PHONE")
    room(client, "!room", "@a:willow.test")
    await client.query_keys()
    await client.receive_response(sync(device_lists={"changed": [], "left": ["@a:willow.test"]}))
    assert "@a:willow.test" not in client.olm.tracked_users
    client.olm.update_tracked_users(client.rooms["!room"])
    assert "@a:willow.test" in client.olm.users_for_key_query


# -- our own keys


async def test_no_one_time_keys_left_means_new_ones(client: BotClient, server: KeyServer) -> None:
    await client.upload_keys()
    await client.receive_response(sync(device_one_time_keys_count={"signed_curve25519": 0}))
    assert client.should_upload_keys
    await client.upkeep()
    assert len(server.uploaded[-1]["one_time_keys"]) == 50
    assert not client.should_upload_keys


@pytest.mark.parametrize(
    ("unused", "needed"), [([], True), (["signed_curve25519"], False), (None, False)], ids=str
)
async def test_a_used_fallback_key_is_replaced(
    client: BotClient, server: KeyServer, unused: list[str] | None, *, needed: bool
) -> None:
    await client.upload_keys()
    first = server.uploaded[-1]["fallback_keys"]
    told = {} if unused is None else {"device_unused_fallback_key_types": unused}
    await client.parse_body(Answer(200, {"next_batch": "t", **told}))  # type: ignore[arg-type]
    client.olm.uploaded_key_count = 50
    assert client.should_upload_keys is needed
    await client.upkeep()
    assert (server.uploaded[-1].get("fallback_keys", first) != first) is needed


async def test_keys_are_saved_before_they_are_uploaded_and_uploaded_again_after_a_failure(
    client: BotClient, server: KeyServer
) -> None:
    server.broken["keys/upload"] = [BAD_GATEWAY]
    with pytest.raises(Retry):
        await client.upload_keys()
    saved = client.store.load_account()
    assert saved is not None
    assert len(saved.one_time_keys["curve25519"]) == 50
    made: Any = saved._account
    (fallback,) = made.fallback_key
    await client.upload_keys()
    (uploaded,) = server.uploaded[-1]["fallback_keys"]
    assert uploaded == f"signed_curve25519:{fallback}"
    for key in server.uploaded[-1]["fallback_keys"].values():
        assert key["fallback"] is True
        own = client.olm.account.identity_keys["ed25519"]
        assert client.olm.verify_json({**key}, own, ME, "BOT")


# -- rooms and messages


async def test_a_room_that_was_left_is_gone(client: BotClient) -> None:
    room(client, "!room")
    left = {"timeline": {"events": [], "limited": False, "prev_batch": "p"}, "state": {"events": []}}
    await client.receive_response(sync(rooms={"leave": {"!room": left}, "join": {}, "invite": {}}))
    assert "!room" not in client.rooms


async def test_the_same_answer_asked_for_again_is_handled_again(client: BotClient) -> None:
    await client.upload_keys()
    for count in (7, 3):
        await client.receive_response(sync(device_one_time_keys_count={"signed_curve25519": count}))
        assert client.olm.uploaded_key_count == count


async def test_garbage_to_this_device_does_not_end_the_sync(client: BotClient) -> None:
    own = client.olm.account.identity_keys["curve25519"]
    events = [
        {
            "type": "m.room.encrypted",
            "sender": "@a:willow.test",
            "content": {
                "algorithm": "m.olm.v1.curve25519-aes-sha2",
                "sender_key": "x",
                "ciphertext": {own: {"type": kind, "body": "garbage"}},
            },
        }
        for kind in (0, 1, 2)
    ]
    response = sync(to_device={"events": events})
    await client.receive_response(response)
    assert [type(event) for event in response.to_device_events] == [OlmEvent] * 3


def group_message(
    client: BotClient, account: OlmAccount, sender: str, claimed_ed25519: str | None = None
) -> Any:
    """Make a message of one device and give us its key, as if that had come from there."""
    made, keys = OutboundGroupSession(), account.identity_keys
    key = made.session_key
    made.shared = True
    client.olm.create_group_session(
        keys["curve25519"], claimed_ed25519 or keys["ed25519"], "!room", made.id, key
    )
    content = {"msgtype": "m.text", "body": "hello"}
    plain = {"type": "m.room.message", "content": content, "room_id": "!room"}
    event = MegolmEvent.from_dict(
        {
            "event_id": "$1",
            "sender": sender,
            "origin_server_ts": 1,
            "type": "m.room.encrypted",
            "content": {
                "algorithm": "m.megolm.v1.aes-sha2",
                "sender_key": keys["curve25519"],
                "device_id": "PHONE",
                "session_id": made.id,
                "ciphertext": made.encrypt(json.dumps(plain)),
            },
        }
    )
    event.room_id = "!room"
    return client.decrypt_event(event)


async def test_a_message_counts_only_under_its_senders_own_name(client: BotClient, server: KeyServer) -> None:
    phone = server.add("@a:willow.test", "PHONE")
    server.add("@b:willow.test", "PHONE")
    room(client, "!room", "@a:willow.test", "@b:willow.test")
    await client.query_keys()
    assert client.is_bound_to_device(group_message(client, phone, "@a:willow.test"))
    assert not client.is_bound_to_device(group_message(client, phone, "@b:willow.test"))
    other = OlmAccount().identity_keys["ed25519"]
    assert not client.is_bound_to_device(group_message(client, phone, "@a:willow.test", other))
    assert not client.is_bound_to_device(group_message(client, OlmAccount(), "@a:willow.test"))


def forward(session: Any, sender: str, sender_key: str, claimed: str) -> ForwardedRoomKeyEvent:
    content = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "room_id": "!room",
        "session_id": session,
        "session_key": "k",
        "sender_key": sender_key,
        "sender_claimed_ed25519_key": claimed,
        "forwarding_curve25519_key_chain": [],
    }
    payload = {"type": "m.forwarded_room_key", "sender": sender, "content": content}
    event = ForwardedRoomKeyEvent.from_dict(payload, sender, sender_key)
    assert isinstance(event, ForwardedRoomKeyEvent)
    return event


async def test_a_key_we_asked_for_is_taken_from_the_device_that_made_it(
    client: BotClient, server: KeyServer
) -> None:
    keys = server.add("@a:willow.test", "PHONE").identity_keys
    other = server.add("@b:willow.test", "PHONE").identity_keys
    room(client, "!room", "@a:willow.test", "@b:willow.test")
    await client.query_keys()
    asked = OutgoingKeyRequest("S", "S", "!room", "m.megolm.v1.aes-sha2")
    client.olm.outgoing_key_requests["S"] = asked
    take = client.olm._should_accept_forward
    curve, ed = keys["curve25519"], keys["ed25519"]
    good = forward("S", "@a:willow.test", curve, ed)
    assert take("@a:willow.test", curve, good)
    assert not take("@b:willow.test", other["curve25519"], good)
    assert not take("@a:willow.test", curve, forward("S", "@a:willow.test", curve, other["ed25519"]))
    assert not take("@a:willow.test", curve, forward("T", "@a:willow.test", curve, ed))


# -- what an answer means


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (BAD_GATEWAY, Retry),
        (Answer(200, b"<html>"), Retry),
        (Answer(404, b"<html>"), Refused),
        (Answer(403, b"<html>"), Retry),
        (Answer(500, {"errcode": "M_UNKNOWN", "error": "?"}), Retry),
        (Answer(403, {"errcode": "M_FORBIDDEN", "error": "no"}), Refused),
        (Answer(401, {"flows": [], "session": "s"}), Refused),
    ],
    ids=lambda value: str(getattr(value, "status", "")) or value.__name__,
)
async def test_each_answer_is_worth_another_try_or_not(
    client: BotClient, server: KeyServer, answer: Answer, kind: type[Exception]
) -> None:
    room(client, "!room")
    server.broken["keys/query"] = [answer]
    with pytest.raises(kind):
        await client.query_keys()
