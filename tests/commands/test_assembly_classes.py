"""Advice that each pod adopts or not, pillars in two readings, and what is said to a class that is none here."""

from __future__ import annotations

import pytest

from tests.commands.built_once import built_once
from tests.commands.chat import Chat
from tests.commands.river import people, river, says

ADVICE = "!propose We buy from the mill. | class=advice"
PILLAR = "!pillar propose We never leave anybody behind."
HARM = "It would cost our people their flats. | ground=harm"


async def everybody(chat: Chat, names: tuple[str, ...], verb: str, why: str = "") -> None:
    for name in names:
        await says(chat, name, verb, why)


# -- advice --------------------------------------------------------------------------------------------


async def test_advice_needs_two_thirds_of_the_pods_and_cannot_be_blocked(chat: Chat) -> None:
    names = await river(chat, 4)
    await chat.say(people(names[0])[0], "river", ADVICE)
    assert chat.heard("river") == [
        "P1, proposed by alder-ana:\n\n> We buy from the mill.\n\n"
        "It is advice: it binds nobody, and each pod then adopts it or not.\n"
        "4 pods, 2/3 is needed: 3 that say yes are enough, whatever the others say.\n"
        "Each pod decides in its own room by its own rule, and I carry here what it says.\n"
        "Closes Fri 18 Dec 2026 10:00 UTC, in 5 days."
    ]
    assert chat.heard(names[0])[1].startswith(
        "P2: River asks every pod about P1, an advice that each pod then adopts or not:"
    )
    await everybody(chat, names[:3], "agree")
    await says(chat, names[3], "block", HARM)
    await chat.wait(days=5)
    assert chat.heard("river") == [
        "P1 is adopted:\n\n> We buy from the mill.\n\nCount: agree 3, block 1.\n"
        "It is advice. A pod makes it its own by deciding so in its room: !adopt P1\n!why P1 shows the sum.\n"
        "- Alder: yes (3 of 3 agreed)\n- Birch: yes (3 of 3 agreed)\n- Cedar: yes (3 of 3 agreed)\n"
        "- Dogwood: blocks (0 of 3 agreed, 3 blocked)"
    ]
    assert (await chat.say(people(names[0])[0], "river", "!why P1")) == [
        "P1, adopted: We buy from the mill.\n"
        "4 pods have a voice, those of the opening that have not left. What each decided by its own rule before Fri 18 Dec"
        " 2026 10:00 UTC counts.\nCount: agree 3, block 1.\n"
        "Present are all who said something: 4. The quorum is 2: 1/2 of 4, rounded up.\n"
        "Yes or no was said by 4. The quorum less those who abstain or stand aside is 2. The larger counts: 4.\n"
        "2/3 of 4, in whole voices, is 3. Yes: 3.\n"
        "- Alder: yes (3 of 3 agreed)\n- Birch: yes (3 of 3 agreed)\n- Cedar: yes (3 of 3 agreed)\n"
        "- Dogwood: blocks (0 of 3 agreed, 3 blocked)"
    ]


@built_once
async def advised(chat: Chat) -> tuple[str, ...]:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", ADVICE)
    await everybody(chat, names, "agree")
    await chat.wait(days=5)
    for name in ("river", *names):
        chat.heard(name)
    return names


async def test_a_pod_that_adopts_decides_it_by_its_own_rule_and_the_assembly_hears_it(chat: Chat) -> None:
    names = await advised(chat)
    assert (await chat.say(people(names[1])[2], names[1], "!proposal P1"))[0].startswith(
        "P1, proposed by alder-ana, adopted:"
    )
    told = (await chat.say(people(names[1])[2], names[1], "!adopt P1"))[-1]
    assert "It is the advice P1 of the assembly; here your pod adopts it or not." in told
    assert "By consensus of 3 voices." in told
    assert "decides on P1 in P5 already" in (await chat.say(people(names[1])[0], names[1], "!adopt P1"))[0]
    assert "as it stands" in (await chat.say(people(names[1])[2], names[1], "!amend P5 We buy from Ann."))[0]
    for person in people(names[1]):
        await chat.say(person, names[1], "agree P5")
    await chat.wait(days=3, hours=1)
    assert chat.heard("river") == ["Birch adopts P1."]
    assert "has adopted P1 in P5." in (await chat.say(people(names[1])[0], names[1], "!adopt P1"))[0]
    assert (await chat.say(people(names[0])[0], "river", "!proposal P1"))[0].endswith("- Adopted by Birch")


