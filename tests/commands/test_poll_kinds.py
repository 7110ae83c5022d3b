"""Polls of every kind, as people ask and answer them: approval, scores, rankings, temperatures, times."""

import pytest

from tests.commands.chat import Chat
from tests.commands.test_polls import say, tick, willow

PLACES = "!poll Where? | Park | Library | Hall"


async def asked(chat: Chat, line: str, *votes: tuple[str, str]) -> str:
    """Willow with a poll and some answers; returns the event of its words."""
    await willow(chat)
    tick(chat)
    await chat.say("Ana", "willow", line)
    words = chat.last("willow").event_id
    for person, typed in votes:
        await say(chat, person, f"!vote {typed}")
    return words


async def test_yes_or_no_needs_no_options_and_can_be_tapped(chat: Chat) -> None:
    await asked(chat, "!poll Do we march? | type=yes/no")
    native = chat.last_poll("willow").event_id
    assert chat.heard("willow")[-2:] == [
        "StartPoll",
        "P1: Do we march?\n"
        "Tap your answer in the poll above, or type !vote 2, or reply to this message with 2 or an option's words."
        " Your last answer counts.\n"
        "Closes Thu 26 Nov 2026 11:00 UTC, in 3 days.\n"
        "1. Yes\n"
        "2. No",
    ]
    assert await say(chat, "Ana", "!vote nope") == ["Ana: No. Counted in P1. 1 of 4 has voted."]
    await chat.tap("Ben", "willow", native, "1")
    [_end, result] = await say(chat, "Ana", "!poll close")
    assert "A tie, without a winner: Yes and No, 1 vote each." in result


async def test_an_approval_names_any_number_and_is_typed(chat: Chat) -> None:
    words = await asked(chat, f"{PLACES} | type=approval")
    assert chat.heard("willow") == [
        "P1: Where?\n"
        "Name all that are good enough for you, as many as you like. There is nothing to tap.\n"
        "Type !vote 1 3, or reply to this message with 1 3. Your last answer counts.\n"
        "Closes Thu 26 Nov 2026 11:00 UTC, in 3 days.\n"
        "1. Park\n"
        "2. Library\n"
        "3. Hall"
    ]
    assert await say(chat, "Ana", "1 3", words) == ["Ana: Park and Hall. Counted in P1. 1 of 4 has voted."]
    assert await say(chat, "Ben", "all", words) == [
        "Ben: Park, Library and Hall. Counted in P1. 2 of 4 have voted."
    ]
    assert await say(chat, "Cy", "!vote none") == ["You have no answer in P1 that you could withdraw."]
    assert await say(chat, "Ben", "!vote Park") == ["Ben: Park. Counted in P1. 2 of 4 have voted."]
    assert await say(chat, "Ana", "!poll close") == [
        "Ana has closed P1: Where?\n"
        "Most approve of Park: 2 of 2.\n"
        "2 of 4 members voted. !why P1 shows the sum.\n"
        "- Park: 2\n"
        "- Hall: 1\n"
        "- Library: 0"
    ]
    assert "may name as many as they like." in (await say(chat, "Ana", "!why P1"))[0]


async def test_scores_are_summed_exactly(chat: Chat) -> None:
    words = await asked(chat, f"{PLACES} | type=score")
    assert chat.heard("willow")[-1].splitlines()[1:3] == [
        "Give the options 1 to 5 points; 5 is best. What you leave out gets 1. There is nothing to tap.",
        "Type !vote 1=5 2=3, or reply to this message with 1=5 2=3. Your last answer counts.",
    ]
    assert await say(chat, "Ana", "1=5 2=3", words) == [
        "Ana: Park 5, Library 3, Hall 1. Counted in P1. 1 of 4 has voted."
    ]
    await say(chat, "Ben", "5 1 4", words)
    await say(chat, "Cy", "Hall=5", words)
    await say(chat, "Di", "1=5", words)
    assert await say(chat, "Ana", "!poll close") == [
        "Ana has closed P1: Where?\n"
        "Most points: Park, with 16.\n"
        "4 of 4 members voted. !why P1 shows the sum.\n"
        "- Park: 16 points, mean 4, median 5\n"
        "- Hall: 11 points, mean 2 3/4, median 2 1/2\n"
        "- Library: 6 points, mean 1 1/2, median 1"
    ]
    assert (await say(chat, "Ana", "!why P1"))[0].endswith(
        "How many gave each score, from 1 to 5, and the points:\n"
        "1. Park: 1, 0, 0, 0, 3; 16 points\n"
        "2. Library: 3, 0, 1, 0, 0; 6 points\n"
        "3. Hall: 2, 0, 0, 1, 1; 11 points"
    )


