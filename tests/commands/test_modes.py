"""What an assembly counts, how it is chosen, and which pods the quorum waits for."""

from datetime import timedelta

import pytest

from bot.store import pods
from tests.commands.chat import Chat, user
from tests.commands.river import people, river, says

WORDS = "!propose We strike together on 1 May. | class=binding"


async def mode(chat: Chat, name: str, key: str = "mode") -> None:
    """Let River count something else."""
    async with chat.database.transaction("mode") as tx:
        await pods.set_setting(tx, "!river:test", key, name)


async def grown(chat: Chat, pod: str, more: int) -> list[str]:
    """Let more people be in a pod, for a while already; returns their names."""
    names = [f"{pod}-{number}" for number in range(more)]
    for name in names:
        await chat.joins(name, pod)
    return names


async def open_(chat: Chat, names: tuple[str, ...], line: str = WORDS) -> str:
    """Propose something; returns what the assembly heard."""
    chat.clock.moment += timedelta(days=15)
    await chat.say(people(names[0])[0], "river", line)
    for name in names:
        chat.heard(name)
    return chat.heard("river")[-1]


# -- counting ----------------------------------------------------------------------------------------


async def test_double_says_both_numbers_and_passes_only_with_both(chat: Chat) -> None:
    names = await river(chat, 4)
    big = await grown(chat, "dogwood", 7)
    told = await open_(chat, names, f"{WORDS} | mode=double")
    assert (
        "Pods and people are counted, and both must pass; each person once. Needed are of 4 pods at least 3 (3/4) and of 19"
        " people at least 10 (majority) for it: that is enough, whatever the others say, unless a pod blocks."
        in told
    )
    for name in names[:3]:
        await says(chat, name, "agree")
    await says(chat, "dogwood", "disagree")
    for person in big:
        await chat.say(person, "dogwood", "disagree P1")
    chat.heard("river")
    await chat.wait(days=8)
    told = chat.heard("river")[-1]
    assert told.startswith("P1 is not adopted:")
    assert (
        "4 pods: yes 3, no 1, abstain or aside 0, silent 0. Needed: 3, 3/4 of 4. That passes.\n"
        "19 people: yes 9, no 10, abstain or aside 0, silent 0. Needed: 10, majority of 19. That does not pass."
        in told
    )
    [told] = await chat.say("alder-ana", "river", "!why P1")
    assert "19 people: 19 are there, the quorum is 10." in told
    assert told.endswith("- Dogwood: no (0 of 10 agreed, 10 disagreed)")


async def test_people_are_counted_once_by_what_they_said_last_in_either_pod(chat: Chat) -> None:
    names = await river(chat, 3)
    await mode(chat, "people")
    await chat.joins("alder-cy", "birch")
    told = await open_(chat, names)
    assert (
        "People are counted, each once, also who is in two pods. Needed are of 9 people at least 7 (3/4)"
        in told
    )
    await says(chat, "alder", "agree")
    await says(chat, "birch", "agree")
    await says(chat, "cedar", "disagree", count=1)
    await chat.say("alder-cy", "birch", "disagree P1")
    [told] = await chat.say("alder-ana", "river", "!proposal P1")
    assert "- Alder: nothing yet" in told
    [told] = await chat.say("alder-ana", "river", "!why P1")
    assert (
        "9 people: yes 5, no 2, abstain or aside 0, silent 2. Needed: 6, 3/4 of 7. That does not pass."
        in told
    )
    await chat.say("alder-cy", "alder", "agree P1")
    [told] = await chat.say("alder-ana", "river", "!why P1")
    assert "9 people: yes 6, no 1, abstain or aside 0, silent 2. Needed: 6, 3/4 of 7. That passes." in told
    await chat.wait(days=5, hours=2)
    assert "Alder: yes (3 of 3 agreed)" in (await chat.say("alder-ana", "river", "!proposal P1"))[0]
    assert (
        "Birch: yes (3 of 4 agreed, 1 disagreed)" in (await chat.say("alder-ana", "river", "!proposal P1"))[0]
    )
    await chat.wait(days=3)
    assert chat.heard("river")[-1].startswith("P1 is adopted:")


