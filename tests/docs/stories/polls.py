"""Polls: a ranking that two ways of counting see differently, and one that an assembly puts to its pods."""

from __future__ import annotations

from tests.commands.river import river
from tests.docs.stories.telling import Story, tale


@tale(
    "ranked-poll",
    "A ranking, and a wrong line before it",
    "Nine people put three places in order. Two ways of counting name different ones.",
)
async def _ranked(story: Story) -> None:
    people = ("Ana", "Ben", "Cy", "Dee", "Eli", "Fay", "Gil", "Hal", "Ida")
    await story.pod(*people)
    await story.says("Ana", "!poll Where do we meet? | Park | Library | Hall type=rank")
    await story.says("Ana", "!poll Where do we meet? | Park | Library | Hall | type=rank")
    words = story.told[-1].event_id
    await story.says("Ana", "1 > 2 > 3", reply_to=words)
    await story.says("Ben", "!vote 1=2>3")
    await story.says("Ben", "!vote 1 2 3")
    for person, order in zip(people[2:], ("1>2",) * 2 + ("Hall, Library",) * 3 + ("2>1",) * 2, strict=True):
        await story.says(person, f"!vote {order}")
    await story.says("Ana", "!poll close P1")
    await story.says("Ida", "!why P1")


@tale(
    "poll-to-pods",
    "A poll to all pods",
    "River has three pods of three people; Cedar's room cannot be reached at first, and alder-cy is in Birch too.",
    home="",
)
async def _to_pods(story: Story) -> None:
    await river(story.chat, 3)
    await story.chat.joins("alder-cy", "birch")
    story.chat.sent.clear()
    story.note("Cedar cannot be reached.")
    story.chat.refused = {"cedar"}
    await story.says(
        "alder-ana", "!poll When do we march? | Friday | Saturday | to=pods | closes=in 2 days", "river"
    )
    await story.says("alder-ana", "!vote Saturday", "alder")
    await story.says("alder-cy", "!vote Friday", "alder")
    await story.says("birch-ben", "2", "birch", reply_to=_question(story, "birch"))
    await story.says("alder-cy", "!vote Saturday", "birch")
    await story.reaches("cedar")
    await story.says("cedar-ben", "!vote 1", "cedar")
    await story.says("birch-ana", "!vote P1 2", "river")
    await story.says("birch-ana", "!poll P1", "river")
    await story.says("birch-ana", "!poll close P1", "river")
    await story.passes(days=2)
    await story.says("birch-ana", "!why P1", "river")


def _question(story: Story, room: str) -> str:
    return next(
        sent.event_id for sent in story.told if sent.room == room and "When do we march?" in sent.text
    )
