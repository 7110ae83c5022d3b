"""The parts of nio that this program replaces or leans on are still the ones it was written against.

When one of these fails after an update of nio: read the new source of the function, see whether our version of it
still holds (or is needed at all), then put the new hash here and the new version into `bot/matrix/versions.py`.
"""

import hashlib
import importlib.metadata
import inspect
import tomllib
from pathlib import Path
from typing import Any

import pytest
from nio import schemas as nio_schemas
from nio.client.async_client import AsyncClient
from nio.client.base_client import Client
from nio.crypto.device import DeviceStore
from nio.crypto.key_request import OutgoingKeyRequest
from nio.crypto.memorystores import GroupSessionStore, SessionStore
from nio.crypto.olm_machine import Olm
from nio.crypto.sessions import (
    InboundGroupSession,
    OlmAccount,
    OutboundGroupSession,
    OutboundSession,
    Session,
    derive_pickle_key,
)
from nio.events import MegolmEvent, RoomEncryptionEvent
from nio.responses import SyncResponse
from nio.rooms import MatrixRoom
from nio.store import models
from nio.store.database import MatrixStore, SqliteStore, use_database, use_database_atomic

from bot.domain.errors import StartError
from bot.matrix import schemas, versions
from bot.matrix.client import BotClient
from bot.matrix.keystore import KeyStore
from bot.matrix.machine import Machine
from bot.matrix.memory import Devices, GroupSessions, Sessions

# Replaced by our own, or called by our own in a way that their source decides.
HASHES: dict[Any, str] = {
    schemas._validate: "a6a13a5ecd2a20fc",
    nio_schemas.extend_with_default: "406fd7e025c5b484",
    nio_schemas.check_user_id: "598f9653c2fe1e11",
    nio_schemas.check_http_url: "e10789157938760c",
    AsyncClient._handle_invited_rooms: "7a4f1c10577e04a3",
    AsyncClient._collect_key_requests: "7414739384333021",
    AsyncClient.__init__: "6e90d68593eb87a0",
    AsyncClient.create_matrix_response: "8f0e133fbaa4e814",
    AsyncClient.parse_body: "34f3188b2bbe78f2",
    AsyncClient._handle_sync: "a968a021b1f5d700",
    AsyncClient._handle_to_device: "54452b82c1457b68",
    AsyncClient._handle_joined_rooms: "0ec097f0b40c3fb1",
    AsyncClient._send: "77c25286868745c7",
    AsyncClient.send: "8f47d9a80396df3e",
    AsyncClient.sync: "6670ed291585c99c",
    AsyncClient.room_send: "a69151578f034e26",
    AsyncClient.keys_upload: "3f42084d01bf19b3",
    AsyncClient.keys_query: "c94fb1c3cfab1f56",
    AsyncClient.keys_claim: "9ecfbe1327e50b29",
    AsyncClient.share_group_session: "2997dcc643cf60fa",
    AsyncClient.close: "6a7724fd1c2aa23f",
    AsyncClient.to_device: "62ac8cee827a5b74",
    Client._handle_messages_response: "f006740c46b78744",
    Client._decrypt_event_array: "e3c999b6077dd664",
    Client.encrypt: "16042e2f37983753",
    Client._handle_expired_verifications: "77ee5b56fc425d15",
    Client.load_store: "910e96e7a3982c70",
    Client.restore_login: "59ca305596243021",
    Client._handle_olm_events: "8e89a3f613211201",
    Client._handle_olm_response: "aa8665bb8008100d",
    Client.invalidate_outbound_session: "56cc1ee58d5dc2d6",
    Client._handle_joined_state: "fc043a2cbfd49882",
    Client._handle_timeline_event: "39a7d42a63b4a0db",
    Client.should_upload_keys: "1d8305a46002e6c8",
    MegolmEvent.from_dict: "f85a20146863722a",
    MegolmEvent.as_key_request: "73cc983ed969adde",
    RoomEncryptionEvent: "3d4d22284ffec19c",
    MatrixRoom.handle_membership: "bbe1ba2c9478b3bd",
    DeviceStore.active_user_devices: "0ba2a78e4977d6d3",
    DeviceStore.add: "7d78d0b26e351725",
    DeviceStore.device_from_sender_key: "0f9b5291fd7fbc7e",
    GroupSessionStore: "30f29cbd5935350e",
    SessionStore: "197cf721df02807d",
    Olm._decrypt_megolm_no_error: "51f001d0342da2ae",
    Olm._handle_key_requests: "afe01f1f8a68da39",
    Olm._mark_to_device_message_as_sent: "8d4b0af8dd267447",
    Olm.check_if_wedged: "a16cab1aa2053ba6",
    Olm.collect_key_requests: "123984cc5019dd9e",
    Olm.create_group_session: "ea5ecbbbc40ffc63",
    Olm.create_outbound_group_session: "78ccd2ad019181fc",
    Olm.group_encrypt: "7224dacd52b544b0",
    Olm.message_index_ok: "39a5a15bccc5f72c",
    Olm.save_inbound_group_session: "5c84f114c8eab65f",
    Olm._try_decrypt: "42fbc95efb61293a",
    Olm.decrypt: "a52af9f0720e7795",
    Olm._create_inbound_session: "c7b077241dacf73e",
    Olm._mark_device_for_unwedging: "dcc4edda70e54cf2",
    Olm.__init__: "ca4dd418bf2ec08a",
    Olm.share_keys: "ea8731923a43e0ec",
    Olm.should_upload_keys: "fbc0c11b498c224a",
    Olm.handle_response: "ccc9ed43142e6d6c",
    Olm.handle_key_verification: "3fdee059057b3456",
    Olm.handle_to_device_event: "b775447a2240ed1c",
    Olm.decrypt_megolm_event: "9e94589959a9e617",
    Olm.create_session: "cd65cb4fea9c66e4",
    Olm._handle_key_claiming: "4c2282be8feabc83",
    Olm._handle_key_query: "ef9391b9201fcfbb",
    Olm._should_accept_forward: "51806f1932a594be",
    Olm._handle_forwarded_room_key_event: "6202ede32ed3bf3c",
    Olm.share_group_session_parallel: "7f530f42adb655cf",
    Olm.should_share_group_session: "0415d6e2cbeaad22",
    Olm.update_tracked_users: "49f25919d1af03dc",
    Olm._olm_encrypt: "d39136aa04e40d44",
    InboundGroupSession: "df96280ecefdef82",
    SyncResponse._get_room_info: "efc8071370836584",
    SyncResponse.from_dict: "dd7df2fac54eb011",
    MatrixRoom.__init__: "8096f0791e1e0d8c",
    MatrixRoom.add_member: "7e1ee8208e48d752",
    OutboundSession: "7f432f5c8acd10f6",
    OutboundGroupSession: "5f1c98c001a16176",
    OutgoingKeyRequest: "763f9bbc343ce824",
    Session: "75474a8f24d7502b",
    derive_pickle_key: "ff4819116e4d8430",
    MatrixStore.add_outgoing_key_request: "e8aaaa8855f15673",
    MatrixStore.remove_outgoing_key_request: "77cae1f22f75c360",
    MatrixStore.load_outgoing_key_requests: "3f271653aaa230ea",
    MatrixStore.__post_init__: "5c34255230e2158f",
    MatrixStore._create_database: "bee4dab712b7f424",
    MatrixStore._get_account: "7ccfb7d6ad82fec6",
    MatrixStore.load_account: "1553c6b405915d11",
    MatrixStore.save_account: "205a27a6a893714e",
    MatrixStore.load_sessions: "a85b7e4a754df03d",
    MatrixStore.save_session: "c6fa0c820beedb62",
    MatrixStore.load_inbound_group_sessions: "99fa0b240b67f6da",
    MatrixStore.save_inbound_group_session: "d7f0520bcf3f7bd7",
    MatrixStore.save_device_keys: "43382545e9ccca33",
    MatrixStore.save_encrypted_rooms: "f94f9dc641b11706",
    SqliteStore.load_device_keys: "c65c02d7ecfa65ee",
    SqliteStore.ignore_devices: "108df3f5b8ddf951",
    SqliteStore.is_device_ignored: "20e14cd7dc40af19",
    SqliteStore.is_device_verified: "0287bad0c2039a10",
    SqliteStore.is_device_blacklisted: "37ae390ab0bd373e",
    SqliteStore.blacklist_device: "3d8af373e675532d",
    use_database: "c4bcbbdca4c74d43",
    use_database_atomic: "3e488de6d88bbfe5",
    models.OutgoingKeyRequests: "8b464a2c182901cd",
    models.Accounts: "caae82c927943feb",
    models.OlmSessions: "6869451fc4b3f242",
    models.MegolmInboundSessions: "277f72e1988754e0",
    models.ForwardedChains: "ccad43c6b28a10f5",
    models.DeviceKeys: "d13a0f36dff729de",
    models.Keys: "c6ac6784f1fbe7db",
    models.DeviceTrustState: "573336180223eb66",
}


