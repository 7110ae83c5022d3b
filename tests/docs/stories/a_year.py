"""Terms: a year in one pod of five."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from bot.ports import InviteUser, RemoveUser
from bot.store.database import from_ms
from tests.commands.chat import user
from tests.docs.stories.telling import Story, name_of, tale

PEOPLE = ("Ana", "Ben", "Cy", "Di", "Eve")
ROOMS = ("willow", "river")


class Year:
    """A story of many months, in which people answer what they are asked the next morning."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.chat = story.chat
        self._followed = 0

    async def say(self, person: str, words: str) -> None:
        """Let somebody say something in Willow, and let people go where the bot asks them to."""
        await self.story.says(person, words)
        self.story.hears(*ROOMS)
        await self._people_follow()

    async def to(self, day: datetime, *, passing: bool = False) -> None:
        """Let the days pass; every morning at nine people answer what they are asked.

        Args:
            day: Up to when.
            passing: Whether they pass.
        """
        while self.chat.clock.now() < day:
            today = self.chat.clock.now().replace(hour=9, minute=0)
            morning = today if self.chat.clock.now() < today else today + timedelta(days=1)
            await self._until(min(morning, day))
            if self.chat.clock.now() == morning:
                await self._mornings(passing)

    async def _until(self, moment: datetime) -> None:
        while (due := await self._next_timer()) is not None and due <= moment:
            await self.chat.until(max(due, self.chat.clock.now()))
            self.story.hears(*ROOMS)
            await self._people_follow()
        self.chat.clock.moment = max(moment, self.chat.clock.now())

    async def _next_timer(self) -> datetime | None:
        [row] = await self.chat.rows("SELECT min(due) AS due FROM timers")
        return from_ms(row["due"]) if row["due"] else None

    async def _mornings(self, passing: bool) -> None:
        for name in await self.asked():
            await self.say(name, "pass" if passing else "accept")
        for row in await self.chat.rows(
            "SELECT b.user_id FROM briefs b JOIN turns t ON t.id = b.turn_id"
            " WHERE b.read_at IS NULL AND t.ended_at IS NULL"
        ):
            await self.say(name_of(row["user_id"]), "!handover ok")

    async def _people_follow(self) -> None:
        """Let people accept an invitation into River's room, and be out of it when they are removed."""
        for sent in self.story.told[self._followed :]:
            match sent.message:
                case InviteUser(user_id=user_id):
                    await self.chat.joins(name_of(user_id), "river")
                case RemoveUser(user_id=user_id):
                    await self.chat.leaves(name_of(user_id), "river")
        self._followed = len(self.story.told)
        self.story.hears(*ROOMS)

    async def asked(self) -> list[str]:
        """Return who is being asked."""
        rows = await self.chat.rows("SELECT user_id FROM asks WHERE answer IS NULL ORDER BY seat DESC")
        return [name_of(row["user_id"]) for row in rows]

    def foreseen(self) -> list[str]:
        """Return who is likely to enter at the next handovers."""
        return re.findall(r"(\w+) is likely to take", self.story.told[-1].text)

    async def spoke(self, seat: str) -> str:
        """Return who has a seat."""
        [row] = await self.chat.rows(f"SELECT user_id FROM seats WHERE seat = '{seat}'")
        return name_of(row["user_id"])

    async def free(self) -> list[str]:
        """Return who has no seat and is here."""
        rows = await self.chat.rows(
            "SELECT user_id FROM members WHERE room_id = '!willow:test' AND membership = 'join'"
            " AND user_id NOT IN (SELECT user_id FROM seats) ORDER BY user_id"
        )
        return [name_of(row["user_id"]) for row in rows]


@tale(
    "a-year-in-one-pod",
    "A year in one pod",
    "Willow is a pod of five in London, in the assembly River. Who is asked accepts the next morning, unless it says"
    " otherwise.",
)
async def _a_year(story: Story) -> None:
    chat = story.chat
    chat.clock.moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
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
    year = Year(story)
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
    story.note("On 28 March the clocks go forward; handovers stay at six in the evening.")
    await year.to(_on(2027, 5, 5))

    idle = (await year.free())[0]
    await year.say(idle, "!spokes away 2 weeks")
    await year.to(_on(2027, 7, 1))

    leaver = await year.spoke("note")
    story.note(f"{leaver} moves to another town and leaves the room.")
    await chat.leaves(leaver, "willow")
    story.hears(*ROOMS)
    await year.to(_on(2027, 8, 2))

    story.note("In August everybody is on holiday: whoever is asked passes.")
    await year.to(_on(2027, 8, 6), passing=True)
    await year.say(await year.spoke("speak"), "!spokes")
    willing = (await year.free())[0]
    await year.say(willing, "!spokes volunteer")
    await year.to(_on(2027, 11, 23))
    await year.say("Ana" if leaver != "Ana" else "Ben", "!spokes history")
    await year.say("Ana" if leaver != "Ana" else "Ben", "!spokes why")

    whole = "\n".join(story.lines)
    for happened in (
        "Carried: ", "hands the seat on.", "is away from", "is away until", "is no longer a member here",
        "seat of Willow is EMPTY", "a one-seat turn", "Thank you, ", "until a recall", "likely on",
    ):  # fmt: skip
        assert happened in whole


def _on(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, 0, tzinfo=UTC)
