"""Floods, invitations in bulk and crowds: bounded requests, rows and memory, and the other rooms still answered."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.limits import COMMANDS_OF_ONE, DECLINED, INVITATIONS_OF_ONE, LARGEST_ROOM
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

FLOOD = 1000


def entries(bot: Bot) -> dict[str, int]:
    """Return how much everything that lives in memory holds."""
    found: dict[str, int] = {}
    for name, thing in (
        ("client", bot.client),
        ("olm", bot.client.olm),
        ("sync", bot.sync),
        ("sender", bot.sender),
        ("preparer", bot.client.preparer),
    ):
        for attribute, value in vars(thing).items():
            if isinstance(value, dict | list | set):
                found[f"{name}.{attribute}"] = len(value)
    return found


def rows(bot: Bot) -> dict[str, int]:
    """Return how many rows each table has."""
    tables = [row["name"] for row in bot.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: bot.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables}


def grown(before: dict[str, int], after: dict[str, int], by: int = 10) -> set[str]:
    """Return what holds more than a few more than before."""
    return {name for name, count in after.items() if count > before.get(name, 0) + by}


@pytest.fixture
async def rivers(world: World, bot: Bot, ana: Peer, ben: Peer) -> tuple[str, str]:
    """Two rooms, one with Ana and one with Ben, and the bot in both, that has answered once in each."""
    hers, his = world.create("hers", ana.user_id, BOT), world.create("his", ben.user_id, BOT)
    await bot.start()
    for peer, room in ((ana, hers), (ben, his)):
        peer.say(room, "!help")
    await bot.settled()
    await bot.wait(minutes=1)
    return hers, his


async def test_a_thousand_commands_cost_a_bounded_number_of_requests_and_keep_nobody_waiting(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, rivers: tuple[str, str]
) -> None:
    hers, his = rivers
    await bot.restart()
    memory, store = entries(bot), rows(bot)
    await bot.crash()
    for number in range(FLOOD):
        ana.say(hers, f"!nonsense{number}")
    ben.say(his, "!assembly create River")
    await bot.start(settle=False)
    bot.sender._pace._width = 1  # as after the server has asked us to slow down
    server.asked.clear()
    await bot.settled()
    answers = [text for text in ana.texts(hers) if "do not know" in text or "are the most" in text]
    assert len(answers) == COMMANDS_OF_ONE.most + 1
    assert "60 commands a minute are the most I take from one person" in answers[-1]
    assert "This room is now the assembly River" in ben.texts(his)[-1]
    # one request for each page of a hundred, one for each answer, and one to see it come back
    assert server.count("/messages") <= FLOOD // 100 + 1
    assert len(server.asked) <= 2 * COMMANDS_OF_ONE.most + FLOOD // 100 + 20
    # she was first, and still he has his turn after one of her answers; another goes out while his key is shared
    sent = [asked for asked in server.asked if "/send/" in asked]
    assert ["his" in asked for asked in sent].index(True) <= 2
    # what is left of it: the claims on the events, so that none is handled twice, and sixty answers
    assert grown(memory, entries(bot)) == set()
    assert grown(store, rows(bot)) == {"inbox", "outbox"}
    assert rows(bot)["outbox"] - store["outbox"] <= COMMANDS_OF_ONE.most + 2


async def test_a_thousand_replies_fetch_no_more_messages_than_are_taken_as_commands(
    server: Homeserver, bot: Bot, ana: Peer, rivers: tuple[str, str]
) -> None:
    hers, _ = rivers
    said = ana.say(hers, "We can host on Friday.")
    await bot.crash()
    for _ in range(FLOOD):
        ana.say(hers, "!summary", **{"m.relates_to": {"m.in_reply_to": {"event_id": said}}})
    server.asked.clear()
    await bot.start()
    assert server.count("GET .*/event/") <= COMMANDS_OF_ONE.most


async def test_an_answer_of_sync_with_absurd_relations_is_got_over(
    bot: Bot, ana: Peer, rivers: tuple[str, str]
) -> None:
    hers, _ = rivers
    for relation in (
        {"m.in_reply_to": {"event_id": "$" + "x" * 40_000}},
        {"m.in_reply_to": {"event_id": ["$x"]}},
        {"m.in_reply_to": "$x"},
        {"rel_type": "m.thread", "event_id": "$" + "x" * 20_000, "is_falling_back": True},
        {"rel_type": "m.thread", "event_id": {"event_id": "$x"}},
        {"rel_type": ["m.replace"], "event_id": "$x"},
        {"rel_type": "m.replace", "event_id": 7},
        {"rel_type": "m.annotation", "event_id": "$x", "key": "x" * 20_000},
        ["m.replace"],
        7,
    ):
        ana.say(hers, "!nonsense", **{"m.relates_to": relation})
    await bot.settled()
    # an edit is no command; everything else is answered, in a message that fits
    assert sum("do not know" in text for text in ana.texts(hers)) == 10
    assert all(len(str(heard.content)) < 2_000 for heard in ana.heard(hers))


async def test_a_deletion_in_one_room_takes_nothing_away_in_another(
    world: World, bot: Bot, ana: Peer, ben: Peer, rivers: tuple[str, str]
) -> None:
    hers, his = rivers
    ana.new_room_key(hers)
    world.late_keys = True
    waiting = ana.say(hers, "!assembly create River")
    await bot.settled()
    world.put(his, ben.user_id, "m.room.redaction", {}, redacts=waiting)
    await bot.settled()
    world.release_keys()
    await bot.settled()
    assert "This room is now the assembly River" in ana.texts(hers)[-1]


async def test_what_one_person_sends_unreadably_does_not_push_out_what_others_sent(
    bot: Bot, ana: Peer, ben: Peer, rivers: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hers, his = rivers
    ben.new_room_key(his)
    ben.say(his, "!assembly create River", share=False)
    ana.new_room_key(hers)
    for number in range(700):
        ana.say(hers, f"!nonsense{number}", share=False)
    await bot.settled()
    kept = {
        row["sender"]: row["n"]
        for row in bot.rows("SELECT sender, count(*) AS n FROM parked GROUP BY sender")
    }
    assert kept == {ana.user_id: 500, ben.user_id: 1}


# -- invitations -------------------------------------------------------------------------------------


def invite(world: World, by: Peer, count: int) -> None:
    """Let somebody invite the bot into many rooms."""
    for number in range(count):
        room = world.create(f"{by.user_id[1:4]}{number}", by.user_id)
        world.member(room, BOT, "invite", by=by.user_id)


async def test_five_hundred_invitations_are_answered_up_to_a_number_and_the_log_says_so_once(
    server: Homeserver, world: World, bot: Bot, ana: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    mallory = Peer(world, "mallory")
    await bot.start()
    invite(world, ana, 300)
    invite(world, mallory, 300)
    await bot.settled()
    assert server.count("POST .*/join/") == INVITATIONS_OF_ONE.most
    assert server.count("POST .*/leave") == DECLINED.most
    assert rows(bot)["rooms"] == INVITATIONS_OF_ONE.most + DECLINED.most
    assert bot.client.invited_rooms == {}
    said = [record.getMessage() for record in caplog.records if "more than" in record.getMessage()]
    assert [line.split(":")[0] for line in said] == ["invitations by @ana", "invitations declined"]


async def test_a_pod_that_invites_us_back_is_not_kept_out_by_others_invitations(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    pod = world.create("willow", ben.user_id, BOT)
    await bot.start()
    ben.say(pod, "!pod create Willow")
    await bot.settled()
    world.member(pod, BOT, "leave", by=ben.user_id)
    for name in ("ana", "dora", "eve", "finn", "gus"):
        invite(world, ana if name == "ana" else Peer(world, name), 60)
    await bot.settled()
    world.member(pod, BOT, "invite", by=ben.user_id)
    await bot.settled()
    assert ben.texts(pod)[-1] == "I am back in Willow."


async def test_the_day_after_invitations_are_accepted_again(
    server: Homeserver, world: World, bot: Bot, ana: Peer
) -> None:
    await bot.start()
    invite(world, ana, INVITATIONS_OF_ONE.most + 5)
    await bot.settled()
    await bot.wait(days=1)
    room = world.create("tomorrow", ana.user_id)
    world.member(room, BOT, "invite", by=ana.user_id)
    await bot.settled()
    assert world.rooms[room].membership(BOT) == "join"


# -- crowds ------------------------------------------------------------------------------------------


async def test_a_room_with_a_crowd_is_left_with_the_reason_and_without_a_message(
    server: Homeserver, world: World, bot: Bot, ana: Peer
) -> None:
    crowd = [f"@p{number}:test" for number in range(LARGEST_ROOM)]
    room = world.create("square", ana.user_id, *crowd)
    await bot.start()
    world.member(room, BOT, "invite", by=ana.user_id)
    await bot.settled()
    left = world.rooms[room].state()["m.room.member", BOT].event["content"]
    assert left["membership"] == "leave"
    assert left["reason"] == "This room has more than 500 people, and I work in rooms of up to 500."
    assert ana.texts(room) == []
    assert server.count("PUT .*/sendToDevice/") == 0


async def test_a_crowd_cannot_drive_the_bot_out_of_a_pod(world: World, bot: Bot, ana: Peer) -> None:
    pod = world.create("willow", ana.user_id, BOT)
    await bot.start()
    ana.say(pod, "!pod create Willow")
    await bot.settled()
    for number in range(LARGEST_ROOM + 1):
        world.member(pod, f"@p{number}:test", "join")
    await bot.settled()
    ana.say(pod, "!pod roster")
    await bot.settled()
    assert world.rooms[pod].membership(BOT) == "join"
    told: list[Any] = [heard for heard in ana.heard(pod) if heard.content]
    assert told[-1].content["msgtype"] == "m.file"
    assert told[-2].text.endswith("The whole answer is in the file below.")
