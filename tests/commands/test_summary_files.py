"""Files that go along with summaries, as typed by people: shown before they are approved, and what is shown is what goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.files import Media, Remark, Unfit
from bot.ports import Say, SendFile, ShareFile
from tests.commands.chat import BOT, Chat, Sent
from tests.commands.relay import approved, attached, quoted, replying, river, sent_to_pods, setting, shown

FETCHING = (
    "S1 version 1: I fetch the file agenda.pdf first. Then I show here what others will get, and from then on an ok counts. "
    "!summary cancel S1 drops it."
)
UNSEEN = "I do not look into this kind of file: if it says who made it, when or where, that goes along."


def files(chat: Chat, room: str) -> list[ShareFile]:
    return [sent.message for sent in chat.sent if sent.room == room and isinstance(sent.message, ShareFile)]


def texts(sent: list[Sent], room: str) -> list[str]:
    return [item.text for item in sent if item.room == room]


async def drafted(chat: Chat, line: str = "!summary The agenda.") -> None:
    """Let Cy draft S1 with a file in Willow, and the file come."""
    await chat.say("Cy", "willow", line, **replying(attached()))
    await chat.file_comes("willow")


# -- there and back --------------------------------------------------------------------------------


async def test_a_file_goes_along_when_both_spokes_have_approved_what_was_shown(chat: Chat) -> None:
    await river(chat)
    assert await chat.say("Cy", "willow", "!summary The agenda.", **replying(attached())) == [FETCHING]
    before = await chat.everything()
    assert await chat.say("Ana", "willow", "ok S1") == [
        "The file of S1 is still being fetched. When it is here I show it with the words; then type ok S1."
    ]
    assert await chat.everything() == before
    assert await chat.file_comes("willow") == [
        "Draft S1. This is how it will be read:\n"
        "\n"
        "From Willow, S1 version 1, Mon 23 Nov 2026 10:00 UTC:\n"
        "\n"
        "> The agenda.\n"
        "\n"
        "The file follows: agenda.pdf, 118 kB.\n"
        "\n"
        "It goes to River, and only there.\n"
        f"{UNSEEN}\n"
        "It goes when Ana and Ben have typed ok S1.\n"
        "To change it, edit your message. !summary cancel S1 drops it. "
        "Without two oks it lapses Thu 26 Nov 2026 10:00 UTC, in 3 days.",
        "(agenda.pdf)",
    ]
    assert await chat.say("Ana", "willow", "ok S1") == [
        "Counted: Ana says ok to S1, 1 of 2.\nNext: Ben types ok S1."
    ]
    assert files(chat, "river") == []
    assert await chat.say("Ben", "willow", "ok S1") == [
        "S1 is approved by Ana and Ben and goes to River now. !summary status S1 shows how far it is."
    ]
    assert files(chat, "river") == files(chat, "willow")
    assert chat.last("river").about == "S1"
    assert chat.heard("river") == [
        "From Willow, S1 version 1, Mon 23 Nov 2026 10:00 UTC:\n"
        "\n"
        "> The agenda.\n"
        "\n"
        "The file follows: agenda.pdf, 118 kB.",
        "(agenda.pdf)",
    ]


async def test_a_file_from_the_assembly_goes_to_every_pod_as_one_and_the_same(chat: Chat) -> None:
    await river(chat)
    await chat.say("Zed", "river", "!summary Minutes.", **replying(attached(by="Zed")))
    await chat.file_comes("river")
    await approved(chat, "river", "S1", "Ana", "Pia")
    [here] = files(chat, "river")
    assert [files(chat, room) for room in ("willow", "oak", "hazel")] == [[here]] * 3


@pytest.mark.parametrize(
    ("line", "caption", "words"),
    [
        ("!summary Typed.", "Under it.", "> Typed."),
        ("!summary", "Under it.", "> Under it."),
        ("!summary", None, "> agenda.pdf"),
    ],
)
async def test_its_words_are_those_typed_or_its_caption_or_its_name(
    chat: Chat, line: str, caption: str | None, words: str
) -> None:
    await river(chat)
    await chat.say("Cy", "willow", line, **replying(attached(caption=caption)))
    draft, _file = await chat.file_comes("willow")
    assert quoted(draft) == [words]


async def test_a_file_whose_caption_is_the_command_goes_along_too(chat: Chat) -> None:
    await river(chat)
    event = chat._event("Cy", "willow")
    file = attached(event["event_id"], caption="!summary The agenda.")
    assert await chat.say("Cy", "willow", "!summary The agenda.", event=event, file=file) == [FETCHING]
    draft, _file = await chat.file_comes("willow")
    assert quoted(draft) == ["> The agenda."]
    event = chat._event("Cy", "willow")
    await chat.say("Cy", "willow", "!summary", event=event, file=attached(event["event_id"]))
    draft, _file = await chat.file_comes("willow")
    assert quoted(draft) == ["> agenda.pdf"]


async def test_what_a_picture_said_of_itself_is_told_where_it_was_taken_out(chat: Chat) -> None:
    await river(chat)
    picture = attached(name="IMG_1.jpg", media=Media.IMAGE, mimetype="image/jpeg")
    for remark, line in (
        (Remark.CLEANED, "What the picture said of where, when and with what it was taken is left out."),
        (Remark.CLEAN, None),
    ):
        await chat.say("Cy", "willow", "!summary The banner.", **replying(picture))
        draft, _file = await chat.file_comes("willow", remark)
        assert UNSEEN not in draft
        assert line is None or line in draft
    assert {file.media for file in files(chat, "willow")} == {"m.image"}


async def test_a_question_and_its_answer_take_files_along_in_their_threads(chat: Chat) -> None:
    await river(chat)
    await chat.say("Zed", "river", "!ask Willow Is this right?", **replying(attached(by="Zed")))
    await chat.file_comes("river")
    await approved(chat, "river", "S1", "Ana", "Pia")
    letter = [sent for sent in chat.sent if sent.room == "willow" and isinstance(sent.message, Say)][-1]
    assert [file.thread for file in files(chat, "willow")] == [None]
    answer = replying(attached("$own", "Ana", "right.pdf"))
    await chat.say("Ana", "willow", "answer S1 Here.", **answer)
    await chat.file_comes("willow")
    await approved(chat, "willow", "S2", "Ana", "Ben")
    assert [file.name for file in files(chat, "river")] == ["agenda.pdf", "right.pdf"]
    # once as it was shown, once as it is said here, both in the question's thread
    assert [file.thread for file in files(chat, "willow")[1:]] == [letter.event_id] * 2


async def test_a_reply_to_the_file_of_a_question_answers_it_without_sending_that_back(chat: Chat) -> None:
    await river(chat)
    await chat.say("Zed", "river", "!ask Willow Is this right?", **replying(attached(by="Zed")))
    await chat.file_comes("river")
    await approved(chat, "river", "S1", "Ana", "Pia")
    own = replace(attached(chat.last("willow").event_id), by=BOT)
    [draft] = await chat.say("Ana", "willow", "answer It is.", **replying(own))
    assert quoted(draft) == ["> It is."]
    assert "The file follows" not in draft


# -- what keeps a file back is said before anybody approves ----------------------------------------


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (
            Unfit.TOO_LARGE,
            "agenda.pdf is too large: a file may have 20 MB at most. Send a smaller one here, and reply to it: !summary The agenda.",
        ),
        (
            Unfit.MISSING,
            "The server does not have agenda.pdf any more. Send it here once more, and reply to it: !summary The agenda.",
        ),
        (
            Unfit.CHANGED,
            "agenda.pdf is not what its sender sent: its checksum is another. Send it here once more, and reply to it: !summary The agenda.",
        ),
        (
            Unfit.UNREADABLE,
            "agenda.pdf came without a key that opens it. Send it here once more, and reply to it: !summary The agenda.",
        ),
        (
            Unfit.REFUSED,
            "The server does not let me copy agenda.pdf. Send it here once more, and reply to it: !summary The agenda.",
        ),
    ],
)
async def test_a_file_that_cannot_go_along_ends_the_draft(chat: Chat, why: Unfit, said: str) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary The agenda.", **replying(attached()))
    assert await chat.file_comes("willow", why=why) == [
        f"S1 is dropped, because its file cannot go along. {said}"
    ]
    assert await chat.say("Ana", "willow", "ok S1") == ["S1 was cancelled. !summary TEXT drafts another."]
    assert await chat.rows("SELECT 1 FROM summary_files UNION SELECT 1 FROM summary_fetches") == []


async def test_a_question_or_an_answer_whose_file_cannot_go_along_is_asked_for_as_it_was_typed(
    chat: Chat,
) -> None:
    await river(chat)
    await chat.say("Zed", "river", "!ask Willow Is this right?", **replying(attached(by="Zed")))
    [told] = await chat.file_comes("river", why=Unfit.MISSING)
    assert told.endswith("Send it here once more, and reply to it: !ask Willow Is this right?")
    await chat.say("Zed", "river", "!ask Willow Is it?")
    await approved(chat, "river", "S2", "Ana", "Pia")
    await chat.say("Ana", "willow", "answer S2 It is.", **replying(attached("$own", "Ana")))
    [told] = await chat.file_comes("willow", why=Unfit.MISSING)
    assert told.endswith("Send it here once more, and reply to it: answer S2 It is.")


async def test_a_file_that_is_not_encrypted_is_not_taken(chat: Chat) -> None:
    await river(chat)
    before = await chat.everything()
    plain = attached(encrypted=False, content=None)
    for line in ("!summary", "!summary The agenda."):
        assert await chat.say("Cy", "willow", line, **replying(plain)) == [
            "agenda.pdf is not encrypted, so the server can read it, and I do not carry it. "
            "Send it again with an app that encrypts files, and reply to it: !summary"
        ]
    assert await chat.everything() == before


async def test_a_reply_that_cannot_be_read_says_that_its_file_does_not_go_along(chat: Chat) -> None:
    await river(chat)
    [draft] = await chat.say("Cy", "willow", "!summary The agenda.", reply_to="$old")
    assert draft.startswith(
        "Draft S1. This is how it will be read: (I could not read the message you replied to. If there is a file in it, it "
        "does not go along.)\n"
    )
    [draft] = await chat.say("Cy", "willow", "!summary The agenda.", reply_to="$old", thread="$old")
    assert draft.startswith("Draft S2. This is how it will be read:\n")


async def test_a_file_that_was_relayed_is_not_relayed_on(chat: Chat) -> None:
    await river(chat)
    await drafted(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    own = replace(attached(chat.last("river").event_id), by=BOT)
    before = await chat.everything()
    assert await chat.say("Zed", "river", "!summary", **replying(own)) == [
        "S1 was relayed to this room, and nothing relayed is relayed on. In your own words: !summary TEXT"
    ]
    assert await chat.say("Zed", "river", "!summary Look at this.", **replying(own)) == [
        "That file came from me, and nothing relayed is relayed on. Send your own file here, and reply to it: !summary "
        "For words alone, type them without a reply."
    ]
    assert await chat.everything() == before


@pytest.mark.parametrize(
    "line",
    [
        "!summary cancel",
        "!summary status",
        "!summary correct",
        "!summary correct S9",
        "!summary retract",
        "!summry The agenda.",
        "!ask",
        "!answer",
        "!summary " + "word " * 400,
        "summary The agenda.",
    ],
)
async def test_wrong_uses_with_a_file_change_nothing(chat: Chat, line: str) -> None:
    await river(chat)
    before = await chat.everything()
    for answer in await chat.say("Cy", "willow", line, **replying(attached())):
        assert len(answer) < 400
        assert "\n\n" not in answer
    assert await chat.everything() == before


# -- while it waits --------------------------------------------------------------------------------


async def test_a_draft_that_waits_for_its_file_says_so(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary The agenda.", **replying(attached()))
    [status] = await chat.say("Cy", "willow", "!summary status S1")
    assert "Its file is being fetched: agenda.pdf." in status
    async with chat.database.transaction("put off") as tx:
        await tx.run("UPDATE summary_fetches SET attempts = 2, reason = 'no answer from the server'")
    [status] = await chat.say("Cy", "willow", "!summary status S1")
    assert "Its file is not here yet: agenda.pdf. I try again, because: the server does not answer" in status
    [listed] = await chat.say("Cy", "willow", "!summary")
    assert "- S1 version 1: The agenda. (with agenda.pdf)" in listed


@pytest.mark.parametrize("how", ["cancel", "undo", "delete the command", "delete the file", "lapse"])
async def test_a_draft_that_ends_while_its_file_is_fetched_is_not_shown(chat: Chat, how: str) -> None:
    await river(chat)
    event = chat._event("Cy", "willow")
    await chat.say("Cy", "willow", "!summary The agenda.", event=event, **replying(attached()))
    match how:
        case "cancel":
            await chat.say("Cy", "willow", "!summary cancel S1")
        case "undo":
            await chat.say("Cy", "willow", "!undo")
        case "delete the command":
            await chat.delete("Cy", "willow", event["event_id"])
        case "delete the file":
            assert await chat.delete("Cy", "willow", "$file") == [
                "The message of S1 was deleted, so the draft is cancelled. Nothing was sent."
            ]
        case _:
            await chat.wait(hours=73)
    assert await chat.rows("SELECT 1 FROM summary_files UNION SELECT 1 FROM summary_fetches") == []


async def test_an_ok_counts_only_when_the_file_was_shown_too(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary The agenda.", **replying(attached()))
    await chat.file_comes("willow")
    async with chat.database.transaction("not yet") as tx:
        await tx.run("UPDATE outbox SET state = 'waiting' WHERE txn_id = 'S1.v1.preview.file'")
    chat.refused = {"willow"}
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert await chat.rows("SELECT 1 FROM summary_oks") == []
    assert files(chat, "river") == []


async def test_a_file_that_is_deleted_is_not_shown_by_us_either(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary The agenda.", **replying(attached()))
    await chat.file_comes("willow")
    assert (await shown(chat))["willow"][-1] == "(agenda.pdf)"
    await chat.delete("Cy", "willow", "$file")
    assert "(agenda.pdf)" not in (await shown(chat))["willow"]
    chat.refused = {"willow"}
    await chat.say("Cy", "willow", "!summary The agenda.", **replying(attached("$other")))
    await chat.file_comes("willow")
    await chat.delete("Cy", "willow", "$other")
    chat.refused = set()
    await chat.flush()
    assert "(agenda.pdf)" not in (await shown(chat))["willow"]


async def test_new_words_while_the_file_is_fetched_are_shown_with_it(chat: Chat) -> None:
    await river(chat)
    event = chat._event("Cy", "willow")
    await chat.say("Cy", "willow", "!summary The agenda.", event=event, **replying(attached()))
    assert await chat.say("Cy", "willow", "!summary Our agenda.", replaces=event["event_id"]) == [
        "S1 has changed. It is shown when its file is here: agenda.pdf."
    ]
    draft, _file = await chat.file_comes("willow")
    assert draft.startswith("The text of S1 has changed, so no ok counts yet. This is version 2:\n")
    assert quoted(draft) == ["> Our agenda."]
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert len(files(chat, "river")) == 1


async def test_new_words_of_a_draft_void_the_oks_and_keep_the_file(chat: Chat) -> None:
    await river(chat)
    event = chat._event("Cy", "willow")
    await chat.say("Cy", "willow", "!summary The agenda.", event=event, **replying(attached()))
    await chat.file_comes("willow")
    await chat.say("Ana", "willow", "ok S1")
    draft, file = await chat.say("Cy", "willow", "!summary Our agenda.", replaces=event["event_id"])
    assert draft.startswith("The text of S1 has changed, so no ok counts yet. This is version 2:\n")
    assert file == "(agenda.pdf)"
    await chat.say("Ben", "willow", "ok S1")
    assert files(chat, "river") == []
    await chat.say("Ana", "willow", "ok S1")
    assert files(chat, "river") == files(chat, "willow")[:1]


async def test_an_edited_caption_is_fetched_anew_with_its_file(chat: Chat) -> None:
    await river(chat)
    await drafted(chat, "!summary")
    await chat.say("Ana", "willow", "ok S1")
    after = attached(caption="Our agenda.", name="new.pdf")
    assert await chat.say("Cy", "willow", "Our agenda.", replaces="$file", file=after) == [
        "S1 version 2: I fetch the file new.pdf first. Then I show here what others will get, and from then on an ok counts. "
        "!summary cancel S1 drops it."
    ]
    draft, file = await chat.file_comes("willow")
    assert (quoted(draft), file) == (["> Our agenda."], "(new.pdf)")
    await approved(chat, "willow", "S1", "Ben")
    assert files(chat, "river") == []
    await approved(chat, "willow", "S1", "Ana")
    assert [found.name for found in files(chat, "river")] == ["new.pdf"]


async def test_another_file_in_the_edited_message_is_another_version(chat: Chat) -> None:
    await river(chat)
    await drafted(chat)
    before = await chat.everything()
    assert await chat.say("Di", "willow", "", replaces="$file", file=attached(by="Di", name="x.pdf")) == []
    assert await chat.everything() == before
    await chat.say("Cy", "willow", "", replaces="$file", file=attached(name="new.pdf"))
    draft, file = await chat.file_comes("willow")
    assert (quoted(draft), file) == (["> The agenda."], "(new.pdf)")
    assert await chat.say("Cy", "willow", "Never mind.", replaces="$file") == [
        "The message with the file of S1 has no file any more. S1 keeps what was shown, and no ok counts yet. "
        "!summary cancel S1 drops it."
    ]


# -- after it has gone -----------------------------------------------------------------------------


async def test_a_correction_of_the_words_keeps_the_file_where_it_is(chat: Chat) -> None:
    await river(chat)
    await drafted(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    draft, file = await chat.say("Cy", "willow", "!summary correct S1 Our agenda.")
    assert draft.startswith("Correction of S1. This is how it will be read, in place of what is there:\n")
    assert file == "(agenda.pdf)"
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert (await shown(chat))["river"] == [
        "From Willow, S1 version 2, Mon 23 Nov 2026 10:00 UTC:\n\n> Our agenda.\n\nThe file follows: agenda.pdf, 118 kB.",
        "(agenda.pdf)",
    ]
    assert len(files(chat, "river")) == 1


async def test_a_correction_with_another_file_puts_that_in_its_place(chat: Chat) -> None:
    await river(chat)
    await drafted(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    new = replying(attached("$new", name="new.pdf"))
    assert await chat.say("Cy", "willow", "!summary correct S1", **new) == [
        "S1 version 2: I fetch the file new.pdf first. Then I show here what others will get, and from then on an ok counts. "
        "!summary cancel S1 drops it."
    ]
    draft, file = await chat.file_comes("willow", size=2_000)
    assert draft.startswith("Correction of S1. This is how it will be read, in place of what is there:\n")
    assert file == "(new.pdf)"
    # the message with the file that others have is of no account to the change
    assert await chat.delete("Cy", "willow", "$file") == []
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert (await shown(chat))["river"] == [
        "From Willow, S1 version 2, Mon 23 Nov 2026 10:00 UTC:\n\n> The agenda.\n\nThe file follows: new.pdf, 2 kB.",
        "(new.pdf)",
    ]
    assert [row["name"] for row in await chat.rows("SELECT name FROM summary_files")] == ["new.pdf"]


async def test_a_correction_whose_file_cannot_go_along_leaves_what_was_sent(chat: Chat) -> None:
    await river(chat)
    await drafted(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.say("Cy", "willow", "!summary correct S1 New.", **replying(attached("$new", name="new.pdf")))
    assert await chat.file_comes("willow", why=Unfit.MISSING) == [
        "The change of S1 is dropped, because its file cannot go along. The server does not have new.pdf any more. "
        "What was sent stays. Send it here once more, and reply to it: !summary correct S1 New."
    ]
    assert [row["name"] for row in await chat.rows("SELECT name FROM summary_files")] == ["agenda.pdf"]


async def test_a_correction_before_a_room_was_reached_brings_one_letter_and_one_file(chat: Chat) -> None:
    await river(chat)
    chat.refused.add("oak")
    await sent_to_pods(chat)
    await chat.say("Zed", "river", "!summary correct S1 With a file.", **replying(attached("$a", "Zed")))
    await chat.file_comes("river")
    await approved(chat, "river", "S1", "Ana", "Pia")
    await chat.say("Zed", "river", "!summary correct S1 Better.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    chat.refused.clear()
    await chat.flush()
    assert len(files(chat, "oak")) == len(files(chat, "willow")) == 1
    assert (await shown(chat))["oak"][1:] == ["(agenda.pdf)"]
    assert quoted((await shown(chat))["oak"][0]) == quoted((await shown(chat))["willow"][0]) == ["> Better."]


async def test_a_retraction_deletes_the_file_too_and_forgets_its_key(chat: Chat) -> None:
    await river(chat)
    await drafted(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    [lead, *_] = await chat.say("Cy", "willow", "!summary retract S1")
    assert lead.startswith(
        "Retraction of S1. Its text and its file are deleted where they went, and the file as I showed it here; what has "
        "not gone yet stays here. The server may keep the encrypted file, but I forget its key. In its place:\n"
    )
    await approved(chat, "willow", "S1", "Ana", "Ben")
    apps = await shown(chat)
    assert apps["river"] == ["S1 from Willow was retracted."]
    assert "(agenda.pdf)" not in apps["willow"]
    assert "key" not in (await chat.everything()).split("summary_versions")[0].split("summary_files")[-1]
    assert await chat.rows("SELECT 1 FROM summary_files") == []
    payloads = await chat.rows("SELECT payload FROM outbox WHERE kind = 'ShareFile'")
    assert {row["payload"] for row in payloads} == {""}


async def test_status_and_why_tell_of_the_file(chat: Chat) -> None:
    await river(chat)
    await drafted(chat)
    [status] = await chat.say("Cy", "willow", "!summary status S1")
    assert "With the file agenda.pdf, 118 kB." in status
    chat.refused.add("river")
    await approved(chat, "willow", "S1", "Ana", "Ben")
    async with chat.database.transaction("half way") as tx:
        await tx.run(
            "UPDATE outbox SET state = 'sent', event_id = '$x', payload = '' WHERE txn_id = 'S1.v1.!river:test'"
        )
        await tx.run(
            "UPDATE outbox SET reason = 'no answer', attempts = 1 WHERE txn_id LIKE 'S1.v1.%river%file'"
        )
    assert await chat.say("Cy", "willow", "!summary status S1") == [
        "S1 version 1 from Willow, approved Mon 23 Nov 2026 10:00 UTC, now: delivered to 0 of 1 room; seen by 0 of 1.\n"
        "- River has the words; the file waits since Mon 23 Nov 2026 10:00 UTC because: the server does not answer"
    ]
    async with chat.database.transaction("given up") as tx:
        await tx.run(
            "UPDATE outbox SET state = 'failed', reason = 'M_TOO_LARGE' WHERE txn_id LIKE 'S1.v1.%river%file'"
        )
    [status] = await chat.say("Cy", "willow", "!summary status S1")
    assert "delivered to 0 of 1 room" in status
    assert status.endswith(
        "- River has the words, but the file could not be sent: it is too large for the server"
    )
    [why] = await chat.say("Cy", "willow", "!why S1")
    assert "With the file agenda.pdf, 118 kB." in why


async def test_a_member_objects_to_a_file_like_to_words(chat: Chat) -> None:
    await river(chat)
    await setting(chat, "willow", "objections", "12h")
    await drafted(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.say("Di", "willow", "object S1 That is the old one.")
    await chat.wait(hours=13)
    assert files(chat, "river") == []
    await approved(chat, "willow", "S1", "Ana", "Ben")
    assert len(files(chat, "river")) == 1


async def test_the_records_of_a_pod_name_the_files_it_sent(chat: Chat) -> None:
    await river(chat)
    await drafted(chat)
    await approved(chat, "willow", "S1", "Ana", "Ben")
    await chat.say("Ana", "willow", "!pod leave")
    await chat.say("Ben", "willow", "ok J1")
    [records] = [sent.message for sent in chat.sent if isinstance(sent.message, SendFile)]
    assert "to River, with the file agenda\\.pdf:" in records.markdown


async def test_a_pod_that_leaves_gets_no_file_that_still_waits(chat: Chat) -> None:
    await river(chat)
    chat.refused.add("oak")
    await chat.say("Zed", "river", "!summary Minutes.", **replying(attached(by="Zed")))
    await chat.file_comes("river")
    await approved(chat, "river", "S1", "Ana", "Pia")
    await chat.say("Oli", "oak", "!pod leave")
    await chat.say("Pia", "oak", "ok J1")
    states = await chat.rows(
        "SELECT state FROM outbox JOIN summary_file_copies c USING (txn_id) WHERE c.room_id LIKE '!oak%'"
    )
    assert [row["state"] for row in states] == ["cancelled"]
