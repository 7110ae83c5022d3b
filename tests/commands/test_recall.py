"""Taking a seat from a spoke, as typed by people: asked, answered, carried or not, and what others hear."""

from datetime import UTC, datetime, timedelta

from bot.ports import RemoveUser, Said
from tests.commands.built_once import built_once
from tests.commands.chat import Chat, user
from tests.commands.test_spokes import asked, doings, drawn, seats, unchanged, without_moved


@built_once
async def opened(chat: Chat) -> None:
    """Willow's pair, Di and Ben, in River's room; Ana asks to recall Di."""
    await drawn(chat)
    for name in ("Di", "Ben"):
        await chat.joins(name, "river")
    chat.sent.clear()
    await chat.say("Ana", "willow", "!spokes recall @di:test Di said yes | to what we had not decided")


async def test_a_recall_is_asked_with_its_reason_and_its_number(chat: Chat) -> None:
    await opened(chat)
    assert chat.heard("willow") == [
        "Ana asks to recall Di from the speak seat of Willow (R1). The reason given:\n\n"
        "> Di said yes | to what we had not decided\n\n"
        "Di may answer here, and votes like everybody else. !recall yes or !recall no by "
        "Tue 24 Nov 2026 10:00 UTC, in 1 day; the last answer counts. "
        "It needs 3 of 4 members to say yes. The reason stays in this pod."
    ]
    assert chat.heard("river") == []
    assert await chat.say("Di", "willow", "!next") == [
        "Di, this needs you:\n- R1 waits for your answer: !recall yes R1 or !recall no R1"
    ]


async def test_a_carried_recall_empties_the_seat_at_once_and_the_assembly_hears_no_reason(chat: Chat) -> None:
    await opened(chat)
    assert await chat.say("Ana", "willow", "!recall yes") == [
        "Counted, Ana: 1 of 4 members have answered R1. It needs 3 to say yes by Tue 24 Nov 2026 10:00 UTC, in 1 day."
    ]
    await chat.say("Ben", "willow", "yes", reply_to=chat.last("willow").event_id)
    await chat.say("Cy", "willow", "!recall yes R1")
    await chat.say("Di", "willow", "!recall no")
    chat.sent.clear()
    await chat.wait(hours=23, minutes=59)
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}
    await chat.wait(minutes=1)
    [next_one] = await asked(chat)
    assert doings(chat, RemoveUser) == [user("Di")]
    river = chat.heard("river")
    assert river == ["RemoveUser", "Willow has changed its pair: Ben (speak) and note seat empty."]
    assert without_moved(chat.heard("willow")) == [
        "R1: 3 of 4 members said yes, 1 no, 0 nothing. It needed more than half, which is 3.\n"
        "Carried: Di no longer has a seat of Willow.\n"
        "Ben moves from note to speak.\n"
        f"{next_one}, would you take the note seat? Type accept or pass by Thu 26 Nov 2026 10:00 UTC, in 2 days."
    ]
    # neither the reason nor who said what is kept
    assert await chat.rows("SELECT * FROM recall_voices") == []
    assert "decided" not in await chat.everything()
    assert "until a recall" in (await chat.say("Ana", "willow", "!spokes history"))[0]
    assert await chat.say("Ana", "willow", "!why R1") == [
        "R1: 3 of 4 members said yes, 1 no, 0 nothing. It needed more than half, which is 3."
    ]


async def carried(chat: Chat) -> None:
    """Di is recalled; only Di said no."""
    await opened(chat)
    for name in ("Ana", "Ben", "Cy"):
        await chat.say(name, "willow", "!recall yes")
    await chat.wait(hours=24)


async def test_who_was_recalled_is_not_asked_before_the_next_handover(chat: Chat) -> None:
    await carried(chat)
    for _ in range(2):
        [next_one] = await asked(chat)
        assert next_one != "Di"
        await chat.say(next_one, "willow", "pass")
    assert await asked(chat) == []
    await unchanged(
        chat, "Di", "!spokes volunteer",
        "The pod has recalled you; you are in the line again after the next handover: !spokes",
    )  # fmt: skip
    await chat.say("Ana", "willow", "!spokes draw")
    [why] = await chat.say("Ana", "willow", "!spokes why")
    assert "Di (recalled since the last handover)" in why
    await chat.until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    [why] = await chat.say("Ana", "willow", "!spokes why")
    assert "Di @di:test: turns 1" in why


async def test_half_of_the_members_is_not_enough_and_silence_is_no(chat: Chat) -> None:
    await opened(chat)
    for name in ("Ana", "Cy"):
        await chat.say(name, "willow", "!recall yes")
    await chat.wait(hours=24)
    assert chat.last("willow").text == (
        "R1: 2 of 4 members said yes, 0 no, 2 nothing. It needed more than half, which is 3.\n"
        "Not carried: Di keeps the seat."
    )
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}
    assert chat.heard("river") == []


