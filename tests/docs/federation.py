"""The federation in which every example of a command runs, built once and copied for each example.

The assembly River; the pod Willow with Ana, Ben, Cy and the observer Di; the pods Oak and Hazel; all pairs seated. In
Willow: the request J1 (a setting, asked by Cy), the summaries S1 (a draft of Ana's) and S2 (sent), the question S3 to it, and the poll P1 ("Where?", Ana's).
Di's identity has changed. The code K7F-2QX is good. The room `hall` is not set up.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from pathlib import Path

from bot.ports import Say
from tests.commands.at_once import keep_copy
from tests.commands.chat import Chat, user

CODE = "K7F-2QX"
PODS = {"willow": ("Ana", "Ben", "Cy"), "oak": ("Eve", "Fay", "Gil"), "hazel": ("Hal", "Ida", "Jon")}
STAGES = ("start", "alone", "paired", "entered", "federation")
"""Moments at which the building is copied; see `build`."""


async def build(folder: Path) -> Path:
    """Build the federation, keeping a copy of its store at each stage; return the folder of the copies.

    `start`: rooms only. `alone`: Willow is a pod, River an assembly without pods. `paired`: Willow has a pair.
    `entered`: Willow is in River. `federation`: everything.
    """
    chat = await Chat.open()
    await chat.room("river", "Ana", "Dora")
    await chat.room("hall", "Ana", "Ben")
    await chat.room("willow", "Ana", "Ben", "Cy", "Di")
    await chat.identity("Di", "first")
    await chat.identity("Di", "second")
    keep_copy(chat.database, folder / "start.db")
    await chat.say("Ana", "river", "!assembly create River")
    await chat.say("Ana", "willow", "!pod create Willow")
    await chat.say("Di", "willow", "!pod observer @di:test")
    await chat.say("Cy", "willow", "!pod set term 3 weeks")
    await add_code(chat, CODE)
    keep_copy(chat.database, folder / "alone.db")
    await draw_pair(chat, "willow")
    keep_copy(chat.database, folder / "paired.db")
    await enter(chat, "willow", "Ana")
    keep_copy(chat.database, folder / "entered.db")
    for name, people in list(PODS.items())[1:]:
        await chat.room(name, *people)
        await chat.say(people[0], name, f"!pod create {name.capitalize()}")
        await draw_pair(chat, name)
    await enter(chat, "oak", "Ana")
    await enter(chat, "hazel", (await pair_of(chat, "willow"))[0], (await pair_of(chat, "oak"))[0])
    await add_code(chat, CODE)
    await chat.say("Ana", "willow", "!summary We can host on Friday.")
    await chat.say("Ana", "willow", "!summary We have a kitchen.")
    for person in await pair_of(chat, "willow"):
        await chat.say(person, "willow", "ok S2")
    await chat.say("Dora", "river", "!ask Willow When do you need to know?")
    for name in ("willow", "oak"):
        await chat.say((await pair_of(chat, name))[0], "river", "ok S3")
    await chat.say("Ana", "willow", "!poll Where? | Park | Library")
    keep_copy(chat.database, folder / "federation.db")
    await chat.database.close()
    return folder


async def take_up(copies: Path, stage: str) -> Chat:
    """Open a copy of the federation at a stage."""
    chat = await Chat.open(store=copies / f"{stage}.db")
    chat._numbers = count(10_000)  # event ids that the building has not used
    return chat


async def add_code(chat: Chat, code: str) -> None:
    """Make a code for River that is known beforehand; a used one is good again."""
    ends = int((chat.clock.now() + timedelta(days=7)).timestamp() * 1000)
    async with chat.database.transaction("code") as tx:
        await tx.run(
            "INSERT OR REPLACE INTO codes VALUES (?, ?, ?, ?, NULL)", code, "!river:test", user("Ana"), ends
        )


async def draw_pair(chat: Chat, pod: str) -> None:
    """Draw a pair; who is asked accepts, and from the others the word is just talk."""
    await chat.say(PODS[pod][0], pod, "!spokes draw")
    for person in PODS[pod]:
        await chat.say(person, pod, "accept")
    assert len(await pair_of(chat, pod)) == 2


async def pair_of(chat: Chat, pod: str) -> list[str]:
    """Return the first names of a pod's spokes."""
    rows = await chat.rows(f"SELECT user_id FROM seats WHERE pod_room_id = '!{pod}:test' ORDER BY seat DESC")
    return [row["user_id"][1:].partition(":")[0].capitalize() for row in rows]


async def enter(chat: Chat, pod: str, *approvers: str) -> None:
    """Let a pod into River, and its pair into River's room."""
    code = {"willow": "WWW-222", "oak": "KKK-333", "hazel": "HHH-444"}[pod]
    await add_code(chat, code)
    await chat.say(PODS[pod][0], pod, f"!pod join {code}")
    [request] = await chat.rows("SELECT id FROM requests WHERE kind = 'enter' AND state = 'open'")
    for person in approvers:
        await chat.joins(person, "river")
        await chat.say(person, "river", f"ok {request['id']}")
    for person in await pair_of(chat, pod):
        await chat.joins(person, "river")
    [room] = await chat.rows(f"SELECT assembly_room_id FROM pods WHERE room_id = '!{pod}:test'")
    assert room["assembly_room_id"] == "!river:test"


def asked(chat: Chat, room: str) -> str:
    """Return the first name of somebody whom the bot has last asked to act in a room."""
    for sent in reversed(chat.sent):
        if sent.room == room and isinstance(sent.message, Say) and sent.message.mentions:
            return sent.message.mentions[0][1:].partition(":")[0].capitalize()
    raise AssertionError(f"nobody is asked in {room}")
