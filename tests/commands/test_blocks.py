"""Blocks: what makes one whole, and every way in which one ends."""

from datetime import timedelta

from bot.ports import Say
from tests.commands.built_once import built_once
from tests.commands.chat import Chat
from tests.commands.test_polls import say, tick
from tests.commands.test_proposals import FRIDAY, proposed, stances

WHOLE = "block P1 It would put the children in danger. | ground=harm"
OVER = FRIDAY + timedelta(days=14)


@built_once
async def blocked(chat: Chat, *people: str) -> str:
    """P1, blocked by Di, with everybody else agreeing; returns its native event."""
    native = await proposed(chat, *people)
    for person in people or ("Ana", "Ben", "Cy", "Di"):
        await say(chat, person, WHOLE if person == "Di" else "agree P1")
    await chat.until(FRIDAY)
    assert chat.heard("willow")[-1].startswith("P1 is blocked")
    return native


async def test_a_block_without_reason_or_ground_says_what_to_type_and_counts_as_aside(chat: Chat) -> None:
    native = await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    [told] = await chat.tap("Di", "willow", native, "block")
    assert told == (
        "Di, your block of P1 is not complete: it lacks a reason of at least 20 characters and a ground, harm or"
        " pillar:NAME. Type block P1 WHY | ground=harm. As it is, it counts as standing aside."
    )
    message = chat.last("willow").message
    assert isinstance(message, Say)
    assert message.mentions == ("@di:test",)
    assert "So far: agree 3, aside 1." in (await say(chat, "Ana", "!proposal P1"))[0]
    chat.heard("willow")
    await chat.until(FRIDAY)
    assert "P1 is adopted" in chat.heard("willow")[-1]


async def test_a_block_is_completed_in_two_steps_and_keeps_its_words_when_it_is_tapped(chat: Chat) -> None:
    native = await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    assert "it lacks a ground" in (await say(chat, "Di", "block P1 It would put the children in danger."))[0]
    [told] = await say(chat, "Di", "block P1 | ground=pillar:Care")
    assert told == "Di: blocks. Counted in P1. So far: agree 3, block 1."
    tick(chat)
    assert await chat.tap("Di", "willow", native, "block") == []
    await chat.until(FRIDAY)
    assert "- Di, blocks: It would put the children in danger." in chat.heard("willow")[-1]


async def test_a_ground_that_is_none_is_refused(chat: Chat) -> None:
    await proposed(chat)
    [told] = await say(chat, "Di", "block P1 I do not like it at all. | ground=taste")
    assert "A block stands on harm or on a pillar." in told
    assert await chat.rows("SELECT * FROM stances") == []


async def test_a_block_does_not_save_what_would_fail_without_it(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="disagree")
    await say(chat, "Di", WHOLE)
    await chat.until(FRIDAY)
    assert chat.heard("willow")[-1].startswith("P1 is not adopted")


async def test_who_blocks_can_let_go_after_the_end_and_nobody_else_can_change(chat: Chat) -> None:
    native = await blocked(chat)
    assert "only those who block it can say something else" in (await say(chat, "Ana", "disagree P1"))[0]
    tick(chat)
    [told] = await chat.tap("Di", "willow", native, "aside")
    assert told.startswith("P1 is adopted")
    assert "Di no longer blocks it." in told
    assert "Count: agree 3, aside 1." in told


async def test_letting_go_does_not_adopt_what_then_fails(chat: Chat) -> None:
    await blocked(chat, "Ana", "Ben", "Di")
    # two of three agree and one disagrees: a third is borne; four would not be
    assert (await say(chat, "Di", "disagree P1"))[0].startswith("P1 is adopted")


async def test_deleting_the_message_lets_a_block_go(chat: Chat) -> None:
    await blocked(chat)
    [row] = await chat.rows("SELECT event_id FROM stances WHERE stance = 'block'")
    tick(chat)
    [told] = await chat.delete("Di", "willow", row["event_id"])
    assert told.startswith("P1 is adopted")
    assert "Count: agree 3, silent 1." in told


