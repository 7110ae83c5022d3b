"""Which version an `ok` is for: the one that its sender has seen, and no other."""

import pytest

from tests.commands.chat import Chat
from tests.commands.relay import quoted, river, shown

OLDER = "S1 version 2 was shown after the message that you answered. Read it first, then type ok S1."


@pytest.mark.parametrize("word", ["ok", "ok S1", "!ok"])
async def test_an_ok_in_reply_to_what_was_shown_before_is_none_for_what_is_shown_now(
    chat: Chat, word: str
) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    drafted = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    shown_first = chat.last("willow").event_id
    await chat.say("Cy", "willow", "!summary We cannot host.", replaces=drafted)
    shown_now = chat.last("willow").event_id
    assert await chat.say("Ben", "willow", word, reply_to=shown_first) == [OLDER]
    await chat.say("Ben", "willow", word, reply_to=shown_now)
    [told] = await chat.say("Ana", "willow", word, reply_to=shown_first)
    assert told == OLDER
    counted = next(sent.event_id for sent in chat.sent if "Counted" in sent.text)
    await chat.say("Ana", "willow", word, reply_to=counted)
    assert quoted((await shown(chat))["river"][0]) == ["> We cannot host."]


async def test_an_ok_in_reply_to_something_else_names_what_it_is_for(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!poll When? | Sat | Sun")
    poll = chat.last("willow").event_id
    await chat.say("Cy", "willow", "!summary We can host.")
    assert (await chat.say("Ana", "willow", "ok S1", reply_to=poll))[0].startswith("Counted: Ana")


async def test_a_long_version_is_approved_in_reply_to_either_of_its_two_messages(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", f"!summary {'We can host. ' * 92}")
    letter, terms = [sent.event_id for sent in chat.sent if sent.about == "S1"][-2:]
    assert (await chat.say("Ana", "willow", "ok", reply_to=letter))[0].startswith("Counted: Ana")
    assert (await chat.say("Ben", "willow", "ok", reply_to=terms))[0].startswith("S1 is approved")


async def test_a_number_chooses_no_version_that_was_shown_after_the_question(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    drafted = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    await chat.say("Cy", "willow", "!summary We bring cake.")
    [question] = await chat.say("Ana", "willow", "!ok")
    assert question.startswith("Ok to which one?")
    await chat.say("Cy", "willow", "!summary We cannot host.", replaces=drafted)
    assert await chat.say("Ana", "willow", "1") == []


async def test_in_a_thread_under_an_older_version_an_ok_needs_the_id(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    root = chat.last("willow").event_id
    drafted = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    await chat.say("Cy", "willow", "!summary We cannot host.", replaces=drafted)
    assert await chat.say("Ana", "willow", "ok", reply_to=root, thread=root) == [OLDER]
    assert (await chat.say("Ana", "willow", "ok S1", reply_to=root, thread=root))[0].startswith(
        "Counted: Ana"
    )
    assert (await chat.say("Ben", "willow", "Ok, s1!", reply_to=root, thread=root))[0].startswith(
        "S1 is approved"
    )
