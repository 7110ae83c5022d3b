"""What a refusal speaks of: the object that its success would speak of."""

import pytest

from tests.commands.chat import Chat
from tests.commands.relay import river


@pytest.fixture
async def relay(chat: Chat) -> Chat:
    """River with its pods; Willow has the draft S1 and the poll P1."""
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await chat.say("Cy", "willow", "!poll When? | Sat | Sun")
    await chat.say("Ana", "willow", "ok S1")
    return chat


@pytest.mark.parametrize(
    ("person", "typed", "refusal", "about"),
    [
        ("Ana", "ok S1", "Your ok for S1", "S1"),
        ("Cy", "!ok s1.", "S1 needs the ok of a spoke of Willow.", "S1"),
        ("Cy", "!ok S1 please", "Please type only ok S1", "S1"),
        ("Cy", "!object S1 Nobody decided that.", "no time for objections", "S1"),
        ("Cy", "!summary retract S1", "S1", "S1"),
        ("Cy", "!vote P1 7", "P1 has", "P1"),
        ("Cy", "!vote 7", "P1 has", "P1"),
        ("Cy", "!reopen P1", "no decision's id", "P1"),
        # nothing that was ever spoken of here
        ("Ana", "ok S9", "no summary S9", None),
        ("Ana", "!vote P9 1", "no poll P9", None),
        ("Ana", "!okay S1", "I do not know !okay", None),
        ("Ana", "!pod set language", "Value is missing.", None),
    ],
)
async def test_a_refusal_speaks_of_what_the_answer_would_have_spoken_of(
    relay: Chat, person: str, typed: str, refusal: str, about: str | None
) -> None:
    [told] = await relay.say(person, "willow", typed)
    assert refusal in told
    assert relay.last("willow").about == about


async def test_a_refusal_of_a_reply_speaks_of_what_was_replied_to(relay: Chat) -> None:
    draft = next(sent.event_id for sent in relay.sent if sent.about == "S1")
    [told] = await relay.say("Cy", "willow", "!object", reply_to=draft)
    assert told.startswith("There is no time for objections here.")
    refused = relay.last("willow")
    assert refused.about == "S1"
    # and a command in reply to the refusal needs no id
    assert (await relay.say("Ben", "willow", "!why", reply_to=refused.event_id))[0].startswith("S1")


async def test_an_object_of_another_room_is_not_spoken_of(relay: Chat) -> None:
    [told] = await relay.say("Oli", "oak", "ok S1 please")
    assert told == "Please type only ok S1, so that nobody can doubt it."
    assert relay.last("oak").about is None


@pytest.mark.parametrize("seen", ["ok", "Ok, thanks", "👍", "yes", "1"])
async def test_an_ok_in_reply_to_a_refusal_is_no_approval(relay: Chat, seen: str) -> None:
    await relay.say("Ana", "willow", "ok S1")
    refused = relay.last("willow")
    assert refused.text == "Your ok for S1 is counted already. It needs another person."
    await relay.say("Ben", "willow", seen, reply_to=refused.event_id)
    assert relay.heard("river") == []
    await relay.say("Ana", "willow", "!pod set term 3 weeks")
    await relay.say("Ana", "willow", "ok J1")
    refused = relay.last("willow")
    assert refused.about == "J1"
    before = await relay.everything()
    assert await relay.say("Ben", "willow", seen, reply_to=refused.event_id) == []
    assert await relay.everything() == before


async def test_a_vote_in_reply_to_a_refusal_is_one(relay: Chat) -> None:
    await relay.say("Ana", "willow", "!vote P1 7")
    refused = relay.last("willow")
    assert refused.about == "P1"
    assert await relay.say("Ben", "willow", "ok", reply_to=refused.event_id) == []
    assert await relay.rows("SELECT * FROM ballots") == []
    assert (await relay.say("Ana", "willow", "2", reply_to=refused.event_id))[0].startswith("Ana")
    assert await relay.rows("SELECT user_id, answers FROM ballots") == [
        {"user_id": "@ana:test", "answers": "[2]"}
    ]


async def test_a_command_in_reply_to_a_refusal_is_one(relay: Chat) -> None:
    await relay.say("Ana", "willow", "ok S1")
    refused = relay.last("willow").event_id
    assert (await relay.say("Ben", "willow", "!ok", reply_to=refused))[0].startswith(
        "S1 is approved by Ana and Ben"
    )
