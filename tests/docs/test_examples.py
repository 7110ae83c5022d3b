"""Every command's example does what its declaration says."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bot.commanding.discover import discover
from bot.commanding.spec import Spec
from bot.domain.pods import Role, RoomKind
from bot.ports import PollMade
from tests.commands.chat import Chat
from tests.docs import federation

SPECS = discover().commands
NAMES = [spec.name for spec in SPECS]


@dataclass(frozen=True)
class Scene:
    """Where an example runs.

    Args:
        stage: How much of the federation is there.
        person: Who types it: a first name, or `asked`, `spoke` or `other` (a member who is no spoke).
        room: Where; chosen by the kinds of room the command works in if not given.
        before: What is typed first: who, where, what.
        days: How many days pass after that.
        sql: What is put into the store by hand after that, because it would take weeks.
        aged: How many days pass before anything.
        then: What is typed last before the example.
        replied_poll: The poll of an app that it replies to.
    """

    stage: str = "federation"
    person: str = "Ana"
    room: str | None = None
    before: tuple[tuple[str, str, str], ...] = ()
    days: int = 0
    sql: tuple[str, ...] = ()
    aged: int = 0
    then: tuple[tuple[str, str, str], ...] = ()
    replied_poll: PollMade | None = None


MADE_IN_AN_APP = PollMade(
    event_id="$app",
    room_id="!willow:test",
    sender="@ben:test",
    sent_at=datetime(2026, 11, 20, tzinfo=UTC),
    question="Tea?",
    answers=(("1", "Yes"), ("2", "No")),
    most=1,
    open=True,
)
RECALLED = ("Ana", "willow", "!spokes recall @ben:test missed three assemblies")
REPLACED = tuple(
    (who, "willow", words)
    for who, words in (("Ben", "!pod observer @ben:test"), ("Ana", "accept"), ("Cy", "accept"))
)
OFFERED = ("Ben", "willow", "!spokes swap")
DRAWN = ("Ana", "willow", "!spokes draw")
DECIDED = ("Ana", "willow", "!decide We meet on Sundays.")
PROPOSED = ("Ana", "willow", "!propose We buy a tent.")
BINDING = ("spoke", "river", "!propose We share the van. | class=binding | closes=in 20 days")
LEFT_FREE = (
    ("other", "willow", "!remit P5 free"),
    ("spoke", "willow", "ok J5"),
    ("Ana", "willow", "agree P5"),
    ("Ben", "willow", "agree P5"),
)
BLOCKED = (
    PROPOSED,
    ("Ana", "willow", "agree P2"),
    ("Cy", "willow", "agree P2"),
    ("Ben", "willow", "block P2 It is dangerous in a storm. | ground=harm"),
)

SAID_YES = (
    *((who, "willow", "agree P5") for who in ("Ana", "Ben", "Cy")),
    *((who, "oak", "agree P4") for who in ("Eve", "Fay", "Gil")),
)
PILLAR = ("spoke", "river", "!pillar propose We never leave anybody behind.")
ADOPTED = "INSERT INTO pillars SELECT room_id, 3, 1, text, 0, id FROM proposals WHERE id = 'P2'"
APART = "INSERT INTO pillars_apart VALUES ('!river:test', 3, 1, '!willow:test')"
ADVISED = (("spoke", "river", "!propose We share the van. | class=advice"), *SAID_YES)

PREPARE: dict[str, Scene] = {
    "ask": Scene(room="river"),
    **{
        name: Scene(before=(PROPOSED,))
        for name in (
            "abstain",
            "agree",
            "amend",
            "aside",
            "block",
            "disagree",
            "proposal",
            "proposal withdraw",
            "proposals",
            "reserve",
            "test",
        )
    },
    "adopt": Scene(before=ADVISED, days=6),
    "pillar propose": Scene(person="spoke", room="river", aged=15),
    "pillar apart": Scene(before=(PILLAR,), aged=15, sql=(ADOPTED,)),
    "pillar join": Scene(before=(PILLAR,), aged=15, sql=(ADOPTED, APART)),
    "challenge": Scene(before=BLOCKED),
    "friendly": Scene(before=(PROPOSED,)),
    "not friendly": Scene(before=(PROPOSED, ("Ana", "willow", "!friendly P2 We buy a big tent."))),
    "decision": Scene(before=(DECIDED,)),
    "decision renew": Scene(before=(("Ana", "willow", "!decide We share the van. | trial=60d"),)),
    "reopen": Scene(before=(DECIDED,)),
    "met": Scene(before=BLOCKED, days=4),
    "remit": Scene(before=(BINDING,), aged=15),
    "hold": Scene(before=(BINDING, *LEFT_FREE), days=19, aged=15),
    "hold off": Scene(
        before=(BINDING, *LEFT_FREE), days=19, aged=15, then=(("Ana", "willow", "hold P5 WHY"),)
    ),
    "renew": Scene(
        before=(
            BINDING,
            ("Ana", "willow", "agree P5"),
            ("Ben", "willow", "agree P5"),
        ),
        days=18,
        aged=15,
    ),
    "withdraw": Scene(before=(PROPOSED, ("Ana", "willow", "agree P2"))),
    "assembly": Scene("entered"),
    "assembly create": Scene("start", room="hall"),
    "next": Scene(room="hall"),
    "object": Scene(before=(("Ana", "willow", "!pod set objections 12h"), ("Ben", "willow", "ok J5"))),
    "poll adopt": Scene(replied_poll=MADE_IN_AN_APP),
    "pod create": Scene("start", room="hall"),
    "pod join": Scene("alone"),
    "pod rename": Scene("alone"),
    "handover add": Scene(person="spoke"),
    "handover ok": Scene(person="asked", before=REPLACED),
    "recall yes": Scene(before=(RECALLED,)),
    "recall no": Scene(before=(RECALLED,)),
    "recall withdraw": Scene(before=(RECALLED,)),
    "spokes recall": Scene(),
    "spokes accept": Scene("alone", person="asked", before=(DRAWN,)),
    "spokes draw": Scene("alone"),
    "spokes pass": Scene("alone", person="asked", before=(DRAWN,)),
    "spokes back": Scene(before=(("Ana", "willow", "!spokes away tomorrow"),)),
    "spokes later": Scene(person="spoke"),
    "spokes optin": Scene(before=(("Ana", "willow", "!spokes optout"),)),
    "spokes swap stop": Scene(person="spoke", before=(OFFERED,)),
    "spokes swap take": Scene(person="other", before=(OFFERED,)),
    "spokes volunteer": Scene(person="other"),
    "undo": Scene(before=(("Ana", "willow", "!pod leave"),)),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The federation's store at each stage."""
    return await federation.build(tmp_path_factory.mktemp("federation"))