async def test_with_two_blocks_the_last_one_counts(chat: Chat) -> None:
    await proposed(chat, "Ana", "Ben", "Cy", "Di", "Eve", "Fay", "Gil")
    await stances(chat, ana="agree", ben="agree", cy="agree", eve="agree", fay="agree")
    for person in ("Di", "Gil"):
        await say(chat, person, WHOLE)
    await chat.until(FRIDAY)
    assert "The block of Di and Gil stands." in chat.heard("willow")[-1]
    assert await say(chat, "Di", "aside P1") == ["Di: counted in P1. The block of Gil still stands."]
    assert (await say(chat, "Gil", "agree P1"))[0].startswith("P1 is adopted")


async def test_a_blocker_who_leaves_takes_the_block_along(chat: Chat) -> None:
    await blocked(chat)
    await chat.leaves("Di", "willow")
    told = chat.heard("willow")[-1]
    assert told.startswith("P1 is adopted")
    assert "Di left, and no block stands any more." in told


async def test_nine_of_ten_others_set_a_block_aside(chat: Chat) -> None:
    await blocked(chat)
    assert "It is your own block." in (await say(chat, "Di", "!challenge P1"))[0]
    assert await say(chat, "Ana", "!challenge P1") == [
        "Ana finds the block of Di groundless: 1 of 3 needed. The others type !challenge P1."
    ]
    assert await say(chat, "Ana", "!challenge P1") == ["That is counted already."]
    await say(chat, "Ben", "!challenge P1")
    assert "no longer calls the block of P1 groundless" in (await say(chat, "Ben", "!undo"))[0]
    await say(chat, "Ben", "!challenge P1 @di:test")
    [told] = await say(chat, "Cy", "!challenge")
    assert told.startswith("P1 is adopted")
    assert "3 of 3 others find the block of Di groundless, so it is set aside" in told


