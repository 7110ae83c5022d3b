"""What goes from device to device besides room keys: in few requests, repeated safely, bounded."""

from typing import Any

import pytest
from nio.crypto import OlmAccount
from nio.event_builders import ToDeviceMessage
from nio.events import MegolmEvent

from bot.domain.errors import Retry
from bot.matrix import errands, machine
from bot.matrix.client import BotClient
from bot.matrix.identity import Identity
from bot.matrix.withheld import REASONS
from tests.unit.test_client import BAD_GATEWAY, Answer, KeyServer, client, room, server, sync
from tests.unit.test_who_gets_keys import ANA, LAPTOP, OLD, OTTO, PHONE, Desk, IdentityServer, desk

__all__ = ["client", "desk", "server"]

WITHHELD = "sendToDevice/m.room_key.withheld"
REQUEST = "sendToDevice/m.room_key_request"


@pytest.fixture
def people() -> IdentityServer:
    made = IdentityServer()
    for user, name in (PHONE, LAPTOP, OLD):
        made.add(user, name)
    return made


def message(number: int, device: str = "PHONE", kind: str = "m.test") -> ToDeviceMessage:
    return ToDeviceMessage(kind, ANA, device, {"number": number})


async def test_many_messages_take_few_requests_and_keep_their_order(
    client: BotClient, server: KeyServer
) -> None:
    for number in range(700):
        client.errands.queue(message(number, f"D{number}"))
    client.errands.queue(message(700, "D3"))
    client.errands.queue(message(701, "D3"))
    await client.errands.run()
    assert len(server.told_in) == 4
    assert [content["number"] for _, device, content in server.told if device == "D3"] == [3, 700, 701]
    assert len(server.told) == 702
    assert client.outgoing_to_device_messages == []


async def test_what_was_not_answered_is_sent_again_as_the_same_request(
    client: BotClient, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose(*args: Any, **more: Any) -> Answer:
        await server.send(*args, **more)
        return BAD_GATEWAY

    client.errands.queue(message(1))
    with monkeypatch.context() as patch:
        patch.setattr(client, "send", lose)
        with pytest.raises(Retry):
            await client.errands.run()
    client.errands.queue(message(2, "LAPTOP"))
    await client.errands.run()
    assert [content["number"] for _, _, content in server.told] == [1, 2]
    assert len(set(server.told_in)) == 2


async def test_what_the_server_refuses_holds_up_nothing(client: BotClient, server: KeyServer) -> None:
    refused = Answer(403, {"errcode": "M_FORBIDDEN", "error": "no"})
    server.broken["sendToDevice/m.bad"] = [refused]
    client.errands.queue(message(1, kind="m.bad"))
    client.errands.queue(message(2))
    await client.errands.run()
    assert [content["number"] for _, _, content in server.told] == [2]
    assert client.outgoing_to_device_messages == []


async def test_the_queue_ends_somewhere(client: BotClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "QUEUED", 3)
    for number in range(9):
        client.errands.queue(message(number))
    assert len(client.outgoing_to_device_messages) == 3


# -- keys that were withheld


async def prepared(desk: Desk, people: IdentityServer, *rooms: str, trust: Any = "signed") -> BotClient:
    desk.server = people
    made = desk.open(trust)
    for name in rooms:
        room(made, name, ANA, OTTO)
    await made.query_keys()
    await made.preparer.prepare(rooms)
    await made.upkeep()
    return made


async def test_a_device_that_is_not_signed_is_told_once_a_key_why_it_has_none(
    desk: Desk, people: IdentityServer
) -> None:
    people.identities, people.signed = {ANA: Identity.create(ANA)}, {PHONE}
    client = await prepared(desk, people, "!room")
    (told,) = people.told
    session = client.olm.outbound_group_sessions["!room"]
    assert told[:2] == LAPTOP
    assert told[2] == {
        "algorithm": "m.megolm.v1.aes-sha2",
        "code": "m.unverified",
        "reason": REASONS["m.unverified"],
        "room_id": "!room",
        "sender_key": client.olm.account.identity_keys["curve25519"],
        "session_id": session.id,
    }
    await client.preparer.prepare(["!room"])
    await client.upkeep()
    assert len(people.told) == 1
    client.invalidate_outbound_session("!room")
    await client.preparer.prepare(["!room"])
    await client.upkeep()
    assert len(people.told) == 2
    assert people.told[1][2]["session_id"] != session.id


async def test_under_strict_somebody_without_an_identity_is_told_too(
    desk: Desk, people: IdentityServer
) -> None:
    await prepared(desk, people, "!room", trust="strict")
    assert {(told[:2], told[2]["code"]) for told in people.told} == {
        (name, "m.unverified") for name in (PHONE, LAPTOP, OLD)
    }


async def test_a_key_that_reached_nobody_is_not_said_to_be_withheld(
    desk: Desk, people: IdentityServer
) -> None:
    people.identities, people.signed = {ANA: Identity.create(ANA)}, {PHONE}
    people.broken["sendToDevice/m.room.encrypted"] = [BAD_GATEWAY]
    with pytest.raises(Retry):
        await prepared(desk, people, "!room")
    (client,) = desk.opened
    await client.upkeep()
    assert people.told == []


async def test_nobody_is_called_unverified_before_their_identity_was_asked_for(
    desk: Desk, people: IdentityServer
) -> None:
    client = await prepared(desk, people, "!room")
    client.store.owners.clear()
    client.invalidate_outbound_session("!room")
    await client.preparer.prepare(["!room"])
    await client.upkeep()
    assert len(people.delivered) == 3
    assert set(people.delivered.values()) == {1}
    assert people.told == []


async def test_a_blocked_device_is_told_so(desk: Desk, people: IdentityServer) -> None:
    desk.server = people
    client = desk.open("all")
    room(client, "!room", ANA, OTTO)
    await client.query_keys()
    client.blacklist_device(client.device_store[ANA]["LAPTOP"])
    await client.preparer.prepare(["!room"])
    await client.upkeep()
    assert [(told[:2], told[2]["code"]) for told in people.told] == [(LAPTOP, "m.blacklisted")]


async def test_a_device_without_one_time_keys_is_told_once_and_again_only_after_it_had_some(
    desk: Desk, people: IdentityServer
) -> None:
    people.add(OTTO, "EMPTY", one_time_keys=0)
    client = await prepared(desk, people, "!room", "!other")
    ((_, device, content),) = people.told
    assert device == "EMPTY"
    assert content["code"] == "m.no_olm"
    assert content.keys() == {"algorithm", "code", "reason", "sender_key"}
    people.accounts[OTTO, "EMPTY"].generate_one_time_keys(1)
    client.preparer._keyless.clear()
    client.invalidate_outbound_session("!room")
    await client.preparer.prepare(["!room"])
    await client.upkeep()
    assert people.delivered[OTTO, "EMPTY"] == 1
    assert len(people.told) == 1


async def test_many_rooms_with_an_unsigned_device_each_take_one_request_more(
    desk: Desk, people: IdentityServer
) -> None:
    desk.server = people
    client = desk.open("strict")
    for number in range(60):
        people.add(f"@u{number}:willow.test", "PHONE")
        room(client, f"!{number}", f"@u{number}:willow.test")
    await client.query_keys()
    await client.preparer.prepare([f"!{number}" for number in range(60)])
    await client.upkeep()
    assert len(people.told) == 60
    assert people.asked.count(WITHHELD) == 1


# -- keys that are missing


def unreadable(session_id: str, device: str = "PHONE", number: int = 1) -> MegolmEvent:
    content = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "sender_key": "x",
        "device_id": device,
        "session_id": session_id,
        "ciphertext": "x",
    }
    event = MegolmEvent.from_dict(
        {
            "type": "m.room.encrypted",
            "event_id": f"${number}",
            "sender": ANA,
            "origin_server_ts": 1,
            "room_id": "!room",
            "content": content,
        }
    )
    assert isinstance(event, MegolmEvent)
    return event


