"""Polls of members' apps, found with what was answered before: read as strictly as words are."""

import pytest

from tests.homeserver.harness import Bot
from tests.homeserver.peer import POLL_START, Peer, poll_content
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World


@pytest.fixture
async def pod(world: World, bot: Bot, ana: Peer, ben: Peer) -> str:
    """The pod Willow with Ana and Ben."""
    room = world.create("willow", ana.user_id, ben.user_id, BOT)
    await bot.start()
    ana.say(room, "!pod create Willow")
    await bot.settled()
    return room


def reply(to: str) -> dict[str, object]:
    """What makes a message a reply."""
    return {"m.relates_to": {"m.in_reply_to": {"event_id": to}}}


async def adopted(bot: Bot, by: Peer, room: str, poll: str) -> str:
    """Ask to count a poll; returns what the bot said last."""
    by.say(room, "!poll adopt", **reply(poll))
    await bot.settled()
    return by.texts(room)[-1]


async def why(bot: Bot, by: Peer, room: str, poll_id: str = "P1") -> str:
    """Return the votes as they stand."""
    by.say(room, f"!why {poll_id}")
    await bot.settled()
    return by.texts(room)[-1].partition("Votes:\n")[2]


async def test_answers_from_before_are_paged_back_and_read_in_both_spellings(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    poll = ana.start_poll(pod, "Where?", "Park", "Library")
    for _ in range(130):
        ben.tap(pod, poll, "a1")
        world.now += 1
    ben.tap(pod, poll, "a2", stable=True)
    ana.tap(pod, poll, "a2")
    await bot.settled()
    asked = server.count("GET .*/relations/")
    told = await adopted(bot, ben, pod, poll)
    assert "I count this poll of" in told
    assert "2 of 2 have voted." in told
    assert server.count("GET .*/relations/") == asked + 2
    assert await why(bot, ben, pod) == "1. Park: 0\n2. Library: 2"
    ben.tap(pod, poll, "a1")
    ana.say(pod, "1", **reply(poll))
    await bot.settled()
    assert await why(bot, ben, pod) == "1. Park: 2\n2. Library: 0"
    # no word of it is kept that nobody asked to keep, and nothing is sent in its name
    assert bot.rows("SELECT count(*) AS n FROM outbox WHERE kind IN ('StartPoll', 'EndPoll')") == [{"n": 0}]


async def test_a_restart_between_two_answers_loses_and_doubles_none(
    bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    poll = ana.start_poll(pod, "Where?", "Park", "Library")
    ana.tap(pod, poll, "a1")
    await adopted(bot, ben, pod, poll)
    bot.die_at("before sync")
    ben.tap(pod, poll, "a2")
    await bot.died()
    await bot.start()
    assert await why(bot, ben, pod) == "1. Park: 1\n2. Library: 1"


async def test_the_stable_spelling_of_a_poll_is_counted(world: World, bot: Bot, ana: Peer, pod: str) -> None:
    content = {
        "m.poll": {
            "question": {"m.text": [{"body": "Where?"}]},
            "kind": "m.undisclosed",
            "max_selections": 2,
            "answers": [
                {"m.id": n, "m.text": [{"body": words}]} for n, words in (("x", "Park"), ("y", "Hall"))
            ],
        }
    }
    encrypted = ana.encrypted(pod, "m.poll.start", content)
    poll = world.put(pod, ana.user_id, "m.room.encrypted", encrypted)
    told = await adopted(bot, ana, pod, poll)
    assert "Up to 2 answers each." in told
    assert "1. Park\n2. Hall" in told


async def test_an_answer_without_its_key_is_unknown_and_counted_when_it_comes(
    world: World, bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    poll = ana.start_poll(pod, "Where?", "Park", "Library")
    ana.say(pod, "good morning")
    await bot.settled()
    ben.new_room_key(pod)
    world.late_keys = True
    ben.tap(pod, poll, "a2")
    told = await adopted(bot, ana, pod, poll)
    assert "What 1 member sent last could not be read; it may be an answer." in told
    world.release_keys()
    await bot.settled()
    assert await why(bot, ana, pod) == "1. Park: 0\n2. Library: 1"


async def test_an_answer_shown_a_second_time_as_another_persons_or_event_does_not_count(
    world: World, bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    poll = ana.start_poll(pod, "Where?", "Park", "Library")
    ana.tap(pod, poll, "a1")
    stolen = world.rooms[pod].events[-1].event["content"]
    ana.tap(pod, poll, "a2")
    await bot.settled()
    world.put(pod, ana.user_id, "m.room.encrypted", stolen)
    world.put(pod, ben.user_id, "m.room.encrypted", stolen)
    told = await adopted(bot, ben, pod, poll)
    assert "1 of 2 has voted." in told
    assert await why(bot, ben, pod) == "1. Park: 0\n2. Library: 1"


async def test_the_last_edit_of_its_author_is_what_is_asked(bot: Bot, ana: Peer, ben: Peer, pod: str) -> None:
    poll = ana.start_poll(pod, "Wher?", "Park", "Library")
    for by, question in ((ana, "Where then?"), (ben, "Forged?")):
        new = {"m.new_content": poll_content(question, "Park", "Library", "Hall")}
        by.refer(pod, POLL_START, poll_content(question, "Park") | new, poll, "m.replace")
    told = await adopted(bot, ben, pod, poll)
    assert "\nP1: Where then?\n" in told
    assert told.endswith("1. Park\n2. Library\n3. Hall")


@pytest.mark.parametrize("kind", ["org.matrix.msc3381.poll.end", "m.poll.end"])
async def test_its_author_ends_it_in_their_app(bot: Bot, ana: Peer, ben: Peer, pod: str, kind: str) -> None:
    poll = ana.start_poll(pod, "Where?", "Park", "Library")
    ben.tap(pod, poll, "a1")
    await adopted(bot, ben, pod, poll)
    ana.refer(pod, kind, {kind: {}}, poll)
    await bot.settled()
    assert any("has ended P1: Where?\nMost votes: Park, with 1." in text for text in ben.texts(pod))


async def test_one_that_was_ended_is_not_counted(bot: Bot, ana: Peer, ben: Peer, pod: str) -> None:
    poll = ana.start_poll(pod, "Where?", "Park", "Library")
    ben.refer(pod, "m.poll.end", {}, poll)  # which says nothing: it is not Ben's
    ana.refer(pod, "m.poll.end", {}, poll)
    assert (await adopted(bot, ben, pod, poll)).startswith("That poll was ended ")


async def test_a_poll_without_its_key_cannot_be_adopted(bot: Bot, ana: Peer, ben: Peer, pod: str) -> None:
    ana.new_room_key(pod)
    poll = ana.start_poll(pod, "Where?", "Park", "Library", share=False)
    assert (await adopted(bot, ben, pod, poll)).startswith("I cannot read what you replied to")


async def test_a_message_is_no_poll_and_a_malformed_poll_is_none(bot: Bot, ana: Peer, pod: str) -> None:
    text = ana.say(pod, "Where shall we meet?")
    assert (await adopted(bot, ana, pod, text)).startswith("That is a message, not a poll.")
    broken = ana.refer(pod, POLL_START, {POLL_START: {"answers": [1, {}]}}, text)
    assert (await adopted(bot, ana, pod, broken)).startswith("I cannot read what you replied to")
    assert bot.rows("SELECT * FROM polls") == []


async def test_a_server_that_shows_no_relations_for_a_while_is_asked_again(
    server: Homeserver, bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    poll = ana.start_poll(pod, "Where?", "Park", "Library")
    ben.tap(pod, poll, "a1")
    server.fail("GET .*/relations/", 502, "", 2)
    assert "1 of 2 has voted." in await adopted(bot, ben, pod, poll)