@pytest.mark.parametrize("typed", ["Park 5 Library 3", "park 5  library 3", "library 3 park 5."])
async def test_scores_are_understood_as_words_and_points_in_turn(chat: Chat, typed: str) -> None:
    await asked(chat, f"{PLACES} | type=score")
    assert await say(chat, "Ana", f"!vote {typed}") == [
        "Ana: Park 5, Library 3, Hall 1. Counted in P1. 1 of 4 has voted."
    ]


@pytest.mark.parametrize("typed", ["Park 5 Barn 3", "Park 5 and 3", "5 Park 3"])
async def test_points_for_words_that_are_no_option_are_none(chat: Chat, typed: str) -> None:
    await asked(chat, f"{PLACES} | type=score")
    [answer] = await say(chat, "Ana", f"!vote {typed}")
    assert "For example: !vote P1" in answer


async def test_a_ranking_says_what_it_understood_and_is_counted_in_two_ways(chat: Chat) -> None:
    await asked(chat, f"{PLACES} | type=rank")
    assert chat.heard("willow")[-1].splitlines()[1:3] == [
        "Put the options in order, the best first. What you leave out comes last. There is nothing to tap.",
        "Type !vote 2 > 1 > 3, or reply to this message with 2 > 1 > 3. Your last answer counts.",
    ]
    said = [
        ("Ana", "2>1", "first Library, then Park, then Hall"),
        ("Ben", "2 1 3", "first Library, then Park, then Hall"),
        ("Cy", "1", "first Park, then the other 2, alike"),
        ("Di", "Hall > Library", "first Hall, then Library, then Park"),
    ]
    for number, (person, typed, understood) in enumerate(said, 1):
        [answer] = await say(chat, person, f"!vote {typed}")
        assert answer.startswith(f"{person}: {understood}. Counted in P1. {number} of 4 ha")
    assert (await say(chat, "Ana", "!poll P1"))[0].endswith(
        "So far, how many put each first:\n1. Park: 1\n2. Library: 2\n3. Hall: 1"
    )
    assert await say(chat, "Ana", "!poll close") == [
        "Ana has closed P1: Where?\n"
        "Instant run-off: Library wins. It also beats every other one, one against one.\n"
        "4 of 4 members voted. !why P1 shows the sum.\n"
        "The order, one against one:\n"
        "- Place 1: Library\n"
        "- Place 2: Park\n"
        "- Place 3: Hall"
    ]
    assert (await say(chat, "Ana", "!why P1"))[0].endswith(
        "Instant run-off: each answer counts for the first option in it that is still in.\n"
        "Round 1: Park 1, Library 2, Hall 1. Several are equally low, and it is not drawn by lot who goes out first:\n"
        "If Park goes out now, Library wins.\n"
        "If Hall goes out now, Library wins.\n"
        "One against one, how many have the first before the second, and the other way round:\n"
        "Park – Library: 1–3\n"
        "Park – Hall: 3–1\n"
        "Library – Hall: 2–1"
    )
    assert (
        "Closed lately:\n- P1: Where? – Instant run-off: Library wins."
        in (await say(chat, "Ana", "!polls"))[0]
    )


async def test_where_the_two_ways_differ_no_winner_is_named(chat: Chat) -> None:
    await willow(chat, *"ABCDEFGHI")
    await chat.say("A", "willow", f"{PLACES} | type=rank")
    for person, typed in zip("ABCDEFGHI", ["1>2>3"] * 4 + ["3>2>1"] * 3 + ["2>1>3"] * 2, strict=True):
        await say(chat, person, f"!vote {typed}")
    [result] = await say(chat, "A", "!poll close")
    assert result.splitlines()[1] == (
        "No winner: two ways of counting differ. Instant run-off: Park wins."
        " One against one, Library beats every other one."
    )
    why = (await say(chat, "A", "!why P1"))[0]
    assert (
        "Round 1: Park 4, Library 2, Hall 3. Out: Library.\nRound 2: Park 6, Hall 3. 6 of 9 is more than half."
        in why
    )


