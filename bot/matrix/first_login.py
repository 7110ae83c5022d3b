"""Log the account in once, give it an identity, and sign the bot's device.

Rule: an interruption at any point loses nothing and doing it again goes on from there. So, in this order:

1. The device id is written down, then the login asks for exactly that device: a lost answer makes no second one.
2. The key store is made and its fingerprint written down before the device's keys are uploaded.
3. A new identity is written down, sealed with the store key, before anything of it leaves this machine.
4. Secret storage is written, the recovery key shown, and only then the identity published: nobody can come to
   trust an identity whose recovery key was never shown. Until step 6 a new run shows the same key again.
5. The device is signed, and the signature read back from the server and checked.
6. The master key is written down and the private keys are forgotten, which ends the setup.

An identity that exists already is never replaced; its recovery key is asked for instead.
"""

import secrets
import string
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from bot.config import Config
from bot.domain.errors import StartError
from bot.matrix import datafolder, identity, keystore, session, versions
from bot.matrix.client import BotClient
from bot.matrix.datafolder import SavedSession
from bot.matrix.first_signing import sign
from bot.matrix.keyfile import StoreLostError
from bot.matrix.recovery import check_recovery_key, log_out
from bot.matrix.requests import UNAUTHORISED, V3, Refused, request
from bot.matrix.setup import Operator, Setup


async def login_first(
    config: Config, store_key: bytes, operator: Operator, *, log_out_old: bool | None = None
) -> bool:
    """Do whatever part of the setup is still missing, or begin again with a new device of the same identity.

    Args:
        config: Which account, and where the data folder is.
        store_key: What the folder is or will be sealed with.
        operator: Gives the secrets and is told what happens.
        log_out_old: Not given: what is there is used if it can be. Given: a device whose keys are there is
            replaced, and then logged out or not. A setup that was interrupted is gone on with.

    Returns:
        Whether anything was missing.

    Raises:
        StartError: It cannot be done as things are; the sentence says what to do.
        Retry: The server cannot be reached or is busy.
        GiveUp: The server refuses for another reason.
    """
    versions.check()
    with datafolder.data_lock(config.data_dir):
        setup = Setup(config, store_key, operator)
        before = datafolder.load(config.data_dir)
        old = session.saved_session(config) if before and log_out_old is not None else None
        if old is not None and old.fingerprint is not None:
            await check_recovery_key(config, store_key, old, operator.recovery_key())
            saved = _new_session(setup, old.master_key)
        else:
            old, saved = None, await _usable_session(setup)
        client = session.connect(config, store_key, saved.device_id)
        try:
            saved = await _log_in(setup, client, saved)
            saved = await _make_keys(setup, client, saved)
            await sign(setup, client, saved)
        finally:
            await client.close()
        if old is not None and log_out_old and await log_out(config, store_key, old):
            setup.say(f"The old device {old.device_id} is logged out.")
        elif old is not None:
            setup.say(
                f"The old device {old.device_id} is still logged in; any app of the account can end it."
            )
        return datafolder.load(config.data_dir) != before


async def _usable_session(setup: Setup) -> SavedSession:
    """Return the saved session if it can be used or mended, else a new one without a token."""
    config, store_key = setup.config, setup.store_key
    if datafolder.load(config.data_dir) is None:
        return _new_session(setup)
    saved = session.saved_session(config)
    token = saved.access_token(store_key)
    if saved.fingerprint is not None:
        try:
            session.check_store(config, store_key, saved)
        except StoreLostError:
            setup.say(
                "The store of room keys is lost, so this becomes a new device; old messages stay unread."
            )
            if token is not None and setup.operator.access_token() is None:
                await log_out(config, store_key, saved)
            return _new_session(setup, saved.master_key)
    return saved if token is None else await _still_known(setup, saved, token)


