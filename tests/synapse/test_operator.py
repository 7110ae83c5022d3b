"""The operator's program as a process of its own, against a real server."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio

from bot import credentials
from bot.matrix import datafolder, identity, session
from bot.matrix.client import BotClient
from bot.matrix.requests import V3, request
from sandbox.synapse import Account, Synapse
from tests.synapse.operator import Site, config_for

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def site(synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path) -> Site:
    """Return a machine with a fresh account and its configuration."""
    made = Site(synapse, await synapse.register(fresh_name("operator")), tmp_path)
    made.configure()
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def ready(site: Site) -> Site:
    """Return a machine that was set up."""
    done = await site.init()
    assert done.code == 0, done.err
    return site


ENCRYPTED = {
    "type": "m.room.encryption",
    "state_key": "",
    "content": {"algorithm": "m.megolm.v1.aes-sha2"},
}


async def refused(site: Site, *words: str) -> str:
    """Run the bot, see that it refuses to start in one sentence, and return that."""
    outcome = await site.spokesbot("run", *words)
    assert outcome.code == 3
    assert outcome.out == ""
    assert outcome.err.startswith("spokesbot: ")
    assert outcome.err.count("\n") == 1
    return outcome.err


# -- init


async def test_init_sets_everything_up_and_shows_the_recovery_key_once(site: Site) -> None:
    done = await site.init()
    assert done.code == 0, done.err
    assert done.out.count(done.recovery_key) == 1
    assert done.err == ""
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in site.data.iterdir()}
    assert modes == dict.fromkeys(("keys.db", "lock", "session.json", "store.key"), "0o600")
    assert oct(site.data.stat().st_mode & 0o777) == "0o700"
    kept = b"".join(path.read_bytes() for path in site.data.iterdir())
    assert site.account.password.encode() not in kept
    assert b"syt_" not in kept  # how Synapse's access tokens begin


async def test_init_a_second_time_changes_nothing_and_says_so(ready: Site) -> None:
    before = {path: path.read_bytes() for path in ready.data.glob("*.json")}
    again = await ready.spokesbot("init")
    assert again.code == 0
    assert "nothing was changed" in again.out
    assert {path: path.read_bytes() for path in ready.data.glob("*.json")} == before


async def test_init_on_an_account_with_an_identity_asks_for_its_recovery_key(
    ready: Site, tmp_path: Path, synapse: Synapse
) -> None:
    other = Site(synapse, ready.account, tmp_path / "other")
    other.folder.mkdir()
    other.configure()
    without = await other.init()
    assert without.code == 3
    assert "SPOKESBOT_RECOVERY_KEY" in without.err
    mistyped = await other.init(SPOKESBOT_RECOVERY_KEY="EsT6 ktPr")
    assert mistyped.code == 3
    assert "typing mistake" in mistyped.err


async def test_init_with_the_recovery_key_signs_a_new_device(
    site: Site, tmp_path: Path, synapse: Synapse
) -> None:
    first = await site.init()
    other = Site(synapse, site.account, tmp_path / "other")
    other.folder.mkdir()
    other.configure()
    key_file = tmp_path / "recovery"
    key_file.touch(mode=0o600)
    key_file.write_text(first.recovery_key)
    second = await other.init(SPOKESBOT_RECOVERY_KEY_FILE=str(key_file))
    assert second.code == 0, second.err
    assert "recovery key" not in second.out
    assert (await other.spokesbot("doctor")).code == 0


async def test_init_without_a_password_says_where_to_put_it(site: Site) -> None:
    outcome = await site.spokesbot("init")
    assert outcome.code == 3
    assert "SPOKESBOT_PASSWORD" in outcome.err


async def test_init_with_a_wrong_password_says_so(site: Site) -> None:
    outcome = await site.spokesbot("init", SPOKESBOT_PASSWORD="wrong")
    assert (outcome.code, "does not take the password" in outcome.err) == (3, True)


async def test_init_without_a_server_says_so(site: Site) -> None:
    site.configure(homeserver="http://127.0.0.1:9")
    outcome = await site.init()
    assert (outcome.code, "no answer from the server" in outcome.err) == (3, True)
    assert "Traceback" not in outcome.err


# -- run refuses


async def test_run_refuses_before_init(site: Site) -> None:
    assert "run `spokesbot init`" in await refused(site)


async def test_run_refuses_a_lost_store(ready: Site) -> None:
    (ready.data / "keys.db").unlink()
    assert "is lost" in await refused(ready)


async def test_run_refuses_an_emptied_store(ready: Site) -> None:
    with closing(sqlite3.connect(ready.data / "keys.db")) as connection, connection:
        connection.execute("DELETE FROM accounts")
    assert "is empty" in await refused(ready)


async def test_run_refuses_the_store_of_another_device(
    ready: Site, synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    other = Site(synapse, await synapse.register(fresh_name("another")), tmp_path / "other")
    other.folder.mkdir()
    other.configure()
    await other.init()
    (ready.data / "keys.db").write_bytes((other.data / "keys.db").read_bytes())
    assert "belongs to another device" in await refused(ready)


async def test_run_refuses_another_store_key(ready: Site) -> None:
    (ready.data / "store.key").write_text("A" * 43 + "=")
    assert "store key does not open" in await refused(ready)


async def test_run_refuses_a_store_key_that_others_can_read(ready: Site) -> None:
    (ready.data / "store.key").chmod(0o640)
    assert "chmod 600" in await refused(ready)


async def reset_identity(site: Site) -> str:
    """Replace the account's identity, as another client could; return its new public master key."""
    config = config_for(site.synapse, site.account, site.data)
    taken = await session.restore(config, credentials.store_key(site.data / "store.key"))
    new = identity.Identity.create(site.account.user_id)
    await identity.publish(taken.client, new, lambda: site.account.password)
    await taken.client.close()
    return new.public(identity.MASTER)


