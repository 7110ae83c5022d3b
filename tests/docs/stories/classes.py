"""The other classes of decisions: a recall, an advice that two pods adopt, a pillar in two readings, a trial."""

from __future__ import annotations

from tests.commands.river import people, river, says
from tests.docs.stories.telling import Story, name_of, tale


@tale(
    "recall",
    "A recall",
    "The pod Willow has five people. Three of them take a seat from a spoke; the reason stays in the pod.",
)
async def _recall(story: Story) -> None:
    names = ("Ana", "Ben", "Cy", "Dee", "Eli")
    await story.pod(*names)
    for person, words in (("Ana", "!spokes draw"), *((name, "accept") for name in names)):
        await story.chat.say(person, "willow", words)
    [row] = await story.chat.rows("SELECT user_id FROM seats WHERE seat = 'note'")
    spoke = name_of(row["user_id"])
    story.chat.heard("willow")
    first, second, third, fourth = (name for name in names if name != spoke)
    story.note(f"{spoke} has the seat note.")
    await story.says(first, f"!propose {spoke} gives up the seat. | class=recall")
    await story.says(first, f"!spokes recall {row['user_id']} missed three assemblies and told nobody")
    await story.says(spoke, "My mother was ill. I should have said so.")
    for person, stance in ((first, "yes"), (second, "yes"), (third, "no"), (spoke, "no"), (fourth, "yes")):
        await story.says(person, f"!recall {stance}")
    await story.passes(days=1)
    await story.says(fourth, "!why R1")


@tale(
    "advice",
    "An advice that two pods adopt",
    "The assembly River and its pods Alder, Birch, Cedar and Dogwood. Alder and Birch adopt it, each by its own consensus.",
    home="river",
)
async def _advice(story: Story) -> None:
    names = await river(story.chat, 4)
    await story.says(
        "alder-ana", "!propose We buy our bread from the mill at Ashford. | class=advice", room="river"
    )
    for name in names[:3]:
        await says(story.chat, name, "agree")
    await says(story.chat, names[3], "disagree")
    for name in names:
        story.chat.heard(name)
    await story.passes(("river",), days=5, hours=2)
    for name, proposal in (("alder", "P6"), ("birch", "P7")):
        story.chat.heard(name)
        await story.says(people(name)[2], "!adopt P1", room=name)
        for person in people(name):
            await story.says(person, f"agree {proposal}", room=name)
    await story.passes(("alder", "birch", "river"), days=4)
    await story.says("alder-ana", "!proposal P1", room="river")
    await story.says("birch-cy", "!decisions", room="birch")


@tale(
    "pillar",
    "A pillar in two readings",
    "The assembly River and its pods Alder, Birch, Cedar, Dogwood and Elm. Four of the five say yes, and that is enough.",
    home="river",
)
async def _pillar(story: Story) -> None:
    names = await river(story.chat, 5)
    await story.says("cedar-ana", "!pillar propose We never leave anybody behind.", room="river")
    story.hears("alder")
    for _reading in range(2):
        for name in names[:4]:
            await says(story.chat, name, "agree")
        await says(story.chat, names[4], "disagree")
        for name in names:
            story.chat.heard(name)
        await story.passes(("river",), days=14, hours=1)
    await story.says("elm-ana", "!why P1", room="river")
    await story.says("alder-cy", "!pillars", room="alder")


@tale(
    "trial",
    "A decision on trial",
    "Four people try something for a month, renew it once, and let it lapse.",
)
async def _trial(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee")
    await story.says("Ana", "!propose We cook together on Thursdays. | trial=30d | closes=in 2 days")
    for person in ("Ana", "Ben", "Cy", "Dee"):
        await story.says(person, "agree P1")
    await story.passes(days=2)
    await story.passes(days=24)
    await story.says("Ben", "!decision renew D1")
    await story.says("Dee", "ok J1")
    await story.passes(days=30)
    await story.passes(days=8)
    await story.says("Cy", "!decision D1")
