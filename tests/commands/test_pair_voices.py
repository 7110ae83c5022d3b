"""Spokes in the assembly: held to what their pod decided, or given room by it; the pod hears what they say."""

from datetime import timedelta

import pytest

from bot.ports import Said
from bot.store import pods
from tests.commands.built_once import built_once
from tests.commands.chat import Chat, user
from tests.commands.river import people, river, says

LINE = "!propose We strike together on 1 May. | class=binding"
HARM = "It would cost our people their flats. | ground=harm"
ANA, BEN, CY = people("alder")


@built_once
async def decided(chat: Chat, verb: str = "agree", remit: str = "", count: int = 4) -> tuple[str, ...]:
    """River with some pods that are asked about P1; Alder decides it in P2 and its round has ended."""
    names = await river(chat, count)
    if remit:
        async with chat.database.transaction("remit") as tx:
            await pods.set_setting(tx, "!alder:test", "remit", remit)
    await chat.say(people(names[1])[0], "river", LINE)
    await says(chat, "alder", verb, HARM if verb == "block" else "")
    await chat.wait(days=5, hours=1)
    for name in ("river", *names):
        chat.heard(name)
    return names


async def shown(chat: Chat, pod: str = "Alder") -> str:
    """Return the line on a pod."""
    [told] = await chat.say("birch-ben", "river", "!proposal P1")
    return next(line for line in told.splitlines() if line.startswith(f"- {pod}")).removeprefix("- ")


# -- bound, as is usual ------------------------------------------------------------------------------


async def test_a_stance_that_fits_confirms_the_pods_word_and_is_shown(chat: Chat) -> None:
    await decided(chat)
    assert await chat.say(ANA, "river", "agree P1") == ["alder-ana: noted. Alder: yes (3 of 3 agreed)."]
    assert await shown(chat) == "Alder: yes (3 of 3 agreed), confirmed by alder-ana"
    await chat.say(BEN, "river", "reserve P1 Only with a strike fund.")
    assert await shown(chat) == "Alder: yes (3 of 3 agreed), confirmed by alder-ana and alder-ben"
    assert chat.heard("alder") == []
    assert "- Alder: yes (3 of 3 agreed)\n" in (await chat.say("birch-ben", "birch", "!why P1"))[0]


async def test_a_stance_that_does_not_fit_is_not_taken_and_spoke_and_pod_hear_what_counts(chat: Chat) -> None:
    await decided(chat)
    assert await chat.say(ANA, "river", "disagree P1 I changed my mind.") == [
        "alder-ana: not taken, because Alder decided yes (3 of 3 agreed), and that counts. What fits: agree P1, reserve P1."
        " To decide anew, type !renew P2 in your pod's room."
    ]
    told = [
        "In the assembly your spoke alder-ana disagrees on P1. You decided yes (3 of 3 agreed), and that is what counts"
        " there. If there is something to talk about, talk; to decide anew: !renew P2"
    ]
    assert chat.heard("alder") == told
    await chat.say(ANA, "river", "disagree P1")
    assert chat.heard("alder") == []
    await chat.say(ANA, "river", "abstain P1")
    assert len(chat.heard("alder")) == 1
    assert await shown(chat) == "Alder: yes (3 of 3 agreed)"


async def test_who_says_something_else_after_confirming_confirms_no_more(chat: Chat) -> None:
    await decided(chat)
    await chat.say(ANA, "river", "agree P1")
    await chat.say(ANA, "river", "disagree P1")
    assert await shown(chat) == "Alder: yes (3 of 3 agreed)"
    await chat.say(ANA, "river", "agree P1")
    assert await shown(chat) == "Alder: yes (3 of 3 agreed), confirmed by alder-ana"


@pytest.mark.parametrize("remit", ["bound", "free"])
async def test_a_spoke_who_changes_their_mind_again_and_again_floods_neither_pod_nor_store(
    chat: Chat, remit: str
) -> None:
    await decided(chat, remit=remit)
    for number in range(13):
        chat.clock.moment += timedelta(minutes=1)
        await chat.say(ANA, "river", ("disagree P1", "abstain P1")[number % 2])
    assert len(chat.heard("alder")) == 10
    assert len(await chat.rows("SELECT * FROM spoken")) == 13
    assert "Alder:" in await shown(chat)


