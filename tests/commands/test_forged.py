"""Replies, answers, edits and deletions that name events of other rooms or other people have no effect there."""

import json
from typing import Any

import pytest

from bot.matrix.contents import text_content
from bot.matrix.format import plain
from bot.matrix.polls import end_content, start_content
from bot.ports import EndPoll, MemberSeen, RoomSeen, Say, StartPoll
from tests.commands.chat import BOT, Chat, user
from tests.commands.relay import approved, river


async def other_room(chat: Chat) -> str:
    """The pod Willow with an open poll P1, and a room of Mallory's with the bot; returns the poll's native start."""
    await river(chat)
    await chat.room("den", "Mallory", "Ana")
    await chat.say("Mallory", "den", "!pod create Den")
    await chat.say("Cy", "willow", "!poll Where? | Park | Library")
    return chat.last_poll("willow").event_id


async def test_a_reply_to_a_message_of_another_room_is_about_nothing(chat: Chat) -> None:
    start = await other_room(chat)
    shown = chat.last("willow").event_id
    before = await chat.everything()
    for target in (start, shown):
        assert await chat.say("Ana", "den", "2", reply_to=target) == []
        assert await chat.say("Ana", "den", "ok", reply_to=target) == []
        assert "No poll is open here" in (await chat.say("Ana", "den", "!vote 2", reply_to=target))[0]
        assert "No poll is open here" in (await chat.say("Ana", "den", "!poll close", reply_to=target))[0]
        # a reply to nothing known shows the list of this room, not the poll of the other
        assert "No poll is open" in (await chat.say("Ana", "den", "!poll", reply_to=target))[0]
    assert await chat.everything() == before


async def test_an_id_of_another_room_is_not_found(chat: Chat) -> None:
    await other_room(chat)
    await chat.say("Ana", "willow", "!summary We can host.")
    before = await chat.everything()
    for typed in (
        "!vote P1 1",
        "!poll close P1",
        "!poll P1",
        "!why P1",
        "ok S1",
        "!summary cancel S1",
        "!why S1",
    ):
        [answer] = await chat.say("Mallory", "den", typed)
        assert "Where?" not in answer, typed
        assert "host" not in answer, typed
    assert await chat.everything() == before


async def test_a_tap_in_another_room_counts_nowhere(chat: Chat) -> None:
    start = await other_room(chat)
    await chat.tap("Ana", "den", start, "1")
    await chat.tap("Ana", "willow", "$unknown", "1")
    await chat.tap("Ana", "willow", "x" * 60_000, "1")
    assert await chat.rows("SELECT * FROM ballots") == []


@pytest.mark.parametrize("room", ["den", "willow"])
async def test_edits_and_deletions_name_what_they_like_and_reach_nothing_of_others(
    chat: Chat, room: str
) -> None:
    await other_room(chat)
    await chat.say("Ana", "willow", "!summary We can host.")
    await chat.say("Ana", "willow", "!vote P1 1")
    await chat.say("Ana", "willow", "ok S1")
    own = [row["event_id"] for row in await chat.rows("SELECT event_id FROM inbox")]
    before = await chat.everything()
    for target in own:
        assert (
            await chat.say("Mallory" if room == "den" else "Cy", room, "* !summary Pay us.", replaces=target)
            == []
        )
        if room == "den":
            assert await chat.delete("Mallory", "den", target) == []
    assert await chat.everything() == before


async def test_a_thread_of_another_room_is_answered_in_this_one(chat: Chat) -> None:
    start = await other_room(chat)
    before = len(chat.sent)
    [answer] = await chat.say("Mallory", "den", "!pod roster", thread=start, reply_to=start)
    assert answer.startswith("Den: 2 members")
    assert {sent.room for sent in chat.sent[before:]} == {"den"}


async def test_a_summary_by_reply_to_another_rooms_message_takes_none_of_its_words(chat: Chat) -> None:
    await other_room(chat)
    shown = chat.last("willow").event_id
    await chat.say("Mallory", "den", "!summary", reply_to=shown)
    assert "Where?" not in "".join(chat.heard("den"))


