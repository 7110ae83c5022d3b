"""The assembly River with as many pods as a test needs, of three people each, who have been there for a while."""

from __future__ import annotations

from datetime import timedelta

from bot.store import pods
from tests.commands.built_once import built_once
from tests.commands.chat import Chat, user

NAMES = (
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Gorse",
    "Hazel",
    "Ivy",
    "Juniper",
    "Kapok",
    "Larch",
)


def people(pod: str) -> tuple[str, str, str]:
    """Return the people of a pod: the first two are its pair."""
    return f"{pod}-ana", f"{pod}-ben", f"{pod}-cy"


@built_once
async def river(chat: Chat, count: int, days: int = 20) -> tuple[str, ...]:
    """Make the assembly and its pods; return the names of their rooms. The pods' people came some days ago."""
    names = tuple(name.lower() for name in NAMES[:count])
    spokes = [person for name in names for person in people(name)[:2]]
    await chat.room("river", *spokes)
    await chat.say(spokes[0], "river", "!assembly create River")
    for name in names:
        await chat.room(name, *people(name))
        await chat.say(people(name)[0], name, f"!pod create {name.capitalize()}")
        async with chat.database.transaction("river") as tx:
            await pods.set_assembly(tx, f"!{name}:test", "!river:test", chat.clock.now())
            for seat, person in zip(("speak", "note"), people(name), strict=False):
                await tx.run("INSERT INTO seats VALUES (?, ?, ?, 0)", f"!{name}:test", seat, user(person))
    chat.clock.moment += timedelta(days=days)
    chat.sent.clear()
    return names


async def says(chat: Chat, pod: str, verb: str, why: str = "", count: int = 3) -> None:
    """Let people of a pod take a stance on what it is asked."""
    [row] = await chat.rows(
        f"SELECT id FROM proposals WHERE room_id = '!{pod}:test' AND state = 'open' AND parent IS NOT NULL"
    )
    for person in people(pod)[:count]:
        chat.clock.moment += timedelta(seconds=1)
        await chat.say(person, pod, f"{verb} {row['id']} {why}".strip())
