"""Have the bot's device signed by the account's identity, which is made where there is none.

Rule: an identity that exists is never replaced, and a new one is published only when its recovery key has been shown.
These are steps 3 to 6 of the first login (`first_login.py`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from bot.domain.errors import StartError
from bot.matrix import datafolder, identity, secret_storage
from bot.matrix.client import BotClient
from bot.matrix.datafolder import SavedSession
from bot.matrix.identity import MASTER, SELF_SIGNING, Identity, Published
from bot.matrix.secret_storage import WrongKeyError, to_base64, unbase64
from bot.matrix.setup import Setup


async def sign(setup: Setup, client: BotClient, saved: SavedSession) -> None:
    """See that the device is signed by the account's identity.

    Raises:
        StartError: The identity is gone or its recovery key is needed, or the signature does not show.
    """
    published = await identity.fetch(client)
    if published.master is None and saved.master_key is not None:
        raise StartError(
            f"The server shows no identity for {saved.user_id}, though it had one:"
            " ask the server's admins why before anything else."
        )
    pending = _pending(setup, saved)
    if published.master is None or (pending and pending.identity.public(MASTER) == published.master):
        published = await _publish(setup, client, saved, pending)
    elif not published.is_device_signed:
        await _sign_with_recovery_key(setup, client, published)
        published = await identity.fetch(client)
    elif saved.master_key == published.master and saved.pending is None:
        return
    if not published.is_device_signed:
        raise StartError("The server took the signature of the device but does not show it: try again later.")
    saved = datafolder.load(setup.config.data_dir) or saved
    setup.save(replace(saved, master_key=published.master, pending=None))
    setup.say(f"The device {saved.device_id} is signed by the identity of {saved.user_id}.")


@dataclass(frozen=True)
class _Pending:
    """An identity on its way, with the key its secret storage is sealed with."""

    identity: Identity
    key: bytes
    key_id: str


def _pending(setup: Setup, saved: SavedSession) -> _Pending | None:
    if saved.pending is None:
        return None
    held = saved.unseal(setup.store_key, "pending", saved.pending)
    seeds = {usage: unbase64(seed) for usage, seed in held["seeds"].items()}
    return _Pending(Identity(saved.user_id, seeds), unbase64(held["key"]), held["key_id"])


async def _publish(
    setup: Setup, client: BotClient, saved: SavedSession, pending: _Pending | None
) -> Published:
    if pending is None:
        made = Identity.create(saved.user_id)
        pending = _Pending(made, secrets.token_bytes(secret_storage.KEY_SIZE), secrets.token_hex(16))
        held = {
            "seeds": {usage: to_base64(seed) for usage, seed in made.seeds.items()},
            "key": to_base64(pending.key),
            "key_id": pending.key_id,
        }
        setup.save(replace(saved, pending=saved.seal(setup.store_key, "pending", held)))
    named = {identity.secret_name(usage): seed for usage, seed in pending.identity.seeds.items()}
    await secret_storage.write(client, pending.key, pending.key_id, named)
    setup.operator.show_recovery_key(secret_storage.encode_recovery_key(pending.key))
    await identity.publish(client, pending.identity, setup.operator.password)
    setup.say(f"Made an identity for {saved.user_id}.")
    await identity.sign_device(client, pending.identity, await identity.fetch(client))
    return await identity.fetch(client)


async def _sign_with_recovery_key(setup: Setup, client: BotClient, published: Published) -> None:
    user_id = setup.config.user_id
    given = setup.operator.recovery_key()
    if given is None:
        raise StartError(
            f"{user_id} has an identity already, which is never replaced:"
            f" give its recovery key in SPOKESBOT_RECOVERY_KEY, and run `spokesbot init` again."
        )
    try:
        key = secret_storage.decode_recovery_key(given)
        usages = (MASTER, SELF_SIGNING)
        found = await secret_storage.read(client, key, map(identity.secret_name, usages))
        own = Identity(user_id, {usage: found[identity.secret_name(usage)] for usage in usages})
    except (WrongKeyError, ValueError) as error:
        raise StartError(f"This is not the recovery key of {user_id}: {error}.") from error
    except KeyError as error:
        raise StartError(
            f"The secret storage of {user_id} does not hold the identity's keys ({error.args[0]}):"
            " set up recovery again in the client that made the identity."
        ) from error
    if (own.public(MASTER), own.public(SELF_SIGNING)) != (published.master, published.self_signing):
        raise StartError(
            f"The identity that the server shows for {user_id} is not the one in its secret storage:"
            " set up recovery again in the client that made the identity, then use its new recovery key."
        )
    await identity.sign_device(client, own, published)
