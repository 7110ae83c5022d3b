"""The setup of a bot's account, against a real server and interrupted everywhere."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import StartError
from bot.matrix import datafolder, identity, secret_storage, session
from bot.matrix.client import BotClient
from bot.matrix.first_login import login_first
from bot.matrix.requests import V3, Refused, request
from sandbox.synapse import Account, Synapse
from tests.synapse.operator import Knowing, config_for

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

KEY = bytes(range(32))
REQUESTS_OF_A_SETUP = 24  # at most; the test stops at the first number that interrupts nothing


class KilledError(BaseException):
    """The process ended here."""


def count_down(monkeypatch: pytest.MonkeyPatch, number: int, *, answered: bool) -> list[str]:
    """End the process at its n-th request, before it is sent or when the answer is on its way back."""
    made: list[str] = []
    plain = BotClient.send

    async def send(self: BotClient, method: str, path: str, *more: Any, **most: Any) -> Any:
        made.append(path)
        if len(made) == number and not answered:
            raise KilledError
        answer = await plain(self, method, path, *more, **most)
        if len(made) == number:
            await answer.read()
            raise KilledError
        return answer

    monkeypatch.setattr(BotClient, "send", send)
    return made


async def is_good(synapse: Synapse, account: Account, data: Path, recovery: str) -> None:
    """See that the bot starts, and that the recovery key opens what vouches for it."""
    taken = await session.restore(config_for(synapse, account, data), KEY)
    try:
        key = secret_storage.decode_recovery_key(recovery)
        name = identity.secret_name(identity.MASTER)
        seeds = await secret_storage.read(taken.client, key, [name])
        held = identity.Identity(account.user_id, {identity.MASTER: seeds[name]})
        assert held.public(identity.MASTER) == taken.master_key
        answer = await request(taken.client, "GET", f"{V3}/devices")
        assert [device["device_id"] for device in answer["devices"]] == [taken.device_id]
    finally:
        await taken.client.close()


@pytest.mark.parametrize("answered", [False, True], ids=["before it is sent", "after it was answered"])
async def test_a_setup_ended_at_any_request_goes_on_from_there(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path, *, answered: bool
) -> None:
    for number in range(1, REQUESTS_OF_A_SETUP):
        account = await synapse.register(fresh_name("killed"))
        data = tmp_path / str(number)
        config, operator = config_for(synapse, account, data), Knowing(account.password)
        with pytest.MonkeyPatch.context() as patch:
            made = count_down(patch, number, answered=answered)
            try:
                await login_first(config, KEY, operator)
            except KilledError:
                pass
            else:
                assert len(made) < number
                break
        await login_first(config, KEY, operator)
        assert len(set(operator.shown)) == 1
        await is_good(synapse, account, data, operator.shown[-1])
        assert await login_first(config, KEY, operator) is False
    else:
        pytest.fail("the setup makes more requests than were interrupted")


async def test_the_recovery_key_is_shown_before_the_identity_is_published(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await synapse.register(fresh_name("order"))
    made = count_down(monkeypatch, 0, answered=False)
    order: list[str] = []

    class Watching(Knowing):
        def show_recovery_key(self, key: str) -> None:
            order.extend(made)

    await login_first(config_for(synapse, account, tmp_path), KEY, Watching(account.password))
    assert any("account_data" in path for path in order)
    assert not any("device_signing" in path for path in order)
    assert any("device_signing" in path for path in made)


async def test_a_lost_folder_needs_the_recovery_key_and_keeps_the_identity(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    account = await synapse.register(fresh_name("lost"))
    first, operator = config_for(synapse, account, tmp_path / "first"), Knowing(account.password)
    await login_first(first, KEY, operator)
    before = datafolder.load(first.data_dir)
    again = config_for(synapse, account, tmp_path / "second")
    with pytest.raises(StartError, match="has an identity already, which is never replaced"):
        await login_first(again, KEY, Knowing(account.password))
    wrong = secret_storage.encode_recovery_key(secrets.token_bytes(32))
    with pytest.raises(StartError, match="This is not the recovery key"):
        await login_first(again, KEY, Knowing(account.password, recovery=wrong))
    helped = Knowing(account.password, recovery=operator.shown[0])
    assert await login_first(again, KEY, helped)
    after = datafolder.load(again.data_dir)
    assert before is not None
    assert after is not None
    assert (before.master_key, before.device_id != after.device_id) == (after.master_key, True)
    assert helped.shown == []
    taken = await session.restore(again, KEY)
    await taken.client.close()


async def test_a_lost_store_becomes_a_new_device_and_takes_the_old_one_away(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    account = await synapse.register(fresh_name("storeless"))
    config, operator = config_for(synapse, account, tmp_path), Knowing(account.password)
    await login_first(config, KEY, operator)
    for part in tmp_path.glob("keys.db*"):
        part.unlink()
    await login_first(config, KEY, Knowing(account.password, recovery=operator.shown[0]))
    await is_good(synapse, account, tmp_path, operator.shown[0])


async def test_a_session_that_the_server_ended_becomes_a_new_device(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    account = await synapse.register(fresh_name("ended"))
    config, operator = config_for(synapse, account, tmp_path), Knowing(account.password)
    await login_first(config, KEY, operator)
    taken = await session.restore(config, KEY)
    await request(taken.client, "POST", f"{V3}/logout", {})
    await taken.client.close()
    with pytest.raises(StartError, match="ended the session"):
        await session.restore(config, KEY)
    await login_first(config, KEY, Knowing(account.password, recovery=operator.shown[0]))
    await is_good(synapse, account, tmp_path, operator.shown[0])
    assert len(list(tmp_path.glob("keys-*.db"))) == 1


async def test_an_access_token_is_taken_over_with_its_device(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    account = await synapse.register(fresh_name("token"))
    config = config_for(synapse, account, tmp_path)
    client = session.connect(config, KEY, "", with_store=False)
    user = {"type": "m.id.user", "user": account.user_id}
    body = {"type": "m.login.password", "identifier": user, "password": account.password}
    made = await request(client, "POST", f"{V3}/login", body)
    await client.close()
    operator = Knowing(token=made["access_token"])
    await login_first(config, KEY, operator)
    await is_good(synapse, account, tmp_path, operator.shown[0])
    with pytest.raises(StartError, match="Another program keeps its keys"):
        await login_first(config_for(synapse, account, tmp_path / "other"), KEY, operator)


async def test_an_identity_that_was_reset_is_taken_up_with_its_new_recovery_key(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    account = await synapse.register(fresh_name("reset"))
    config, operator = config_for(synapse, account, tmp_path), Knowing(account.password)
    await login_first(config, KEY, operator)
    taken = await session.restore(config, KEY)
    new, key = identity.Identity.create(account.user_id), secrets.token_bytes(32)
    named = {identity.secret_name(usage): seed for usage, seed in new.seeds.items()}
    await secret_storage.write(taken.client, key, "new", named)
    await identity.publish(taken.client, new, operator.password)
    await taken.client.close()
    with pytest.raises(StartError, match="is not the one this device was signed by"):
        await session.restore(config, KEY)
    recovery = secret_storage.encode_recovery_key(key)
    await login_first(config, KEY, Knowing(account.password, recovery=recovery))
    await is_good(synapse, account, tmp_path, recovery)


async def test_a_wrong_password_for_a_new_identity_is_told(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    account = await synapse.register(fresh_name("uia"))
    config, operator = config_for(synapse, account, tmp_path), Knowing(account.password)
    await login_first(config, KEY, operator)
    taken = await session.restore(config, KEY)
    try:
        with pytest.raises(StartError, match="does not take the password"):
            await identity.publish(taken.client, identity.Identity.create(account.user_id), lambda: "wrong")
    finally:
        await taken.client.close()


async def test_a_server_that_wants_an_approval_says_where(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await synapse.register(fresh_name("approval"))
    config, operator = config_for(synapse, account, tmp_path), Knowing(account.password)
    await login_first(config, KEY, operator)
    taken = await session.restore(config, KEY)
    asked = {
        "flows": [{"stages": ["m.oauth"]}],
        "params": {"m.oauth": {"url": "https://account.test/approve"}},
        "session": "s",
    }

    async def refuse(*_: Any) -> dict[str, Any]:
        raise Refused(401, "", asked, "asked for more")

    monkeypatch.setattr(identity, "request", refuse)
    with pytest.raises(StartError, match=r"Approve the new identity .* at https://account\.test/approve"):
        await identity.publish(taken.client, identity.Identity.create(account.user_id), operator.password)
    await taken.client.close()