@pytest.fixture
async def take_up(copies: Path) -> AsyncIterator[Callable[[str], Awaitable[Chat]]]:
    """Return what opens a copy of the federation; it is closed after the test."""
    opened: list[Chat] = []

    async def take(stage: str) -> Chat:
        opened.append(await federation.take_up(copies, stage))
        return opened[-1]

    yield take
    for chat in opened:
        await chat.database.close()


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
async def test_an_example_is_answered_as_declared(
    spec: Spec, take_up: Callable[[str], Awaitable[Chat]], caplog: pytest.LogCaptureFixture
) -> None:
    scene = PREPARE.get(spec.name, Scene(person="spoke" if spec.who is Role.SPOKE else "Ana"))
    chat = await take_up(scene.stage)
    room = scene.room or usual_room(spec)
    await chat.wait(days=scene.aged)
    for who, where, what in scene.before:
        await chat.say(await who_types(chat, who, where), where, what)
    await chat.wait(days=scene.days)
    for statement in scene.sql:
        await chat.rows(statement)
    for who, where, what in scene.then:
        await chat.say(await who_types(chat, who, where), where, what)
    person = await who_types(chat, scene.person, room)
    with caplog.at_level(logging.INFO, logger="bot"):
        answers = await chat.say(
            person,
            room,
            spec.example,
            reply_to=scene.replied_poll.event_id if scene.replied_poll else None,
            replied_poll=scene.replied_poll,
        )
    assert [record.getMessage() for record in caplog.records] == [], answers
    assert spec.answer in "\n".join(answers)


def usual_room(spec: Spec) -> str:
    """Return a room that a command works in, a pod's if it can be one."""
    if RoomKind.POD in spec.where:
        return "willow"
    return "river" if RoomKind.ASSEMBLY in spec.where else "hall"


async def who_types(chat: Chat, person: str, room: str) -> str:
    """Return somebody's first name."""
    if person == "asked":
        return federation.asked(chat, room)
    pair = await federation.pair_of(chat, "willow")
    if person == "spoke":
        return pair[0]
    if person == "other":
        return next(name for name in federation.PODS["willow"] if name not in pair)
    return person


def test_every_prepared_example_is_one_of_a_command() -> None:
    assert PREPARE.keys() <= set(NAMES)


@pytest.mark.parametrize("name", sorted({alias for spec in SPECS for alias in map(" ".join, spec.aliases)}))
def test_an_alias_is_no_other_command(name: str) -> None:
    assert name not in NAMES
