"""The scripted members themselves work: what the other interop tests lean on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.install import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.members import Member, Members
    from sandbox.synapse import Synapse

# One loop for all: the session's server and members live in it.
pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


async def two_members_in_a_room(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> tuple[Member, Member, str]:
    ana = await members.join_server(synapse, fresh_name("ana"))
    ben = await members.join_server(synapse, fresh_name("ben"))
    room = await ana.create_room("Willow", [ben])
    await ana.wait_for_membership(room, ben)
    return ana, ben, room


async def test_strict_members_read_each_other_without_a_shield(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana, ben, room = await two_members_in_a_room(synapse, members, fresh_name)
    question = await ana.say(room, "is anyone there?")
    heard = await ben.wait_for(room, "anyone")
    await ben.say(room, "I am", reply_to=question, mentions=[ana])
    answer = await ana.wait_for(room, "I am", sender=ben, since=question)
    assert (heard.event_id, heard.encrypted, heard.shield) == (question, True, "NONE")
    assert (answer.shield, answer.reply_to, answer.mentions) == ("NONE", question, (ana.user_id,))
    assert (await ana.devices(ben))[0].signed_by_owner
    assert not await ana.user_verified(ben)


async def test_a_vote_in_a_native_poll_is_counted_by_both(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana, ben, room = await two_members_in_a_room(synapse, members, fresh_name)
    poll = await ana.open_poll(room, "Where?", ["Park", "Library"])
    await ben.wait_for_event(room, poll)
    await ben.answer_poll(room, poll, [0])
    vote = await ben.answer_poll(room, poll, [1])
    await ana.wait_for_event(room, vote)
    end = await ana.end_poll(room, poll)
    await ben.wait_for_event(room, end)
    for member in (ana, ben):
        results = await member.poll_results(room, poll)
        assert results.votes == {"Park": 0, "Library": 1}
        assert list(results.voters) == [ben.user_id]
        assert results.ended


async def test_the_stable_spelling_of_a_vote_arrives_as_it_was_sent(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana, ben, room = await two_members_in_a_room(synapse, members, fresh_name)
    poll = await ana.open_poll(room, "Where?", ["Park", "Library"])
    await ben.wait_for_event(room, poll)
    vote = await ana.wait_for_event(room, await ben.answer_poll(room, poll, [1], stable=True))
    chosen = (await ana.poll_results(room, poll)).answer_ids["Library"]
    assert (vote.type, vote.content["m.selections"]) == ("m.poll.response", [chosen])


async def test_an_encrypted_file_comes_back_whole(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana, ben, room = await two_members_in_a_room(synapse, members, fresh_name)
    picture = b"\x89PNG" + bytes(range(256)) * 1000
    sent = await ana.send_file(room, "map.png", picture, "image/png")
    seen = await ben.wait_for_event(room, sent)
    assert (seen.msgtype, seen.body, "url" in seen.content) == ("m.image", "map.png", False)
    assert await ben.download(seen) == picture


async def test_edits_redactions_reactions_and_threads_are_seen(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana, ben, room = await two_members_in_a_room(synapse, members, fresh_name)
    first = await ana.say(room, "at six")
    edit = await ana.say(room, "at seven", edit_of=first)
    threaded = await ben.say(room, "fine", thread=first)
    reaction = await ben.react(room, first, "👍")
    seen = await ben.wait_for_event(room, edit)
    assert (seen.body, seen.replaces) == ("at seven", first)
    seen = await ana.wait_for_event(room, threaded)
    assert (seen.thread, seen.reply_to) == (first, None)
    assert not (await ana.wait_for_event(room, reaction)).encrypted
    await ana.redact(room, first)
    gone = await ben.wait_for(room, lambda seen: seen.event_id == first and seen.redacted)
    assert gone.body is None
    await ben.read(room, edit)


async def test_a_strict_member_is_deaf_to_a_device_its_owner_did_not_sign(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    strict = await members.join_server(synapse, fresh_name("strict"))
    lax = await members.join_server(synapse, fresh_name("lax"), strict=False)
    unsigned = await members.join_server(synapse, fresh_name("unsigned"), strict=False, cross_signed=False)
    room = await unsigned.create_room("Oak", [strict, lax])
    await unsigned.wait_for_membership(room, strict)
    await unsigned.wait_for_membership(room, lax)
    sent = await unsigned.say(room, "who can read me?")
    unread = await strict.wait_for(room, lambda seen: seen.event_id == sent and seen.utd is not None)
    assert (unread.utd, unread.body) == ("UNSIGNED_SENDER_DEVICE", None)
    read = await lax.wait_for_event(room, sent)
    assert (read.shield, read.shield_reason) == ("RED", "UNSIGNED_DEVICE")
    answer = await strict.say(room, "not you")
    refused = await unsigned.wait_for(room, lambda seen: seen.event_id == answer and seen.utd is not None)
    assert refused.utd == "MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE"


async def test_a_timeline_with_a_gap_is_filled_in_the_servers_order(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana, ben, room = await two_members_in_a_room(synapse, members, fresh_name)
    before = await ana.say(room, "before")
    await ben.wait_for_event(room, before)
    await ben.pause_sync()
    sent = [await ana.say(room, f"word {number}") for number in range(130)]
    await ben.resume_sync()
    for event_id in sent:
        await ben.wait_for_event(room, event_id)
    order = [seen.event_id for seen in ben.timeline(room)]
    assert order[order.index(before) + 1 :] == sent


async def test_orders_that_cannot_be_carried_out_say_why(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    ana = await members.join_server(synapse, fresh_name("ana"))
    with pytest.raises(SandboxError, match="room"):
        await ana.join("!nowhere:sandbox.test")
    with pytest.raises(TimeoutError, match="waited 0 s for 'hello'"):
        await ana.wait_for("!nowhere:sandbox.test", "hello", timeout=0)
    await ana.logout()
