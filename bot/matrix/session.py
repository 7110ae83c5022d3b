"""Take up the session that `init` left in the data folder, and refuse to if anything about it is wrong.

Rule: a bot whose keys are lost, mixed up or no longer vouched for does not start: other people's clients would
refuse or mistrust its messages, and it could not read theirs. Each refusal is a sentence with its remedy.
"""

from dataclasses import dataclass

from bot.config import Config
from bot.domain.errors import StartError, StoreError
from bot.matrix import datafolder, identity, keyfile, keystore, versions
from bot.matrix.client import BotClient
from bot.matrix.datafolder import SavedSession
from bot.matrix.identity import Published
from bot.matrix.requests import Refused

__all__ = ["Session", "connect", "restore", "saved_session"]


@dataclass(frozen=True)
class Session:
    """A session ready for use; whoever gets it closes its client.

    Args:
        client: Logged in, with its key store open.
        user_id: The account.
        device_id: The device, signed by the account's identity.
        master_key: The public master key of that identity, in unpadded base64.
    """

    client: BotClient
    user_id: str
    device_id: str
    master_key: str


async def restore(config: Config, store_key: bytes) -> Session:
    """Take up the session; the caller holds `datafolder.data_lock`.

    Args:
        config: Says where the data folder is, and which account is expected.
        store_key: What the folder is sealed with.

    Raises:
        StartError: Something is wrong that waiting does not mend; the sentence says what to do.
        Retry: The server cannot be reached or is busy; everything on this machine is right.
        GiveUp: The server refuses for another reason.
    """
    versions.check()
    saved = saved_session(config)
    token = saved.access_token(store_key)
    if token is None or saved.master_key is None or not saved.is_complete:
        raise StartError("The setup was interrupted: run `spokesbot init` once more.")
    check_store(config, store_key, saved)
    client = connect(config, store_key, saved.device_id)
    try:
        client.restore_login(saved.user_id, saved.device_id, token)
        _check_published(await _ask(client), saved, client)
    except BaseException:
        await client.close()
        raise
    return Session(client, saved.user_id, saved.device_id, saved.master_key)


def saved_session(config: Config) -> SavedSession:
    """Read who is logged in, and compare it with the configuration.

    Raises:
        StartError: Nobody is, or another account.
        StoreError: As `datafolder.load`.
    """
    saved = datafolder.load(config.data_dir)
    if saved is None:
        raise StartError(f"There is no session in {config.data_dir}: run `spokesbot init` first.")
    if saved.user_id != config.user_id:
        raise StartError(
            f"{config.data_dir} holds the session of {saved.user_id}, but the configuration says"
            f" {config.user_id}: correct user_id, or give another data_dir."
        )
    return saved


def check_store(config: Config, store_key: bytes, saved: SavedSession) -> None:
    """See that the key store is there and is this session's.

    Raises:
        StoreError: It is lost, another device's, or made with another store key.
    """
    path = config.data_dir / keystore.FILE
    key = datafolder.pickle_key(store_key)
    if keyfile.fingerprint_in(path, saved.user_id, saved.device_id, key) != saved.fingerprint:
        raise StoreError(
            f"The store of room keys {path} is not the one {datafolder.SESSION} was written with:"
            " bring back both from the same time, or move the folder away and run `spokesbot init` again."
        )


def connect(config: Config, store_key: bytes, device_id: str, *, with_store: bool = True) -> BotClient:
    """Make a client that is not logged in yet.

    Args:
        config: Says which server, account and folder.
        store_key: What the key store is sealed with.
        device_id: The device it is to be.
        with_store: Whether it will open the key store once it is logged in.
    """
    client = BotClient(
        config.homeserver,
        config.user_id,
        store_path=str(config.data_dir) if with_store else "",
        pickle_key=datafolder.pickle_key(store_key),
        trust=config.trust,
    )
    client.device_id, client.user_id = device_id, config.user_id
    return client


async def _ask(client: BotClient) -> Published:
    try:
        return await identity.fetch(client)
    except Refused as error:
        if error.is_token_unknown:
            raise StartError(
                f"The server has ended the session of {client.user_id} on device {client.device_id}:"
                " run `spokesbot init` again with the recovery key to log in anew."
            ) from error
        raise


def _check_published(published: Published, saved: SavedSession, client: BotClient) -> None:
    own = client.olm.account.identity_keys
    device = f"device {saved.device_id} of {saved.user_id}"
    if published.device is None:
        raise StartError(
            f"The server no longer has the {device}: run `spokesbot init` again with the recovery key."
        )
    if not published.has_device_keys(own["ed25519"], own["curve25519"]):
        raise StartError(
            f"The server shows other keys for the {device} than the store holds: if you brought back an old"
            " copy, move the data folder away and run `spokesbot init` again with the recovery key."
        )
    if published.master != saved.master_key:
        raise StartError(
            f"The identity of {saved.user_id} is not the one this device was signed by: if you reset it"
            " yourself, run `spokesbot init` with its new recovery key; if not, ask the server's admins why."
        )
    if not published.is_device_signed:
        raise StartError(
            f"The {device} is not signed by the account's identity, so people's apps would warn of it:"
            " run `spokesbot init` again with the recovery key."
        )
