"""What people hear when their messages cannot be read: after a minute, quietly, once a day, and not in hundreds."""

from datetime import timedelta

import pytest

from bot.ports import Say
from tests.commands.chat import Chat, user
from tests.commands.test_polls import willow

AGAIN = "If it was meant for me, send it again later and delete this one: if its key still comes, I do both."
NO_KEY = (
    f"Ana, your app had not shared its key with me yet, so I cannot read this. I have asked for it. {AGAIN}"
)


async def test_it_is_said_after_a_minute_quietly_and_in_reply(chat: Chat) -> None:
    await willow(chat)
    event = await chat.unreadable("Ana", "willow", "!pod")
    await chat.wait(seconds=59)
    assert chat.heard("willow") == []
    await chat.wait(seconds=1)
    message = chat.last("willow").message
    assert chat.heard("willow") == [NO_KEY]
    assert isinstance(message, Say)
    assert (message.mentions, message.aloud, message.reply_to) == ((), False, event.event_id)


async def test_nothing_is_said_where_the_key_comes_within_the_minute(chat: Chat) -> None:
    await willow(chat)
    event = await chat.unreadable("Ana", "willow", "!pod")
    await chat.wait(seconds=50)
    await chat.key_comes(event)
    chat.heard("willow")
    await chat.wait(days=2)
    assert chat.heard("willow") == []


async def test_each_person_hears_it_once_a_day_and_only_of_what_is_new(chat: Chat) -> None:
    await willow(chat)
    for _ in range(300):
        await chat.unreadable("Ana", "willow")
    await chat.wait(minutes=1)
    assert chat.heard("willow") == [NO_KEY]
    await chat.wait(hours=23)
    await chat.unreadable("Ana", "willow")
    await chat.wait(hours=2)
    assert chat.heard("willow") == []
    # what was told is not told again because of somebody else
    await chat.unreadable("Ben", "willow")
    await chat.wait(minutes=1)
    first, second = chat.heard("willow")
    assert (first[:3], second[:3]) == ("Ana", "Ben")
    await chat.wait(days=2)
    await chat.unreadable("Cy", "willow")
    await chat.wait(minutes=1)
    assert [line[:2] for line in chat.heard("willow")] == ["Cy"]


async def test_what_came_meanwhile_has_its_own_minute(chat: Chat) -> None:
    await willow(chat)
    await chat.unreadable("Ana", "willow")
    await chat.wait(seconds=40)
    await chat.unreadable("Ben", "willow")
    await chat.wait(seconds=20)
    assert [line[:3] for line in chat.heard("willow")] == ["Ana"]
    await chat.wait(seconds=39)
    assert chat.heard("willow") == []
    await chat.wait(seconds=1)
    assert [line[:3] for line in chat.heard("willow")] == ["Ben"]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (
            "m.unverified",
            "Ana, your app excludes this bot because it counts as not verified, so I cannot read this."
            " Verify me in your app, or ask the person who runs me.",
        ),
        (
            "m.blacklisted",
            "Ana, your app is set to leave this bot out, so I cannot read this. If you want it so, all is well;"
            " else change it in your app, in my profile.",
        ),
        ("m.unauthorised", NO_KEY.removesuffix(f" {AGAIN}")),
    ],
)
async def test_it_is_worded_by_what_the_persons_own_app_said(chat: Chat, code: str, cause: str) -> None:
    await willow(chat)
    await chat.withheld("Ana", "other session", "m.no_olm")
    await chat.withheld("Ben", "session", "m.no_olm")
    await chat.withheld("Ana", "session", code)
    await chat.unreadable("Ana", "willow")
    await chat.wait(minutes=1)
    assert chat.heard("willow") == [f"{cause} {AGAIN}"]


async def test_an_app_that_could_not_reach_us_is_known_by_its_device(chat: Chat) -> None:
    await willow(chat)
    await chat.withheld("Ana", "key of Ana", "m.no_olm")
    await chat.unreadable("Ana", "willow")
    await chat.wait(minutes=1)
    assert chat.heard("willow") == [
        "Ana, your app could not reach me to share its key, so I cannot read this."
        f" It mostly succeeds with the next message. {AGAIN}"
    ]


async def test_where_only_the_list_of_devices_is_missing_nothing_is_to_be_sent_again(chat: Chat) -> None:
    await willow(chat)
    await chat.unreadable("Ana", "willow", lacks="devices")
    await chat.wait(minutes=1)
    assert chat.heard("willow") == [
        "Ana, your server has not told me yet which devices are yours, so I have not taken this. I ask it again and"
        " then do what you sent; you need not send it again."
    ]


async def test_who_chose_to_leave_the_bot_out_hears_it_once_a_month(chat: Chat) -> None:
    await willow(chat)
    for number in range(30):
        await chat.withheld("Ana", f"s{number}", "m.blacklisted")
        await chat.unreadable("Ana", "willow", session=f"s{number}")
        await chat.wait(days=1)
    assert len(chat.heard("willow")) == 1
    await chat.withheld("Ana", "s", "m.blacklisted")
    await chat.unreadable("Ana", "willow", session="s")
    await chat.wait(minutes=1)
    assert len(chat.heard("willow")) == 1


