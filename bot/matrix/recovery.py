"""Give up a device: see first that its successor can be signed, and take it off the account at the end.

Rule: nothing that still works is set aside before the recovery key was tried, as far as it can be tried.
"""

from __future__ import annotations

from bot.config import Config
from bot.domain.errors import StartError
from bot.matrix import secret_storage, session
from bot.matrix.client import BotClient
from bot.matrix.datafolder import SavedSession
from bot.matrix.requests import V3, Refused, request
from bot.matrix.secret_storage import WrongKeyError


async def check_recovery_key(config: Config, store_key: bytes, old: SavedSession, given: str | None) -> None:
    """See that a recovery key is there and, where the old session still works, that it is the right one.

    Raises:
        StartError: It is missing or wrong.
        Retry: The server cannot be reached or is busy.
        GiveUp: The server refuses for another reason.
    """
    if given is None:
        raise StartError(
            f"The recovery key of {config.user_id} is needed: set SPOKESBOT_RECOVERY_KEY,"
            " or SPOKESBOT_RECOVERY_KEY_FILE to a file that holds it."
        )
    try:
        key = secret_storage.decode_recovery_key(given)
        client = _client(config, store_key, old)
        if client is None:
            return
        try:
            await secret_storage.read(client, key, ())
        except Refused as error:
            if not error.is_token_unknown:
                raise
        finally:
            await client.close()
    except WrongKeyError as error:
        raise StartError(f"This is not the recovery key of {config.user_id}: {error}.") from error


async def log_out(config: Config, store_key: bytes, old: SavedSession) -> bool:
    """Take a device off the account, so that nobody sends keys to it any more.

    Returns:
        Whether it is off; `False` if its token is lost or sealed with another store key.
    """
    client = _client(config, store_key, old)
    if client is None:
        return False
    try:
        await request(client, "POST", f"{V3}/logout", {})
    except Refused as error:
        if not error.is_token_unknown:
            raise
    finally:
        await client.close()
    return True


def _client(config: Config, store_key: bytes, old: SavedSession) -> BotClient | None:
    try:
        token = old.access_token(store_key)
    except StartError:
        return None
    if token is None:
        return None
    client = session.connect(config, store_key, old.device_id, with_store=False)
    client.access_token = token
    return client
