"""A verification by short string never ends verified unless the codes were right and the operator said yes."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nio.crypto.sas import Sas as NioSas

from bot.matrix.sas_emoji import EMOJI
from bot.matrix.sas_flow import Flow, Party, Sending, Stage
from bot.matrix.secret_storage import to_base64
from tests.other_side import OtherSide, start_of

BOT, DEVICE, MASTER = "@bot:test", "BOT", "bWFzdGVyIG9mIHRoZSBib3QgaXMgdGhpcyBvbmUgaGVyZQ"
ANA, PHONE, ANAS = "@ana:test", "PHONE", "bWFzdGVyIG9mIGFuYSBpcyB0aGlzIG9uZSByaWdodCBoZXI"
TXN = "$request"
OURS = Party(BOT, DEVICE, {f"ed25519:{DEVICE}": "fingerprint of the bot", f"ed25519:{MASTER}": MASTER})
THEIRS = {f"ed25519:{PHONE}": "fingerprint of the phone", f"ed25519:{ANAS}": ANAS}
START = start_of(PHONE)


def other_side() -> OtherSide:
    return OtherSide(ANA, PHONE, THEIRS, BOT, DEVICE, TXN)


def flow() -> Flow:
    made = Flow(OURS, ANA, PHONE, TXN)
    assert [sent.kind for sent in made.begin(["m.sas.v1", "m.qr_code.scan.v1"])] == ["ready"]
    return made


def comparing() -> tuple[Flow, OtherSide]:
    made, peer = flow(), other_side()
    made.receive("start", START)
    [sent] = made.receive("key", {"key": peer.key})
    peer.exchange(sent.content["key"])
    return made, peer


def code(sent: list[Sending]) -> str:
    [cancel] = sent
    assert cancel.kind == "cancel"
    return str(cancel.content["code"])


def test_both_sides_show_the_same_and_it_ends_verified_after_the_operators_word() -> None:
    made, peer = flow(), other_side()
    [accept] = made.receive("start", START)
    [key] = made.receive("key", {"key": peer.key})
    canonical = json.dumps(START, sort_keys=True, separators=(",", ":"))
    commitment = hashlib.sha256((key.content["key"] + canonical).encode()).digest()
    assert accept.content["commitment"] == to_base64(commitment)
    peer.exchange(key.content["key"])
    assert made.short is not None
    assert (made.short.numbers, len(made.short.emoji)) == (peer.numbers(), 7)
    assert made.receive("mac", peer.mac(), THEIRS) == []
    assert made.is_waiting
    mac, done = made.confirm()
    peer.checks(mac.content, OURS.keys)
    assert set(mac.content["mac"]) == {f"ed25519:{DEVICE}", f"ed25519:{MASTER}"}
    assert (done.kind, made.stage, made.receive("done", {})) == ("done", Stage.VERIFIED, [])


def test_the_names_of_the_emoji_are_the_specifications_which_nio_spells_otherwise_thrice() -> None:
    differing = {
        (*ours, theirs)
        for ours, (sign, theirs) in zip(EMOJI, NioSas.emoji, strict=True)
        if ours != (sign, theirs)
    }
    assert differing == {
        ("🔧", "Spanner", "Wrench"),
        ("👍", "Thumbs Up", "Thumbs up"),
        ("✈️", "Aeroplane", "Airplane"),
    }


def test_the_operator_may_confirm_before_the_other_side_does() -> None:
    made, peer = comparing()
    assert [sent.kind for sent in made.confirm()] == ["mac"]
    assert made.stage is Stage.COMPARING
    assert [sent.kind for sent in made.receive("mac", peer.mac(), THEIRS)] == ["done"]


def test_the_operator_refuses() -> None:
    made, peer = comparing()
    assert code(made.refuse()) == "m.mismatched_sas"
    assert made.receive("mac", peer.mac(), THEIRS) == []
    assert made.confirm() == []
    assert made.stage is Stage.CANCELLED


@pytest.mark.parametrize(
    "change",
    [
        {"method": "m.reciprocate.v1"},
        {"key_agreement_protocols": ["curve25519"]},
        {"hashes": []},
        {"message_authentication_codes": ["hkdf-hmac-sha256"]},
        {"short_authentication_string": ["emoji"]},
        {"short_authentication_string": None},
    ],
)
def test_a_start_without_a_way_in_common_is_refused(change: dict[str, Any]) -> None:
    assert code(flow().receive("start", START | change)) == "m.unknown_method"


def test_a_request_without_short_strings_is_refused() -> None:
    assert code(Flow(OURS, ANA, PHONE, TXN).begin(["m.qr_code.scan.v1"])) == "m.unknown_method"


@pytest.mark.parametrize("key", [None, 5, "", "not base64!", "AAAA", "A" * 43])
def test_an_unfit_key_ends_it(key: object) -> None:
    made = flow()
    made.receive("start", START)
    assert code(made.receive("key", {"key": key})) == "m.invalid_message"


def test_another_device_cannot_go_on_with_it() -> None:
    assert code(flow().receive("start", START | {"from_device": "OTHER"})) == "m.invalid_message"


def test_a_second_start_ends_it_because_we_never_send_one_that_it_could_be_the_answer_to() -> None:
    made = flow()
    made.receive("start", START)
    assert code(made.receive("start", START)) == "m.unexpected_message"


def test_a_start_that_was_changed_on_the_way_makes_another_commitment() -> None:
    made, peer = flow(), other_side()
    [accept] = made.receive("start", START | {"hashes": ["sha256", "sha512"]})
    [key] = made.receive("key", {"key": peer.key})
    canonical = json.dumps(START, sort_keys=True, separators=(",", ":"))
    expected = to_base64(hashlib.sha256((key.content["key"] + canonical).encode()).digest())
    assert accept.content["commitment"] != expected


def test_codes_over_other_keys_are_refused() -> None:
    for keys in (
        THEIRS | {f"ed25519:{PHONE}": "another fingerprint"},
        THEIRS | {f"ed25519:{ANAS}": "another master key"},
        {f"ed25519:{ANAS}": ANAS},
        {},
    ):
        made, peer = comparing()
        made.confirm()
        assert code(made.receive("mac", peer.mac(keys), THEIRS)) == "m.key_mismatch"


def test_keys_that_the_server_does_not_show_are_passed_over() -> None:
    made, peer = comparing()
    made.confirm()
    assert [sent.kind for sent in made.receive("mac", peer.mac(THEIRS | {"ed25519:NEW": "x"}), THEIRS)] == [
        "done"
    ]


def test_a_list_of_keys_that_was_changed_on_the_way_is_refused() -> None:
    made, peer = comparing()
    made.confirm()
    content = peer.mac()
    del content["mac"][f"ed25519:{ANAS}"]
    assert code(made.receive("mac", content, THEIRS)) == "m.key_mismatch"


@pytest.mark.parametrize("content", [{}, {"mac": [], "keys": ""}, {"mac": {"a": 1}, "keys": "x"}])
def test_codes_that_are_none_are_refused(content: dict[str, Any]) -> None:
    made, _ = comparing()
    assert code(made.receive("mac", content, THEIRS)) == "m.invalid_message"


STEPS = st.sampled_from([
    "start", "start badly", "key", "key badly", "mac", "mac badly", "mac of another", "mac unknown", "done",
    "accept", "ready", "request", "cancel", "confirm", "refuse", "time out", "nonsense",
])  # fmt: skip
LIKELY = st.one_of(
    st.lists(STEPS, max_size=8),
    # mostly right, so that the deep places are reached too
    st.tuples(
        st.sampled_from([[], ["confirm"], ["mac"]]),
        st.permutations(["confirm", "mac"]),
        st.lists(STEPS, max_size=3),
        st.integers(0, 4),
    ).map(lambda parts: _mixed(*parts)),
)


def _mixed(early: list[str], end: list[str], noise: list[str], at: int) -> list[str]:
    steps = [*early, "start", "key", *end]
    return steps[:at] + noise + steps[at:]


@settings(max_examples=500, deadline=None)
@given(LIKELY)
def test_in_no_order_of_steps_does_it_end_verified_without_right_codes_and_the_operators_word(
    steps: list[str],
) -> None:
    made, peer = flow(), other_side()
    confirmed = proved = False
    for step in steps:
        was_over, was_comparing = made.is_over, made.stage is Stage.COMPARING
        sent = take(made, peer, step)
        if made.stage is Stage.COMPARING and peer.established is None:
            peer.exchange(next(one for one in sent if one.kind == "key").content["key"])
        confirmed = confirmed or (step == "confirm" and was_comparing)
        proved = proved or (step == "mac" and was_comparing)
        kinds = [one.kind for one in sent]
        assert {*kinds} <= {"accept", "key", "mac", "done", "cancel"}
        assert "mac" not in kinds or confirmed
        assert not was_over or not sent
        assert len([kind for kind in kinds if kind == "cancel"]) <= 1
        assert made.stage is not Stage.VERIFIED or (confirmed and proved)
    if steps == ["start", "key", "mac", "confirm"]:
        assert made.stage is Stage.VERIFIED


def take(made: Flow, peer: OtherSide, step: str) -> list[Sending]:
    """Let one thing happen."""
    match step:
        case "start":
            return made.receive("start", START)
        case "start badly":
            return made.receive("start", {})
        case "key":
            return made.receive("key", {"key": peer.key})
        case "key badly":
            return made.receive("key", {"key": 3})
        case "confirm":
            return made.confirm()
        case "refuse":
            return made.refuse()
        case "time out":
            return made.cancel("m.timeout")
        case "mac" | "mac badly" | "mac of another" | "mac unknown":
            keys = THEIRS if step != "mac of another" else {f"ed25519:{PHONE}": "a third one's"}
            content = peer.mac(keys) if peer.established else {"mac": {}, "keys": "x"}
            if step == "mac badly":
                content["keys"] = to_base64(bytes(32))
            return made.receive("mac", content, {} if step == "mac unknown" else THEIRS)
        case _:
            return made.receive(step, {"code": "m.user"})
