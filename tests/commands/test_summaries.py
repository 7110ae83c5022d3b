"""Summaries, as typed by people."""

import pytest

from bot.matrix.format import plain
from bot.ports import SendFile
from tests.commands.chat import Chat, user
from tests.commands.relay import PAIRS, approved, enter, quoted, river, seat

# -- from a pod to the assembly --------------------------------------------------------------------


async def test_a_pods_summary_goes_to_the_assembly_when_both_spokes_have_typed_ok(chat: Chat) -> None:
    await river(chat)
    assert await chat.say("Cy", "willow", "!summary We can host on Friday.") == [
        "Draft S1. This is how it will be read:\n"
        "\n"
        "From Willow, S1 version 1, Mon 23 Nov 2026 10:00 UTC:\n"
        "\n"
        "> We can host on Friday.\n"
        "\n"
        "It goes to River, and only there.\n"
        "It goes when Ana and Ben have typed ok S1.\n"
        "To change it, edit your message. !summary cancel S1 drops it. "
        "Without two oks it lapses Thu 26 Nov 2026 10:00 UTC, in 3 days."
    ]
    assert chat.last("willow").message.mentions == (user("Ana"), user("Ben"))
    assert await chat.say("Ana", "willow", "ok S1") == [
        "Counted: Ana says ok to S1, 1 of 2.\nNext: Ben types ok S1."
    ]
    assert chat.heard("river") == []
    assert await chat.say("Ben", "willow", "ok s1.") == [
        "S1 is approved by Ana and Ben and goes to River now. !summary status S1 shows how far it is."
    ]
    arrived = chat.last("river")
    assert chat.heard("river") == [
        "From Willow, S1 version 1, Mon 23 Nov 2026 10:00 UTC:\n\n> We can host on Friday."
    ]
    assert (arrived.message.mentions, arrived.message.aloud, arrived.about) == ((), True, "S1")


async def test_what_arrives_is_what_was_shown_and_harmless(chat: Chat) -> None:
    await river(chat)
    words = (
        "*Hello* @room, @cy:test says <b>hi</b>\n\n  1. see https://matrix.to/#/#river:test\u202e\n"
        "`code` | a=b | #den:test\n> quoted"
    )
    [draft] = await chat.say("Cy", "willow", f"!summary {words}")
    assert "(Mentions and links to people or rooms are left out.)" in draft
    await approved(chat, "willow", "S1", "Ana", "Ben")
    [arrived] = chat.heard("river")
    assert quoted(arrived) == quoted(draft)
    assert quoted(arrived) == [
        "> *Hello* [mention of the whole room left out], cy says <b>hi</b>",
        ">",
        ">   1. see [link to a room left out]",
        "> `code` | a=b | [link to a room left out]",
        "> > quoted",
    ]


async def test_a_long_summary_is_shown_and_sent_in_full(chat: Chat) -> None:
    await river(chat)
    words = "Ends. " * 199 + "Finis."
    shown, terms = await chat.say("Cy", "willow", f"!summary {words}")
    assert terms.startswith("It goes to River, and only there.")
    await approved(chat, "willow", "S1", "Ana", "Ben")
    [arrived] = chat.heard("river")
    assert quoted(arrived) == quoted(shown) == [f"> {words}"]
    assert len(arrived) < 1500