async def with_session(client: BotClient, server: KeyServer) -> OlmAccount:
    made = server.add(ANA, "PHONE")
    room(client, "!room", ANA)
    await client.preparer.prepare(["!room"])
    return made


async def test_a_missing_key_is_asked_for_once_however_many_messages_need_it(
    client: BotClient, server: KeyServer
) -> None:
    await with_session(client, server)
    for number in range(50):
        client.olm._decrypt_megolm_no_error(unreadable("S1", number=number))
    await client.upkeep()
    for number in range(50):
        client.olm._decrypt_megolm_no_error(unreadable("S1", number=number))
    await client.upkeep()
    assert [content["body"]["session_id"] for _, _, content in server.told] == ["S1"]


async def test_asking_for_keys_has_an_end(
    client: BotClient, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "KEYS_ASKED_FOR", 10)
    await with_session(client, server)
    for _ in range(2):
        for number in range(50):
            client.olm._decrypt_megolm_no_error(unreadable(f"S{number}"))
        await client.upkeep()
    assert len(server.told) == 10
    assert server.asked.count(REQUEST) == 10  # a device takes one message of a request


async def test_what_strangers_ask_for_is_not_remembered(client: BotClient) -> None:
    events = [
        {
            "type": "m.room_key_request",
            "sender": f"@stranger{number}:elsewhere.test",
            "content": {
                "action": action,
                "request_id": f"R{number}",
                "requesting_device_id": f"D{number}",
                "body": {
                    "algorithm": "m.megolm.v1.aes-sha2",
                    "room_id": "!room",
                    "sender_key": "k",
                    "session_id": "s",
                },
            },
        }
        for number, action in enumerate(["request", "request_cancellation"] * 5)
    ]
    await client.receive_response(sync(to_device={"events": events}))
    olm = client.olm
    assert (olm.received_key_requests, olm.key_requests_waiting_for_session) == ({}, {})
    assert olm.key_request_from_untrusted == {}


async def test_looking_for_what_strangers_name_adds_nothing(client: BotClient) -> None:
    olm = client.olm
    own = olm.account.identity_keys["curve25519"]
    events = [
        {
            "type": "m.room.encrypted",
            "sender": f"@stranger{number}:elsewhere.test",
            "content": {
                "algorithm": "m.olm.v1.curve25519-aes-sha2",
                "sender_key": OlmAccount().identity_keys["curve25519"],
                "ciphertext": {own: {"type": 1, "body": "AwogeHg"}},
            },
        }
        for number in range(5)
    ]
    await client.receive_response(sync(to_device={"events": events}))
    for number in range(5):
        olm._decrypt_megolm_no_error(unreadable(f"S{number}", device=f"D{number}"))
    assert len(olm.session_store._entries) == 0
    assert len(olm.inbound_group_store._entries) == 0
    assert set(olm.device_store._entries) <= {ANA}
