"""Handing a seat to somebody who takes it: offered, taken, reminded of, withdrawn."""

from datetime import UTC, datetime

from bot.ports import InviteUser, RemoveUser, Say
from tests.commands.chat import Chat, user
from tests.commands.test_spokes import asked, doings, drawn, seats, unchanged, without_moved

HANDOVER = datetime(2026, 12, 7, 18, 0, tzinfo=UTC)


async def test_a_seat_is_handed_on_and_the_two_change_places(chat: Chat) -> None:
    await drawn(chat)
    await chat.joins("Di", "river")
    await chat.wait(days=3)
    assert await chat.say("Di", "willow", "!spokes swap") == [
        "Di would hand on the speak seat of Willow. Whoever types !spokes swap take has it at once, and changes places "
        "with Di in the line. !spokes swap stop takes the offer back."
    ]
    chat.sent.clear()
    told = without_moved(await chat.say("Cy", "willow", "!spokes swap take"))
    assert told[0].startswith(
        "Di hands the seat on.\nThank you, Cy: you have the speak seat of Willow now.\n"
        "Cy is invited into the room of the assembly River."
    )
    assert await seats(chat) == {"speak": "Cy", "note": "Ben"}
    assert doings(chat, InviteUser) == [user("Cy")]
    assert "Willow has changed its pair: Cy (speak) and Ben (note)." in chat.heard("river")
    [history] = await chat.say("Ana", "willow", "!spokes history")
    assert (
        "- Di: Mon 23 Nov 2026 10:00 UTC to Thu 26 Nov 2026 10:00 UTC, handed on in a swap and not counted"
        in history
    )
    await chat.until(HANDOVER)
    [why] = await chat.say("Ana", "willow", "!spokes why")
    assert "Di @di:test: turns 0 " in why
    assert "Cy @cy:test: turns 1 " in why
    assert len(await asked(chat)) == 1
    assert (await asked(chat))[0] in ("Ana", "Di")


async def test_who_hands_on_leaves_the_assembly_like_everybody_whose_turn_is_over(chat: Chat) -> None:
    await drawn(chat)
    await chat.joins("Di", "river")
    await chat.say("Di", "willow", "!spokes swap")
    await chat.say("Cy", "willow", "!spokes swap take")
    assert await chat.rows("SELECT user_id FROM briefs") == [{"user_id": user("Cy")}]
    await chat.say("Cy", "willow", "!handover ok")
    assert doings(chat, RemoveUser) == [user("Di")]


async def test_an_open_offer_is_said_again_twice_and_is_over_at_the_handover(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Di", "willow", "!spokes swap")
    chat.sent.clear()
    await chat.until(datetime(2026, 12, 7, 17, 0, tzinfo=UTC))
    assert chat.heard("willow") == ["Di would still hand on a seat. !spokes swap take takes it."] * 2
    await chat.until(HANDOVER)
    await unchanged(
        chat, "Cy", "!spokes swap take", "No seat is offered now. !spokes volunteer puts you in the line."
    )


async def test_a_colleague_may_ask_and_both_may_stop_it(chat: Chat) -> None:
    await drawn(chat)
    for who in ("Di", "Ana"):
        [told] = await chat.say("Ana", "willow", "!spokes swap @di:test")
        assert told == (
            "Ana asks for Di: would somebody take over the speak seat of Willow? Type !spokes swap take. "
            "Di keeps it until then, and can stop this with !spokes swap stop."
        )
        message = chat.last("willow").message
        assert isinstance(message, Say)
        assert message.mentions == (user("Di"),)
        await unchanged(
            chat,
            "Cy",
            "!spokes swap @di:test",
            "The seat of Di is offered already. !spokes swap take takes it.",
        )
        await unchanged(chat, "Cy", "!spokes swap stop", "No offer of yours is open. !spokes shows the pair.")
        assert await chat.say(who, "willow", "!spokes swap stop") == [
            "The offer is withdrawn: Di keeps the seat."
        ]
    await chat.wait(days=4)
    assert [text for text in chat.heard("willow") if "still" in text] == []


async def test_both_steps_are_taken_back_by_undo(chat: Chat) -> None:
    await drawn(chat)
    await chat.joins("Di", "river")
    await chat.say("Di", "willow", "!spokes swap")
    before = (await chat.rows("SELECT * FROM turns"), await chat.rows("SELECT * FROM departures"))
    await chat.say("Cy", "willow", "!spokes swap take")
    await chat.joins("Cy", "river")
    told = await chat.say("Cy", "willow", "!undo")
    assert without_moved(told) == [
        "The swap is undone: Di has the speak seat again.", "You are in the line as before, Cy.",
    ]  # fmt: skip
    assert (await chat.rows("SELECT * FROM turns"), await chat.rows("SELECT * FROM departures")) == before
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}
    assert doings(chat, RemoveUser) == [user("Cy")]
    await chat.say("Di", "willow", "!spokes swap")
    assert await chat.say("Di", "willow", "!undo") == ["The offer is withdrawn: Di keeps the seat."]


async def test_a_swap_with_oneself_and_other_refusals_change_nothing(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Di", "willow", "!spokes swap")
    for who, typed, answer in (
        ("Di", "!spokes swap take", "You have a seat of Willow already. !spokes shows the pair."),
        ("Ben", "!spokes swap take", "You have a seat of Willow already. !spokes shows the pair."),
        (
            "Cy",
            "!spokes swap",
            "Cy is no spoke of Willow, so there is no seat to hand on. !spokes shows who is.",
        ),
        (
            "Di",
            "!spokes swap @nobody:test",
            "Nobody here is called @nobody:test. !pod roster lists who is here.",
        ),
    ):
        await unchanged(chat, who, typed, answer)
    await chat.say("Cy", "willow", "!spokes optout")
    await unchanged(
        chat, "Cy", "!spokes swap take",
        "You are not in the line now, so you cannot take a seat. !spokes shows the pair.",
    )  # fmt: skip
    await unchanged(
        chat, "Dora", "!spokes swap", room="river",
        answer="!spokes swap works in a pod's room. This is an assembly room. See !help.",
    )  # fmt: skip


async def test_who_is_asked_for_one_seat_and_takes_another_makes_room(chat: Chat) -> None:
    await drawn(chat)
    await chat.until(HANDOVER)
    [first] = await asked(chat)
    await chat.say("Ben", "willow", "!spokes swap")
    await chat.say(first, "willow", "!spokes swap take")
    assert await seats(chat) == {"speak": first}
    [second] = await asked(chat)
    assert second not in (first, "Ben", "Di")
