"""The handover brief, and who is in the assembly's room until it is read."""

from datetime import UTC, datetime

from bot.ports import RemoveUser, Say
from tests.commands.built_once import built_once
from tests.commands.chat import Chat, user
from tests.commands.river import people, river, says
from tests.commands.test_spokes import asked, doings, drawn, seats, unchanged

HANDOVER = datetime(2026, 12, 7, 18, 0, tzinfo=UTC)


@built_once
async def handed_over(chat: Chat) -> str:
    """Di's turn is over, Ben speaks, and somebody new takes notes, whose name is returned."""
    await drawn(chat)
    for name in ("Di", "Ben"):
        await chat.joins(name, "river")
    await chat.say("Ana", "willow", "!poll Where? | Park | Library | closes=9 Dec 12:00")
    await chat.say("Di", "willow", "!summary We can host on Friday.")
    await chat.say("Di", "willow", "ok S1")
    await chat.say("Ben", "willow", "ok S1")
    await chat.say("Di", "willow", "!handover add Oak asked for the *hall*\nKey: at Ana's")
    await chat.until(HANDOVER)
    [new] = await asked(chat)
    chat.sent.clear()
    await chat.say(new, "willow", "accept")
    await chat.joins(new, "river")
    return new


async def test_a_new_spoke_gets_a_brief_made_of_what_the_pod_has_seen(chat: Chat) -> None:
    new = await handed_over(chat)
    _thanks, brief = chat.heard("willow")
    assert brief == (
        "What a new spoke of Willow has to know:\n\n"
        "From Di:\n\n"
        "> Oak asked for the *hall*\n> Key: at Ana's\n\n"
        "Open here:\n- poll P1: Where?, until Wed 9 Dec 2026 12:00 UTC, in 2 days\n\n"
        "The last summaries:\n- S1, from Willow: We can host on Friday.\n\n"
        "Dates:\n- the next handover: Mon 21 Dec 2026 18:00 UTC, in 14 days\n\n"
        f"{new}, when you have read it, type !handover ok. What is unclear, ask those who had the seat before you."
    )
    assert await chat.say(new, "willow", "!next") == [
        f"{new}, this needs you:\n- A brief waits for you: !handover shows it, !handover ok says it is read.\n"
        "- P1: Where? – for example !vote P1 2"
    ]


async def test_who_leaves_stays_in_the_assembly_until_the_brief_is_read(chat: Chat) -> None:
    new = await handed_over(chat)
    await chat.wait(hours=5)
    assert doings(chat, RemoveUser) == []
    assert await chat.say(new, "willow", "!handover ok") == [
        f"Thank you, {new}: the handover is done. Di need not stay in the assembly's room any longer."
    ]
    assert doings(chat, RemoveUser) == [user("Di")]
    await chat.wait(days=8)
    assert len(doings(chat, RemoveUser)) == 1
    await unchanged(chat, new, "!handover ok", "No brief waits for you. !handover shows it anyway.")


async def test_unread_for_a_day_both_are_reminded_and_for_three_the_pod(chat: Chat) -> None:
    new = await handed_over(chat)
    chat.sent.clear()
    for person in ("Ana", "Ben", "Cy", "Di"):
        await chat.say(person, "willow", "!quiet")
    chat.sent.clear()
    await chat.wait(hours=23)
    assert chat.heard("willow") == []
    await chat.wait(hours=1)
    [first] = [sent.message for sent in chat.sent if sent.room == "willow"]
    assert isinstance(first, Say)
    assert first.mentions == (user(new), user("Di"))
    assert chat.heard("willow") == [
        f"{new} and Di: the handover is not finished yet. !handover shows the brief, !handover add TEXT adds to it, "
        f"and {new} types !handover ok."
    ]
    await chat.wait(hours=48)
    [second] = [sent.message for sent in chat.sent if "This pod" in sent.text or "of this pod" in sent.text]
    assert isinstance(second, Say)
    assert (second.mentions, second.aloud) == ((), True)
    chat.sent.clear()
    await chat.wait(days=3)
    assert [text for text in chat.heard("willow") if "handover" in text] == []
    # by now the days of grace are over
    assert doings(chat, RemoveUser) == []
    await chat.wait(days=1)
    assert doings(chat, RemoveUser) == [user("Di")]


