"""What cannot be read is said once, by its cause, and counts once when its key comes, whenever the bot dies."""

import pytest

from bot.matrix.identity import Identity
from bot.services import timers
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

NO_KEY = "your app had not shared its key with me yet"


@pytest.fixture
async def pod(world: World, bot: Bot, ana: Peer, ben: Peer) -> str:
    """The pod Willow of Ana and Ben, both of whom the bot can read."""
    room = world.create("willow", ana.user_id, ben.user_id, BOT)
    await bot.start()
    ana.say(room, "!pod create Willow")
    ben.say(room, "hello")
    await bot.settled()
    return room


def unread_lines(peer: Peer, room: str) -> list[str]:
    """Return what the bot said of unreadable messages."""
    return [text for text in peer.texts(room) if "I cannot read" in text]


async def minute(bot: Bot) -> None:
    """Let a minute pass, with what is done then."""
    bot.later(minutes=1)
    await bot.run_timers()


@pytest.mark.parametrize("moment", [None, "before timers", "after timers"])
async def test_a_key_that_is_late_is_said_once_and_the_message_is_done_when_it_comes(
    world: World, bot: Bot, ana: Peer, pod: str, moment: str | None
) -> None:
    world.late_keys = True
    ana.new_room_key(pod)
    ana.say(pod, "!assembly create River")
    await bot.settled()
    await bot.restart()  # between keeping it and speaking of it
    bot.later(minutes=1)
    if moment is not None:
        await bot.dies_at_timers(moment)
        await bot.start()
    await bot.run_timers()
    await bot.restart()
    await minute(bot)
    [line] = unread_lines(ana, pod)
    assert NO_KEY in line
    world.release_keys()
    await bot.settled()
    await minute(bot)
    answers = [text for text in ana.texts(pod) if "This room is the pod Willow" in text]
    assert len(answers) == 1
    assert bot.rows("SELECT * FROM parked") == []
    assert len(unread_lines(ana, pod)) == 1


@pytest.mark.parametrize("kind", ["m.room_key.withheld", "org.matrix.room_key.withheld"])
@pytest.mark.parametrize("first", ["reason", "message"])
async def test_why_a_key_is_withheld_is_known_also_after_a_kill_and_forgotten_when_it_comes(
    bot: Bot, ana: Peer, pod: str, kind: str, first: str
) -> None:
    ana.new_room_key(pod)
    content = ana.encrypted(pod, "m.room.message", {"msgtype": "m.text", "body": "!pod"}, share=False)
    session = ana.session_in(pod)
    if first == "reason":
        ana.withhold("m.unverified", session, kind)
        await bot.settled()
    ana.world.put(pod, ana.user_id, "m.room.encrypted", content)
    if first == "message":
        ana.withhold("m.unverified", session, kind)
    await bot.settled()
    await bot.restart()
    await minute(bot)
    [line] = unread_lines(ana, pod)
    assert "your app excludes this bot because it counts as not verified" in line
    ana.forward_keys()
    await bot.settled()
    assert bot.rows("SELECT * FROM withheld") == bot.rows("SELECT * FROM parked") == []


async def test_a_device_that_could_not_reach_the_bot_says_so_without_a_session(
    bot: Bot, ana: Peer, pod: str
) -> None:
    ana.new_room_key(pod)
    ana.say(pod, "!pod", share=False)
    ana.withhold("m.no_olm", None)
    await bot.settled()
    await minute(bot)
    [line] = unread_lines(ana, pod)
    assert "could not reach me" in line


