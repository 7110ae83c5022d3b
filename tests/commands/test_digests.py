"""A pod that takes summaries as one message a day: nothing twice, nothing lost, every letter as it was approved."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.matrix.format import plain
from bot.ports import Edit, Redact, Say
from tests.commands.chat import Chat
from tests.commands.relay import approved, attached, enter, replying, river, setting, shown

AT = "Mon 23 Nov 2026 10:00 UTC"
DIGEST = "Digest of Mon 23 Nov 2026 18:00 UTC:"
SIX = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture
async def relay(chat: Chat) -> Chat:
    await river(chat)
    await setting(chat, "oak", "digest", "18:00")
    return chat


def letter(number: int, words: str, version: int = 1, at: str = AT) -> str:
    return f"From the assembly River, S{number} version {version}, {at}:\n\n> {words}"


async def send(chat: Chat, number: int, words: str) -> None:
    await chat.say("Zed", "river", f"!summary {words}")
    await approved(chat, "river", f"S{number}", "Ana", "Pia")


async def correct(chat: Chat, number: int, words: str) -> None:
    await chat.say("Zed", "river", f"!summary correct S{number} {words}")
    await approved(chat, "river", f"S{number}", "Ana", "Pia")


async def retract(chat: Chat, number: int) -> None:
    await chat.say("Zed", "river", f"!summary retract S{number}")
    await approved(chat, "river", f"S{number}", "Ana", "Pia")


async def in_oak(chat: Chat) -> list[str]:
    return (await shown(chat)).get("oak", [])


async def test_a_second_member_confirms_the_hour(relay: Chat) -> None:
    [asked] = await relay.say("Hal", "hazel", "!pod set digest 6pm")
    assert asked == ("Hal proposes digest = 18:00 (J1). It takes effect when another member types ok J1.")
    assert await relay.say("Ida", "hazel", "ok J1") == [
        "Summaries come to this pod once a day at 18:00 from now on, all in one message."
        " Urgent ones, questions and answers come at once."
    ]


async def test_the_day_comes_in_one_message_and_its_letters_are_those_that_were_approved(relay: Chat) -> None:
    await relay.say("Zed", "river", "!summary Sunday.")
    preview = relay.last("river").text
    await relay.say("Ana", "river", "ok S1")
    [told] = await relay.say("Pia", "river", "ok S1")
    assert told == (
        "S1 is approved by Ana for Willow and Pia for Oak and goes to Hazel and Willow now. !summary status S1 shows how far"
        " it is.\nOak reads it in its digest Mon 23 Nov 2026 18:00 UTC, in 8 hours."
    )
    await relay.wait(hours=2)
    await send(relay, 2, "Bring soup.")
    assert await in_oak(relay) == []
    [status] = await relay.say("Zed", "river", "!summary status S1")
    assert status == (
        f"S1 version 1 from the assembly River, approved {AT}, 2 hours ago: delivered to 2 of 3 rooms; seen by 0 of 3.\n"
        "- Oak reads it in its digest Mon 23 Nov 2026 18:00 UTC, in 6 hours."
    )
    await relay.until(SIX)
    second = letter(2, "Bring soup.", at="Mon 23 Nov 2026 12:00 UTC")
    [digest] = await in_oak(relay)
    assert digest == f"{DIGEST}\n\n{letter(1, 'Sunday.')}\n\n{second}"
    assert letter(1, "Sunday.") in preview
    assert isinstance(relay.last("oak").message, Say)
    assert relay.last("oak").message.aloud
    await relay.wait(days=3)
    assert await in_oak(relay) == [digest]


async def test_nothing_is_said_on_a_day_without_summaries(relay: Chat) -> None:
    await relay.wait(days=4)
    assert relay.heard("oak") == []


async def test_the_hour_is_that_of_the_pod_also_when_the_clocks_change(relay: Chat) -> None:
    await setting(relay, "oak", "timezone", "Europe/London")
    relay.clock.moment = datetime(2027, 3, 27, 19, 0, tzinfo=UTC)
    await send(relay, 1, "Sunday.")
    await relay.until(datetime(2027, 3, 28, 16, 59, tzinfo=UTC))
    assert await in_oak(relay) == []
    await relay.until(datetime(2027, 3, 28, 17, 0, tzinfo=UTC))
    [digest] = await in_oak(relay)
    assert digest.startswith("Digest of Sun 28 Mar 2027 18:00 Europe/London:\n\nFrom the assembly River, S1")


async def test_a_correction_before_the_digest_leaves_only_the_corrected_words_in_their_place(
    relay: Chat,
) -> None:
    await send(relay, 1, "Sunday.")
    await send(relay, 2, "Bring soup.")
    await correct(relay, 1, "Saturday.")
    assert await in_oak(relay) == []
    await relay.until(SIX)
    [digest] = await in_oak(relay)
    assert digest == f"{DIGEST}\n\n{letter(1, 'Saturday.', 2)}\n\n{letter(2, 'Bring soup.')}"


async def test_what_is_retracted_before_the_digest_leaves_nothing(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await retract(relay, 1)
    assert (
        "deleted in 2 of 2 rooms that had it." in (await relay.say("Zed", "river", "!summary status S1"))[0]
    )
    await relay.wait(days=2)
    assert relay.heard("oak") == []


async def test_a_retraction_says_where_the_words_never_went(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await relay.say("Zed", "river", "!summary retract S1")
    await relay.say("Ana", "river", "ok S1")
    assert await relay.say("Pia", "river", "ok S1") == [
        "S1 is approved by Ana for Willow and Pia for Oak and is deleted in Hazel and Willow now. !summary status S1 shows"
        " how far it is.\nIt had not gone to Oak yet, and does not go there."
    ]
    for room in ("willow", "hazel"):
        await setting(relay, room, "digest", "18:00")
    await send(relay, 2, "Monday.")
    await relay.say("Zed", "river", "!summary retract S2")
    await relay.say("Ana", "river", "ok S2")
    assert await relay.say("Pia", "river", "ok S2") == [
        "The retraction of S2 is approved by Ana for Willow and Pia for Oak.\n"
        "It had not gone to Hazel, Oak and Willow yet, and does not go there."
    ]
    assert await relay.say("Zed", "river", "!summary status S2") == [
        f"S2 from the assembly River was retracted {AT}, now, before it went anywhere."
    ]


async def test_a_correction_after_the_digest_edits_it_in_place(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await send(relay, 2, "Bring soup.")
    await relay.until(SIX)
    digest = relay.last("oak")
    await correct(relay, 1, "Saturday.")
    await correct(relay, 2, "Bring bread.")
    await correct(relay, 1, "Friday.")
    at = "Mon 23 Nov 2026 18:00 UTC"
    [now] = await in_oak(relay)
    assert now == f"{DIGEST}\n\n{letter(1, 'Friday.', 3, at)}\n\n{letter(2, 'Bring bread.', 2, at)}"
    edits = [sent.message for sent in relay.sent if sent.room == "oak" and isinstance(sent.message, Edit)]
    assert len(edits) == 3
    rows = await relay.rows("SELECT txn_id, event_id FROM outbox")
    assert {row["event_id"] for row in rows if row["txn_id"] in {edit.sent for edit in edits}} == {
        digest.event_id
    }


async def test_what_is_retracted_after_the_digest_is_deleted_and_the_rest_of_it_said_anew(
    relay: Chat,
) -> None:
    await send(relay, 1, "Sunday.")
    await send(relay, 2, "Bring soup.")
    await relay.until(SIX)
    await correct(relay, 2, "Bring bread.")
    gone = [sent for sent in relay.sent if sent.room == "oak"]
    await retract(relay, 1)
    corrected = letter(2, "Bring bread.", 2, "Mon 23 Nov 2026 18:00 UTC")
    assert await in_oak(relay) == [f"{DIGEST}\n\nS1 from the assembly River was retracted.\n\n{corrected}"]
    rows = {row["txn_id"]: row["event_id"] for row in await relay.rows("SELECT txn_id, event_id FROM outbox")}
    redacted = {
        rows[sent.message.sent]
        for sent in relay.sent
        if sent.room == "oak" and isinstance(sent.message, Redact)
    }
    # the message and its edit: apps keep both
    assert redacted == {sent.event_id for sent in gone}
    # what is left can still be changed
    await correct(relay, 2, "Bring water.")
    [now] = await in_oak(relay)
    assert now.endswith("> Bring water.")
    assert "S1 from the assembly River was retracted." in now
    await retract(relay, 2)
    assert await in_oak(relay) == [
        f"{DIGEST}\n\nS1 from the assembly River was retracted.\n\nS2 from the assembly River was retracted."
    ]


async def test_letters_that_fill_more_than_one_message_are_all_there_in_full(relay: Chat) -> None:
    words = [f"{number} " + "long words " * 50 + "end." for number in range(1, 6)]
    for number, text in enumerate(words, 1):
        await send(relay, number, text)
    await relay.until(SIX)
    said = await in_oak(relay)
    assert len(said) == 3
    assert all(text.startswith(DIGEST) for text in said)
    for number, text in enumerate(words, 1):
        assert sum(letter(number, text) in message for message in said) == 1
    aloud = [
        sent.message.aloud for sent in relay.sent if sent.room == "oak" and isinstance(sent.message, Say)
    ]
    assert aloud == [True, False, False]


async def test_a_correction_that_makes_a_message_too_long_has_it_said_anew_in_two(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await send(relay, 2, "Bring soup.")
    await relay.until(SIX)
    long = "long words " * 100 + "end."
    await correct(relay, 1, long)
    at = "Mon 23 Nov 2026 18:00 UTC"
    await correct(relay, 2, long)
    said = await in_oak(relay)
    assert said == [f"{DIGEST}\n\n{letter(1, long, 2, at)}", f"{DIGEST}\n\n{letter(2, long, 2, at)}"]
    await correct(relay, 2, "Bring bread.")
    assert await in_oak(relay) == [said[0], f"{DIGEST}\n\n{letter(2, 'Bring bread.', 3, at)}"]


async def test_a_bot_that_was_down_sends_the_digest_once_and_says_that_it_is_late(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await relay.down_until(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    late = "Digest of Mon 23 Nov 2026 18:00 UTC, late because I was not running then:"
    assert await in_oak(relay) == [f"{late}\n\n{letter(1, 'Sunday.')}"]
    await relay.wait(days=2)
    assert len(await in_oak(relay)) == 1


async def test_turning_digests_off_delivers_what_waits(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await relay.say("Oli", "oak", "!pod set digest off")
    relay.sent.clear()
    assert await relay.say("Quin", "oak", "ok J1") == [
        f"Digest, now, because summaries come at once from now on:\n\n{letter(1, 'Sunday.')}",
        "Summaries come to this pod at once from now on.",
    ]
    await send(relay, 2, "Bring soup.")
    assert relay.last("oak").text == letter(2, "Bring soup.")
    relay.sent.clear()
    await relay.wait(days=2)
    assert relay.heard("oak") == []


async def test_another_hour_moves_what_waits(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await relay.say("Oli", "oak", "!pod set digest 20:00")
    await relay.say("Quin", "oak", "ok J1")
    await relay.until(SIX)
    assert await in_oak(relay) == [
        "Oli proposes digest = 20:00 (J1). It takes effect when another member types ok J1.",
        "Summaries come to this pod once a day at 20:00 from now on, all in one message."
        " Urgent ones, questions and answers come at once.",
    ]
    await relay.until(datetime(2026, 11, 23, 20, 0, tzinfo=UTC))
    assert relay.last("oak").text.startswith("Digest of Mon 23 Nov 2026 20:00 UTC:")


async def test_a_pod_that_leaves_gets_no_digest_of_what_waited(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await relay.say("Oli", "oak", "!pod leave")
    await relay.say("Pia", "oak", "ok J1")
    [status] = await relay.say("Zed", "river", "!summary status S1")
    assert status.endswith("- Oak left the assembly before it was sent.")
    relay.sent.clear()
    await relay.wait(days=2)
    assert relay.heard("oak") == []


async def test_a_room_that_was_upgraded_gets_its_digest_in_the_new_one(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await relay.upgraded("oak", "oak2")
    await relay.room("oak2", "Oli", "Pia", "Quin", "Ray")
    relay.sent.clear()
    await relay.until(SIX)
    assert relay.heard("oak2") == [f"{DIGEST}\n\n{letter(1, 'Sunday.')}"]
    assert relay.heard("oak") == []


async def test_a_retraction_says_that_a_room_left_behind_by_an_upgrade_keeps_what_it_has(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await relay.until(SIX)
    await relay.upgraded("oak", "oak2")
    await relay.room("oak2", "Oli", "Pia", "Quin", "Ray")
    await retract(relay, 1)
    stays = "Oak was upgraded: what I said in its old room is still there, and I am not."
    assert relay.last("river").text.endswith(f"!summary status S1 shows how far it is.\n{stays}")
    [status] = await relay.say("Zed", "river", "!summary status S1")
    assert status.endswith(f"deleted in 3 of 3 rooms that had it.\n- {stays}")
    assert relay.heard("oak2")[-1] == "S1 from the assembly River was retracted."
    await relay.upgraded("hazel", "hazel2")
    await relay.room("hazel2", "Hal", "Ida")
    assert status == (await relay.say("Zed", "river", "!summary status S1"))[0]


async def test_a_digest_that_cannot_be_sent_yet_is_changed_before_it_goes(relay: Chat) -> None:
    relay.refused = {"oak"}
    for number, words in enumerate(("Sunday.", "Bring soup.", "Bring bread."), 1):
        await send(relay, number, words)
    await relay.until(SIX)
    await correct(relay, 1, "Saturday.")
    await retract(relay, 2)
    assert await in_oak(relay) == []
    relay.refused.clear()
    await relay.flush()
    first = letter(1, "Saturday.", 2, "Mon 23 Nov 2026 18:00 UTC")
    assert relay.heard("oak") == [f"{DIGEST}\n\n{first}\n\n{letter(3, 'Bring bread.')}"]
    assert await relay.rows("SELECT 1 FROM outbox WHERE state NOT IN ('sent', 'cancelled')") == []


async def test_an_edit_that_has_not_left_is_taken_back_and_not_followed_by_another(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await send(relay, 2, "Bring soup.")
    await relay.until(SIX)
    relay.refused = {"oak"}
    relay.sent.clear()
    await correct(relay, 1, "Saturday.")
    await correct(relay, 2, "Bring bread.")
    await retract(relay, 1)
    relay.refused.clear()
    await relay.flush()
    second = letter(2, "Bring bread.", 2, "Mon 23 Nov 2026 18:00 UTC")
    [deleted, anew] = relay.heard("oak")
    assert deleted == "Redact"
    assert anew == f"{DIGEST}\n\nS1 from the assembly River was retracted.\n\n{second}"


async def test_questions_and_answers_are_not_held_back(relay: Chat) -> None:
    await relay.say("Zed", "river", "!ask Oak When do you need to know?")
    await approved(relay, "river", "S1", "Ana", "Hal")
    assert relay.last("oak").text.startswith("Question from the assembly River, S1 version 1, ")


async def test_a_question_about_a_digest_goes_to_whoever_it_came_from(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await send(relay, 2, "Bring soup.")
    await relay.until(SIX)
    await relay.say("Quin", "oak", "ask At what hour?", reply_to=relay.last("oak").event_id)
    assert "It goes to River, and only there." in relay.last("oak").text


async def test_before_the_digest_its_pod_knows_nothing_of_what_waits(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    assert await relay.say("Quin", "oak", "!summary status S1") == [
        "There is no summary S1 in this room. !summary lists the drafts."
    ]


async def test_the_pod_itself_can_look_at_what_came_in_its_digest(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await relay.until(SIX)
    [status] = await relay.say("Quin", "oak", "!summary status", reply_to=relay.last("oak").event_id)
    assert status.startswith("S1 version 1 from the assembly River")


async def test_a_digest_in_quiet_hours_wakes_nobody(relay: Chat) -> None:
    await setting(relay, "oak", "digest", "23:00")
    await send(relay, 1, "Sunday.")
    await relay.until(datetime(2026, 11, 23, 23, 0, tzinfo=UTC))
    message = relay.last("oak").message
    assert isinstance(message, Say)
    assert not message.aloud


# -- urgent ----------------------------------------------------------------------------------------


async def test_what_is_urgent_says_so_passes_the_digest_and_is_said_aloud(relay: Chat) -> None:
    await relay.say("Zed", "river", "!summary The hall is closed today. | urgent")
    preview = relay.last("river").text
    assert "\nIt is urgent: a pod that takes a digest gets it at once.\n" in preview
    await approved(relay, "river", "S1", "Ana", "Pia")
    urgent = f"Urgent. {letter(1, 'The hall is closed today.')}"
    assert urgent in preview
    assert relay.last("oak").text == urgent
    message = relay.last("oak").message
    assert isinstance(message, Say)
    assert message.aloud


async def test_in_quiet_hours_it_comes_without_a_sound(relay: Chat) -> None:
    relay.clock.moment = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    await relay.say("Zed", "river", "!summary The hall is closed today. | urgent")
    await approved(relay, "river", "S1", "Ana", "Pia")
    message = relay.last("oak").message
    assert isinstance(message, Say)
    assert not message.aloud


async def test_one_pods_spokes_cannot_make_it_urgent(relay: Chat) -> None:
    await relay.say("Zed", "river", "!summary The hall is closed today. | urgent")
    await approved(relay, "river", "S1", "Ana", "Ben")
    assert await in_oak(relay) == []


@pytest.mark.parametrize("urgent_first", [True, False])
async def test_taking_the_mark_away_or_adding_it_voids_the_oks(relay: Chat, urgent_first: bool) -> None:
    marks = ["The hall is closed. | urgent", "The hall is closed."]
    first, second = marks if urgent_first else reversed(marks)
    event = relay._event("Zed", "river")
    await relay.say("Zed", "river", f"!summary {first}", event=event)
    await relay.say("Ana", "river", "ok S1")
    [shown_anew] = await relay.say("Zed", "river", f"!summary {second}", replaces=event["event_id"])
    assert shown_anew.startswith("The text of S1 has changed, so no ok counts yet. This is version 2:")
    assert ("Urgent. From" in shown_anew) is not urgent_first
    await relay.say("Pia", "river", "ok S1")
    assert await in_oak(relay) == []


async def test_the_words_may_be_in_the_message_that_is_replied_to(relay: Chat) -> None:
    event = relay._event("Zed", "river")
    quoted = {"reply_to": "$x", "replied_body": "The hall is closed.", "replied_sender": "@ida:test"}
    await relay.say("Zed", "river", "!summary | urgent", event=event, **quoted)
    assert "Urgent. From the assembly River, S1 version 1" in relay.last("river").text
    await relay.say("Ana", "river", "ok S1")
    [anew] = await relay.say("Zed", "river", "!summary", replaces=event["event_id"])
    assert "version 2:" in anew
    assert "Urgent" not in anew
    # the words themselves have no mark; editing them does not bring one
    [anew] = await relay.say("Ida", "river", "It is closed. | urgent", replaces="$x")
    assert "Urgent. " not in anew


async def test_what_waits_for_a_digest_can_be_made_urgent(relay: Chat) -> None:
    await send(relay, 1, "Sunday.")
    await relay.say("Zed", "river", "!summary correct S1 | urgent")
    assert "Urgent. From the assembly River, S1 version 2" in relay.last("river").text
    await approved(relay, "river", "S1", "Ana", "Pia")
    assert relay.last("oak").text == f"Urgent. {letter(1, 'Sunday.', 2)}"
    assert relay.last("willow").message == Edit(
        "S1.v1.!willow:test",
        relay.last("oak").message.markdown,
        aloud=True,  # type: ignore[union-attr]
    )
    relay.sent.clear()
    await relay.wait(days=2)
    assert relay.heard("oak") == []


@pytest.mark.parametrize(
    "line",
    ["!summary We march now. | urgent", "!summary We march now. |URGENT!", "!summary We march now.\nurgent"],
)
async def test_a_pod_alone_calls_nothing_urgent(relay: Chat, line: str) -> None:
    assert await relay.say("Ana", "willow", line) == [
        "Urgent is what spokes of two pods call so, in the assembly. From here everything goes at once anyway:"
        " !summary We march now."
    ]
    assert await relay.rows("SELECT 1 FROM summaries") == []


async def test_a_pod_that_adds_the_mark_by_an_edit_is_told_and_nothing_goes(relay: Chat) -> None:
    event = relay._event("Ana", "willow")
    await relay.say("Ana", "willow", "!summary We march now.", event=event)
    await relay.say("Ana", "willow", "ok S1")
    [told] = await relay.say("Ana", "willow", "!summary We march now. | urgent", replaces=event["event_id"])
    assert told.endswith("S1 keeps its text, and no ok counts yet.")
    await relay.say("Ben", "willow", "ok S1")
    assert relay.heard("river") == []


async def test_a_question_needs_no_mark(relay: Chat) -> None:
    await relay.say("Zed", "river", "!ask Oak When do you need to know?")
    await approved(relay, "river", "S1", "Ana", "Hal")
    assert await relay.say("Zed", "river", "!summary correct S1 | urgent") == [
        "Questions and answers come at once anyway, so S1 needs no mark: !summary correct S1 When do you need to know?"
    ]


async def test_an_urgent_word_without_anything_urgent_is_answered_with_an_example(relay: Chat) -> None:
    assert await relay.say("Zed", "river", "!summary | urgent") == [
        "What is urgent? For example: !summary The hall is closed today. | urgent"
    ]


async def test_a_pod_without_an_assembly_keeps_its_setting_and_gets_nothing(relay: Chat) -> None:
    await enter(relay, "oak", None)
    await send(relay, 1, "Sunday.")
    await relay.wait(days=2)
    assert relay.heard("oak") == []


async def test_the_markdown_of_a_letter_in_a_digest_is_that_of_the_letter_alone(relay: Chat) -> None:
    await setting(relay, "hazel", "digest", "off")
    words = "1. *One* [two](https://example.org) `three`\n# Four\n> five | six_seven_"
    await send(relay, 1, words)
    alone = relay.last("hazel").message
    await relay.until(SIX)
    digest = relay.last("oak").message
    assert isinstance(alone, Say)
    assert isinstance(digest, Say)
    assert digest.markdown == f"{DIGEST}\n\n{alone.markdown}".replace(DIGEST, digest.markdown.split("\n")[0])
    assert plain(alone.markdown) in plain(digest.markdown)


# -- with files ------------------------------------------------------------------------------------


async def with_file(chat: Chat, number: int) -> None:
    await chat.say("Zed", "river", "!summary The agenda.", **replying(attached(by="Zed")))
    await chat.file_comes("river")
    await approved(chat, "river", f"S{number}", "Ana", "Pia")


async def test_a_file_follows_the_digest_that_its_letter_is_in(relay: Chat) -> None:
    await with_file(relay, 1)
    await send(relay, 2, "Bring soup.")
    assert relay.heard("oak") == []
    await relay.until(SIX)
    file = "\n\nThe file follows: agenda.pdf, 118 kB."
    digest = f"{DIGEST}\n\n{letter(1, 'The agenda.')}{file}\n\n{letter(2, 'Bring soup.')}"
    assert relay.heard("oak") == [digest, "(agenda.pdf)"]
    await correct(relay, 2, "Bring bread.")
    assert len(relay.heard("oak")) == 1
    await retract(relay, 2)
    # said anew, it stands further down, and its file follows it there
    assert [text for text in relay.heard("oak") if text == "(agenda.pdf)"] == ["(agenda.pdf)"]


async def test_a_file_is_deleted_with_its_letter_in_a_digest(relay: Chat) -> None:
    await with_file(relay, 1)
    await send(relay, 2, "Bring soup.")
    await relay.until(SIX)
    sent = {item.event_id for item in relay.sent if item.room == "oak"}
    await retract(relay, 1)
    rows = {row["txn_id"]: row["event_id"] for row in await relay.rows("SELECT txn_id, event_id FROM outbox")}
    deleted = {
        rows[item.message.sent]
        for item in relay.sent
        if item.room == "oak" and isinstance(item.message, Redact)
    }
    assert deleted == sent
    assert await in_oak(relay) == [
        f"{DIGEST}\n\nS1 from the assembly River was retracted.\n\n{letter(2, 'Bring soup.')}"
    ]


async def test_a_file_that_is_retracted_before_the_digest_never_goes(relay: Chat) -> None:
    await with_file(relay, 1)
    await retract(relay, 1)
    await relay.wait(days=2)
    assert relay.heard("oak") == []