# -- how much there may be ---------------------------------------------------------------------------


async def test_five_hundred_polls_are_ten_of_one_person_and_thirty_of_a_room(chat: Chat) -> None:
    await chat.room("willow", "Ana", "Ben", "Cy", "Di")
    await chat.say("Ana", "willow", "!pod create Willow")
    refusals = []
    for person in ("Ana", "Ben", "Cy", "Di"):
        for number in range(13):
            chat.heard("willow")
            await chat.say(person, "willow", f"!poll Number {number}? | Yes | No")
        refusals.append(chat.heard("willow")[-1])
    assert refusals == [
        "You have 10 open polls here, the most that one person may have. To make room, close one: !poll close P1. "
        "!polls lists them.",
        "You have 10 open polls here, the most that one person may have. To make room, close one: !poll close P11. "
        "!polls lists them.",
        "You have 10 open polls here, the most that one person may have. To make room, close one: !poll close P21. "
        "!polls lists them.",
        "30 polls are open here, the most that a room may have. To make room, close one: !poll close P1. "
        "!polls lists them.",
    ]
    assert await chat.rows("SELECT count(*) AS n FROM polls") == [{"n": 30}]
    await chat.say("Ana", "willow", "!poll close P1")
    assert "P31" in " ".join(await chat.say("Di", "willow", "!poll Another? | Yes | No"))
    assert_fits(chat)
    await chat.say("Ana", "willow", "!polls")
    assert_fits(chat)


async def test_drafts_are_five_of_one_person(chat: Chat) -> None:
    await river(chat)
    for number in range(5):
        await chat.say("Cy", "willow", f"!summary Number {number}.")
    assert await chat.say("Cy", "willow", "!summary One more.") == [
        "You have 5 drafts here, the most that one person may have. To make room, approve one, ok S1, or drop one: "
        "!summary cancel S1. !summary lists them."
    ]
    assert "Draft S6" in (await chat.say("Di", "willow", "!summary Mine."))[0]
    await chat.say("Cy", "willow", "!summary cancel S1")
    assert "Draft S7" in (await chat.say("Cy", "willow", "!summary One more."))[0]


async def test_unused_codes_are_thirty(chat: Chat) -> None:
    await river(chat)
    for _ in range(30):
        await chat.say("Ana", "river", "!assembly invite")
    assert await chat.say("Ana", "river", "!assembly invite") == [
        "30 codes of River are unused, the most there may be. Please use one of them; each ends 7 days after it was made."
    ]
    await chat.wait(days=8)
    assert "Here is a code" in (await chat.say("Ana", "river", "!assembly invite"))[0]
    await chat.wait(days=40)
    await chat.say("Ana", "river", "!assembly invite")
    assert await chat.rows("SELECT count(*) AS n FROM codes") == [{"n": 1}]


async def test_requests_are_ten_of_one_person(chat: Chat) -> None:
    people = [f"P{number}" for number in range(12)]
    await chat.room("willow", "Ana", *people)
    await chat.say("Ana", "willow", "!pod create Willow")
    for person in people[:10]:
        await chat.say("Ana", "willow", f"!pod observer {user(person)}")
    assert await chat.say("Ana", "willow", f"!pod observer {user('P10')}") == [
        "10 requests of yours wait here, the most that one person may have. Another member can settle one, for example "
        "with ok J1; each lapses 7 days after it was made."
    ]
    # the same thing asked again takes the place of the first
    assert "J11" in (await chat.say("Ana", "willow", f"!pod observer {user('P3')}"))[0]


# -- names and lengths -------------------------------------------------------------------------------


LARGEST_EVENT = 65_536
"""Bytes (Client-Server API, "Size limits")."""


def assert_fits(chat: Chat) -> None:
    """Check that everything said fits an event: as JSON, encrypted and in base64, with what stands around it."""
    for sent in chat.sent:
        match sent.message:
            case Say():
                content = text_content(sent.message)
            case StartPoll():
                content = start_content(sent.message)
            case EndPoll():
                content = end_content("$x", plain(sent.message.markdown))
            case _:
                continue
        assert len(json.dumps(content)) * 4 / 3 + 2_000 < LARGEST_EVENT


