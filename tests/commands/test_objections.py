"""The time in which members may object to what their pair has approved."""

import pytest

from tests.commands.chat import Chat, user
from tests.commands.relay import approved, quoted, river, setting, shown

OVER = "Mon 23 Nov 2026 22:00 UTC"


async def window(chat: Chat) -> None:
    """Willow lets its members object for twelve hours; Cy has drafted S1."""
    await river(chat)
    await setting(chat, "willow", "objections", "12h")
    await chat.say("Cy", "willow", "!summary We can host.")


async def test_a_pod_sets_the_time_by_two_people(chat: Chat) -> None:
    await river(chat)
    for wrong in ("49h", "3d", "soon", "0h"):
        assert (
            "is not a value for objections"
            in (await chat.say("Cy", "willow", f"!pod set objections {wrong}"))[0]
        )
    await chat.say("Cy", "willow", "!pod set objections 1 day")
    await chat.say("Di", "willow", "ok J1")
    [draft] = await chat.say("Cy", "willow", "!summary We can host.")
    assert "Then members have 24 hours to object." in draft
    await chat.say("Cy", "willow", "!pod set objections none")
    await chat.say("Di", "willow", "ok J2")
    [draft] = await chat.say("Cy", "willow", "!summary We can host.")
    assert "to object" not in draft


async def test_after_two_oks_it_waits_and_goes_when_nobody_objected(chat: Chat) -> None:
    await window(chat)
    await chat.say("Ana", "willow", "ok S1")
    assert await chat.say("Ben", "willow", "ok S1") == [
        f"S1 is approved by Ana and Ben. It goes to River {OVER}, unless a member objects before: object S1 REASON"
    ]
    assert await chat.say("Ben", "willow", "ok S1") == [
        "S1 is approved already, and goes when its time for objections is over. !summary status S1 shows when."
    ]
    assert (await chat.say("Di", "willow", "!summary status S1"))[0].startswith(
        f"S1 version 1 is approved and goes to River {OVER}, in 12 hours, unless a member objects."
    )
    await chat.wait(hours=11, minutes=59)
    assert chat.heard("river") == []
    await chat.wait(minutes=1)
    assert quoted(chat.heard("river")[0]) == ["> We can host."]
    assert chat.heard("willow")[-1] == (
        "S1 is approved by Ana and Ben and goes to River now. !summary status S1 shows how far it is."
    )


