"""A year in one pod of five, played on paper and written down as a chat.

`python -m tests.commands.a_year` writes `docs/transcripts/a-year-in-one-pod.md` anew; a test compares.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.ports import InviteUser, RemoveUser, Say
from tests.commands.chat import Chat, Sent, user

PAGE = Path(__file__).resolve().parents[2] / "docs" / "transcripts" / "a-year-in-one-pod.md"
PEOPLE = ("Ana", "Ben", "Cy", "Di", "Eve")
HEAD = """\
# A year in one pod

Made by a test with a fixed clock, and compared by it: `python -m tests.commands.a_year` writes it anew. Willow is a pod of
five in London, in the assembly River. What the bot says is quoted; what it does in River's room stands in brackets. Who is
asked accepts the next morning, unless it says otherwise.
"""


@dataclass
class Year:
    """The chat, and the page that is being written."""

    chat: Chat
    page: list[str] = field(default_factory=list)
    day: str = ""
    shown: int = 0
    moves: list[InviteUser | RemoveUser] = field(default_factory=list)

    async def say(self, person: str, words: str) -> None:
        """Let somebody say something in Willow."""
        self._date()
        self.page.append(f"**{person}**: `{words}`\n")
        await self.chat.say(person, "willow", words)
        self.show()

    def note(self, words: str) -> None:
        """Write down what happens beside the chat."""
        self._date()
        self.page.append(f"*{words}*\n")

    def _date(self) -> None:
        day = f"{self.chat.clock.now():%a} {self.chat.clock.now().day} {self.chat.clock.now():%b %Y}"
        if day != self.day:
            self.page.append(f"## {day}\n")
            self.day = day

    def show(self) -> None:
        """Write down what the bot has said and done since."""
        for sent in self.chat.sent[self.shown :]:
            self._date()
            self.page.append(_shown(sent))
            if sent.room == "river" and isinstance(sent.message, InviteUser | RemoveUser):
                self.moves.append(sent.message)
        self.shown = len(self.chat.sent)

    async def to(self, day: datetime, *, passing: bool = False) -> None:
        """Let the days pass; every morning at nine people answer what they are asked.

        Args:
            day: Up to when.
            passing: Whether they pass.
        """
        while self.chat.clock.now() < day:
            morning = self.chat.clock.now().replace(hour=9, minute=0) + timedelta(days=1)
            await self._until(min(morning, day))
            if self.chat.clock.now() == morning:
                await self._mornings(passing)

    async def _until(self, moment: datetime) -> None:
        while (due := await self._next_timer()) is not None and due <= moment:
            await self.chat.until(max(due, self.chat.clock.now()))
            await self._people_follow()
            self.show()
        self.chat.clock.moment = moment

    async def _next_timer(self) -> datetime | None:
        [row] = await self.chat.rows("SELECT min(due) AS due FROM timers")
        return datetime.fromtimestamp(row["due"] / 1000, UTC) if row["due"] else None

    async def _mornings(self, passing: bool) -> None:
        for name in await self.asked():
            await self.say(name, "pass" if passing else "accept")
            await self._people_follow()
        for row in await self.chat.rows(
            "SELECT b.user_id FROM briefs b JOIN turns t ON t.id = b.turn_id"
            " WHERE b.read_at IS NULL AND t.ended_at IS NULL"
        ):
            await self.say(_name(row["user_id"]), "!handover ok")
            await self._people_follow()

    async def _people_follow(self) -> None:
        """Let people accept an invitation into River's room, and be out of it when they are removed."""
        self.show()
        moves, self.moves = self.moves, []
        for move in moves:
            if isinstance(move, InviteUser):
                await self.chat.joins(_name(move.user_id), "river")
            else:
                await self.chat.leaves(_name(move.user_id), "river")

    async def asked(self) -> list[str]:
        """Return who is being asked."""
        rows = await self.chat.rows("SELECT user_id FROM asks WHERE answer IS NULL ORDER BY seat DESC")
        return [_name(row["user_id"]) for row in rows]

    def foreseen(self) -> list[str]:
        """Return who is likely to enter at the next handovers."""
        told = self.page[-1]
        return re.findall(r"(\w+) is likely to take", told)

    async def spoke(self, seat: str) -> str:
        """Return who has a seat."""
        [row] = await self.chat.rows(f"SELECT user_id FROM seats WHERE seat = '{seat}'")
        return _name(row["user_id"])

    async def free(self) -> list[str]:
        """Return who has no seat and is here."""
        rows = await self.chat.rows(
            "SELECT user_id FROM members WHERE room_id = '!willow:test' AND membership = 'join'"
            " AND user_id NOT IN (SELECT user_id FROM seats) ORDER BY user_id"
        )
        return [_name(row["user_id"]) for row in rows]


