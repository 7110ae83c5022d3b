"""What others see of the bot's keys: `spokesbot crypto status`.

Rule: it changes nothing, asks for no secret but the store key, and may be run while the bot runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.config import Config
from bot.domain.errors import StartError, TransportError
from bot.matrix import identity, secret_storage, session
from bot.matrix.datafolder import SavedSession
from bot.matrix.identity import USAGES, Published


@dataclass(frozen=True)
class Fact:
    """One line of the status.

    Args:
        name: What it is about.
        value: What is true.
        good: Whether it is as it should be.
    """

    name: str
    value: str
    good: bool = True


def grouped(key: str) -> str:
    """Write a key in groups of four, as apps show fingerprints to be compared."""
    return " ".join(key[i : i + 4] for i in range(0, len(key), 4))


async def status(config: Config, store_key: bytes) -> list[Fact]:
    """Look at the keys here and at what the server shows of them.

    Raises:
        StartError: There is no session, or the store key does not open it.
    """
    saved = session.saved_session(config)
    token = saved.access_token(store_key)
    facts = [Fact("user", saved.user_id), Fact("device", saved.device_id), _fingerprint(saved)]
    facts.append(Fact("keys made", saved.keys_made_at or "not known"))
    facts.append(_key_store(config, store_key, saved))
    if token is None:
        return [*facts, Fact("server", "nobody is logged in: run `spokesbot init`", good=False)]
    client = session.connect(config, store_key, saved.device_id, with_store=False)
    client.access_token = token
    try:
        published = await identity.fetch(client)
        stored = await secret_storage.held(client, map(identity.secret_name, USAGES))
    except TransportError as error:
        return [*facts, Fact("server", f"it did not answer as asked: {error}", good=False)]
    finally:
        await client.close()
    return [*facts, *_identity(published, saved), _secret_storage(stored)]


def _fingerprint(saved: SavedSession) -> Fact:
    if saved.fingerprint is None:
        return Fact("fingerprint", "not made yet: run `spokesbot init`", good=False)
    return Fact("fingerprint", grouped(saved.fingerprint))


def _key_store(config: Config, store_key: bytes, saved: SavedSession) -> Fact:
    try:
        session.check_store(config, store_key, saved)
    except StartError as error:
        return Fact("key store", str(error), good=False)
    return Fact("key store", "is this device's")


def _identity(published: Published, saved: SavedSession) -> list[Fact]:
    if published.master is None:
        return [Fact("master key", "the account has no identity: run `spokesbot init`", good=False)]
    same = published.master == saved.master_key
    note = "" if same else " (not the one this device was signed by)"
    shown = (published.device or {}).get("keys", {}).get(f"ed25519:{saved.device_id}")
    if shown != saved.fingerprint:
        signed = Fact("signed", "no: the server shows other keys for this device", good=False)
    elif published.is_device_signed:
        signed = Fact("signed", "yes, by the identity")
    else:
        signed = Fact("signed", "no: run `spokesbot init` with the recovery key", good=False)
    return [Fact("master key", grouped(published.master) + note, good=same), signed]


def _secret_storage(stored: set[str]) -> Fact:
    missing = [usage for usage in USAGES if identity.secret_name(usage) not in stored]
    if not missing:
        return Fact("secret storage", "holds the identity; the recovery key opens it")
    if len(missing) == len(USAGES):
        return Fact("secret storage", "does not hold the identity: set up recovery in an app", good=False)
    return Fact("secret storage", f"lacks {', '.join(missing)}: set up recovery in an app", good=False)
