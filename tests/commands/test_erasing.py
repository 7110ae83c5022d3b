"""30 days after a result nothing in the database names what anybody chose: every table and what waits to be said are looked at."""

from __future__ import annotations

from typing import Any

import pytest

from bot.store import outbox, timers
from tests.commands.chat import Chat
from tests.commands.test_adopting import adopt, made
from tests.commands.test_polls import say, willow

AUTHOR = "Ana"
VOTERS = ("Xenia", "Yusuf", "Quentin", "Zorro")
"""Who asks chooses nothing here; the others have names that are in no other word."""
CHOICES = ("wombat", "quokka", "a1", "b2", "agree", "reserv", "abstain", "block", "zebra", "[1]", "[2]")
"""What was chosen, in any spelling, and a word of a reason."""


async def group(chat: Chat) -> None:
    """The pod Willow, of a bot that forgets daily what is of no use."""
    await willow(chat, AUTHOR, *VOTERS)
    async with chat.database.transaction("start") as tx:
        await timers.put(tx, "inbox.forget", "inbox.forget", chat.clock.now())


async def rows(chat: Chat) -> list[tuple[str, dict[str, Any]]]:
    """Return every row of every table."""
    tables = await chat.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [
        (table["name"], row) for table in tables for row in await chat.rows(f"SELECT * FROM {table['name']}")
    ]


async def telling(chat: Chat) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows that name a voter beside something that was chosen."""
    found = []
    for table, row in await rows(chat):
        text = "\n".join(str(value) for value in row.values()).lower()
        if any(name.lower() in text for name in VOTERS) and any(choice in text for choice in CHOICES):
            found.append((table, row))
    return found


async def lose(chat: Chat, state: str) -> None:
    """Let the answers to come wait, or be given up, as the sender does."""
    if state == "failed":
        async with chat.database.transaction("sender") as tx:
            waiting = await tx.all("SELECT id FROM outbox WHERE state = 'waiting'")
            await outbox.settle(tx, [outbox.Failed(row["id"], "refused") for row in waiting])


@pytest.mark.parametrize("state", ["sent", "waiting", "failed"])
async def test_nothing_says_what_anybody_chose_in_a_poll(chat: Chat, state: str) -> None:
    await group(chat)
    await say(chat, AUTHOR, "!poll Who? | Wombat | Quokka")
    native = chat.last_poll("willow").event_id
    before = ("Quentin", "a1"), ("Zorro", "b2")
    await adopt(chat, made(chat, *before, answers=(("a1", "Wombat"), ("b2", "Quokka"))), AUTHOR)
    if state != "sent":
        chat.refused.add("willow")
    await say(chat, "Xenia", "!vote P1 wombat")
    await say(chat, "Yusuf", "!vote P1 2")
    await chat.tap("Quentin", "willow", native, "1")
    await chat.tap("Zorro", "willow", "$app", "a1")
    await say(chat, "Zorro", "!vote wombat")  # of both polls: she is asked which
    assert await telling(chat)
    await lose(chat, state)
    await chat.wait(days=3, hours=2)
    assert await telling(chat)
    await chat.wait(days=31)
    assert await telling(chat) == []
    [votes] = await chat.rows("SELECT sum(votes) AS n FROM poll_options WHERE poll_id = 'P1'")
    assert votes == {"n": 3}
    chat.refused.clear()
    await chat.flush()
    told = "\n".join(chat.heard("willow"))
    assert "P1 is closed: Who?\nMost votes: Wombat, with 2." in told
    assert ("Xenia: Wombat. Counted in P1." in told) is (state == "sent")


@pytest.mark.parametrize("state", ["sent", "waiting", "failed"])
async def test_nothing_says_what_anybody_thought_of_a_proposal(chat: Chat, state: str) -> None:
    await group(chat)
    await say(chat, AUTHOR, "!propose We get a dog.")
    native = chat.last_poll("willow").event_id
    if state != "sent":
        chat.refused.add("willow")
    await say(chat, "Xenia", "agree P1")
    await say(chat, "Yusuf", "reserve P1 A zebra would be nicer.")
    await chat.tap("Quentin", "willow", native, "disagree")
    assert await telling(chat)
    await lose(chat, state)
    await chat.wait(days=3, hours=2)
    assert await telling(chat)
    await chat.wait(days=31)
    assert await telling(chat) == []
    chat.refused.clear()
    await chat.flush()
    told = "\n".join(chat.heard("willow"))
    assert "P1 is adopted:\n\n> We get a dog." in told
    assert ("zebra" in told) is (state == "sent")


async def test_a_question_with_somebodys_possible_answers_is_forgotten_after_a_day(chat: Chat) -> None:
    await group(chat)
    await say(chat, AUTHOR, "!poll Who? | Wombat | Quokka")
    await say(chat, AUTHOR, "!poll Whom? | Wombat | Quokka")
    await say(chat, "Zorro", "!vote wombat")
    assert len(await chat.rows("SELECT * FROM questions")) == 1
    await chat.wait(days=2)
    assert await chat.rows("SELECT * FROM questions") == []
