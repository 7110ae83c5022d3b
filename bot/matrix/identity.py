"""Make, publish and check the cross-signing identity of the bot's account.

Rule: an identity that people may have verified is never replaced, and only keys we hold ourselves are signed,
whatever the server shows. The private keys live in secret storage; a running bot knows only the public ones.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vodozemac import Ed25519PublicKey, Ed25519Signature

from bot.domain.errors import StartError
from bot.matrix.requests import UNAUTHORISED, V3, Refused, request
from bot.matrix.secret_storage import to_base64

if TYPE_CHECKING:
    from bot.matrix.client import BotClient

MASTER, SELF_SIGNING, USER_SIGNING = "master", "self_signing", "user_signing"
USAGES = (MASTER, SELF_SIGNING, USER_SIGNING)
_APPROVALS = ("m.oauth", "org.matrix.cross_signing_reset")  # delegated sign-in: approved on a page


def canonical_json(thing: Mapping[str, Any]) -> bytes:
    """Write what is signed, as the specification's appendix on signing says."""
    bare = {key: value for key, value in thing.items() if key not in ("signatures", "unsigned")}
    return json.dumps(bare, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def secret_name(usage: str) -> str:
    """Name a private key in secret storage."""
    return f"m.cross_signing.{usage}"


@dataclass(frozen=True)
class Identity:
    """The private keys of an account's identity.

    Args:
        user_id: Whose they are.
        seeds: 32 bytes for each usage; all there is to keep, and to keep secret.
    """

    user_id: str
    seeds: Mapping[str, bytes]

    @classmethod
    def create(cls, user_id: str) -> Identity:
        """Make a new identity out of fresh randomness."""
        return cls(user_id, {usage: secrets.token_bytes(32) for usage in USAGES})

    def public(self, usage: str) -> str:
        """Return a public key in unpadded base64."""
        return to_base64(self._key(usage).public_key().export_key(format="raw"))

    def sign(self, usage: str, thing: dict[str, Any]) -> dict[str, Any]:
        """Return the object with one more signature of ours."""
        from Crypto.Signature import eddsa  # noqa: PLC0415 - a megabyte with `ECC`; a running bot signs nothing

        signature = to_base64(eddsa.new(self._key(usage), "rfc8032").sign(canonical_json(thing)))
        signatures = {user: dict(made) for user, made in thing.get("signatures", {}).items()}
        signatures.setdefault(self.user_id, {})[f"ed25519:{self.public(usage)}"] = signature
        return {**thing, "signatures": signatures}

    def key_object(self, usage: str) -> dict[str, Any]:
        """Return the public key as it is published; those below the master key carry its signature."""
        public = self.public(usage)
        made = {"user_id": self.user_id, "usage": [usage], "keys": {f"ed25519:{public}": public}}
        return made if usage == MASTER else self.sign(MASTER, made)

    def _key(self, usage: str) -> Any:
        from Crypto.PublicKey import ECC  # noqa: PLC0415 - as in `sign`

        return ECC.construct(curve="Ed25519", seed=self.seeds[usage])


@dataclass(frozen=True)
class Published:
    """What the server shows of an account: its identity and one device.

    Args:
        user_id: Whose they are.
        device_id: Which device.
        device: The device's keys object, if the server has one.
        master: The public master key, if there is an identity.
        self_signing: The public self-signing key, if the master key has signed it.
    """

    user_id: str
    device_id: str
    device: dict[str, Any] | None
    master: str | None
    self_signing: str | None

    @classmethod
    def parse(cls, answer: Mapping[str, Any], user_id: str, device_id: str) -> Published:
        """Read an answer of `/keys/query`, believing only signatures checked here."""
        master_object = _object(answer.get("master_keys")).get(user_id)
        signing_object: Any = _object(answer.get("self_signing_keys")).get(user_id)
        device = _object(_object(answer.get("device_keys")).get(user_id)).get(device_id)
        master, signing = (
            key_of(master_object, user_id, MASTER),
            key_of(signing_object, user_id, SELF_SIGNING),
        )
        if not (master and signing and is_signed(signing_object, user_id, master)):
            signing = None
        return cls(user_id, device_id, device if isinstance(device, dict) else None, master, signing)

    @property
    def is_device_signed(self) -> bool:
        """Whether the chain holds: the master key vouches for the self-signing key, and that for the device."""
        return (
            self.device is not None
            and self.self_signing is not None
            and is_signed(self.device, self.user_id, self.self_signing)
        )

    def has_device_keys(self, ed25519: str, curve25519: str) -> bool:
        """Tell whether the device shown is the one with these keys."""
        keys = _object((self.device or {}).get("keys"))
        return (keys.get(f"ed25519:{self.device_id}"), keys.get(f"curve25519:{self.device_id}")) == (
            ed25519,
            curve25519,
        )


def is_signed(thing: Mapping[str, Any], user_id: str, key: str) -> bool:
    """Check a user's ed25519 signature, made with the key of which this is the public half in base64."""
    try:
        signature = Ed25519Signature.from_base64(thing["signatures"][user_id][f"ed25519:{key}"])
        Ed25519PublicKey.from_base64(key).verify_signature(canonical_json(thing), signature)
    except (KeyError, TypeError, ValueError, RecursionError):
        return False
    return True


async def fetch(client: BotClient) -> Published:
    """Ask the server for our own identity and device.

    Raises:
        Retry: As `requests.request`.
        Refused: The server refused, for instance because the session has ended.
    """
    answer = await request(client, "POST", f"{V3}/keys/query", {"device_keys": {client.user_id: []}})
    return Published.parse(answer, client.user_id, client.device_id)


async def publish(client: BotClient, identity: Identity, password: Callable[[], str]) -> None:
    """Publish the public keys; the same ones again are taken without a question.

    Args:
        client: With the device that is to vouch for the identity, too.
        identity: What to publish.
        password: Asked only if the server wants the account's password for it.

    Raises:
        StartError: The server wants something that only the operator can do; the sentence says what.
        Retry: As `requests.request`.
        Refused: The server refused otherwise.
    """
    master = identity.key_object(MASTER)
    signature = client.olm.sign_json(master)
    master["signatures"] = {client.user_id: {f"ed25519:{client.device_id}": signature}}
    body: dict[str, Any] = {"master_key": master}
    body |= {f"{usage}_key": identity.key_object(usage) for usage in (SELF_SIGNING, USER_SIGNING)}
    path = f"{V3}/keys/device_signing/upload"
    try:
        await request(client, "POST", path, body)
    except Refused as error:
        if error.status != UNAUTHORISED or "flows" not in error.body:
            raise
        body["auth"] = _authenticate(client.user_id, error.body, password)
        try:
            await request(client, "POST", path, body)
        except Refused as again:
            if again.status in (UNAUTHORISED, 403):
                raise StartError(f"The server does not take the password of {client.user_id}.") from again
            raise


def _authenticate(user_id: str, asked: Mapping[str, Any], password: Callable[[], str]) -> dict[str, Any]:
    flows = [flow.get("stages", []) for flow in asked["flows"]]
    if ["m.login.password"] in flows:
        return {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user_id},
            "password": password(),
            "session": asked.get("session"),
        }
    for stage in _APPROVALS:
        url = asked.get("params", {}).get(stage, {}).get("url")
        if url:
            raise StartError(
                f"Approve the new identity of {user_id} at {url}, then run `spokesbot init` again."
            )
    wanted = " or ".join("+".join(stages) for stages in flows)
    raise StartError(
        f"The server wants {wanted} before it takes an identity for {user_id}, which this program cannot do:"
        " set the account up in another client first, then run `spokesbot init` with its recovery key."
    )