async def test_what_people_said_is_kept_while_their_count_is_needed_and_erased_after(chat: Chat) -> None:
    names = await river(chat, 3)
    await mode(chat, "people")
    await open_(chat, names, f"{WORDS} | closes=in 45 days")
    for name in names:
        await says(chat, name, "agree")
    async with chat.database.transaction("sooner") as tx:
        await tx.run("UPDATE proposals SET closes_at = closes_at - 3369600000 WHERE parent = 'P1'")
        await tx.run(
            "UPDATE timers SET due = due - 3369600000 WHERE key IN ('proposal.P2', 'proposal.P3', 'proposal.P4')"
        )
    await chat.wait(days=46)
    assert "9 people: yes 9, no 0" in chat.heard("river")[-1]
    await chat.wait(days=61)
    assert await chat.rows("SELECT * FROM stances") == []
    assert "9 people: yes 9, no 0" in (await chat.say("alder-ana", "river", "!why P1"))[0]


async def test_capped_a_pod_has_as_many_votes_as_people_and_never_more_than_a_third(chat: Chat) -> None:
    names = await river(chat, 4)
    await grown(chat, "alder", 9)
    await mode(chat, "capped")
    told = await open_(chat, names)
    assert (
        "Each pod has as many votes as people, and none more than 1/3 of all votes. Needed are of 13 votes at least 10 (3/4)"
        in told
    )
    for name in names[1:]:
        await says(chat, name, "agree")
    await chat.wait(days=8)
    [told] = await chat.say("alder-ana", "river", "!why P1")
    assert "13 votes: yes 9, no 0, abstain or aside 0, silent 4. Needed: 7, 3/4 of 9. That passes." in told


async def test_a_pod_that_leaves_takes_its_votes_along_and_the_numbers_are_said_again(chat: Chat) -> None:
    names = await river(chat, 4)
    await mode(chat, "capped")
    await open_(chat, names)
    await chat.say("dogwood-ana", "dogwood", "!pod leave")
    [request] = await chat.rows("SELECT id FROM requests")
    await chat.say("dogwood-ben", "dogwood", f"ok {request['id']}")
    [told] = [each for each in chat.heard("river") if "Dogwood left, and" in each]
    assert "Needed are of 9 votes at least 7 (3/4) for it" in told


# -- choosing ----------------------------------------------------------------------------------------


async def test_two_pods_set_what_is_counted_and_one_pod_alone_does_not(chat: Chat) -> None:
    names = await river(chat, 3)
    await chat.joins("Guest", "river")
    assert "is proposed by a spoke" in (await chat.say("Guest", "river", "!assembly set mode people"))[0]
    assert await chat.say("alder-ana", "river", "!assembly set mode people") == [
        "alder-ana proposes mode = people (J1). It takes effect when a spoke of another pod types ok J1."
    ]
    for person in ("alder-ben", "Guest"):
        assert "it needs the ok of a spoke of another pod" in (await chat.say(person, "river", "ok J1"))[0]
    assert await chat.say("birch-ana", "river", "ok J1") == [
        "Mode is now people in this assembly. What is open already keeps its old rule."
    ]
    [told] = await chat.say("Guest", "river", "!assembly")
    assert told.endswith(
        "What it decides on is counted by mode=people and of=voiced. People are counted, each once, also who is in two pods."
    )
    assert "People are counted" in await open_(chat, names)


@pytest.mark.parametrize("typed", ["people", "capped", "PEOPLE"])
async def test_one_person_chooses_nothing_that_may_be_easier(chat: Chat, typed: str) -> None:
    names = await river(chat, 3)
    before = await chat.everything()
    told = (await chat.say(people(names[0])[0], "river", f"{WORDS} | mode={typed}"))[0]
    assert told == (
        "This assembly counts pods, and one person cannot change that for one proposal. !assembly set mode"
        f" {typed.lower()} asks for another way, which a spoke of another pod confirms. For example: !propose We strike"
        " together on 1 May. | class=binding"
    )
    assert await chat.everything() == before


@pytest.mark.parametrize("typed", ["heads", "pod", "double majority", "2/3", "?", "all", "people,pods", "2"])
async def test_what_is_no_mode_is_answered_with_those_there_are(chat: Chat, typed: str) -> None:
    names = await river(chat, 3)
    told = (await chat.say(people(names[0])[0], "river", f"{WORDS} | mode={typed}"))[0]
    assert (
        "There are pods, people, double, capped. For example: !propose We strike together on 1 May." in told
    )
    assert (
        "is not a value for mode" in (await chat.say("alder-ana", "river", f"!assembly set mode {typed}"))[0]
    )


async def test_a_share_of_more_may_be_chosen_and_of_less_not(chat: Chat) -> None:
    names = await river(chat, 4)
    await mode(chat, "present", "of")
    ana = people(names[0])[0]
    assert "cannot make that easier" in (await chat.say(ana, "river", f"{WORDS} | of=voiced"))[0]
    assert "There are voiced, present, all." in (await chat.say(ana, "river", f"{WORDS} | of=everyone"))[0]
    told = await open_(chat, names, f"{WORDS} | of=all")
    assert "4 pods, 3/4 of all of them is needed: 3 that say yes are enough" in told
    for name in names[:2]:
        await says(chat, name, "agree")
    await says(chat, names[2], "abstain")
    await chat.wait(days=8)
    told = chat.heard("river")[-1]
    assert told.startswith("P1 is not adopted:")
    assert "2 said yes, and 3 were needed: 3/4 of 4." in told


