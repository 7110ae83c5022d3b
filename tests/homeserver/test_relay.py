"""The relay on a server: corrections and retractions of all copies, with the bot dying between any two steps."""

from __future__ import annotations

import os
import re
from itertools import count
from typing import Any

from bot.matrix.agenda import TALK
from bot.store import pods
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

PODS = int(os.environ.get("PODS", "10"))
"""Twenty are tried on Synapse (`tests/synapse/test_relay_kills.py`); here they would be more of the same moments."""
STEP = int(os.environ.get("STEP", "7"))
"""Every which moment is died at; with 1 it takes a minute."""


class NextMoment:
    """Stands in for a pattern of moments to die at: the so many-th from now, whatever it is called."""

    def __init__(self, number: int) -> None:
        self.left = number

    def search(self, _moment: str) -> bool:
        self.left -= 1
        return self.left < 0


async def federation(world: World, bot: Bot, ana: Peer, ben: Peer, size: int = PODS) -> tuple[str, list[str]]:
    """An assembly with some pods; Ana speaks for the first, Ben for the second."""
    river = world.create("river", ana.user_id, ben.user_id, BOT)
    rooms = [world.create(f"pod{number}", ana.user_id, BOT) for number in range(size)]
    await bot.start()
    ana.say(river, "!assembly create River")
    await bot.settled()
    async with bot.database.transaction("test") as tx:
        for number, room in enumerate(rooms):
            await pods.create_pod(tx, room, f"Pod {chr(65 + number)}", bot.clock.now())
        await tx.run("UPDATE pods SET assembly_room_id = ?", river)
        for room, peer in zip(rooms, (ana, ben), strict=False):
            await tx.run("INSERT INTO seats VALUES (?, 'speak', ?, 0)", room, peer.user_id)
    return river, rooms


def shown(ana: Peer, room: str) -> list[str]:
    """Return what an app shows of the relay in a room: letters with their last edit, deleted ones gone."""
    texts: dict[str, str] = {}
    for heard in ana.heard(room):
        content: dict[str, Any] = heard.content or {}
        relation = content.get("m.relates_to", {})
        if relation.get("rel_type") == "m.replace":
            assert relation["event_id"] in texts, "an edit of what is not there"
            texts[relation["event_id"]] = content["m.new_content"]["body"]
        elif re.match(r"From the assembly|S\d+ from the assembly", heard.text):
            texts[heard.event_id] = heard.text
    events = [stored.event for stored in ana.world.rooms[room].events]
    gone = {event.get("redacts") for event in events}
    return [text for event_id, text in texts.items() if event_id not in gone]


def edit(peer: Peer, river: str, said: str, body: str, *, share: bool = True) -> None:
    """Edit a message as an app does: the relation stands outside the encryption."""
    change = {"rel_type": "m.replace", "event_id": said}
    new = {"msgtype": "m.text", "body": body}
    content = {**new, "body": f"* {body}", "m.new_content": new, "m.relates_to": change}
    sealed = peer.encrypted(river, "m.room.message", content, share)
    peer.world.put(river, peer.user_id, "m.room.encrypted", sealed | {"m.relates_to": change})


async def approve(bot: Bot, river: str, ana: Peer, line: str, name: str) -> None:
    """Let Ana type a command and an ok; Ben's is still to come."""
    for typed in (line, f"ok {name}"):
        ana.say(river, typed)
        await bot.settled()


async def test_killed_between_any_two_steps_of_a_correction_every_copy_ends_the_same(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben)
    await approve(bot, river, ana, "!summary Words 0.", "S1")
    ben.say(river, "ok S1")
    await bot.settled()
    deaths = 0
    for number in count(1):
        await approve(bot, river, ana, f"!summary correct S1 Words {number}.", "S1")
        bot.life.moment = NextMoment(deaths * STEP)  # type: ignore[assignment]
        ben.say(river, "ok S1")
        await bot.bell.until(lambda: bot.life.ended or not bot._busy(), "it is done, or dead")
        died = bot.life.ended
        if died:
            deaths += 1
            await bot.crash()
            await bot.start()
        else:
            bot.life.moment = None
        await bot.wait(minutes=1)
        for room in rooms:
            [letter] = shown(ana, room)
            assert letter.startswith(f"From the assembly River, S1 version {number + 1}, ")
            assert letter.endswith(f"> Words {number}.")
        if not died:
            break
    print(f"{PODS} copies, {deaths} deaths, {(deaths - 1) * STEP} moments or more")
    assert deaths * STEP > 3 * PODS
    assert bot.rows("SELECT count(*) AS n FROM outbox WHERE state NOT IN ('sent', 'cancelled')") == [{"n": 0}]


