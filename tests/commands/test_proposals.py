"""Proposals of a pod, as people make, answer and read them."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.ports import Redact, Say, StartPoll
from tests.commands.built_once import built_once
from tests.commands.chat import Chat, user
from tests.commands.test_polls import say, tick, willow

FRIDAY = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
TENT = "!propose We buy a tent. | closes=Fri 18:00"


@built_once
async def proposed(chat: Chat, *people: str, line: str = TENT) -> str:
    """The pod Willow with the open proposal P1 of Ana's; returns its native event."""
    await willow(chat, *people)
    await chat.say("Ana", "willow", line)
    native = chat.last_poll("willow").event_id
    chat.heard("willow")
    return native


async def stances(chat: Chat, **said: str) -> None:
    """Let people say things of P1."""
    for person, stance in said.items():
        verb, _, why = stance.partition(" ")
        await say(chat, person.capitalize(), f"{verb} P1 {why}")
    chat.heard("willow")


async def result(chat: Chat, end: datetime = FRIDAY) -> str:
    """Let the end come; return what is said of it, and nothing else is but reminders."""
    await chat.until(end)
    [_end, told] = [text for text in chat.heard("willow") if "said nothing yet" not in text]
    return told


# -- opening -----------------------------------------------------------------------------------------


async def test_a_proposal_says_its_words_the_number_needed_and_how_to_answer(chat: Chat) -> None:
    await willow(chat)
    [_native, told] = await chat.say("Ana", "willow", TENT)
    assert told == (
        "P1, proposed by Ana:\n\n> We buy a tent.\n\n"
        "By consensus of 4 voices. 3 who agree are enough, whatever the others say, unless somebody blocks.\n"
        "Tap your answer in the poll, or type agree P1, or reply to this message with agree, reserve WHY, aside WHY,"
        " disagree WHY, abstain or block WHY. Your last answer counts.\n"
        "Closes Fri 27 Nov 2026 18:00 UTC, in 4 days."
    )
    native = chat.last_poll("willow").message
    assert isinstance(native, StartPoll)
    assert [answer for answer, _ in native.answers] == [
        "agree",
        "reserve",
        "aside",
        "disagree",
        "abstain",
        "block",
    ]
    assert native.most == 1


async def test_polls_and_proposals_share_their_numbers_and_are_told_apart(chat: Chat) -> None:
    await proposed(chat)
    await chat.say("Ana", "willow", "!poll Where? | Park | Library")
    assert "P2 is open: Where?" in (await say(chat, "Ben", "!why P2"))[0]
    assert "P1, open: We buy a tent." in (await say(chat, "Ben", "!why P1"))[0]
    assert "P2 is a poll." in (await say(chat, "Ben", "agree P2"))[0]
    words = next(sent for sent in chat.sent if sent.about == "P2" and isinstance(sent.message, Say))
    assert "Counted in P2" in (await say(chat, "Ben", "Park", reply_to=words.event_id))[0]


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("!propose We buy a tent. | closes=in 2 hours", "It must be open at least 24 hours"),
        ("!propose We buy a tent. | closes=in 40 weeks", "is more than 90 days ahead"),
        ("!propose We buy a tent. | closes=soon", "is not a date or time"),
        ("!propose We buy a tent. | threshold=66%", "Did you mean 2/3?"),
        (
            "!propose We buy a tent. | threshold=majority",
            "This pod decides by consensus, and one person cannot",
        ),
        ("!propose ...", "A proposal begins with its words."),
        ("!propose " + "long " * 200, "800 are the most"),
    ],
)
async def test_what_cannot_be_proposed_like_this_is_refused_with_an_example(
    chat: Chat, line: str, refused: str
) -> None:
    await willow(chat)
    before = await chat.everything()
    [told] = await say(chat, "Ana", line)
    assert refused in told
    assert "For example:" in told
    assert await chat.everything() == before


async def test_the_pod_sets_its_threshold_together_and_what_is_open_keeps_its_own(chat: Chat) -> None:
    await proposed(chat)
    assert (
        "Did you mean 2/3? For example: !pod set threshold 2/3"
        in (await say(chat, "Ana", "!pod set threshold 66%"))[0]
    )
    await say(chat, "Ana", "!pod set threshold 2/3")
    await say(chat, "Ben", "ok J1")
    [_native, told] = await say(chat, "Ana", "!propose We buy two. | threshold=2/3")
    assert "4 voices, 2/3 is needed: 3 who agree are enough, whatever the others say, unless somebody" in told
    assert "By consensus" in (await say(chat, "Ana", "!proposal P1"))[0]
    await stances(chat, ana="agree", ben="agree", cy="aside", di="disagree")
    await chat.until(FRIDAY)
    assert "P1 is not adopted" in chat.heard("willow")[-1]


