"""`spokesbot crypto status` and `crypto recover` as an operator meets them, against a real server."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot import credentials
from bot.matrix import datafolder, secret_storage, session
from bot.matrix.crypto import grouped
from bot.matrix.requests import V3, request
from sandbox.synapse import Synapse
from tests.synapse.operator import Site, config_for

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def site(synapse: Synapse, fresh_name: Callable[[str], str], tmp_path: Path) -> Site:
    """Return a machine with a fresh account and its configuration."""
    made = Site(synapse, await synapse.register(fresh_name("crypto")), tmp_path)
    made.configure()
    return made


async def devices(site: Site) -> list[str]:
    """Return the account's devices, as its own session sees them."""
    key = credentials.store_key(site.data / "store.key")
    taken = await session.restore(config_for(site.synapse, site.account, site.data), key)
    try:
        answer = await request(taken.client, "GET", f"{V3}/devices")
        return [device["device_id"] for device in answer["devices"]]
    finally:
        await taken.client.close()


async def test_status_shows_what_others_see(site: Site) -> None:
    assert (await site.spokesbot("crypto", "status")).code == 3
    await site.init()
    saved = datafolder.load(site.data)
    assert saved is not None
    told = await site.spokesbot("crypto", "status")
    assert (told.code, told.err) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in told.out.splitlines() if " " not in line[:11].strip())
    assert (facts["user"], facts["device"]) == (saved.user_id, saved.device_id)
    assert facts["fingerprint"] == grouped(str(saved.fingerprint))
    assert f"master key      {grouped(str(saved.master_key))}" in told.out
    assert "signed          yes" in told.out
    assert "secret storage  holds the identity" in told.out
    assert f"keys made       {str(saved.keys_made_at)[:4]}" in told.out


async def test_recover_replaces_a_broken_store_and_logs_the_old_device_out(site: Site) -> None:
    first = await site.init()
    before = datafolder.load(site.data)
    assert before is not None
    (site.data / "keys.db").write_bytes(b"this is no database")
    for part in ("keys.db-wal", "keys.db-shm"):
        (site.data / part).unlink(missing_ok=True)
    told = await site.spokesbot("crypto", "status")
    assert (told.code, "cannot be read" in told.out) == (1, True)
    given = {"SPOKESBOT_PASSWORD": site.account.password, "SPOKESBOT_RECOVERY_KEY": first.recovery_key}
    done = await site.spokesbot("crypto", "recover", **given)
    assert done.code == 0, done.err
    after = datafolder.load(site.data)
    assert after is not None
    assert (after.master_key, after.device_id == before.device_id) == (before.master_key, False)
    assert await devices(site) == [after.device_id]
    assert len(list(site.data.glob("keys-*.db"))) == 1
    assert (await site.spokesbot("crypto", "status")).code == 0


async def test_recover_tries_the_recovery_key_before_it_sets_anything_aside(site: Site) -> None:
    await site.init()
    before = {path.name: path.read_bytes() for path in site.data.glob("session.json")}
    password = {"SPOKESBOT_PASSWORD": site.account.password}
    wrong = secret_storage.encode_recovery_key(secrets.token_bytes(32))
    for given, words in ((wrong, "not the recovery key"), ("EsT6 ktPr", "typing mistake")):
        refused = await site.spokesbot("crypto", "recover", SPOKESBOT_RECOVERY_KEY=given, **password)
        assert (refused.code, words in refused.err) == (3, True), refused.err
    without = await site.spokesbot("crypto", "recover", **password)
    assert (without.code, "SPOKESBOT_RECOVERY_KEY" in without.err) == (3, True)
    assert {path.name: path.read_bytes() for path in site.data.glob("session.json")} == before
    assert list(site.data.glob("keys-*.db")) == []
    assert (await site.spokesbot("crypto", "status")).code == 0


async def test_recover_can_leave_the_old_device_and_goes_on_after_an_interruption(site: Site) -> None:
    first = await site.init()
    before = datafolder.load(site.data)
    assert before is not None
    wrong = {"SPOKESBOT_PASSWORD": "wrong", "SPOKESBOT_RECOVERY_KEY": first.recovery_key}
    interrupted = await site.spokesbot("crypto", "recover", "--keep-old-device", **wrong)
    assert (interrupted.code, "does not take the password" in interrupted.err) == (3, True)
    between = datafolder.load(site.data)
    assert between is not None
    right = wrong | {"SPOKESBOT_PASSWORD": site.account.password}
    done = await site.spokesbot("crypto", "recover", "--keep-old-device", **right)
    assert done.code == 0, done.err
    assert set(await devices(site)) == {before.device_id, between.device_id}
