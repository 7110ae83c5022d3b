"""A world of N encrypted rooms with people in them, made once and copied for each contestant.

Rule: every contestant begins in the same world, on a server of its own that nobody has used. People are written
straight into the stopped server's database; rooms are made and entered over its API, as anywhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sqlite3
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp

from bench.people import Device, add_people
from bench.server import Server
from sandbox.install import HOME, SYNAPSE, SandboxError
from sandbox.synapse import SERVER_NAME

WORLDS = HOME / "bench" / "worlds"
KEPT = 4
"""Worlds that are kept for the next run; one of 500 rooms takes some 60 MB."""
BOT = f"@spokesbot:{SERVER_NAME}"
RAW_DEVICE = "RAW"
LIVING = 50
IN_ASSEMBLY = 6
SEED = 1
AT_ONCE = 24

T = TypeVar("T")


@dataclass(frozen=True)
class Room:
    """One of the rooms.

    Args:
        people: The ids of its members, the bot not among them.
        devices: How many devices they have together.
    """

    room_id: str
    name: str
    people: tuple[str, ...]
    devices: int


@dataclass(frozen=True)
class World:
    """What there is.

    Args:
        database: The stopped server's database.
        password: The bot's.
        raw_token: A login of the bot's account without keys, for what is sent plainly.
        rooms: The pods' rooms.
        assembly: One more room, with a few of the living.
        living: One device in each of the first rooms whose keys we hold; the first of them are in the assembly.
    """

    database: Path
    password: str
    raw_token: str
    rooms: tuple[Room, ...]
    assembly: Room
    living: tuple[Device, ...]


def key(size: int) -> str:
    """Name a world after everything it is made from."""
    made_by = [Path(__file__), Path(__file__).with_name("people.py")]
    parts = (str(size), SYNAPSE.stamp, *(path.read_text("utf-8") for path in made_by))
    return f"{size}-{hashlib.sha256(''.join(parts).encode()).hexdigest()[:12]}"


def seconds(size: int) -> float:
    """Return about how long it takes to make a world, on a quiet machine; nothing if it is there."""
    return 0.0 if (WORLDS / key(size) / "world.json").exists() else 8 + 0.15 * size


async def obtain(size: int) -> World:
    """Return the world of so many rooms, made now if it was not made before."""
    folder = WORLDS / key(size)
    if not (folder / "world.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        made = await _make(size, folder / "homeserver.db")
        draft = folder / "world.json.new"
        draft.write_text(json.dumps(asdict(made), default=str), "utf-8")
        draft.replace(folder / "world.json")
        _forget_old()
    (folder / "world.json").touch()
    return _read(json.loads((folder / "world.json").read_text("utf-8")), folder / "homeserver.db")


def _read(found: dict[str, Any], database: Path) -> World:
    def room(of: dict[str, Any]) -> Room:
        return Room(of["room_id"], of["name"], tuple(of["people"]), of["devices"])

    return World(
        database=database,
        password=found["password"],
        raw_token=found["raw_token"],
        rooms=tuple(map(room, found["rooms"])),
        assembly=room(found["assembly"]),
        living=tuple(Device(**device) for device in found["living"]),
    )


def _forget_old() -> None:
    """Keep the worlds that were used last."""
    used = sorted(WORLDS.glob("*/world.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in used[KEPT:]:
        shutil.rmtree(old.parent, ignore_errors=True)


async def _make(size: int, database: Path) -> World:
    chance = Random(SEED)  # noqa: S311 - to be repeated, not to be secret
    async with Server() as server:
        bot = await server.register(BOT[1:].partition(":")[0])
        await server.stop()
        crowd = [
            [
                (f"@p{room}-{place}:{SERVER_NAME}", chance.randint(1, 2))
                for place in range(chance.randint(4, 7))
            ]
            for room in range(size)
        ]
        with sqlite3.connect(server.database) as connection:
            people = add_people(connection, [each for room in crowd for each in room])
        connection.close()
        by_id = {person.user_id: person for person in people}
        groups = [[by_id[user_id] for user_id, _ in room] for room in crowd]
        living = [group[0].devices[0] for group in groups[:LIVING]]
        await server.restart()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
            building = _Building(session, server.url)
            raw_token = await building.log_in(bot.user_id, bot.password)
            rooms = await in_parallel(
                [
                    building.room(f"Pod {number + 1}", [person.devices[0] for person in group], raw_token)
                    for number, group in enumerate(groups)
                ]
            )
            assembly = await building.room("River", living[:IN_ASSEMBLY], raw_token)
        await server.stop()
        shutil.copyfile(server.database, database)
    return World(
        database=database,
        password=bot.password,
        raw_token=raw_token,
        rooms=tuple(
            Room(
                room_id,
                f"Pod {number + 1}",
                tuple(person.user_id for person in group),
                sum(len(person.devices) for person in group),
            )
            for number, (room_id, group) in enumerate(zip(rooms, groups, strict=True))
        ),
        assembly=Room(
            assembly,
            "River",
            tuple(device.user_id for device in living[:IN_ASSEMBLY]),
            sum(len(by_id[device.user_id].devices) for device in living[:IN_ASSEMBLY]),
        ),
        living=tuple(living),
    )


class _Building:
    """Makes rooms and lets people in."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = f"{url}/_matrix/client/v3"

    async def log_in(self, user_id: str, password: str) -> str:
        """Log an account in and return the token."""
        identifier = {"type": "m.id.user", "user": user_id}
        body = {"type": "m.login.password", "identifier": identifier, "password": password}
        return str((await self._post("/login", None, {**body, "device_id": RAW_DEVICE}))["access_token"])

    async def room(self, name: str, devices: Sequence[Device], bot: str) -> str:
        """Make an encrypted room in which everybody is; the bot may invite and remove people there."""
        megolm = {"algorithm": "m.megolm.v1.aes-sha2"}
        encryption = {"type": "m.room.encryption", "state_key": "", "content": megolm}
        made = await self._post(
            "/createRoom",
            devices[0].token,
            {
                "name": name,
                "preset": "public_chat",
                "initial_state": [encryption],
                "power_level_content_override": {"users": {BOT: 50}},
            },
        )
        room_id: str = made["room_id"]
        for token in (*(device.token for device in devices[1:]), bot):
            await self._post(f"/join/{quote(room_id)}", token, {})
        return room_id

    async def _post(self, path: str, token: str | None, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._session.post(self._url + path, json=body, headers=headers) as answer:
            found = await answer.json()
            if answer.status != 200:
                raise SandboxError(f"{path.partition('?')[0]}: {answer.status} {found}")
            return found


async def in_parallel(work: Iterable[Awaitable[T]], at_once: int = AT_ONCE) -> list[T]:
    """Do much at once, but not all; the answers keep their order."""
    slots = asyncio.Semaphore(at_once)

    async def one(item: Awaitable[T]) -> T:
        async with slots:
            return await item

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(item)) for item in work]
    return [task.result() for task in tasks]