@pytest.mark.parametrize("at_once", [True, False])
async def test_where_many_are_concerned_the_room_is_told_once(chat: Chat, at_once: bool) -> None:
    people = [f"Guest {number}" for number in range(200 if at_once else 10)]
    await willow(chat, *people)
    for person in people:
        await chat.unreadable(person, "willow")
        if not at_once:
            await chat.wait(minutes=1)
    await chat.wait(hours=12)
    *single, room = chat.heard("willow")
    assert len(single) == (0 if at_once else 3)
    assert room == (
        f"I cannot read what {200 if at_once else 4} members sent: their apps have not shared their keys with me."
        " I keep it and read it if the keys come. Whoever meant something for me can send it again and delete the"
        " first one, or else I may do both. If it stays like this, ask the person who runs me."
    )
    # the day after, only what is new is spoken of
    await chat.wait(days=1)
    await chat.unreadable("Guest 7", "willow")
    await chat.wait(minutes=1)
    assert [line[:8] for line in chat.heard("willow")] == (["Guest 7,"] if at_once else ["I cannot"])


async def test_a_bot_that_was_down_for_a_week_says_one_line_a_person(chat: Chat) -> None:
    await willow(chat)
    back = chat.clock.now() + timedelta(days=8)
    for day in range(8):
        for _ in range(20):
            chat.clock.moment = back
            await chat.unreadable("Ana", "willow", at=back - timedelta(days=7 - day, hours=-1))
    await chat.wait(minutes=1)
    assert chat.heard("willow") == [NO_KEY]


async def test_what_is_older_than_a_week_is_not_spoken_of(chat: Chat) -> None:
    await willow(chat)
    await chat.unreadable("Ana", "willow", at=chat.clock.now() - timedelta(days=7, seconds=1))
    await chat.wait(minutes=2)
    assert chat.heard("willow") == []


async def test_it_is_said_to_members_only_and_only_where_the_bot_serves(chat: Chat) -> None:
    await willow(chat)
    await chat.room("hall", "Ana", "Ben")
    await chat.room("direct", "Ana")
    await chat.room("open", "Ana", encrypted=False)
    chat.sent.clear()
    await chat.unreadable("Eve", "willow")
    for room in ("hall", "open", "direct", "unheard"):
        await chat.unreadable("Ana", room)
    await chat.wait(minutes=2)
    assert [(sent.room, sent.text) for sent in chat.sent] == [("direct", NO_KEY)]


async def test_what_was_said_before_the_bot_came_is_not_spoken_of(chat: Chat) -> None:
    await chat.room("willow", "Ana", "Ben", "Spokesbot")
    await chat.say("Ana", "willow", "!pod create Willow")
    chat.heard("willow")
    await chat.unreadable("Ana", "willow", at=chat.clock.now() - timedelta(minutes=1, seconds=1))
    await chat.wait(minutes=2)
    assert chat.heard("willow") == []
    await chat.unreadable("Ana", "willow")
    await chat.wait(minutes=2)
    assert chat.heard("willow") == [NO_KEY]


async def test_after_a_week_down_the_line_is_said_at_the_start(chat: Chat) -> None:
    await willow(chat)
    await chat.unreadable("Ana", "willow")
    await chat.down_until(chat.clock.now() + timedelta(days=6))
    assert chat.heard("willow") == [NO_KEY]


async def test_deleting_the_first_one_as_told_does_nothing_twice(chat: Chat) -> None:
    await willow(chat)
    event = await chat.unreadable("Ana", "willow", "!poll Where? | Park | Library")
    await chat.wait(minutes=1)
    await chat.say("Ana", "willow", "!poll Where? | Park | Library")
    await chat.delete("Ana", "willow", event.event_id)
    assert await chat.rows("SELECT * FROM parked") == []
    assert len(await chat.rows("SELECT * FROM polls")) == 1


async def test_a_deletion_in_another_room_lets_go_of_nothing(chat: Chat) -> None:
    await willow(chat)
    await chat.room("oak", "Ana", "Mallory")
    event = await chat.unreadable("Ana", "willow", "!pod")
    await chat.delete("Mallory", "oak", event.event_id)
    assert len(await chat.rows("SELECT * FROM parked")) == 1


async def test_what_is_held_for_a_signature_is_not_said_to_be_unreadable_too(chat: Chat) -> None:
    await willow(chat)
    event = await chat.unreadable("Ana", "willow", "!pod")
    async with chat.database.transaction("hold") as tx:
        await tx.run("INSERT INTO held VALUES (?, '!willow:test', ?, 0)", event.event_id, user("Ana"))
    await chat.wait(minutes=2)
    assert chat.heard("willow") == []
