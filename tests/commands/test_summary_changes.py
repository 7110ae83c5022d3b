"""Corrections and retractions of what others have, as typed by people."""

from bot.ports import Edit, Redact, Say
from tests.commands.chat import Chat, user
from tests.commands.relay import PAIRS, approved, quoted, river, sent_to_pods, shown

AT = "Mon 23 Nov 2026 10:00 UTC"


def letter(words: str, version: int = 1) -> str:
    return f"From the assembly River, S1 version {version}, {AT}:\n\n> {words}"


async def test_a_correction_is_approved_like_the_summary_and_edits_every_copy_in_place(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    assert await chat.say("Zed", "river", "!summary correct S1 Saturday, @room.") == [
        "Correction of S1. This is how it will be read, in place of what is there: "
        "(Mentions and links to people or rooms are left out.)\n"
        "\n"
        f"From the assembly River, S1 version 2, {AT}:\n"
        "\n"
        "> Saturday, [mention of the whole room left out].\n"
        "\n"
        "It goes to Hazel, Oak and Willow, and only there.\n"
        "It goes when spokes of two different pods have typed ok S1.\n"
        "To change it, edit your message. !summary cancel S1 drops it. "
        "Without two oks it lapses Thu 26 Nov 2026 10:00 UTC, in 3 days."
    ]
    await chat.say("Ana", "river", "ok S1")
    for room in PAIRS:
        assert (await shown(chat))[room] == [letter("Sunday.")]
    assert await chat.say("Hal", "river", "ok S1") == [
        "S1 is approved by Ana for Willow and Hal for Hazel and goes to Hazel, Oak and Willow now. "
        "!summary status S1 shows how far it is."
    ]
    for room in PAIRS:
        edit = chat.last(room).message
        assert isinstance(edit, Edit)
        assert (edit.sent, edit.aloud) == (f"S1.v1.!{room}:test", True)
        assert (await shown(chat))[room] == [letter("Saturday, [mention of the whole room left out].", 2)]
    assert await chat.say("Pia", "oak", "!summary status S1") == [
        f"S1 version 2 from the assembly River, approved {AT}, now: delivered to 3 of 3 rooms; seen by 0 of 3."
    ]


async def test_what_arrives_is_letter_by_letter_what_was_shown(chat: Chat) -> None:
    await river(chat)
    for room, people in (("river", ("Ana", "Pia")), ("willow", ("Ana", "Ben"))):
        [first] = await chat.say(people[0], room, "!summary We *can* host, #den:test\n1. at 6 `pm`")
        name = first.split(".")[0].removeprefix("Draft ")
        await chat.wait(hours=5)
        await approved(chat, room, name, *people)
        target = "oak" if room == "river" else "river"
        assert chat.last(target).text in first
        [second] = await chat.say(people[0], room, f"!summary correct {name} We cannot.")
        await chat.wait(hours=5)
        await approved(chat, room, name, *people)
        [text] = [text for text in (await shown(chat))[target] if "We cannot" in text and "of S" not in text]
        assert text in second


async def test_a_change_of_the_time_zone_is_shown_before_it_goes(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await chat.say("Ana", "willow", "ok S1")
    await chat.say("Cy", "willow", "!pod set timezone Europe/Berlin")
    await chat.say("Di", "willow", "ok J1")
    assert "This is version 2" in (await chat.say("Ben", "willow", "ok S1"))[0]
    assert chat.heard("river") == []


async def test_only_those_who_sent_it_correct_or_retract_it_and_only_once_it_is_out(chat: Chat) -> None:
    await river(chat)
    await chat.say("Zed", "river", "!summary Sunday.")
    before = await chat.everything()
    assert await chat.say("Zed", "river", "!summary correct S1 Saturday.") == [
        "S1 has not gone yet. To change it, edit the message it is taken from; !summary cancel S1 drops it."
    ]
    assert await chat.everything() == before
    await approved(chat, "river", "S1", "Ana", "Pia")
    before = await chat.everything()
    for typed in ("!summary correct S1 Saturday.", "!summary retract S1"):
        assert await chat.say("Pia", "oak", typed) == [
            "S1 came here from the assembly River; only they decide on it."
        ]
    assert await chat.say("Zed", "river", "!summary correct S1 Sunday.") == ["S1 says that already."]
    assert await chat.say("Zed", "river", "!summary correct S1") == [
        "What shall S1 say? For example: !summary correct S1 We can host on Saturday."
    ]
    assert await chat.everything() == before


async def test_one_change_waits_at_a_time_and_what_was_sent_stays_when_it_is_dropped(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    assert await chat.say("Ana", "river", "!summary retract S1") == [
        "S1 version 2 waits already. Approve it, ok S1, or drop it: !summary cancel S1"
    ]
    assert await chat.say("Zed", "river", "!summary status S1") == [
        "S1 version 2 is a correction for Hazel, Oak and Willow, with 0 of 2 oks. "
        "It lapses Thu 26 Nov 2026 10:00 UTC, in 3 days.\n"
        "It goes when spokes of two different pods have typed ok S1.\n"
        "\n"
        "> Saturday.\n"
        "\n"
        f"S1 version 1 from the assembly River, approved {AT}, now: delivered to 3 of 3 rooms; seen by 0 of 3."
    ]
    assert await chat.say("Pia", "oak", "!summary status S1") == [
        f"S1 version 1 from the assembly River, approved {AT}, now: delivered to 3 of 3 rooms; seen by 0 of 3."
    ]
    assert await chat.say("Zed", "river", "!summary cancel S1") == [
        "The change of S1 is cancelled. What was sent stays: version 1."
    ]
    await chat.say("Zed", "river", "!summary correct S1 Friday.")
    await chat.wait(hours=72)
    assert chat.heard("river")[-1] == (
        "The change of S1 was not approved in 72 hours and has lapsed. What was sent stays: version 1."
    )
    await chat.say("Zed", "river", "!summary correct S1 Monday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    assert quoted((await shown(chat))["oak"][0]) == ["> Monday."]
    assert "S1 version 4" in (await shown(chat))["oak"][0]
    versions = await chat.rows("SELECT version, text FROM summary_versions")
    assert [row["text"] for row in versions] == [None, None, None, "Monday."]


async def test_an_edit_of_the_correction_voids_its_oks_and_deleting_it_drops_it(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    source = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    await chat.say("Ana", "river", "ok S1")
    [told] = await chat.say("Zed", "river", "!summary correct S1 Friday.", replaces=source)
    assert told.startswith("The text of S1 has changed, so no ok counts yet. This is version 3:")
    assert quoted(told) == ["> Friday."]
    await chat.say("Pia", "river", "ok S1")
    assert quoted((await shown(chat))["oak"][0]) == ["> Sunday."]
    assert await chat.delete("Zed", "river", source) == [
        "The message with the change of S1 was deleted, so the change is cancelled. What was sent stays."
    ]
    assert await chat.say("Ana", "river", "ok S1") == [
        "S1 is approved already and goes out as it is. !summary status S1 shows how far it is."
    ]
    assert quoted((await shown(chat))["oak"][0]) == ["> Sunday."]


async def test_what_has_not_left_is_replaced_by_its_correction_and_not_followed_by_it(chat: Chat) -> None:
    await river(chat)
    chat.refused = {"oak"}
    await sent_to_pods(chat)
    await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    chat.refused = set()
    await chat.flush()
    assert [(type(item.message), item.text) for item in chat.sent if item.room == "oak"] == [
        (Say, letter("Saturday.", 2))
    ]
    assert (await shown(chat))["hazel"] == [letter("Saturday.", 2)]


async def test_a_second_correction_edits_the_message_itself_and_takes_the_first_back_where_it_waits(
    chat: Chat,
) -> None:
    await river(chat)
    await sent_to_pods(chat)
    chat.refused = {"oak"}
    for words in ("Saturday.", "Friday."):
        await chat.say("Zed", "river", f"!summary correct S1 {words}")
        await approved(chat, "river", "S1", "Ana", "Pia")
    chat.refused = set()
    await chat.flush()
    edits = {room: [item.message for item in chat.sent if item.room == room][1:] for room in PAIRS}
    assert [len(edits[room]) for room in PAIRS] == [2, 1, 2]
    for room, found in edits.items():
        assert {edit.sent for edit in found} == {f"S1.v1.!{room}:test"}
        assert (await shown(chat))[room] == [letter("Friday.", 3)]


async def test_a_copy_that_may_have_left_is_edited_once_it_is_known(chat: Chat) -> None:
    await river(chat)
    chat.refused = {"oak"}
    await sent_to_pods(chat)
    async with chat.database.transaction("tried") as tx:
        await tx.run("UPDATE outbox SET tried_at = 1, tried_by = 'BOT' WHERE room_id = '!oak:test'")
    await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    chat.refused = set()
    await chat.flush()
    assert [type(item.message) for item in chat.sent if item.room == "oak"] == [Say, Edit]
    assert (await shown(chat))["oak"] == [letter("Saturday.", 2)]


async def test_a_retraction_deletes_every_copy_with_its_edits_and_leaves_one_line(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    assert await chat.say("Zed", "river", "!summary retract S1") == [
        "Retraction of S1. Its text is deleted where it went; what has not gone yet stays here. In its place:\n"
        "\n"
        "S1 from the assembly River was retracted.\n"
        "\n"
        "It is deleted in Hazel, Oak and Willow, and only there.\n"
        "It is deleted when spokes of two different pods have typed ok S1.\n"
        "!summary cancel S1 drops it. Without two oks it lapses Thu 26 Nov 2026 10:00 UTC, in 3 days."
    ]
    await chat.say("Ana", "river", "ok S1")
    assert quoted((await shown(chat))["oak"][0]) == ["> Saturday."]
    assert await chat.say("Pia", "river", "ok S1") == [
        "S1 is approved by Ana for Willow and Pia for Oak and is deleted in Hazel, Oak and Willow now. "
        "!summary status S1 shows how far it is."
    ]
    for room in PAIRS:
        assert (await shown(chat))[room] == ["S1 from the assembly River was retracted."]
        assert [
            item.message.sent for item in chat.sent if item.room == room and isinstance(item.message, Redact)
        ] == [
            f"S1.v1.!{room}:test",
            f"S1.v2.!{room}:test",
        ]
        assert (chat.last(room).message.mentions, chat.last(room).message.aloud) == ((), False)
    assert await chat.say("Zed", "river", "!summary status S1") == [
        f"S1 from the assembly River was retracted {AT}, now: deleted in 3 of 3 rooms that had it."
    ]
    assert await chat.say("Zed", "river", "!summary correct S1 Monday.") == [
        "S1 is not out, so there is nothing to change."
    ]
    assert {row["text"] for row in await chat.rows("SELECT text FROM summary_versions")} == {None}


async def test_a_retraction_after_a_partial_delivery_cancels_the_rest(chat: Chat) -> None:
    await river(chat)
    chat.refused = {"oak"}
    await sent_to_pods(chat)
    await chat.say("Zed", "river", "!summary retract S1")
    await approved(chat, "river", "S1", "Ana", "Pia")
    chat.refused = set()
    await chat.flush()
    assert [item for item in chat.sent if item.room == "oak"] == []
    assert await chat.say("Zed", "river", "!summary status S1") == [
        f"S1 from the assembly River was retracted {AT}, now: deleted in 2 of 2 rooms that had it."
    ]


async def test_in_an_upgraded_room_the_corrected_text_is_said_anew(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    await chat.upgraded("oak", "oak2")
    await chat.room("oak2", "Oli", "Pia", "Quin", "Ray")
    await chat.upgraded("oak", "oak2")
    await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    assert (await shown(chat))["oak2"][-1] == letter("Saturday.", 2)
    assert not [item for item in chat.sent if item.room.startswith("oak") and isinstance(item.message, Edit)]


async def test_a_pod_that_joined_later_has_no_copy_and_gets_no_correction(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    await chat.room("elm", "Eve", "Fay")
    await chat.say("Eve", "elm", "!pod create Elm")
    async with chat.database.transaction("enter") as tx:
        await tx.run("UPDATE pods SET assembly_room_id = '!river:test' WHERE room_id = '!elm:test'")
    chat.heard("elm")
    [draft] = await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    assert "It goes to Hazel, Oak and Willow, and only there." in draft
    await approved(chat, "river", "S1", "Ana", "Pia")
    assert chat.heard("elm") == []
    assert (await shown(chat))["oak"] == [letter("Saturday.", 2)]


async def test_undo_takes_a_correction_back_and_why_tells_of_what_is_out(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    assert await chat.say("Ana", "river", "!next") == [
        "Ana, this needs you:\n- The summary S1 waits for your ok: ok S1"
    ]
    [why] = await chat.say("Zed", "river", "!why S1")
    assert why.startswith(f"S1 version 1 was approved by Ana for Willow and Pia for Oak, at {AT}.")
    assert await chat.say("Zed", "river", "!undo") == [
        "The change of S1 is cancelled. What was sent stays: version 1."
    ]


GONE = "What you did for S1 has gone out since, so there is nothing to undo. !summary status S1 shows how it stands."


async def test_undo_takes_nobody_elses_change_back(chat: Chat) -> None:
    await river(chat)
    await chat.say("Ben", "river", "!summary Sunday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    await chat.say("Hal", "river", "ok S1")
    assert await chat.say("Ben", "river", "!undo") == [GONE]
    assert await chat.say("Ana", "river", "!undo") == [GONE]
    await chat.say("Pia", "river", "ok S1")
    assert (await shown(chat))["oak"] == [letter("Saturday.", 2)]
    assert await chat.say("Ben", "river", "!undo") == [GONE]


async def test_an_ok_that_could_be_read_only_later_is_none_for_a_version_shown_meanwhile(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    came = chat.clock.now()
    await chat.wait(minutes=5)
    await chat.say("Zed", "river", "!summary correct S1 Saturday.")
    await chat.say("Ana", "river", "ok S1")
    await chat.wait(minutes=5)
    assert await chat.say("Pia", "river", "ok S1", shown_at=came) == [
        "I could read that ok only now, and S1 version 2 was shown after you typed it, so it does not count."
        " Read that first, then type ok S1."
    ]
    later = chat.clock.now()
    await chat.wait(minutes=5)
    await chat.say("Pia", "river", "ok S1", shown_at=later)
    assert quoted((await shown(chat))["oak"][0]) == ["> Saturday."]


async def test_a_correction_by_reply_needs_no_id_and_a_text_may_begin_with_the_verb(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    about = chat.last("river").event_id
    [told] = await chat.say("Zed", "river", "!summary correct Saturday\nat six", reply_to=about)
    assert quoted(told) == ["> Saturday", "> at six"]
    [told] = await chat.say("Zed", "river", "!summary Correct the list, please")
    assert told.startswith("Draft S2.")
    [told] = await chat.say("Zed", "river", "!summary retract nothing, they said")
    assert quoted(told) == ["> retract nothing, they said"]


async def test_a_pods_letter_to_the_assembly_is_corrected_by_its_pair(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.say("Cy", "willow", "!summary correct S1 We cannot host.")
    assert await chat.say("Cy", "willow", "ok S1") == [
        "S1 needs the ok of a spoke of Willow. !spokes shows who they are."
    ]
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert quoted((await shown(chat))["river"][0]) == ["> We cannot host."]
    assert chat.last("river").about == "S1"
    assert user("Ana") not in (await shown(chat))["river"][0]
