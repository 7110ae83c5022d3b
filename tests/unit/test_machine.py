"""Reading messages: whose key it was is never taken from the message, and no key is replaced by a worse one."""

import json
from typing import Any

import pytest
from nio.crypto import InboundGroupSession, OlmAccount, OutboundGroupSession, OutboundSession
from nio.events import Event, MegolmEvent, RedactionEvent
from unpaddedbase64 import encode_base64

from bot.matrix import wire
from bot.matrix.client import BotClient
from tests.unit.test_client import Answer, KeyServer, client, room, server, sync

__all__ = ["client", "server"]

ANA, BEN, ROOM = "@ana:willow.test", "@ben:willow.test", "!room"


def message(session: OutboundGroupSession, sender: str = ANA, **named: str) -> dict[str, Any]:
    session.shared = True
    plain = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "hello"}, "room_id": ROOM}
    content = {"algorithm": "m.megolm.v1.aes-sha2", "session_id": session.id, **named}
    return {
        "event_id": f"${session.message_index}",
        "sender": sender,
        "origin_server_ts": 1,
        "type": "m.room.encrypted",
        "room_id": ROOM,
        "content": content | {"ciphertext": session.encrypt(json.dumps(plain))},
    }


def give(client: BotClient, owner: OlmAccount, session: OutboundGroupSession) -> None:
    keys = owner.identity_keys
    client.olm.create_group_session(
        keys["curve25519"], keys["ed25519"], ROOM, session.id, session.session_key
    )


def read(client: BotClient, event: dict[str, Any]) -> Any:
    wire.complete(event)
    parsed = MegolmEvent.from_dict(event)
    assert isinstance(parsed, MegolmEvent)
    return client.decrypt_event(parsed)


async def known(client: BotClient, server: KeyServer) -> OlmAccount:
    ana = server.add(ANA, "PHONE")
    room(client, ROOM, ANA, BEN)
    await client.query_keys()
    return ana


async def test_a_message_that_does_not_name_its_device_is_read_and_bound_to_it(
    client: BotClient, server: KeyServer
) -> None:
    ana, session = await known(client, server), OutboundGroupSession()
    give(client, ana, session)
    plain = read(client, message(session))
    assert plain.body == "hello"
    assert plain.sender_key == ana.identity_keys["curve25519"]
    assert plain.encrypted_source["content"]["sender_key"] == plain.sender_key
    assert client.is_bound_to_device(plain)
    assert client.olm.users_for_key_query == set()
    assert not client.is_bound_to_device(read(client, message(session, BEN)))


async def test_what_a_message_says_of_its_device_is_not_believed(
    client: BotClient, server: KeyServer
) -> None:
    ana, session = await known(client, server), OutboundGroupSession()
    ben = server.add(BEN, "LAPTOP")
    client.olm.add_changed_users({BEN})
    await client.query_keys()
    give(client, ana, session)
    lie = ben.identity_keys["curve25519"]
    plain = read(client, message(session, BEN, sender_key=lie, device_id="LAPTOP"))
    assert plain.sender_key == ana.identity_keys["curve25519"]
    assert not client.is_bound_to_device(plain)
    assert client.is_bound_to_device(read(client, message(session, ANA, sender_key=lie, device_id="LAPTOP")))


@pytest.mark.parametrize("first", [ANA, BEN])
async def test_a_key_that_somebody_passes_off_as_their_own_hides_nobodys_words(
    client: BotClient, server: KeyServer, first: str
) -> None:
    owners = {ANA: await known(client, server), BEN: server.add(BEN, "LAPTOP")}
    client.olm.add_changed_users({BEN})
    await client.query_keys()
    session = OutboundGroupSession()
    for name in (first, *({ANA, BEN} - {first})):
        give(client, owners[name], session)
    assert client.is_bound_to_device(read(client, message(session)))


async def test_a_key_in_another_devices_name_does_not_spoil_the_stored_one(
    client: BotClient, server: KeyServer
) -> None:
    ana, session = await known(client, server), OutboundGroupSession()
    give(client, ana, session)
    early = message(session)
    give(client, server.add(BEN, "LAPTOP"), session)  # reads only what comes later
    client.olm.inbound_group_store = client.store.load_inbound_group_sessions()
    assert read(client, early).body == "hello"


async def test_a_key_is_not_replaced_by_one_that_reads_less(client: BotClient, server: KeyServer) -> None:
    ana, session = await known(client, server), OutboundGroupSession()
    give(client, ana, session)
    early = message(session)
    give(client, ana, session)
    assert read(client, early).body == "hello"
    client.olm.inbound_group_store = client.store.load_inbound_group_sessions()
    assert read(client, early).body == "hello"


async def test_a_key_is_replaced_by_one_that_reads_more(client: BotClient, server: KeyServer) -> None:
    ana, session = await known(client, server), OutboundGroupSession()
    keys = ana.identity_keys
    whole = InboundGroupSession(session.session_key, keys["ed25519"], keys["curve25519"], ROOM)
    early = message(session)
    give(client, ana, session)
    client.olm.inbound_group_store.add(whole)
    client.olm.save_inbound_group_session(whole)
    client.olm.inbound_group_store = client.store.load_inbound_group_sessions()
    assert read(client, early).body == "hello"


@pytest.mark.parametrize("where", ["sync", "page", "alone"])
async def test_wherever_an_event_stands_it_may_leave_its_device_out(client: BotClient, where: str) -> None:
    event = message(OutboundGroupSession())
    answers = {
        "sync": {"rooms": {"join": {ROOM: {"timeline": {"events": [event]}}}}},
        "page": {"chunk": [event]},
        "alone": event,
    }
    parsed: Any = await client.parse_body(Answer(200, answers[where]))  # type: ignore[arg-type]
    found = {
        "sync": lambda: parsed["rooms"]["join"][ROOM]["timeline"]["events"][0],
        "page": lambda: parsed["chunk"][0],
        "alone": lambda: parsed,
    }[where]()
    assert isinstance(MegolmEvent.from_dict(found), MegolmEvent)


