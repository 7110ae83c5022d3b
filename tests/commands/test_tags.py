"""Tags that people give themselves, and a rule for the pair that only says whom to ask first."""

import re

from bot.ports import SendFile
from tests.commands.chat import Chat
from tests.commands.test_absences import HANDOVER, likely, mentioned
from tests.commands.test_spokes import asked, draw, drawn, federation, seats, unchanged, without_moved


async def with_rule(chat: Chat) -> None:
    """Let Willow want somebody with the tag `woman` in its pair."""
    [told] = await chat.say("Ana", "willow", "!pod set pair woman")
    await chat.say("Ben", "willow", re.findall(r"ok J\d+", told)[0])
    chat.sent.clear()


async def test_a_tag_is_given_by_oneself_and_taken_off_again(chat: Chat) -> None:
    await federation(chat)
    given = "Ana, your tag is woman. It is known in this pod only; typing it again takes it off."
    assert await chat.say("Ana", "willow", "!spokes tag Woman") == [given]
    assert await chat.say("Ana", "willow", "!spokes tag woman") == ["Ana, your tag woman is off."]
    assert await chat.say("Ana", "willow", "!undo") == [given]
    assert await chat.say("Ana", "willow", "!spokes tag") == [
        "Ana, your tags: woman.\nThis pod has no rule for its pair. !pod set pair woman proposes one."
    ]


async def test_who_has_the_tag_is_asked_first_where_the_other_seat_has_nobody_with_it(chat: Chat) -> None:
    await drawn(chat)  # Di and Ben
    first, second, *_ = await likely(chat)
    await with_rule(chat)
    told = await chat.say(second, "willow", "!spokes tag woman")
    # the other one's turn is moved by it, and they are told
    assert told[0].startswith("This moves turns:")
    assert f"- {first}: likely on Mon 21 Dec" in told[0]
    assert (await likely(chat))[:2] == [second, first]
    await chat.until(HANDOVER)
    assert await asked(chat) == [second]
    [why] = await chat.say("Ana", "willow", "!spokes why")
    assert (
        "The rule here: one of the pair has the tag woman. Where nobody beside the seat has it, "
        f"these are asked first: {second}." in why
    )
    await chat.say(second, "willow", "accept")
    await chat.wait(days=14)
    # beside somebody who has it, the line goes on as it stands
    assert await asked(chat) == [first]


async def test_a_rule_that_moves_turns_tells_those_whose_turn_it_moves(chat: Chat) -> None:
    await drawn(chat)
    first, second, *_ = await likely(chat)
    await chat.say(second, "willow", "!spokes tag woman")
    await chat.say("Di", "willow", "!pod set pair woman")
    chat.sent.clear()
    await chat.say("Ben", "willow", "ok J2")
    # Ben, who comes later, would take the seat beside nobody with the tag
    assert mentioned(chat) == [second, first, "Ben"]


async def test_where_nobody_with_the_tag_can_the_others_are_asked(chat: Chat) -> None:
    await federation(chat)
    await with_rule(chat)
    await chat.say("Ana", "willow", "!spokes tag woman")
    await draw(chat)
    assert sorted(await asked(chat)) == ["Ana", "Di"]
    await chat.say("Ana", "willow", "pass")
    assert sorted(await asked(chat)) == ["Ben", "Di"]
    for name in ("Ben", "Di"):
        await chat.say(name, "willow", "accept")
    assert len(await seats(chat)) == 2


async def test_tags_leave_with_people_and_are_not_in_what_a_pod_takes_along(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Ana", "willow", "!spokes tag zebra")
    await chat.say("Cy", "willow", "!spokes tag zebra")
    chat.sent.clear()
    await chat.say("Cy", "willow", "!pod leave")
    await chat.say("Ben", "willow", "ok J2")
    [file] = [sent.message for sent in chat.sent if isinstance(sent.message, SendFile)]
    assert "zebra" not in file.markdown
    assert [text for text in chat.heard("river") if "zebra" in text] == []
    await chat.leaves("Ana", "willow")
    assert await chat.rows("SELECT user_id FROM tags") == [{"user_id": "@cy:test"}]


async def test_what_is_no_tag_and_too_many_are_refused(chat: Chat) -> None:
    await drawn(chat)
    for typed in ("a|b", "@all", "x" * 21):
        told = without_moved(await chat.say("Cy", "willow", f"!spokes tag {typed}"))
        assert "For example: !spokes tag" in told[0]
    for number in range(5):
        await chat.say("Cy", "willow", f"!spokes tag t{number}")
    await unchanged(
        chat,
        "Cy",
        "!spokes tag more",
        "You have 5 tags, which are the most. Take one off by typing it again.",
    )
    await unchanged(
        chat, "Cy", "!pod set pair two words",
        "two words is not a value for pair. For example: !pod set pair woman",
    )  # fmt: skip
    await unchanged(
        chat, "Dora", "!spokes tag woman", room="river",
        answer="!spokes tag works in a pod's room. This is an assembly room. See !help.",
    )  # fmt: skip
