"""The saved session: what it seals opens with the same key, in its own place alone."""

from base64 import b64decode, b64encode
from dataclasses import replace

import pytest

from bot.domain.errors import StartError
from bot.matrix.datafolder import SavedSession, pickle_key

KEY = bytes(range(32))
SESSION = SavedSession("@spokesbot:test", "DEVICE", "https://test")


def test_what_another_library_sealed_opens() -> None:
    """Made with OpenSSL; a bot that was set up with an earlier version goes on."""
    sealed = "AAECAwQFBgcICQoLEpWjmSkdQ6yF5gMuuNUw7MXB965xSd4EGfUrDvjW/f7C4Q=="
    assert SESSION.unseal(KEY, "token", sealed) == {"token": "syt_x"}
    assert pickle_key(KEY) == "OC7Vv620B8Xhz868RI+VK13xAYnPltVjCXqgRSNfyFs="


def test_a_sealed_token_opens_with_its_own_key_and_in_its_own_place_alone() -> None:
    saved = SESSION.with_token(KEY, "syt_x")
    assert saved.access_token(KEY) == "syt_x"
    with pytest.raises(StartError, match="does not open"):
        saved.access_token(bytes(32))
    with pytest.raises(StartError, match="does not open"):
        replace(saved, device_id="OTHER").access_token(KEY)
    with pytest.raises(StartError, match="does not open"):
        saved.unseal(KEY, "pending", saved.token or "")


@pytest.mark.parametrize("sealed", ["", "AAAA", "A" * 16, "A" * 36, "?"])
def test_what_is_cut_short_does_not_open(sealed: str) -> None:
    with pytest.raises(StartError, match="does not open"):
        SESSION.unseal(KEY, "token", sealed)


def test_a_changed_byte_anywhere_is_noticed() -> None:
    sealed = b64decode(SESSION.seal(KEY, "token", {"token": "syt_x"}))
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(StartError, match="does not open"):
            SESSION.unseal(KEY, "token", b64encode(changed).decode())
