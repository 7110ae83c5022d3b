"""The store of room keys: what it keeps, in how few writes, and what it refuses."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from nio.crypto import (
    InboundGroupSession,
    OlmAccount,
    OlmDevice,
    OutboundGroupSession,
    OutboundSession,
)
from nio.crypto.device import TrustState

from bot.config import Trust
from bot.domain.errors import StoreError
from bot.matrix.keyfile import StoreLostError, fingerprint_in
from bot.matrix.keystore import FILE, KeyStore
from bot.matrix.memory import Devices
from bot.matrix.signatures import Owner

USER, DEVICE, KEY = "@bot:willow.test", "DEVICE", "a pickle key"


def opened(folder: Path, user_id: str = USER) -> KeyStore:
    return KeyStore(user_id, DEVICE, str(folder), KEY, FILE)


def with_account(folder: Path) -> tuple[KeyStore, OlmAccount]:
    store, account = opened(folder), OlmAccount()
    store.save_account(account)
    return store, account


def room_key(account: OlmAccount, room_id: str = "!room") -> InboundGroupSession:
    made, own = OutboundGroupSession(), account.identity_keys
    return InboundGroupSession(made.session_key, own["ed25519"], own["curve25519"], room_id, ["chained"])


def peer_session(account: OlmAccount) -> tuple[str, OutboundSession]:
    peer = OlmAccount()
    peer.generate_one_time_keys(1)
    (one_time_key,) = peer.one_time_keys["curve25519"].values()
    curve = peer.identity_keys["curve25519"]
    return curve, OutboundSession(account, curve, one_time_key)


def device(number: int = 0, user_id: str = "@a:willow.test") -> OlmDevice:
    keys = {"ed25519": f"e{number}", "curve25519": f"c{number}"}
    return OlmDevice(user_id, f"D{number}", keys, display_name=f"phone {number}")


def test_everything_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    store, account = with_account(tmp_path)
    curve, session = peer_session(account)
    key = room_key(account)
    store.save_session(curve, session)
    store.save_inbound_group_session(key)
    store.save_device_keys({"@a:willow.test": {"D0": device(), "D1": device(1)}})
    store.save_encrypted_rooms({"!room"})
    store.close()
    again = opened(tmp_path)
    loaded = again.load_account()
    assert loaded is not None
    assert loaded.identity_keys == account.identity_keys
    held = again.load_sessions().get(curve)
    assert held is not None
    assert (held.id, held.use_time) == (session.id, session.use_time)
    (kept,) = again.load_inbound_group_sessions()
    assert (kept.id, kept.room_id, kept.forwarding_chain) == (key.id, "!room", ["chained"])
    assert sorted(d.display_name for d in again.load_device_keys()) == ["phone 0", "phone 1"]
    assert again.load_encrypted_rooms() == {"!room"}
    again.close()


def test_the_file_is_for_its_owner_and_survives_a_power_cut(tmp_path: Path) -> None:
    store, _ = with_account(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys((FILE, f"{FILE}-wal", f"{FILE}-shm"), 0o600)
    assert store.database.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.database.execute_sql("PRAGMA synchronous").fetchone() == (2,)
    assert store.database.execute_sql("PRAGMA cache_size").fetchone() == (-512,)
    store.close()


def test_a_batch_is_one_transaction_and_is_on_the_disk_when_it_ends(tmp_path: Path) -> None:
    store, account = with_account(tmp_path)
    statements: list[str] = []
    store.database.connection().set_trace_callback(statements.append)
    with store.batch(), store.batch():
        for number in range(20):
            store.save_session(*peer_session(account))
            store.save_inbound_group_session(room_key(account))
            store.save_device_keys({"@a:willow.test": {f"D{number}": device(number)}})
        store.save_account(account)
        assert statements == []
    assert sum(statement.startswith("BEGIN") for statement in statements) == 1
    store.database.connection().set_trace_callback(None)
    with closing(sqlite3.connect(tmp_path / FILE)) as other:
        assert other.execute("SELECT count(*) FROM olmsessions").fetchone() == (20,)
        assert other.execute("SELECT count(*) FROM megolminboundsessions").fetchone() == (20,)
        assert other.execute("SELECT count(*) FROM keys").fetchone() == (40,)
    store.close()


def test_a_batch_that_fails_keeps_what_was_encrypted_with(tmp_path: Path) -> None:
    store, account = with_account(tmp_path)
    curve, session = peer_session(account)

    def fail() -> None:
        with store.batch():
            store.save_session(curve, session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.load_sessions().get(curve) is not None
    store.close()


def test_a_session_saved_again_replaces_the_earlier(tmp_path: Path) -> None:
    store, account = with_account(tmp_path)
    curve, session = peer_session(account)
    store.save_session(curve, session)
    session.encrypt("moves on")
    store.save_session(curve, session)
    (held,) = store.load_sessions()
    assert held.use_time == session.use_time
    store.close()


def test_statements_grow_no_faster_than_devices(tmp_path: Path) -> None:
    def statements(count: int) -> int:
        folder = tmp_path / str(count)
        folder.mkdir()
        store, _ = with_account(folder)
        seen: list[str] = []
        store.database.connection().set_trace_callback(seen.append)
        store.save_device_keys({"@a:willow.test": {f"D{n}": device(n) for n in range(count)}})
        store.close()
        reopened = opened(folder)
        reopened.database.connection().set_trace_callback(seen.append)
        assert len(list(reopened.load_device_keys())) == count
        reopened.close()
        return len(seen)

    assert statements(400) <= 10.5 * statements(40)


def test_a_device_is_looked_up_and_not_searched_for() -> None:
    devices, compared = Devices(), []

    class Counting(OlmDevice):
        def __eq__(self, other: object) -> bool:
            if other is not None:
                compared.append(other)
            return super().__eq__(other)

        __hash__ = None  # type: ignore[assignment]

    for number in range(50):
        assert devices.add(Counting("@a:willow.test", f"D{number}", {"ed25519": "e", "curve25519": "c"}))
    assert compared == []
    assert not devices.add(Counting("@a:willow.test", "D7", {"ed25519": "e", "curve25519": "c"}))
    assert len(compared) == 1


def test_every_device_may_read_until_it_is_blocked_and_blocking_is_kept(tmp_path: Path) -> None:
    store, _ = with_account(tmp_path)
    one = device()
    store.save_device_keys({one.user_id: {one.id: one}})
    store.save_owners({one.user_id: Owner(None)})
    assert (store.is_device_ignored(one), store.is_device_blacklisted(one)) == (True, False)
    assert store.blacklist_device(one)
    store.close()
    again = opened(tmp_path)
    (held,) = again.load_device_keys()
    assert held.trust_state == TrustState.blacklisted
    assert again.is_device_blacklisted(held)
    again.close()


@pytest.mark.parametrize(
    ("trust", "owner", "reads"),
    [
        ("signed", None, [False, False]),
        ("signed", Owner(None), [True, True]),
        ("signed", Owner("m"), [False, False]),
        ("signed", Owner("m", frozenset({("D0", "e0", "c0")})), [True, False]),
        ("signed", Owner("m", frozenset({("D0", "e1", "c0"), ("D1", "e1", "c0")})), [False, False]),
        ("strict", None, [False, False]),
        ("strict", Owner(None), [False, False]),
        ("strict", Owner("m", frozenset({("D0", "e0", "c0")})), [True, False]),
        ("all", None, [True, True]),
        ("all", Owner("m"), [True, True]),
    ],
)
def test_who_may_read_is_the_same_after_a_restart(
    tmp_path: Path, trust: Trust, owner: Owner | None, reads: list[bool]
) -> None:
    store, _ = with_account(tmp_path)
    if owner is not None:
        store.save_owners({"@a:willow.test": owner})
    again = opened(tmp_path)
    for one in (store, again):
        one.trust = trust
        assert [one.may_receive(device(number)) for number in range(2)] == reads
        assert [one.is_device_blacklisted(device(number)) for number in range(2)] != reads
        one.close()


def test_a_device_and_who_vouches_for_it_reach_the_disk_together(tmp_path: Path) -> None:
    store, _ = with_account(tmp_path)
    statements: list[str] = []
    store.database.connection().set_trace_callback(statements.append)
    with store.batch():
        store.save_device_keys({"@a:willow.test": {"D0": device()}})
        assert store.save_owners({"@a:willow.test": Owner("m")}) == {"@a:willow.test"}
    assert store.save_owners({"@a:willow.test": Owner("m")}) == set()
    assert sum(statement.startswith("BEGIN") for statement in statements) == 1
    store.close()


def test_two_stores_in_one_process_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first, second = opened(tmp_path), opened(tmp_path / "other", "@other:willow.test")
    accounts = OlmAccount(), OlmAccount()
    first.save_account(accounts[0])
    second.save_account(accounts[1])
    first.save_encrypted_rooms({"!first"})
    second.save_encrypted_rooms({"!second"})
    assert (first.load_encrypted_rooms(), second.load_encrypted_rooms()) == ({"!first"}, {"!second"})
    for store, account in zip((first, second), accounts, strict=True):
        loaded = store.load_account()
        assert loaded is not None
        assert loaded.identity_keys == account.identity_keys
        store.close()


# -- looking into a file without opening it as a store


def test_the_fingerprint_is_read_while_the_store_is_in_use(tmp_path: Path) -> None:
    store, account = with_account(tmp_path)
    assert fingerprint_in(tmp_path / FILE, USER, DEVICE, KEY) == account.identity_keys["ed25519"]
    store.close()
    assert fingerprint_in(tmp_path / FILE, USER, DEVICE, KEY) == account.identity_keys["ed25519"]


def test_a_store_that_is_not_there_or_empty_is_lost(tmp_path: Path) -> None:
    with pytest.raises(StoreLostError, match="is lost"):
        fingerprint_in(tmp_path / FILE, USER, DEVICE, KEY)
    opened(tmp_path).close()
    with pytest.raises(StoreLostError, match="is empty"):
        fingerprint_in(tmp_path / FILE, USER, DEVICE, KEY)


def test_a_store_of_another_device_or_key_or_none_at_all_is_refused(tmp_path: Path) -> None:
    with_account(tmp_path)[0].close()
    path = tmp_path / FILE
    with pytest.raises(StoreError, match="belongs to another device"):
        fingerprint_in(path, USER, "OTHER", KEY)
    with pytest.raises(StoreError, match="store key does not open"):
        fingerprint_in(path, USER, DEVICE, "another key")
    path.write_text("no database")
    with pytest.raises(StoreError, match="cannot be read"):
        fingerprint_in(path, USER, DEVICE, KEY)