async def test_reasons_of_others_and_for_keys_that_are_here_and_unknown_ones_are_not_kept(
    world: World, bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    mallory = Peer(world, "mallory")
    ana.withhold("m.unverified", ana.session_in(pod))
    ana.new_room_key(pod)
    ana.say(pod, "!pod", share=False)
    session = ana.session_in(pod)
    mallory.withhold("m.blacklisted", session)
    ana.withhold("m.made_up", session)
    ana.withhold("m.unverified", "x" * 1000)
    ben.withhold("m.blacklisted", session)
    await bot.settled()
    assert bot.rows("SELECT user_id, code FROM withheld") == [
        {"user_id": ben.user_id, "code": "m.blacklisted"}
    ]
    await minute(bot)
    [line] = unread_lines(ana, pod)
    assert NO_KEY in line


async def test_reasons_of_whatever_form_do_no_harm(world: World, bot: Bot, ana: Peer, pod: str) -> None:
    forms = ("\ud800", ["a"], {"a": "b"}, 1, None, "")
    contents = [{"code": "m.unverified", "session_id": one, "sender_key": one} for one in forms]
    contents += [{"code": "m.unverified", "session_id": one, "sender_key": "k"} for one in ([], {})]
    contents += [{"code": one, "session_id": "s", "sender_key": "s"} for one in forms]
    for content in (*contents, ["a"], "words", {"m.unverified": {}}):
        for to in world.devices_of(BOT):
            event = {to.device_id: content}
            world.to_device(ana.user_id, "m.room_key.withheld", {BOT: event})
    await bot.settled()
    await bot.restart()
    ana.say(pod, "!pod")
    await bot.settled()
    assert "Willow" in ana.texts(pod)[-1]


async def test_a_visible_relation_of_whatever_form_does_no_harm(
    world: World, bot: Bot, ana: Peer, pod: str
) -> None:
    world.late_keys = True
    ana.new_room_key(pod)
    relations = (
        {"rel_type": ["m.reference"], "event_id": {"a": 1}}, ["m.reference"], "m.reference",
        {"rel_type": "\ud800", "event_id": "\ud800"},
    )  # fmt: skip
    for number, relation in enumerate(relations):
        content = ana.encrypted(pod, "m.room.message", {"msgtype": "m.text", "body": f"!nonsense{number}"})
        world.put(pod, ana.user_id, "m.room.encrypted", content | {"m.relates_to": relation})
    await bot.settled()
    assert len(bot.rows("SELECT * FROM parked")) == len(relations)
    world.release_keys()
    await bot.settled()
    heard = " ".join(ana.texts(pod))
    assert [f"!nonsense{number}" in heard for number in range(len(relations))] == [True] * len(relations)


async def test_what_a_device_that_is_not_signed_says_spoils_no_poll_and_counts_once_it_is_signed(
    world: World, bot: Bot, ana: Peer, pod: str
) -> None:
    own = Identity.create(ana.user_id)
    world.vouch(own, ana.device.device_id)
    ana.say(pod, "!poll Where? | Park | Library | closes=10m")
    await bot.settled()
    Peer(world, "ana", "NEW").say(pod, "!vote 2")
    await bot.settled()
    for _ in range(11):
        await minute(bot)
    [closed] = [text for text in ana.texts(pod) if text.startswith("P1 is closed: Where?")]
    assert "Nobody voted." in closed
    assert "could not be read" not in closed
    world.vouch(own, ana.device.device_id, "NEW")
    await bot.settled()
    await minute(bot)
    [corrected] = [text for text in ana.texts(pod) if text.startswith("P1, corrected result")]
    assert "Most votes: Library, with 1." in corrected
    assert unread_lines(ana, pod) == []


async def test_a_ciphertext_shown_again_is_not_spoken_of_as_unreadable(
    world: World, bot: Bot, ana: Peer, pod: str
) -> None:
    said = ana.say(pod, "!nonsense")
    await bot.settled()
    (content,) = [s.event["content"] for s in world.rooms[pod].events if s.event["event_id"] == said]
    world.put(pod, ana.user_id, "m.room.encrypted", content)
    await bot.settled()
    assert bot.rows("SELECT * FROM parked") == []
    await minute(bot)
    await bot.settled()
    assert unread_lines(ana, pod) == []


async def test_nobody_can_fill_the_store_with_reasons(bot: Bot, ana: Peer, ben: Peer, pod: str) -> None:
    ben.withhold("m.unverified", "s")
    for number in range(120):
        ana.withhold("m.unverified", f"s{number}")
        if number % 60 == 59:
            await bot.settled()
    kept = bot.rows("SELECT user_id, count(*) AS n FROM withheld GROUP BY user_id ORDER BY user_id")
    assert kept == [{"user_id": ana.user_id, "n": 100}, {"user_id": ben.user_id, "n": 1}]
    bot.later(days=2)
    ana.withhold("m.unverified", "another")
    await bot.settled()
    assert bot.rows("SELECT key FROM withheld") == [{"key": "another"}]


@pytest.mark.parametrize("lost_at", [None, "closing", "reading", "correcting"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_vote_whose_key_comes_after_the_end_corrects_the_result_once(
    world: World, bot: Bot, ana: Peer, ben: Peer, pod: str, lost_at: str | None, moment: str
) -> None:
    ana.say(pod, "!poll Where? | Park | Library | closes=10m")
    await bot.settled()
    native = next(heard.event_id for heard in ana.heard(pod) if heard.kind.endswith("poll.start"))
    ana.tap(pod, native, "1")
    ben.new_room_key(pod)
    world.late_keys = True
    ben.tap(pod, native, "2")
    await bot.settled()
    await minute(bot)

    async def timers_run(step: str, **length: float) -> None:
        bot.later(**length)
        if lost_at == step:
            await bot.dies_at_timers(f"{moment} timers")
            await bot.start()
        await bot.run_timers()

    await timers_run("waiting for keys", minutes=10)
    await timers_run("closing", minutes=1)
    if lost_at == "reading":
        bot.die_at(f"{moment} parked")
    world.release_keys()
    if lost_at == "reading":
        await bot.died()
        await bot.start()
    await bot.settled()
    await timers_run("correcting", minutes=1)
    await bot.restart()
    await minute(bot)
    texts = ana.texts(pod)
    [closed] = [text for text in texts if text.startswith("P1 is closed: Where?")]
    [corrected] = [text for text in texts if text.startswith("P1, corrected result")]
    assert "No result yet." in closed
    assert "A tie, without a winner: Park and Library, 1 vote each." in corrected
    assert texts.index(closed) < texts.index(corrected)
    assert len(unread_lines(ana, pod)) == 1


async def test_talk_whose_key_comes_after_the_end_makes_a_result_out_of_none(
    world: World, bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    ana.say(pod, "!poll Where? | Park | Library | closes=10m")
    await bot.settled()
    ana.say(pod, "!vote 1")
    world.late_keys = True
    ben.new_room_key(pod)
    ben.say(pod, "good morning")
    await bot.settled()
    for _ in range(11):
        await minute(bot)
    assert "No result yet." in next(text for text in ana.texts(pod) if text.startswith("P1 is closed"))
    world.release_keys()
    await bot.settled()
    await minute(bot)
    [corrected] = [text for text in ana.texts(pod) if text.startswith("P1, corrected result")]
    assert "Most votes: Park, with 1." in corrected


async def test_who_is_not_known_yet_hears_that_nothing_is_to_be_sent_again(
    server: Homeserver, world: World, bot: Bot, pod: str
) -> None:
    slow = server.fault("wait", "POST .*/keys/query")
    cy = Peer(world, "cy")
    world.member(pod, cy.user_id, "join")
    cy.say(pod, "!pod")
    await bot.until(lambda: bot.rows("SELECT * FROM parked"), "the command is kept")
    bot.later(minutes=1)
    await timers.run_due(bot.database, bot.clock)
    slow.release()
    await bot.settled()
    heard = cy.texts(pod)
    [line] = [text for text in heard if "which devices are yours" in text]
    assert line.endswith("you need not send it again.")
    assert any("Willow" in text for text in heard)
    assert bot.rows("SELECT * FROM parked") == []
