"""Whose voice counts in a proposal and in a poll, and what they are told: a case for each way to come and go.

In a proposal those have a voice who had one at the opening and have kept it. In a poll those who are members with a voice at
its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.ports import MemberSeen, RoomSeen
from tests.commands.chat import BOT, Chat
from tests.commands.river import people, river
from tests.commands.test_mandates import LINE
from tests.commands.test_polls import say, tick, willow

COUNTED = "Eve: agrees. Counted in P1."
SHOWN = "Eve: noted. P1 is decided by those who had a voice when it was opened, so yours is shown and not counted."
OBSERVES = "observers are present without a voice"


@dataclass(frozen=True)
class Case:
    """What Eve does before and after a poll and a proposal are opened, in the pod of Ana, Ben and Cy.

    Args:
        before: `joins`, or a command with which she, and then another, changes her voice.
        speaks: Whether she speaks right after the opening.
        after: What changes then.
        told: What she is told when she says `agree` last; `None` if she is not there.
        stance: Whether her stance counts.
        vote: Whether her vote counts.
    """

    before: Sequence[str] = ("joins",)
    speaks: bool = False
    after: Sequence[str] = ()
    told: str | None = COUNTED
    stance: bool = True
    vote: bool = True


OBSERVER, VOICE = "!pod observer @eve:test", "!pod voice @eve:test"
CASES = {
    "who was there": Case(),
    "who came later": Case(before=(), after=("joins",), told=SHOWN, stance=False),
    "who left": Case(speaks=True, after=("leaves",), told=None, stance=False, vote=False),
    "who left and came back": Case(speaks=True, after=("leaves", "joins"), told=SHOWN, stance=False),
    "who observes": Case(before=("joins", OBSERVER), told=OBSERVES, stance=False, vote=False),
    "who begins to observe": Case(speaks=True, after=(OBSERVER,), told=OBSERVES, stance=False, vote=False),
    "who gets a voice later": Case(before=("joins", OBSERVER), after=(VOICE,), told=SHOWN, stance=False),
    "who observes for a while": Case(speaks=True, after=(OBSERVER, VOICE)),
}


async def do(chat: Chat, what: str) -> None:
    """Let Eve come, go, or change her voice with Ana's ok."""
    tick(chat)
    if what == "joins":
        await chat.joins("Eve", "willow")
    elif what == "leaves":
        await chat.leaves("Eve", "willow")
    else:
        await say(chat, "Eve" if what == OBSERVER else "Ana", what)
        if what == VOICE:
            await say(chat, "Ben", "ok")


async def speaks(chat: Chat) -> list[str]:
    """Let Eve say what she thinks of the proposal and of the poll."""
    told = await say(chat, "Eve", "agree P1")
    await say(chat, "Eve", "!vote P2 1")
    return told


@pytest.mark.parametrize("name", CASES)
async def test_whose_voice_counts_and_what_they_are_told(chat: Chat, name: str) -> None:
    case = CASES[name]
    await willow(chat, "Ana", "Ben", "Cy")
    for what in case.before:
        await do(chat, what)
    await say(chat, "Ana", "!propose We buy a tent.")
    await say(chat, "Ana", "!poll Where? | Park | Library | closes=in 3 days")
    if case.speaks:
        await speaks(chat)
    for what in case.after:
        await do(chat, what)
    if case.told is not None:
        assert case.told in (await speaks(chat))[0]
    voices = 3 + case.stance
    assert f"{voices} voices, those who were here" in (await say(chat, "Ana", "!why P1"))[0]
    await say(chat, "Ana", "agree P1")
    await say(chat, "Ben", "agree P1")
    chat.heard("willow")
    await chat.wait(days=3, hours=2)
    told = "\n".join(chat.heard("willow"))
    agreed = f"agree {2 + case.stance}, silent 1"
    assert f"Count: {agreed}." in told
    members = 3 if case.told == OBSERVES or case.told is None else 4
    assert f"{int(case.vote)} of {members} members voted." in told


async def test_neither_the_bot_nor_another_bot_that_is_marked_as_an_observer_has_a_voice(chat: Chat) -> None:
    await willow(chat, "Ana", "Ben", "Cy")
    seen = MemberSeen(BOT, "join", "Spokesbot", chat.clock.now())
    await chat._change(RoomSeen("!willow:test", (seen,)))
    await chat.joins("Bridge", "willow")
    await say(chat, "Ana", "!pod observer @bridge:test")
    await say(chat, "Ben", "ok")
    told = await say(chat, "Ana", "!propose We buy a tent.")
    assert "By consensus of 3 voices." in told[-1]
    assert OBSERVES in (await say(chat, "Bridge", "agree P1"))[0]
    await say(chat, "Ana", "!poll Where? | Park | Library")
    assert "0 of 3 have voted." in (await say(chat, "Ana", "!poll P2"))[0]


async def test_somebody_in_two_pods_speaks_in_each_and_each_pod_counts_its_own(chat: Chat) -> None:
    first, second = await river(chat, 2)
    await chat.joins(people(first)[0], second)
    chat.clock.moment += timedelta(days=20)
    await chat.say(people(first)[0], "river", LINE)
    assert "By consensus of 3 voices." in chat.heard(first)[-1]
    assert "By consensus of 4 voices." in chat.heard(second)[-1]
    for pod, proposal in ((first, "P2"), (second, "P3")):
        tick(chat)
        [told] = await chat.say(people(first)[0], pod, f"agree {proposal}")
        assert f"Counted in {proposal}. So far: agree 1," in told


@pytest.mark.parametrize(
    ("ago", "counted"),
    [(timedelta(days=14), True), (timedelta(days=14, seconds=-1), False), (timedelta(days=1), False)],
)
async def test_who_joined_less_than_14_days_before_has_no_voice_in_what_binds_all(
    chat: Chat, ago: timedelta, counted: bool
) -> None:
    first, second = await river(chat, 2)
    await chat.joins("New", second)
    chat.clock.moment += ago
    chat.sent.clear()
    await chat.say(people(first)[0], "river", LINE)
    told = chat.heard(second)[-1]
    assert f"By consensus of {4 if counted else 3} voices." in told
    assert ("came less than 14 days ago" in told) is not counted
    chat.clock.moment += timedelta(days=1)
    [answer] = await chat.say("New", second, "agree P3")
    assert ("Counted in P3." in answer) is counted
    assert ("shown and not counted" in answer) is not counted
