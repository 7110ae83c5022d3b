"""Proposals of an assembly: put to every pod, decided there, carried back, and counted in pods."""

from datetime import timedelta

import pytest

from bot.store import pods
from tests.commands import relay
from tests.commands.built_once import built_once
from tests.commands.chat import Chat
from tests.commands.river import people, river, says

LINE = "!propose We strike together on 1 May. | class=binding"
HARM = "It would cost our people their flats. | ground=harm"


@built_once
async def asked(chat: Chat, count: int = 4, line: str = LINE) -> tuple[str, ...]:
    """River with some pods, all asked about P1; returns the names of their rooms."""
    names = await river(chat, count)
    await chat.say(people(names[0])[0], "river", line)
    return names


async def end(chat: Chat, **length: float) -> str:
    """Let time pass; return what was last said in the assembly."""
    await chat.wait(**length)
    return chat.heard("river")[-1]


async def test_every_pod_is_asked_in_its_own_room_and_the_number_of_pods_is_said(chat: Chat) -> None:
    names = await asked(chat)
    assert chat.heard("river") == [
        "P1, proposed by alder-ana:\n\n> We strike together on 1 May.\n\n"
        "4 pods, 3/4 is needed: 3 that say yes are enough, whatever the others say, unless a pod blocks.\n"
        "Each pod decides in its own room by its own rule, and I carry here what it says.\n"
        "Closes Sun 20 Dec 2026 10:00 UTC, in 7 days."
    ]
    for number, name in enumerate(names, 2):
        native, told = chat.heard(name)
        assert native == "StartPoll"
        assert told.startswith(
            f"P{number}: River asks every pod about P1, which would bind them all:\n\n> We strike"
        )
        assert f"What you decide here is what {name.capitalize()} says there, as one voice." in told
        assert "By consensus of 3 voices. 2 who agree are enough" in told
        assert told.endswith("Closes Fri 18 Dec 2026 10:00 UTC, in 5 days.")


@pytest.mark.parametrize(("yes", "outcome"), [(9, "is adopted"), (8, "is not adopted")])
async def test_of_twelve_pods_exactly_the_announced_number_passes_and_one_less_does_not(
    chat: Chat, yes: int, outcome: str
) -> None:
    names = await asked(chat, 12)
    assert "12 pods, 3/4 is needed: 9 that say yes are enough" in chat.heard("river")[-1]
    for number, name in enumerate(names):
        await says(chat, name, "agree" if number < yes else "disagree")
    told = await end(chat, days=7)
    assert told.startswith(f"P1 {outcome}:")
    assert f"Count: agree {yes}, disagree {12 - yes}." in told
    assert "- Alder: yes (3 of 3 agreed)" in told
    assert "- Larch: no (0 of 3 agreed, 3 disagreed)" in told
    assert ("9 were needed: 3/4 of 12" in told) is (yes == 8)
    for name in names:
        assert chat.heard(name)[-1] == told
    assert (await chat.say(people(names[0])[2], names[0], "!why P1"))[0].startswith("P1, ")


async def test_who_is_no_spoke_and_an_assembly_of_one_pod_propose_nothing_binding(chat: Chat) -> None:
    names = await river(chat, 1)
    assert (
        "needs at least 2 pods, and there is one here."
        in (await chat.say(people(names[0])[0], "river", LINE))[0]
    )
    await chat.joins("Guest", "river")
    assert "it is a spoke who proposes" in (await chat.say("Guest", "river", LINE))[0]


async def test_another_class_or_a_shorter_time_is_refused_with_an_example(chat: Chat) -> None:
    names = await river(chat, 2)
    spoke = people(names[0])[0]
    assert (
        "one of these classes: advice, binding, pillar."
        in (await chat.say(spoke, "river", LINE.replace("binding", "mandate")))[0]
    )
    assert "at least 168 hours" in (await chat.say(spoke, "river", f"{LINE} | closes=in 3 days"))[0]
    assert "is for an assembly" in (await chat.say(spoke, names[0], LINE))[0]


async def test_who_came_to_a_pod_lately_is_not_counted_in_what_binds_all(chat: Chat) -> None:
    names = await river(chat, 2)
    await chat.joins("New", names[1])
    await chat.say(people(names[0])[0], "river", LINE)
    told = chat.heard(names[1])[-1]
    assert "By consensus of 3 voices." in told
    assert "1 of you came less than 14 days ago and is not counted" in told
    assert "shown and not counted" in (await chat.say("New", names[1], "agree P3"))[0]


