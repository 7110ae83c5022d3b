"""Nobody is shut out: keys reach everyone who is in a room, and late keys are waited for."""

import pytest

from bot.matrix import keystore
from bot.matrix.forgetting import forget
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, SIGNED, World

QUERY = "POST .*/keys/query"
SHARE = "PUT .*/sendToDevice"


@pytest.fixture
async def room(world: World, bot: Bot, ana: Peer) -> str:
    """An encrypted room with Ana, where the running bot has said hello."""
    room = world.create("willow", ana.user_id, BOT)
    await bot.start()
    return room


# -- hearing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_message_whose_key_comes_late_is_handled_when_it_comes(
    world: World, bot: Bot, ana: Peer, room: str, restarted: bool
) -> None:
    world.late_keys = True
    ana.say(room, "!pod create Willow")
    await bot.settled()
    assert bot.rows("SELECT name FROM pods") == []
    if restarted:
        await bot.restart()
    world.release_keys()
    await bot.settled()
    assert bot.rows("SELECT name FROM pods") == [{"name": "Willow"}]
    assert bot.rows("SELECT * FROM parked") == []
    assert len([text for text in ana.texts(room) if "is now the pod" in text]) == 1


async def test_messages_whose_key_comes_late_are_handled_in_their_order(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    world.late_keys = True
    for number in range(12):
        ana.say(room, f"!nonsense{number}")
        await bot.settled()
    world.release_keys()
    await bot.settled()
    heard = [text.split()[4].strip(".") for text in ana.texts(room) if text.startswith("I do not know")]
    assert heard == [f"!nonsense{number}" for number in range(12)]


async def test_a_key_that_never_came_is_asked_for_and_taken_when_forwarded(
    bot: Bot, ana: Peer, room: str
) -> None:
    ana.say(room, "hello")
    await bot.settled()
    ana.new_room_key(room)
    ana.say(room, "!pod create Willow", share=False)
    await bot.settled()
    assert bot.rows("SELECT name FROM pods") == []
    ana.forward_keys()
    await bot.settled()
    assert bot.rows("SELECT name FROM pods") == [{"name": "Willow"}]


async def test_what_was_deleted_while_the_bot_was_down_is_not_done_when_its_key_has_come(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    ana.say(room, "!pod create Willow")
    await bot.settled()
    ana.new_room_key(room)
    said = ana.say(room, "!decide We sell the house", share=False)
    await bot.settled()
    bot.die_at("before sync")
    ana.forward_keys()  # taken into the key store, but the answer that brought it is not committed
    await bot.died()
    world.put(room, ana.user_id, "m.room.redaction", {}, redacts=said)
    await bot.start()
    assert bot.rows("SELECT * FROM decisions") == []


async def test_a_key_forwarded_by_somebody_else_is_refused(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    world.member(room, ben.user_id, "join")
    ana.say(room, "hello")
    ben.say(room, "hello")
    await bot.settled()
    ana.new_room_key(room)
    ana.say(room, "!pod create Willow", share=False)
    await bot.settled()
    ana.read_inbox()
    ben.asked, ben._inbound = ana.asked, ana._inbound
    ben.forward_keys()
    await bot.settled()
    assert bot.rows("SELECT name FROM pods") == []


@pytest.mark.parametrize("running", [True, False])
async def test_a_newcomer_writes_first_though_all_one_time_keys_are_gone(
    world: World, bot: Bot, ana: Peer, room: str, running: bool
) -> None:
    if not running:
        await bot.crash()
    while bot.device.one_time:
        world.claim({BOT: {bot.device.device_id: SIGNED}})
    for name in ("ben", "cy"):
        newcomer = Peer(world, name)
        world.member(room, newcomer.user_id, "join")
        newcomer.say(room, f"!nonsense-of-{name}")
    if running:
        await bot.settled()
    else:
        await bot.start()
    heard = ana.texts(room)
    assert [f"!nonsense-of-{name}" in " ".join(heard) for name in ("ben", "cy")] == [True, True]
    assert len(bot.device.one_time) >= 25
    assert not bot.device.fallback_used


# -- speaking -----------------------------------------------------------------------------------------


async def test_nothing_is_encrypted_before_a_newcomers_devices_are_known(
    server: Homeserver, world: World, bot: Bot, room: str, ana: Peer, ben: Peer
) -> None:
    other = world.create("oak", ana.user_id, BOT)
    await bot.settled()
    slow = server.fault("wait", QUERY)
    world.member(room, ben.user_id, "join")
    await slow.reached.wait()  # the upkeep is asking for Ben's devices
    bot.later(minutes=1)
    await bot.queue(room, "welcome", "T1")
    for number in range(5):  # time enough for a message that does not wait
        await bot.queue(other, "elsewhere", f"O{number}")
        await bot.sent(f"O{number}")
    assert "welcome" not in ana.texts(room)
    slow.release()
    await bot.settled()
    assert ben.texts(room)[-1] == "welcome"


async def test_a_slow_query_for_devices_holds_up_neither_messages_nor_other_rooms(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    other = world.create("oak", ana.user_id, BOT)
    await bot.settled()
    slow = server.fault("wait", QUERY)
    world.member(room, ben.user_id, "join")
    await slow.reached.wait()
    ana.say(other, "!pod create Oak")
    await bot.until(
        lambda: "is now the pod Oak" in " ".join(ana.texts(other)), "the answer in the other room"
    )
    slow.release()
    await bot.settled()


async def test_somebody_who_joins_and_changes_devices_while_being_asked_for_reads_everything(
    server: Homeserver, world: World, bot: Bot, ben: Peer, room: str
) -> None:
    slow = server.fault("hold", QUERY)
    world.member(room, ben.user_id, "join")
    await slow.reached.wait()  # the answer on its way knows the first device only
    laptop = Peer(world, "ben", "LAPTOP")
    slow.release()
    await bot.settled()
    await bot.queue(room, "welcome", "T1")
    await bot.settled()
    assert ben.texts(room)[-1] == laptop.texts(room)[-1] == "welcome"


@pytest.mark.parametrize("pattern", [QUERY, "POST .*/keys/claim", SHARE])
@pytest.mark.parametrize("how", ["502", "lose", "cut"])
async def test_everybody_can_read_though_a_step_of_sharing_the_key_fails(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, room: str, pattern: str, how: str
) -> None:
    if how == "502":
        server.fail(pattern, 502, times=2)
    else:
        server.fault(how, pattern, times=2)
    world.member(room, ben.user_id, "join")
    await bot.queue(room, "for everybody", "T1")
    for _ in range(4):
        await bot.wait(minutes=1)
    assert ana.texts(room)[-1] == ben.texts(room)[-1] == "for everybody"


async def test_a_device_without_keys_left_shuts_out_only_itself(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    cy = Peer(world, "cy")
    cy.device.one_time.clear()
    world.member(room, cy.user_id, "join")
    await bot.queue(room, "for whom it reaches", "T1")
    await bot.settled()
    assert ana.texts(room)[-1] == "for whom it reaches"
    assert cy.texts(room)[-1] == "(unreadable)"


async def test_who_was_removed_gets_no_further_key(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    world.member(room, ben.user_id, "join")
    await bot.queue(room, "with Ben", "T1")
    await bot.settled()
    world.member(room, ben.user_id, "leave", by=ana.user_id)
    await bot.queue(room, "without Ben", "T2")
    await bot.settled()
    assert ana.texts(room)[-2:] == ["with Ben", "without Ben"]
    assert ben.texts(room)[-2:] == ["with Ben", "(unreadable)"]


async def test_who_is_invited_reads_what_was_said_before_they_came(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    world.member(room, ben.user_id, "invite", by=ana.user_id)
    await bot.settled()
    await bot.queue(room, "see you", "T1")
    await bot.settled()
    world.member(room, ben.user_id, "join")
    assert ben.texts(room)[-1] == "see you"


async def test_after_each_restart_everybody_reads_on(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    world.member(room, ben.user_id, "join")
    for number in range(3):
        await bot.restart()
        await bot.queue(room, f"start {number}", f"T{number}")
        await bot.settled()
        ana.say(room, f"!nonsense{number}")
        await bot.settled()
    assert "(unreadable)" not in ana.texts(room)
    assert ben.texts(room)[-2:] == ["start 2", "I do not know !nonsense2. !help lists what I can do."]


@pytest.mark.parametrize("how", ["lose", "hold"])
async def test_keys_whose_uploading_broke_off_are_usable_after_a_restart(
    server: Homeserver, world: World, bot: Bot, ana: Peer, how: str
) -> None:
    room = world.create("willow", ana.user_id, BOT)
    upload = server.fault(how, "POST .*/keys/upload")
    await bot.start(settle=False)
    await upload.reached.wait()
    await bot.crash()
    upload.release()
    ana.say(room, "!pod create Willow")
    await bot.start()
    assert "is now the pod Willow" in ana.texts(room)[-1]


# -- what apps may leave out, and what time takes away ------------------------------------------------


def without_names(world: World, peer: Peer, room: str, body: str, *, share: bool = True) -> str:
    """Say something as an app does that names neither its device nor that device's key (MSC3700)."""
    content = peer.encrypted(room, "m.room.message", {"msgtype": "m.text", "body": body}, share)
    del content["sender_key"], content["device_id"]
    return world.put(room, peer.user_id, "m.room.encrypted", content)


async def test_a_command_that_does_not_name_its_device_is_obeyed(
    server: Homeserver, world: World, bot: Bot, ana: Peer, room: str
) -> None:
    before = server.count(QUERY)
    for number in range(3):
        without_names(world, ana, room, f"!nonsense{number}")
        await bot.settled()
    assert [f"!nonsense{number}" in ana.texts(room)[-3 + number] for number in range(3)] == [True] * 3
    assert server.count(QUERY) == before


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_command_that_does_not_name_its_device_waits_for_its_key(
    world: World, bot: Bot, ana: Peer, room: str, restarted: bool
) -> None:
    world.late_keys = True
    without_names(world, ana, room, "!pod create Willow")
    await bot.settled()
    if restarted:
        await bot.restart()
    world.release_keys()
    await bot.settled()
    assert bot.rows("SELECT name FROM pods") == [{"name": "Willow"}]
    assert bot.rows("SELECT * FROM parked") == []


async def test_a_command_in_somebody_elses_name_is_refused_though_it_names_no_device(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    world.member(room, ben.user_id, "join")
    ben.say(room, "hello")
    await bot.settled()
    content = ana.encrypted(room, "m.room.message", {"msgtype": "m.text", "body": "!pod create Willow"})
    del content["sender_key"], content["device_id"]
    world.put(room, ben.user_id, "m.room.encrypted", content)
    await bot.settled()
    assert bot.rows("SELECT name FROM pods") == []


async def test_after_a_restart_the_first_message_costs_one_query_and_one_key_share(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    world.member(room, ben.user_id, "join")
    await bot.queue(room, "before", "T1")
    await bot.settled()
    await bot.crash()
    server.asked.clear()
    await bot.start()
    await bot.queue(room, "after", "T2")
    await bot.settled()
    assert ana.texts(room)[-1] == ben.texts(room)[-1] == "after"
    asked = [server.count(kind) for kind in (QUERY, "keys/claim", SHARE, "/send/")]
    assert asked == [1, 0, 1, 1]


async def test_what_was_said_before_a_long_absence_is_read_before_its_key_is_forgotten(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    ana.say(room, "hello")
    await bot.settled()
    await bot.crash()
    ana.say(room, "!pod create Willow")
    old = ana._outbound[room].session_id
    ana.new_room_key(room)
    ana.say(room, "hello again")
    await bot.start()
    assert bot.rows("SELECT name FROM pods") == [{"name": "Willow"}]
    today = bot.client.store.today()
    bot.client.store.today = lambda: today + 8
    await forget(bot.client, set())
    assert bot.client.olm.inbound_group_store.find(room, old) == []
    ana.say(room, "!pod roster")
    await bot.settled()
    assert "1 member" in ana.texts(room)[-1]


async def test_a_quote_of_a_message_whose_key_is_forgotten_is_answered_with_what_to_do(
    bot: Bot, ana: Peer, room: str
) -> None:
    ana.say(room, "!pod create Willow")
    quoted = ana.say(room, "We meet at six.")
    await bot.settled()
    ana.new_room_key(room)
    ana.say(room, "hello")
    await bot.settled()
    today = bot.client.store.today()
    bot.client.store.today = lambda: today + 8
    await forget(bot.client, set())
    ana.say(room, "!summary", **{"m.relates_to": {"m.in_reply_to": {"event_id": quoted}}})
    await bot.settled()
    assert ana.texts(room)[-1].startswith("I could not read the message you replied to.")


# -- whether a room is encrypted ----------------------------------------------------------------------


def words_in_clear(world: World, room: str) -> bool:
    return "confidence" in str([stored.event for stored in world.rooms[room].events])


async def test_nothing_is_said_in_clear_while_the_bot_has_not_heard_that_encryption_is_on(
    server: Homeserver, world: World, bot: Bot, ana: Peer
) -> None:
    room = world.create("open", ana.user_id, BOT, encrypted=False)
    await bot.start()
    deaf = server.fault("wait", "GET .*/sync")
    world.member(room, "@cy:test", "join")  # the answer under way ends, and the next is kept back
    await deaf.reached.wait()
    world.encrypt(room, ana.user_id)
    await bot.queue(room, "in confidence", "T1")
    await bot.tried("T1")
    assert not words_in_clear(world, room)
    deaf.release()
    await bot.settled()
    await bot.wait(hours=2)
    assert "in confidence" in ana.texts(room)
    assert not words_in_clear(world, room)


async def test_a_server_that_stops_showing_encryption_is_not_believed(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    await bot.crash()
    world.rooms[room].leave_out("m.room.encryption")
    await bot.start()
    await bot.queue(room, "in confidence", "T1")
    await bot.settled()
    assert ana.texts(room)[-1] == "in confidence"
    assert not words_in_clear(world, room)


# -- events that are there, in another form -----------------------------------------------------------


@pytest.mark.parametrize("known_before", [False, True])
async def test_somebody_whose_joining_was_deleted_is_still_a_member(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str, known_before: bool
) -> None:
    if not known_before:
        await bot.crash()
    joined = world.member(room, ben.user_id, "join")
    if known_before:
        await bot.settled()
        await bot.crash()
    (stored,) = (stored for stored in world.rooms[room].events if stored.event["event_id"] == joined)
    stored.event["content"] = {"membership": "join"}
    stored.event["unsigned"] = {"redacted_because": {"sender": ana.user_id, "content": {}}}
    await bot.start()
    await bot.queue(room, "welcome", "T1")
    await bot.settled()
    assert ben.texts(room)[-1] == "welcome"
    assert bot.rows(f"SELECT membership FROM members WHERE user_id = '{ben.user_id}'") == [
        {"membership": "join"}
    ]


async def test_uploads_that_fail_for_long_pile_up_no_keys(
    server: Homeserver, world: World, bot: Bot, ana: Peer
) -> None:
    room = world.create("willow", ana.user_id, BOT)
    for _ in range(2):
        failing = server.fail("POST .*/keys/upload", 500, "M_UNKNOWN", 20)
        if not bot.running:
            await bot.start(settle=False)
        while bot.device.one_time:
            world.claim({BOT: {bot.device.device_id: SIGNED}})
        ana.say(room, "wake up", share=False)
        await bot.until(lambda: bot.device.one_time, "keys are uploaded")
        assert failing.times == 0
        assert len(bot.device.one_time) == bot.client.olm.account.max_one_time_keys
    ana.say(room, "!pod create Willow")
    await bot.settled()
    assert "is now the pod Willow" in ana.texts(room)[-1]


async def test_sessions_that_are_put_to_sleep_go_on_where_they_were(
    world: World, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystore, "AWAKE", 1)
    people = [Peer(world, f"p{number}") for number in range(4)]
    room = world.create("willow", *(peer.user_id for peer in people), BOT)
    await bot.start()
    for number in range(4):
        # a new key for the room goes through the same session with each device, further each time
        world.member(room, (guest := f"@guest{number}:test"), "join")
        await bot.queue(room, f"message {number}", f"T{number}")
        await bot.settled()
        world.member(room, guest, "leave")
        await bot.settled()
        if number == 1:
            await bot.restart()
    awake = [session for session in bot.client.olm.session_store if session._opened is not None]
    assert len(awake) == 1
    for peer in people:
        assert peer.texts(room)[1:] == [f"message {number}" for number in range(4)]
