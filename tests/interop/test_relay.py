"""The relay as people's real apps show it: corrections, questions and answers in threads, retractions, across a kill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.bot import BotProcess
from sandbox.load.federation import Federation, Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.members import Members
    from sandbox.seen import Seen
    from sandbox.synapse import Synapse

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


async def approve(federation: Federation, place: Place, name: str, words: str = "is approved by") -> None:
    """Let two who may type ok; in the assembly the first spokes of two pods."""
    first, second = (
        place.spokes if place is not federation.assembly else [pod.spokes[0] for pod in federation.pods[:2]]
    )
    await federation.asks(first, place, f"ok {name}", f"says ok to {name}")
    await federation.asks(second, place, f"ok {name}", f"{name} {words}")


async def status(federation: Federation, name: str) -> str:
    """Return how far a summary is, as the assembly reads it."""
    river = federation.assembly
    return (await federation.asks(river.witness, river, f"!summary status {name}")).body or ""


def id_in(seen: Seen) -> str:
    """Return the id in a draft's first line."""
    return (seen.body or "").split(".")[0].split()[-1]


async def test_a_summary_is_corrected_asked_about_answered_and_retracted_in_real_apps(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        federation = Federation(synapse, members, bot, fresh_name)
        await federation.set_up("Willow", "Oak")
        river, (willow, oak) = federation.assembly, federation.pods
        host = river.witness

        # a summary goes to both pods, letter by letter as it was shown
        draft = await federation.asks(host, river, "!summary The next assembly is on Sunday.", "Draft S")
        name = id_in(draft)
        await approve(federation, river, name)
        copies = [await federation.hears(pod, "> The next assembly is on Sunday.") for pod in (willow, oak)]
        for copy in copies:
            assert (copy.body or "") in (draft.body or "")
            assert (copy.encrypted, copy.shield, copy.msgtype) == (True, "NONE", "m.text")

        # its correction edits each copy in place; the bot is killed as soon as it is approved
        await federation.asks(host, river, f"!summary correct {name} It is on Saturday.", "Correction of")
        first, second = (pod.spokes[0] for pod in (willow, oak))
        await federation.asks(first, river, f"ok {name}", "says ok to")
        await federation.say(second, river, f"ok {name}")
        await bot.kill()
        await bot.start()
        for pod, copy in zip((willow, oak), copies, strict=True):
            edit = await federation.hears(pod, "> It is on Saturday.")
            assert (edit.replaces, edit.encrypted, edit.shield) == (copy.event_id, True, "NONE")
            shown = [
                seen
                for seen in pod.witness.timeline(pod.room)
                if seen.replaces is not None and seen.sender == bot.user_id
            ]
            assert [seen.event_id for seen in shown] == [edit.event_id]

        # who read the old words has not seen the new ones; a receipt on the edit says so, or on what came later
        await willow.witness.read(willow.room, copies[0].event_id)
        later = await oak.witness.say(oak.room, "Saturday then.")
        await oak.witness.wait_for(oak.room, "Saturday then.")
        assert "seen by 0 of 2" in await status(federation, name)
        edit = await federation.hears(willow, "> It is on Saturday.")
        await willow.witness.read(willow.room, edit.event_id)
        assert "seen by 1 of 2" in await status(federation, name)
        await bot.kill()
        await oak.witness.read(oak.room, later)
        await bot.start()
        assert "seen by 2 of 2" in await status(federation, name)

        # Oak asks about it, the assembly answers in the thread of the question on both sides
        witness = oak.witness
        asked = await witness.say(oak.room, "ask At what hour?", reply_to=copies[1].event_id)
        question = id_in(await federation.hears(oak, "Question from Oak", since=asked))
        await approve(federation, oak, question)
        arrived = await federation.hears(river, "> At what hour?")
        typed = await host.say(river.room, "answer At six.", thread=arrived.event_id)
        draft = await federation.hears(river, "Draft S", since=typed)
        answer = id_in(draft)
        assert draft.thread == arrived.event_id
        await approve(federation, river, answer)
        there = await federation.hears(oak, "> At six.")
        here = await federation.hears(river, lambda seen: (seen.body or "").startswith("Answer from"))
        assert (there.thread, here.thread) == (asked, arrived.event_id)
        assert there.body == here.body
        assert (there.body or "") in (draft.body or "")

        # the retraction deletes the copies and their edits, and leaves one line
        await federation.asks(host, river, f"!summary retract {name}", "Retraction of")
        await approve(federation, river, name)
        for pod, copy in zip((willow, oak), copies, strict=True):
            await federation.hears(pod, f"{name} from the assembly River was retracted.")
            for gone in pod.witness.timeline(pod.room):
                if copy.event_id in (gone.event_id, gone.replaces):
                    assert gone.redacted
                    assert gone.body is None
        assert await bot.stop() == 0
