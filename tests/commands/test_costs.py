"""What an answer costs, counted: however many people are in a room, one person's answer is about that person."""

from __future__ import annotations

import sys
from collections import Counter
from types import FrameType

from bot.ports import Incoming, PollAnswered, Said
from tests.commands.chat import Chat


async def cost(chat: Chat, event: Incoming) -> Counter[str]:
    """Handle an event; returns how many statements and how many calls of our functions that took."""
    spent: Counter[str] = Counter()
    connection = chat.database._statements

    def called(frame: FrameType, what: str, _: object) -> None:
        if what == "call" and "/bot/" in frame.f_code.co_filename:
            spent["calls"] += 1

    async with chat.database.transaction("count") as tx:
        connection.set_trace_callback(lambda _: spent.update(["statements"]))
        sys.setprofile(called)
        try:
            await chat.dispatcher.handle(tx, event)
        finally:
            sys.setprofile(None)
            connection.set_trace_callback(None)
    await chat.flush()
    return spent


async def tap(chat: Chat, people: int) -> Counter[str]:
    """Let everybody in a room answer a poll, and one of them once more; returns what that cost."""
    names = [f"Member{number}" for number in range(people)]
    await chat.room("willow", *names)
    await chat.say(names[0], "willow", "!pod create Willow")
    await chat.say(names[0], "willow", "!poll When? | Sat | Sun")
    poll = chat.last_poll("willow").event_id
    for name in names:
        await chat.tap(name, "willow", poll, "1")
    again = PollAnswered(**chat._event(names[0], "willow"), poll_event_id=poll, answers=("2",))
    return await cost(chat, again)


async def test_a_tap_costs_the_same_however_many_people_have_answered(chat: Chat) -> None:
    few = await tap(chat, 4)
    larger = await Chat.open()
    many = await tap(larger, 24)
    await larger.database.close()
    assert few["statements"] == many["statements"] <= 15
    assert few["calls"] == many["calls"]


async def test_an_answer_by_its_id_costs_the_same_however_many_polls_are_open(chat: Chat) -> None:
    await chat.room("willow", "Ana", "Ben")
    await chat.say("Ana", "willow", "!pod create Willow")
    spent = []
    for number in range(1, 6):
        await chat.say("Ana", "willow", f"!poll Day {number}? | Sat | Sun")
        await chat.say("Ana", "willow", f"!vote P{number} 1")
        await chat.wait(minutes=2)
        again = Said(**chat._event("Ana", "willow"), body=f"!vote P{number} 2")
        spent.append(await cost(chat, again))
    assert len({each["statements"] for each in spent}) == 1