async def test_a_threshold_that_the_pod_cannot_reach_is_refused_with_the_reason(chat: Chat) -> None:
    await willow(chat, "Ana", "Ben", "Cy")
    await say(chat, "Ana", "!pod set threshold consensus-1")
    await say(chat, "Ben", "ok J1")
    assert "consensus-1 needs at least 4 voices, and there are 3" in (await say(chat, "Ana", TENT))[0]


async def test_nobody_fills_the_list_alone(chat: Chat) -> None:
    await willow(chat)
    for _ in range(5):
        await say(chat, "Ana", TENT)
    assert "You have 5 open proposals here" in (await say(chat, "Ana", TENT))[0]
    assert "P6, proposed by Ben" in (await say(chat, "Ben", TENT))[1]


# -- stances -----------------------------------------------------------------------------------------


async def test_a_stance_is_taken_typed_as_a_reply_and_tapped_and_each_replaces_the_other(chat: Chat) -> None:
    native = await proposed(chat)
    assert await say(chat, "Ana", "agree P1") == ["Ana: agrees. Counted in P1. So far: agree 1, silent 3."]
    tick(chat)
    assert await chat.tap("Ana", "willow", native, "aside") == []
    [told] = await say(chat, "Ben", "Disagree: too dear", reply_to=native)
    assert told == "Ben: disagrees. Counted in P1. So far: aside 1, disagree 1, silent 2."
    [told] = await say(chat, "Ana", "reserve! where do we keep it", reply_to=native)
    assert "with reservations 1, disagree 1, silent 2." in told
    [told] = await say(chat, "Cy", "!abstain")
    assert "abstain 1, silent 1." in told
    tick(chat)
    await chat.tap("Ben", "willow", native)
    assert "with reservations 1, abstain 1, silent 2." in (await say(chat, "Di", "!proposal"))[0]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("!reserve P 1 litre of milk", "litre of milk"),
        ("!reserve 1 litre of milk", "1 litre of milk"),
        ("!reserve litre P 1 of milk", "litre P 1 of milk"),
    ],
)
async def test_a_reason_loses_the_id_before_it_and_nothing_else(chat: Chat, typed: str, reason: str) -> None:
    await proposed(chat)
    await say(chat, "Ben", typed)
    assert await chat.rows("SELECT reason FROM stances") == [{"reason": reason}]


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        *((typed, "agree") for typed in ("yes", "Ja!", "👍🏽", "+1", "ok")),
        *((typed, "disagree") for typed in ("No.", "👎", "-1")),
    ],
)
async def test_a_yes_or_no_in_a_reply_is_not_counted_and_says_so(chat: Chat, typed: str, word: str) -> None:
    native = await proposed(chat)
    before = await chat.everything()
    assert await say(chat, "Ben", typed, reply_to=native) == [
        f"A {'yes' if word == 'agree' else 'no'} alone is not counted here: "
        f"say agree, reserve, aside, disagree, abstain or block. For example: {word} P1"
    ]
    assert await chat.everything() == before
    refused = chat.last("willow").event_id
    [counted] = await say(chat, "Ben", word, reply_to=refused)
    assert "Counted in P1" in counted
    await say(chat, "Ana", "!proposal withdraw P1")
    assert await say(chat, "Ben", typed, reply_to=native) == []


@pytest.mark.parametrize("typed", ["agreeP1", "agree P 1", "Agree #p1", "agree “P1”!", "agree: P1"])
async def test_a_stance_counts_however_the_id_is_written(chat: Chat, typed: str) -> None:
    await proposed(chat)
    assert await say(chat, "Ben", typed) == ["Ben: agrees. Counted in P1. So far: agree 1, silent 3."]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("!propose We march closes=Fri 18:00", "!propose We march | closes=Fri 18:00"),
        ("!propose We march | closes: Fri 18:00", "!propose We march | closes=Fri 18:00"),
        ("!propose We march | clsoes=Fri 18:00", "!propose We march | closes=Fri 18:00"),
        ("!propose We march class = pod | closes=Fri", "!propose We march | class=pod | closes=Fri"),
        ("!decide We march\nowner: Ben", "!decide We march | owner=Ben"),
    ],
)
async def test_an_option_that_is_not_quite_one_is_no_part_of_the_words(
    chat: Chat, typed: str, meant: str
) -> None:
    await willow(chat)
    before = await chat.everything()
    [told] = await say(chat, "Ana", typed)
    assert told.endswith(f"= stands after a |, with an equals sign. For example: {meant}")
    assert await chat.everything() == before
    assert (await say(chat, "Ana", meant))[-1].startswith(("P1, proposed by Ana:", "D1 is in the log"))