async def test_a_block_can_be_challenged_before_the_end_and_stays_set_aside(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    await say(chat, "Di", WHOLE)
    for person in ("Ana", "Ben", "Cy"):
        await say(chat, person, "!challenge P1")
    await say(chat, "Di", WHOLE)
    assert "So far: agree 3, aside 1." in (await say(chat, "Ana", "!proposal P1"))[0]


async def test_a_blocker_who_is_silent_is_reminded_twice_and_then_the_block_lapses(chat: Chat) -> None:
    await blocked(chat)
    await chat.until(FRIDAY + timedelta(days=7))
    [told] = chat.heard("willow")
    assert told.startswith("Di, your block stops P1: We buy a tent.")
    await chat.until(OVER - timedelta(seconds=1))
    assert len(chat.heard("willow")) == 1
    await chat.until(OVER)
    [told] = chat.heard("willow")
    assert told.startswith("P1 is adopted")
    assert "The block of Di has lapsed: 14 days and two reminders without a word." in told


async def test_a_bot_that_was_down_reminds_before_silence_means_anything(chat: Chat) -> None:
    await blocked(chat)
    await chat.down_until(FRIDAY + timedelta(days=40))
    [told] = chat.heard("willow")
    assert told.startswith("Di, your block stops P1")
    await chat.wait(days=2)
    assert len(chat.heard("willow")) == 1
    await chat.wait(days=2)
    assert chat.heard("willow")[-1].startswith("P1 is adopted")


async def test_a_blocker_who_speaks_is_not_reminded_and_two_talks_lead_to_a_vote(chat: Chat) -> None:
    await blocked(chat)
    assert await say(chat, "Di", "block P1") == ["Di: your block of P1 stands."]
    await say(chat, "Di", "!met P1 Di and Ana: no way yet.")
    await say(chat, "Cy", "!met P1 All of us: no way yet.")
    chat.heard("willow")
    await chat.until(OVER)
    [_native, told] = chat.heard("willow")
    assert told.startswith("You have talked, and the block of P1 stands. Now all vote anew")
    assert "4 voices, 3/4 is needed: 3 who agree are enough, whatever the others say." in told
    await stances(chat, ana="agree", ben="agree", cy="abstain")
    await say(chat, "Di", WHOLE)
    await chat.until(OVER + timedelta(days=4))
    told = chat.heard("willow")[-1]
    assert told.startswith("P1 is not adopted")
    assert "2 said yes, and 3 were needed: 3/4 of 3." in told


async def test_what_was_said_before_the_vote_does_not_count_in_it(chat: Chat) -> None:
    native = await blocked(chat)
    for note in ("One talk.", "Another."):
        await say(chat, "Di", f"!met P1 {note}")
    await chat.until(OVER)
    chat.heard("willow")
    await chat.tap("Ana", "willow", native, "agree")  # the poll of the first round
    assert "So far: silent 4." in (await say(chat, "Ana", "!proposal P1"))[0]


async def test_with_fewer_than_two_talks_it_waits_and_the_second_one_opens_the_vote(chat: Chat) -> None:
    await blocked(chat)
    await say(chat, "Di", "!met P1 Di and Ana: no way yet.")
    chat.heard("willow")
    await chat.until(OVER)
    [told] = chat.heard("willow")
    assert told.startswith("P1: We buy a tent. is still blocked, and 1 talk about it is logged.")
    assert "You have talked" in (await say(chat, "Ana", "!met P1 All of us."))[-1]


async def test_a_blocked_proposal_that_nobody_talks_about_lapses_at_last(chat: Chat) -> None:
    await blocked(chat)
    await say(chat, "Di", "block P1")
    await chat.until(FRIDAY + timedelta(days=28))
    told = chat.heard("willow")[-1]
    assert told.startswith("P1 has lapsed, neither adopted nor rejected")
    assert "It was blocked for 28 days and not talked about twice." in told
    assert await chat.rows("SELECT key FROM timers WHERE key LIKE 'proposal.P1.block'") == []


async def test_a_talk_is_logged_with_a_note_only_while_it_is_blocked_and_can_be_undone(chat: Chat) -> None:
    await proposed(chat)
    assert "P1 is not blocked." in (await say(chat, "Ana", "!met P1 We met."))[0]
    await stances(chat, ana="agree", ben="agree", cy="agree")
    await say(chat, "Di", WHOLE)
    await chat.until(FRIDAY)
    assert "Say in a few words who met" in (await say(chat, "Ana", "!met P1"))[0]
    assert "logged, 1 of 2 talks" in (await say(chat, "Ana", "!met P1 We met."))[0]
    assert "not logged any more" in (await say(chat, "Ana", "!undo"))[0]
    assert await chat.rows("SELECT * FROM proposal_talks") == []


async def test_a_block_sent_in_time_and_read_late_stops_what_was_adopted(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    await chat.until(FRIDAY)
    assert chat.heard("willow")[-1].startswith("P1 is adopted")
    event = await chat.unreadable("Di", "willow", WHOLE, at=FRIDAY - timedelta(hours=1))
    await chat.key_comes(event)
    await chat.wait(minutes=2)
    told = chat.heard("willow")[-1]
    assert told.startswith("P1 is blocked")
    assert "Corrected:" in told


async def test_what_was_said_is_kept_while_a_correction_has_made_a_result_a_block(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    sent_in_time = chat._event("Di", "willow")  # read weeks later
    await chat.until(FRIDAY)
    assert "P1 is adopted" in chat.heard("willow")[-1]
    await chat.wait(days=25)
    await chat.say("Di", "willow", WHOLE, event=sent_in_time)
    await chat.wait(minutes=1)
    assert chat.heard("willow")[-1].startswith("P1 is blocked")
    await chat.wait(days=6)
    assert len(await chat.rows("SELECT * FROM stances")) == 4
    await say(chat, "Di", "agree P1")
    assert "P1 is adopted" in chat.heard("willow")[-1]
    await chat.wait(days=31)
    assert await chat.rows("SELECT * FROM stances") == []