async def test_who_has_left_drops_out_and_who_came_later_has_no_vote(chat: Chat) -> None:
    await opened(chat)
    await chat.joins("Ed", "willow")
    await unchanged(chat, "Ed", "!recall yes", "R1 was opened before you came, so you have no vote in it.")
    for name in ("Ana", "Ben"):
        await chat.say(name, "willow", "!recall yes")
    await chat.leaves("Cy", "willow")
    await chat.wait(hours=24)
    # two of the three who are left
    assert await seats(chat) == {"speak": "Ben"}


async def test_the_last_answer_counts_and_a_deleted_one_does_not(chat: Chat) -> None:
    await opened(chat)
    for name in ("Ana", "Cy"):
        await chat.say(name, "willow", "!recall yes")
    event = chat._event("Ben", "willow")
    await chat.give(Said(**event, body="!recall yes"))
    await chat.delete("Ben", "willow", event["event_id"])
    await chat.say("Di", "willow", "!recall yes")
    await chat.say("Di", "willow", "!recall no")
    await chat.wait(hours=24)
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}
    assert await chat.rows("SELECT yes, no, members FROM recalls") == [{"yes": 2, "no": 1, "members": 4}]


async def test_answers_given_while_the_bot_was_down_count_unless_they_came_too_late(chat: Chat) -> None:
    await opened(chat)
    for name in ("Ana", "Ben"):
        await chat.say(name, "willow", "!recall yes")
    given = chat.clock.now() + timedelta(hours=1)
    await chat.down_until(chat.clock.now() + timedelta(days=2))
    late = {**chat._event("Di", "willow"), "sent_at": chat.clock.now() - timedelta(hours=1)}
    assert await chat.give(Said(**late, body="!recall yes")) == [
        "The time to answer R1 is over. The result comes in a moment."
    ]
    await chat.give(Said(**{**chat._event("Cy", "willow"), "sent_at": given}, body="!recall yes"))
    await chat.wait(minutes=10)
    assert await seats(chat) == {"speak": "Ben"}


async def test_who_asked_can_take_a_recall_back(chat: Chat) -> None:
    await opened(chat)
    await unchanged(
        chat, "Ben", "!recall withdraw", "Only who asked for R1 can take it back. !recall no says no to it."
    )
    assert await chat.say("Ana", "willow", "!undo") == [
        "R1 is withdrawn. Nothing changes, and the reason is erased here."
    ]
    assert await chat.rows("SELECT reason FROM recalls") == [{"reason": None}]
    await chat.wait(hours=25)
    assert await seats(chat) == {"speak": "Di", "note": "Ben"}


async def test_a_recall_of_somebody_who_is_no_longer_a_spoke_is_over(chat: Chat) -> None:
    await opened(chat)
    for name in ("Ana", "Ben", "Cy"):
        await chat.say(name, "willow", "!recall yes")
    await chat.leaves("Di", "willow")
    await chat.wait(hours=24)
    assert chat.last("willow").text == "R1 is over: Di is no longer a spoke."


async def test_refusals_are_one_line_and_change_nothing(chat: Chat) -> None:
    await drawn(chat)
    for who, typed, answer in (
        ("Ana", "!spokes recall @cy:test he snores", "Cy is no spoke of Willow. !spokes shows who is."),
        ("Ana", "!spokes recall @nobody:test x", "Nobody here is called @nobody:test x. !pod roster lists who is here."),
        ("Ana", "!spokes recall", "Who? For example: !spokes recall @ana:test"),
        ("Ana", "!spokes recall @di:test", "A recall needs a reason; it stays in this pod. "
         "For example: !spokes recall @di:test missed three assemblies"),
        ("Di", "!spokes recall @di:test I am tired", "To give your own seat up, offer it: !spokes swap"),
        ("Ana", "!recall yes", "No recall is open here. !spokes shows the pair."),
        ("Ana", "!recall yes S4", "S4 is no recall. For example: !recall yes R1"),
        ("Ana", f"!spokes recall @di:test {'x' * 501}", "That reason is 501 characters long; 500 are the most. "
         "For example: !spokes recall @di:test missed three assemblies"),
    ):  # fmt: skip
        await unchanged(chat, who, typed, answer)
    await unchanged(
        chat, "Dora", "!spokes recall @di:test x", room="river",
        answer="!spokes recall works in a pod's room. This is an assembly room. See !help.",
    )  # fmt: skip
    await chat.say("Ana", "willow", "!spokes recall @di:test late again")
    await unchanged(
        chat, "Cy", "!spokes recall @di:test late", "R1 asks that already. !recall shows how it stands."
    )
    await unchanged(
        chat, "Cy", "!recall yes R7", "R7 is no open recall here. Open is: R1. For example: !recall yes R1"
    )
    await chat.say("Cy", "willow", "!spokes recall @ben:test late too")
    await unchanged(
        chat, "Cy", "!recall yes", "Two recalls are open: R1 and R2. Say which, for example !recall yes R1"
    )


async def test_a_recall_opened_in_the_night_ends_in_the_morning(chat: Chat) -> None:
    await drawn(chat)
    await chat.wait(hours=14)
    [told] = await chat.say("Ana", "willow", "!spokes recall @di:test late again")
    assert "by Wed 25 Nov 2026 08:00 UTC" in told