async def test_a_spoke_who_is_ill_silences_nobody(chat: Chat) -> None:
    names = await decided(chat)
    for name in names[1:3]:
        await chat.say(people(name)[2], name, f"!renew {'P3' if name == 'birch' else 'P4'}")
        await says(chat, name, "agree")
    await chat.wait(days=3)
    assert chat.heard("river")[-1].startswith("P1 is adopted:")


@pytest.mark.parametrize(
    ("verb", "fits"), [("disagree", "disagree"), ("abstain", "aside"), ("block", "block")]
)
async def test_what_fits_follows_from_what_the_pod_decided(chat: Chat, verb: str, fits: str) -> None:
    await decided(chat, verb)
    assert "not taken" in (await chat.say(ANA, "river", "agree P1"))[0]
    assert "noted. Alder: " in (await chat.say(ANA, "river", f"{fits} P1"))[0]


async def test_a_block_in_the_assembly_is_not_taken_and_its_way_is_shown(chat: Chat) -> None:
    for remit in ("bound",):
        await decided(chat, remit=remit)
        assert await chat.say(ANA, "river", f"block P1 {HARM}") == [
            "alder-ana: not taken. A block is for Alder to decide, in its own room with !renew P2. What counts: yes (3 of 3"
            " agreed)."
        ]


async def test_without_a_mandate_a_stance_is_a_view_and_not_counted(chat: Chat) -> None:
    names = await river(chat, 4)
    await chat.say("birch-ana", "river", LINE)
    assert await chat.say(ANA, "river", "disagree P1") == [
        "alder-ana: shown as your own view, not counted. Alder has decided nothing about P1 yet; it does so in its room."
    ]
    assert await shown(chat) == "Alder: nothing yet (views of its spokes, not counted: alder-ana disagrees)"
    await says(chat, names[0], "agree")
    await chat.wait(days=5, hours=1)
    assert await shown(chat) == "Alder: yes (3 of 3 agreed)"


async def test_who_is_no_spoke_is_told_where_the_pods_decide(chat: Chat) -> None:
    await decided(chat)
    await chat.joins("Guest", "river")
    before = await chat.everything()
    assert "On P1 the pods decide, each in its own room." in (await chat.say("Guest", "river", "agree P1"))[0]
    assert await chat.everything() == before


async def test_a_stance_is_taken_back_by_withdrawing_deleting_and_undoing(chat: Chat) -> None:
    await decided(chat)
    assert "no stance on P1" in (await chat.say(ANA, "river", "withdraw P1"))[0]
    await chat.say(ANA, "river", "agree P1")
    assert await chat.say(ANA, "river", "withdraw P1") == [
        "alder-ana: your stance on P1 is withdrawn. Alder: yes (3 of 3 agreed)."
    ]
    event = chat._event(ANA, "river")
    await chat.say(ANA, "river", "agree P1", event=event)
    assert "withdrawn" in (await chat.delete(ANA, "river", event["event_id"]))[0]
    await chat.say(ANA, "river", "agree P1")
    assert "withdrawn" in (await chat.say(ANA, "river", "!undo"))[0]
    assert await shown(chat) == "Alder: yes (3 of 3 agreed)"


async def test_after_the_end_nothing_is_taken(chat: Chat) -> None:
    await decided(chat, count=2)
    await chat.wait(days=20)
    assert "before your stance, so it is not counted" in (await chat.say(ANA, "river", "agree P1"))[0]


# -- a pair that is left room ------------------------------------------------------------------------


async def test_free_spokes_who_both_say_something_else_are_the_voice_and_the_pod_hears_each_step(
    chat: Chat,
) -> None:
    await decided(chat, remit="free")
    assert await chat.say(ANA, "river", "disagree P1") == [
        "alder-ana: noted. Your pod decided yes (3 of 3 agreed); you two have to say the same before anything else counts."
        " Until then Alder is on hold: not counted."
    ]
    assert chat.heard("alder") == [
        "In the assembly your spoke alder-ana disagrees on P1.\nYou decided yes (3 of 3 agreed).\nWhile your two spokes"
        " differ, Alder is on hold there: not counted.\nSo that what you decided counts, any of you types hold P2 WHY. To"
        " decide anew: !renew P2"
    ]
    assert (
        await shown(chat)
        == "Alder: on hold, not counted, while its spokes differ; the pod decided yes (3 of 3 agreed)"
    )
    assert await chat.say(BEN, "river", "disagree P1") == [
        "alder-ben: noted. Alder: no, as both its spokes say, who are free; the pod decided yes (3 of 3 agreed)."
    ]
    assert "What Alder says now: no." in chat.heard("alder")[-1]
    await chat.say(ANA, "river", "agree P1")
    assert "on hold there: not counted" in chat.heard("alder")[-1]
    assert "alder-ben: noted. Alder: yes" in (await chat.say(BEN, "river", "agree P1"))[0]
    assert chat.heard("alder")[-1].endswith("What Alder says now: yes.")