async def test_a_pod_that_does_not_adopt_says_nothing_and_may_ask_again(chat: Chat) -> None:
    names = await advised(chat)
    await chat.say(people(names[1])[2], names[1], "!adopt P1 | closes=in 2 days")
    for person in people(names[1]):
        await chat.say(person, names[1], "disagree P5")
    await chat.wait(days=3)
    assert chat.heard("river") == []
    assert (await chat.say(people(names[1])[2], names[1], "!adopt p1"))[-1].startswith("P6, proposed by")


# -- pillars -------------------------------------------------------------------------------------------


async def test_a_pillar_passes_two_readings_and_is_listed_with_those_who_adopted_it(chat: Chat) -> None:
    names = await river(chat, 5)
    await chat.say(people(names[0])[0], "river", PILLAR)
    assert chat.heard("river") == [
        "P1, proposed by alder-ana:\n\n> We never leave anybody behind.\n\n"
        "It would be a pillar, which binds every pod.\n"
        "It is reading 1 of 2: it must pass each with the same words.\n"
        "5 pods, 80% of all of them is needed: 4 that say yes are enough, unless a pod blocks. Silence is no yes.\n"
        "Each pod decides in its own room by its own rule, and I carry here what it says.\n"
        "Closes Sun 27 Dec 2026 10:00 UTC, in 14 days."
    ]
    await everybody(chat, names[:4], "agree")
    await says(chat, names[4], "disagree")
    await chat.wait(days=14)
    assert chat.heard("river") == [
        "P1 has passed reading 1 of 2:\n\n> We never leave anybody behind.\n\nCount: agree 4, disagree 1.\n"
        "Every pod is asked once more about the same words. A change of them starts at the first reading.\n"
        "5 pods, 80% of all of them is needed: 4 that say yes are enough, unless a pod blocks. Silence is no yes.\n"
        "Closes Sun 10 Jan 2027 10:00 UTC, in 14 days.\n"
        "- Alder: yes (3 of 3 agreed)\n- Birch: yes (3 of 3 agreed)\n- Cedar: yes (3 of 3 agreed)\n"
        "- Dogwood: yes (3 of 3 agreed)\n- Elm: no (0 of 3 agreed, 3 disagreed)"
    ]
    assert "It is reading 2 of 2" in chat.heard(names[0])[-1]
    await everybody(chat, names[:4], "agree")
    await chat.wait(days=14)
    assert "It is pillar 1 now, version 1. !pillars shows all." in chat.heard("river")[-1]
    listed = (
        "Pillar 1, version 1, adopted Sun 10 Jan 2027 10:00 UTC by Alder, Birch, Cedar and Dogwood (P1):\n\n"
        "> We never leave anybody behind.\n\n"
    )
    for room in ("river", names[4]):
        [told] = await chat.say(people(names[4])[0], room, "!pillars")
        assert told == f"{listed}To change one, in the assembly: !pillar propose 1 TEXT"
    [told] = await chat.say(people(names[0])[0], "river", "!why P1")
    assert "Every voice is counted, so silence is a no: 5.\n80% of 5, in whole voices, is 4. Yes: 4." in told


async def test_silence_is_no_yes_for_a_pillar_and_the_second_reading_can_miss(chat: Chat) -> None:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", PILLAR)
    await everybody(chat, names, "agree")
    await chat.wait(days=14)
    await everybody(chat, names[:2], "agree")
    await chat.wait(days=14)
    assert chat.heard("river")[-1].startswith("P1 goes on, once, until")
    await chat.wait(days=8)
    assert chat.heard("river")[-1].startswith("P1 has lapsed, neither adopted nor rejected")
    assert "no pillar yet" in (await chat.say(people(names[0])[0], "river", "!pillars"))[0]