@pytest.mark.parametrize(
    "words",
    ["We march: all of us", "Who | why: because it helps", "1+1=2", "We march | of course", "Note\nBen: yes"],
)
async def test_words_with_colons_and_bars_stay_as_they_are(chat: Chat, words: str) -> None:
    await willow(chat)
    assert (await say(chat, "Ana", f"!propose {words}"))[-1].startswith("P1, proposed by Ana:")


async def test_a_stance_on_what_is_no_proposal_is_answered(chat: Chat) -> None:
    await proposed(chat)
    assert await say(chat, "Ben", "agree S1") == [
        "S1 is no proposal; !proposals lists those. For example: agree P3"
    ]


async def test_a_yes_in_a_thread_about_a_proposal_is_talk(chat: Chat) -> None:
    native = await proposed(chat)
    assert await chat.say("Ben", "willow", "yes", reply_to=native, thread=native) == []
    [told] = await chat.say("Ben", "willow", "agree", reply_to=native, thread=native)
    assert told.startswith("Ben: agrees. Counted in P1.")


async def test_talk_is_no_stance(chat: Chat) -> None:
    native = await proposed(chat)
    before = await chat.everything()
    for words in ("agree with Ben", "I agree", "block of flats", "aside from that", "withdraw"):
        assert await say(chat, "Ana", words) == []
    assert await say(chat, "Ana", "agreed, but who pays?", reply_to=native) == []
    assert await chat.everything() == before


async def test_a_deleted_stance_is_withdrawn_and_no_earlier_one_comes_back(chat: Chat) -> None:
    await proposed(chat)
    await say(chat, "Ana", "disagree P1")
    tick(chat)
    await chat.say("Ana", "willow", "agree P1")
    [row] = await chat.rows("SELECT event_id FROM stances WHERE stance = 'agree'")
    tick(chat)
    assert await chat.delete("Ana", "willow", row["event_id"]) == [
        "Ana: your stance on P1 is withdrawn, because its message was deleted. So far: silent 4."
    ]


async def test_a_stance_is_withdrawn_by_word_and_by_undo(chat: Chat) -> None:
    await proposed(chat)
    await say(chat, "Ana", "agree P1")
    assert (await say(chat, "Ana", "withdraw P1"))[
        0
    ] == "Ana: your stance on P1 is withdrawn. So far: silent 4."
    assert "You have no stance on P1" in (await say(chat, "Ana", "withdraw P1"))[0]
    await say(chat, "Ana", "agree P1")
    assert "is withdrawn. So far: silent 4." in (await say(chat, "Ana", "!undo"))[0]


async def test_an_edit_changes_no_stance_and_says_so(chat: Chat) -> None:
    await proposed(chat)
    await say(chat, "Ana", "agree P1")
    [row] = await chat.rows("SELECT event_id FROM stances")
    [told] = await chat.say("Ana", "willow", "disagree P1", replaces=row["event_id"])
    assert "editing a message does not change your stance on P1" in told
    assert "agree 1, silent 3" in (await say(chat, "Ana", "!proposal P1"))[0]


async def test_next_names_what_somebody_has_not_answered(chat: Chat) -> None:
    await proposed(chat)
    assert "P1: We buy a tent. – for example agree P1" in (await say(chat, "Ben", "!next"))[0]
    await say(chat, "Ben", "abstain P1")
    assert "Nothing here needs you" in (await say(chat, "Ben", "!next"))[0]


# -- who counts --------------------------------------------------------------------------------------


async def test_who_comes_later_is_shown_and_not_counted(chat: Chat) -> None:
    await proposed(chat)
    await chat.joins("Eve", "willow")
    [told] = [text for text in chat.heard("willow") if "P1" in text]
    assert told == (
        "These were proposed before you came, and those who were here then decide. !proposal P1 shows one:\n"
        "- P1: We buy a tent."
    )
    assert (await say(chat, "Eve", "agree P1"))[0] == (
        "Eve: noted. P1 is decided by those who had a voice when it was opened, so yours is shown and not counted."
    )
    await stances(chat, ana="agree", ben="agree")
    why = (await say(chat, "Ana", "!why P1"))[0]
    assert "4 voices" in why
    assert "So far: agree 2, silent 2." in why
    assert "1 who came later spoke too, and is not counted." in why