async def test_reminders_keep_the_quiet_hours_and_end_with_the_turn(chat: Chat) -> None:
    new = await handed_over(chat)
    await chat.leaves(new, "willow")
    chat.sent.clear()
    await chat.wait(days=3)
    assert [text for text in chat.heard("willow") if "not finished" in text] == []


async def test_lines_go_to_who_reads_and_are_erased_after_two_handovers(chat: Chat) -> None:
    new = await handed_over(chat)
    assert await chat.say("Di", "willow", "!handover add Ask Eve about the van") == [
        f"Added to the brief. {new}, Di has written the line above for you."
    ]
    assert chat.last("willow").message.mentions == (user(new),)
    assert "> Ask Eve about the van" in (await chat.say("Ana", "willow", "!handover"))[0]
    await chat.wait(days=14)
    assert len(await chat.rows("SELECT * FROM brief_lines")) == 1
    await chat.wait(days=14)
    assert await chat.rows("SELECT * FROM brief_lines") == []


async def test_a_line_is_taken_back_by_undo_and_only_spokes_write(chat: Chat) -> None:
    await drawn(chat)
    await chat.say("Di", "willow", "!handover add Ask Eve")
    assert await chat.say("Di", "willow", "!undo") == ["The line is erased."]
    assert await chat.rows("SELECT * FROM brief_lines") == []
    await unchanged(
        chat, "Ana", "!handover add x",
        "The lines of a handover are for its spokes, those of now and the last one. !spokes shows who is.",
    )  # fmt: skip
    await unchanged(
        chat,
        "Di",
        "!handover add",
        "Line is missing. For example: !handover add Oak wants an answer about the hall",
    )
    await unchanged(
        chat, "Di", f"!handover add {'x' * 501}",
        "That line is 501 characters long; 500 are the most. For example: !handover add Oak wants an answer about the hall",
    )  # fmt: skip
    await unchanged(
        chat, "Dora", "!handover ok", room="river",
        answer="!handover ok works in a pod's room. This is an assembly room. See !help.",
    )  # fmt: skip


async def test_a_first_pair_has_nothing_to_read(chat: Chat) -> None:
    await drawn(chat)
    assert await chat.rows("SELECT * FROM briefs") == []


async def test_a_long_brief_goes_as_a_file(chat: Chat) -> None:
    await drawn(chat)
    for _ in range(4):
        await chat.say("Di", "willow", "!handover add " + "long " * 80)
    await chat.until(HANDOVER)
    chat.sent.clear()
    await chat.say((await asked(chat))[0], "willow", "accept")
    assert "SendFile" in chat.heard("willow")
    assert len(await seats(chat)) == 2


async def test_without_power_it_asks_for_the_removal_once_the_brief_is_read(chat: Chat) -> None:
    await drawn(chat, power=-1)
    await chat.joins("Di", "river")
    await chat.until(HANDOVER)
    [new] = await asked(chat)
    await chat.say(new, "willow", "accept")
    chat.sent.clear()
    await chat.say(new, "willow", "!handover ok")
    assert chat.heard("river") == [
        "Di (@di:test) is no longer a spoke of Willow. I lack the power to remove people here: "
        "please remove @di:test by hand."
    ]


async def test_the_brief_names_proposals_mandates_and_unanswered_questions(chat: Chat) -> None:
    alder, birch = await river(chat, 2)
    ana, ben, _ = people(alder)
    await chat.say(ana, alder, "!propose We buy a tent.")
    await chat.say(
        people(birch)[0], "river", "!propose We share the van. | class=binding | closes=in 20 days"
    )
    await chat.say(people(birch)[0], "river", "!ask Alder When can you host?")
    [question] = await chat.rows("SELECT id FROM summaries WHERE kind = 'question'")
    for person in (ben, people(birch)[0]):
        await chat.say(person, "river", f"ok {question['id']}")
    [brief] = await chat.say(ana, alder, "!handover")
    assert f"- question {question['id']} from the assembly River: When can you host?" in brief
    assert "- proposal P1, until" in brief
    assert "- proposal P2 of the assembly, our mandate not decided yet (P3): We share the van." in brief
    await says(chat, alder, "agree")
    [brief] = await chat.say(ana, alder, "!handover")
    [mirror] = await chat.rows(
        f"SELECT state FROM proposals WHERE room_id = '!{alder}:test' AND parent IS NOT NULL"
    )
    assert mirror["state"] == "open"
    await chat.wait(days=18, hours=12)
    [brief] = await chat.say(ana, alder, "!handover")
    assert "our mandate agree (P3): We share the van." in brief
