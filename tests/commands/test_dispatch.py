"""How a message finds its command, and what happens when it does not."""

import logging
import re
from dataclasses import replace

import pytest

from bot.commanding import Context, Reply, command
from bot.commanding.registry import Registry
from bot.ports import RefuseUnencrypted, Said, Unencrypted
from bot.text import Text, _
from tests.commands.chat import BOT, Chat, user


async def willow(chat: Chat) -> None:
    """The pod Willow with Ana, Ben and Cy."""
    await chat.room("willow", "Ana", "Ben", "Cy")
    await chat.say("Ana", "willow", "!pod create Willow")
    chat.heard("willow")


async def test_a_command_starts_with_the_prefix_or_the_bots_name(chat: Chat) -> None:
    await willow(chat)
    for words, mentions in (
        ("!pod roster", ()),
        ("! pod roster", ()),
        ("!POD Roster", ()),
        ("Spokesbot: pod roster", (BOT,)),
        ("@spokesbot pod roster", (BOT,)),
        ("spokesbot, !pod roster", (BOT,)),
        (f"{BOT} pod roster", ()),
        ("Spokesbot: pod roster", ()),
        ("@spokesbot pod roster", ()),
        ("spokesbot, !pod roster", ()),
    ):
        [answer] = await chat.say("Ana", "willow", words, mentions=mentions)
        assert answer.startswith("Willow: 3 members"), words


async def test_being_spoken_of_is_not_being_spoken_to(chat: Chat) -> None:
    await willow(chat)
    assert await chat.say("Ana", "willow", "I think spokesbot is down", mentions=(BOT,)) == []
    for talk in (
        "Spokesbot is down",
        "Spokesbot is broken again, sigh",
        "Spokesbot undo would be nice, no?",
        "Ben: pod roster",
        "@ben pod roster",
        "so, spokesbot is down",
    ):
        assert await chat.say("Ana", "willow", talk) == []


async def test_in_a_direct_chat_no_prefix_is_needed(chat: Chat) -> None:
    await chat.room("direct", "Ana")
    assert "Most used here" in (await chat.say("Ana", "direct", "help"))[0]
    assert "I do not know" in (await chat.say("Ana", "direct", "hlep"))[0]


async def test_an_event_is_handled_once(chat: Chat) -> None:
    await willow(chat)
    event = Said(
        event_id="$same",
        room_id="!willow:test",
        sender=user("Ana"),
        sent_at=chat.clock.now(),
        body="!assembly",
    )
    assert len(await chat.give(event)) == 1
    assert await chat.give(event) == []


async def test_a_command_of_another_kind_of_room_names_the_room(chat: Chat) -> None:
    await willow(chat)
    assert await chat.say("Ana", "willow", "!assembly invite") == [
        "!assembly invite works in an assembly room. This is a pod's room. See !help."
    ]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("!pod create", "Name is missing. For example: !pod create Willow"),
        ("!pod create Oak", "This room is the pod Willow already"),
        ("!pod set", "Key is missing. For example: !pod set timezone Europe/London"),
        ("!pod set timezone", "Value is missing. For example: !pod set timezone Europe/London"),
        (
            "!pod set timezone Atlantis",
            "Atlantis is not a value for timezone. For example: !pod set timezone Europe/London",
        ),
        ("!pod set colour red", "There is no setting colour."),
        ("!pod roster please", "I do not know what to do with “please”. For example: !pod roster"),
        ("!pod observer", "Who? For example: !pod observer @ana:test"),
        ("!pod observer Zed", "Nobody here is called Zed."),
        ("!pod join", "Code is missing. For example: !pod join K7F-2QX"),
        ("!pod join AAA-AAA", "The code AAA-AAA does not work."),
        ("!pod leave", "Willow is in no assembly."),
        ("!ok J99", "There is no J99 in this room."),
        ("ok J99", "There is no J99 in this room."),
        ("!ok", "Nothing here waits for your ok."),
        ("!why", "Why what? For example: !why P3"),
        ("!why X7", "There is nothing to explain about X7."),
        ("!help nothing", "There is no topic nothing."),
        ("!undo", "You have no step here that I could take back."),
        ("!hepl", "I do not know !hepl. Did you mean this? !help"),
        ("!pod craete Oak", "I do not know !pod craete. Did you mean this? !pod create Oak"),
        ("!pod jion K7F-2QX", "I do not know !pod jion. Did you mean this? !pod join K7F-2QX"),
        ("!pod foo", "I do not know !pod foo. There are: create, rename, join, leave, roster,"),
        ("!recall ja", "I do not know !recall ja. There are: yes, no, withdraw. !help recall shows them."),
        ("!spokes nxt", "I do not know !spokes nxt. Did you mean this? !spokes next"),
        ("!spokes opt out", "I do not know !spokes opt out. Did you mean this? !spokes optout"),
        ("!podroster", "I do not know !podroster. Did you mean this? !pod roster"),
        ("!summarystatus S1", "I do not know !summarystatus. Did you mean this? !summary status S1"),
        ("!Hello, you", "I do not know !Hello. !help lists what I can do."),
        ("!pod set timezone: Atlantis", "Atlantis is not a value for timezone."),
        ("!okJ99", "There is no J99 in this room."),
        ("!pol Where?\nPark\nHall", "I do not know !pol. Did you mean this? !poll Where? | Park | Hall"),
        ("!help " + "x" * 3000, "There is no topic xxx"),
        ("!x\ud800y", "I do not know !x"),
        ("!xyzzy", "I do not know !xyzzy. !help lists what I can do."),
    ],
)
async def test_bad_input_changes_nothing_and_gets_one_answer(chat: Chat, typed: str, answer: str) -> None:
    await willow(chat)
    before = await chat.everything()
    said = await chat.say("Ana", "willow", typed)
    assert len(said) == 1
    assert said[0].startswith(answer)
    assert await chat.everything() == before