async def test_who_leaves_drops_out_for_good_and_the_number_is_said_again(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, di="disagree")
    await chat.leaves("Di", "willow")
    [told] = [text for text in chat.heard("willow") if "P1" in text]
    assert told == (
        "Di left, and has no voice in P1 any more. By consensus of 3 voices. 2 who agree are enough, whatever the"
        " others say, unless somebody blocks."
    )
    await chat.joins("Di", "willow")
    assert "shown and not counted" in (await say(chat, "Di", "disagree P1"))[0]


async def test_who_leaves_after_the_end_had_a_voice_to_the_end_though_the_bot_was_down_then(
    chat: Chat,
) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", di="agree", ben="disagree")
    chat.heard("willow")
    chat.clock.moment += timedelta(days=5)
    await chat.leaves("Di", "willow")  # told before the timers run, as after a start
    assert [text for text in chat.heard("willow") if "Di left" in text] == []
    await chat.wait(minutes=1)
    result = next(text for text in chat.heard("willow") if text.startswith("P1 "))
    assert "Count: agree 2, disagree 1, silent 1." in result


async def test_when_the_last_ones_leave_one_voice_is_one_voice_and_none_is_said_plainly(chat: Chat) -> None:
    await proposed(chat)
    for person in ("Ben", "Cy", "Di", "Ana"):
        await chat.leaves(person, "willow")
    told = [text for text in chat.heard("willow") if "P1" in text]
    assert told[2].startswith(
        "Di left, and has no voice in P1 any more. By consensus of 1 voice. 1 who agrees is enough"
    )
    assert told[3] == "Ana left, and has no voice in P1 any more. Nobody has a voice in it any more."


async def test_an_observer_has_no_voice_and_who_becomes_one_and_the_number_are_told(chat: Chat) -> None:
    await willow(chat)
    await say(chat, "Di", "!pod observer @di:test")
    await say(chat, "Ana", TENT)
    assert "By consensus of 3 voices" in (await say(chat, "Ana", "!proposal P1"))[0]
    assert "observers are present without a voice" in (await say(chat, "Di", "!propose A dog."))[0]
    await say(chat, "Cy", "agree P1")
    assert await say(chat, "Cy", "!pod observer @cy:test") == [
        "Cy is an observer now, and has no voice in P1. By consensus of 2 voices. 2 who agree are enough, whatever the others"
        " say, unless somebody blocks.",
        "Cy is now an observer: present, without a voice.",
    ]
    assert "So far: silent 2." in (await say(chat, "Ana", "!proposal P1"))[0]
    await say(chat, "Ana", "!pod voice @cy:test")
    told = await say(chat, "Ben", "ok J1")
    assert told[0].startswith("Cy has a voice in P1 again. By consensus of 3 voices. 2 who agree are enough")
    assert "So far: agree 1, silent 2." in (await say(chat, "Ana", "!proposal P1"))[0]


# -- the end -----------------------------------------------------------------------------------------


async def test_rehearsing_says_what_would_come_and_changes_nothing(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="disagree", di="disagree")
    before = await chat.everything()
    assert (await say(chat, "Ana", "!test P1"))[0] == (
        "If P1 closed now, it would not be adopted. 2 stood aside, disagreed or blocked, and consensus bears 1 of 4."
    )
    assert await chat.everything() == before


async def test_why_says_how_many_more_are_enough_given_what_was_said(chat: Chat) -> None:
    await proposed(chat, "Ana", "Ben", "Cy", "Di", "Eve", "Fay")
    await stances(chat, ana="agree", ben="disagree")
    why = (await say(chat, "Ana", "!why P1"))[0]
    assert "At least half of 3 is needed, the larger of present and quorum: 2." in why
    assert "blocking, or missing up to the quorum: 2. At most a third of 3 is borne: 1." in why
    assert "If nobody changes their stance, 1 more yes is enough." in why
    await stances(chat, cy="agree")
    assert "If P1 closed now, it would be adopted." in (await say(chat, "Ana", "!why P1"))[0]


