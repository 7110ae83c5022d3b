"""Polls of an assembly: put to every pod, answered there, counted together, each person once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.ports import Said
from tests.commands.built_once import built_once
from tests.commands.chat import Chat, user
from tests.commands.river import people, river
from tests.commands.test_polls import tick

LINE = "!poll Where? | Park | Library | to=pods"
DEADLINE = "Wed 16 Dec 2026 10:00 UTC"


@built_once
async def asked(chat: Chat, count: int = 3, line: str = LINE) -> tuple[str, ...]:
    """River with some pods, all asked P1; returns the names of their rooms. Their polls are P2 and so on."""
    names = await river(chat, count)
    await chat.say(people(names[0])[0], "river", line)
    return names


async def vote(chat: Chat, pod: str, *answers: str) -> None:
    """Let people of a pod answer, one after another."""
    for person, answer in zip(people(pod), answers, strict=False):
        tick(chat)
        [said] = await chat.say(person, pod, f"!vote {answer}")
        assert "Counted in" in said


async def closed(chat: Chat) -> str:
    """Wait for the end; return what the assembly was told last."""
    await chat.wait(days=3)
    return chat.heard("river")[-1]


async def test_every_pod_is_asked_in_its_own_room_and_told_what_will_be_seen(chat: Chat) -> None:
    names = await asked(chat)
    assert chat.heard("river") == [
        "P1: Where?\n"
        "Every pod is asked in its own room: Alder, Birch and Cedar. Nobody answers here.\n"
        "At the end I show the counts of each pod and of all, each person once. Where only one or two of a pod answer,"
        " that shows what they said.\n"
        f"Closes {DEADLINE}, in 3 days.\n"
        "To close it earlier, spokes of two pods type !poll close P1.\n"
        "1. Park\n"
        "2. Library"
    ]
    for number, name in enumerate(names, 2):
        assert chat.heard(name) == [
            "StartPoll",
            f"P{number}: Where?\n"
            "River asks every pod (P1). Answer here. It will see how many here said what, never who; if only one or two"
            " of you answer, it can guess. Who is in two pods counts once, where they answer last.\n"
            "Tap your answer in the poll above, or type !vote 2, or reply to this message with 2 or an option's words."
            " Your last answer counts.\n"
            f"Closes {DEADLINE}, in 3 days.\n"
            "1. Park\n"
            "2. Library",
        ]


async def test_at_the_deadline_all_close_and_the_assembly_sees_counts_and_no_names(chat: Chat) -> None:
    names = await asked(chat)
    await vote(chat, "alder", "2", "1", "2")
    await vote(chat, "birch", "2")
    assert (await chat.say("cedar-ana", "river", "!poll P1"))[0].endswith(
        "1. Park\n2. Library\n- Alder: 3 of 3\n- Birch: 1 of 3\n- Cedar: 0 of 3"
    )
    chat.heard("river")
    assert await closed(chat) == (
        "P1 is closed: Where?\n"
        "Most votes: Library, with 3.\n"
        "4 of 9 members voted. !why P1 shows the sum.\n"
        "- Library: 3\n"
        "- Park: 1\n"
        "\n"
        "By pod:\n"
        "- Alder, 3 answers: Park 1, Library 2\n"
        "- Birch, 1 answer: Library 1\n"
        "- Cedar: no answers"
    )
    [_end, told] = chat.heard("birch")[-2:]
    assert told == (
        "P3 is closed: Where?\n"
        "All pods together (P1): Most votes: Library, with 3. 4 of 9 voted. In this pod alone:\n"
        "Most votes: Library, with 1.\n"
        "1 of 3 members voted. !why P3 shows the sum.\n"
        "Apps count only what was tapped; this sum has the 1 typed answer too.\n"
        "- Library: 1\n"
        "- Park: 0"
    )
    [why] = await chat.say("cedar-ana", "river", "!why P1")
    assert "Who is in two pods counts once, where they answered last." in why
    assert why.endswith("- Birch, 1 answer: Library 1\n- Cedar: no answers")
    said = [
        why,
        *(await chat.say("cedar-ana", "river", "!poll P1")),
        *(await chat.say("cedar-ana", "river", "!polls")),
    ]
    assert not [text for text in said if any(person in text for name in names for person in people(name))]


async def test_nothing_of_the_counts_is_seen_before_the_end(chat: Chat) -> None:
    await asked(chat)
    await vote(chat, "alder", "2")
    [why] = await chat.say("birch-ana", "river", "!why P1")
    assert why.endswith("The votes are shown at closing.")
    assert "Library: " not in (await chat.say("birch-ana", "river", "!poll P1"))[0]
    assert await chat.say("birch-ana", "river", "!polls") == [
        f"Open polls; !poll P1 shows one:\n- P1: Where? – 1 of 9 has voted. Closes {DEADLINE}, in 3 days."
    ]


async def test_who_is_in_two_pods_counts_once_where_they_answered_last(chat: Chat) -> None:
    await river(chat, 2)
    await chat.joins("alder-cy", "birch")
    await chat.say("alder-ana", "river", LINE)
    await vote(chat, "alder", "1", "1", "1")
    await vote(chat, "birch", "2")
    tick(chat)
    await chat.say("alder-cy", "birch", "!vote 2")
    told = await closed(chat)
    assert "4 of 6 members voted." in told
    assert told.endswith(
        "- Park: 2\n- Library: 2\n\nBy pod:\n- Alder, 2 answers: Park 2\n- Birch, 2 answers: Library 2"
    )
    assert "3 of 3 members voted." in chat.heard("alder")[-1]


async def test_nobody_answers_in_the_assembly(chat: Chat) -> None:
    await asked(chat)
    words = chat.last("river").event_id
    refused = ["P1 is asked in every pod. Answer it in your pod's room, not here."]
    before = await chat.everything()
    assert await chat.say("alder-ana", "river", "!vote 2") == refused
    assert await chat.say("alder-ana", "river", "!vote P1 2") == refused
    assert await chat.say("alder-ana", "river", "2", reply_to=words) == refused
    assert await chat.say("alder-ana", "river", "!vote") == [
        "No poll is open here. For example: !poll Where? | Park | Library"
    ]
    assert await chat.everything() == before
    assert await chat.say("alder-ana", "river", "!next") == ["Nothing here needs you now, alder-ana."]
    await chat.say("alder-ana", "river", "!poll Tea? | Yes | No")
    assert await chat.say("alder-ana", "river", "!vote 1") == [
        "alder-ana: Yes. Counted in P5. 1 of 6 has voted."
    ]


async def test_spokes_of_two_pods_close_it_early_and_nobody_else(chat: Chat) -> None:
    await asked(chat)
    asks = "wants to close P1 now. It closes when a spoke of another pod types !poll close P1."
    assert await chat.say("alder-ana", "river", "!poll close P1") == [f"alder-ana {asks}"]
    assert await chat.say("alder-ana", "river", "!poll close P1") == [
        "You have asked to close P1 already. It needs a spoke of another pod to type !poll close P1."
    ]
    assert await chat.say("alder-ben", "river", "!poll close P1") == [f"alder-ben {asks}"]
    await chat.joins("Guest", "river")
    assert await chat.say("Guest", "river", "!poll close P1") == [
        "P1 is asked in every pod, so only spokes of two pods can close it earlier."
    ]
    assert await chat.say("alder-ana", "alder", "!poll close P2") == [
        f"P2 is asked in every pod and closes with the others {DEADLINE}, in 3 days. Only spokes of two pods can close"
        " it earlier, in the assembly."
    ]
    assert (await chat.say("birch-ben", "river", "!poll close P1"))[-1].startswith(
        "birch-ben has closed P1: Where?"
    )
    for name in ("alder", "birch", "cedar"):
        assert "is closed: Where?" in chat.heard(name)[-1]
    await chat.wait(days=4)
    assert chat.heard("alder") == []


async def test_somebody_whose_identity_has_changed_neither_asks_all_pods_nor_closes(chat: Chat) -> None:
    await asked(chat)
    for master in ("first", "second"):
        await chat.identity("alder-ana", master)
    before = await chat.everything()
    for line in (LINE, "!poll close P1"):
        [told] = await chat.say("alder-ana", "river", line)
        assert told.startswith("alder-ana's identity has changed, so this does not count yet.")
    assert await chat.everything() == before


async def test_whoever_asked_can_take_it_back_until_somebody_answers(chat: Chat) -> None:
    await asked(chat)
    assert await chat.say("alder-ana", "river", "!undo") == ["P1 is cancelled: Where?"]
    assert chat.heard("birch")[-2:] == [
        "Redact",
        "P3 is cancelled, because whoever asked every pod took it back: Where?",
    ]
    assert await chat.say("birch-ana", "birch", "!vote P3 1") == [
        "P3 was cancelled. !polls lists what is open."
    ]
    await chat.say("alder-ana", "river", LINE)
    await vote(chat, "cedar", "2")
    assert await chat.say("alder-ana", "river", "!undo") == [
        "Others have answered P5 already. !poll close P5 ends it with its result."
    ]


async def test_a_pod_that_cannot_be_reached_is_asked_when_it_can(chat: Chat) -> None:
    await river(chat, 2)
    chat.refused = {"birch"}
    await chat.say("alder-ana", "river", LINE)
    assert chat.heard("birch") == []
    await chat.wait(days=1)
    chat.refused = set()
    await chat.flush()
    assert "River asks every pod (P1)." in chat.heard("birch")[-1]
    await vote(chat, "birch", "2")
    assert "- Birch, 1 answer: Library 1" in await closed(chat)


async def test_a_pod_that_was_never_reached_is_said_to_be_and_told_later(chat: Chat) -> None:
    await river(chat, 2)
    chat.refused = {"birch"}
    await chat.say("alder-ana", "river", LINE)
    assert (await closed(chat)).endswith(
        "By pod:\n- Alder: no answers\n- Birch: the question did not reach its room in time"
    )
    chat.refused = set()
    await chat.flush()
    [question, result] = chat.heard("birch")
    assert question.startswith("P3: Where?\n")
    assert result.startswith("P3 is closed: Where?\n")


async def test_a_pod_that_joins_later_is_asked_too_and_one_that_leaves_drops_out(chat: Chat) -> None:
    await asked(chat)
    await vote(chat, "cedar", "1", "1", "1")
    await vote(chat, "alder", "2")
    await chat.say("cedar-ana", "cedar", "!pod leave")
    [request] = await chat.rows("SELECT id FROM requests WHERE kind = 'leave'")
    await chat.say("cedar-ben", "cedar", f"ok {request['id']}")
    assert "P4 is cancelled, because this pod has left River: Where?" in chat.heard("cedar")
    assert "Cedar left; what it answered in P1 does not count." in chat.heard("river")
    assert await chat.rows("SELECT * FROM ballots WHERE poll_id = 'P4'") == []
    [code] = await chat.say("alder-ana", "river", "!assembly invite")
    await chat.say("cedar-ana", "cedar", "!pod join " + code.split("!pod join ")[1].split()[0].strip(".`"))
    [request] = await chat.rows("SELECT id FROM requests WHERE kind = 'enter'")
    await chat.say("alder-ana", "river", f"ok {request['id']}")
    chat.heard("cedar")
    await chat.say("birch-ana", "river", f"ok {request['id']}")
    assert "P5: Where?\nRiver asks every pod (P1)." in chat.heard("cedar")[-1]
    await vote(chat, "cedar", "2")
    assert (await closed(chat)).endswith(
        "- Library: 2\n- Park: 0\n\nBy pod:\n- Alder, 1 answer: Library 1\n- Birch: no answers\n- Cedar, 1 answer: Library 1"
    )


async def test_a_bot_that_was_down_closes_all_with_what_was_in_time(chat: Chat) -> None:
    await asked(chat)
    native = chat.last_poll("alder").event_id
    end = chat.clock.now() + timedelta(days=3)
    chat.clock.moment = end + timedelta(hours=2)
    await chat.tap("alder-ana", "alder", native, "1", at=end - timedelta(milliseconds=1))
    await chat.tap("alder-ben", "alder", native, "2", at=end)
    chat.heard("river")
    await chat.down_until(end + timedelta(hours=2))
    [told] = chat.heard("river")
    assert told.startswith(
        "P1 is closed: Where?\n"
        f"Its end was {DEADLINE}, 2 hours ago, when I was not running. Answers sent after that do not count.\n"
        "Most votes: Park, with 1."
    )
    assert "when I was not running" in chat.heard("alder")[-1]


async def test_what_is_read_late_in_a_pod_corrects_its_result_and_that_of_all(chat: Chat) -> None:
    await asked(chat)
    early = chat.clock.now() + timedelta(hours=1)
    await closed(chat)
    for name in ("alder", "birch", "cedar"):
        chat.heard(name)
    late = Said(
        event_id="$late", room_id="!alder:test", sender=user("alder-ana"), sent_at=early, body="!vote P2 1"
    )
    await chat.give(late)
    chat.heard("alder")
    await chat.wait(minutes=2)
    assert chat.heard("alder") == [
        "P2, corrected result: Where?\n"
        "Something sent before the end reached me only after it.\n"
        "Most votes: Park, with 1.\n"
        "1 of 3 members voted. !why P2 shows the sum.\n"
        "Apps count only what was tapped; this sum has the 1 typed answer too.\n"
        "- Park: 1\n"
        "- Library: 0",
        "P2: Where? – corrected result of all pods together (P1): Most votes: Park, with 1. 1 of 9 voted.",
    ]
    [told] = chat.heard("river")
    assert told.startswith(
        "P1, corrected result: Where?\n"
        "Something that was sent before the end has reached me, or could be read, only after it.\n"
        "Most votes: Park, with 1."
    )
    assert "- Alder, 1 answer: Park 1" in told
    assert chat.heard("birch") == [
        "P3: Where? – corrected result of all pods together (P1): Most votes: Park, with 1. 1 of 9 voted."
    ]
    await chat.wait(minutes=5)
    assert chat.heard("river") == []


async def test_what_could_not_be_read_in_a_pod_leaves_all_without_a_result_until_it_can(chat: Chat) -> None:
    await asked(chat)
    await vote(chat, "alder", "2")
    event = await chat.unreadable("birch-ana", "birch", "!vote P3 1")
    await chat.wait(minutes=1)
    told = await closed(chat)
    assert "No result yet.\nWhat 1 member sent last could not be read." in told
    assert "All pods together (P1): No result yet." in chat.heard("cedar")[-1]
    await chat.key_comes(event)
    await chat.wait(minutes=2)
    assert "A tie, without a winner: Park and Library, 1 vote each." in chat.heard("river")[-1]


async def test_individual_answers_are_erased_and_the_counts_of_pods_stay(chat: Chat) -> None:
    await asked(chat)
    await vote(chat, "alder", "2", "1")
    before = await closed(chat)
    await chat.wait(days=31)
    assert await chat.rows("SELECT * FROM ballots") == []
    assert await chat.rows("SELECT * FROM poll_voices") == []
    [shown] = await chat.say("birch-ana", "river", "!poll P1")
    assert shown.splitlines()[1:] == before.splitlines()[1:]


async def test_a_ranking_is_put_to_all_pods_and_counted_over_all_people(chat: Chat) -> None:
    await asked(chat, 2, "!poll Where? | Park | Library | Hall | type=rank | to=pods")
    await vote(chat, "alder", "1>2", "1>2", "3>2")
    await vote(chat, "birch", "2>3", "2>3")
    told = await closed(chat)
    assert "Instant run-off: Library wins. It also beats every other one, one against one." in told
    assert told.endswith(
        "By pod, how many put each first:\n- Alder, 3 answers: Park 2, Hall 1\n- Birch, 2 answers: Library 2"
    )


@pytest.mark.parametrize(
    ("who", "where", "line", "answer"),
    [
        (
            "alder-ana",
            "alder",
            LINE,
            "Only an assembly asks every pod; in this room leave to= out. For example: !poll Where? | Park | Library",
        ),
        ("Guest", "river", LINE, "Every pod is asked by a spoke. !assembly shows who they are."),
        (
            "alder-ana",
            "river",
            "!poll Where? | Park | Library | to=Oak",
            "A poll goes to this room, or with to=pods to every pod. For example: !poll Where? | Park | Library | to=pods",
        ),
        (
            "alder-ana",
            "river",
            "!poll Where? | Park | Library to=pods",
            "Put a | before to=. For example: !poll Where? | Park | Library | to=pods",
        ),
        (
            "alder-ana",
            "river",
            "!poll Where? | Park | to=pods",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Park | Other",
        ),
        (
            "alder-ana",
            "river",
            "!poll | to=pods",
            "A poll begins with its question. For example: !poll Where? | Yes | No",
        ),
    ],
)
async def test_what_cannot_be_asked_of_all_changes_nothing_and_gets_a_valid_line(
    chat: Chat, who: str, where: str, line: str, answer: str
) -> None:
    await river(chat, 2)
    await chat.joins("Guest", "river")
    before = await chat.everything()
    assert await chat.say(who, where, line) == [answer]
    assert await chat.everything() == before


async def test_an_assembly_without_pods_asks_nobody(chat: Chat) -> None:
    await chat.room("river", "Ana")
    await chat.say("Ana", "river", "!assembly create River")
    assert await chat.say("Ana", "river", LINE) == [
        "Every pod is asked by a spoke. !assembly shows who they are."
    ]
