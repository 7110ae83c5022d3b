"""Pods and assemblies, as typed by people."""

from tests.commands.chat import Chat, Removed


async def federation(chat: Chat) -> None:
    """An assembly River run by Ana, and the pod Willow with Ana, Ben and Cy."""
    await chat.room("river", "Ana", "Dora")
    await chat.room("willow", "Ana", "Ben", "Cy")
    await chat.say("Ana", "river", "!assembly create River")
    await chat.say("Ben", "willow", "!pod create Willow")


async def test_hello_says_what_it_reads_and_how_to_start(chat: Chat) -> None:
    await chat.room("willow", "Ana", "Ben", "Cy")
    assert chat.heard("willow") == [
        "Hello, I am Spokesbot. I do the clerical work of a federation: pairs, summaries, quick polls.\n"
        "I read what begins with !, replies to me and poll votes. I keep those and who is here; other talk I do not keep.\n"
        "A small group starts with !pod create NAME.\n"
        "The room where spokes meet starts with !assembly create NAME.\n"
        "!help shows everything I can do."
    ]


async def test_a_room_becomes_a_pod_once(chat: Chat) -> None:
    await chat.room("willow", "Ana", "Ben", "Cy")
    assert await chat.say("Ana", "willow", "!pod create  Willow ") == [
        "This room is now the pod Willow, with 3 members.\n"
        "Next: !spokes draw draws your pair of spokes.\n"
        "To enter an assembly, type !pod join CODE with a code from there."
    ]
    before = await chat.everything()
    assert await chat.say("Ben", "willow", "!pod create Oak") == [
        "This room is the pod Willow already. !pod shows it."
    ]
    assert await chat.everything() == before


async def test_a_pod_enters_by_code_and_ok(chat: Chat) -> None:
    await federation(chat)
    [made] = await chat.say("Ana", "river", "!assembly invite")
    code = made.split("!pod join ")[1][:7]
    chat.heard("river")
    answer = await chat.say("Cy", "willow", f"!pod join {code.lower()}")
    assert answer == [
        "Willow has asked to enter the assembly River (J1). You will hear here when it is decided."
    ]
    assert chat.heard("river") == [
        "The pod Willow (3 members) asks to enter (J1).\nAn admin of this room can type ok J1 to let it in."
    ]
    assert await chat.say("Dora", "river", "ok J1") == [
        "While there are fewer than two pods, J1 needs the ok of this room's admins."
    ]
    assert await chat.say("Ana", "river", "ok j1") == [
        "Willow is now in the assembly River, which has 1 pod."
    ]
    assert "Willow is now in the assembly River." in chat.heard("willow")[-1]


async def test_an_unknown_command_gets_the_nearest_one_with_their_own_words(chat: Chat) -> None:
    await federation(chat)
    assert await chat.say("Ana", "willow", "!pood create Elm") == [
        "I do not know !pood create. Did you mean this? !pod create Elm"
    ]


async def test_talk_is_not_answered(chat: Chat) -> None:
    await federation(chat)
    for words in ("ok", "ok then, see you", "hello", "!!!", "2", "pass me the salt", "accept it"):
        assert await chat.say("Ana", "willow", words) == []


async def test_names_with_markup_are_shown_as_typed(chat: Chat) -> None:
    await chat.room("willow", "Ana", "Ben", "Cy")
    [answer] = await chat.say("Ana", "willow", "!pod create *Bold* [x](y)_z_")
    assert answer.startswith("This room is now the pod *Bold* [x](y)_z_, with")


async def test_a_removed_bot_is_told_to_the_assembly(chat: Chat) -> None:
    await test_a_pod_enters_by_code_and_ok(chat)
    await chat.removed("willow", "Ben")
    assert Removed
    assert chat.heard("river")[-1].startswith("I was removed from the room of Willow.")


async def test_two_pods_of_one_name_cannot_both_enter(chat: Chat) -> None:
    await federation(chat)
    await chat.room("second", "Dora", "Eli", "Fay")
    await chat.say("Dora", "second", "!pod create WILLOW")
    codes = []
    for _ in range(2):
        [made] = await chat.say("Ana", "river", "!assembly invite")
        codes.append(made.split("!pod join ")[1][:7])
    await chat.say("Cy", "willow", f"!pod join {codes[0]}")
    [refused] = await chat.say("Dora", "second", f"!pod join {codes[1]}")
    assert refused.startswith(
        "There is a pod called WILLOW in that assembly already, or one that asks to enter."
    )
    [kept] = await chat.say("Cy", "willow", "!pod rename The Federation")
    assert kept == "Willow asks to enter an assembly (J1), so its name stays."


async def test_an_ok_counts_under_the_rule_of_the_day_it_decides(chat: Chat) -> None:
    await federation(chat)
    await chat.joins("Ben", "river")
    await chat.power("river", 50, "Ana", "Dora")
    [made] = await chat.say("Ana", "river", "!assembly invite")
    code = made.split("!pod join ")[1][:7]
    await chat.say("Cy", "willow", f"!pod join {code}")
    assert "1 of 2" in (await chat.say("Ana", "river", "ok J1"))[0]
    await chat.power("river", 50, "Dora", "Ben")
    assert "1 of 2" in (await chat.say("Dora", "river", "ok J1"))[0]
