"""The assembly River of the pods Willow, Oak and Hazel, each with its pair and two more; what the relay's tests share."""

from __future__ import annotations

from typing import Any

from bot.domain.files import Attached, Media, Sealed
from bot.matrix.format import plain
from bot.ports import Edit, Redact, Say, ShareFile
from tests.commands.built_once import built_once
from tests.commands.chat import Chat, Sent, user

PAIRS = {"willow": ("Ana", "Ben"), "oak": ("Oli", "Pia"), "hazel": ("Hal", "Ida")}


@built_once
async def river(chat: Chat) -> None:
    """Build the federation."""
    await chat.room("river", "Ana", "Ben", "Oli", "Pia", "Hal", "Ida", "Zed")
    await chat.room("willow", "Ana", "Ben", "Cy", "Di")
    await chat.room("oak", "Oli", "Pia", "Quin", "Ray")
    await chat.room("hazel", "Hal", "Ida", "Jo", "Kim")
    await chat.say("Ana", "river", "!assembly create River")
    for room, pair in PAIRS.items():
        await chat.say(pair[0], room, f"!pod create {room.title()}")
        await enter(chat, room)
        await seat(chat, room, *pair)
    chat.sent.clear()


async def enter(chat: Chat, pod: str, assembly: str | None = "river") -> None:
    """Tie a pod to an assembly, or untie it."""
    async with chat.database.transaction("enter") as tx:
        await tx.run(
            "UPDATE pods SET assembly_room_id = ? WHERE room_id = ?",
            f"!{assembly}:test" if assembly else None,
            f"!{pod}:test",
        )


async def seat(chat: Chat, pod: str, *pair: str) -> None:
    """Seat a pair; fewer than two leave seats empty."""
    async with chat.database.transaction("seat") as tx:
        await tx.run("DELETE FROM seats WHERE pod_room_id = ?", f"!{pod}:test")
        for name, person in zip(("speak", "note"), pair, strict=False):
            await tx.run(
                "INSERT INTO seats (pod_room_id, seat, user_id, since) VALUES (?, ?, ?, 0)",
                f"!{pod}:test",
                name,
                user(person),
            )


def attached(
    event_id: str = "$file",
    by: str = "Cy",
    name: str = "agenda.pdf",
    media: Media = Media.FILE,
    mimetype: str = "application/pdf",
    **more: Any,
) -> Attached:
    """Return a file that somebody sent."""
    content = Sealed("mxc://test/own", "k", "iv", "hash", mimetype, 118_000)
    values: dict[str, Any] = {"caption": None, "encrypted": True, "content": content} | more
    return Attached(event_id, user(by), media, name, **values)


def replying(file: Attached) -> dict[str, Any]:
    """Return what a reply to a file knows of it."""
    return {"reply_to": file.event_id, "replied_sender": file.by, "replied_file": file}


async def setting(chat: Chat, room: str, key: str, value: str) -> None:
    """Set a rule of a pod."""
    async with chat.database.transaction("setting") as tx:
        await tx.run("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)", f"!{room}:test", key, value)


async def approved(chat: Chat, room: str, summary: str, *people: str) -> None:
    """Let people type ok."""
    for person in people:
        await chat.say(person, room, f"ok {summary}")


async def sent_to_pods(chat: Chat, words: str = "Sunday.") -> None:
    """Send the summary S1 from the assembly to every pod."""
    await chat.say("Zed", "river", f"!summary {words}")
    await approved(chat, "river", "S1", "Ana", "Pia")


def quoted(text: str) -> list[str]:
    """Return the lines of people's words in a message."""
    return [line for line in text.splitlines() if line.startswith(">")]


async def shown(chat: Chat, sent: list[Sent] | None = None) -> dict[str, list[str]]:
    """Return what people's apps show in each room: messages with their last edit, deleted ones gone."""
    rows = await chat.rows("SELECT txn_id, event_id FROM outbox")
    events = {row["txn_id"]: row["event_id"] for row in rows}
    texts: dict[str, tuple[str, str]] = {}
    for item in sent if sent is not None else chat.sent:
        match item.message:
            case Say():
                texts[item.event_id] = item.room, item.text
            case Edit(sent=txn_id, markdown=markdown):
                if events[txn_id] in texts:
                    texts[events[txn_id]] = item.room, plain(markdown)
            case ShareFile(name=name):
                texts[item.event_id] = item.room, f"({name})"
            case Redact(sent=txn_id):
                texts.pop(events[txn_id], None)
    found: dict[str, list[str]] = {}
    for room, text in texts.values():
        found.setdefault(room, []).append(text)
    return found
