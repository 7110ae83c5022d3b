"""What goes wrong, and that people notice nothing of it but that it takes a little longer.

Rule: a scenario says what happens; `Scene.check` then sees that each command was answered exactly once, readable
for everybody who was there. Whoever imports these tests gives them a `scene`.
"""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import PAGE
from tests.faults.scene import ANA, BEN, Scene

SYNC, SEND, SHARE = "GET .*/sync", "PUT .*/send/", "PUT .*/sendToDevice"
QUERY, CLAIM, UPLOAD = "POST .*/keys/query", "POST .*/keys/claim", "POST .*/keys/upload"
STEPS = (SYNC, SEND, SHARE, QUERY, CLAIM, UPLOAD)
MESSAGES = "GET .*/messages"
OFTEN = 10_000

LIMIT = {"status": 429, "body": {"errcode": "M_LIMIT_EXCEEDED", "error": "slow down"}}
EVERYWHERE: list[dict[str, Any]] = [
    {"what": "fail", "status": 500, "body": {"errcode": "M_UNKNOWN", "error": "broken"}},
    {"what": "fail", "status": 502, "body": PAGE},
    {"what": "fail", "status": 404, "body": PAGE},
    {"what": "fail", "status": 200, "body": PAGE},
    {"what": "fail", "status": 429, "body": {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 300}},
    {"what": "fail", "headers": {"Retry-After": "1"}, **LIMIT},
    {"what": "fail", **LIMIT},
    {"what": "refuse"},
    {"what": "lose"},
    {"what": "drop"},
    {"what": "cut"},
]
TURNS = len(EVERYWHERE)


async def test_a_newcomer_is_served_though_every_request_fails_once(scene: Scene, turn: int) -> None:
    before = {step: scene.server.count(step) for step in STEPS}
    # in a few turns each step meets another fault, in TURNS of them every one
    ways = [EVERYWHERE[(turn * 3 + place) % TURNS] for place in range(len(STEPS))]
    faults = [scene.server.fault(pattern=step, **way) for step, way in zip(STEPS, ways, strict=True)]
    await scene.claim_keys(1)  # so that there are keys to upload
    cy = await scene.newcomer()
    await scene.answered(await scene.say("!help everybody"), readers=(ANA, BEN, cy))
    await scene.answered(await scene.say("!help newcomers", cy), readers=(ANA, BEN, cy))
    assert [fault.pattern.pattern for fault in faults if not fault.reached.is_set()] == []
    assert all(scene.server.count(step) - before[step] <= 20 for step in STEPS)


@pytest.mark.parametrize(
    ("status", "errcode"),
    [
        (404, ""),
        (401, ""),
        (404, "M_UNRECOGNIZED"),
        (401, "M_USER_LOCKED"),
        (403, "M_RESOURCE_LIMIT_EXCEEDED"),
    ],
)
async def test_what_stands_in_the_way_of_a_message_is_not_taken_for_an_answer_to_it(
    scene: Scene, status: int, errcode: str
) -> None:
    refused = scene.server.fail(SEND, status, errcode)
    await scene.answered(await scene.say("!help"))
    assert refused.reached.is_set()


async def test_the_server_cannot_be_reached_and_comes_back(scene: Scene) -> None:
    await scene.refuse_connections()
    asked = [await scene.say("!help"), await scene.say("!pod", BEN)]
    await scene.complained()
    await scene.accept_connections()
    await scene.answered(*asked)


@pytest.mark.parametrize("soft", [False, True])
async def test_a_session_that_ended_ends_the_program_and_nothing_is_lost(scene: Scene, soft: bool) -> None:
    before = scene.server.count(".")
    scene.server.fail(".", 401, "M_UNKNOWN_TOKEN", OFTEN, soft_logout=soft)
    asked = await scene.say("!help")
    await scene.ended()
    assert scene.server.count(".") - before < 15
    scene.server.release_all()
    await scene.start()
    await scene.answered(asked)


