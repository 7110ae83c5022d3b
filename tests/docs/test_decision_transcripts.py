"""Whole stories of decisions, with a fixed clock, word for word as they stand in `docs/transcripts/`.

`WRITE_TRANSCRIPTS=1 python -m pytest tests/docs/test_decision_transcripts.py` writes the pages anew.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.store.database import from_ms, to_ms
from tests.commands.chat import Chat
from tests.commands.river import river, says
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "transcripts"


def indented(words: str) -> str:
    """Return words whose further lines stand under the first, without empty ones."""
    return "\n       ".join(line for line in words.splitlines() if line.strip())


class Story:
    """A chat that is written down as it goes."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.lines: list[str] = []
        self._date = ""

    async def pod(self, *people: str) -> None:
        """Make the pod Willow; that is not written down."""
        await self.chat.room("willow", *people)
        await self.chat.say(people[0], "willow", "!pod create Willow")
        self.chat.heard("willow")

    async def says(self, person: str, words: str, room: str = "willow") -> None:
        """Let somebody say something a minute later."""
        await self.chat.wait(minutes=1)
        self._heard(room)
        self._dated(f"{person}{self._in(room)}: {indented(words)}")
        await self.chat.say(person, room, words)
        self._heard(room)

    async def taps(self, person: str, *answers: str, room: str = "willow") -> None:
        """Let somebody tap an answer of the last native poll."""
        await self.chat.wait(minutes=1)
        self._heard(room, forget=False)
        self._dated(f"({person} taps: {', '.join(answers)})")
        await self.chat.tap(person, room, self.poll, *answers)
        self._heard(room)

    def hears(self, room: str) -> None:
        """Write down what the bot said in another room meanwhile."""
        self._heard(room)

    async def passes(self, rooms: tuple[str, ...] = ("willow",), **length: float) -> None:
        """Let time pass, and write down what the bot says meanwhile when it says it."""
        end = self.chat.clock.now() + timedelta(**length)
        while self.chat.clock.now() < end:
            [row] = await self.chat.rows(
                f"SELECT min(due) AS due FROM timers WHERE due > {to_ms(self.chat.clock.now())}"
            )
            await self.chat.until(min(from_ms(row["due"]) if row["due"] else end, end))
            for room in rooms:
                self._heard(room)

    def _heard(self, room: str, *, forget: bool = True) -> None:
        polls = [sent for sent in self.chat.sent if type(sent.message).__name__ == "StartPoll"]
        if polls:
            self.poll = polls[-1].event_id
        for text in self.chat.heard(room):
            shown = {"StartPoll": "(starts a native poll)", "EndPoll": "(ends the native poll)"}.get(
                text, text
            )
            self._dated(f"Spokesbot{self._in(room)}: {indented(shown)}")

    @staticmethod
    def _in(room: str) -> str:
        return "" if room == "willow" else f", in {room.capitalize()}"

    def _dated(self, line: str) -> None:
        date = f"{self.chat.clock.now():%A %-d %B %Y, %H:%M} UTC"
        if date[:-9] != self._date[:-9]:
            self.lines.append(f"\n--- {date[:-11]} ---")
        self._date = date
        self.lines.append(f"{date[-9:-4]}  {line}")


Tale = Callable[[Story], Awaitable[None]]
TALES: dict[str, tuple[str, str, Tale]] = {}


def tale(name: str, title: str, about: str) -> Callable[[Tale], Tale]:
    """Declare a story: the name of its page, its title, and a sentence on it."""

    def declare(tell: Tale) -> Tale:
        TALES[name] = title, about, tell
        return tell

    return declare


