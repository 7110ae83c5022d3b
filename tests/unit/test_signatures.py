"""Who vouches for which device: only a whole chain counts, from the master key down to the device's own keys."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matrix.identity import MASTER, SELF_SIGNING, USAGES, USER_SIGNING, Identity
from bot.matrix.signatures import Owner, read_owners

ANA, BEN = "@ana:test", "@ben:test"


def identity(user_id: str, salt: int = 0) -> Identity:
    return Identity(user_id, {usage: bytes([number + salt]) * 32 for number, usage in enumerate(USAGES, 1)})


OWN, OTHER, BENS = identity(ANA), identity(ANA, 10), identity(BEN, 20)


def device(user_id: str = ANA, device_id: str = "PHONE", **changes: Any) -> dict[str, Any]:
    keys = {f"ed25519:{device_id}": "ed", f"curve25519:{device_id}": "curve"}
    return {"user_id": user_id, "device_id": device_id, "algorithms": [], "keys": keys, **changes}


def shown(device_object: Any, master: Any = None, signer: Any = None) -> dict[str, Any]:
    return {
        "device_keys": {ANA: {"PHONE": device_object}},
        "master_keys": {ANA: OWN.key_object(MASTER) if master is None else master},
        "self_signing_keys": {ANA: OWN.key_object(SELF_SIGNING) if signer is None else signer},
    }


def read(answer: dict[str, Any], known: dict[str, Owner] | None = None) -> Owner:
    return asyncio.run(read_owners(answer, [ANA], known or {}))[ANA]


SIGNED = OWN.sign(SELF_SIGNING, device())
GOOD = Owner(OWN.public(MASTER), frozenset({("PHONE", "ed", "curve")}))


def test_a_device_with_the_whole_chain_is_signed() -> None:
    assert read(shown(SIGNED)) == GOOD
    assert read(shown({**SIGNED, "unsigned": {"device_display_name": "phone"}})) == GOOD


NOT_SIGNED: dict[str, dict[str, Any]] = {
    "no signature": shown(device()),
    "signed by the master key": shown(OWN.sign(MASTER, device())),
    "signed by the user-signing key": shown(OWN.sign(USER_SIGNING, device())),
    "signed by another identity of hers": shown(OTHER.sign(SELF_SIGNING, device())),
    "signed by somebody else": shown(BENS.sign(SELF_SIGNING, device())),
    "other keys under the signature": shown({**SIGNED, "keys": {**SIGNED["keys"], "ed25519:PHONE": "evil"}}),
    "somebody else's device": shown(OWN.sign(SELF_SIGNING, device(BEN))),
    "another device's keys": shown(OWN.sign(SELF_SIGNING, device(device_id="LAPTOP"))),
    "no keys": shown(OWN.sign(SELF_SIGNING, device(keys={}))),
    "keys that are no object": shown(OWN.sign(SELF_SIGNING, device(keys=["ed"]))),
    "a device that is no object": shown("PHONE"),
    "signatures that are no object": shown({**SIGNED, "signatures": [1]}),
    "a signature that is no base64": shown(
        {**SIGNED, "signatures": {ANA: {f"ed25519:{OWN.public(SELF_SIGNING)}": "?"}}}
    ),
    "no self-signing key": shown(SIGNED, signer={}),
    "a self-signing key nobody signed": shown(
        OTHER.sign(SELF_SIGNING, device()),
        signer={k: v for k, v in OTHER.key_object(SELF_SIGNING).items() if k != "signatures"},
    ),
    "a self-signing key of another identity": shown(
        OTHER.sign(SELF_SIGNING, device()), signer=OTHER.key_object(SELF_SIGNING)
    ),
    "somebody else's self-signing key": shown(
        BENS.sign(SELF_SIGNING, device()), signer=BENS.key_object(SELF_SIGNING)
    ),
    "somebody else's self-signing key under her name": shown(
        BENS.sign(SELF_SIGNING, device()), signer={**BENS.key_object(SELF_SIGNING), "user_id": ANA}
    ),
    "keys that changed places": shown(
        OWN.sign(MASTER, device()),
        master=OWN.key_object(SELF_SIGNING),
        signer=OWN.key_object(MASTER),
    ),
    "a user-signing key in the place of the self-signing one": shown(
        OWN.sign(USER_SIGNING, device()), signer=OWN.key_object(USER_SIGNING)
    ),
    "two keys in one object": shown(
        SIGNED,
        signer={**OWN.key_object(SELF_SIGNING), "keys": {"ed25519:a": "a", "ed25519:b": "b"}},
    ),
}


@pytest.mark.parametrize("name", NOT_SIGNED)
def test_a_broken_chain_vouches_for_nothing(name: str) -> None:
    assert read(NOT_SIGNED[name]).signed == frozenset()


def test_a_server_that_stops_showing_an_identity_does_not_take_it_away() -> None:
    unsigned = shown(device(), master={}, signer={})
    assert read(unsigned) == Owner(None)
    assert read(unsigned, {ANA: GOOD}) == Owner(OWN.public(MASTER))
    assert read(shown(SIGNED, master={}), {ANA: GOOD}) == GOOD


def test_another_master_key_is_another_identity() -> None:
    answer = shown(SIGNED, master=OTHER.key_object(MASTER))
    assert read(answer, {ANA: GOOD}) == Owner(OTHER.public(MASTER))


def test_one_persons_malformed_keys_cost_only_them() -> None:
    answer = shown(SIGNED)
    for part in answer.values():
        part[BEN] = 17
    owners = asyncio.run(read_owners(answer, [BEN, ANA], {}))
    assert owners == {BEN: Owner(None), ANA: GOOD}


async def test_checking_many_devices_leaves_the_loop_time() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    users = [f"@user{number}:test" for number in range(500)]
    answer = {"device_keys": {user: {"PHONE": device(user)} for user in users}}
    await read_owners(answer, users, {})
    counting.cancel()
    assert turns >= 9


LINKS = st.tuples(*(st.sampled_from([OWN, OTHER, BENS]) for _ in range(4)))


@given(LINKS, st.sampled_from([ANA, BEN]), st.sampled_from(["PHONE", "LAPTOP"]))
def test_a_device_is_signed_exactly_if_every_link_is_hers(
    links: tuple[Identity, ...], owner: str, device_id: str
) -> None:
    master, signer, signed_by, signs_device = links
    public = signer.public(SELF_SIGNING)
    bare = {"user_id": ANA, "usage": [SELF_SIGNING], "keys": {f"ed25519:{public}": public}}
    answer = shown(
        signs_device.sign(SELF_SIGNING, device(owner, device_id)),
        master=master.key_object(MASTER),
        signer=signed_by.sign(MASTER, bare),
    )
    whole = (
        master.user_id == ANA
        and signed_by is master
        and signs_device is signer
        and (owner, device_id) == (ANA, "PHONE")
        and signer.user_id == ANA
    )
    assert bool(read(answer).signed) == whole


@given(st.data())
def test_whatever_is_changed_in_a_signed_device_it_counts_no_more(data: st.DataObject) -> None:
    thing: dict[str, Any] = {**SIGNED, "keys": dict(SIGNED["keys"])}
    place = data.draw(st.sampled_from(["user_id", "device_id", "algorithms", "keys", "more"]))
    value = data.draw(st.text() | st.integers(0, 9) | st.lists(st.text()) | st.none())
    thing[place] = value
    if value == SIGNED.get(place):
        return
    assert read(shown(thing)).signed == frozenset()


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_no_answer_however_odd_vouches_or_fails(odd: Any) -> None:
    for name in ("device_keys", "master_keys", "self_signing_keys"):
        assert read(shown(SIGNED) | {name: odd}).signed == frozenset()
        assert read(shown(SIGNED) | {name: {ANA: odd}}).signed == frozenset()
    assert read(shown(odd)).signed == frozenset()