async def test_a_gap_is_read_whole_though_reading_it_fails_and_the_session_seems_over(scene: Scene) -> None:
    await scene.kill()
    asked = [await scene.say("!help before the gap"), await scene.say("!pod", BEN)]
    await scene.chatter()
    asked.append(await scene.say("!help after the gap"))
    over = scene.server.fail(MESSAGES, 401, "M_UNKNOWN_TOKEN")
    await scene.start()
    await scene.ended()
    assert over.reached.is_set()
    faults = [
        scene.server.fail(MESSAGES, 502),
        scene.server.fail(MESSAGES, 404),
        scene.server.fault("cut", MESSAGES),
    ]
    await scene.start()
    await scene.answered(*asked)
    assert all(fault.reached.is_set() for fault in faults)


async def test_a_gap_whose_beginning_is_not_told_is_read(scene: Scene) -> None:
    await scene.kill()
    asked = [await scene.say("!help before the gap")]
    await scene.chatter()
    asked.append(await scene.say("!help after the gap"))

    def forget(answer: Any) -> None:
        assert answer["rooms"]["join"][scene.room]["timeline"]["limited"]
        del answer["rooms"]["join"][scene.room]["timeline"]["prev_batch"]

    forgotten = scene.server.rewrite(SYNC, forget)
    await scene.start()
    await scene.answered(*asked)
    assert forgotten.reached.is_set()


async def test_the_same_answer_again_and_again_is_obeyed_once_and_not_asked_for_in_a_circle(
    scene: Scene,
) -> None:
    first = await scene.say("!help")
    await scene.answered(first)
    before = scene.server.count(SYNC)
    again = scene.server.fault("repeat", SYNC, 3)
    asked = await scene.say("!pod")
    await scene.complained()
    await scene.answered(asked)
    assert again.times == 0
    assert scene.server.count(SYNC) - before <= 15


async def test_a_key_that_the_server_keeps_back_is_used_when_it_comes(scene: Scene) -> None:
    cy = await scene.newcomer()
    await scene.answered(await scene.say("!help"))
    late: list[Any] = []

    def keep_back(answer: Any) -> None:
        events = answer.get("to_device", {}).get("events", [])
        late.extend(event for event in events if event["type"] == "m.room.encrypted")
        events[:] = [event for event in events if event["type"] != "m.room.encrypted"]

    def bring(answer: Any) -> None:
        answer.setdefault("to_device", {}).setdefault("events", []).extend(late)

    kept_back = scene.server.rewrite(SYNC, keep_back, OFTEN)
    waiting = await scene.say("!help the patient", cy)
    await scene.answered(await scene.say("!pod"))
    assert late
    assert await scene.answers(waiting, ANA, scene.room) == []
    kept_back.release()
    scene.server.rewrite(SYNC, bring)
    await scene.answered(await scene.say("!pod"))
    await scene.answered(waiting, readers=(ANA, BEN, cy))


async def test_a_newcomer_writes_first_though_no_one_time_key_is_left(scene: Scene) -> None:
    refused = scene.server.fail(UPLOAD, 500, "M_UNKNOWN", 2)
    await scene.claim_keys(OFTEN)
    cy = await scene.newcomer()
    await scene.answered(await scene.say("!help", cy), readers=(ANA, BEN, cy))
    assert refused.reached.is_set()


async def test_while_devices_are_slowly_told_other_rooms_are_answered(scene: Scene) -> None:
    slow = scene.server.fault("wait", QUERY)
    cy = await scene.newcomer()
    await slow.reached.wait()
    asked = await scene.say("!help in Willow")
    await scene.answered(await scene.say("!help elsewhere", room=scene.other), room=scene.other)
    assert await scene.answers(asked, ANA, scene.room) == []
    slow.release()
    await scene.answered(asked, readers=(ANA, BEN, cy))