def named(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def source_hash(function: Any) -> str:
    target = function.fget if isinstance(function, property) else function
    return hashlib.sha256(inspect.getsource(target).encode()).hexdigest()[:16]


@pytest.mark.parametrize("function", HASHES, ids=lambda f: named(f.fget if isinstance(f, property) else f))
def test_nio_is_as_it_was(function: Any) -> None:
    assert source_hash(function) == HASHES[function]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (BotClient, AsyncClient),
        (Machine, Olm),
        (KeyStore, SqliteStore),
        (Devices, DeviceStore),
        (Sessions, SessionStore),
        (GroupSessions, GroupSessionStore),
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_replaced_function_is_watched(ours: type, theirs: type) -> None:
    replaced = {
        name
        for name, value in vars(ours).items()
        if (inspect.isfunction(value) or isinstance(value, property))
        and hasattr(theirs, name)
        and not (name.startswith("__") and name != "__contains__")
    }
    watched = {
        (function.fget if isinstance(function, property) else function).__name__ for function in HASHES
    }
    assert replaced <= watched or theirs in HASHES


def test_the_installed_versions_are_the_tested_ones() -> None:
    versions.check()


def test_the_pins_say_the_tested_versions() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    pins = {pin.replace("[e2e]", "") for pin in project["project"]["dependencies"] if "==" in pin}
    assert pins == {f"{name}=={version}" for name, version in versions.TESTED.items()}


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "version", lambda _: "0.27.0")
    with pytest.raises(StartError, match=r"pip install matrix-nio==0\.26\.0"):
        versions.check()

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(versions, "version", missing)
    with pytest.raises(StartError, match="matrix-nio missing"):
        versions.check()


def test_vodozemac_still_has_fallback_keys_that_its_stubs_leave_out() -> None:
    account: Any = OlmAccount()._account
    account.generate_fallback_key()
    assert len(account.fallback_key) == 1
    account.mark_keys_as_published()
    assert account.fallback_key == {}
