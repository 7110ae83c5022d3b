"""Nothing gets stuck: every state of a proposal and of a decision is left by a documented command and by time alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.commanding.discover import discover
from bot.domain.classes import CLASSES, RECALL
from bot.domain.decisions import Status
from bot.domain.proposals import State
from tests.commands.chat import Chat
from tests.commands.river import people, river, says

HARM = "It would put two of us in danger. | ground=harm"
LONG = timedelta(days=120)
Act = Callable[[Chat], Awaitable[object]]


def say(*lines: tuple[str, str]) -> Act:
    """Return what lets people of Willow say something, one after the other."""

    async def act(chat: Chat) -> None:
        for person, line in lines:
            chat.clock.moment += timedelta(seconds=1)
            await chat.say(person, "willow", line)

    return act


def passes(length: timedelta) -> Act:
    """Return what lets time pass."""

    async def act(chat: Chat) -> None:
        await chat.until(chat.clock.now() + length)

    return act


def then(*acts: Act) -> Act:
    """Return what does one thing after the other."""

    async def act(chat: Chat) -> None:
        for each in acts:
            await each(chat)

    return act


ALL_AGREE = say(*((person, "agree P1") for person in ("Ana", "Ben", "Cy", "Dee")))
THREE_AGREE = say(*((person, "agree P1") for person in ("Ana", "Ben", "Cy")))
PROPOSED = say(("Ana", "!propose We buy a tent."))
BLOCKED = then(PROPOSED, THREE_AGREE, say(("Dee", f"block P1 {HARM}")), passes(timedelta(days=3, hours=1)))
TALKED = say(("Dee", "!met P1 We met."), ("Cy", "!met P1 We met again."))

PROPOSALS: list[tuple[str, Act, Act, State]] = [
    ("open, by the end", then(PROPOSED, ALL_AGREE), passes(timedelta(days=4)), State.ADOPTED),
    ("open, by a no", then(PROPOSED, say(*((p, "disagree P1") for p in ("Ana", "Ben", "Cy")))), passes(timedelta(days=4)), State.REFUSED),
    ("open, by silence alone", PROPOSED, passes(LONG), State.LAPSED),
    ("open, by !proposal withdraw", PROPOSED, say(("Ana", "!proposal withdraw P1")), State.WITHDRAWN),
    ("open, by !undo", PROPOSED, say(("Ana", "!undo")), State.WITHDRAWN),
    ("blocked, by aside", BLOCKED, say(("Dee", "aside P1")), State.ADOPTED),
    ("blocked, by !amend", BLOCKED, say(("Ana", "!amend P1 We buy two tents.")), State.OPEN),
    ("blocked, by !challenge", BLOCKED, say(*((p, "!challenge P1") for p in ("Ana", "Ben", "Cy"))), State.ADOPTED),
    ("blocked, by !proposal withdraw", BLOCKED, say(("Ana", "!proposal withdraw P1")), State.WITHDRAWN),
    ("blocked, by !met twice and the vote", then(BLOCKED, TALKED, passes(timedelta(days=15))), then(ALL_AGREE, passes(timedelta(days=4))), State.ADOPTED),
    ("blocked, by the blocker's silence", BLOCKED, passes(LONG), State.ADOPTED),
    ("blocked, by nobody meeting", then(BLOCKED, say(("Dee", f"block P1 {HARM}"))), passes(LONG), State.LAPSED),
    ("the vote after a block, by silence alone", then(BLOCKED, TALKED, passes(timedelta(days=15))), passes(LONG), State.LAPSED),
]  # fmt: skip


@pytest.fixture
async def willow(chat: Chat) -> Chat:
    """A pod of Ana, Ben, Cy and Dee."""
    await chat.room("willow", "Ana", "Ben", "Cy", "Dee")
    await chat.say("Ana", "willow", "!pod create Willow")
    return chat


async def state_of(chat: Chat) -> State:
    [row] = await chat.rows("SELECT state FROM proposals WHERE id = 'P1'")
    return State(row["state"])


@pytest.mark.parametrize(
    ("before", "act", "after"), [each[1:] for each in PROPOSALS], ids=[each[0] for each in PROPOSALS]
)
async def test_a_proposal_that_is_not_over_is_left(willow: Chat, before: Act, act: Act, after: State) -> None:
    await before(willow)
    assert not (await state_of(willow)).is_over
    await act(willow)
    assert await state_of(willow) is after


def test_every_state_that_is_not_over_is_walked() -> None:
    walked = {name.split(",")[0] for name, *_rest in PROPOSALS}
    assert walked >= {state.value for state in State if not state.is_over}


@pytest.mark.parametrize("class_", [each.name for each in CLASSES.values() if each.of_pods])
@pytest.mark.parametrize("verb", ["", "agree", "disagree", "block"])
async def test_no_class_of_an_assembly_stays_open_for_ever(chat: Chat, class_: str, verb: str) -> None:
    names = await river(chat, 3)
    await chat.say(people(names[0])[0], "river", f"!propose We march. | class={class_}")
    if verb:
        for name in names:
            await says(chat, name, verb, HARM if verb == "block" else "")
    await chat.until(chat.clock.now() + LONG)
    [row] = await chat.rows("SELECT state FROM proposals WHERE id = 'P1'")
    assert State(row["state"]).is_over
    assert not await chat.rows("SELECT id FROM proposals WHERE state IN ('open', 'blocked')")


def test_a_recall_is_walked_with_its_own_commands() -> None:
    names = {spec.name for spec in discover().commands}
    assert RECALL.name in CLASSES
    assert {"spokes recall", "recall yes", "recall no", "recall withdraw"} <= names


# -- decisions ---------------------------------------------------------------------------------------

STANDING = say(("Ana", "!decide We meet on Sundays."))
TRIAL = say(("Ana", "!decide We meet on Sundays. | trial=30d"))
REOPENED = then(STANDING, say(("Ben", "!reopen D1 It rains."), ("Cy", "ok J1")))

DECISIONS: list[tuple[str, Act, Act, Status]] = [
    ("standing, by supersedes=", STANDING, say(("Ben", "!decide We meet on Mondays. | supersedes=D1")), Status.SUPERSEDED),
    ("standing, by !reopen of two", STANDING, say(("Ben", "!reopen D1 It rains."), ("Cy", "ok J1")), Status.REOPENED),
    ("trial, by time", TRIAL, passes(timedelta(days=31)), Status.LAPSED),
    ("trial, by supersedes=", TRIAL, say(("Ben", "!decide We meet on Mondays. | supersedes=D1")), Status.SUPERSEDED),
    ("reopened, by time", REOPENED, passes(timedelta(days=29)), Status.STANDING),
    ("reopened, by supersedes=", REOPENED, say(("Ben", "!decide We meet on Mondays. | supersedes=D1")), Status.SUPERSEDED),
    (
        "reopened, by a proposal",
        REOPENED,
        then(say(("Ana", "!propose We meet on Mondays. | supersedes=D1")), ALL_AGREE, passes(timedelta(days=4))),
        Status.SUPERSEDED,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "act", "after"), [each[1:] for each in DECISIONS], ids=[each[0] for each in DECISIONS]
)
async def test_a_decision_that_holds_is_left(willow: Chat, before: Act, act: Act, after: Status) -> None:
    await before(willow)
    [row] = await willow.rows("SELECT status FROM decisions WHERE id = 'D1'")
    assert Status(row["status"]).holds
    await act(willow)
    [row] = await willow.rows("SELECT status FROM decisions WHERE id = 'D1'")
    assert Status(row["status"]) is after


def test_every_status_that_holds_is_walked() -> None:
    walked = {name.split(",")[0] for name, *_rest in DECISIONS}
    assert walked == {status.value for status in Status if status.holds}
