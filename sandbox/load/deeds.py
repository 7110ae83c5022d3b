"""What people of a federation do all day: look, ask polls and vote, relay summaries, change their mind.

Rule: every poll and every summary has words of its own, so that it can be counted by them wherever it appears.
"""

from __future__ import annotations

import itertools
import random
import re

from sandbox.load.federation import Federation, Place, together
from sandbox.member import Member
from sandbox.seen import Seen

OPTIONS = ("Park", "Library", "Garden")
LOOKS = ("!pod roster", "!status", "!help poll", "!polls", "!spokes", "!next", "!xyzzy")


class Deeds:
    """The deeds of people, chosen at random.

    Args:
        federation: Who and where.
        chance: What chooses; the same seed makes the same choices.
    """

    def __init__(self, federation: Federation, chance: random.Random) -> None:
        self._federation = federation
        self._chance = chance
        self._numbers = itertools.count(1)

    async def one(self, place: Place) -> None:
        """Do one thing in a place, and wait for the answers."""
        dice = self._chance.random()
        if dice < 0.35:
            await self.look(place)
        elif dice < 0.60:
            await self.poll(place)
        elif dice < 0.90 or place is self._federation.assembly:
            await self.summary(place)
        else:
            await self.volunteer(place)

    async def look(self, place: Place) -> None:
        """Let everybody there ask for something that changes nothing, all at once."""
        people = self._some(place.people)
        await together(
            *(self._federation.asks(member, place, self._chance.choice(LOOKS)) for member in people)
        )

    async def poll(self, place: Place) -> None:
        """Open a poll, answer it by tapping and by typing, change and take back answers, and close it."""
        federation, chance = self._federation, self._chance
        question = f"Question {next(self._numbers)} of {place.name}?"
        author = chance.choice(place.people)
        begun = await federation.say(author, place, f"!poll {question} | {' | '.join(OPTIONS)}")
        native = await federation.hears(place, lambda seen: is_start(seen, question), since=begun)
        opened = await federation.hears(place, re.compile(rf"P\d+: {re.escape(question)}"), since=begun)
        poll = (opened.body or "").partition(":")[0]
        voters = [(member, chance.randint(1, 3), chance.random()) for member in self._some(place.people)]
        await together(*(self._vote(place, poll, native, *voter) for voter in voters))
        await federation.asks(
            author, place, f"!poll close {poll}", re.compile(rf"has closed {poll}\b.*{re.escape(question)}")
        )

    async def _vote(
        self, place: Place, poll: str, native: Seen, member: Member, answer: int, dice: float
    ) -> None:
        if dice < 0.3:
            await member.wait_for_event(place.room, native.event_id)
            await member.answer_poll(place.room, native.event_id, [answer - 1])
            return
        await self._federation.asks(member, place, f"!vote {poll} {answer}")
        if dice > 0.8:
            await self._federation.asks(member, place, "!undo")
        elif dice > 0.6:
            await self._federation.asks(member, place, f"!vote {poll} {answer % 3 + 1}")

    async def summary(self, place: Place) -> None:
        """Draft a summary and let two people say ok; it goes to the assembly, or from there to every pod."""
        federation, chance = self._federation, self._chance
        words = f"Summary {next(self._numbers)} of {place.name} says hello."
        drafted = await federation.asks(chance.choice(place.spokes), place, f"!summary {words}")
        found = re.search(r"\bDraft (S\d+)\b", drafted.body or "")
        if found is None:
            raise AssertionError(f"no draft was made: {drafted}")
        pair = place.spokes[:2]
        if place is federation.assembly:
            pair = [chance.choice(pod.spokes) for pod in chance.sample(federation.pods, 2)]
        for spoke, done in zip(pair, ("Counted", "is approved by"), strict=True):
            # right after a restart the draft may not be known as shown yet; then people are asked to say ok again
            while done not in ((await federation.asks(spoke, place, f"ok {found[1]}")).body or ""):
                pass

    async def volunteer(self, place: Place) -> None:
        """Offer to take a seat, and take the offer back."""
        [free] = [member for member in place.people if member not in place.spokes]
        await self._federation.asks(free, place, "!spokes volunteer")
        await self._federation.asks(free, place, "!undo")

    def _some(self, people: list[Member]) -> list[Member]:
        return self._chance.sample(people, self._chance.randint(1, min(len(people), 4)))


def is_start(seen: Seen, question: str) -> bool:
    """Tell whether an event opens a native poll that asks this."""
    return seen.type.endswith("poll.start") and question in str(seen.content)
