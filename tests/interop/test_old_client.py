"""A client on libolm, without cross-signing, still talks with Element's engine where that is not strict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.old import OldClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.members import Members
    from sandbox.synapse import Synapse

# One loop for all: the session's server and members live in it.
pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


async def test_an_old_client_and_a_lax_member_read_each_other(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    lax = await members.join_server(synapse, fresh_name("lax"), strict=False)
    strict = await members.join_server(synapse, fresh_name("strict"))
    async with OldClient(synapse, fresh_name("otto")) as otto:
        room = await lax.create_room("Oak", [otto, strict])
        for user in (otto, strict):
            await lax.wait_for_membership(room, user)
        sent = await lax.say(room, "do you still read this?")
        heard = await otto.wait_for(room, "still read")
        assert (heard.event_id, heard.encrypted) == (sent, True)
        answered = await otto.say(room, "I do", reply_to=sent)
        answer = await lax.wait_for_event(room, answered)
        assert (answer.body, answer.reply_to) == ("I do", sent)
        assert (answer.shield, answer.shield_reason) == ("RED", "UNSIGNED_DEVICE")
        unread = await strict.wait_for(room, lambda seen: seen.event_id == answered and seen.utd is not None)
        assert unread.utd == "UNSIGNED_SENDER_DEVICE"