async def test_run_refuses_an_identity_that_was_replaced(ready: Site) -> None:
    await reset_identity(ready)
    assert "is not the one this device was signed by" in await refused(ready)


async def test_run_refuses_a_device_that_is_not_signed(ready: Site) -> None:
    master = await reset_identity(ready)
    saved = datafolder.load(ready.data)
    assert saved is not None
    datafolder.save(ready.data, replace(saved, master_key=master))
    assert "is not signed by the account's identity" in await refused(ready)
    doctor = await ready.spokesbot("doctor")
    assert doctor.code == 1
    assert "bad   The device" in doctor.out


async def test_run_refuses_a_session_that_the_server_ended(ready: Site) -> None:
    config = config_for(ready.synapse, ready.account, ready.data)
    taken = await session.restore(config, credentials.store_key(ready.data / "store.key"))
    await request(taken.client, "POST", f"{V3}/logout", {})
    await taken.client.close()
    assert "has ended the session" in await refused(ready)


async def test_run_and_init_refuse_a_folder_in_use(ready: Site) -> None:
    with datafolder.data_lock(ready.data):
        assert "Another Spokesbot is using" in await refused(ready)
        again = await ready.spokesbot("init")
        assert (again.code, "Another Spokesbot is using" in again.err) == (3, True)
        doctor = await ready.spokesbot("doctor")
        assert (doctor.code, "A Spokesbot is using" in doctor.out) == (0, True)
    assert (await ready.spokesbot("init")).code == 0


async def test_run_with_a_bad_configuration_tells_every_problem(site: Site) -> None:
    site.configure(homeserver="ftp://x", comand_prefix="'!'", timezone="Europe/Lundon")
    outcome = await site.spokesbot("run")
    assert outcome.code == 2
    assert [line.partition(":")[0] for line in outcome.err.splitlines()] == [
        "homeserver",
        "timezone",
        "comand_prefix",
    ]


# -- check-config and doctor


async def test_check_config_needs_no_server(site: Site) -> None:
    fine = await site.spokesbot("check-config")
    assert (fine.code, fine.out, fine.err) == (0, "spokesbot.yaml: no problems.\n", "")
    missing = await site.spokesbot("check-config", "--config", "other.yaml")
    assert (missing.code, "there is no such file" in missing.err) == (2, True)


async def test_doctor_before_init_says_what_to_do(site: Site) -> None:
    outcome = await site.spokesbot("doctor")
    assert outcome.code == 1
    assert "spokesbot init" in outcome.out


async def logged_in(site: Site, account: Account) -> BotClient:
    """Return a client without encryption; whoever gets it closes it."""
    config = config_for(site.synapse, account, site.data)
    client = session.connect(config, b"", "", with_store=False)
    user = {"type": "m.id.user", "user": account.user_id}
    body = {"type": "m.login.password", "identifier": user, "password": account.password}
    client.access_token = (await request(client, "POST", f"{V3}/login", body))["access_token"]
    return client


async def test_doctor_names_rooms_with_trouble_and_the_rate_limit(
    ready: Site, fresh_name: Callable[[str], str]
) -> None:
    friend = await logged_in(ready, await ready.synapse.register(fresh_name("friend")))
    bot = await logged_in(ready, ready.account)
    plain = {"name": "plain", "invite": [ready.account.user_id]}
    room = (await request(friend, "POST", f"{V3}/createRoom", plain))["room_id"]
    await request(bot, "POST", f"{V3}/rooms/{quote(room)}/join", {})
    own = {"name": "own", "initial_state": [ENCRYPTED]}
    await request(bot, "POST", f"{V3}/createRoom", own)
    await friend.close()
    await bot.close()
    outcome = await ready.spokesbot("doctor")
    assert outcome.code == 0, outcome.out
    assert f"The room 'plain' ({room}) is not encrypted." in outcome.out
    assert f"In the room 'plain' ({room}) the bot may not kick." in outcome.out
    assert "'own'" not in outcome.out
    assert "in 2 rooms; 1 of them" in outcome.out
    assert "override_ratelimit" in outcome.out


async def test_doctor_sees_that_a_server_admin_lifted_the_limit(
    synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    site = Site(synapse, await synapse.register(fresh_name("chief"), admin=True), tmp_path)
    site.configure()
    await site.init()
    assert "general limit" in (await site.spokesbot("doctor")).out
    config = config_for(synapse, site.account, site.data)
    taken = await session.restore(config, credentials.store_key(site.data / "store.key"))
    path = f"/_synapse/admin/v1/users/{quote(site.account.user_id)}/override_ratelimit"
    await request(taken.client, "POST", path, {"messages_per_second": 0, "burst_count": 0})
    await taken.client.close()
    assert "does not limit" in (await site.spokesbot("doctor")).out


async def test_every_command_explains_itself(site: Site) -> None:
    for command in ("init", "run", "check-config", "doctor"):
        outcome = await site.spokesbot(command, "--help")
        assert outcome.code == 0
        assert "--config FILE" in outcome.out
