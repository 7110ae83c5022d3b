"""Questions between an assembly and its pods, and their answers, as typed by people."""

from bot.ports import Say
from tests.commands.built_once import built_once
from tests.commands.chat import Chat
from tests.commands.relay import approved, quoted, river, sent_to_pods, shown

AT = "Mon 23 Nov 2026 10:00 UTC"


@built_once
async def asked(chat: Chat) -> str:
    """Let River ask Oak, S1; returns the event id of the question in Oak."""
    await chat.say("Zed", "river", "!ask Oak When do you need to know?")
    await approved(chat, "river", "S1", "Ana", "Hal")
    return chat.last("oak").event_id


async def test_a_question_goes_to_the_pod_it_names_once_two_pods_approved_it(chat: Chat) -> None:
    await river(chat)
    assert await chat.say("Zed", "river", "!ask oak: When do you need to know?") == [
        "Draft S1. This is how it will be read:\n"
        "\n"
        f"Question from the assembly River, S1 version 1, {AT}:\n"
        "\n"
        "> When do you need to know?\n"
        "\n"
        "To answer, reply with answer TEXT.\n"
        "\n"
        "It goes to Oak, and only there.\n"
        "It goes when spokes of two different pods have typed ok S1.\n"
        "To change it, edit your message. !summary cancel S1 drops it. "
        "Without two oks it lapses Thu 26 Nov 2026 10:00 UTC, in 3 days."
    ]
    await chat.say("Ana", "river", "ok S1")
    assert chat.heard("oak") == []
    await chat.say("Hal", "river", "ok S1")
    assert await shown(chat) | {"river": []} == {
        "river": [],
        "oak": [
            f"Question from the assembly River, S1 version 1, {AT}:\n\n> When do you need to know?\n\n"
            "To answer, reply with answer TEXT."
        ],
    }


async def test_the_answer_is_approved_and_said_in_the_thread_of_the_question_on_both_sides(
    chat: Chat,
) -> None:
    await river(chat)
    question = await asked(chat)
    asked_in = (await chat.rows("SELECT event_id FROM summary_threads"))[0]["event_id"]
    assert await chat.say("Quin", "oak", "answer By Friday.", reply_to=question) == [
        "Draft S2. This is how it will be read:\n"
        "\n"
        f"Answer from Oak to S1, S2 version 1, {AT}:\n"
        "\n"
        "> By Friday.\n"
        "\n"
        "It goes to River and Oak, and only there.\n"
        "It goes when Oli and Pia have typed ok S2.\n"
        "To change it, edit your message. !summary cancel S2 drops it. "
        "Without two oks it lapses Thu 26 Nov 2026 10:00 UTC, in 3 days."
    ]
    assert chat.last("oak").message.thread == question
    before = len(chat.sent)
    await approved(chat, "oak", "S2", "Oli", "Pia")
    letters = [
        (item.room, item.message.thread)
        for item in chat.sent[before:]
        if item.text == f"Answer from Oak to S1, S2 version 1, {AT}:\n\n> By Friday."
    ]
    assert sorted(letters) == [("oak", question), ("river", asked_in)]
    assert chat.heard("hazel") == chat.heard("willow") == []


async def test_in_the_thread_of_the_question_an_answer_needs_no_reply(chat: Chat) -> None:
    await river(chat)
    question = await asked(chat)
    [draft] = await chat.say("Quin", "oak", "answer By Friday.", thread=question, reply_to="$talk")
    assert quoted(draft) == ["> By Friday."]
    [draft] = await chat.say("Quin", "oak", "answer s1 By Saturday.")
    assert quoted(draft) == ["> By Saturday."]
    assert await chat.say("Quin", "oak", "answer me, somebody") == []
    assert await chat.say("Quin", "oak", "!answer By Sunday.") == [
        "Answer what? Reply to the question, or name it: answer S4 By Friday."
    ]


async def test_a_reply_to_what_came_asks_whoever_sent_it(chat: Chat) -> None:
    await river(chat)
    await sent_to_pods(chat)
    letter = chat.last("oak").event_id
    [draft] = await chat.say("Quin", "oak", "ask Which Sunday?", reply_to=letter)
    assert "It goes to River, and only there.\nIt goes when Oli and Pia have typed ok S2." in draft
    await approved(chat, "oak", "S2", "Oli", "Pia")
    question = chat.last("river")
    assert question.text.startswith("Question from Oak, S2 version 1, ")
    assert await chat.say("Zed", "river", "!next") == [
        "Zed, this needs you:\n- Oak asks in S2: answer S2 TEXT"
    ]
    [draft] = await chat.say("Zed", "river", "answer The 29th.", reply_to=question.event_id)
    assert "It goes to Oak and River, and only there." in draft
    assert await chat.say("Zed", "river", "!next") == ["Nothing here needs you now, Zed."]
    await approved(chat, "river", "S3", "Ana", "Hal")
    said = chat.last("oak").message
    assert isinstance(said, Say)
    asked_in = (await chat.rows("SELECT event_id FROM summary_threads WHERE summary_id = 'S2'"))[0][
        "event_id"
    ]
    assert said.thread == asked_in
    [draft] = await chat.say("Pia", "river", "ask And where?", reply_to=question.event_id)
    assert "It goes to Oak, and only there." in draft


