"""A spoke pauses the closing of a proposal and asks their pod: once, for 72 hours at most."""

from datetime import timedelta

import pytest

from bot.store import pods
from tests.commands.built_once import built_once
from tests.commands.chat import Chat, user
from tests.commands.river import people, river, says

ANA, BEN, CY = people("alder")
QUESTION = "Does it hold for those on leave?"


@built_once
async def near_the_end(chat: Chat, count: int = 4, hours: float = 1) -> tuple[str, ...]:
    """River with some pods, of which all say yes to P1, an hour before P1 closes on Sun 20 Dec 10:00."""
    names = await river(chat, count)
    await chat.say("birch-ana", "river", "!propose We strike together on 1 May. | class=binding")
    for name in names:
        await says(chat, name, "agree")
    await chat.wait(days=6, hours=23 - hours + 1, minutes=-2)
    for name in ("river", *names):
        chat.heard(name)
    return names


async def test_a_hold_asks_the_spokes_own_pod_and_moves_the_end_by_72_hours_at_most(chat: Chat) -> None:
    await near_the_end(chat)
    assert await chat.say(ANA, "river", f"hold P1 {QUESTION}") == [
        "alder-ana asks Alder before P1 closes. It waits until Wed 23 Dec 2026 08:58 UTC, in 3 days at the latest, or until"
        " Alder answers. P1 closes Wed 23 Dec 2026 08:58 UTC, in 3 days. hold off P1 lets it go."
    ]
    assert chat.heard("alder") == [
        "alder-ana, your spoke, asks you before P1 of the assembly closes:\n\n> Does it hold for those on leave?\n\nYou decided"
        " yes (3 of 3 agreed).\nTo decide anew: !renew P2\nThe assembly waits for you until Wed 23 Dec 2026 08:58 UTC, in 3"
        " days. If nothing changes, one of your spokes types hold off P2."
    ]
    assert chat.heard("birch") == []
    [told] = await chat.say("birch-ben", "river", "!proposal P1")
    assert told.endswith(
        "- Hold: Alder is asked “Does it hold for those on leave?”, until Wed 23 Dec 2026 08:58 UTC, in 3 days at the latest"
    )
    [told] = await chat.say("birch-ben", "birch", "!why P1")
    assert "- Hold: Alder is asked, until Wed 23 Dec 2026 08:58 UTC, in 3 days at the latest" in told
    assert "leave" not in told
    chat.heard("river")
    await chat.wait(days=2)
    assert chat.heard("river") == []
    await chat.wait(days=1)
    told = chat.heard("river")[-1]
    assert told.startswith("P1 is adopted:")
    assert "It waited for Alder, asked by a spoke; no answer came in 72 hours." in told