@tale(
    "consensus",
    "A consensus with somebody standing aside",
    "Six people; one has reservations, one stands aside.",
)
async def _consensus(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee", "Eli", "Fay")
    await story.says("Ana", "!propose We cook for the street party on 12 December.\nFay keeps the list.")
    await story.says("Ben", "agree P1")
    await story.taps("Cy", "agree")
    await story.says("Dee", "reserve P1 The kitchen is cold in December.")
    await story.says("Eli", "aside P1 I am away that week.")
    await story.says("Ana", "agree P1")
    await story.says("Fay", "!test P1")
    await story.passes(days=3, hours=1)
    await story.says("Fay", "!why P1")


@tale(
    "block-resolved", "A block that is resolved", "Four people; one blocks, they talk, the block is let go."
)
async def _resolved(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee")
    await story.says("Ana", "!propose We put up the tent by the river. | closes=in 2 days")
    for person in ("Ana", "Ben", "Cy"):
        await story.says(person, "agree P1")
    await story.says("Dee", "block P1 The river floods there every winter.")
    await story.says("Dee", "block P1 The river floods there every winter. | ground=harm")
    await story.passes(days=2)
    await story.passes(days=3)
    await story.says("Ben", "!met P1 Dee and Ana walked there; the upper meadow stays dry.")
    await story.says("Dee", "reserve P1 Only on the upper meadow.")
    await story.says("Ana", "!why P1")


@tale(
    "block-vote", "A block that comes to a vote", "Four people; a block stands after 14 days and two talks."
)
async def _fallback(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee")
    await story.says("Ana", "!propose We leave the old hall. | closes=in 2 days")
    for person in ("Ana", "Ben", "Cy"):
        await story.says(person, "agree P1")
    await story.says(
        "Dee", "block P1 Without the hall the old people come no more. | ground=pillar:Nobody left behind"
    )
    await story.passes(days=6)
    await story.says("Dee", "!met P1 All four; no agreement on the winter.")
    await story.passes(days=5)
    await story.says("Cy", "!met P1 All four again; Dee stays with it.")
    await story.passes(days=6)
    for person in ("Ana", "Ben", "Cy"):
        await story.says(person, "agree P1")
    await story.says("Dee", "disagree P1")
    await story.passes(days=3)
    await story.says("Dee", "!why P1")


@tale("amendment", "An amendment", "Four people; a worry leads to a new version.")
async def _amendment(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee")
    await story.says("Ana", "!propose We meet every Friday at seven. | closes=in 4 days")
    await story.says("Ben", "agree P1")
    await story.says("Dee", "disagree P1 On Fridays I work.")
    await story.passes(days=3)
    await story.says("Ana", "!amend P1 We meet every Sunday at seven, and eat together.")
    for person in ("Ana", "Ben", "Dee"):
        await story.says(person, "agree P1")
    await story.passes(days=3)


@tale("lapse", "A proposal that lapses", "Six people, of whom hardly anybody answers.")
async def _lapse(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee", "Eli", "Fay")
    await story.says("Ana", "!propose We paint the door green. | closes=in 2 days")
    await story.says("Ana", "agree P1")
    await story.passes(days=2)
    await story.passes(days=2)
    await story.says("Ben", "!why P1")


async def _binding(story: Story, yes: int) -> None:
    chat = story.chat
    names = await river(chat, 12)
    await story.says("alder-ana", "!propose We strike together on 1 May. | class=binding", room="river")
    story.hears("alder")
    for number, name in enumerate(names[1:], 1):
        await says(chat, name, "agree" if number < yes else "disagree")
        chat.heard(name)
    await story.says("alder-ana", "agree P2", room="alder")
    await story.says("alder-ben", "reserve P2 Only with a strike fund.", room="alder")
    await story.says("alder-cy", "aside P2", room="alder")
    await story.passes(days=7, hours=1, rooms=("alder", "river"))
    await story.says("birch-ben", "!why P1", room="river")


@tale(
    "binding-passes",
    "Twelve pods bind themselves, by exactly the number announced",
    "The assembly River and one of its twelve pods, Alder. The other eleven decide in their own rooms; eight say yes.",
)
async def _passes(story: Story) -> None:
    await _binding(story, 9)


@tale(
    "binding-misses",
    "Twelve pods do not bind themselves, by one",
    "The assembly River and one of its twelve pods, Alder. The other eleven decide in their own rooms; seven say yes.",
)
async def _misses(story: Story) -> None:
    await _binding(story, 8)


@pytest.mark.parametrize("name", TALES)
async def test_a_story_goes_as_its_page_says(name: str, tmp_path: Path) -> None:
    title, about, tell = TALES[name]
    chat = await Chat.open(tmp_path)
    story = Story(chat)
    await tell(story)
    await chat.database.close()
    told = "\n".join(story.lines).strip()
    page = f"# {title}\n\n{about} The bot's words are those of the program; a test compares them.\n\n```text\n{told}\n```\n"
    path = FOLDER / f"{name}.md"
    if os.environ.get("WRITE_TRANSCRIPTS"):
        path.write_text(page, encoding="utf-8")
    assert path.read_text("utf-8") == page, "WRITE_TRANSCRIPTS=1 writes it anew"


def test_every_story_is_a_page() -> None:
    assert set(TALES) <= {path.stem for path in FOLDER.glob("*.md")}
