"""Rooms that the tests of the whole bot start from."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.bot import BotProcess
from sandbox.members import Member, Members
from sandbox.seen import Match, Seen
from sandbox.synapse import Synapse


@dataclass
class PodRoom:
    """An encrypted room with the bot and some people, all of them joined."""

    bot: BotProcess
    room_id: str
    people: list[Member]

    async def asks(self, who: int, text: str, answer: Match, *, reply_to: str | None = None) -> Seen:
        """Let somebody say something and return the bot's answer as another person reads it."""
        sent = await self.people[who].say(self.room_id, text, reply_to=reply_to)
        reader = self.people[who - 1]
        await reader.wait_for_event(self.room_id, sent)
        return await reader.wait_for(self.room_id, answer, sender=self.bot.user_id, since=sent)

    def answers_to(self, event_id: str, reader: int = 0) -> list[Seen]:
        """Return what the bot answered to a message."""
        return [
            seen
            for seen in self.people[reader].timeline(self.room_id)
            if seen.sender == self.bot.user_id and seen.reply_to == event_id
        ]


async def people(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str], count: int = 3
) -> list[Member]:
    """Give some people accounts and clients."""
    return [
        await members.join_server(synapse, fresh_name(name)) for name in ("ana", "ben", "cy", "dora")[:count]
    ]


async def room_with(bot: BotProcess, who: list[Member], name: str = "Room", *, power: int = 50) -> PodRoom:
    """Make a room; everybody has joined and read the bot's hello."""
    first, *others = who
    room_id = await first.create_room(name, [*others, bot.user_id], power={"users": {bot.user_id: power}})
    for member in others:
        await first.wait_for_membership(room_id, member)
    await first.wait_for_membership(room_id, bot.user_id)
    await first.wait_for(room_id, "Hello, I am Spokesbot", sender=bot.user_id)
    return PodRoom(bot, room_id, who)


async def pod(bot: BotProcess, who: list[Member], name: str = "Willow") -> PodRoom:
    """Make a pod."""
    room = await room_with(bot, who, name)
    await room.asks(0, f"!pod create {name}", f"is now the pod {name}")
    return room