async def test_in_a_pod_abstaining_dilutes_where_it_is_a_share_of_the_present(chat: Chat) -> None:
    await river(chat, 1)
    async with chat.database.transaction("rule") as tx:
        await pods.set_setting(tx, "!alder:test", "threshold", "2/3")
    assert (
        "a mode is for an assembly"
        in (await chat.say("alder-ana", "alder", "!propose A tent. | mode=people"))[0]
    )
    for of in ("voiced", "present", "all"):
        await chat.say("alder-ana", "alder", f"!propose We buy a tent of {of}. | of={of}")
    for id in ("P1", "P2", "P3"):
        await chat.say("alder-ana", "alder", f"agree {id}")
        await chat.say("alder-ben", "alder", f"abstain {id}")
    assert "would be adopted" in (await chat.say("alder-cy", "alder", "!test P1"))[0]
    for id in ("P2", "P3"):
        assert "would not be adopted" in (await chat.say("alder-cy", "alder", f"!test {id}"))[0]
    assert "All who said" not in (await chat.say("alder-cy", "alder", "!why P3"))[0]
    await chat.say("alder-ana", "alder", "!pod set of all")
    assert (await chat.say("alder-ben", "alder", "ok J1"))[0].startswith("Of is now all in this pod.")
    assert (
        "cannot make that easier" in (await chat.say("alder-ana", "alder", "!propose A van. | of=present"))[0]
    )


# -- the quorum of active pods -----------------------------------------------------------------------


async def sleeping(chat: Chat, count: int, awake: int) -> tuple[str, ...]:
    """River with some pods that meets every month; only some of them were heard in the last two."""
    names = await river(chat, count)
    async with chat.database.transaction("meets") as tx:
        await pods.set_setting(tx, "!river:test", "meets", "2026-12-03T19:00 FREQ=MONTHLY;BYDAY=1TH")
    chat.clock.moment += timedelta(days=70)
    for name in names[:awake]:
        await chat.say(people(name)[1], "river", "!proposals")
    chat.clock.moment += timedelta(days=14)
    chat.sent.clear()
    return names


async def test_dormant_pods_are_named_and_the_quorum_is_of_the_active_ones(chat: Chat) -> None:
    names = await sleeping(chat, 6, 4)
    await chat.say(people(names[0])[0], "river", WORDS)
    told = chat.heard("river")[-1]
    assert told.endswith(
        "Not heard in the last two assemblies: Elm, Fir. They are asked like all others, and the quorum does not wait for them."
    )
    assert "6 pods, 3/4 is needed: 5 that say yes are enough, whatever the others say" in told
    for name in names[:3]:
        await says(chat, name, "agree")
    [told] = await chat.say("alder-ana", "river", "!why P1")
    assert (
        "2 of 6 are dormant: not heard in the last two assemblies. The quorum is 3: 2/3 of the 4 active ones"
        in told
    )
    await chat.wait(days=8)
    told = chat.heard("river")[-1]
    assert told.startswith("P1 is adopted:")
    assert "- Elm: nothing yet, dormant\n- Fir: nothing yet, dormant" in told


async def test_a_pod_wakes_by_being_heard_and_is_waited_for_again(chat: Chat) -> None:
    names = await sleeping(chat, 6, 4)
    await chat.say(people(names[0])[0], "river", WORDS)
    await chat.say("elm-ana", "elm", "!spokes")
    await chat.say("fir-cy", "fir", "!spokes")
    [told] = await chat.say("alder-ana", "river", "!proposal P1")
    assert "- Elm: nothing yet\n- Fir: nothing yet, dormant" in told
    [told] = await chat.say("alder-ana", "river", "!why P1")
    assert "1 of 6 are dormant" in told
    assert "The quorum is 4: 2/3 of the 5 active ones" in told


async def test_nobody_binds_all_by_outlasting_them(chat: Chat) -> None:
    names = await sleeping(chat, 6, 2)
    await chat.say(people(names[0])[0], "river", WORDS)
    for name in names[:2]:
        await says(chat, name, "agree")
    [told] = await chat.say("alder-ana", "river", "!why P1")
    assert "The quorum is 3" in told
    assert "3/4 of 3, in whole voices, is 3. Yes: 0." in told
    await chat.wait(days=25)
    assert chat.heard("river")[-1].startswith("P1 has lapsed")