async def test_killed_between_steps_of_a_retraction_no_copy_is_left(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben)
    for number in range(1, 8):
        name = f"S{number}"
        await approve(bot, river, ana, "!summary Words.", name)
        ben.say(river, f"ok {name}")
        await bot.settled()
        await approve(bot, river, ana, f"!summary retract {name}", name)
        bot.life.moment = NextMoment(number * PODS)  # type: ignore[assignment]
        ben.say(river, f"ok {name}")
        await bot.died()
        await bot.start()
        await bot.wait(minutes=1)
        for room in rooms:
            assert shown(ana, room)[number - 1 :] == [f"{name} from the assembly River was retracted."]


async def test_rooms_that_cannot_be_reached_hold_up_no_other_and_get_it_when_they_can(
    world: World, server: Homeserver, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben)
    gone, silenced, slow, full, plain, *others = rooms
    power = {"users": {ana.user_id: 100, BOT: 0}, "events_default": 50}
    world.put(silenced, ana.user_id, "m.room.power_levels", power, "")
    world.member(gone, BOT, "leave", by=ana.user_id)
    successor = world.create("plain", ana.user_id, BOT, encrypted=False)
    world.put(plain, ana.user_id, "m.room.tombstone", {"body": "", "replacement_room": successor}, "")
    await bot.settled()
    slowness = server.fault("wait", f"PUT .*{slow}/send/")
    fullness = server.fail(f"PUT .*{full}/send/", 507, "M_UNKNOWN", times=10**6)
    await bot.wait(seconds=TALK.total_seconds())
    await approve(bot, river, ana, "!summary Words 0.", "S1")
    ben.say(river, "ok S1")
    noted = "SELECT 1 FROM outbox WHERE txn_id LIKE 'S1.v1.!%' AND state = 'sent'"
    await bot.until(lambda: len(bot.rows(noted)) == len(others), "the others have it, and it is noted")
    assert all(shown(ana, room) for room in others)
    ana.say(river, "!summary status S1")
    await bot.until(lambda: "delivered to" in ana.texts(river)[-1], "the status is said")
    status = ana.texts(river)[-1]
    assert f"delivered to {len(others)} of {PODS} rooms; seen by 0 of {PODS}." in status
    for pod, why in (
        ("A", "because: I am not in the room"),
        ("B", "because: I may not write there"),
        ("C", ": it is next in turn there."),
        ("D", "because: the server did not take it yet"),
        ("E", "because: the room is not encrypted"),
    ):
        assert re.search(rf"^- Pod {pod} waiting since .*{why}$", status, re.MULTILINE), status
    assert len(status.splitlines()) == 6
    slowness.release()
    fullness.release()
    world.put(silenced, ana.user_id, "m.room.power_levels", power | {"events_default": 0}, "")
    world.member(gone, BOT, "invite", by=ana.user_id)
    world.encrypt(successor, ana.user_id)
    await bot.settled()
    await bot.wait(hours=1)
    letters = {tuple(shown(ana, room)) for room in (gone, silenced, slow, full, successor, *others)}
    assert [len(letter) for letter in letters] == [1]
    assert shown(ana, plain) == []
    ana.say(river, "!summary status S1")
    await bot.settled()
    assert f"delivered to {PODS} of {PODS} rooms; seen by 0 of {PODS}." in ana.texts(river)[-1]


async def test_a_retraction_after_a_partial_delivery_cancels_the_rest(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben, size=3)
    gone, *others = rooms
    world.member(gone, BOT, "leave", by=ana.user_id)
    await bot.settled()
    await approve(bot, river, ana, "!summary Words 0.", "S1")
    ben.say(river, "ok S1")
    await bot.settled()
    await approve(bot, river, ana, "!summary retract S1", "S1")
    ben.say(river, "ok S1")
    await bot.settled()
    world.member(gone, BOT, "invite", by=ana.user_id)
    await bot.settled()
    await bot.wait(hours=1)
    assert shown(ana, gone) == []
    assert {tuple(shown(ana, room)) for room in others} == {("S1 from the assembly River was retracted.",)}