async def test_what_too_few_pods_could_pass_is_refused_with_the_day_from_which_they_can(chat: Chat) -> None:
    await relay.river(chat)
    before = await chat.everything()
    assert await chat.say("Ana", "river", LINE) == [
        "Binding is decided by those who have been in their pod for 14 days. That is somebody in 0 of 3 pods, and 3 would have"
        " to say yes. That can be from Mon 7 Dec 2026 10:00 UTC, in 14 days. What binds nobody can be proposed now:"
        " !propose We strike together on 1 May. | class=advice"
    ]
    assert await chat.everything() == before
    await chat.wait(days=14)
    assert "P1, proposed by Ana" in (await chat.say("Ana", "river", LINE))[-1]


async def test_a_pod_of_newcomers_is_told_that_nobody_there_has_a_voice_and_says_nothing(chat: Chat) -> None:
    names = await river(chat, 4)
    await chat.joins("New", names[3])
    for person in people(names[3]):
        await chat.leaves(person, names[3])
    chat.heard(names[3])
    await chat.say(people(names[0])[0], "river", LINE)
    [told] = chat.heard(names[3])
    assert told == (
        "P5: River asks every pod about P1, which would bind them all:\n\n> We strike together on 1 May.\n\n"
        "What you decide here is what Dogwood says there, as one voice.\n"
        "None of you has been here for 14 days yet, so nobody here has a voice in it, and Dogwood says nothing. You can talk"
        " about it, and a spoke can say so in the assembly.\n"
        "Closes Fri 18 Dec 2026 10:00 UTC, in 5 days."
    )
    assert "shown and not counted" in (await chat.say("New", names[3], "agree P5"))[0]
    for name in names[:3]:
        await says(chat, name, "agree")
    told = await end(chat, days=8)
    assert "P1 is adopted" in told
    assert "- Dogwood: nothing" in told


async def test_a_pod_that_is_silent_or_of_two_minds_says_nothing(chat: Chat) -> None:
    names = await asked(chat)
    await says(chat, names[0], "agree")
    await says(chat, names[1], "agree", count=1)
    await chat.say(people(names[1])[1], names[1], "disagree P3")
    await chat.say(people(names[1])[2], names[1], "abstain P3")
    await chat.wait(days=6)
    assert "P3: Birch agrees on nothing about P1." in chat.heard(names[1])[-1]
    assert "P4 goes on, once, until" in chat.heard(names[2])[-2]
    [told] = await chat.say(people(names[0])[0], "river", "!proposal P1")
    assert told.endswith(
        "- Alder: yes (3 of 3 agreed)\n- Birch: nothing yet\n- Cedar: nothing yet\n- Dogwood: nothing yet"
    )


async def test_too_few_pods_extend_it_once_naming_them_and_they_are_asked_again(chat: Chat) -> None:
    names = await asked(chat)
    await says(chat, names[0], "agree")
    told = await end(chat, days=7)
    assert told.startswith("P1 goes on, once, until Wed 23 Dec 2026 22:00 UTC")
    assert "Nothing yet from Birch, Cedar, Dogwood; I ask them again." in told
    for name in names[1:3]:
        await says(chat, name, "agree")
    assert (await end(chat, days=4)).startswith("P1 is adopted:")


async def test_if_they_stay_silent_it_lapses_and_is_not_called_rejected(chat: Chat) -> None:
    names = await asked(chat)
    await says(chat, names[0], "agree")
    told = await end(chat, days=20)
    assert told.startswith("P1 has lapsed, neither adopted nor rejected")
    assert "1 of 4 spoke; the quorum is 3." in told
    assert await chat.rows("SELECT id FROM proposals WHERE state IN ('open', 'blocked')") == []


async def test_a_pod_decides_anew_and_its_word_stands_until_it_says_something_else(chat: Chat) -> None:
    names = await asked(chat)
    await says(chat, names[0], "disagree")
    assert (
        "Your pod is deciding it in P2 now."
        in (await chat.say(people(names[0])[2], names[0], "!renew P2"))[0]
    )
    await chat.wait(days=5)
    told = chat.heard(names[0])[-1]
    assert "P2: to P1, Alder says: no." in told
    assert told.endswith("You can decide it anew while P1 is open: !renew P2")
    told = (await chat.say(people(names[0])[2], names[0], "!renew P2"))[-1]
    assert told.startswith("P6: River asks every pod about P1")
    assert told.endswith("Closes Sun 20 Dec 2026 09:00 UTC, in 2 days.")
    assert (
        "- Alder: no (0 of 3 agreed, 3 disagreed)"
        in (await chat.say("alder-ana", "river", "!proposal P1"))[0]
    )
    await says(chat, names[0], "agree")
    await chat.until(chat.clock.now().replace(day=20, hour=9, minute=30))
    assert "- Alder: yes (3 of 3 agreed)" in (await chat.say("alder-ana", "river", "!proposal P1"))[0]
    assert "too soon to decide anew" in (await chat.say(people(names[0])[2], names[0], "!renew P6"))[0]


