"""Recovery keys and sealed secrets, against the specification's format."""

import base64
import hmac
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matrix.secret_storage import (
    WrongKeyError,
    decode_recovery_key,
    describe_key,
    encode_recovery_key,
    fits,
    seal,
    to_base64,
    unbase64,
    unseal,
)

KEYS = st.binary(min_size=32, max_size=32)

# matrix-js-sdk's test of its recovery keys.
KNOWN = bytes(
    [
        *(0x77, 0x07, 0x6D, 0x0A, 0x73, 0x18, 0xA5, 0x7D),
        *(0x3C, 0x16, 0xC1, 0x72, 0x51, 0xB2, 0x66, 0x45),
        *(0xDF, 0x4C, 0x2F, 0x87, 0xEB, 0xC0, 0x99, 0x2A),
        *(0xB1, 0x77, 0xFB, 0xA5, 0x1D, 0xB9, 0x2C, 0x2A),
    ]
)
KNOWN_TEXT = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"


def test_a_known_recovery_key_is_written_and_read_as_everywhere() -> None:
    assert encode_recovery_key(KNOWN) == KNOWN_TEXT
    assert decode_recovery_key(KNOWN_TEXT) == KNOWN
    assert decode_recovery_key(f"  {KNOWN_TEXT.replace(' ', '')}\n") == KNOWN


@given(KEYS)
def test_every_recovery_key_comes_back(key: bytes) -> None:
    assert decode_recovery_key(encode_recovery_key(key)) == key


@pytest.mark.parametrize(
    "text", ["", "EsTc", KNOWN_TEXT + " zzzz", KNOWN_TEXT[:-1] + "e", KNOWN_TEXT.replace("K", "0"), "é"]
)
def test_what_is_no_recovery_key_is_refused(text: str) -> None:
    with pytest.raises(WrongKeyError):
        decode_recovery_key(text)


@given(KEYS, st.text(max_size=40), st.binary(max_size=200))
def test_a_sealed_secret_opens_with_its_key_and_name_alone(key: bytes, name: str, secret: bytes) -> None:
    sealed = seal(key, name, secret)
    assert unseal(key, name, sealed) == secret
    with pytest.raises(WrongKeyError):
        unseal(bytes(32) if any(key) else b"1" * 32, name, sealed)
    with pytest.raises(WrongKeyError):
        unseal(key, f"{name}.", sealed)


@given(KEYS, st.binary(min_size=1, max_size=50), st.integers(0, 49))
def test_a_changed_secret_does_not_open(key: bytes, secret: bytes, place: int) -> None:
    sealed = seal(key, "name", secret)
    raw = bytearray(unbase64(sealed["ciphertext"]))
    raw[place % len(raw)] ^= 1
    with pytest.raises(WrongKeyError):
        unseal(key, "name", {**sealed, "ciphertext": to_base64(bytes(raw))})


@given(KEYS)
def test_a_key_is_known_by_its_description(key: bytes) -> None:
    description = describe_key(key, "Spokesbot")
    assert fits(key, description)
    assert not fits(bytes(31) + b"\x01" if key != bytes(31) + b"\x01" else bytes(32), description)
    assert fits(key, {"algorithm": description["algorithm"]})
    assert not fits(key, {**description, "algorithm": "m.other"})
    assert not fits(key, {**description, "iv": "?"})


def test_sealing_is_the_specified_composition() -> None:
    """HKDF-SHA-256 with a zero salt and the name as info; AES-256-CTR; HMAC-SHA-256 over the ciphertext."""
    key, name, secret = bytes(range(32)), "m.cross_signing.master", b"a secret"
    sealed = seal(key, name, secret)
    iv, ciphertext = unbase64(sealed["iv"]), unbase64(sealed["ciphertext"])
    master = hmac.digest(bytes(32), key, sha256)
    first = hmac.digest(master, name.encode() + b"\x01", sha256)
    second = hmac.digest(master, first + name.encode() + b"\x02", sha256)
    assert unbase64(sealed["mac"]) == hmac.digest(second, ciphertext, sha256)
    assert iv[8] & 0x80 == 0


def test_what_another_library_sealed_opens() -> None:
    """Made with OpenSSL."""
    sealed = {
        "iv": "AAECAwQFBgcICQoLDA0ODw",
        "ciphertext": "5wGS1bwa",
        "mac": "/m+OzlMPPY6I1a9kGWIVs9aWKu8/UWXmTZD6Uh89hes",
    }
    assert unseal(bytes(range(32)), "m.x", sealed) == b"secret"


@given(st.binary(max_size=100))
def test_base64_is_unpadded_and_read_either_way(raw: bytes) -> None:
    assert "=" not in to_base64(raw)
    assert unbase64(to_base64(raw)) == raw == unbase64(base64.b64encode(raw).decode())