async def test_any_change_of_the_words_starts_at_the_first_reading(chat: Chat) -> None:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", PILLAR)
    await everybody(chat, names, "agree")
    await chat.wait(days=15)
    await chat.say(people(names[0])[0], "river", "!amend P1 We leave nobody behind.")
    assert "It is reading 1 of 2" in chat.heard("river")[-1]
    await everybody(chat, names, "agree")
    await chat.wait(days=14)
    assert chat.heard("river")[-1].startswith("P1 has passed reading 1 of 2:")


async def test_new_words_of_a_pillar_keep_its_number_and_the_old_ones_can_be_read(chat: Chat) -> None:
    names = await river(chat, 3)
    for line in (PILLAR, "!pillar propose 1 We leave nobody behind.", "!pillar propose We share the van."):
        await chat.say(people(names[0])[0], "river", line)
        for _reading in range(2):
            await everybody(chat, names, "agree")
            await chat.wait(days=14, hours=1)
    told = (await chat.say(people(names[0])[0], "river", "!pillar 1"))[0]
    assert told.startswith("Pillar 1, version 2, adopted")
    assert "Before that:\nPillar 1, version 1, adopted" in told
    assert "Pillar 2, version 1" in (await chat.say(people(names[0])[0], "river", "!pillars"))[0]
    assert (
        "says exactly that"
        in (await chat.say(people(names[0])[0], "river", "!pillar propose 1 We leave nobody behind."))[0]
    )


async def test_a_block_of_a_pillar_is_never_outvoted_and_it_lapses_if_it_stands(chat: Chat) -> None:
    names = await river(chat, 5)
    await chat.say(people(names[0])[0], "river", PILLAR)
    await everybody(chat, names[:4], "agree")
    await says(chat, names[4], "block", HARM)
    await chat.wait(days=14)
    assert "A block of a pillar is never outvoted" in chat.heard("river")[-1]
    for note in ("Elm and Alder.", "All pairs."):
        told = (await chat.say(people(names[4])[0], "river", f"!met P1 {note}"))[0]
    assert (
        told
        == "elm-ana: logged, 2 talks about P1. If the block still stands Sun 24 Jan 2027 10:00 UTC, in 28 days, it lapses."
    )
    await chat.wait(days=15)
    assert (
        "P1: We never leave anybody behind. is still blocked. It is never outvoted" in chat.heard("river")[-1]
    )
    await chat.wait(days=14)
    told = chat.heard("river")[-1]
    assert told.startswith("P1 has lapsed")
    assert "It was blocked for 28 days, and a block of a pillar is never outvoted." in told


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("!propose We march. | class=pod", "one of these classes: advice, binding, pillar. For example: !propose We march. | class=binding"),
        ("!propose We march. | class=bindng", "one of these classes: advice, binding, pillar. For example: !propose We march. | class=binding"),
        ("!propose We march. | class=recall", "For example: !spokes recall @ben:example.org missed three assemblies"),
        ("!propose We march. | class=advice | closes=in 2 days", "must be open at least 120 hours"),
        ("!propose We march. | class=pillar | closes=in 7 days", "must be open at least 336 hours"),
        ("!propose We march. | threshold=1/2", "Changing it is itself a pillar change: !pillar propose"),
        ("!pillar propose", "A proposal begins with its words. For example: !pillar propose We"),
        ("!pillar propose 7 We march.", "There is no pillar 7. !pillars lists them; a new one is proposed with !pillar propose We march."),
        (f"!pillar propose {'x' * 601}", "is 601 characters long; 600 are the most"),
        ("!pillar 7", "There is no pillar 7. !pillars lists them."),
        ("!pillar three", "“three” is no pillar's number. For example: !pillar 3"),
        ("!pillar propse We march.", "is no pillar's number"),
        ("!pilar propose We march.", "Did you mean this? !pillar propose We march."),
    ],
)  # fmt: skip
async def test_what_is_no_class_here_is_refused_in_one_line_and_changes_nothing(
    chat: Chat, line: str, answer: str
) -> None:
    names = await river(chat, 3)
    before = await chat.everything()
    [told] = await chat.say(people(names[0])[0], "river", line)
    assert answer in told
    assert "\n" not in told
    assert await chat.everything() == before


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("!propose We march. | class=binding", "The class binding is for an assembly, where a spoke proposes it. Here it is pod. For example: !propose We march. | class=pod"),
        ("!propose We march. | class=pillar", "The class pillar is for an assembly"),
        ("!propose We march. | class=x", "Here a proposal is of the class pod. For example: !propose We march. | class=pod"),
        ("!propose We march. | class=recall", "with another command. For example: !spokes recall"),
        ("!pillar propose We march.", "a spoke proposes it in the assembly: !pillar propose We march."),
        ("!adopt", "Adopt which advice? For example: !adopt P3"),
        ("!adopt advice", "Adopt which advice? For example: !adopt P3"),
        ("!adopt the good advice", "Adopt which advice? For example: !adopt P3"),
        ("!adopt P9", "P9 is no advice of your assembly."),
        ("!adopt P1 | closes=soon", "P1 is no advice of your assembly."),
    ],
)  # fmt: skip
async def test_what_is_the_assemblys_is_refused_in_a_pod(chat: Chat, line: str, answer: str) -> None:
    names = await river(chat, 2)
    before = await chat.everything()
    [told] = await chat.say(people(names[0])[0], names[0], line)
    assert answer in told
    assert await chat.everything() == before