async def test_the_longest_of_everything_fits_an_event(chat: Chat) -> None:
    await river(chat)
    wide = "\U0001f98a"  # twelve bytes in JSON
    await chat.say("Cy", "willow", f"!summary {wide * 1200}")
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert any(wide * 1200 in sent.text for sent in chat.sent if sent.room == "river")
    await chat.say(
        "Cy", "willow", "!poll Where? | " + " | ".join(f"{number:02}" + wide * 38 for number in range(20))
    )
    await chat.say("Cy", "willow", "!vote P1 3")
    for typed in (
        "!polls",
        "!poll P1",
        "!why P1",
        "!status",
        "!next",
        "!summary status S1",
        "!why S1",
        "!poll close P1",
    ):
        await chat.say("Cy", "willow", typed)
    assert any(isinstance(sent.message, EndPoll) for sent in chat.sent)
    assert_fits(chat)


async def test_a_roster_of_five_hundred_fits(chat: Chat) -> None:
    await chat.room("willow", "Ana", *(f"P{number}" + "\U0001f98a" * 60 for number in range(500)))
    for typed in (
        "!pod create Willow",
        "!pod",
        "!pod roster",
        "!trust",
        "!status",
        "!spokes draw",
        "!spokes why",
        "!spokes next",
    ):
        await chat.say("Ana", "willow", typed)
    assert_fits(chat)


@pytest.mark.parametrize("line", ["!poll Where? | {} | Library", "!poll {} | Park | Library"])
async def test_an_option_of_sixty_kilobytes_is_refused_with_its_length_and_the_limit(
    chat: Chat, line: str
) -> None:
    await other_room(chat)
    before = await chat.everything()
    [answer] = await chat.say("Ana", "willow", line.format("a" * 60_000))
    assert "60000 characters long; " in answer
    assert "are the most" in answer
    assert len(answer) < 500
    assert await chat.everything() == before


@pytest.mark.parametrize(
    "typed",
    [
        "!{}", "!pod create {}", "!pod rename {}", "!pod set {} x", "!pod set timezone {}", "!pod join {}", "!pod observer {}",
        "!vote {}", "!vote P1 {}", "!poll close {}", "!summary {}", "!summary status {}", "!help {}", "!why {}", "!ok {}",
        "!spokes {}", "!status {}", "!trust ok {}", "!poll Where? | Park | Library | closes={}", "!poll a | b | c | multi={}",
        "!poll a | b | c | {}=x",
    ],
)  # fmt: skip
async def test_sixty_kilobytes_anywhere_get_a_short_answer_and_change_nothing(chat: Chat, typed: str) -> None:
    await other_room(chat)
    before = await chat.everything()
    for bomb in ("a", "*", "<b>", "\u202e\u0301x", "a| ", "a\n"):
        answers: list[Any] = await chat.say("Ana", "willow", typed.format(bomb * (60_000 // len(bomb))))
        assert all(len(answer) < 1500 for answer in answers), bomb
        assert await chat.everything() == before, bomb


async def test_a_name_made_to_look_like_another_or_like_an_id_is_shown_with_its_own_id(chat: Chat) -> None:
    await chat.room(
        "willow", "Ana", "\u0410n\u0430", "S4", "SpokesB0t", "Ben" + "\u0301\u0323" * 200, "L" * 5000
    )
    await chat.say("Ana", "willow", "!pod create Willow")
    await chat._change(RoomSeen("!willow:test", (MemberSeen(BOT, "join", "Spokesbot", chat.clock.now()),)))
    [roster] = await chat.say("Ana", "willow", "!pod roster")
    for line in (
        "- Ana (@ana:test)",
        "- S4 (@s4:test)",
        "- SpokesB0t (@spokesb0t:test)",
        "- Ben\u0301\u0323\u0301\u0323",
        "- " + "L" * 59 + "…",
    ):
        assert line in roster.splitlines()
    assert "\u0410n\u0430 (@" in roster
