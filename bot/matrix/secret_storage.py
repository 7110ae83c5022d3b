"""Keep the identity's private keys in the account, sealed with a recovery key that only the operator has.

Rule: the server never sees anything it could open, and a recovery key is checked before it is used. The format
is the specification's `m.secret_storage.v1.aes-hmac-sha2`, so any other client can open it with the same key.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF

from bot.domain.errors import GiveUp, StartError
from bot.matrix.requests import NOT_FOUND, V3, Refused, request

if TYPE_CHECKING:
    from bot.matrix.client import BotClient

ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2"
DEFAULT_KEY = "m.secret_storage.default_key"
KEY_SIZE = 32
_PREFIX = b"\x8b\x01"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class WrongKeyError(ValueError):
    """A recovery key is mistyped, or not the one a secret was sealed with."""


# -- the recovery key as people copy it (specification: "Key representation")


def encode_recovery_key(key: bytes) -> str:
    """Write a key in base58 with a check byte, in groups of four."""
    raw = _PREFIX + key
    number, text = int.from_bytes(raw + bytes([_parity(raw)]), "big"), ""
    while number:
        number, rest = divmod(number, len(_ALPHABET))
        text = _ALPHABET[rest] + text
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def decode_recovery_key(text: str) -> bytes:
    """Read a recovery key, however it is spaced.

    Raises:
        WrongKeyError: It is no recovery key, or has a typing mistake.
    """
    number = 0
    for letter in "".join(text.split()):
        digit = _ALPHABET.find(letter)
        if digit < 0:
            raise WrongKeyError(f"a recovery key has no {letter!r} in it")
        number = number * len(_ALPHABET) + digit
    size = len(_PREFIX) + KEY_SIZE + 1
    if number.bit_length() > size * 8:
        raise WrongKeyError("it is longer than a recovery key")
    raw = number.to_bytes(size, "big")
    if not raw.startswith(_PREFIX) or _parity(raw):
        raise WrongKeyError("it has a typing mistake or a part is missing")
    return raw[len(_PREFIX) : -1]


def _parity(raw: bytes) -> int:
    parity = 0
    for byte in raw:
        parity ^= byte
    return parity


# -- sealing


def seal(key: bytes, name: str, plain: bytes) -> dict[str, str]:
    """Encrypt one secret under its name."""
    iv = bytearray(secrets.token_bytes(16))
    iv[8] &= 0x7F  # the specification: bit 63 clear, as some AES-CTR implementations count in 63 bits
    return _seal(key, name, plain, bytes(iv))


def unseal(key: bytes, name: str, sealed: Mapping[str, Any]) -> bytes:
    """Decrypt one secret.

    Raises:
        WrongKeyError: The key or the name is another one, or the sealed parts are damaged.
    """
    aes_key, mac_key = _derive(key, name)
    try:
        iv, ciphertext, mac = (unbase64(sealed[part]) for part in ("iv", "ciphertext", "mac"))
    except (KeyError, TypeError, ValueError) as error:
        raise WrongKeyError("the sealed secret is malformed") from error
    if len(iv) != 16 or not hmac.compare_digest(hmac.digest(mac_key, ciphertext, sha256), mac):
        raise WrongKeyError("the key does not open it")
    return _ctr(aes_key, iv, ciphertext)


def describe_key(key: bytes, name: str) -> dict[str, str]:
    """Make the public description of a key, by which a recovery key can be checked."""
    check = seal(key, "", bytes(KEY_SIZE))
    return {"algorithm": ALGORITHM, "name": name, "iv": check["iv"], "mac": check["mac"]}


def fits(key: bytes, description: Mapping[str, Any]) -> bool:
    """Tell whether a key is the described one; a description without a check fits any key."""
    if description.get("algorithm") != ALGORITHM:
        return False
    if "iv" not in description or "mac" not in description:
        return True
    try:
        iv, mac = unbase64(description["iv"]), unbase64(description["mac"])
        expected = _seal(key, "", bytes(KEY_SIZE), iv)["mac"]
    except (TypeError, ValueError):
        return False
    return hmac.compare_digest(unbase64(expected), mac)


def _seal(key: bytes, name: str, plain: bytes, iv: bytes) -> dict[str, str]:
    aes_key, mac_key = _derive(key, name)
    ciphertext = _ctr(aes_key, iv, plain)
    mac = hmac.digest(mac_key, ciphertext, sha256)
    return {"iv": to_base64(iv), "ciphertext": to_base64(ciphertext), "mac": to_base64(mac)}


def _derive(key: bytes, name: str) -> tuple[bytes, bytes]:
    both: bytes = HKDF(key, 64, bytes(32), SHA256, context=name.encode())
    return both[:32], both[32:]


def _ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    # the whole of the 16 bytes counts on, as everybody else has it
    result: bytes = AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=iv).encrypt(data)
    return result


def to_base64(raw: bytes) -> str:
    """Encode as Matrix does: without padding."""
    return base64.b64encode(raw).decode().rstrip("=")


def unbase64(text: str) -> bytes:
    """Decode base64 with or without padding.

    Raises:
        ValueError: It is not base64.
    """
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except (binascii.Error, AttributeError) as error:
        raise ValueError("not base64") from error


# -- in the account


async def write(client: BotClient, key: bytes, key_id: str, named: Mapping[str, bytes]) -> None:
    """Write secrets and make their key the account's default one; doing it again does no harm.

    What another client keeps under another key stays where it is, and opens with that key.

    Args:
        client: Logged in as the account.
        key: What the recovery key stands for.
        key_id: The name of the key; the same one when writing again.
        named: The secrets, by their names such as `m.cross_signing.master`.

    Raises:
        Retry: As `requests.request`.
        GiveUp: The server refused.
    """
    await _write(client, f"m.secret_storage.key.{key_id}", describe_key(key, "Spokesbot"))
    for name, secret in named.items():
        sealed = seal(key, name, to_base64(secret).encode())
        await _write(client, name, {"encrypted": {key_id: sealed}})
    await _write(client, DEFAULT_KEY, {"key": key_id})


async def read(client: BotClient, key: bytes, names: Iterable[str]) -> dict[str, bytes]:
    """Read secrets from the account's storage; those that are not in it are left out.

    Raises:
        WrongKeyError: The key is not the one of this account's storage.
        StartError: The account has no secret storage.
        Retry: As `requests.request`.
        GiveUp: The server refused.
    """
    key_id = await _default_key(client)
    if not key_id:
        raise StartError(
            f"{client.user_id} has no secret storage to recover its identity from:"
            " set up recovery in another client of the account, then run `spokesbot init` with that key."
        )
    if not fits(key, await _read(client, f"m.secret_storage.key.{key_id}")):
        raise WrongKeyError("the key is not the one of this account")
    found = {}
    for name in names:
        sealed = (await _sealed(client, name)).get(key_id)
        if sealed is not None:
            try:
                found[name] = unbase64(unseal(key, name, sealed).decode("ascii"))
            except WrongKeyError:
                raise
            except ValueError as error:
                raise WrongKeyError("the sealed secret is malformed") from error
    return found


async def held(client: BotClient, names: Iterable[str]) -> set[str]:
    """Tell which secrets the account's storage holds for its default key; whether they open, only that key tells.

    Raises:
        Retry: As `requests.request`.
        GiveUp: The server refused.
    """
    key_id = await _default_key(client)
    if not key_id or not await _read(client, f"m.secret_storage.key.{key_id}"):
        return set()
    return {name for name in names if key_id in await _sealed(client, name)}


async def _default_key(client: BotClient) -> str | None:
    key_id = (await _read(client, DEFAULT_KEY)).get("key")
    return key_id if isinstance(key_id, str) else None


async def _sealed(client: BotClient, name: str) -> dict[str, Any]:
    """Return a secret as the account holds it, sealed, by the ids of the keys that open it."""
    sealed = (await _read(client, name)).get("encrypted")
    return sealed if isinstance(sealed, dict) else {}


def _path(client: BotClient, name: str) -> str:
    return f"{V3}/user/{quote(client.user_id)}/account_data/{quote(name)}"


async def _read(client: BotClient, name: str) -> dict[str, Any]:
    try:
        return await request(client, "GET", _path(client, name))
    except Refused as error:
        if error.status == NOT_FOUND:
            return {}
        raise


async def _write(client: BotClient, name: str, content: dict[str, Any]) -> None:
    await request(client, "PUT", _path(client, name), content)
    if await request(client, "GET", _path(client, name)) != json.loads(json.dumps(content)):
        raise GiveUp(f"the server did not keep {name}")