async def test_what_is_no_question_is_left_alone_or_told_how(chat: Chat) -> None:
    await river(chat)
    before = await chat.everything()
    assert await chat.say("Zed", "river", "!ask Elm When?") == [
        "Ask which pod? There are: Hazel, Oak, Willow. For example: !ask Hazel Elm When?"
    ]
    assert await chat.say("Zed", "river", "!ask Oak") == [
        "What is the question? For example: !ask Oak When is it?"
    ]
    assert await chat.say("Quin", "oak", "!ask When?") == [
        "Ask whom? In a pod, reply to what came from the assembly: ask When do you need to know?"
    ]
    assert await chat.say("Zed", "river", "ask Oak when they can") == []
    assert await chat.say("Quin", "oak", "!answer S7 Yes.") == [
        "There is no summary S7 in this room. !summary lists the drafts."
    ]
    assert await chat.everything() == before
    question = await asked(chat)
    assert await chat.say("Zed", "river", "!answer S1 Never.") == [
        "S1 is no question to River. !next shows what needs you."
    ]
    assert await chat.say("Quin", "oak", "!answer", reply_to=question) == [
        "What is the answer? For example: answer S1 By Friday."
    ]
    assert await chat.say("Quin", "oak", "!summary", reply_to=question, replied_body="When") == [
        "S1 was relayed to this room, and nothing relayed is relayed on. In your own words: !summary TEXT"
    ]


async def test_who_asks_about_an_id_is_told_to_reply(chat: Chat) -> None:
    await river(chat)
    await chat.say("Cy", "willow", "!summary We can host.")
    await approved(chat, "willow", "S1", "Ana", "Ben")
    for typed in ("ask S1 When?", "!ask s1: When?", "Ask S1, When?"):
        assert await chat.say("Ana", "river", typed) == ["To ask about S1, reply to it with ask When?"]


async def test_edits_of_questions_and_answers_are_read_as_they_were_typed(chat: Chat) -> None:
    await river(chat)
    await chat.say("Zed", "river", "!ask Oak When?")
    source = (await chat.rows("SELECT source_event_id FROM summaries"))[0]["source_event_id"]
    await chat.say("Ana", "river", "ok S1")
    [told] = await chat.say("Zed", "river", "!ask oak Where?", replaces=source)
    assert quoted(told) == ["> Where?"]
    await chat.say("Hal", "river", "ok S1")
    assert chat.heard("oak") == []
    [told] = await chat.say("Zed", "river", "Where?", replaces=source)
    assert told.startswith("That message is no !ask POD QUESTION any more.")
    await approved(chat, "river", "S1", "Ana", "Hal")
    question = chat.last("oak").event_id
    await chat.say("Quin", "oak", "answer Here.", reply_to=question)
    source = (await chat.rows("SELECT source_event_id FROM summaries WHERE id = 'S2'"))[0]["source_event_id"]
    [told] = await chat.say("Quin", "oak", "answer There.", replaces=source)
    assert quoted(told) == ["> There."]
    [told] = await chat.say("Quin", "oak", "Answer: S1, Everywhere.", replaces=source)
    assert quoted(told) == ["> Everywhere."]
    [told] = await chat.say("Quin", "oak", "answer s 1 Nowhere.", replaces=source)
    assert quoted(told) == ["> Nowhere."]
    assert chat.last("oak").message.thread == question


async def test_an_answer_is_corrected_and_retracted_like_a_summary(chat: Chat) -> None:
    await river(chat)
    question = await asked(chat)
    await chat.say("Quin", "oak", "answer By Friday.", reply_to=question)
    await approved(chat, "oak", "S2", "Oli", "Pia")
    await chat.say("Quin", "oak", "!summary correct S2 By Saturday.")
    await approved(chat, "oak", "S2", "Oli", "Pia")
    for room in ("river", "oak"):
        assert [text for text in (await shown(chat))[room] if text.startswith("Answer from")] == [
            f"Answer from Oak to S1, S2 version 2, {AT}:\n\n> By Saturday."
        ]
    await chat.say("Zed", "river", "!summary retract S1")
    await approved(chat, "river", "S1", "Ana", "Hal")
    assert await chat.say("Quin", "oak", "answer S1 Now.") == ["S1 was retracted, so it needs no answer."]


async def test_after_an_upgrade_the_answer_is_no_thread_of_a_room_that_was_left(chat: Chat) -> None:
    await river(chat)
    await asked(chat)
    await chat.upgraded("river", "river2")
    await chat.room("river2", "Ana", "Ben", "Oli", "Pia", "Hal", "Ida", "Zed")
    await chat.upgraded("river", "river2")
    await chat.say("Quin", "oak", "answer S1 By Friday.")
    await approved(chat, "oak", "S2", "Oli", "Pia")
    [said] = [item.message for item in chat.sent if item.room == "river2" and "By Friday" in item.text]
    assert said.thread is None


async def test_a_question_to_a_pod_that_left_goes_nowhere(chat: Chat) -> None:
    await river(chat)
    await chat.say("Zed", "river", "!ask Oak When?")
    await chat.say("Quin", "oak", "!pod leave")
    await chat.say("Ray", "oak", "ok J1")
    chat.heard("oak")
    assert await chat.say("Ana", "river", "ok S1") == [
        "It would go to a room that is not in the federation of River any more."
    ]
    assert chat.heard("oak") == []
