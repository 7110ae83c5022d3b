"""The relay as people's real apps show it: corrections, questions and answers in threads, retractions, across a kill."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.bot import BotProcess
from sandbox.load.federation import Federation, Place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

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


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def federation(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> AsyncIterator[Federation]:
    """The assembly River with the pods Willow and Oak, for all tests of this module."""
    async with BotProcess(synapse, fresh_name("bot"), settings={"timezone": "UTC"}) as bot:
        made = Federation(synapse, members, bot, fresh_name)
        await made.set_up("Willow", "Oak")
        yield made
        assert await bot.stop() == 0


async def test_a_summary_is_corrected_asked_about_answered_and_retracted_in_real_apps(
    federation: Federation,
) -> None:
    bot = federation.bot
    river, (willow, oak) = federation.assembly, federation.pods
    host = river.witness

    # a summary goes to both pods, letter by letter as it was shown
    draft = await federation.asks(host, river, "!summary The next assembly is on Sunday.", "Draft S")
    name = id_in(draft)
    await approve(federation, river, name)
    copies = [await federation.hears(pod, "> The next assembly is on Sunday.") for pod in (willow, oak)]
    for copy in copies:
        assert (copy.body or "") in (draft.body or "")
        assert (copy.encrypted, copy.shield) == (True, "NONE")

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


async def test_a_digest_is_one_message_that_is_corrected_and_said_anew_in_real_apps(
    federation: Federation,
) -> None:
    river, (willow, oak) = federation.assembly, federation.pods
    host, witness = river.witness, oak.witness
    before = await witness.say(oak.room, "From now on once a day?")

    async def sets(value: str, answer: str) -> Seen:
        asked = await federation.asks(oak.people[1], oak, f"!pod set digest {value}", f"digest = {value} (")
        found = re.search(r"ok (J\d+)", asked.body or "")
        assert found is not None
        return await federation.asks(oak.people[2], oak, found[0], answer)

    await sets("23:59" if datetime.now(UTC).hour < 12 else "00:01", "once a day at")
    drafts = []
    for words in ("We meet on Sunday.", "Bring soup."):
        draft = await federation.asks(
            host, river, f"!summary {words}", re.compile(rf"^Draft S.*> {words}", re.DOTALL)
        )
        await approve(federation, river, id_in(draft))
        drafts.append(draft)
    first, second = map(id_in, drafts)
    letters = [await federation.hears(willow, words) for words in ("> We meet on Sunday.", "> Bring soup.")]
    assert "Oak reads it in its digest" in await status(federation, first)
    assert not [seen for seen in witness.timeline(oak.room) if "> Bring soup." in (seen.body or "")]

    # what waits comes as one message when the pod wants no digest any more; its letters are those of the others, byte by byte
    await sets("off", "at once from now on")
    digest = await federation.hears(oak, "Digest, now", since=before)
    assert (digest.encrypted, digest.shield) == (True, "NONE")
    assert [letter.body in (digest.body or "") for letter in letters] == [True, True]

    # a correction edits the one message, and keeps the other letter
    await federation.asks(
        host, river, f"!summary correct {first} We meet on Saturday.", f"Correction of {first}"
    )
    await approve(federation, river, first)
    edit = await federation.hears(oak, "> We meet on Saturday.", since=before)
    assert (edit.replaces, edit.encrypted, edit.shield) == (digest.event_id, True, "NONE")
    assert (letters[1].body or "-") in (edit.body or "")
    assert "We meet on Sunday." not in (edit.body or "")

    # a retraction deletes the message with its edit, and says anew what is left
    await federation.asks(host, river, f"!summary retract {first}", f"Retraction of {first}")
    await approve(federation, river, first)
    anew = await federation.hears(oak, f"{first} from the assembly River was retracted.", since=edit.event_id)
    assert (letters[1].body or "-") in (anew.body or "")
    assert "We meet on" not in (anew.body or "")
    for gone in witness.timeline(oak.room):
        if digest.event_id in (gone.event_id, gone.replaces):
            assert gone.redacted
            assert gone.body is None
    await witness.read(oak.room, anew.event_id)
    assert "seen by 1 of 2" in await status(federation, second)