@pytest.mark.parametrize(
    "answer",
    [[], 7, {"rooms": 7}, {"rooms": {"join": {"!r": {"timeline": {"events": 7}}}}}, {"chunk": [7, {"content": 7}]},
     {"rooms": {"join": {"!r": {"timeline": 7}}}}],
    ids=str,
)  # fmt: skip
def test_an_answer_of_another_shape_is_left_as_it_is(answer: Any) -> None:
    before = json.dumps(answer)
    wire.complete(answer)
    assert json.dumps(answer) == before


async def test_a_device_that_was_gone_for_a_while_is_used_again(client: BotClient, server: KeyServer) -> None:
    await known(client, server)
    shown = server.shown[ANA].pop("PHONE")
    client.olm.add_changed_users({ANA})
    await client.query_keys()
    assert list(client.olm.device_store.active_user_devices(ANA)) == []
    await client.preparer.prepare([ROOM])
    session = client.olm.outbound_group_sessions[ROOM]
    server.shown[ANA]["PHONE"] = shown
    client.olm.add_changed_users({ANA})
    await client.query_keys()
    (device,) = client.olm.device_store.active_user_devices(ANA)
    assert device.id == "PHONE"
    await client.preparer.prepare([ROOM])
    assert client.olm.outbound_group_sessions[ROOM] is not session
    assert server.delivered == {(ANA, "PHONE"): 1}
    assert [device.deleted for device in client.store.load_device_keys()] == [False]


async def test_a_device_that_is_back_with_other_keys_or_unsigned_is_not(
    client: BotClient, server: KeyServer
) -> None:
    await known(client, server)
    shown = server.shown[ANA].pop("PHONE")
    client.olm.add_changed_users({ANA})
    await client.query_keys()
    server.add(ANA, "PHONE")
    client.olm.add_changed_users({ANA})
    await client.query_keys()
    assert list(client.olm.device_store.active_user_devices(ANA)) == []
    server.shown[ANA]["PHONE"] = shown | {"signatures": {ANA: {"ed25519:PHONE": "A" * 86}}}
    client.olm.add_changed_users({ANA})
    await client.query_keys()
    assert list(client.olm.device_store.active_user_devices(ANA)) == []


async def test_nios_memory_of_messages_is_small(client: BotClient) -> None:
    assert client.olm.message_index_store.maxsize == 10_000


def test_a_deletion_names_its_event_in_either_place() -> None:
    redaction = {
        "type": "m.room.redaction",
        "event_id": "$r",
        "sender": ANA,
        "origin_server_ts": 1,
        "content": {"redacts": "$vote"},
    }
    wire.complete(redaction)
    parsed = Event.parse_event(redaction)
    assert isinstance(parsed, RedactionEvent)
    assert parsed.redacts == "$vote"


async def test_a_hundred_keys_in_one_answer_are_one_write(client: BotClient, server: KeyServer) -> None:
    await client.upload_keys()
    (one_time, *_) = server.uploaded[-1]["one_time_keys"].values()
    ana, own = server.add(ANA, "PHONE"), client.olm.account.identity_keys
    session = OutboundSession(ana, own["curve25519"], one_time["key"])

    def sent(made: OutboundGroupSession) -> dict[str, Any]:
        key = {
            "algorithm": wire.MEGOLM,
            "room_id": ROOM,
            "session_id": made.id,
            "session_key": made.session_key,
        }
        payload = {
            "sender": ANA,
            "sender_device": "PHONE",
            "keys": {"ed25519": ana.identity_keys["ed25519"]},
            "recipient": client.user_id,
            "recipient_keys": {"ed25519": own["ed25519"]},
            "type": "m.room_key",
            "content": key,
        }
        kind, body = session.encrypt(json.dumps(payload)).to_parts()
        ciphertext = {own["curve25519"]: {"type": kind, "body": encode_base64(body)}}
        content = {
            "algorithm": "m.olm.v1.curve25519-aes-sha2",
            "sender_key": ana.identity_keys["curve25519"],
            "ciphertext": ciphertext,
        }
        return {"type": "m.room.encrypted", "sender": ANA, "content": content}

    made = [OutboundGroupSession() for _ in range(100)]
    statements: list[str] = []
    client.store.database.connection().set_trace_callback(statements.append)
    await client.receive_response(sync(to_device={"events": [sent(session) for session in made]}))
    client.store.database.connection().set_trace_callback(None)
    assert sum(statement.startswith("COMMIT") for statement in statements) == 1
    assert {key.id for key in client.store.load_inbound_group_sessions()} == {key.id for key in made}


async def test_that_a_key_was_used_is_on_the_disk_when_its_message_is_handled(
    client: BotClient, server: KeyServer
) -> None:
    ana, session = await known(client, server), OutboundGroupSession()
    give(client, ana, session)
    tomorrow, said = client.store.today() + 1, dict.fromkeys(wire.UNSAID, "")
    client.store.today = lambda: tomorrow
    joined = {
        "state": {"events": []},
        "timeline": {"events": [message(session, **said)], "limited": False, "prev_batch": "p"},
        "ephemeral": {"events": []},
        "account_data": {"events": []},
    }
    await client.receive_response(sync(rooms={"join": {ROOM: joined}, "invite": {}, "leave": {}}))
    stored = client.store.database.execute_sql("SELECT session_id, day FROM uses").fetchall()
    assert stored == [(session.id, tomorrow)]