async def sign_device(client: BotClient, identity: Identity, published: Published) -> None:
    """Sign this device, after comparing the keys the server shows for it with those we hold.

    Args:
        client: With the device's key store.
        identity: Needs only the self-signing seed.
        published: Fetched after the device's keys were uploaded.

    Raises:
        StartError: The server shows other keys for this device.
        Retry: As `requests.request`.
        Refused: The server refused.
    """
    own = client.olm.account.identity_keys
    if published.device is None or not published.has_device_keys(own["ed25519"], own["curve25519"]):
        raise StartError(
            f"The server shows other keys for the device {client.device_id} than this store holds:"
            " it is not signed; move the data folder away and run `spokesbot init` for a new device."
        )
    signed = identity.sign(SELF_SIGNING, {k: v for k, v in published.device.items() if k != "unsigned"})
    body = {client.user_id: {client.device_id: signed}}
    answer = await request(client, "POST", f"{V3}/keys/signatures/upload", body)
    if answer.get("failures"):
        raise StartError(f"The server refuses the signature of the device: {answer['failures']}.")


def key_of(thing: Any, user_id: str, usage: str) -> str | None:
    """Read the one key out of a published key object, if it is well-formed."""
    if not isinstance(thing, dict) or thing.get("user_id") != user_id:
        return None
    usages = thing.get("usage")
    if not isinstance(usages, list) or usage not in usages:
        return None
    keys = thing.get("keys")
    if not isinstance(keys, dict) or len(keys) != 1:
        return None
    ((name, key),) = keys.items()
    return key if isinstance(key, str) and name == f"ed25519:{key}" else None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