async def test_too_few_pods_are_told_what_they_can_do(chat: Chat) -> None:
    names = await river(chat, 2)
    assert (await chat.say(people(names[0])[0], "river", PILLAR)) == [
        "The class pillar needs at least 3 pods, and there are 2 here. What binds them is proposed with"
        " !propose We never leave anybody behind. | class=binding"
    ]


# -- standing apart ------------------------------------------------------------------------------------


async def test_a_pod_that_did_not_agree_stands_apart_by_two_members_until_it_joins_or_the_words_change(
    chat: Chat,
) -> None:
    names = await river(chat, 5)
    await chat.say(people(names[0])[0], "river", PILLAR)
    for _reading in range(2):
        await everybody(chat, names[:4], "agree")
        await says(chat, names[4], "disagree")
        await chat.wait(days=14, hours=1)
    chat.heard("river")
    assert (
        "Alder agreed to pillar 1." in (await chat.say(people(names[0])[2], names[0], "!pillar apart 1"))[0]
    )
    assert "does not stand apart" in (await chat.say(people(names[4])[2], names[4], "!pillar join 1"))[0]
    assert await chat.say(people(names[4])[2], names[4], "!pillar apart 1") == [
        "elm-cy asks that Elm stands apart from pillar 1 (J1). It takes effect when another member types ok J1."
    ]
    told = "Elm stands apart from pillar 1, version 1, and keeps its autonomy on it."
    assert await chat.say(people(names[4])[0], names[4], "ok J1") == [told]
    assert chat.heard("river") == [told]
    assert "Apart from it: Elm." in (await chat.say(people(names[0])[0], "river", "!pillars"))[0]
    assert (
        "stands apart from pillar 1 already"
        in (await chat.say(people(names[4])[0], names[4], "!pillar apart 1"))[0]
    )
    await chat.say(people(names[4])[0], names[4], "!pillar join 1")
    await chat.say(people(names[4])[1], names[4], "ok J2")
    assert chat.heard("river")[-1] == "Elm joins pillar 1, version 1."
    assert "Apart" not in (await chat.say(people(names[0])[0], "river", "!pillars"))[0]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("!pillar apart", "Which pillar? For example: !pillar 3"),
        ("!pillars 7", "There is no pillar 7. !pillars lists them."),
        ("!pillar apart four", "“four” is no pillar's number."),
        ("!pillar apart 4", "There is no pillar 4. !pillars lists them."),
        ("!pillar join 4", "There is no pillar 4. !pillars lists them."),
    ],
)
async def test_apart_from_nothing_is_refused(chat: Chat, line: str, answer: str) -> None:
    names = await river(chat, 2)
    assert answer in (await chat.say(people(names[0])[0], names[0], line))[0]
