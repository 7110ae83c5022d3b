"""Cross-signing: what is signed, and what is believed."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nio import Api

from bot.matrix.identity import (
    MASTER,
    SELF_SIGNING,
    USAGES,
    Identity,
    Published,
    canonical_json,
    is_signed,
)
from bot.matrix.secret_storage import unbase64

USER, DEVICE = "@bot:willow.test", "DEVICE"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
THINGS = st.dictionaries(
    st.text().filter(lambda key: key not in ("signatures", "unsigned")), JSON, max_size=5
)


def identity(user_id: str = USER) -> Identity:
    return Identity(user_id, {usage: bytes([number]) * 32 for number, usage in enumerate(USAGES, 1)})


def device_object(**changes: Any) -> dict[str, Any]:
    return {
        "user_id": USER,
        "device_id": DEVICE,
        "algorithms": ["m.olm.v1.curve25519-aes-sha2"],
        "keys": {f"ed25519:{DEVICE}": "own", f"curve25519:{DEVICE}": "curve"},
        **changes,
    }


def answer(own: Identity, device: dict[str, Any] | None) -> dict[str, Any]:
    """Make what a server answers to `/keys/query`."""
    return {
        "device_keys": {USER: {DEVICE: device} if device else {}},
        "master_keys": {USER: own.key_object(MASTER)},
        "self_signing_keys": {USER: own.key_object(SELF_SIGNING)},
    }


def test_a_known_signature_comes_out() -> None:
    """The specification's appendix on signing JSON gives this key and these signatures."""
    own = Identity("domain", {MASTER: unbase64("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1")})
    key_id = f"ed25519:{own.public(MASTER)}"
    assert own.sign(MASTER, {})["signatures"]["domain"][key_id] == (
        "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"
    )
    assert own.sign(MASTER, {"one": 1, "two": "Two"})["signatures"]["domain"][key_id] == (
        "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw"
    )


@given(THINGS)
def test_what_is_signed_is_what_other_clients_sign(thing: dict[str, Any]) -> None:
    assert canonical_json(thing) == Api.to_canonical_json(thing).encode("utf-8", "surrogatepass")


@given(THINGS)
def test_a_signature_holds_for_its_object_alone(thing: dict[str, Any]) -> None:
    own = identity()
    signed = own.sign(MASTER, thing)
    assert is_signed(signed, USER, own.public(MASTER))
    assert is_signed({**signed, "unsigned": {"age": 1}}, USER, own.public(MASTER))
    assert not is_signed({**signed, "more": 1}, USER, own.public(MASTER))
    assert not is_signed(signed, USER, own.public(SELF_SIGNING))
    assert not is_signed(signed, "@other:willow.test", own.public(MASTER))


@given(JSON)
def test_nonsense_is_not_signed(thing: Any) -> None:
    assert not is_signed({"signatures": thing}, USER, identity().public(MASTER))
    assert not is_signed({"signatures": {USER: {f"ed25519:{thing}": thing}}}, USER, str(thing))


def test_signing_keeps_the_signatures_of_others() -> None:
    own = identity()
    signed = own.sign(MASTER, {"a": 1, "signatures": {USER: {"ed25519:DEVICE": "theirs"}}})
    assert signed["signatures"][USER]["ed25519:DEVICE"] == "theirs"
    assert is_signed(signed, USER, own.public(MASTER))


def test_a_device_signed_by_its_identity_is_believed() -> None:
    own = identity()
    shown = Published.parse(answer(own, own.sign(SELF_SIGNING, device_object())), USER, DEVICE)
    assert shown.is_device_signed
    assert shown.master == own.public(MASTER)
    assert shown.has_device_keys("own", "curve")
    assert not shown.has_device_keys("other", "curve")


def forged_self_signing_key() -> dict[str, Any]:
    own, forger = identity(), Identity.create(USER)
    shown = answer(own, forger.sign(SELF_SIGNING, device_object()))
    shown["self_signing_keys"][USER] = forger.key_object(SELF_SIGNING)
    return shown


def self_signing_key_of_another_user() -> dict[str, Any]:
    own, other = identity(), identity("@other:willow.test")
    shown = answer(own, own.sign(SELF_SIGNING, device_object()))
    shown["self_signing_keys"][USER] = other.key_object(SELF_SIGNING)
    return shown


def master_key_in_the_self_signing_place() -> dict[str, Any]:
    own = identity()
    shown = answer(own, own.sign(MASTER, device_object()))
    shown["self_signing_keys"][USER] = own.sign(MASTER, own.key_object(MASTER))
    return shown


def changed_device() -> dict[str, Any]:
    own = identity()
    device = own.sign(SELF_SIGNING, device_object())
    return answer(own, {**device, "keys": {**device["keys"], f"curve25519:{DEVICE}": "swapped"}})


def unsigned_device() -> dict[str, Any]:
    return answer(identity(), device_object())


def two_keys_at_once() -> dict[str, Any]:
    own = identity()
    shown = answer(own, own.sign(SELF_SIGNING, device_object()))
    shown["self_signing_keys"][USER]["keys"]["ed25519:more"] = "more"
    return shown


def nothing() -> dict[str, Any]:
    return {}


def no_device() -> dict[str, Any]:
    return answer(identity(), None)


def nonsense() -> dict[str, Any]:
    return {**unsigned_device(), "self_signing_keys": {USER: "nonsense"}}


@pytest.mark.parametrize(
    "show",
    [
        forged_self_signing_key,
        self_signing_key_of_another_user,
        master_key_in_the_self_signing_place,
        changed_device,
        unsigned_device,
        two_keys_at_once,
        nothing,
        no_device,
        nonsense,
    ],
)
def test_a_broken_chain_is_not_believed(show: Callable[[], dict[str, Any]]) -> None:
    assert not Published.parse(show(), USER, DEVICE).is_device_signed


def test_two_identities_are_never_the_same() -> None:
    first, second = Identity.create(USER), Identity.create(USER)
    assert {first.public(usage) for usage in USAGES}.isdisjoint(second.public(usage) for usage in USAGES)
    assert len({first.public(usage) for usage in USAGES}) == 3
