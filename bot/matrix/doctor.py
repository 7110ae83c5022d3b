"""Look at this machine, the server and the rooms for what would keep the bot from working, and say what helps.

Rule: it changes nothing, works while the bot runs, and one failed look does not stop the others.
"""

import asyncio
import shutil
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from bot.config import Config
from bot.domain.errors import BotError, GiveUp, StartError, TransportError
from bot.matrix import datafolder, identity, session, versions
from bot.matrix.client import BotClient
from bot.matrix.datafolder import SavedSession
from bot.matrix.requests import NOT_FOUND, V3, Refused, request, server_time

SKEW_SECONDS = 30
LOW_DISK, NO_DISK = 500_000_000, 50_000_000  # bytes
OLDEST_SPEC = (1, 4)
REQUESTS_AT_ONCE = 8
RECOVER = "Run `spokesbot init` again with the recovery key."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        level: `bad` keeps the bot from working, `warn` may.
        what: What is true, in one sentence.
        remedy: What helps; empty when nothing needs to.
    """

    level: Literal["ok", "warn", "bad"]
    what: str
    remedy: str = ""


async def examine(config: Config, store_key: Callable[[], bytes]) -> list[Finding]:
    """Look at everything that can be looked at.

    Args:
        config: What the bot would run with.
        store_key: Finds the key; may raise `StartError`.
    """
    findings = [*_look_here(config)]
    saved, token = None, None
    try:
        key = store_key()
        findings.append(Finding("ok", "The store key is there, and only its owner can read it."))
        saved = session.saved_session(config)
        token = saved.access_token(key)
        session.check_store(config, key, saved)
        findings.append(Finding("ok", f"The store of room keys is the one of device {saved.device_id}."))
    except StartError as error:
        findings.append(_refusal(error))
    client = session.connect(config, b"", saved.device_id if saved else "", with_store=False)
    try:
        seen = [finding async for finding in _look_at_server(client)]
        findings += seen
        if saved is not None and token is not None and seen[0].level == "ok":
            client.access_token = token
            findings += [finding async for finding in _look_at_account(client, saved)]
            findings += await _look_at_rooms(client)
    except TransportError as error:
        findings.append(Finding("bad", f"The server did not do what was asked: {error}.", "Try again later."))
    finally:
        await client.close()
    return findings


def _refusal(error: BotError) -> Finding:
    """Split a refusal to start, "what is wrong: what helps", into its two parts."""
    what, colon, remedy = str(error).rpartition(": ")
    return (
        Finding("bad", f"{what}.", f"{remedy[:1].upper()}{remedy[1:]}") if colon else Finding("bad", remedy)
    )


# -- this machine


def _look_here(config: Config) -> Iterator[Finding]:
    try:
        versions.check()
        yield Finding("ok", "The Matrix libraries are the tested ones.")
    except StartError as error:
        yield _refusal(error)
    folder = config.data_dir
    if datafolder.is_locked(folder):
        yield Finding("ok", f"A Spokesbot is using {folder} now.")
    else:
        yield Finding("ok", f"No other process is using {folder}.")
    yield from _look_at_modes(folder)
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    level: Literal["ok", "warn", "bad"] = "bad" if free < NO_DISK else "warn" if free < LOW_DISK else "ok"
    remedy = "" if level == "ok" else "Free some space; a full disk stops the bot."
    yield Finding(level, f"{free // 1_000_000} MB are free on the disk of {there}.", remedy)


def _look_at_modes(folder: Path) -> Iterator[Finding]:
    open_to_all = [
        path
        for path in (folder, folder / datafolder.SESSION, *sorted(folder.glob("*.db")))
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if open_to_all:
        names = " ".join(str(path) for path in open_to_all)
        yield Finding("warn", f"Other users of this machine can read {names}.", f"Run `chmod go= {names}`.")
    elif folder.exists():
        yield Finding("ok", f"Only its owner can read {folder}.")


# -- the server


async def _look_at_server(client: BotClient) -> AsyncIterator[Finding]:
    url = client.homeserver
    try:
        answer = await request(client, "GET", "/_matrix/client/versions")
        now = await server_time(client)
    except TransportError as error:
        remedy = "Check homeserver in the configuration, the network and the server."
        yield Finding("bad", f"{url} cannot be reached: {error}.", remedy)
        return
    known = [_numbers(name) for name in answer.get("versions", []) if str(name).startswith("v")]
    if max(known, default=(0, 0)) >= OLDEST_SPEC:
        newest = max(known)
        yield Finding("ok", f"{url} answers and speaks Matrix v{newest[0]}.{newest[1]}.")
    else:
        yield Finding("bad", f"{url} speaks no Matrix from v1.4 on.", "Bring the server up to date.")
        return
    if now is None:
        yield Finding("warn", "The server does not say what time it is.", "Compare the clocks by hand.")
        return
    skew = abs((datetime.now(UTC) - now).total_seconds())
    if skew > SKEW_SECONDS:
        what = f"The clocks of this machine and the server are {skew:.0f} seconds apart."
        yield Finding("bad", what, "Set both by NTP; deadlines and handovers go by this machine's clock.")
    else:
        yield Finding("ok", "The clocks of this machine and the server agree.")


def _numbers(name: str) -> tuple[int, int]:
    major, _, minor = name.removeprefix("v").partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)


# -- the account


async def _look_at_account(client: BotClient, saved: SavedSession) -> AsyncIterator[Finding]:
    try:
        who = await request(client, "GET", f"{V3}/account/whoami")
    except Refused as error:
        yield Finding("bad", f"The server refuses the session of {saved.user_id}: {error}.", RECOVER)
        return
    if (who.get("user_id"), who.get("device_id")) != (saved.user_id, saved.device_id):
        who_else = f"{who.get('user_id')} {who.get('device_id')}"
        yield Finding("bad", f"The session is one of {who_else}, not of {saved.device_id}.", RECOVER)
        return
    yield Finding("ok", f"Logged in as {saved.user_id} on device {saved.device_id}.")
    published = await identity.fetch(client)
    if published.master is None:
        yield Finding("bad", f"{saved.user_id} has no cross-signing identity.", RECOVER)
    elif published.master != saved.master_key:
        what = f"The identity of {saved.user_id} is not the one this device was signed by."
        remedy = f"{RECOVER} If nobody reset the identity, ask the server's admins why it changed."
        yield Finding("bad", what, remedy)
    elif not published.is_device_signed:
        what = f"The device {saved.device_id} is not signed, so people's apps warn of it or refuse it."
        yield Finding("bad", what, RECOVER)
    else:
        yield Finding("ok", "The device is signed by the account's identity.")
    yield await _look_at_limits(client)


async def _look_at_limits(client: BotClient) -> Finding:
    path = f"/_synapse/admin/v1/users/{quote(client.user_id)}/override_ratelimit"
    lift = (
        f"A server admin lifts it with: curl -X POST -H 'Authorization: Bearer ADMIN_TOKEN' -d"
        f' \'{{"messages_per_second": 0, "burst_count": 0}}\' {client.homeserver}{path}'
    )
    try:
        limits = await request(client, "GET", path)
    except GiveUp:
        what = (
            "Whether the server limits how fast this account may write is not for it to see. Synapse's own"
            " limit is one message in 5 seconds after the first 10; 100 rooms then take 8 minutes."
        )
        return Finding("warn", what, lift)
    if limits and not limits.get("messages_per_second") and not limits.get("burst_count"):
        return Finding("ok", "The server does not limit how fast this account may write.")
    if limits:
        rate = limits.get("messages_per_second")
        return Finding("warn", f"The server limits this account to {rate} messages a second.", lift)
    return Finding("warn", "The server's general limit on writing holds for this account.", lift)


# -- the rooms


async def _look_at_rooms(client: BotClient) -> list[Finding]:
    joined = (await request(client, "GET", f"{V3}/joined_rooms")).get("joined_rooms", [])
    slots = asyncio.Semaphore(REQUESTS_AT_ONCE)

    async def look(room_id: str) -> list[Finding]:
        async with slots:
            return [finding async for finding in _look_at_room(client, room_id)]

    rooms = await asyncio.gather(*map(look, joined))
    fine = sum(not room for room in rooms)
    return [
        *(finding for room in rooms for finding in room),
        Finding("ok", f"The bot is in {len(rooms)} rooms; {fine} of them are as they should be."),
    ]


async def _look_at_room(client: BotClient, room_id: str) -> AsyncIterator[Finding]:
    name = (await _state(client, room_id, "m.room.name")).get("name") or "without a name"
    room = f"The room {name!r} ({room_id})"
    if not (await _state(client, room_id, "m.room.encryption")).get("algorithm"):
        remedy = "Switch encryption on in its settings, or take the bot out; it says nothing in it as it is."
        yield Finding("warn", f"{room} is not encrypted.", remedy)
    levels = await _state(client, room_id, "m.room.power_levels")
    lacking = [step for step in ("invite", "kick") if not _may(client.user_id, levels, step)]
    if lacking and await _is_creator(client, room_id):
        lacking = []
    if lacking:
        words = " or ".join(lacking)
        remedy = (
            f"If it is an assembly, let a room admin give {client.user_id} the power of a moderator (50)."
        )
        yield Finding("warn", f"In {room[:1].lower()}{room[1:]} the bot may not {words}.", remedy)


async def _is_creator(client: BotClient, room_id: str) -> bool:
    """Tell whether the bot stands above all power levels, as creators do from room version 12 on."""
    path = f"{V3}/rooms/{quote(room_id)}/state/m.room.create/?format=event"
    created = await request(client, "GET", path)
    content = created.get("content", {})
    version = str(content.get("room_version", "1"))
    above = version.isdigit() and int(version) >= 12
    return above and client.user_id in (created.get("sender"), *content.get("additional_creators", []))


def _may(user_id: str, levels: dict[str, Any], step: str) -> bool:
    power = levels.get("users", {}).get(user_id, levels.get("users_default", 0))
    needed = levels.get(step, 0 if step == "invite" else 50)  # the specification's defaults
    return int(power) >= int(needed)


async def _state(client: BotClient, room_id: str, kind: str) -> dict[str, Any]:
    try:
        return await request(client, "GET", f"{V3}/rooms/{quote(room_id)}/state/{kind}/")
    except Refused as error:
        if error.status == NOT_FOUND:
            return {}
        raise