async def test_without_two_assemblies_on_record_all_pods_are_active(chat: Chat) -> None:
    names = await river(chat, 3)
    chat.clock.moment += timedelta(days=200)
    await chat.say(people(names[0])[0], "river", WORDS)
    assert "Not heard" not in chat.heard("river")[-1]


async def test_a_person_who_is_spoke_of_two_pods_wakes_both(chat: Chat) -> None:
    names = await sleeping(chat, 4, 0)
    async with chat.database.transaction("two") as tx:
        await tx.run("UPDATE seats SET user_id = ? WHERE user_id = ?", user("alder-ana"), user("birch-ana"))
    await chat.say("alder-ana", "river", WORDS)
    told = chat.heard("river")[-1]
    assert "Not heard in the last two assemblies: Cedar, Dogwood." in told
    [told] = await chat.say(people(names[2])[0], "river", "!proposal P1")
    assert (
        "- Alder: nothing yet\n- Birch: nothing yet\n- Cedar: nothing yet\n- Dogwood: nothing yet, dormant"
        in told
    )


async def test_a_persons_last_words_that_cannot_be_read_adopt_nothing_they_could_change(chat: Chat) -> None:
    names = await river(chat, 3)
    await mode(chat, "people")
    await open_(chat, names)
    for name in names:
        await says(chat, name, "agree", count=2)
    event = await chat.unreadable("alder-ben", "alder", "disagree P1")
    await chat.say("birch-cy", "birch", "disagree P1")
    [told] = await chat.say("alder-ana", "river", "!why P1")
    assert (
        "9 people: yes 5, no 1, abstain or aside 0, silent 2, unknown 1. Needed: 5, 3/4 of 6. That passes."
        in told
    )
    assert "What could not be read could change it" in (await chat.say("alder-ana", "river", "!test P1"))[0]
    await chat.key_comes(event)
    [told] = await chat.say("alder-ana", "river", "!why P1")
    assert (
        "9 people: yes 5, no 2, abstain or aside 0, silent 2. Needed: 6, 3/4 of 7. That does not pass."
        in told
    )


async def test_who_leaves_a_pod_before_its_end_is_counted_no_more_unless_they_are_in_another(
    chat: Chat,
) -> None:
    names = await river(chat, 3)
    await mode(chat, "people")
    await chat.joins("alder-cy", "birch")
    await open_(chat, names)
    await says(chat, "alder", "agree")
    await chat.leaves("alder-cy", "alder")
    assert "9 people: yes 3, no 0" in (await chat.say("alder-ana", "river", "!why P1"))[0]
    await chat.leaves("alder-cy", "birch")
    assert "8 people: yes 2, no 0" in (await chat.say("alder-ana", "river", "!why P1"))[0]


async def test_after_a_new_round_of_a_pod_its_people_are_counted_by_what_they_said_last(chat: Chat) -> None:
    names = await river(chat, 2)
    await mode(chat, "people")
    await open_(chat, names)
    await says(chat, "alder", "agree")
    await chat.wait(days=5, hours=1)
    await chat.say("alder-cy", "alder", "!renew P2")
    await chat.say("alder-cy", "alder", "disagree P4")
    assert "6 people: yes 2, no 1" in (await chat.say("alder-ana", "river", "!why P1"))[0]


async def test_a_pillar_is_counted_in_pods_whatever_is_set(chat: Chat) -> None:
    names = await river(chat, 3)
    await mode(chat, "people")
    told = await open_(chat, names, "!propose We share what we have. | class=pillar")
    assert "3 pods, 80% of all of them is needed" in told


async def test_a_stance_of_one_person_read_late_corrects_the_count_of_people(chat: Chat) -> None:
    names = await river(chat, 3)
    await mode(chat, "people")
    await open_(chat, names)
    for name in names:
        await says(chat, name, "agree", count=2)
    for name in names[1:]:
        await chat.say(people(name)[2], name, "disagree P1")
    in_time = chat.clock.now()
    await chat.wait(days=8)
    told = chat.heard("river")[-1]
    assert "9 people: yes 6, no 2" in told
    assert told.startswith("P1 is adopted:")
    late = chat._event("alder-cy", "alder") | {"sent_at": in_time}
    await chat.say("alder-cy", "alder", "disagree P2", event=late)
    await chat.wait(minutes=3)
    told = chat.heard("river")[-1]
    assert told.startswith("P1 is not adopted:")
    assert "9 people: yes 6, no 3" in told
