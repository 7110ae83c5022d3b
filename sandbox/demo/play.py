"""The play: three pods and their assembly, from the first invitation to a poll that closes by its deadline."""

from __future__ import annotations

import asyncio
import re

from sandbox.demo.stage import Stage
from sandbox.seen import Seen

PODS = {
    "Willow": ("Ana", "Ben", "Cy", "Dora"),
    "Oak": ("Eli", "Fay", "Gus", "Hana"),
    "Hazel": ("Ida", "Jon", "Kim", "Leo"),
}
ASSEMBLY = "River"
FROM_WILLOW = "We can host the next meeting. The hall has a ramp and a kitchen."
FROM_RIVER = "Next assembly: Saturday at noon in the hall of Willow. Bring soup and your mandates."
POLL = "!poll What do we cook? | Lentil soup | Pumpkin curry | Pasta | closes=1m"


async def play(stage: Stage) -> None:
    """Play every scene and note what must have been seen."""
    await stage.enter(*(name for people in PODS.values() for name in people))
    await _rooms(stage)
    await _first_pods(stage)
    await _third_pod(stage)
    await _summary_to_assembly(stage)
    await _summary_to_pods(stage)
    await _poll(stage)
    await _help(stage)
    _look_back(stage)


async def _rooms(stage: Stage) -> None:
    stage.title("Invitations and hello")
    for pod, (first, *others) in PODS.items():
        await stage.open_room(pod, first, *others)
        await stage.hears(first, pod, "Hello, I am Spokesbot")
    await stage.open_room(ASSEMBLY, "Ana", "Eli")
    await stage.hears("Ana", ASSEMBLY, "Hello, I am Spokesbot")
    stage.title("The rooms become an assembly and three pods")
    await stage.asks("Ana", ASSEMBLY, f"!assembly create {ASSEMBLY}", "is now the assembly River")
    for pod, (_, second, *_others) in PODS.items():
        await stage.asks(second, pod, f"!pod create {pod}", f"is now the pod {pod}")


async def _first_pods(stage: Stage) -> None:
    for pod in ("Willow", "Oak"):
        request = await _ask_to_enter(stage, pod)
        await stage.asks("Ana", ASSEMBLY, f"ok {request}", f"{pod} is now in the assembly")
        await stage.hears(PODS[pod][0], pod, "is now in the assembly")
        await _draw(stage, pod)


async def _third_pod(stage: Stage) -> None:
    stage.title("Two pods are in, so any two spokes let the third one in")
    request = await _ask_to_enter(stage, "Hazel")
    one, two = _pair(stage, "Willow")[0], _pair(stage, "Oak")[0]
    await stage.asks(one, ASSEMBLY, f"ok {request}", "1 of 2")
    await stage.asks(two, ASSEMBLY, f"ok {request}", "Hazel is now in the assembly")
    await stage.hears("Ida", "Hazel", "is now in the assembly")
    await _draw(stage, "Hazel")


async def _ask_to_enter(stage: Stage, pod: str) -> str:
    """Let a pod ask with a code; returns the request's id."""
    stage.title(f"{pod} asks to enter")
    made = await stage.asks("Ana", ASSEMBLY, "!assembly invite", re.compile(r"!pod join \w{3}-\w{3}"))
    code = re.search(r"!pod join (\w{3}-\w{3})", made.body or "")
    assert code is not None  # noqa: S101 - it was just matched
    await stage.asks(PODS[pod][2], pod, code[0], "has asked to enter")
    asked = await stage.hears("Ana", ASSEMBLY, re.compile(rf"{pod} .*asks to enter"), since=made.event_id)
    request = re.search(r"J\d+", asked.body or "")
    assert request is not None  # noqa: S101 - every request has an id
    return request[0]


async def _draw(stage: Stage, pod: str) -> None:
    """Draw a pod's pair; each person drawn accepts and enters the assembly's room."""
    stage.title(f"{pod} draws its pair")
    room = stage.rooms[pod]
    begun = await stage.says(PODS[pod][1], pod, "!spokes draw")
    pair: list[str] = []
    while len(pair) < 2:
        asked = await stage.hears(
            PODS[pod][0],
            pod,
            lambda seen: any(stage.person(user) not in pair for user in seen.mentions),
            since=begun,
        )
        for user in asked.mentions:
            name = stage.person(user)
            if name in pair:
                continue
            await stage.asks(name, pod, "accept", re.compile(r"."))
            pair.append(name)
            await _enter_assembly(stage, name)
    stage.pairs[pod] = pair
    await stage.asks(PODS[pod][3], pod, "!spokes", re.compile(r"."))
    assert room.people  # noqa: S101 - they are still there