def _new_session(setup: Setup, master_key: str | None = None) -> SavedSession:
    keys = setup.config.data_dir / keystore.FILE
    if keys.exists():  # of a device that is no more; kept, because only the operator may throw keys away
        aside = keys.with_name(f"keys-{secrets.token_hex(4)}.db")
        for end in ("-wal", "-shm", ""):
            part = keys.with_name(keys.name + end)
            if part.exists():
                part.rename(aside.with_name(aside.name + end))
        setup.say(f"An older store of room keys was moved to {aside.name}.")
    device_id = "".join(secrets.choice(string.ascii_uppercase) for _ in range(10))
    new = SavedSession(setup.config.user_id, device_id, setup.config.homeserver, master_key=master_key)
    return setup.save(new)


async def _still_known(setup: Setup, saved: SavedSession, token: str) -> SavedSession:
    """Return the session if the server knows it; a soft logout keeps the device for a new login."""
    client = session.connect(setup.config, setup.store_key, saved.device_id, with_store=False)
    client.access_token = token
    try:
        await request(client, "GET", f"{V3}/account/whoami")
    except Refused as error:
        if not error.is_token_unknown:
            raise
        if error.body.get("soft_logout"):
            setup.say("The server asks for a new login on the same device.")
            return setup.save(replace(saved, token=None))
        setup.say("The server has ended the session, so this becomes a new device.")
        return _new_session(setup, saved.master_key)
    finally:
        await client.close()
    return saved


async def _log_in(setup: Setup, client: BotClient, saved: SavedSession) -> SavedSession:
    token = saved.access_token(setup.store_key)
    if token is None:
        given = setup.operator.access_token()
        if given is not None:
            saved, token = await _adopt_token(setup, client, saved, given), given
        else:
            token = await _log_in_with_password(setup, client)
        saved = setup.save(saved.with_token(setup.store_key, token))
        setup.say(f"Logged in as {saved.user_id} on device {saved.device_id}.")
    client.restore_login(saved.user_id, saved.device_id, token)
    return saved


async def _log_in_with_password(setup: Setup, client: BotClient) -> str:
    user_id = setup.config.user_id
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user_id},
        "password": setup.operator.password(),
        "device_id": client.device_id,
        "initial_device_display_name": setup.config.device_name,
    }
    try:
        answer = await request(client, "POST", f"{V3}/login", body)
    except Refused as error:
        if error.errcode == "M_FORBIDDEN":
            raise StartError(f"The server does not take the password of {user_id}.") from error
        raise StartError(
            f"The server does not let {user_id} log in with a password ({error.errcode or error.status}):"
            f" check homeserver, or give an access token in SPOKESBOT_ACCESS_TOKEN."
        ) from error
    if (answer.get("user_id"), answer.get("device_id")) != (user_id, client.device_id):
        raise StartError(
            f"The server logged in {answer.get('user_id')}: correct user_id, which says {user_id}."
        )
    return str(answer["access_token"])


async def _adopt_token(setup: Setup, client: BotClient, saved: SavedSession, token: str) -> SavedSession:
    """Take over the device of a token that the operator made, if no other program has put keys into it."""
    user_id = setup.config.user_id
    client.access_token = token
    try:
        who = await request(client, "GET", f"{V3}/account/whoami")
    except Refused as error:
        if error.status == UNAUTHORISED:
            raise StartError(f"The server does not know the access token for {user_id}.") from error
        raise
    device_id = who.get("device_id")
    if who.get("user_id") != user_id or not device_id:
        raise StartError(
            f"The access token belongs to {who.get('user_id')} on device {device_id or 'none'}:"
            f" it must be one of {user_id}, with a device."
        )
    client.device_id = device_id
    if saved.device_id != device_id and (await identity.fetch(client)).device is not None:
        raise StartError(
            f"Another program keeps its keys in the device {device_id} of the access token:"
            " give a token that was made for this bot alone, or the password."
        )
    name = {"display_name": setup.config.device_name}
    await request(client, "PUT", f"{V3}/devices/{quote(device_id)}", name)
    return setup.save(replace(saved, device_id=device_id))


async def _make_keys(setup: Setup, client: BotClient, saved: SavedSession) -> SavedSession:
    fingerprint = client.olm.account.identity_keys["ed25519"]
    if saved.fingerprint is None:
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        saved = setup.save(replace(saved, fingerprint=fingerprint, keys_made_at=made_at))
    if not client.olm.account.shared:
        await client.upload_keys()
        setup.say("Made the device's keys.")
    return saved