async def test_what_is_sent_at_the_end_or_later_does_not_count(chat: Chat) -> None:
    native = await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    await chat.until(FRIDAY - timedelta(milliseconds=1))
    await chat.tap("Cy", "willow", native, "disagree", at=FRIDAY)
    assert "P1 is adopted" in await result(chat)
    assert (
        "P1 ended Fri 27 Nov 2026 18:00 UTC, before your stance" in (await say(chat, "Di", "disagree P1"))[0]
    )


async def test_a_bot_that_was_down_closes_late_and_says_so(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    await chat.down_until(FRIDAY + timedelta(days=2))
    told = chat.heard("willow")[-1]
    assert "P1 is adopted" in told
    assert "Its end was Fri 27 Nov 2026 18:00 UTC, 2 days ago, when I was not running." in told


async def test_a_proposal_that_is_extended_late_is_open_for_the_whole_of_that_time(chat: Chat) -> None:
    await proposed(chat, line="!propose We buy a tent. | closes=in 2 days")
    await stances(chat, ana="agree")
    await chat.down_until(datetime(2026, 11, 28, 10, 0, tzinfo=UTC))
    told = chat.heard("willow")[-1]
    assert told.startswith("P1 goes on, once, until Sun 29 Nov 2026 10:00 UTC, in 1 day.")
    assert "when I was not running" in told
    await stances(chat, ben="agree", cy="agree")
    await chat.wait(days=1)
    assert "P1 is adopted" in chat.heard("willow")[-1]


async def test_a_stance_sent_in_time_and_read_late_corrects_the_result_once(chat: Chat) -> None:
    native = await proposed(chat)
    await stances(chat, ana="agree", cy="disagree")
    assert "P1 is not adopted" in await result(chat)
    await chat.wait(hours=1)
    await chat.tap("Di", "willow", native, "agree", at=FRIDAY - timedelta(seconds=1))
    await chat.wait(minutes=1)
    [told] = chat.heard("willow")
    assert told.startswith("P1 is adopted")
    assert "Corrected: something sent before the end" in told
    await chat.wait(days=1)
    assert chat.heard("willow") == []


async def test_what_cannot_be_read_adopts_nothing_until_its_key_comes(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    event = await chat.unreadable("Di", "willow", "block P1 It is far too dear for us. | ground=harm")
    assert (
        "What 1 voice sent last could not be read; it may be a stance."
        in (await say(chat, "Ana", "!proposal P1"))[0]
    )
    await chat.until(FRIDAY + timedelta(minutes=1))
    told = chat.heard("willow")[-1]
    assert told.startswith("P1 goes on, once, until Sun 29 Nov")
    assert "If your last message to me could not be read, send your stance again." in told
    await chat.until(datetime(2026, 11, 30, tzinfo=UTC))
    told = chat.heard("willow")[-1]
    assert told.startswith("P1 has no result")
    assert "What could not be read could change it, so nothing is adopted." in told
    await chat.key_comes(event)
    chat.heard("willow")
    await chat.wait(minutes=1)
    assert chat.heard("willow")[-1].startswith("P1 is blocked")


async def test_talk_that_is_read_late_makes_a_result_out_of_none(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    event = await chat.unreadable("Di", "willow", "good morning")
    await chat.until(datetime(2026, 11, 30, tzinfo=UTC))
    chat.heard("willow")
    await chat.key_comes(event)
    await chat.wait(minutes=1)
    assert chat.heard("willow")[-1].startswith("P1 is adopted")


async def test_what_cannot_be_read_hinders_nothing_that_it_cannot_change(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="disagree", cy="disagree")
    await chat.unreadable("Di", "willow", "hm")
    await chat.until(FRIDAY + timedelta(minutes=1))
    assert "P1 is not adopted" in chat.heard("willow")[-1]


async def test_a_tap_that_was_deleted_unread_is_withdrawn(chat: Chat) -> None:
    native = await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    event = await chat.unreadable("Di", "willow", taps=(native, "block"))
    tick(chat)
    await chat.delete("Di", "willow", event.event_id)
    chat.heard("willow")
    assert "P1 is adopted" in await result(chat)


async def test_its_author_takes_a_proposal_back_and_nobody_else(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ben="agree")
    assert "Only who proposed P1" in (await say(chat, "Ben", "!proposal withdraw P1"))[0]
    assert "P1 is withdrawn by Ana." in (await say(chat, "Ana", "!proposal withdraw P1"))[-1]
    assert Redact in [type(sent.message) for sent in chat.sent]
    assert await chat.rows("SELECT * FROM stances") == []
    assert "P1 was withdrawn" in (await say(chat, "Ben", "agree P1"))[0]
    chat.heard("willow")
    await chat.wait(days=9)
    assert chat.heard("willow") == []


async def test_undo_takes_back_a_proposal_on_which_nobody_else_spoke(chat: Chat) -> None:
    await proposed(chat)
    assert "P1 is withdrawn by Ana." in (await say(chat, "Ana", "!undo"))[-1]
    await say(chat, "Ana", "!propose Another.")
    await say(chat, "Ben", "agree P2")
    assert "Others have spoken on P2 already" in (await say(chat, "Ana", "!undo"))[0]


@pytest.mark.parametrize("line", ["!proposal withdraw P1", "!amend P1 We buy two tents."])
async def test_who_proposed_it_takes_nothing_from_a_result_that_a_bot_that_was_down_has_yet_to_say(
    chat: Chat, line: str
) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    chat.clock.moment = FRIDAY + timedelta(minutes=10)
    assert await say(chat, "Ana", line) == [
        "P1 ended Fri 27 Nov 2026 18:00 UTC, before you sent that. I count it in a moment and say what came of it."
    ]
    await chat.wait(minutes=1)
    assert "P1 is adopted" in chat.heard("willow")[-1]


async def test_thirty_days_after_the_result_who_said_what_is_erased_and_the_sum_stays(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="reserve It is heavy.")
    await result(chat)
    await chat.wait(days=29)
    assert len(await chat.rows("SELECT * FROM stances")) == 3
    await chat.wait(days=1)
    for table in ("stances", "proposal_voices"):
        assert await chat.rows(f"SELECT * FROM {table}") == []
    assert user("Cy") not in str(await chat.rows("SELECT * FROM proposals"))
    why = (await say(chat, "Ana", "!why P1"))[0]
    assert "Count: agree 2, with reservations 1, silent 1." in why
    assert "Who said what was erased 30 days after the result" in why


async def test_the_list_names_what_is_open_and_what_ended_lately(chat: Chat) -> None:
    await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="agree")
    await say(chat, "Ben", "!propose We buy a dog. | closes=in 9 days")
    chat.heard("willow")
    await chat.until(FRIDAY)
    assert (await say(chat, "Ana", "!proposals"))[0] == (
        "Open proposals; !proposal P2 shows one:\n"
        "- P2: We buy a dog. – So far: silent 4. Closes Wed 2 Dec 2026 10:00 UTC, in 5 days.\n\n"
        "Ended lately:\n"
        "- P1: We buy a tent. – adopted. Count: agree 3, silent 1."
    )
    await chat.wait(days=20)
    assert "Ended lately" in (await say(chat, "Ana", "!proposals"))[0]


async def test_who_had_a_voice_at_the_end_is_fixed_for_later_corrections(chat: Chat) -> None:
    native = await proposed(chat)
    await stances(chat, ana="agree", ben="agree", cy="disagree")
    await say(chat, "Cy", "!pod observer @cy:test")
    chat.heard("willow")
    assert "Count: agree 2, silent 1." in await result(chat)
    await chat.tap("Di", "willow", native, "disagree", at=FRIDAY - timedelta(seconds=1))
    await chat.wait(minutes=1)
    assert "Count: agree 2, disagree 1." in chat.heard("willow")[-1]


async def test_the_id_of_a_poll_for_a_proposal_and_the_other_way_round_says_what_it_is(chat: Chat) -> None:
    await proposed(chat)
    await say(chat, "Ana", "!poll Where? | Park | Library")
    for line in ("!vote P1 2", "!poll close P1"):
        assert await say(chat, "Ben", line) == [
            "P1 is a proposal. To say what you think of it, for example: agree P1. !proposal P1 shows it."
        ]
    for line in ("agree P2", "!amend P2 We meet."):
        assert await say(chat, "Ben", line) == [
            "P2 is a poll. To answer it, for example: !vote P2 2. !poll P2 shows it."
        ]


@pytest.mark.parametrize("typed", ["!agree 1", "!agree #1", "!agree P 1", "!agree 1."])
async def test_a_number_alone_is_an_id_and_no_reason_for_another_proposal(chat: Chat, typed: str) -> None:
    await proposed(chat)
    assert await say(chat, "Ben", typed) == ["Ben: agrees. Counted in P1. So far: agree 1, silent 3."]
    [told] = await say(chat, "Ben", typed.replace("1", "4"))
    assert told.startswith("There is no proposal P4 in this room.")
    assert len(await chat.rows("SELECT * FROM stances")) == 1