async def test_a_circle_and_a_tie_have_no_winner(chat: Chat) -> None:
    await asked(chat, f"{PLACES} | type=rank", ("Ana", "1>2>3"), ("Ben", "2>3>1"), ("Cy", "3>1>2"))
    [result] = await say(chat, "Ana", "!poll close")
    assert result.splitlines()[1:] == [
        "Instant run-off: a tie, without a winner: Park, Library and Hall. One against one, nobody beats all others:"
        " Park, Library and Hall are level or beat each other in a circle.",
        "3 of 4 members voted. !why P1 shows the sum.",
        "The order, one against one:",
        "- Place 1: Park, Library and Hall, alike",
    ]


async def test_a_temperature_has_a_middle_and_says_when_people_are_far_apart(chat: Chat) -> None:
    await asked(chat, "!poll The plan? | type=temp check", ("Ana", "1"), ("Ben", "for"))
    native = chat.last_poll("willow").event_id
    assert "This decides nothing." in chat.heard("willow")[-3]
    await chat.tap("Cy", "willow", native, "5")
    await chat.tap("Di", "willow", native, "4")
    [_end, result] = await say(chat, "Ana", "!poll close")
    assert result.splitlines()[1:] == [
        "In the middle: Unsure. They go from Strongly for to Strongly against. Some are far apart: talk first.",
        "4 of 4 members voted. !why P1 shows the sum.",
        "Apps count only what was tapped; this sum has the 2 typed answers too.",
        "- Strongly for: 1",
        "- For: 1",
        "- Unsure: 0",
        "- Against: 1",
        "- Strongly against: 1",
    ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ja", "Yes"), ("👍", "Yes"), ("👍🏿", "Yes"), ("Sí!", "Yes"), ("nein", "No"), ("👎🏽", "No")],
)
async def test_yes_and_no_have_many_words_and_a_thumb(chat: Chat, typed: str, meant: str) -> None:
    words = await asked(chat, "!poll Do we march? | type=yesno")
    assert await say(chat, "Ben", typed, words) == [f"Ben: {meant}. Counted in P1. 1 of 4 has voted."]


async def test_a_middle_may_be_between_two_levels(chat: Chat) -> None:
    await asked(chat, "!poll The plan? | type=temperature", ("Ana", "2"), ("Ben", "3"))
    [_end, result] = await say(chat, "Ana", "!poll close")
    assert "In the middle: between For and Unsure. They go from For to Unsure.\n" in result


async def test_a_meeting_time_is_found_among_dates_in_their_order(chat: Chat) -> None:
    words = await asked(chat, "!poll When? | Sat 11:00 | Fri 18:00 | Fri 20:00 | type=meeting")
    assert chat.heard("willow") == [
        "P1: When?\n"
        "Name all times at which you can, as many as you like. There is nothing to tap.\n"
        "Type !vote 1 3, or reply to this message with 1 3. Your last answer counts.\n"
        "Closes Thu 26 Nov 2026 11:00 UTC, in 3 days.\n"
        "1. Fri 27 Nov 2026 18:00 UTC\n"
        "2. Fri 27 Nov 2026 20:00 UTC\n"
        "3. Sat 28 Nov 2026 11:00 UTC"
    ]
    assert await say(chat, "Ana", "Sat", words) == [
        "Ana: Sat 28 Nov 2026 11:00 UTC. Counted in P1. 1 of 4 has voted."
    ]
    await say(chat, "Ben", "1 and 3", words)
    [result] = await say(chat, "Ana", "!poll close")
    assert "Most can Sat 28 Nov 2026 11:00 UTC: 2 of 2." in result


