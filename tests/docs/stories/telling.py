"""Whole stories, played on paper with a fixed clock and written down word by word as they go.

A story is declared with `@tale`, in any module of this package. `python -m tests.docs.stories` writes all pages of
`docs/transcripts/` anew, with names only those; `test_transcripts.py` compares each with what happens.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.domain.files import Attached, Unfit
from bot.matrix.format import plain
from bot.ports import Edit, EndPoll, InviteUser, Redact, RemoveUser, Say, SendChart, ShareFile, StartPoll
from bot.store.database import from_ms, to_ms
from tests.commands.chat import Chat, Sent
from tests.commands.relay import attached, replying
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "transcripts"
NOTE = "The bot's words are those of the program; a test compares them."


def indented(words: str) -> str:
    """Return words whose further lines stand under the first, without empty ones."""
    return "\n       ".join(line for line in words.splitlines() if line.strip())


class Story:
    """A chat that is written down as it goes.

    Args:
        chat: Where it is played.
        home: The room that is meant where none is named; without one, what the bot does in any room is written down.
    """

    def __init__(self, chat: Chat, home: str = "willow") -> None:
        self.chat = chat
        self.home = home
        self.lines: list[str] = []
        self.told: list[Sent] = []
        """What the bot did and what is written down, oldest first."""
        self._date = ""

    async def pod(self, *people: str) -> None:
        """Make the pod Willow; that is not written down."""
        await self.chat.room("willow", *people)
        await self.chat.say(people[0], "willow", "!pod create Willow")
        self.chat.heard("willow")

    # -- what people do

    async def says(
        self,
        person: str,
        words: str,
        room: str = "willow",
        *,
        reply_to: str | None = None,
        replaces: str | None = None,
        file: Attached | None = None,
    ) -> str:
        """Let somebody say something a minute later, edit what they said, or reply to a file; returns the event id."""
        await self._a_minute_later(room)
        how = " edits that" if replaces else " replies" if reply_to or file else ""
        self._dated(f"{person}{how}{self._in(room)}: {indented(words)}")
        event = self.chat._event(person, room)
        more = replying(file) if file else {"reply_to": reply_to}
        await self.chat.say(person, room, words, replaces=replaces, event=event, **more)
        self.hears(room)
        return str(event["event_id"])

    async def sends(self, person: str, name: str, room: str = "willow") -> Attached:
        """Let somebody send a file a minute later."""
        await self._a_minute_later(room)
        self._dated(f"({person} sends {name}{self._in(room)})")
        return attached(self.chat._event(person, room)["event_id"], person, name)

    async def fetches(self, why: Unfit | None = None, size: int = 118_000) -> None:
        """Let the bot fetch the file that it waits for, or learn that it cannot."""
        await self.chat.file_comes("", why=why, size=size)
        self.hears()

    async def deletes(self, person: str, event_id: str, room: str = "willow") -> None:
        """Let somebody delete their message a minute later."""
        await self._a_minute_later(room)
        self._dated(f"({person} deletes that{self._in(room)})")
        await self.chat.delete(person, room, event_id)
        self.hears(room)

    async def taps(self, person: str, *answers: str, room: str = "willow") -> None:
        """Let somebody tap an answer of the last native poll a minute later."""
        await self._a_minute_later(room)
        self._dated(f"({person} taps: {', '.join(answers)})")
        polls = [sent for sent in self.told if isinstance(sent.message, StartPoll)]
        await self.chat.tap(person, room, polls[-1].event_id, *answers)
        self.hears(room)

    def note(self, words: str) -> None:
        """Write down what cannot be seen in the chat."""
        self._dated(f"({words})")

    # -- what comes of it

    async def passes(self, rooms: tuple[str, ...] = ("willow",), **length: float) -> None:
        """Let time pass, and write down what the bot says meanwhile when it says it."""
        end = self.chat.clock.now() + timedelta(**length)
        while self.chat.clock.now() < end:
            [row] = await self.chat.rows(
                f"SELECT min(due) AS due FROM timers WHERE due > {to_ms(self.chat.clock.now())}"
            )
            await self.chat.until(min(from_ms(row["due"]) if row["due"] else end, end))
            self.hears(*rooms)

    async def reaches(self, *rooms: str) -> None:
        """Let rooms be reached again."""
        self.note(f"{' and '.join(room.capitalize() for room in rooms)} can be reached again.")
        self.chat.refused -= set(rooms)
        await self.chat.flush()
        self.hears()

    def hears(self, *rooms: str) -> None:
        """Write down what the bot did in some rooms meanwhile; in all, where the story has no home."""
        heard = [sent for sent in self.chat.sent if not self.home or sent.room in rooms]
        self.chat.sent = [sent for sent in self.chat.sent if sent not in heard]
        for sent in heard:
            self._dated(self._done(sent))
            self.told.append(sent)

    async def _a_minute_later(self, room: str) -> None:
        await self.chat.wait(minutes=1)
        self.hears(room)

    def _done(self, sent: Sent) -> str:
        where = self._in(sent.room)
        match sent.message:
            case Say(thread=thread):
                manner = ", in the thread" if thread else ""
                return f"Spokesbot{where}{manner}: {indented(sent.text)}"
            case Edit(markdown=markdown):
                return f"Spokesbot{where}, in place of its message: {indented(plain(markdown))}"
            case StartPoll():
                return f"Spokesbot{where}: (starts a native poll)"
            case EndPoll():
                return f"Spokesbot{where}: (ends the native poll)"
            case SendChart(caption=caption):
                return f"Spokesbot{where}: (a picture of bars) {plain(caption)}"
            case Redact():
                return f"(Spokesbot deletes its message{where})"
            case ShareFile(name=name):
                return f"Spokesbot{where}: (the file {name})"
            case InviteUser(user_id=user_id):
                return f"(Spokesbot invites {name_of(user_id)}{where})"
            case RemoveUser(user_id=user_id):
                return f"(Spokesbot removes {name_of(user_id)}{where})"
            case other:
                return f"({type(other).__name__}{where})"

    def _in(self, room: str) -> str:
        return "" if room == self.home else f", in {room.capitalize()}"

    def _dated(self, line: str) -> None:
        date = f"{self.chat.clock.now():%A %-d %B %Y, %H:%M} UTC"
        if date[:-9] != self._date[:-9]:
            self.lines.append(f"\n--- {date[:-11]} ---")
        self._date = date
        self.lines.append(f"{date[-9:-4]}  {line}")


def name_of(user_id: str) -> str:
    """Return the first name of a person."""
    return user_id[1:].partition(":")[0].capitalize()


# -- pages -----------------------------------------------------------------------------------------

Tell = Callable[[Story], Awaitable[None]]


@dataclass(frozen=True)
class Tale:
    """A story that is a page.

    Args:
        about: A sentence or two on who is in it.
        tell: Plays it.
        home: The room that is meant where none is named.
    """

    title: str
    about: str
    tell: Tell
    home: str


TALES: dict[str, Tale] = {}


def tale(name: str, title: str, about: str, home: str = "willow") -> Callable[[Tell], Tell]:
    """Declare a story: the name of its page, its title, and a sentence on it."""

    def declare(tell: Tell) -> Tell:
        if name in TALES:
            raise ValueError(f"there are two stories {name}")
        TALES[name] = Tale(title, about, tell, home)
        return tell

    return declare


def load() -> dict[str, Tale]:
    """Return every story of this package."""
    package = Path(__file__).parent
    for module in pkgutil.iter_modules([str(package)]):
        if not module.name.startswith("__"):
            importlib.import_module(f"tests.docs.stories.{module.name}")
    return TALES


async def page(name: str) -> str:
    """Play a story in an empty store and return its page."""
    told = TALES[name]
    chat = await Chat.open()
    try:
        story = Story(chat, told.home)
        await told.tell(story)
    finally:
        await chat.database.close()
    lines = "\n".join(story.lines).strip()
    return f"# {told.title}\n\n{told.about} {NOTE}\n\n```text\n{lines}\n```\n"
