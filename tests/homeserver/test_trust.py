"""A server that adds devices and replaces identities, and people who merely have a new phone."""

import pytest

from bot.matrix.identity import Identity
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.world import BOT, World

ANA, BEN = "@ana:test", "@ben:test"


@pytest.fixture
def own() -> Identity:
    """Ana's identity."""
    return Identity.create(ANA)


@pytest.fixture
async def pod(world: World, bot: Bot, ana: Peer, ben: Peer, own: Identity) -> str:
    """The pod Willow of Ana and Ben, where Ben's proposal J1 waits for an ok."""
    world.vouch(own, ana.device.device_id)
    room = world.create("willow", ANA, BEN, BOT)
    await bot.start()
    ana.say(room, "!pod create Willow")
    await bot.settled()
    ben.say(room, "!pod set term 3 weeks")
    await bot.settled()
    return room


def is_done(bot: Bot) -> bool:
    """Tell whether J1 has taken effect."""
    return bot.rows("SELECT state FROM requests WHERE id = 'J1'") == [{"state": "done"}]


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_a_new_phone_sends_is_done_once_and_in_order_when_it_is_signed(
    world: World, bot: Bot, ana: Peer, own: Identity, pod: str, restarted: bool
) -> None:
    phone = Peer(world, "ana", "NEW")
    talk = phone.say(pod, "good morning")
    for number in range(5):
        phone.say(pod, f"!nonsense{number}")
    phone.say(pod, "ok J1")
    await bot.settled()
    assert not is_done(bot)
    assert len(bot.rows("SELECT * FROM held")) == len(bot.rows("SELECT * FROM parked")) == 6
    assert bot.rows(f"SELECT * FROM parked WHERE event_id = '{talk}'") == []
    assert [text for text in phone.texts(pod) if text.startswith("I do not know")] == []
    if restarted:
        await bot.crash()
        await bot.start()
        assert not is_done(bot)
    world.vouch(own, "PHONE", "NEW")
    await bot.settled()
    heard = [text.split()[4].strip(".") for text in ana.texts(pod) if text.startswith("I do not know")]
    assert heard == [f"!nonsense{number}" for number in range(5)]
    assert is_done(bot)
    assert bot.rows("SELECT * FROM held") == bot.rows("SELECT * FROM parked") == []


async def test_a_device_that_the_server_added_commands_nothing_and_reads_nothing(
    world: World, bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    evil = Peer(world, "ana", "EVIL")
    evil.say(pod, "ok J1")
    await bot.settled()
    del world.identities[ANA]  # and now it hides that there is an identity
    world.signed.clear()
    world.device_changes.append((world._tick(), ANA))
    evil.say(pod, "ok J1")
    await bot.settled()
    assert not is_done(bot)
    evil.read_inbox()
    ben.say(pod, "!status")
    await bot.settled()
    assert [text for text in ben.texts(pod) if text.startswith("This is the pod")] != []
    assert [text for text in evil.texts(pod) if text.startswith("This is the pod")] == []


@pytest.mark.parametrize("down", [False, True])
async def test_an_ok_that_comes_with_a_replaced_identity_does_not_count(
    world: World, bot: Bot, ben: Peer, pod: str, down: bool
) -> None:
    if down:
        await bot.stop()
    evil = Peer(world, "ana", "EVIL")
    world.vouch(Identity.create(ANA), "EVIL")
    evil.say(pod, "ok J1")
    if down:
        await bot.start()
    await bot.settled()
    assert not is_done(bot)
    texts = ben.texts(pod)
    changed = [text for text in texts if "This happens when someone resets" in text]
    refused = [text for text in texts if "so this does not count yet" in text]
    assert (len(changed), len(refused)) == (1, 1)
    assert texts.index(changed[0]) < texts.index(refused[0])
