"""The whole life of five summaries, played on paper with a fixed clock and written down word by word.

`python -m tests.docs.transcripts` writes `docs/transcripts/` anew; a test compares.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.matrix.format import plain
from bot.ports import Edit, Redact, Say
from tests.commands.chat import Chat, Sent
from tests.commands.relay import river, setting
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "transcripts"
NOTE = (
    "Written by `tests/docs/transcripts.py`, which plays it; do not edit. The assembly River has the pods Willow (spokes"
    " Ana and Ben), Oak (Oli and Pia) and Hazel (Hal and Ida)."
)


class Scene:
    """A chat that is written down: who says what where, and what the bot does in any room."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.lines: list[str] = []
        self.typed: dict[str, str] = {}
        self._place = ""

    async def say(
        self, who: str, where: str, body: str, *, reply_to: str | None = None, replaces: str | None = None
    ) -> str:
        """Let somebody say something and write down what follows; returns its event id."""
        how = " edits their message" if replaces else " replies" if reply_to else ""
        self._write(where, f"{who}{how}", body)
        event = self.chat._event(who, where)
        await self.chat.say(who, where, body, reply_to=reply_to, replaces=replaces, event=event)
        self._follow()
        return str(event["event_id"])

    async def delete(self, who: str, where: str, event_id: str) -> None:
        """Let somebody delete a message."""
        self._write(where, f"{who} deletes their message", "")
        await self.chat.delete(who, where, event_id)
        self._follow()

    async def wait(self, **length: float) -> None:
        """Let time pass."""
        await self.chat.wait(**length)
        self._follow()

    async def back(self, *rooms: str) -> None:
        """Let rooms be reached again."""
        self.note(f"{' and '.join(room.title() for room in rooms)} can be reached again.")
        self.chat.refused -= set(rooms)
        await self.chat.flush()
        self._follow()

    def note(self, text: str) -> None:
        """Write down what cannot be seen in the chat."""
        self._place = ""
        self.lines += ["", f"*{text}*"]

    def letter(self, room: str) -> str:
        """Return the last message of the bot in a room."""
        return self.chat.last(room).event_id

    def _follow(self) -> None:
        for sent in self.chat.sent[len(self.typed) :]:
            self.typed[sent.event_id] = sent.text
            self._write(sent.room, f"Spokesbot{_manner(sent)}", _words(sent))

    def _write(self, room: str, who: str, text: str) -> None:
        place = f"{self.chat.clock.now():%a %H:%M}, {room.title()}"
        if place != self._place:
            self.lines += ["", f"**{place}**"]
            self._place = place
        quoted = [f"> {line}".rstrip() for line in text.splitlines()]
        fence = ["", "```text", *(line.removeprefix("> ") if line != ">" else "" for line in quoted), "```"]
        self.lines += ["", f"{who}{':' if quoted else '.'}", *(fence if quoted else [])]


def _manner(sent: Sent) -> str:
    match sent.message:
        case Edit():
            return ", in place of its message"
        case Redact():
            return " deletes its message"
        case Say(thread=thread) if thread is not None:
            return ", in the thread of the question"
        case _:
            return ""


def _words(sent: Sent) -> str:
    match sent.message:
        case Edit(markdown=markdown):
            return plain(markdown)
        case Redact():
            return ""
        case _:
            return sent.text


# -- five lives ------------------------------------------------------------------------------------


async def corrected(scene: Scene) -> None:
    """A pod's summary, changed before it goes and corrected after."""
    typed = await scene.say("Cy", "willow", "!summary We can host on Friday, @room.")
    await scene.say("Ana", "willow", "ok S1")
    await scene.say("Cy", "willow", "!summary We can host on Friday at six.", replaces=typed)
    await scene.say("Ben", "willow", "ok S1")
    await scene.say("Ana", "willow", "ok S1")
    await scene.wait(hours=3)
    await scene.say("Ben", "willow", "!summary correct S1 We can host on Friday at seven.")
    await scene.say("Ana", "willow", "ok S1")
    await scene.say("Ben", "willow", "ok S1")
    await scene.say("Di", "willow", "!summary status S1")
    await scene.say("Zed", "river", "!why S1")