async def test_a_poll_about_times_ends_before_the_first_of_them(chat: Chat) -> None:
    await asked(chat, "!poll When? | Tue 9:00 | Wed 9:00 | type=meeting")
    assert "Closes Tue 24 Nov 2026 09:00 UTC, in 1 day." in chat.heard("willow")[-1]
    assert await say(chat, "Ana", "!poll When? | Tue 9:00 | Wed 9:00 | type=meeting | closes=Fri 18:00") == [
        "The first time is Tue 24 Nov 2026 09:00 UTC, before the end of the poll. For example: !poll When?"
        " | Tue 24 Nov 2026 09:00 UTC | Wed 25 Nov 2026 09:00 UTC | type=meeting | closes=Tue 24 Nov 2026 09:00"
    ]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (
            "!poll Do we march? type=yesno",
            "Put a | before type=. For example: !poll Do we march? | type=yesno",
        ),
        (
            "!poll Do we march? | type=ballot",
            "“ballot” is no type of poll. There are: choice, yesno, approval, score, rank, temperature, meeting."
            " For example: !poll Do we march? | type=yesno",
        ),
        (
            "!poll Do we march? | type=secret",
            "No poll here is secret: apps show who answered what. For a secret ballot use Belenios, belenios.org."
            " For an open poll, for example: !poll Do we march? | Yes | No",
        ),
        (
            "!poll Do we march? | Maybe | Later | type=yesno",
            "A poll of the type yesno has its own answers: Yes, No. For example: !poll Do we march? | type=yesno",
        ),
        (
            "!poll Where? | Park | type=rank",
            "A poll needs 2 to 20 options, each after a |. For example: !poll Where? | Park | Other | type=rank",
        ),
        (
            "!poll When? | Friday | soon | type=meeting",
            "soon is not a date or time that I understand."
            " For example: !poll When? | Friday | Sat 11:00 | type=meeting",
        ),
        (
            f"{PLACES} | type=score | multi=2",
            "multi= is for polls of the type choice. For example: !poll Where? | Park | Library | Hall | type=score",
        ),
        (
            "!poll When? | Fri 18:00 | Fri 6pm | type=meeting",
            "Fri 27 Nov 2026 18:00 UTC is there twice. For example: !poll When?"
            " | Fri 27 Nov 2026 18:00 UTC | Sat 11:00 | type=meeting",
        ),
        ("!poll Where? | Park | Hall | type=rank | type=score", "type= is there twice. Give it once."),
        (
            "!poll | type=rank",
            "A poll begins with its question. For example: !poll Where? | Park | Library | type=rank",
        ),
    ],
)
async def test_a_poll_that_is_asked_wrongly_changes_nothing_and_gets_a_valid_line(
    chat: Chat, line: str, answer: str
) -> None:
    await willow(chat)
    before = await chat.everything()
    assert await chat.say("Ana", "willow", line) == [answer]
    assert await chat.everything() == before
    example = answer.rpartition("or example: ")[2]
    if example != answer:
        assert "P1: " in (await say(chat, "Ana", example))[-1]


@pytest.mark.parametrize(
    ("kind", "typed", "answer"),
    [
        ("rank", "2=1>3", "Put one before the other, the best first. For example: !vote P1 2 > 1 > 3"),
        ("rank", "2>2", "Library is there twice. For example: !vote P1 2 > 1 > 3"),
        ("rank", "4>1", "P1 has options 1 to 3. For example: !vote P1 1 > 2 > 3"),
        ("rank", "Libary>Park", "P1 has no option “Libary>Park”. For example: !vote P1 1 > 2 > 3"),
        ("score", "1=6", "Points go from 1 to 5, and 5 is best. For example: !vote P1 1=5 2=3"),
        ("score", "2", "Say which option gets how many points, 1 to 5. For example: !vote P1 2=5 1=5"),
        ("score", "Park=five", "P1 has no option “Park=five”. For example: !vote P1 1=5 2=3"),
        ("approval", "1 4", "P1 has options 1 to 3. For example: !vote P1 1"),
        ("choice", "2>1", "P1 has no option “2>1”. For example: !vote P1 1"),
        ("choice", "1=5", "P1 has no option “1=5”. For example: !vote P1 1"),
    ],
)
async def test_an_answer_of_another_kind_changes_nothing_and_gets_a_valid_line(
    chat: Chat, kind: str, typed: str, answer: str
) -> None:
    words = await asked(chat, f"{PLACES} | type={kind}")
    before = await chat.everything()
    assert await say(chat, "Ben", typed, words) == [answer]
    assert await say(chat, "Ben", f"!vote {typed}") == [answer]
    assert await chat.everything() == before
    assert "Counted in P1." in (await say(chat, "Ben", answer.rpartition("For example: ")[2]))[0]