async def test_what_is_over_is_not_decided_anew(chat: Chat) -> None:
    names = await asked(chat)
    for name in names:
        await says(chat, name, "agree")
    await end(chat, days=7)
    assert "P1 of the assembly is over." in (await chat.say(people(names[0])[2], names[0], "!renew P2"))[0]
    await chat.say(people(names[0])[2], names[0], "!propose We buy a tent.")
    assert "is your pod's own proposal" in (await chat.say(people(names[0])[2], names[0], "!renew P6"))[0]


async def test_a_pod_blocks_with_its_own_rule_and_lets_go_by_deciding_anew(chat: Chat) -> None:
    names = await asked(chat)
    for name in names[:3]:
        await says(chat, name, "agree")
    await says(chat, names[3], "block", HARM)
    told = await end(chat, days=7)
    assert told.startswith("P1 is blocked:")
    assert "The block of Dogwood stands." in told
    assert "only a pod that blocks it can" in (await chat.say(people(names[0])[0], names[0], "!renew P2"))[0]
    await chat.say(people(names[3])[2], names[3], "!renew P5")
    await says(chat, names[3], "aside")
    await says(chat, names[3], "agree", count=2)
    told = await end(chat, days=4)
    assert told.startswith("P1 is adopted:")
    assert "No pod blocks it any more." in told
    assert "- Dogwood: yes (2 of 3 agreed, 1 aside)" in told


async def test_one_person_who_blocks_stops_the_yes_of_the_pod_and_not_the_assembly(chat: Chat) -> None:
    names = await asked(chat)
    for name in names[:3]:
        await says(chat, name, "agree")
    await says(chat, names[3], "agree", count=2)
    await chat.say(people(names[3])[2], names[3], f"block P5 {HARM}")
    told = await end(chat, days=7)
    assert told.startswith("P1 is adopted:")
    assert "A block stands here, so it is no yes." in chat.heard(names[3])[-2]


async def test_after_the_clock_and_two_talks_all_pods_vote_anew(chat: Chat) -> None:
    names = await asked(chat, 5)
    for name in names[:4]:
        await says(chat, name, "agree")
    await says(chat, names[4], "block", HARM)
    await end(chat, days=7)
    assert "Only spokes" in (await not_a_spoke(chat, "!met P1 We met."))[0]
    await chat.say(people(names[4])[0], "river", "!met P1 Elm and Fir; no way yet.")
    await chat.say(people(names[0])[0], "river", "!met P1 All pairs; no way yet.")
    told = await end(chat, days=14)
    assert "5 pods, 80% is needed: 4 that say yes are enough, whatever the others say." in told
    for name in names[:4]:
        await says(chat, name, "agree")
    await says(chat, names[4], "block", HARM)
    assert (await end(chat, days=8)).startswith("P1 is adopted:")


async def not_a_spoke(chat: Chat, line: str) -> list[str]:
    await chat.joins("Guest", "river")
    return await chat.say("Guest", "river", line)


async def test_a_pod_that_blocks_and_is_silent_is_reminded_in_its_room_and_its_block_lapses(
    chat: Chat,
) -> None:
    names = await asked(chat)
    for name in names[:3]:
        await says(chat, name, "agree")
    await says(chat, names[3], "block", HARM)
    await end(chat, days=7)
    chat.heard(names[3])
    told = await end(chat, days=15)
    reminders = [text for text in chat.heard(names[3]) if text.startswith("Your pod's block stops")]
    assert len(reminders) == 2
    assert told.startswith("P1 is adopted:")
    assert "The block of Dogwood has lapsed" in told


async def test_a_pod_that_leaves_drops_out_and_the_number_is_said_again(chat: Chat) -> None:
    names = await asked(chat)
    chat.heard("river")
    await chat.say(people(names[3])[0], names[3], "!pod leave")
    [request] = await chat.rows("SELECT id FROM requests")
    await chat.say(people(names[3])[1], names[3], f"ok {request['id']}")
    told = [text for text in chat.heard("river") if "P1" in text]
    assert told == [
        "Dogwood left, and has no voice in P1 any more. 3 pods, 3/4 is needed: 3 that say yes are enough, whatever the"
        " others say, unless a pod blocks."
    ]
    assert (await chat.rows("SELECT state FROM proposals WHERE id = 'P5'"))[0]["state"] == "withdrawn"


