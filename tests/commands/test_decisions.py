"""The log of decisions: written down, entered by itself, tried, renewed, opened again, replaced."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.commands.chat import Chat
from tests.commands.river import people, river, says


@pytest.fixture
async def willow(chat: Chat) -> Chat:
    """A pod of Ana, Ben and Cy."""
    await chat.room("willow", "Ana", "Ben", "Cy")
    await chat.say("Ana", "willow", "!pod create Willow")
    chat.heard("willow")
    return chat


async def adopted(chat: Chat, line: str, *, proposal: str = "P1") -> str:
    """Let Willow adopt something; return what was said of it."""
    await chat.say("Ana", "willow", line)
    for person in ("Ana", "Ben", "Cy"):
        await chat.say(person, "willow", f"agree {proposal}")
    await chat.wait(days=3, hours=1)
    return next(text for text in reversed(chat.heard("willow")) if text.startswith(f"{proposal} is adopted"))


async def test_what_is_written_down_is_the_pods_to_decide_and_can_be_found(willow: Chat) -> None:
    assert await willow.say("Ana", "willow", "!decide We meet on Sundays at seven.") == [
        "D1 is in the log of Willow:\n\n> We meet on Sundays at seven.\n\n"
        "This is yours to decide; you need nobody's leave.\n"
        "It is looked after by Ana.\n"
        "It is looked at again Sun 21 Feb 2027 10:00 UTC, in 90 days.\n"
        "!undo takes it back within 10 minutes."
    ]
    assert await willow.say("Ben", "willow", "!decisions") == [
        "Decisions of Willow; !decision D1 shows one:\n- D1: We meet on Sundays at seven. – standing, 23 Nov 2026"
    ]
    shown = [
        "D1, standing, decided Mon 23 Nov 2026 10:00 UTC in Willow:\n\n> We meet on Sundays at seven.\n\n"
        "It is looked after by Ana.\n"
        "It is looked at again Sun 21 Feb 2027 10:00 UTC, in 90 days.\n"
        "It was written down with !decide.\n"
        "To open the question again, two people: !reopen D1 WHY"
    ]
    assert await willow.say("Ben", "willow", "!decision d1") == shown
    assert await willow.say("Ben", "willow", "!why D1") == shown
    assert await willow.say("Ben", "willow", "!decision", reply_to=willow.last("willow").event_id) == shown


async def test_owner_review_and_pillar_can_be_named(willow: Chat) -> None:
    [told] = await willow.say(
        "Ana", "willow", "!decide We keep the van. | owner=@ben:test | review=1 March | pillar=2"
    )
    assert "looked after by Ben." in told
    assert "looked at again Mon 1 Mar 2027 18:00 UTC" in told
    assert (
        "It touches pillar 2, which binds all pods. !pillars shows the words; it cannot go against them."
        in told
    )
    assert "yours to decide" not in told
    [told] = await willow.say("Ana", "willow", "!decide By pillar 3 we share the tent.")
    assert "It touches pillar 3" in told


async def test_it_can_be_taken_back_at_once(willow: Chat) -> None:
    await willow.say("Ana", "willow", "!decide We meet on Sundays.")
    assert await willow.say("Ana", "willow", "!undo") == ["Ana: D1 is taken out of the log."]
    assert "No decision is in the log." in (await willow.say("Ana", "willow", "!decisions"))[0]
    assert "D2 is in the log" in (await willow.say("Ana", "willow", "!decide We meet on Mondays."))[0]


async def test_an_adopted_proposal_is_entered_by_itself(willow: Chat) -> None:
    told = await adopted(willow, "!propose We buy a tent.")
    assert "Count: agree 3.\nIt is decision D1; !decision D1 shows it.\n!why P1 shows the sum." in told
    assert (
        "It came from the proposal P1; !why P1 shows the sum."
        in (await willow.say("Cy", "willow", "!decision D1"))[0]
    )


async def test_another_decision_takes_its_place(willow: Chat) -> None:
    await willow.say("Ana", "willow", "!decide We meet on Sundays.")
    assert (
        "It replaces D1."
        in (await willow.say("Ben", "willow", "!decide We meet on Mondays. | supersedes=D1"))[0]
    )
    assert await willow.say("Ana", "willow", "!decisions") == [
        "Decisions of Willow; !decision D2 shows one:\n- D2: We meet on Mondays. – standing, 23 Nov 2026\n\n"
        "1 more, replaced, lapsed or older: !decisions all"
    ]
    assert (await willow.say("Ana", "willow", "!decision D1"))[0].startswith("D1, replaced by D2, decided")
    assert (
        "does not hold any more"
        in (await willow.say("Ana", "willow", "!decide We meet never. | supersedes=D1"))[0]
    )
    await willow.say("Ben", "willow", "!undo")
    assert "Ben: D2 is taken out of the log." in willow.heard("willow")
    assert (await willow.say("Ana", "willow", "!decision D1"))[0].startswith("D1, standing, decided")


async def test_what_all_adopted_is_not_replaced_by_one_persons_line(willow: Chat) -> None:
    await adopted(willow, "!propose We buy a tent.")
    before = await willow.everything()
    assert await willow.say("Ana", "willow", "!decide We buy a boat. | supersedes=D1") == [
        "D1 was adopted by all in P1, so all decide what takes its place: !propose We buy a boat. | supersedes=D1"
    ]
    assert await willow.everything() == before
    told = await adopted(willow, "!propose We buy a boat. | supersedes=D1", proposal="P2")
    assert "It is decision D2; !decision D2 shows it.\nIt replaces D1." in told


# -- trials ------------------------------------------------------------------------------------------


async def test_a_trial_is_spoken_of_before_its_end_and_lapses_by_itself(willow: Chat) -> None:
    told = await adopted(willow, "!propose We share the van. | trial=60d")
    assert (
        "It is a trial until Mon 25 Jan 2027 10:00 UTC, in 60 days; then it lapses, unless two of you renew it:"
        in told
    )
    await willow.wait(days=54)
    assert willow.heard("willow") == [
        "Ana, the trial of D1: We share the van. ends Mon 25 Jan 2027 10:00 UTC, in 7 days, and then it lapses. To go on"
        " trying, two of you: !decision renew D1. To keep it for good: !propose We share the van. | supersedes=D1"
    ]
    await willow.wait(days=7)
    assert willow.heard("willow") == [
        "The trial of D1: We share the van. is over, and it has lapsed: nobody renewed it. It may be proposed again:"
        " !propose TEXT"
    ]
    assert "no trial that could be renewed" in (await willow.say("Ana", "willow", "!decision renew D1"))[0]
    willow.heard("willow")
    await willow.wait(days=200)
    assert willow.heard("willow") == []


async def test_two_people_renew_a_trial_for_the_same_time_once_more(willow: Chat) -> None:
    await willow.say("Ana", "willow", "!decide We share the van. | trial=2 weeks")
    await willow.wait(days=8)
    willow.heard("willow")
    assert await willow.say("Ben", "willow", "!decision renew D1") == [
        "Ben asks to renew D1 for 14 days (J1).\nIt takes effect when another member types ok J1."
    ]
    assert "it needs the ok of another member" in (await willow.say("Ben", "willow", "ok J1"))[0]
    assert await willow.say("Cy", "willow", "ok J1") == [
        "D1 is renewed: it is a trial until Mon 21 Dec 2026 10:00 UTC, in 20 days. !decision D1 shows it."
    ]
    willow.heard("willow")
    await willow.wait(days=13)
    assert [text[:26] for text in willow.heard("willow")] == ["Ana, the trial of D1: We s"]
    await willow.wait(days=8)
    assert "has lapsed" in willow.heard("willow")[0]


async def test_after_a_long_time_down_a_trial_lapses_once_and_without_a_reminder(willow: Chat) -> None:
    await willow.say("Ana", "willow", "!decide We share the van. | trial=30d")
    willow.heard("willow")
    await willow.down_until(willow.clock.now().replace(year=2027))
    assert [text[:21] for text in willow.heard("willow")] == ["The trial of D1: We s"]


# -- opening again -----------------------------------------------------------------------------------


async def test_two_people_open_a_question_again_and_it_holds_until_something_else_is_decided(
    willow: Chat,
) -> None:
    await adopted(willow, "!propose We meet on Sundays.")
    assert await willow.say("Ben", "willow", "!reopen D1 It rains on Sundays.") == [
        "Ben asks to open D1 again, “We meet on Sundays.” (J1).\nWhy: It rains on Sundays.\nIt takes effect when another"
        " member types ok J1."
    ]
    assert await willow.say("Cy", "willow", "ok J1") == [
        "D1: We meet on Sundays.\nThe question is open again: It rains on Sundays. It holds until something else is decided:"
        " !propose TEXT | supersedes=D1. If nothing is by Thu 24 Dec 2026 11:00 UTC, in 28 days, it stands as before."
    ]
    assert "is open again already" in (await willow.say("Cy", "willow", "!reopen D1 Once more."))[0]
    assert "– reopened" in (await willow.say("Cy", "willow", "!decisions"))[0]
    await willow.wait(days=27)
    willow.heard("willow")
    await willow.wait(days=2)
    assert willow.heard("willow") == [
        "D1: We meet on Sundays. stands as before: nothing else was decided in 28 days."
    ]


async def test_its_owner_is_asked_once_to_look_at_it_again(willow: Chat) -> None:
    await willow.say("Ana", "willow", "!decide We meet on Sundays. | review=1 December 3:00")
    willow.heard("willow")
    await willow.wait(days=30)
    assert willow.heard("willow") == [
        "Ana, please look at D1: We meet on Sundays. again. If it is still right, nothing is to be done. If not:"
        " !reopen D1 WHY"
    ]


# -- in an assembly ----------------------------------------------------------------------------------


async def test_what_binds_every_pod_is_found_by_the_same_id_in_each(chat: Chat) -> None:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", "!propose We strike on 1 May. | class=binding")
    for name in names:
        await says(chat, name, "agree")
    await chat.wait(days=7)
    assert "It is decision D1; !decision D1 shows it." in chat.heard(names[1])[-1]
    await chat.say(people(names[1])[2], names[1], "!decide We bake for the strike.")
    assert await chat.say(people(names[1])[2], names[1], "!decisions") == [
        "Decisions of Birch; !decision D2 shows one:\n- D2: We bake for the strike. – standing, 20 Dec 2026\n\n"
        "Decisions of River; !decision D1 shows one:\n- D1: We strike on 1 May. – standing, 20 Dec 2026"
    ]
    assert "in River:" in (await chat.say(people(names[1])[2], names[1], "!decision D1"))[0]
    assert (
        "There is no decision D2 here." in (await chat.say(people(names[0])[2], names[0], "!decision D2"))[0]
    )
    assert (
        "your spokes can ask for that there"
        in (await chat.say(people(names[1])[2], names[1], "!reopen D1 It is too early."))[0]
    )


async def test_in_an_assembly_a_question_is_opened_again_by_spokes_of_two_pods(chat: Chat) -> None:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", "!propose We strike on 1 May. | class=binding")
    for name in names:
        await says(chat, name, "agree")
    await chat.wait(days=7)
    chat.heard("river")
    [told] = await chat.say(people(names[0])[0], "river", "!reopen D1 The mill closes earlier.")
    assert told.endswith("It takes effect when a spoke of another pod types ok J1.")
    assert (
        "so it needs the ok of a spoke of another pod"
        in (await chat.say(people(names[0])[1], "river", "ok J1"))[0]
    )
    assert "The question is open again" in (await chat.say(people(names[1])[1], "river", "ok J1"))[0]


async def test_a_pod_has_in_its_log_what_it_adopts_of_an_advice(chat: Chat) -> None:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", "!propose We buy from the mill. | class=advice")
    for name in names:
        await says(chat, name, "agree")
    await chat.wait(days=5)
    assert "no decision" in (await chat.say(people(names[0])[0], "river", "!decisions"))[0].lower()
    await chat.say(people(names[0])[2], names[0], "!adopt P1")
    for person in people(names[0]):
        await chat.say(person, names[0], "agree P5")
    await chat.wait(days=3, hours=1)
    assert "D1: We buy from the mill." in (await chat.say(people(names[0])[2], names[0], "!decisions"))[0]
    assert "No decision is in the log." in (await chat.say(people(names[1])[2], names[1], "!decisions"))[0]


# -- typed wrongly -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("!decide", "No decision is in the log."),
        ("!decide | trial=60d", "No decision is in the log."),
        ("!decide ...", "A proposal begins with its words. For example: !decide We buy a tent"),
        ("!decide We meet. | trial=soon", "A trial lasts from 1 to 366 days. For example: !decide We meet. | trial=60d"),
        ("!decide We meet. | trial=0d", "A trial lasts from 1 to 366 days."),
        ("!decide We meet. | trial=900d", "A trial lasts from 1 to 366 days."),
        ("!decide We meet. | review=whenever", "For example: !decide We meet. | review="),
        ("!decide We meet. | supersedes=yesterday", "“yesterday” is no decision's id. For example: !propose We meet. | supersedes=D3"),
        ("!decide We meet. | supersedes=D9", "There is no decision D9 here. !decisions lists those there are."),
        ("!decide We meet. | owner=nobody", "nobody"),
        ("!decision", "Which decision? For example: !decision D3"),
        ("!decision 7", "“7” is no decision's id. For example: !decision D3"),
        ("!decision P1", "“P1” is no decision's id."),
        ("!decision renew", "Which decision? For example: !decision D3"),
        ("!reopen", "Which decision? For example: !reopen D3"),
        ("!decisions D4", "There is no decision D4 here."),
        ("!decision renew D4", "There is no decision D4 here."),
        ("!reopen D4", "There is no decision D4 here."),
        ("!decisions last year", "is no list of decisions. For example: !decisions all"),
        ("!decison D1", "Did you mean this? !decision D1"),
        ("!propose We meet. | supersedes=D9", "There is no decision D9 here."),
        ("!propose We meet. | trial=always", "A trial lasts from 1 to 366 days. For example: !propose We meet. | trial=60d"),
    ],
)  # fmt: skip
async def test_what_is_typed_wrongly_is_answered_in_one_line_and_changes_nothing(
    willow: Chat, line: str, answer: str
) -> None:
    before = await willow.everything()
    [told] = await willow.say("Ana", "willow", line)
    assert answer in told
    assert "\n" not in told
    assert await willow.everything() == before


async def test_a_pillar_stands_in_the_log_and_changes_only_by_two_readings(chat: Chat) -> None:
    names = await river(chat, 3)
    for line in (
        "!pillar propose We never leave anybody behind.",
        "!pillar propose 1 We leave nobody behind.",
    ):
        await chat.say(people(names[0])[0], "river", line)
        for _reading in range(2):
            for name in names:
                await says(chat, name, "agree")
            await chat.wait(days=14, hours=1)
    assert "It replaces D1." in chat.heard("river")[-1]
    for line in ("!reopen D2 Too short.", "!propose We march. | class=binding | supersedes=D2"):
        assert await chat.say(people(names[0])[0], "river", line) == [
            "D2 is pillar 1, and a pillar changes only by two readings: !pillar propose 1 TEXT"
        ]
    for line in ("class=advice | supersedes=D2", "class=pillar | trial=60d"):
        [told] = await chat.say(people(names[0])[0], "river", f"!propose We march. | {line}")
        assert "Only what is binding replaces a decision or is on trial." in told


async def test_a_corrected_result_is_corrected_in_the_log_too(willow: Chat) -> None:
    await willow.say("Ana", "willow", "!decide We meet on Sundays.")
    await willow.say("Ana", "willow", "!propose We meet on Mondays. | supersedes=D1")
    native = willow.last_poll("willow").event_id
    in_time = willow.clock.now()
    await willow.say("Ana", "willow", "agree P1")
    await willow.say("Ben", "willow", "agree P1")
    await willow.wait(days=3, hours=1)
    assert "It is decision D2; !decision D2 shows it.\nIt replaces D1." in willow.heard("willow")[-1]
    for person, answer in (("Cy", "disagree"), ("Ben", "disagree")):
        await willow.tap(person, "willow", native, answer, at=in_time + timedelta(hours=1))
    await willow.wait(minutes=3)
    told = willow.heard("willow")[-1]
    assert told.startswith("P1 is not adopted:")
    assert "D2 is taken out of the log." in told
    assert (await willow.say("Cy", "willow", "!decision D1"))[0].startswith("D1, standing, decided")


async def test_next_says_what_an_ok_would_be_for(willow: Chat) -> None:
    await willow.say("Ana", "willow", "!decide We meet on Sundays.")
    for line in ("!reopen D1 It rains.", "!pod set threshold 2/3", "!pod observer @ana:test"):
        await willow.say("Ben", "willow", line)
    assert (await willow.say("Cy", "willow", "!next"))[0].endswith(
        "- J1 waits for your ok, D1 is open again: ok J1\n"
        "- J2 waits for your ok, threshold = 2/3: ok J2\n"
        "- J3 waits for your ok, Ana is an observer: ok J3"
    )