async def _enter_assembly(stage: Stage, name: str) -> None:
    river = stage.rooms[ASSEMBLY]
    member = stage.people[name]
    await member.wait_for_membership(river.room_id, member)
    if member not in river.people:
        river.people.append(member)
        for other in river.people:
            await other.wait_for_membership(river.room_id, member)
        stage.note(f"{name} was invited into the assembly's room and has joined")


def _pair(stage: Stage, pod: str) -> list[str]:
    return stage.pairs[pod]


async def _summary_to_assembly(stage: Stage) -> None:
    stage.title("Willow's pair sends the assembly a summary")
    one, two = _pair(stage, "Willow")
    drafted = await stage.asks(one, "Willow", f"!summary {FROM_WILLOW}", FROM_WILLOW)
    summary = _id(drafted)
    await stage.asks(one, "Willow", f"ok {summary}", re.compile(r"."))
    await stage.asks(two, "Willow", "ok", re.compile(r"."), reply_to=drafted.event_id)
    await stage.hears(_pair(stage, "Oak")[1], ASSEMBLY, f"From Willow, {summary}")


async def _summary_to_pods(stage: Stage) -> None:
    stage.title("The assembly answers all three pods, and the bot is killed in the middle of it")
    one, two = _pair(stage, "Oak")[0], _pair(stage, "Hazel")[0]
    drafted = await stage.asks(one, ASSEMBLY, f"!summary {FROM_RIVER}", FROM_RIVER)
    summary = _id(drafted)
    stage.facts["summary"] = summary
    await stage.asks(one, ASSEMBLY, f"ok {summary}", "1 of 2")
    # three rooms take a few milliseconds; a server that allows one message a second gives us time to aim
    await stage.synapse.limit_messages(stage.bot.user_id, per_second=1, burst=1)
    stage.note("the server now lets the bot send one message a second")
    await stage.says(two, ASSEMBLY, f"ok {summary}")
    arrivals = [asyncio.create_task(_arrives(stage, pod, summary)) for pod in PODS]
    await asyncio.wait(arrivals, return_when=asyncio.FIRST_COMPLETED)
    await stage.bot.kill()
    there = sum(task.done() for task in arrivals)
    stage.note(f"kill -9: the bot is dead; {there} of 3 pods have the summary so far")
    stage.check("the bot was killed when some pods had the summary and others did not", 0 < there < 3)
    await stage.synapse.limit_messages(stage.bot.user_id, per_second=0, burst=0)
    await stage.bot.restart()
    stage.note("the bot is started again, and the limit is lifted")
    await asyncio.gather(*arrivals)
    for pod, people in PODS.items():
        for name in people:
            await stage.hears(name, pod, _letter(summary))
    await stage.asks(one, ASSEMBLY, f"!summary status {summary}", "delivered to 3 of 3")


async def _arrives(stage: Stage, pod: str, summary: str) -> None:
    member, room = stage.people[PODS[pod][0]], stage.rooms[pod].room_id
    await member.wait_for(room, _letter(summary), sender=stage.bot.user_id)


def _letter(summary: str) -> str:
    return f"From the assembly {ASSEMBLY}, {summary} "