async def test_ok_as_a_reply_approves_and_a_bare_ok_does_not(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    draft = chat.last("willow").event_id
    assert await chat.say("Ana", "willow", "ok") == []
    assert await chat.say("Ana", "willow", "OK", reply_to=draft) == [
        "Counted: Ana says ok to S1, 1 of 2.\nNext: Ben types ok S1."
    ]
    assert await chat.say("Ben", "willow", "ok, fine by me") == []
    assert (await chat.say("Ben", "willow", "!ok", reply_to=draft))[0].startswith("S1 is approved")


async def test_the_authors_own_ok_counts_only_when_typed(chat: Chat) -> None:
    await river(chat)
    await chat.say("Ana", "willow", "!summary We can host.")
    await chat.say("Ben", "willow", "ok S1")
    assert chat.heard("river") == []
    await chat.say("Ana", "willow", "ok S1")
    assert len(chat.heard("river")) == 1


async def test_an_ok_counts_once_and_only_of_who_may(chat: Chat) -> None:
    await river(chat)
    await chat.say("Ana", "willow", "!summary We can host.")
    await chat.say("Ana", "willow", "ok S1")
    before = await chat.everything()
    assert await chat.say("Ana", "willow", "ok S1") == [
        "Your ok for S1 is counted already. It needs another person."
    ]
    assert await chat.say("Cy", "willow", "ok S1") == [
        "S1 needs the ok of a spoke of Willow. !spokes shows who they are."
    ]
    assert await chat.say("Cy", "willow", "ok S7") == [
        "There is no summary S7 in this room. !summary lists the drafts."
    ]
    assert await chat.everything() == before


async def test_with_one_seat_empty_any_other_member_counts(chat: Chat) -> None:
    await river(chat)
    await seat(chat, "willow", "Ana")
    [draft] = await chat.say("Cy", "willow", "!summary We can host.")
    assert "It goes when Ana and one other member have typed ok S1." in draft
    assert await chat.say("Cy", "willow", "ok S1") == [
        "Counted: Cy says ok to S1, 1 of 2.\nNext: Ana types ok S1."
    ]
    assert await chat.say("Di", "willow", "ok S1") == [
        "The ok of one member is counted for S1; it needs the spoke's."
    ]
    assert (await chat.say("Ana", "willow", "ok S1"))[0].startswith("S1 is approved by Cy and Ana")


async def test_with_both_seats_empty_it_is_refused_with_what_to_do(chat: Chat) -> None:
    await river(chat)
    await seat(chat, "willow")
    before = await chat.everything()
    assert await chat.say("Cy", "willow", "!summary We can host.") == [
        "Willow has no spokes who could approve a summary. !spokes draw draws a pair; then type it again."
    ]
    assert await chat.everything() == before


async def test_an_ok_of_somebody_who_lost_the_seat_does_not_count(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await chat.say("Ana", "willow", "ok S1")
    await seat(chat, "willow", "Ben", "Cy")
    assert await chat.say("Ben", "willow", "ok S1") == [
        "Counted: Ben says ok to S1, 1 of 2.\nNext: Cy types ok S1."
    ]
    assert chat.heard("river") == []


async def test_a_pod_in_no_assembly_is_told_what_to_do(chat: Chat) -> None:
    await river(chat)
    await enter(chat, "willow", None)
    assert await chat.say("Cy", "willow", "!summary We can host.") == [
        "Willow is in no assembly, so a summary has nowhere to go. !pod join CODE asks to enter one."
    ]


# -- from the assembly to every pod ----------------------------------------------------------------


async def test_the_assemblys_summary_goes_to_every_pod_once(chat: Chat) -> None:
    await river(chat)
    [draft] = await chat.say("Zed", "river", "!summary The next assembly is on Sunday.")
    assert "It goes to Hazel, Oak and Willow, and only there." in draft
    assert "It goes when spokes of two different pods have typed ok S1." in draft
    assert await chat.say("Ana", "river", "ok S1") == [
        "Counted: Ana says ok to S1, 1 of 2.\nNext: a spoke of another pod than Willow types ok S1."
    ]
    assert await chat.say("Ben", "river", "ok S1") == [
        "A spoke of Willow has said ok to S1; it needs a spoke of another pod."
    ]
    assert await chat.say("Zed", "river", "ok S1") == [
        "S1 needs the ok of a spoke. !assembly shows who they are."
    ]
    assert await chat.say("Pia", "river", "ok S1") == [
        "S1 is approved by Ana for Willow and Pia for Oak and goes to Hazel, Oak and Willow now. "
        "!summary status S1 shows how far it is."
    ]
    for room in PAIRS:
        assert chat.heard(room) == [
            "From the assembly River, S1 version 1, Mon 23 Nov 2026 10:00 UTC:\n"
            "\n"
            "> The next assembly is on Sunday."
        ]
    rows = await chat.rows("SELECT room_id, txn_id FROM summary_deliveries ORDER BY room_id")
    assert rows == [
        {"room_id": f"!{room}:test", "txn_id": f"S1.v1.!{room}:test"} for room in ("hazel", "oak", "willow")
    ]


async def test_a_spoke_of_two_pods_is_one_person(chat: Chat) -> None:
    await river(chat)
    await seat(chat, "oak", "Ana", "Pia")
    await chat.say("Zed", "river", "!summary Sunday.")
    await chat.say("Ana", "river", "ok S1")
    assert await chat.say("Ana", "river", "ok S1") == [
        "Your ok for S1 is counted already. It needs another person."
    ]
    assert (await chat.say("Ben", "river", "ok S1"))[0].startswith(
        "S1 is approved by Ana for Oak and Ben for Willow"
    )


async def test_an_assembly_without_pods_or_spokes_is_told_what_to_do(chat: Chat) -> None:
    await river(chat)
    await seat(chat, "oak")
    await seat(chat, "hazel")
    assert await chat.say("Ana", "river", "!summary Sunday.") == [
        "A summary needs the ok of spokes of two different pods, and they are not here yet. "
        "!assembly lists them."
    ]
    for pod in PAIRS:
        await enter(chat, pod, None)
    assert await chat.say("Ana", "river", "!summary Sunday.") == [
        "River has no pods yet, so a summary has nowhere to go. !assembly invite makes a code for one."
    ]


async def test_a_pod_that_enters_before_the_second_ok_makes_a_new_version(chat: Chat) -> None:
    await river(chat)
    await enter(chat, "hazel", None)
    await chat.say("Zed", "river", "!summary Sunday.")
    await chat.say("Ana", "river", "ok S1")
    await enter(chat, "hazel")
    [again] = await chat.say("Pia", "river", "ok S1")
    assert again.startswith(
        "The rooms that S1 would go to have changed, so no ok counts yet. This is version 2:\n"
        "\n"
        "From the assembly River, S1 version 2, Mon 23 Nov 2026 10:00 UTC:\n"
    )
    assert "It goes to Hazel, Oak and Willow, and only there." in again
    assert [chat.heard(room) for room in PAIRS] == [[], [], []]
    await approved(chat, "river", "S1", "Ana", "Pia")
    assert [len(chat.heard(room)) for room in PAIRS] == [1, 1, 1]


async def test_a_pod_that_enters_later_gets_no_old_summary(chat: Chat) -> None:
    await river(chat)
    await enter(chat, "hazel", None)
    await chat.say("Zed", "river", "!summary Sunday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    await enter(chat, "hazel")
    assert chat.heard("hazel") == []
    assert await chat.say("Hal", "hazel", "!summary status S1") == [
        "There is no summary S1 in this room. !summary lists the drafts."
    ]


async def test_status_says_which_rooms_wait_and_why(chat: Chat) -> None:
    await river(chat)
    chat.refused = {"oak", "hazel"}
    await chat.say("Zed", "river", "!summary Sunday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    async with chat.database.transaction("sender") as tx:
        await tx.run(
            "UPDATE outbox SET attempts = 1, reason = 'I am not in the room' WHERE txn_id = 'S1.v1.!oak:test'"
        )
    assert await chat.say("Zed", "river", "!summary status S1") == [
        "S1 version 1 from the assembly River, approved Mon 23 Nov 2026 10:00 UTC, now: delivered to 1 of 3 rooms; seen by 0 of 3.\n"
        "- Hazel waiting since Mon 23 Nov 2026 10:00 UTC: it is next in turn there.\n"
        "- Oak waiting since Mon 23 Nov 2026 10:00 UTC because: I am not in the room"
    ]
    chat.refused = set()
    await chat.flush()
    [told] = await chat.say("Ana", "willow", "!summary status s1")
    assert "delivered to 3 of 3 rooms; seen by 0 of 3." in told


async def test_what_waits_for_a_pod_that_leaves_is_taken_back(chat: Chat) -> None:
    await river(chat)
    chat.refused = {"oak"}
    await chat.say("Zed", "river", "!summary Sunday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    await chat.say("Quin", "oak", "!pod leave")
    await chat.say("Ray", "oak", "ok J1")
    chat.refused = set()
    await chat.flush()
    assert not any("Sunday" in text for text in chat.heard("oak"))
    [told] = await chat.say("Zed", "river", "!summary status S1")
    assert told.endswith(
        "delivered to 2 of 3 rooms; seen by 0 of 3.\n- Oak left the assembly before it was sent."
    )


# -- where the words come from ---------------------------------------------------------------------


async def test_a_reply_takes_the_words_of_the_message(chat: Chat) -> None:
    await river(chat)
    [draft] = await chat.say("Cy", "willow", "!summary", reply_to="$talk", replied_body="We can host.")
    assert quoted(draft) == ["> We can host."]
    assert "To change it, edit the message it is taken from." in draft
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert quoted(chat.heard("river")[0]) == ["> We can host."]


async def test_a_reply_to_what_cannot_be_read_says_what_to_do(chat: Chat) -> None:
    await river(chat)
    assert await chat.say("Cy", "willow", "!summary", reply_to="$talk") == [
        "I could not read the message you replied to. Please type its words: !summary TEXT"
    ]


async def test_nothing_relayed_is_relayed_on(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await approved(chat, "willow", "S1", "Ana", "Ben")
    arrived = chat.last("river").event_id
    assert await chat.say("Zed", "river", "!summary", reply_to=arrived, replied_body="We can host.") == [
        "S1 was relayed to this room, and nothing relayed is relayed on. In your own words: !summary TEXT"
    ]
    assert await chat.say("Zed", "river", "ok", reply_to=arrived) == []
    assert await chat.say("Zed", "river", "ok S1") == ["S1 came here from Willow; only they decide on it."]


async def test_bad_texts_change_nothing(chat: Chat) -> None:
    await river(chat)
    before = await chat.everything()
    assert await chat.say("Cy", "willow", "!summary \u200b") == [
        "The summary is empty. For example: !summary We can host on Friday."
    ]
    [told] = await chat.say("Cy", "willow", "!summary We can host. " + "x" * 1200)
    assert told == (
        "That is 1,213 characters; a summary has 1,200 at most. Shorten it by 13, or send it in two parts. "
        "For example: !summary We can host."
    )
    assert await chat.everything() == before


async def test_an_edit_makes_a_new_version_without_oks(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    source = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    await chat.say("Ana", "willow", "ok S1")
    assert await chat.say("Di", "willow", "!summary We cannot.", replaces=source) == []
    [told] = await chat.say("Cy", "willow", "!Summary We cannot host.", replaces=source)
    assert told.startswith(
        "The text of S1 has changed, so no ok counts yet. This is version 2:\n"
        "\n"
        "From Willow, S1 version 2, Mon 23 Nov 2026 10:00 UTC:\n"
        "\n"
        "> We cannot host.\n"
    )
    await chat.say("Ben", "willow", "ok S1")
    assert chat.heard("river") == []
    await chat.say("Ana", "willow", "ok S1")
    assert quoted(chat.heard("river")[0]) == ["> We cannot host."]
    assert await chat.say("Cy", "willow", "!summary Oh.", replaces=source) == [
        "S1 was approved and goes out as it was. Editing the message does not change it."
    ]


async def test_an_edit_that_cannot_go_voids_the_oks_and_says_so(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    source = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    await chat.say("Ana", "willow", "ok S1")
    assert await chat.say("Cy", "willow", "We can host.", replaces=source) == [
        "That message is no !summary TEXT any more. !summary cancel S1 drops the draft. "
        "S1 keeps its text, and no ok counts yet."
    ]
    await chat.say("Ben", "willow", "ok S1")
    assert chat.heard("river") == []


async def test_an_ok_typed_before_the_new_version_was_shown_does_not_count(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    source = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    chat.refused = {"willow"}
    await chat.say("Cy", "willow", "!summary We cannot host.", replaces=source)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    chat.refused = set()
    await chat.flush()
    assert chat.heard("willow")[-1] == (
        "S1 has just changed, and version 2 is not shown here yet. Read it first, then type ok S1."
    )
    assert chat.heard("river") == []


async def test_deleting_the_message_cancels_the_draft(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary", reply_to="$talk", replied_body="We can host.")
    assert await chat.delete("Di", "willow", "$talk") == [
        "The message of S1 was deleted, so the draft is cancelled. Nothing was sent."
    ]
    assert await chat.say("Ana", "willow", "ok S1") == ["S1 was cancelled. !summary TEXT drafts another."]
    assert await chat.rows("SELECT text FROM summary_versions") == [{"text": None}]


async def test_deleting_or_editing_an_ok_takes_it_back(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    for person, change in (("Ana", "changed"), ("Ben", "deleted")):
        await chat.say(person, "willow", "ok S1")
        ok = (await chat.rows("SELECT event_id FROM summary_oks"))[0]["event_id"]
        if change == "changed":
            assert await chat.say("Cy", "willow", "ok S1 no", replaces=ok) == []
            told = await chat.say(person, "willow", "wait, not ok", replaces=ok)
        else:
            told = await chat.delete(person, "willow", ok)
        assert told == [
            f"The message with {person}'s ok was {change}, so that ok for S1 does not count. "
            "ok S1 gives it again."
        ]
    await chat.say("Ana", "willow", "ok S1")
    assert chat.heard("river") == []


# -- ends, lists, reasons --------------------------------------------------------------------------


async def test_a_draft_dies_after_72_hours_and_says_so(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await chat.wait(hours=71, minutes=59)
    await chat.say("Ana", "willow", "ok S1")
    await chat.wait(minutes=1)
    assert chat.heard("willow")[-1] == (
        "S1 was not approved in 72 hours and has lapsed. Nothing was sent. !summary TEXT drafts another."
    )
    assert await chat.say("Ben", "willow", "ok S1") == [
        "S1 was not approved in 72 hours and has lapsed. !summary TEXT drafts another."
    ]
    assert chat.heard("river") == []


async def test_an_ok_that_comes_before_a_late_timer_does_not_send(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await chat.say("Ana", "willow", "ok S1")
    chat.clock.moment = chat.clock.moment.replace(day=30)
    await chat.say("Ben", "willow", "ok S1")
    assert chat.heard("river") == []


async def test_its_author_or_a_spoke_cancels(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    draft = chat.last("willow").event_id
    assert await chat.say("Di", "willow", "!summary cancel S1") == [
        "S1 can be cancelled by who drafted it, or by a spoke."
    ]
    assert await chat.say("Cy", "willow", "!summary cancel", reply_to=draft) == [
        "S1 is cancelled. Nothing was sent."
    ]
    await chat.say("Cy", "willow", "!summary We can host.")
    assert await chat.say("Ana", "willow", "!summary cancel s2") == ["S2 is cancelled. Nothing was sent."]
    assert await chat.say("Ana", "willow", "!summary cancel") == [
        "Which summary? !summary lists the drafts. For example: !summary cancel S1"
    ]
    assert await chat.say("Ana", "willow", "!summary cancel P3") == [
        "P3 is no summary. !summary lists the drafts."
    ]


async def test_a_text_may_begin_with_a_verb(chat: Chat) -> None:
    await river(chat)
    [draft] = await chat.say("Cy", "willow", "!summary Cancel the Friday  meeting\nplease")
    assert quoted(draft) == ["> Cancel the Friday  meeting", "> please"]
    await chat.say("Di", "willow", "!pod observer @di:test")
    [refused] = await chat.say("Di", "willow", "!summary status of the kitchen: good")
    assert refused == "!summary is for members; observers are present without a voice here."


async def test_drafts_are_listed_here_and_nowhere_else(chat: Chat) -> None:
    await river(chat)
    assert await chat.say("Cy", "willow", "!summary") == [
        "No summary waits here. !summary TEXT drafts one, or !summary as a reply to a message."
    ]
    await chat.say("Cy", "willow", "!summary We can host.")
    draft = chat.last("willow").event_id
    assert await chat.say("Cy", "willow", "!summary") == [
        "1 draft here:\n- S1 version 1: We can host.\n\n!summary status S1 shows one of them."
    ]
    assert await chat.say("Cy", "willow", "!summary", reply_to=draft, replied_body="Draft") == [
        "S1 version 1 is a draft for River, with 0 of 2 oks. It lapses Thu 26 Nov 2026 10:00 UTC, in 3 days.\n"
        "It goes when Ana and Ben have typed ok S1.\n"
        "\n"
        "> We can host."
    ]
    for typed in ("!summary status S1", "ok S1", "!summary cancel S1", "!why S1"):
        assert await chat.say("Pia", "oak", typed) == [
            "There is no summary S1 in this room. !summary lists the drafts."
        ]


async def test_next_undo_and_why(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    assert await chat.say("Ana", "willow", "!next") == [
        "Ana, this needs you:\n- The summary S1 waits for your ok: ok S1"
    ]
    assert await chat.say("Di", "willow", "!next") == ["Nothing here needs you now, Di."]
    await chat.say("Ana", "willow", "ok S1")
    assert await chat.say("Ana", "willow", "!undo") == ["Your ok for S1 is taken back."]
    assert await chat.say("Cy", "willow", "!undo") == ["S1 is cancelled. Nothing was sent."]
    await chat.say("Cy", "willow", "!summary We can host.")
    await approved(chat, "willow", "S2", "Ana", "Ben")
    assert await chat.say("Ben", "willow", "!undo") == [
        "S2 is approved already and goes out as it is. !summary status S2 shows how far it is."
    ]
    rule = (
        "The rule: both spokes of a pod type ok for exactly this version; "
        "with one seat empty, one spoke and any other member.\n"
        "It went to River, as shown before.\n"
        "!summary status S2 shows how far it is."
    )
    assert await chat.say("Di", "willow", "!why S2") == [
        f"S2 version 1 was approved by Ana and Ben, at Mon 23 Nov 2026 10:00 UTC.\n{rule}"
    ]
    assert await chat.say("Zed", "river", "!why S2") == [
        f"S2 version 1 was approved by 2 people of Willow, at Mon 23 Nov 2026 10:00 UTC.\n{rule}"
    ]


async def test_a_pod_takes_what_it_sent_with_it(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.say("Cy", "willow", "!summary Never sent.")
    await chat.say("Cy", "willow", "!pod leave")
    await chat.say("Di", "willow", "ok J1")
    [file] = [sent.message for sent in chat.sent if isinstance(sent.message, SendFile)]
    assert "S1 version 1, Mon 23 Nov 2026 10:00 UTC, to River:\n\n> We can host." in plain(file.markdown)
    assert "Never sent" not in plain(file.markdown)
    assert await chat.say("Ana", "willow", "ok S2") == [
        "Willow is in no assembly, so a summary has nowhere to go. !pod join CODE asks to enter one."
    ]


async def test_an_upgraded_room_still_gets_what_waits_for_it(chat: Chat) -> None:
    await river(chat)
    chat.refused = {"oak"}
    await chat.say("Zed", "river", "!summary Sunday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    await chat.upgraded("oak", "oak2")
    await chat.room("oak2", "Oli", "Pia", "Quin", "Ray")
    await chat.upgraded("oak", "oak2")
    assert any("> Sunday." in text for text in chat.heard("oak2"))
    assert "delivered to 3 of 3 rooms" in (await chat.say("Pia", "oak2", "!summary status S1"))[0]


async def test_a_letter_bears_the_time_of_the_room_it_comes_from(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!pod set timezone Europe/Berlin")
    await chat.say("Di", "willow", "ok J1")
    await chat.say("Cy", "willow", "!summary We can host.")
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert chat.heard("river")[0].startswith(
        "From Willow, S1 version 1, Mon 23 Nov 2026 11:00 Europe/Berlin:"
    )


async def test_a_command_by_the_bots_name_can_be_edited_too(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "@spokesbot:test: summary We can host.")
    source = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    [told] = await chat.say("Cy", "willow", "Spokesbot: !summary We cannot host.", replaces=source)
    assert quoted(told) == ["> We cannot host."]


async def test_an_id_alone_shows_the_summary_and_a_mistyped_verb_drafts_nothing(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    [shown_alone] = await chat.say("Di", "willow", "!summary s1")
    assert shown_alone == (await chat.say("Di", "willow", "!summary status S1"))[0]
    assert await chat.say("Di", "willow", "!summary S7") == [
        "There is no summary S7 in this room. !summary lists the drafts."
    ]
    for typed, meant in (
        ("cancle S1", "cancel S1"),
        ("delete s1 please", "retract S1"),
        ("corect S1 We can\nnot host.", "correct S1 We can not host."),
        ("edit S1", "correct S1 TEXT"),
    ):
        assert await chat.say("Di", "willow", f"!summary {typed}") == [
            f"Did you mean !summary {meant}? Nothing was drafted."
        ]
    [told] = await chat.say("Di", "willow", "!summary Thanks for S1, all.")
    assert told.startswith("Draft S2.")


@pytest.mark.parametrize("typed", ["ok S1 thanks", "ok s1, looks good", "!ok S1 and S2", "OK yes S1!"])
async def test_an_ok_with_more_words_counts_nothing_and_names_the_line_to_type(
    chat: Chat, typed: str
) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    assert await chat.say("Ana", "willow", typed) == ["Please type only ok S1, so that nobody can doubt it."]
    assert await chat.rows("SELECT 1 FROM summary_oks") == []


@pytest.mark.parametrize("start", ["!Summary:", "\uff01summary", "\u200b!summary", "\u2066! SUMMARY,"])
async def test_an_edit_is_read_as_loosely_as_the_command_was(chat: Chat, start: str) -> None:
    await river(chat)
    event = chat._event("Cy", "willow")
    [shown] = await chat.say("Cy", "willow", f"{start} We can host.", event=event)
    assert quoted(shown) == ["> We can host."]
    [anew] = await chat.say("Cy", "willow", f"{start} We cannot.", replaces=event["event_id"])
    assert quoted(anew) == ["> We cannot."]


async def test_a_bare_ok_gives_no_setting_its_second_voice_while_a_summary_waits_too(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!pod set term 3 weeks")
    await chat.say("Cy", "willow", "!summary We can host.")
    [request] = await chat.rows("SELECT id FROM requests WHERE state = 'open'")
    assert await chat.say("Ana", "willow", "ok") == [
        f"Ok to which one?\n1. {request['id']}, term = 21d\n2. S1 version 1: We can host.\n\nType the number."
    ]
    assert await chat.say("Ana", "willow", "2") == [
        "Counted: Ana says ok to S1, 1 of 2.\nNext: Ben types ok S1."
    ]
    assert await chat.rows("SELECT id FROM requests WHERE state = 'open'") == [request]


async def test_ok_alone_asks_which_of_the_summaries_that_wait_is_meant(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    assert await chat.say("Ana", "willow", "ok") == []
    [asked] = await chat.say("Ana", "willow", "!ok")
    assert asked.startswith("Ok to which one?\n1. S1 version 1: We can host.\n")
    assert (await chat.say("Ana", "willow", "1"))[0].startswith("Counted: Ana says ok to S1, 1 of 2.")
    assert await chat.say("Ana", "willow", "!ok") == [
        "Nothing here waits for your ok. !next shows what needs you."
    ]