async def test_both_spokes_at_once_are_one_voice_and_a_third_word_of_one_is_on_hold(chat: Chat) -> None:
    await decided(chat, remit="free")
    both = [chat._event(person, "river") for person in (ANA, BEN)]
    async with chat.database.transaction("both") as tx:
        for event in both:
            await chat.dispatcher.handle(tx, Said(**event, body="disagree P1"))
    await chat.flush()
    assert (await shown(chat)).startswith("Alder: no, as both its spokes say")
    await chat.say(BEN, "river", "abstain P1")
    assert (await shown(chat)).startswith("Alder: on hold")


async def test_a_voice_on_hold_counts_as_missing_and_its_pod_is_named(chat: Chat) -> None:
    names = await decided(chat, remit="free")
    await chat.say(people(names[1])[2], names[1], "!renew P3")
    await says(chat, names[1], "agree")
    await chat.say(ANA, "river", "disagree P1")
    await chat.wait(days=2, hours=3)
    told = chat.heard("river")[-1]
    assert told.startswith("P1 goes on, once")
    assert (
        "Nothing yet from Cedar, Dogwood; I ask them again.\nOn hold, because the spokes differ: Alder."
        in told
    )


async def test_within_limits_both_have_to_say_it_and_the_limits_stand_beside_it(chat: Chat) -> None:
    await decided(chat, remit="within at most two days")
    await chat.say(ANA, "river", "disagree P1")
    assert "Your limits: “at most two days”." in chat.heard("alder")[-1]
    await chat.say(BEN, "river", "disagree P1")
    assert (
        await shown(chat)
        == "Alder: no, as both its spokes say within “at most two days”; the pod decided yes (3 of 3 agreed)"
    )


async def test_any_member_holds_back_what_the_spokes_say_and_lets_it_go(chat: Chat) -> None:
    await decided(chat, remit="free")
    for person in (ANA, BEN):
        await chat.say(person, "river", "disagree P1")
    chat.heard("river")
    assert await chat.say(CY, "alder", "hold P2 That is not what we said.") == [
        "alder-cy holds back what your spokes say to P1: what you decided counts, yes (3 of 3 agreed). hold off P2 lets it go"
        " again."
    ]
    assert chat.heard("river") == ["On P1 now: Alder: yes (3 of 3 agreed)."]
    assert "counts already: yes" in (await chat.say(BEN, "alder", "hold P2"))[0]
    assert "not taken, because Alder decided yes" in (await chat.say(ANA, "river", "disagree P1"))[0]
    assert "alder-cy holds it back" in (await chat.say(BEN, "alder", "hold off P2"))[0]
    assert "counts again" in (await chat.say(CY, "alder", "hold off P2"))[0]
    assert "Alder: no, as both its spokes say" in chat.heard("river")[-1]
    await chat.say(CY, "alder", "hold P2")
    assert "counts again" in (await chat.say(CY, "alder", "!undo"))[0]


async def test_hold_on_is_talk_and_a_pods_own_proposal_is_blocked_instead(chat: Chat) -> None:
    await decided(chat)
    for words in ("hold on a minute", "hold", "Hold the door!", "hold off for now"):
        assert await chat.say(CY, "alder", words) == []
    assert "Hold what?" in (await chat.say(CY, "alder", "!hold"))[0]
    assert "There is no proposal P99" in (await chat.say(CY, "alder", "hold P99"))[0]
    assert "counts already: yes" in (await chat.say(CY, "alder", "hold P2"))[0]
    await chat.say(CY, "alder", "!propose We buy a tent.")
    assert "is your pod's own proposal" in (await chat.say(CY, "alder", "hold P6"))[0]