@pytest.mark.parametrize(
    "typed",
    [
        "\uff01status",
        "\u200b!status",
        "\u2066!status\u2069",
        " \ufeff ! Status",
        "!STATUS.",
        "!status:",
    ],
)
async def test_what_keyboards_and_copying_put_around_a_command_does_not_matter(
    chat: Chat, typed: str
) -> None:
    await willow(chat)
    [answer] = await chat.say("Ana", "willow", typed)
    assert answer.startswith("This is the pod Willow")


@pytest.mark.parametrize(
    "typed",
    [
        "ok{id}",
        "OK{id}!",
        "Ok, {id}.",
        "ok: {id}",
        "!ok{id}",
        "\u200bok {id}",
        "ok #{id}",
        "ok “{id}”",
        "ok ({id})",
        "OK {letter} {number}",
        "ok {letter}0{number}.",
    ],
)
async def test_an_ok_with_an_id_counts_however_it_is_spaced(chat: Chat, typed: str) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!pod set term 3 weeks")
    name = (await chat.rows("SELECT id FROM requests WHERE state = 'open'"))[0]["id"]
    assert await chat.say(
        "Ben", "willow", typed.format(id=name, letter=name[0].lower(), number=name[1:])
    ) == ["Term is now 21d in this pod. What is open already keeps its old rule."]