async def test_a_stance_read_late_in_a_pod_corrects_the_pod_and_the_assembly(chat: Chat) -> None:
    names = await asked(chat)
    for name in names[:2]:
        await says(chat, name, "agree")
    await says(chat, names[3], "disagree")
    await says(chat, names[2], "agree", count=1)
    native = chat.last_poll(names[2]).event_id
    in_time = chat.clock.now()
    assert (await end(chat, days=7)).startswith("P1 is not adopted:")
    await chat.tap(people(names[2])[1], names[2], native, "agree", at=in_time + timedelta(seconds=5))
    await chat.wait(minutes=3)
    assert "P4: to P1, Cedar says: yes." in chat.heard(names[2])[-2]
    assert chat.heard("river")[-1].startswith("P1 is adopted:")


async def test_its_author_takes_it_back_and_every_pod_hears_it(chat: Chat) -> None:
    names = await asked(chat)
    assert (
        "is your pod's part of P1"
        in (await chat.say(people(names[0])[0], names[0], "!proposal withdraw P2"))[0]
    )
    await chat.say(people(names[0])[0], "river", "!proposal withdraw P1")
    for name in names:
        assert (
            chat.heard(name)[-1]
            == "The proposal P1: We strike together on 1 May. is withdrawn; you need not decide it."
        )
    chat.heard("river")
    await chat.wait(days=30)
    assert chat.heard("river") == []


async def test_nothing_that_one_person_said_reaches_the_assembly(chat: Chat) -> None:
    names = await asked(chat)
    for name in names:
        await says(chat, name, "reserve", "Secret words of one person.")
    await chat.wait(days=7)
    told = "\n".join(chat.heard("river"))
    assert "Secret" not in told
    assert "-cy" not in told


async def test_a_pod_that_joins_meanwhile_is_not_asked_and_has_no_voice(chat: Chat) -> None:
    names = await asked(chat)
    await chat.room("late", *people("late"))
    await chat.say("late-ana", "late", "!pod create Late")
    async with chat.database.transaction("enters") as tx:
        await pods.set_assembly(tx, "!late:test", "!river:test", chat.clock.now())
        await tx.run("INSERT INTO seats VALUES ('!late:test', 'speak', '@late-ana:test', 0)")
    chat.heard("late")
    for name in names[:3]:
        await says(chat, name, "agree")
    await chat.joins("late-ana", "river")
    assert "On P1 the pods decide" in (await chat.say("late-ana", "river", "disagree P1"))[0]
    told = await end(chat, days=7, hours=1)
    assert "Count: agree 3, silent 1." in told
    assert "Late" not in told
    assert chat.heard("late") == []


async def test_a_bot_that_was_down_over_every_end_counts_what_was_sent_in_time_and_says_that_it_was_late(
    chat: Chat,
) -> None:
    names = await asked(chat)
    for name in names[:3]:
        await says(chat, name, "agree")
    for name in ("river", *names):
        chat.heard(name)
    await chat.down_until(chat.clock.now() + timedelta(days=12))
    for name in names[:3]:
        assert "says: yes." in chat.heard(name)[1]
    told = chat.heard("river")[-1]
    assert told.startswith("P1 is adopted:")
    assert "Its end was Sun 20 Dec 2026 10:00 UTC, 5 days ago, when I was not running." in told


async def test_the_assemblys_id_typed_in_a_pod_means_the_pods_own_part(chat: Chat) -> None:
    names = await asked(chat)
    assert "agrees. Counted in P2." in (await chat.say(people(names[0])[2], names[0], "agree P1"))[0]


async def test_each_pod_decides_by_its_own_rule(chat: Chat) -> None:
    rules = ("consensus", "majority", "2/3", "3/4", "consensus-1", "80%")
    names = await river(chat, 12)
    for number, name in enumerate(names):
        async with chat.database.transaction("rule") as tx:
            await pods.set_setting(tx, f"!{name}:test", "threshold", rules[number % 6])
            await pods.set_setting(tx, f"!{name}:test", "of", "all" if number >= 6 else "voiced")
    await chat.say("alder-ana", "river", LINE)
    for name in names:
        await says(chat, name, "agree", count=2)
    await chat.wait(days=6)
    [told] = await chat.say("alder-ana", "river", "!proposal P1")
    says_yes = [
        line.removeprefix("- ").split(":")[0] for line in told.splitlines() if ": yes (2 of 3" in line
    ]
    # two of three who speak; where silence is a no, they are two of three
    assert says_yes == ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Kapok"]
    assert "- Juniper: nothing yet\n" in told
    assert told.endswith("- Larch: nothing yet")