async def _poll(stage: Stage) -> None:
    stage.title("A quick poll in the assembly, answered in three ways")
    (ana, ben), (eli, fay), (ida, _jon) = (_pair(stage, pod) for pod in PODS)
    room = stage.rooms[ASSEMBLY].room_id
    asked = await stage.says(ana, ASSEMBLY, POLL)
    native = await stage.hears(eli, ASSEMBLY, lambda seen: seen.type.endswith("poll.start"), since=asked)
    words = await stage.hears(eli, ASSEMBLY, re.compile(r"!vote"), since=asked)
    for name, answer in ((ana, 0), (eli, 1)):
        await stage.people[name].wait_for_event(room, native.event_id)
        tapped = await stage.people[name].answer_poll(room, native.event_id, [answer])
        await stage.shown(ASSEMBLY, tapped, stage.reader(ASSEMBLY, name))
    await stage.asks(fay, ASSEMBLY, "!vote 2", re.compile(r"."))
    await stage.asks(ben, ASSEMBLY, "Pasta", re.compile(r"."), reply_to=words.event_id)
    await stage.asks(ida, ASSEMBLY, "3", re.compile(r"."), reply_to=words.event_id)
    stage.note(f"{ben} changes the vote")
    await stage.asks(ben, ASSEMBLY, "!vote 2", re.compile(r"."))
    stage.note("waiting for the deadline, a minute after the poll was opened")
    result = await stage.hears(eli, ASSEMBLY, "is closed:", since=words.event_id, seconds=120)
    said = result.body or ""
    for line in (
        "Most votes: Pumpkin curry, with 3.",
        "- Pumpkin curry: 3",
        "- Lentil soup: 1",
        "- Pasta: 1",
    ):
        stage.check(f"the result says “{line}”", line in said)
    stage.check(
        "the result counts five voters", re.search(r"^5 of \d members voted", said, re.MULTILINE) is not None
    )
    ended = await stage.people[fay].poll_results(room, native.event_id)
    stage.check("people's apps show the poll as ended", ended.ended)


async def _help(stage: Stage) -> None:
    stage.title("Help, and a slip of the finger")
    await stage.asks("Cy", "Willow", "!help", "Most used here")
    slip = await stage.asks("Leo", "Hazel", "!pol Tea? | Mint | Fennel", "Did you mean")
    stage.check("a slip is answered with what was meant", "!poll Tea? | Mint | Fennel" in (slip.body or ""))


def _look_back(stage: Stage) -> None:
    """Ask every member's client what it saw."""
    bot = stage.bot.user_id
    summary = _letter(stage.facts["summary"])
    for pod, people in PODS.items():
        counts = {
            name: stage.count(stage.people[name], pod, lambda seen: (seen.body or "").startswith(summary))
            for name in people
        }
        stage.check(
            f"everybody in {pod} has the assembly's summary exactly once", set(counts.values()) == {1}
        )
    river = stage.rooms[ASSEMBLY]
    spokes = [stage.people[name] for pod in PODS for name in stage.pairs[pod]]
    for name, fits in (
        ("Willow's summary", lambda seen: (seen.body or "").startswith("From Willow, ")),
        ("the poll", lambda seen: seen.type.endswith("poll.start")),
        ("the poll's result", lambda seen: " is closed:" in (seen.body or "")),
    ):
        counted = {stage.count(member, ASSEMBLY, fits) for member in spokes}
        stage.check(f"every spoke has {name} exactly once", counted == {1})
    seen: list[Seen] = []
    for room in stage.rooms.values():
        for member in room.people:
            for event in _since_joining(member.timeline(room.room_id), member.user_id):
                if event.sender == bot and event.state_key is None:
                    seen.append(event)
                    if event.utd or event.shield != "NONE":
                        reason = event.utd or event.shield_reason
                        stage.note(
                            f"{room.name}: {stage.person(member.user_id)} cannot trust {event}: {reason}"
                        )
    stage.check(
        f"all {len(seen)} sightings of the bot's messages came encrypted",
        all(event.encrypted for event in seen),
    )
    stage.check("every one of them could be read", all(event.utd is None for event in seen))
    stage.check("no app warns of any of them", all(event.shield == "NONE" for event in seen))
    stage.check("the bot was killed and started again", stage.bot.log.count("runs as") == 2)
    stage.check("nothing anybody said is in the bot's log", not _overheard(stage))
    assert river.people  # noqa: S101 - the assembly has met


def _since_joining(timeline: list[Seen], user_id: str) -> list[Seen]:
    """Return what came after a member joined; what came before was not said to them."""
    for index, event in enumerate(timeline):
        if (
            event.type == "m.room.member"
            and event.state_key == user_id
            and event.content.get("membership") == "join"
        ):
            return timeline[index:]
    return timeline


def _overheard(stage: Stage) -> bool:
    words = (FROM_WILLOW, FROM_RIVER, "Pumpkin", "soup", "ramp")
    return any(word in stage.bot.log for word in words)


def _id(seen: Seen) -> str:
    found = re.search(r"\bS\d+\b", seen.body or "")
    assert found is not None  # noqa: S101 - every draft names its id
    return found[0]