def _name(user_id: str) -> str:
    return user_id[1:].partition(":")[0].capitalize()


def _shown(sent: Sent) -> str:
    where = "" if sent.room == "willow" else " in River"
    match sent.message:
        case Say():
            quoted = "\n".join(f"> {line}".rstrip() for line in sent.text.splitlines())
            return f"{quoted}\n" if not where else f"> (in River) {quoted[2:]}\n"
        case InviteUser() | RemoveUser() as move:
            what = "invites" if isinstance(move, InviteUser) else "removes"
            return f"[The bot {what} {_name(move.user_id)}{where}.]\n"
        case other:
            return f"[{type(other).__name__}{where}]\n"


async def play(folder: Path) -> str:
    """Play the year and return the page."""
    chat = await Chat.open(folder, datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    await chat.room("river", "Dora")
    await chat.room("willow", *PEOPLE)
    await chat.say("Dora", "river", "!assembly create River")
    await chat.say("Ben", "willow", "!pod create Willow")
    [made] = await chat.say("Dora", "river", "!assembly invite")
    await chat.say("Cy", "willow", f"!pod join {made.split('!pod join ')[1][:7]}")
    await chat.say("Dora", "river", "ok J1")
    await chat.say("Ana", "willow", "!pod set timezone Europe/London")
    await chat.say("Ben", "willow", "ok J2")
    chat.sent.clear()
    year = Year(chat, [HEAD])
    await year.say("Ana", "!spokes draw")
    await year.to(_on(2026, 11, 25))
    await year.say("Ana", "!spokes next")

    first = year.foreseen()[0]
    await year.say(first, "!spokes away 5 Dec..22 Dec")
    await year.to(_on(2027, 1, 12))

    speaker = await year.spoke("speak")
    await year.say(speaker, "!spokes swap")
    taker = (await year.free())[0]
    await year.say(taker, "!spokes swap take")
    await year.to(_on(2027, 2, 17))

    speaker, noter = await year.spoke("speak"), await year.spoke("note")
    others = await year.free()
    await year.say(others[0], f"!spokes recall {user(speaker)} said yes in River to what we had not decided")
    await year.say(speaker, "I thought it was settled. I am sorry.")
    for name in others:
        await year.say(name, "!recall yes")
    await year.say(noter, "!recall no")
    await year.to(_on(2027, 3, 3))
    await year.say(others[1], "!spokes history")
    year.note("On 28 March the clocks go forward; handovers stay at six in the evening.")
    await year.to(_on(2027, 5, 5))

    idle = (await year.free())[0]
    await year.say(idle, "!spokes away 2 weeks")
    await year.to(_on(2027, 7, 1))

    leaver = await year.spoke("note")
    year.note(f"{leaver} moves to another town and leaves the room.")
    await chat.leaves(leaver, "willow")
    year.show()
    await year.to(_on(2027, 8, 2))

    year.note("In August everybody is on holiday: whoever is asked passes.")
    await year.to(_on(2027, 8, 6), passing=True)
    await year.say(await year.spoke("speak"), "!spokes")
    willing = (await year.free())[0]
    await year.say(willing, "!spokes volunteer")
    await year._people_follow()
    await year.to(_on(2027, 11, 23))
    await year.say("Ana" if leaver != "Ana" else "Ben", "!spokes history")
    await year.say("Ana" if leaver != "Ana" else "Ben", "!spokes why")
    await chat.database.close()
    return "\n".join(year.page)


def _on(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, 0, tzinfo=UTC)


def main() -> int:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(asyncio.run(play(Path(folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
