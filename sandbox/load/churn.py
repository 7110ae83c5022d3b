"""What changes around the bot: people come and go, get new phones, lose them, and move to another room.

Rule: what a device that nobody vouches for types is noted apart, because nothing may come of it; and an answer to a
phone that is vouched for must be readable on that phone.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter

from sandbox.load.federation import PATIENCE, Federation, Place
from sandbox.member import Member
from sandbox.members import Members
from sandbox.seen import Seen
from sandbox.watching import User


class Churn:
    """Changes, chosen at random.

    Args:
        federation: Who and where.
        chance: What chooses.
        name: Makes user names that nobody else on the server has.

    Attributes:
        done: How often each kind of thing happened.
        unsigned: What was typed on devices that were never signed, by event id.
        signed_later: What was typed on devices that were signed after that, by event id.
        unreadable: What a signed phone could not read of the answer to what was typed on it.
    """

    def __init__(self, federation: Federation, chance: random.Random) -> None:
        self._federation = federation
        self._chance = chance
        self._numbers = itertools.count(1)
        self._others: Members | None = None
        self.done: Counter[str] = Counter()
        self.unsigned: set[str] = set()
        self.signed_later: set[str] = set()
        self.unreadable: list[Seen] = []

    async def one(self) -> None:
        """Let one thing change."""
        dice = self._chance.random()
        place = self._chance.choice(self._federation.pods)
        if dice < 0.25:
            await self.guest(place)
        elif dice < 0.60:
            await self.signed_phone(place)
        elif dice < 0.90:
            await self.unsigned_phone(place)
        else:
            await self.end_clients()

    async def guest(self, place: Place) -> None:
        """Let somebody be invited, join, ask and leave."""
        others = await self._clients()
        guest = await others.join_server(self._federation.synapse, f"guest{next(self._numbers)}")
        await place.witness.invite(place.room, guest)
        for person in place.people:
            await person.wait_for_membership(place.room, guest)
        await self._federation.asks(guest, place, "!pod roster")
        await guest.leave(place.room)
        await place.witness.wait_for_membership(place.room, guest, "leave")
        await guest.logout()
        self.done["joins and leaves"] += 1

    async def signed_phone(self, place: Place) -> None:
        """Let somebody use another device that they verify at once, and log it out or leave it behind."""
        owner = self._chance.choice(place.people)
        phone = await self._phone(owner)
        await owner.sign_device(phone)
        sent = await self._federation.say(phone, place, "!status")
        answer = await phone.wait_for(place.room, lambda seen: seen.reply_to == sent, timeout=PATIENCE)
        try:
            await phone.wait_for_event(place.room, answer.event_id)
        except TimeoutError:
            self.unreadable.append(answer)
        if self._chance.random() < 0.7:
            await phone.logout()
            self.done["signed devices added and removed"] += 1
        else:
            await phone.stop()
            self.done["signed devices added and left behind"] += 1

    async def unsigned_phone(self, place: Place) -> None:
        """Let somebody use another device that nobody vouches for, or only later."""
        owner = self._chance.choice(place.people)
        phone = await self._phone(owner)
        sent = await self._federation.say(phone, place, "!status")
        if self._chance.random() < 0.5:
            await owner.sign_device(phone)
            self.signed_later.add(sent)
            self.done["unsigned devices signed later"] += 1
            await self._federation.hears(
                place, lambda seen: seen.reply_to == sent and "This is the pod" in (seen.body or "")
            )
        else:
            self.unsigned.add(sent)
            self.done["unsigned devices added and removed"] += 1
        await phone.logout()

    async def end_clients(self) -> None:
        """End the program in which the phones and guests run, all at once; their devices stay on the server."""
        if self._others is not None:
            await self._others.__aexit__(None, None, None)
            self._others = None
        self.done["restarts of people's clients"] += 1

    async def upgrade(self, place: Place) -> None:
        """Move a pod to another room, as people do who upgrade theirs."""
        host, *others = place.people
        bot = self._federation.bot.user_id
        entering: tuple[User, ...] = (*others, bot)
        new = await host.create_room(place.name, [*others, bot], power={"users": {bot: 50}})
        await host.send_state(
            place.room, "m.room.tombstone", {"body": "This room has moved.", "replacement_room": new}
        )
        followed = f"The room of {place.name} was upgraded"
        await self._federation.hears(self._federation.assembly, followed)
        for person in place.people:
            for other in entering:
                await person.wait_for_membership(new, other)
        place.rooms.append(new)
        self.done["rooms upgraded"] += 1

    async def _phone(self, owner: Member) -> Member:
        others = await self._clients()
        return await others.log_in(self._federation.synapse, owner.account, strict=False)

    async def _clients(self) -> Members:
        if self._others is None:
            self._others = await Members().__aenter__()
        return self._others