async def test_free_spokes_cannot_say_a_block_nor_let_go_of_one(chat: Chat) -> None:
    await decided(chat, remit="free")
    assert "A block is for Alder to decide" in (await chat.say(ANA, "river", f"block P1 {HARM}"))[0]


async def test_a_block_of_a_free_pod_is_let_go_by_the_pod_alone(chat: Chat) -> None:
    await decided(chat, "block", remit="free")
    for person in (ANA, BEN):
        assert "not taken, because Alder decided blocks" in (await chat.say(person, "river", "agree P1"))[0]
    assert await shown(chat) == "Alder: blocks (0 of 3 agreed, 3 blocked)"


async def test_with_one_seat_empty_one_spoke_alone_only_puts_the_voice_on_hold(chat: Chat) -> None:
    await decided(chat, remit="free")
    async with chat.database.transaction("left") as tx:
        await tx.run("DELETE FROM seats WHERE user_id = ?", user(BEN))
    await chat.say(ANA, "river", "disagree P1")
    assert (await shown(chat)).startswith("Alder: on hold")


async def test_a_spoke_who_is_replaced_takes_their_word_along(chat: Chat) -> None:
    await decided(chat, remit="free")
    for person in (ANA, BEN):
        await chat.say(person, "river", "disagree P1")
    async with chat.database.transaction("recalled") as tx:
        await tx.run("UPDATE seats SET user_id = ? WHERE user_id = ?", user(CY), user(BEN))
    assert (await shown(chat)).startswith("Alder: on hold")
    assert "On P1 the pods decide" in (await chat.say(BEN, "river", "agree P1"))[0]
    await chat.joins(CY, "river")
    assert "Alder: no, as both its spokes say" in (await chat.say(CY, "river", "disagree P1"))[0]


async def test_a_handover_after_the_end_changes_no_result(chat: Chat) -> None:
    await decided(chat, remit="free", count=2)
    for person in (ANA, BEN):
        await chat.say(person, "river", "disagree P1")
    await chat.say("birch-cy", "birch", "!renew P3")
    await says(chat, "birch", "agree")
    await chat.wait(days=3)
    async with chat.database.transaction("handover") as tx:
        await tx.run("UPDATE seats SET user_id = ? WHERE user_id = ?", user(CY), user(BEN))
    line = "Alder: no, as both its spokes say, who are free; the pod decided yes (3 of 3 agreed)"
    assert await shown(chat) == line
    await chat.wait(days=31)
    assert await chat.rows("SELECT * FROM spoken") == []
    assert await chat.rows("SELECT * FROM mandates WHERE pair IS NOT NULL OR objector IS NOT NULL") == []
    assert await shown(chat) == line


async def test_a_new_decision_of_the_pod_comes_before_what_its_spokes_said(chat: Chat) -> None:
    await decided(chat, remit="free")
    for person in (ANA, BEN):
        await chat.say(person, "river", "disagree P1")
    await chat.say(CY, "alder", "!renew P2")
    await says(chat, "alder", "abstain")
    await chat.until(chat.clock.now().replace(day=20, hour=9, minute=30))
    assert await shown(chat) == "Alder: abstains (0 of 3 agreed, 3 abstained)"


async def test_what_a_free_spoke_sent_last_and_cannot_be_read_is_unknown(chat: Chat) -> None:
    names = await decided(chat, remit="free")
    for number, name in enumerate(names[1:], 3):
        await chat.say(people(name)[2], name, f"!renew P{number}")
        await says(chat, name, "agree" if number < 5 else "disagree")
    event = await chat.unreadable(ANA, "river", "disagree P1")
    await chat.wait(days=2, hours=3)
    assert chat.heard("river")[-1].startswith("P1 goes on, once")
    await chat.key_comes(event)
    assert (await shown(chat)).startswith("Alder: on hold")
    await chat.say(ANA, "river", "agree P1")
    await chat.wait(days=4)
    assert chat.heard("river")[-1].startswith("P1 is adopted:")