async def test_a_bug_answers_with_a_reference_and_changes_nothing(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    await willow(chat)

    @command("crash", summary=_("Crash."), example=("!crash", ""))
    async def crash(ctx: Context) -> Reply:
        """Fail in the middle."""
        await ctx.tx.run("INSERT INTO meta VALUES ('half', 'done')")
        raise ValueError(ctx.said.body)

    for register in crash._spokesbot_declares:  # type: ignore[attr-defined]
        register(chat.dispatcher.registry)
    before = await chat.everything()
    with caplog.at_level(logging.DEBUG, "bot"):
        [answer] = await chat.say("Ana", "willow", "!crash")
    reference = answer.removeprefix("Something went wrong. Nothing was changed. Reference ").rstrip(".")
    assert reference in caplog.text
    assert "ValueError" in caplog.text
    assert "crash" not in caplog.text.replace("in crash", "")
    assert await chat.everything() == before


async def test_in_a_room_without_encryption_one_fixed_sentence_is_all(chat: Chat) -> None:
    await chat.room("plain", "Ana", "Ben", "Cy", encrypted=False)
    assert [sent.message for sent in chat.sent] == [RefuseUnencrypted()]
    chat.sent.clear()
    event = {"room_id": "!plain:test", "sender": user("Ana")}
    await chat.give(Unencrypted(event_id="$1", sent_at=chat.clock.now(), **event))
    assert chat.sent == []
    await chat.wait(hours=2)
    await chat.give(Unencrypted(event_id="$2", sent_at=chat.clock.now(), **event))
    assert [sent.message for sent in chat.sent] == [RefuseUnencrypted()]


async def test_a_plain_command_in_an_encrypted_room_does_nothing_but_is_said(chat: Chat) -> None:
    await willow(chat)
    event = Unencrypted(event_id="$1", room_id="!willow:test", sender=user("Ana"), sent_at=chat.clock.now())
    assert await chat.give(event) == [
        "A message came without encryption. I take commands only when they are encrypted."
    ]


async def test_settings_take_effect_with_a_second_members_ok(chat: Chat) -> None:
    await willow(chat)
    assert await chat.say("Ana", "willow", "!pod set time zone") != []
    chat.heard("willow")
    [asked] = await chat.say("Ana", "willow", "!pod set timezone europe/london")
    request = asked.split("(")[1].split(")")[0]
    assert asked == (
        f"Ana proposes timezone = Europe/London ({request}). It takes effect when another member types ok {request}."
    )
    assert await chat.say("Ana", "willow", "ok") == []
    assert await chat.say("Ana", "willow", f"ok {request}") == [
        f"You proposed {request}; it needs the ok of another member."
    ]
    assert await chat.say("Ben", "willow", "ok") == [
        "Timezone is now Europe/London in this pod. What is open already keeps its old rule."
    ]
    assert "Europe/London" in (await chat.say("Cy", "willow", "!status"))[0]


@pytest.mark.parametrize("typed", ["timezone Berlin", "timezone: Europe/Berlin", "Timezone = berlin"])
async def test_a_time_zone_may_be_called_by_its_city(chat: Chat, typed: str) -> None:
    await willow(chat)
    [asked] = await chat.say("Ana", "willow", f"!pod set {typed}")
    assert asked.startswith("Ana proposes timezone = Europe/Berlin (J")


async def test_a_mere_ok_is_an_answer_for_an_hour_and_talk_after_that(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!pod set term 3 weeks")
    question = chat.last("willow").event_id
    done = "Term is now 21d in this pod. What is open already keeps its old rule."
    await chat.wait(minutes=61)
    before = await chat.everything()
    assert await chat.say("Ben", "willow", "ok") == []
    assert await chat.everything() == before
    assert await chat.say("Ben", "willow", "ok", reply_to=question) == [done]
    await chat.say("Ana", "willow", "!pod set term 2 weeks")
    await chat.wait(minutes=59)
    assert await chat.say("Ben", "willow", "ok") == [done.replace("21d", "14d")]


async def test_a_mere_ok_of_before_the_question_answers_nothing(chat: Chat) -> None:
    await willow(chat)
    early = await chat.unreadable("Ben", "willow", "ok")
    seen_at = chat.clock.now()
    await chat.wait(minutes=30)
    await chat.say("Ana", "willow", "!pod set term 3 weeks")
    assert await chat.key_comes(early) == []
    # a clock that is ahead does not make it an answer
    ahead = await chat.unreadable("Ben", "willow", "ok")
    assert await chat.key_comes(replace(ahead, shown_at=seen_at)) == []
    assert await chat.rows("SELECT state FROM requests") == [{"state": "open"}]
    await chat.say("Ben", "willow", "ok")
    assert await chat.rows("SELECT state FROM requests") != [{"state": "open"}]


async def test_a_step_can_be_taken_back_for_ten_minutes(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!pod set term 3 weeks")
    await chat.wait(minutes=9)
    [answer] = await chat.say("Ana", "willow", "!undo")
    assert "is withdrawn. Nothing was changed." in answer
    await chat.say("Ana", "willow", "!pod set term 3 weeks")
    await chat.wait(minutes=11)
    [answer] = await chat.say("Ana", "willow", "!undo")
    assert "a step can be taken back for 10 minutes" in answer


async def test_several_readings_become_a_numbered_question(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!pod set term 3 weeks")
    await chat.say("Ana", "willow", "!pod set handover 19:00")
    [question] = await chat.say("Ben", "willow", "ok")
    first, one, two, *last = question.splitlines()
    assert first == "Ok to which one?"
    assert re.fullmatch(r"1\. J\d+, term = 21d", one)
    assert re.fullmatch(r"2\. J\d+, handover = 19:00", two)
    assert last[-1] == "Type the number."
    assert await chat.say("Cy", "willow", "2") == []
    assert await chat.say("Ben", "willow", "2") == [
        "Handover is now 19:00 in this pod. What is open already keeps its old rule."
    ]
    assert await chat.say("Ben", "willow", "1") == []


async def test_next_lists_what_needs_me(chat: Chat) -> None:
    await willow(chat)
    assert await chat.say("Ben", "willow", "!next") == ["Nothing here needs you now, Ben."]
    await chat.say("Ana", "willow", "!pod set term 3 weeks")
    [answer] = await chat.say("Ben", "willow", "!next")
    assert answer.startswith("Ben, this needs you:\n- J")
    assert await chat.say("Ana", "willow", "!next") == ["Nothing here needs you now, Ana."]


async def test_an_edited_message_is_not_a_command_again(chat: Chat) -> None:
    await willow(chat)
    assert await chat.say("Ana", "willow", "!pod roster", replaces="$e1") == []


async def test_observers_have_no_voice_but_may_look(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Cy", "willow", "!pod observer @cy:test")
    assert await chat.say("Cy", "willow", "!pod set term 3 weeks") == [
        "!pod set is for members; observers are present without a voice here."
    ]
    assert (await chat.say("Cy", "willow", "!pod roster"))[0].startswith("Willow: 2 members")


async def test_talk_of_observers_and_oks_to_other_people_are_not_answered(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Cy", "willow", "!pod observer @cy:test")
    assert await chat.say("Cy", "willow", "ok then") == []
    await chat.say("Ana", "willow", "!pod set term 3 weeks")
    assert await chat.say("Ben", "willow", "ok", reply_to="$somebody-elses") == []
    assert await chat.say("Ben", "willow", "ok") != []


async def test_a_numbered_question_is_answered_also_as_a_reply_to_the_bot(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", "!pod set term 3 weeks")
    await chat.say("Ana", "willow", "!pod set handover 19:00")
    await chat.say("Ben", "willow", "ok")
    question = chat.last("willow").event_id
    assert await chat.say("Ben", "willow", "2", reply_to=question, mentions=(BOT,)) == [
        "Handover is now 19:00 in this pod. What is open already keeps its old rule."
    ]


async def test_two_who_look_the_same_are_told_apart(chat: Chat) -> None:
    await willow(chat)
    async with chat.database.transaction("name") as tx:
        await tx.run("UPDATE members SET display_name = 'ana\u200b' WHERE user_id = '@cy:test'")
    [asked] = await chat.say("Cy", "willow", "!pod set term 3 weeks")
    assert "(@cy:test)" in asked


async def test_an_upgrade_keeps_voices_and_seats_while_people_move(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Cy", "willow", "!pod observer @cy:test")
    await chat.upgraded("willow", "willow2")
    await chat.room("willow2", "Ana")
    [roster] = await chat.say("Ana", "willow2", "!pod roster")
    assert roster == "Willow: 2 members\n- Ana\n- Ben\n\nObservers, without a voice:\n- Cy"
    await chat.joins("Ben", "willow2")
    await chat.wait(days=8)
    [roster] = await chat.say("Ana", "willow2", "!pod roster")
    assert roster == "Willow: 2 members\n- Ana\n- Ben"


async def test_help_is_short_and_names_the_first_steps(chat: Chat) -> None:
    await chat.room("new", "Ana", "Ben", "Cy")
    [answer] = await chat.say("Ana", "new", "!help")
    assert "!pod create" in answer
    assert len(answer) < 1500


def test_no_two_commands_share_a_name() -> None:
    assert Registry().topics == []
    assert str(Text("x")) == "x"


async def test_an_upgraded_room_is_followed_with_everything_that_is_its(chat: Chat) -> None:
    await willow(chat)
    chat.refused.add("willow")
    await chat.say("Ana", "willow", "!pod roster")
    await chat.upgraded("willow", "willow2")
    assert chat.heard("willow2") == ["JoinRoom"]
    await chat.room("willow2", "Ana", "Ben", "Cy")
    said = chat.heard("willow2")
    assert said[0].startswith("Willow: 3 members")
    assert "I am back in Willow." in said
    assert (await chat.say("Ben", "willow2", "!pod create X"))[0].startswith(
        "This room is the pod Willow already"
    )


async def test_an_invitation_from_a_stranger_is_declined(chat: Chat) -> None:
    await chat.invited("secret", "Mallory", allowed=False)
    assert chat.heard("secret") == ["LeaveRoom"]
    await chat.invited("willow", "Ana")
    assert chat.heard("willow") == ["JoinRoom"]


@pytest.mark.parametrize("typed", ["", " ", "spokesbot !", "spokesbot: !", "@spokesbot:test !"])
async def test_nothing_said_to_the_bot_alone_is_answered_with_nothing(chat: Chat, typed: str) -> None:
    await chat.room("direct", "Mallory")
    chat.heard("direct")
    assert not any("went wrong" in answer for answer in await chat.say("Mallory", "direct", typed))


async def test_help_with_a_prefix_alone_lists_the_topics(chat: Chat) -> None:
    await willow(chat)
    assert (await chat.say("Ana", "willow", "!help !"))[0].startswith("Most used here")


async def test_blanks_that_phones_put_in_part_words_like_any_other(chat: Chat) -> None:
    await willow(chat)
    [answer] = await chat.say("Ana", "willow", "!pod set timezone\u00a0\u2009|\u00a0Europe/London")
    assert "Europe/London" in answer
    [answer] = await chat.say("Ana", "willow", "!why |\u00a0J1")
    assert "J1" in answer
