"""Polls and proposals in people's real apps: tapped, changed, taken back, adopted, ended, and the picture of the result."""

import asyncio
import re
from collections.abc import Callable

import pytest

from sandbox.bot import BotProcess
from sandbox.members import Members
from sandbox.seen import Seen
from sandbox.synapse import Synapse
from tests.synapse.rooms import PodRoom, people, pod

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

START = "org.matrix.msc3381.poll.start"


async def started(room: PodRoom, who: int, line: str) -> tuple[Seen, Seen, str]:
    """Let somebody open a poll or a proposal; returns the native poll, the words and the id, as all can read them."""
    sent = await room.people[who].say(room.room_id, line)
    for member in room.people:
        await member.wait_for_event(room.room_id, sent)
    native = await asyncio.gather(
        *(
            member.wait_for(
                room.room_id, lambda seen: seen.type == START, sender=room.bot.user_id, since=sent
            )
            for member in room.people
        )
    )
    words = await room.people[0].wait_for(
        room.room_id, re.compile(r"^P\d+[:,]"), sender=room.bot.user_id, since=native[0].event_id
    )
    return native[0], words, (words.body or "").partition(":")[0].partition(",")[0]


async def test_a_proposals_poll_is_tapped_changed_and_taken_back_and_text_and_tap_replace_each_other(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name, 4))
    ana, ben, cy, dora = room.people
    native, _words, proposal = await started(room, 0, "!propose We buy a tent.")
    poll = native.event_id
    assert (native.encrypted, native.shield) == (True, "NONE")
    agree, disagree, abstain = 0, 3, 4
    await ben.answer_poll(room.room_id, poll, [agree])
    await ben.answer_poll(room.room_id, poll, [disagree])
    withdrawn = await cy.answer_poll(room.room_id, poll, [agree])
    await room.asks(2, f"!proposal {proposal}", "disagree 1")
    await cy.redact(room.room_id, withdrawn)
    # a tap after a typed stance, and a typed one after a tap
    await room.asks(0, f"agree {proposal}", f"Counted in {proposal}")
    await ana.answer_poll(room.room_id, poll, [abstain])
    await dora.answer_poll(room.room_id, poll, [agree])
    await room.asks(3, f"reserve {proposal} It is dear.", f"Counted in {proposal}")
    told = await room.asks(0, f"!proposal {proposal}", "So far:")
    assert "So far: with reservations 1, disagree 1, abstain 1, silent 1." in (told.body or "")
    # an empty answer withdraws, in both spellings
    await ben.answer_poll(room.room_id, poll, [])
    await ana.answer_poll(room.room_id, poll, [agree], stable=True)
    told = await room.asks(1, f"!proposal {proposal}", "So far:")
    assert "So far: agree 1, with reservations 1, silent 2." in (told.body or "")


async def test_an_undisclosed_poll_ends_in_the_app_and_its_picture_opens_there(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    _ana, ben, cy = room.people
    native, words, poll = await started(room, 0, "!poll Where? | Park | Library | hide")
    assert native.content[START]["kind"] == "org.matrix.msc3381.poll.undisclosed"
    assert "Closes" in (words.body or "")
    await ben.answer_poll(room.room_id, native.event_id, [0])
    await ben.answer_poll(room.room_id, native.event_id, [1])
    gone = await cy.answer_poll(room.room_id, native.event_id, [0])
    await room.asks(2, f"!vote {poll} 1", f"counted in {poll}")
    await cy.redact(room.room_id, gone)
    await room.asks(0, f"!poll close {poll}", f"has closed {poll}: Where?")
    picture = await ben.wait_for(
        room.room_id, lambda seen: seen.msgtype == "m.image", sender=bot.user_id, since=native.event_id
    )
    assert (picture.encrypted, picture.shield, "url" in picture.content) == (True, "NONE", False)
    assert (picture.body or "").startswith(f"{poll} – Park: 1, Library: 1. ")
    assert (await ben.download(picture)).startswith(b"\x89PNG")
    shown = await ben.poll_results(room.room_id, native.event_id)
    assert (shown.ended, shown.votes) == (True, {"Park": 0, "Library": 1})


async def test_a_poll_made_in_an_app_is_adopted_with_its_answers_and_ended_there(
    bot: BotProcess, synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    room = await pod(bot, await people(synapse, members, fresh_name))
    ana, ben, cy = room.people
    poll = await ben.open_poll(room.room_id, "Tea?", ["Yes", "No", "Later"], disclosed=False)
    for member in (ana, cy):
        await member.wait_for_event(room.room_id, poll)
    await cy.answer_poll(room.room_id, poll, [0])
    await cy.answer_poll(room.room_id, poll, [1])
    await ben.answer_poll(room.room_id, poll, [2])
    told = await room.asks(0, "!poll adopt", "I count this poll", reply_to=poll)
    assert "\nI have read 3 answers that were given before.\n2 of 3 have voted.\n" in (told.body or "")
    await ana.answer_poll(room.room_id, poll, [1], stable=True)
    await room.asks(1, "No", "counted in P", reply_to=poll)
    await ben.end_poll(room.room_id, poll)
    result = await ana.wait_for(room.room_id, "has ended P", sender=bot.user_id, since=poll)
    assert "Most votes: No, with 3.\n3 of 3 members voted." in (result.body or "")
    assert (await cy.poll_results(room.room_id, poll)).ended