async def test_a_hidden_ranking_is_still_confirmed_and_not_counted_aloud(chat: Chat) -> None:
    await asked(chat, f"{PLACES} | type=rank | hide")
    assert await say(chat, "Ben", "!vote 3 1") == [
        "Ben: first Hall, then Park, then Library. Counted in P1. 1 of 4 has voted."
    ]
    assert (await say(chat, "Ben", "!poll P1"))[0].endswith("1. Park\n2. Library\n3. Hall")
    assert "The votes are shown at closing." in (await say(chat, "Ben", "!why P1"))[0]


async def test_a_deleted_and_an_empty_answer_withdraw_whatever_the_kind(chat: Chat) -> None:
    await asked(chat, f"{PLACES} | type=score", ("Ben", "1=5"), ("Ben", "1=4"))
    [_, last] = await chat.rows("SELECT event_id FROM ballots ORDER BY sent_at")
    tick(chat)
    assert (await chat.delete("Ben", "willow", last["event_id"]))[0].startswith(
        "Ben: your answer to P1 is withdrawn, because its message was deleted. 0 of 4"
    )
    await say(chat, "Ben", "!vote 1=5")
    assert await say(chat, "Ben", "!vote none") == ["Ben: your answer to P1 is withdrawn. 0 of 4 have voted."]


async def test_what_could_not_be_read_keeps_a_close_ranking_and_temperature_open(chat: Chat) -> None:
    await asked(chat, f"{PLACES} | type=rank", ("Ana", "1>2"), ("Ben", "1>2"), ("Cy", "2"))
    await say(chat, "Ana", "!poll The plan? | type=temperature")
    for person in ("Ana", "Ben", "Cy"):
        await say(chat, person, "!vote P2 2")
    await chat.unreadable("Di", "willow", "!vote 3")
    chat.heard("willow")
    ranked = (await say(chat, "Ana", "!poll close P1"))[-1].splitlines()
    assert ranked[1:3] == [
        "No result yet.",
        "What 1 member sent last could not be read. If it was an answer, it could change who leads.",
    ]
    assert ranked[-4:] == [
        "The order could still change. So far, how many put each first:",
        "- Park: 2",
        "- Library: 1",
        "- Hall: 0",
    ]
    mood = (await say(chat, "Ana", "!poll close P2"))[-1].splitlines()
    assert mood[1:3] == [
        "No result yet.",
        "What 1 member sent last could not be read. If it was an answer, it could change the result.",
    ]


async def test_every_way_to_ask_is_shown_and_can_be_typed_as_it_stands(chat: Chat) -> None:
    await willow(chat)
    [shown] = await say(chat, "Ana", "!poll types")
    assert len(shown) < 1500
    lines = [
        line.removeprefix("- ").rpartition(": ")[0]
        for line in shown.splitlines()
        if line.startswith("- !poll")
    ]
    assert len(lines) == 7
    for number, line in enumerate(lines, 1):
        assert (await say(chat, "Ana", line))[-1].startswith(f"P{number}: ")
    assert (await say(chat, "Ana", "!help poll"))[0].splitlines()[-1].startswith("- !poll types: ")
    assert (await say(chat, "Ana", "!poll Types of tea? | Green | Black"))[-1].startswith("P8: Types of tea?")


async def test_twenty_ranked_options_are_explained_in_a_file(chat: Chat) -> None:
    await willow(chat)
    await chat.say(
        "Ana", "willow", "!poll Where? | " + " | ".join(f"Place {n}" for n in range(20)) + " | type=rank"
    )
    await say(chat, "Ana", "!vote 20 > 1")
    await say(chat, "Ana", "!poll close")
    assert [len(text) <= 1500 for text in chat.heard("willow")]
    answer = await say(chat, "Ana", "!why P1")
    assert answer[0].endswith("The whole answer is in the file below.")
    assert answer[1] == "SendFile"