async def test_a_spoke_of_two_pods_is_asked_for_which_one(chat: Chat) -> None:
    await decided(chat)
    async with chat.database.transaction("two") as tx:
        await tx.run("UPDATE seats SET user_id = ? WHERE user_id = ?", user(ANA), user("birch-ana"))
    assert await chat.say(ANA, "river", "agree P1") == [
        "You are a spoke of several pods. For which one do you say that?\n1. Alder\n2. Birch\n\nType the number."
    ]
    assert await chat.say(ANA, "river", "1") == ["alder-ana: noted. Alder: yes (3 of 3 agreed)."]
    assert "shown as your own view" in (await chat.say(ANA, "river", "agree P1 | pod=birch"))[0]
    assert await chat.say(ANA, "river", "agree P1 | pod=Cedar") == [
        "You are no spoke of Cedar. For example: agree P1 | pod=Alder"
    ]
    assert "you speak for yourself" in (await chat.say(CY, "alder", "agree P2 | pod=Alder"))[0]


# -- how a pod gives room ----------------------------------------------------------------------------


async def test_two_members_give_the_pair_room_for_one_proposal_and_not_the_pair_alone(chat: Chat) -> None:
    await river(chat, 2)
    await chat.say("birch-ana", "river", LINE)
    chat.heard("alder")
    assert await chat.say(ANA, "alder", "!remit P2 free") == [
        "alder-ana proposes the remit free for P2 (J1). It takes effect when another member types ok J1; one of the two must"
        " be no spoke."
    ]
    assert await chat.say(BEN, "alder", "ok J1") == [
        "J1 is about what your pair may say, so it needs the ok of a member who is no spoke."
    ]
    assert await chat.say(CY, "alder", "ok J1") == [
        "The remit of your pair for P2 is now free. Your pair is free: if both your spokes say something else there, that"
        " counts. You hear it here, and any of you can hold it back."
    ]
    await says(chat, "alder", "agree")
    await chat.wait(days=5, hours=1)
    for person in (ANA, BEN):
        await chat.say(person, "river", "disagree P1")
    assert (await shown(chat)).startswith("Alder: no, as both its spokes say")
    await chat.say(BEN, "alder", "!remit P2 bound")
    assert "is now bound" in (await chat.say(CY, "alder", "ok J2"))[0]
    assert await shown(chat) == "Alder: yes (3 of 3 agreed)"
    assert "To give your pair room, decide anew" in (await chat.say(CY, "alder", "!remit P2 free"))[0]


async def test_the_setting_holds_for_proposals_to_come(chat: Chat) -> None:
    await river(chat, 2)
    await chat.say("birch-ana", "river", LINE)
    await chat.say(ANA, "alder", "!pod set remit within at most two days")
    assert "no spoke" in (await chat.say(BEN, "alder", "ok J1"))[0]
    assert (await chat.say(CY, "alder", "ok J1"))[0].startswith(
        "Remit is now within at most two days in this pod."
    )
    assert "is bound." in (await chat.say(ANA, "alder", "!remit P2"))[0]
    chat.heard("alder")
    await chat.say("birch-ana", "river", LINE.replace("May", "June"))
    assert (
        "If both your spokes say something else there, that counts, within these limits: “at most two days”."
        in chat.heard("alder")[-1]
    )


@pytest.mark.parametrize(
    "typed",
    ["loose", "within", "within ...", "free please", f"within {'x' * 201}", "bound at most two", "bund"],
)
async def test_what_is_no_remit_changes_nothing_and_shows_one(chat: Chat, typed: str) -> None:
    await river(chat, 2)
    await chat.say("birch-ana", "river", LINE)
    before = await chat.everything()
    told = (await chat.say(ANA, "alder", f"!remit P2 {typed}"))[0]
    assert told.endswith("For example: !remit P2 within at most two days")
    assert await chat.everything() == before
    assert "is not a value for remit" in (await chat.say(ANA, "alder", f"!pod set remit {typed}"))[0]


@pytest.mark.parametrize("typed", ["FREE", "Free", " free ", "carry", "Within: at most two days"])
async def test_a_remit_is_taken_however_it_is_written(chat: Chat, typed: str) -> None:
    await river(chat, 2)
    await chat.say("birch-ana", "river", LINE)
    assert "proposes the remit" in (await chat.say(ANA, "alder", f"!remit p2 {typed}"))[0]


async def test_nothing_that_members_say_at_home_reaches_the_assembly(chat: Chat) -> None:
    await decided(chat, remit="free")
    await chat.say(CY, "alder", "hold P2 Secret words of one person.")
    await chat.wait(days=3)
    assert "Secret" not in "\n".join(chat.heard("river"))