async def test_what_people_are_still_thinking_about_is_prepared_and_costs_one_request_a_room(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben)
    await bot.crash()
    await bot.start()
    ana.say(river, "!summary Words 0.")
    await bot.settled()
    cy = Peer(world, "cy")
    world.member(rooms[0], cy.user_id, "join")
    world.member(rooms[1], ben.user_id, "join")
    await bot.settled()
    world.member(rooms[1], ben.user_id, "leave")
    await bot.settled()
    ana.say(river, "ok S1")
    await bot.settled()
    server.asked.clear()
    ben.say(river, "ok S1")
    await bot.settled()
    assert server.count("/send/") == PODS + 1
    assert server.count("/keys/claim") == server.count("/sendToDevice/") == 0
    for room in rooms:
        [letter] = shown(ana, room)
        assert letter.endswith("> Words 0.")
    # who came while people thought about it reads it, and who went does not
    assert "Words 0." in cy.texts(rooms[0])[-1]
    assert ben.texts(rooms[1])[-1] == "(unreadable)"


async def test_an_ok_that_was_refused_does_not_hold_up_what_is_approved_after_it(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben)
    await bot.wait(seconds=TALK.total_seconds())
    await approve(bot, river, ana, "!summary Words 0.", "S1")
    ana.say(river, "ok S1")
    await bot.settled()
    assert "is counted already" in ana.texts(river)[-1]
    held = server.fault("wait", f"PUT .*({'|'.join(rooms)})/send/", PODS)
    server.asked.clear()
    ben.say(river, "ok S1")
    await bot.until(lambda: server.count("/send/") == PODS + 1, "all rooms are sent to at once")
    held.release()
    await bot.settled()
    assert {len(shown(ana, room)) for room in rooms} == {1}


async def test_what_a_room_did_not_let_us_say_is_taken_back_by_a_retraction(
    world: World, server: Homeserver, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben, size=3)
    silenced, doubtful, _other = rooms
    power = {"users": {ana.user_id: 100, BOT: 0}, "events_default": 50}
    world.put(silenced, ana.user_id, "m.room.power_levels", power, "")
    await bot.settled()
    lost = server.fail(f"PUT .*{doubtful}/send/", 502, "M_UNKNOWN", times=10**6)
    await approve(bot, river, ana, "!summary Words 0.", "S1")
    ben.say(river, "ok S1")
    await bot.settled()
    tried = bot.rows("SELECT room_id FROM outbox WHERE tried_at NOT NULL AND state = 'waiting'")
    assert [row["room_id"] for row in tried] == [doubtful]
    await approve(bot, river, ana, "!summary retract S1", "S1")
    ben.say(river, "ok S1")
    await bot.settled()
    lost.release()
    world.put(silenced, ana.user_id, "m.room.power_levels", power | {"events_default": 0}, "")
    await bot.settled()
    await bot.wait(hours=1)
    assert [text for text in ana.texts(silenced) if "S1" in text] == []
    assert shown(ana, doubtful) == ["S1 from the assembly River was retracted."]


async def test_a_summary_of_a_message_that_was_edited_carries_the_words_that_people_see(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, _rooms = await federation(world, bot, ana, ben, size=2)

    said = ben.say(river, "We meet on Sunday.")
    edit(ben, river, said, "We meet on Saturday.")
    edit(ben, river, said, "We meet on Friday.")
    edit(ana, river, said, "We meet never.")
    ana.reply(river, said, "!summary")
    await bot.settled()
    assert "\n> We meet on Friday.\n" in ana.texts(river)[-1]
    edit(ben, river, said, "We meet on Monday.")
    await bot.settled()
    assert "S1 has changed" in ana.texts(river)[-1]
    assert "\n> We meet on Monday.\n" in ana.texts(river)[-1]


async def test_a_message_whose_edit_cannot_be_read_is_not_taken_as_it_was_before(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, _rooms = await federation(world, bot, ana, ben, size=2)
    said = ana.say(river, "We meet on Sunday.")
    ana.new_room_key(river)
    edit(ana, river, said, "Friday.", share=False)
    ana.new_room_key(river)
    ana.reply(river, said, "!summary")
    await bot.settled()
    assert ana.texts(river)[-1].startswith("I could not read the message you replied to.")