async def test_a_new_decision_of_the_pod_ends_it_and_is_counted(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    await chat.say(CY, "alder", "!renew P2")
    await says(chat, "alder", "disagree")
    chat.heard("river")
    await chat.wait(days=2, hours=23, minutes=10)
    answered, told = chat.heard("river")
    assert answered == "Alder has answered. P1 closes now."
    assert "Count: agree 3, disagree 1." in told
    assert "no answer came" not in told


@pytest.mark.parametrize(
    ("person", "room", "id"), [(ANA, "river", "P1"), (BEN, "river", "P1"), (BEN, "alder", "P2")]
)
async def test_a_spoke_lets_it_go_and_it_closes_as_planned(
    chat: Chat, person: str, room: str, id: str
) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    await chat.wait(minutes=10)
    chat.heard("river")
    await chat.say(person, room, f"hold off {id}")
    assert chat.heard("river")[0].endswith("P1 closes Sun 20 Dec 2026 10:00 UTC, in 1 hour.")
    await chat.wait(hours=1)
    assert chat.heard("river")[-1].startswith("P1 is adopted:")


async def test_let_go_after_the_planned_end_it_closes_at_once(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    await chat.wait(days=1)
    chat.heard("river")
    assert await chat.say(ANA, "river", "hold off P1") == [
        "alder-ana lets the hold of Alder go. P1 closes now."
    ]
    await chat.wait(minutes=1)
    assert chat.heard("river")[-1].startswith("P1 is adopted:")


async def test_a_pod_holds_once_for_each_version_and_another_pod_can_too(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    await chat.say(ANA, "river", "hold off P1")
    assert "once is all there is" in (await chat.say(BEN, "river", f"hold P1 {QUESTION}"))[0]
    assert "asks Birch" in (await chat.say("birch-ben", "river", f"hold P1 {QUESTION}"))[0]
    await chat.say("birch-ana", "river", "!amend P1 We strike together on 2 May.")
    assert "asks Alder" in (await chat.say(BEN, "river", f"hold P1 {QUESTION}"))[0]


async def test_an_early_hold_moves_nothing(chat: Chat) -> None:
    names = await river(chat, 4)
    await chat.say("birch-ana", "river", "!propose We strike together on 1 May. | class=binding")
    end = "P1 closes Sun 20 Dec 2026 10:00 UTC, in 7 days."
    assert end in (await chat.say(ANA, "river", f"hold P1 {QUESTION}"))[0]
    assert "You have decided nothing about it yet." in chat.heard(names[0])[-1]
    for name in names:
        await says(chat, name, "agree")
    await chat.wait(days=7)
    told = chat.heard("river")[-1]
    assert told.startswith("P1 is adopted:")
    assert "waited" not in told


async def test_undone_it_is_as_if_it_had_never_been(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    assert await chat.say(ANA, "river", "!undo") == [
        "Nobody is asked any more. P1 closes Sun 20 Dec 2026 10:00 UTC, in 1 hour."
    ]
    assert "asks Alder" in (await chat.say(ANA, "river", f"hold P1 {QUESTION}"))[0]


async def test_a_bot_that_was_down_over_it_closes_late_and_says_so(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    await chat.down_until(chat.clock.now().replace(day=25))
    told = chat.heard("river")[-1]
    assert told.startswith("P1 is adopted:")
    assert "when I was not running" in told
    assert "no answer came" in told


async def test_a_pod_that_leaves_holds_nothing_up(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    await chat.say(ANA, "alder", "!pod leave")
    [request] = await chat.rows("SELECT id FROM requests")
    chat.heard("river")
    await chat.say(BEN, "alder", f"ok {request['id']}")
    [told] = [each for each in chat.heard("river") if each.startswith("Alder left. ")]
    assert told.startswith("Alder left. P1 closes Sun 20 Dec 2026 10:00 UTC")


async def test_too_few_pods_after_a_hold_are_given_half_of_the_time_without_it(chat: Chat) -> None:
    names = await river(chat, 4)
    await chat.say("birch-ana", "river", "!propose We strike together on 1 May. | class=binding")
    await says(chat, names[0], "agree")
    await chat.wait(days=6, hours=12)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    await chat.wait(days=3)
    told = chat.heard("river")[-1]
    assert told.startswith("P1 goes on, once, until Sat 26 Dec 2026")
    assert "Nothing yet from Birch, Cedar, Dogwood" in told


async def test_who_may_not_hold_and_what_is_no_question_change_nothing(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.joins("Guest", "river")
    await chat.say(ANA, "river", "!poll Where? | Here | There")
    before = await chat.everything()
    assert "On P1 the pods decide" in (await chat.say("Guest", "river", f"hold P1 {QUESTION}"))[0]
    example = "For example: hold P1 Does this hold for winter too?"
    for typed in ("hold P1", "hold p1 ?", "hold P1 ...", "!hold P1 |", f"hold P1 {'x' * 301}", "hold P1:"):
        assert (await chat.say(ANA, "river", typed))[0].endswith(example)
    for typed in ("hold", "hold on", "hold that thought", "hold off a bit", "Hold!"):
        assert await chat.say(ANA, "river", typed) == []
    assert "P6 is a poll." in (await chat.say(ANA, "river", "hold P6 Why?"))[0]
    assert "Alder does not hold up P1" in (await chat.say(ANA, "river", "hold off P1"))[0]
    assert "Hold what?" in (await chat.say(ANA, "river", "!hold"))[0]
    assert await chat.everything() == before


async def test_what_is_over_or_blocked_is_not_held_up(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.wait(days=2)
    assert "is not open, so nothing is paused" in (await chat.say(ANA, "river", f"hold P1 {QUESTION}"))[0]


async def test_only_spokes_let_it_go_at_home_and_a_pods_id_for_it_is_not_needed(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    assert (
        "One of your spokes lets it go with hold off P2." in (await chat.say(CY, "alder", "hold off P2"))[0]
    )
    assert await chat.say(BEN, "alder", "hold off P1") == ["Your pod has answered; P1 waits for you no more."]


async def test_a_spoke_of_two_pods_says_which_one_is_asked(chat: Chat) -> None:
    await near_the_end(chat)
    async with chat.database.transaction("two") as tx:
        await tx.run("UPDATE seats SET user_id = ? WHERE user_id = ?", user(ANA), user("birch-ana"))
        assert await pods.find_pod(tx, "!birch:test") is not None
    assert "1. Alder\n2. Birch" in (await chat.say(ANA, "river", f"hold P1 {QUESTION}"))[0]
    assert "asks Birch before P1 closes" in (await chat.say(ANA, "river", "2"))[0]
    assert "asks you before P1" in chat.heard("birch")[-1]
    assert chat.heard("alder") == []


async def test_next_lists_what_the_assembly_waits_with(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    assert (
        "- P1 of the assembly waits for your pod until Wed 23 Dec 2026 08:58 UTC, in 3 days: “Does it hold for those on leave?”"
        " Decide anew with !renew P2, or a spoke types hold off P2"
        in (await chat.say(CY, "alder", "!next"))[0]
    )
    assert "waits for your pod" not in (await chat.say("birch-cy", "birch", "!next"))[0]
    await chat.say(ANA, "river", "hold off P1")
    assert "waits for your pod" not in (await chat.say(CY, "alder", "!next"))[0]


async def test_a_reply_to_the_proposal_needs_no_id(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say("birch-ben", "river", "!proposal P1")
    letter = chat.last("river").event_id
    assert await chat.say(ANA, "river", "hold on, I do not follow", reply_to=letter) == []
    assert "asks Alder" in (await chat.say(ANA, "river", f"!hold {QUESTION}", reply_to=letter))[0]
    assert "noted. Alder: yes" in (await chat.say(BEN, "river", "agree", reply_to=letter))[0]


async def test_undone_after_the_planned_end_it_closes_at_once_and_loses_nothing_that_was_counted(
    chat: Chat,
) -> None:
    await near_the_end(chat, hours=0.05)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    await chat.wait(minutes=6)
    [told] = await chat.say(ANA, "river", "!undo")
    assert told == "Nobody is asked any more. P1 closes now."
    [row] = await chat.rows("SELECT closes_at, planned_at FROM proposals WHERE id = 'P1'")
    assert row["closes_at"] > row["planned_at"]


async def test_what_is_sent_after_the_end_to_a_bot_that_was_down_changes_no_voice(chat: Chat) -> None:
    await river(chat, 4)
    await chat.say("birch-ana", "river", "!propose We strike together on 1 May. | class=binding")
    await chat.say(ANA, "alder", "!remit P2 free")
    await chat.say(CY, "alder", "ok J4")
    await says(chat, "alder", "agree")
    await chat.wait(days=6)
    chat.clock.moment += timedelta(days=2)
    [told] = await chat.say(CY, "alder", "hold P2")
    assert told.startswith("P1 ended Sun 20 Dec 2026 10:00 UTC, ")
    assert told.endswith("before you sent that. I count it in a moment and say what came of it.")


async def test_who_asked_and_what_is_erased_with_what_was_said(chat: Chat) -> None:
    await near_the_end(chat)
    await chat.say(ANA, "river", f"hold P1 {QUESTION}")
    await chat.wait(days=35)
    assert await chat.rows("SELECT * FROM holds") == []