async def test_a_window_that_is_open_stays_open_where_the_pod_gives_it_up(chat: Chat) -> None:
    await window(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await setting(chat, "willow", "objections", "none")
    [told] = await chat.say("Di", "willow", "object S1 That was not decided.")
    assert told.startswith("Di objects to S1, so it does not go.")
    await chat.wait(hours=13)
    assert chat.heard("river") == []


async def test_a_bot_that_was_down_sends_it_late_and_once(chat: Chat) -> None:
    await window(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.down_until(chat.clock.moment.replace(day=30))
    assert len(chat.heard("river")) == 1
    await chat.wait(days=3)
    assert chat.heard("river") == []


async def test_an_objection_stops_it_until_the_pair_answers_and_then_it_goes_at_once(chat: Chat) -> None:
    await window(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.wait(hours=11)
    assert await chat.say("Di", "willow", "object S1 We never decided that.") == [
        "Di objects to S1, so it does not go. No ok counts any more; the pair answers.\n"
        "To send it all the same, approve it again. To change it, edit the message it is taken from. "
        "To drop it: !summary cancel S1\n"
        "It goes when Ana and Ben have typed ok S1."
    ]
    assert chat.last("willow").message.mentions == (user("Ana"), user("Ben"))
    said = "\nDi objected to version 1; the oks of before do not count any more.\n"
    for line in ("!summary status S1", "!why S1"):
        assert said in (await chat.say("Cy", "willow", line))[0]
    await chat.wait(hours=60)
    assert chat.heard("river") == []
    assert await chat.say("Di", "willow", "object S1 Still.") == [
        "Your objection to S1 version 1 is known. The pair decides."
    ]
    await chat.say("Ana", "willow", "ok S1")
    assert chat.heard("river") == []
    assert (await chat.say("Ben", "willow", "ok S1"))[0].startswith("S1 is approved by Ana and Ben and goes")
    assert len(chat.heard("river")) == 1
    for room in ("willow", "river"):
        assert "objected" not in (await chat.say("Ana", room, "!why S1"))[0]
    chat.heard("river")
    await chat.wait(days=4)
    assert chat.heard("river") == []


async def test_an_objection_that_the_pair_does_not_answer_lets_it_lapse(chat: Chat) -> None:
    await window(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.wait(hours=11)
    await chat.say("Di", "willow", "object S1 We never decided that.")
    await chat.wait(hours=71)
    assert "S1" in (await chat.say("Ana", "willow", "!next"))[0]
    await chat.wait(hours=1)
    assert chat.heard("willow")[-1].startswith("S1 was not approved in 72 hours and has lapsed.")
    assert chat.heard("river") == []


async def test_a_new_version_has_its_time_again_and_one_objection_of_each(chat: Chat) -> None:
    await window(chat)
    source = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    await chat.say("Di", "willow", "object S1 We never decided that.")
    await chat.say("Cy", "willow", "!summary We may host.", replaces=source)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert chat.heard("river") == []
    assert "Di objects" in (await chat.say("Di", "willow", "object S1 Nor that."))[0]
    await chat.say("Cy", "willow", "!summary We will see.", replaces=source)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.wait(hours=12)
    assert quoted(chat.heard("river")[0]) == ["> We will see."]


@pytest.mark.parametrize(
    "change", ["edit", "other edit", "deletion", "cancel", "deletion of an ok", "undo", "objection"]
)
async def test_whatever_changes_it_while_it_waits_stops_it(chat: Chat, change: str) -> None:
    await window(chat)
    source = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    await approved(chat, "willow", "S1", "Ana", "Ben")
    ok = (await chat.rows("SELECT event_id FROM summary_oks"))[0]["event_id"]
    match change:
        case "edit":
            await chat.say("Cy", "willow", "!summary We cannot.", replaces=source)
        case "other edit":
            await chat.say("Cy", "willow", "never mind", replaces=source)
        case "deletion":
            await chat.delete("Cy", "willow", source)
        case "cancel":
            await chat.say("Cy", "willow", "!summary cancel S1")
        case "deletion of an ok":
            await chat.delete("Ana", "willow", ok)
        case "undo":
            await chat.say("Ben", "willow", "!undo")
        case _:
            await chat.say("Di", "willow", "object S1 no")
    await chat.wait(days=5)
    assert chat.heard("river") == []


async def test_rooms_that_changed_meanwhile_are_shown_anew(chat: Chat) -> None:
    await window(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    async with chat.database.transaction("rename") as tx:
        await tx.run("UPDATE assemblies SET name = 'Rivers'")
    await chat.wait(hours=12)
    assert "This is version 2" in chat.heard("willow")[-1]
    assert chat.heard("river") == []


async def test_an_objection_needs_a_reason_and_a_pod_that_lets_its_members_object(chat: Chat) -> None:
    await window(chat)
    draft = chat.last("willow").event_id
    assert await chat.say("Di", "willow", "object S1") == [
        "An objection needs its reason. For example: object S1 That was not decided."
    ]
    assert await chat.say("Di", "willow", "object to that, I must") == []
    await chat.say("Oli", "oak", "!summary We sing.")
    assert await chat.say("Oli", "oak", "object S2 no") == [
        "There is no time for objections here. A pod sets one with !pod set objections 12h; until then, talk to your pair."
    ]
    await chat.say("Oli", "oak", "!summary cancel S2")
    assert await chat.say("Pia", "oak", "object S1 no") == [
        "There is no summary S1 in this room. !summary lists the drafts."
    ]
    assert await chat.rows("SELECT * FROM summary_objections") == []
    assert "Di objects to S1" in (await chat.say("Di", "willow", "object not decided", reply_to=draft))[0]


async def test_a_correction_waits_too_and_a_retraction_does_not(chat: Chat) -> None:
    await window(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.wait(hours=12)
    await chat.say("Cy", "willow", "!summary correct S1 We cannot.")
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert quoted((await shown(chat))["river"][0]) == ["> We can host."]
    await chat.wait(hours=12)
    assert quoted((await shown(chat))["river"][0]) == ["> We cannot."]
    await chat.say("Cy", "willow", "!summary retract S1")
    assert await chat.say("Di", "willow", "object S1 why?") == [
        "S1 is to be deleted; there is nothing in it to object to."
    ]
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert (await shown(chat))["river"] == ["S1 from Willow was retracted."]
