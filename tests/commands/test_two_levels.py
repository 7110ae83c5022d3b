"""An assembly of assemblies: two bots in one room, told apart by what their commands start with.

What docs/scale.md tells a federation to do is done here: River is the assembly of Willow, Oak and Hazel for the one
bot, and a pod of Delta for the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.commanding.discover import discover
from bot.commanding.dispatch import Dispatcher
from bot.store import inbox
from tests.commands.chat import BOT, Chat
from tests.commands.relay import enter, river, seat

IN_RIVER = ("Ana", "Ben", "Oli", "Pia", "Hal", "Ida", "Zed")


@pytest.fixture
async def above() -> AsyncIterator[Chat]:
    """The other bot: River and Lake are pods of its assembly Delta."""
    chat = await Chat.open()
    async with chat.database.transaction("prefix") as tx:
        await inbox.save_meta(tx, "default.prefix", "+")
    chat.dispatcher = Dispatcher(discover(), chat.clock, BOT, "+")
    await chat.room("river", *IN_RIVER, "Clerk")
    await chat.room("lake", "Lea", "Lou", "Lin")
    await chat.room("delta", "Ana", "Oli", "Lea", "Lou")
    await chat.say("Ana", "delta", "+assembly create Delta")
    for pod, pair in {"river": ("Ana", "Oli"), "lake": ("Lea", "Lou")}.items():
        await chat.say(pair[0], pod, f"+pod create {pod.title()}")
        await enter(chat, pod, "delta")
        await seat(chat, pod, *pair)
    chat.sent.clear()
    yield chat
    await chat.database.close()


@pytest.fixture
async def below(chat: Chat) -> Chat:
    """The bot of River."""
    await river(chat)
    return chat


async def test_each_bot_answers_only_what_starts_with_its_own_sign(below: Chat, above: Chat) -> None:
    for body, answers, is_silent in (("!status", below, above), ("+status", above, below)):
        assert len(await answers.say("Ana", "river", body)) == 1
        assert await is_silent.say("Ana", "river", body) == []


async def test_an_ok_with_a_sign_counts_with_that_bot_alone(below: Chat, above: Chat) -> None:
    for chat, sign in ((below, "!"), (above, "+")):
        assert "Draft S1." in "".join(await chat.say("Ana", "river", f"{sign}summary We come."))

    assert await below.say("Ana", "river", "+ok S1") == []
    assert "Counted" in (await above.say("Ana", "river", "+ok S1"))[0]
    # without a sign both take it for theirs, which is why people are told to type it
    assert len(await below.say("Oli", "river", "ok S1")) == 1
    assert len(await above.say("Oli", "river", "ok S1")) == 1


async def test_a_text_goes_up_and_down_with_two_oks_in_each_room(below: Chat, above: Chat) -> None:
    await below.say("Ana", "willow", "!summary Willow can host.")
    await below.say("Ana", "willow", "!ok S1")
    await below.say("Ben", "willow", "!ok S1")
    assert any("Willow can host." in text for text in below.heard("river"))

    await above.say("Ana", "river", "+summary One of us can host.")
    await above.say("Ana", "river", "+ok S1")
    await above.say("Oli", "river", "+ok S1")
    assert any("One of us can host." in text for text in above.heard("delta"))

    await above.say("Lea", "delta", "+summary We meet at Lake.")
    await above.say("Lea", "delta", "+ok S2")
    await above.say("Oli", "delta", "+ok S2")
    assert any("We meet at Lake." in text for text in above.heard("river"))
    assert any("We meet at Lake." in text for text in above.heard("lake"))

    await below.say("Ana", "river", "!summary We meet at Lake.")
    await below.say("Ana", "river", "!ok S2")
    await below.say("Hal", "river", "!ok S2")
    for pod in ("willow", "oak", "hazel"):
        assert any("We meet at Lake." in text for text in below.heard(pod))


async def test_the_other_bot_is_made_an_observer_and_has_no_voice(above: Chat) -> None:
    assert "proposes" in "".join(await above.say("Ana", "river", "+pod observer @clerk:test"))
    await above.say("Oli", "river", "+ok J1")

    above.sent.clear()
    told = "".join(await above.say("Ana", "river", "+pod roster"))
    assert "- Clerk" in told.partition("voice:")[2], told