async def retracted(scene: Scene) -> None:
    """An assembly's summary, retracted while one room waits for it."""
    scene.note("Oak cannot be reached.")
    scene.chat.refused = {"oak"}
    await scene.say("Zed", "river", "!summary The next assembly is on Sunday.")
    await scene.say("Ana", "river", "ok S1")
    await scene.say("Ben", "river", "ok S1")
    await scene.say("Hal", "river", "ok S1")
    await scene.wait(hours=1)
    await scene.say("Zed", "river", "!summary status S1")
    await scene.say("Ana", "river", "!summary retract S1")
    await scene.say("Ana", "river", "ok S1")
    await scene.say("Pia", "river", "ok S1")
    await scene.back("oak")
    await scene.say("Zed", "river", "!summary status S1")


async def objected_to(scene: Scene) -> None:
    """A pod that lets its members object for twelve hours."""
    await setting(scene.chat, "willow", "objections", "12h")
    typed = await scene.say("Ana", "willow", "!summary Willow will bring the tents.")
    await scene.say("Ana", "willow", "ok S1")
    await scene.say("Ben", "willow", "ok S1")
    await scene.wait(hours=2)
    await scene.say("Di", "willow", "object S1 We have two tents, not all of them.")
    await scene.say("Ana", "willow", "!summary Willow will bring two tents.", replaces=typed)
    await scene.say("Ana", "willow", "ok S1")
    await scene.say("Ben", "willow", "ok S1")
    await scene.wait(hours=12)


async def asked_and_answered(scene: Scene) -> None:
    """A question from the assembly to one pod, and its answer in the thread of the question on both sides."""
    await scene.say("Zed", "river", "!ask Oak When do you need to know?")
    await scene.say("Ana", "river", "ok S1")
    await scene.say("Hal", "river", "ok S1")
    await scene.wait(hours=5)
    await scene.say("Quin", "oak", "!next")
    await scene.say("Quin", "oak", "answer By Friday evening.", reply_to=_question(scene))
    await scene.say("Oli", "oak", "ok S2")
    await scene.say("Pia", "oak", "ok S2")


def _question(scene: Scene) -> str:
    return next(sent.event_id for sent in scene.chat.sent if sent.text.startswith("Question from"))


async def never_sent(scene: Scene) -> None:
    """Drafts that go nowhere: deleted, cancelled, and forgotten for 72 hours."""
    typed = await scene.say("Cy", "willow", "!summary Never mind.")
    await scene.say("Ana", "willow", "ok S1")
    await scene.delete("Cy", "willow", typed)
    await scene.say("Cy", "willow", "!summary We may sing.")
    await scene.say("Di", "willow", "ok S2")
    await scene.say("Ben", "willow", "!summary cancel S2")
    await scene.say("Cy", "willow", "!summary We may dance.")
    await scene.wait(hours=72)
    await scene.say("Ana", "willow", "ok S3")


LIVES: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "corrected": corrected,
    "retracted": retracted,
    "objected-to": objected_to,
    "asked-and-answered": asked_and_answered,
    "never-sent": never_sent,
}


async def written(name: str, folder: Path) -> str:
    """Play a life in a federation of its own and return its page."""
    chat = await Chat.open(folder)
    try:
        await river(chat)
        scene = Scene(chat)
        await LIVES[name](scene)
    finally:
        await chat.database.close()
    title = (LIVES[name].__doc__ or "").strip().rstrip(".")
    return "\n".join([f"# {title}", "", NOTE, *scene.lines, ""])


def main() -> None:
    """Write every page anew."""
    FOLDER.mkdir(exist_ok=True)
    for name in LIVES:
        with TemporaryDirectory() as folder:
            (FOLDER / f"{name}.md").write_text(asyncio.run(written(name, Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main()