@pytest.mark.parametrize("years", [-3, 3])
async def test_a_server_whose_clock_jumps_is_understood_as_before(scene: Scene, years: int) -> None:
    def jump(answer: Any) -> None:
        for room in answer.get("rooms", {}).get("join", {}).values():
            for event in room["timeline"]["events"]:
                event["origin_server_ts"] += years * 31_557_600_000

    jumped = scene.server.rewrite(SYNC, jump, OFTEN)
    await scene.answered(await scene.say("!help"), await scene.say("!pod", BEN))
    jumped.release()
    await scene.answered(await scene.say("!help"))


async def test_words_shown_under_another_name_are_not_obeyed(scene: Scene) -> None:
    await scene.answered(await scene.say("!help", ANA), await scene.say("!help", BEN))
    forged: list[str] = []

    def forge(answer: Any) -> None:
        for event in _timeline(answer, scene):
            if event["sender"] == scene.user_id(ANA) and event["type"] == "m.room.encrypted":
                event["sender"] = scene.user_id(BEN)
                forged.append(event["event_id"])

    rewriting = scene.server.rewrite(SYNC, forge, OFTEN)
    said = await scene.say("!pod")
    await scene.answered(await scene.say("!help", BEN))
    rewriting.release()
    assert forged == [said]
    assert await scene.answers(said, ANA, scene.room) == []


async def test_a_ciphertext_shown_a_second_time_as_another_event_is_not_obeyed(scene: Scene) -> None:
    copied: list[str] = []

    def copy(answer: Any) -> None:
        events = _timeline(answer, scene)
        for event in list(events):
            if event["sender"] == scene.user_id(ANA) and event["type"] == "m.room.encrypted":
                copied.append(f"$copy-of-{len(copied)}-{event['event_id'][1:]}")
                events.append(event | {"event_id": copied[-1]})

    rewriting = scene.server.rewrite(SYNC, copy, OFTEN)
    await scene.answered(await scene.say("!pod"))
    await scene.answered(await scene.say("!help", BEN))
    rewriting.release()
    assert copied
    assert await scene.answers(copied[0], ANA, scene.room) == []


async def test_a_banned_bot_comes_back_when_it_is_forgiven(scene: Scene) -> None:
    await scene.ban()
    missed = await scene.say("!pod")
    await scene.answered(await scene.say("!help", room=scene.other), room=scene.other)
    await scene.forgive()
    await scene.answered(await scene.say("!pod"))
    assert await scene.answers(missed, ANA, scene.room) == []


async def test_a_silenced_bot_answers_as_soon_as_it_may_speak_again(scene: Scene) -> None:
    await scene.power(bot=0, to_speak=50)
    refusal = scene.server.fault("hold", SEND)
    asked = await scene.say("!pod")
    await refusal.reached.wait()
    refused = scene.server.answered(403, "send")
    refusal.release()
    await scene.answered(await scene.say("!help", room=scene.other), room=scene.other)
    assert scene.server.answered(403, "send") == refused + 1
    assert await scene.answers(asked, ANA, scene.room) == []
    await scene.power(bot=50, to_speak=0)
    await scene.answered(asked)


async def test_twenty_rooms_at_once_keep_their_order_under_the_servers_own_limit(scene: Scene) -> None:
    rooms = await scene.rooms(20)
    await scene.limit(per_second=8, burst=4)
    asked = {room: [await scene.say(f"!help {number}", room=room) for number in range(2)] for room in rooms}
    for room, events in asked.items():
        await scene.answered(*events, readers=(ANA,), room=room)
    assert scene.server.answered(429, "send") > 0
    await scene.limit(0, 0)
    for room, events in asked.items():
        assert await scene.order(room) == events


def _timeline(answer: Any, scene: Scene) -> list[dict[str, Any]]:
    room = answer.get("rooms", {}).get("join", {}).get(scene.room)
    found: list[dict[str, Any]] = room["timeline"]["events"] if room else []
    return found
