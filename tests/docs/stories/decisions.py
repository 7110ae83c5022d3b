"""Decisions: a consensus, blocks, an amendment, a lapse, and what binds twelve pods."""

from __future__ import annotations

from tests.commands.river import people, river, says
from tests.docs.stories.telling import Story, tale


@tale(
    "consensus",
    "A consensus with somebody standing aside",
    "Six people; one has reservations, one stands aside.",
)
async def _consensus(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee", "Eli", "Fay")
    await story.says("Ana", "!propose We cook for the street party on 12 December.\nFay keeps the list.")
    await story.says("Ben", "agree P1")
    await story.taps("Cy", "agree")
    await story.says("Dee", "reserve P1 The kitchen is cold in December.")
    await story.says("Eli", "aside P1 I am away that week.")
    await story.says("Ana", "agree P1")
    await story.says("Fay", "!test P1")
    await story.passes(days=3, hours=1)
    await story.says("Fay", "!why P1")


@tale(
    "block-resolved", "A block that is resolved", "Four people; one blocks, they talk, the block is let go."
)
async def _resolved(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee")
    await story.says("Ana", "!propose We put up the tent by the river. | closes=in 2 days")
    for person in ("Ana", "Ben", "Cy"):
        await story.says(person, "agree P1")
    await story.says("Dee", "block P1 The river floods there every winter.")
    await story.says("Dee", "block P1 The river floods there every winter. | ground=harm")
    await story.passes(days=2)
    await story.passes(days=3)
    await story.says("Ben", "!met P1 Dee and Ana walked there; the upper meadow stays dry.")
    await story.says("Dee", "reserve P1 Only on the upper meadow.")
    await story.says("Ana", "!why P1")


@tale(
    "block-vote", "A block that comes to a vote", "Four people; a block stands after 14 days and two talks."
)
async def _fallback(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee")
    await story.says("Ana", "!propose We leave the old hall. | closes=in 2 days")
    for person in ("Ana", "Ben", "Cy"):
        await story.says(person, "agree P1")
    await story.says(
        "Dee", "block P1 Without the hall the old people come no more. | ground=pillar:Nobody left behind"
    )
    await story.passes(days=6)
    await story.says("Dee", "!met P1 All four; no agreement on the winter.")
    await story.passes(days=5)
    await story.says("Cy", "!met P1 All four again; Dee stays with it.")
    await story.passes(days=6)
    for person in ("Ana", "Ben", "Cy"):
        await story.says(person, "agree P1")
    await story.says("Dee", "disagree P1")
    await story.passes(days=3)
    await story.says("Dee", "!why P1")


@tale("amendment", "An amendment", "Four people; a worry leads to a new version.")
async def _amendment(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee")
    await story.says("Ana", "!propose We meet every Friday at seven. | closes=in 4 days")
    await story.says("Ben", "agree P1")
    await story.says("Dee", "disagree P1 On Fridays I work.")
    await story.passes(days=3)
    await story.says("Ana", "!amend P1 We meet every Sunday at seven, and eat together.")
    for person in ("Ana", "Ben", "Dee"):
        await story.says(person, "agree P1")
    await story.passes(days=3)


@tale("lapse", "A proposal that lapses", "Six people, of whom hardly anybody answers.")
async def _lapse(story: Story) -> None:
    await story.pod("Ana", "Ben", "Cy", "Dee", "Eli", "Fay")
    await story.says("Ana", "!propose We paint the door green. | closes=in 2 days")
    await story.says("Ana", "agree P1")
    await story.passes(days=2)
    await story.passes(days=2)
    await story.says("Ben", "!why P1")


async def _binding(story: Story, yes: int) -> None:
    chat = story.chat
    names = await river(chat, 12)
    await story.says("alder-ana", "!propose We strike together on 1 May. | class=binding", room="river")
    story.hears("alder")
    for number, name in enumerate(names[1:], 1):
        await says(chat, name, "agree" if number < yes else "disagree")
        chat.heard(name)
    await story.says("alder-ana", "agree P2", room="alder")
    await story.says("alder-ben", "reserve P2 Only with a strike fund.", room="alder")
    await story.says("alder-cy", "aside P2", room="alder")
    await story.passes(days=7, hours=1, rooms=("alder", "river"))
    await story.says("birch-ben", "!why P1", room="river")


@tale(
    "binding-passes",
    "Twelve pods bind themselves, by exactly the number announced",
    "The assembly River and one of its twelve pods, Alder. The other eleven decide in their own rooms; eight say yes.",
)
async def _passes(story: Story) -> None:
    await _binding(story, 9)


@tale(
    "binding-misses",
    "Twelve pods do not bind themselves, by one",
    "The assembly River and one of its twelve pods, Alder. The other eleven decide in their own rooms; seven say yes.",
)
async def _misses(story: Story) -> None:
    await _binding(story, 8)


@tale(
    "binding-held",
    "Twelve pods, spokes who say something else, and a hold",
    "The assembly River and two of its twelve pods. Alder holds its pair to what it decides, Birch leaves it free. The other ten"
    " say yes.",
)
async def _held(story: Story) -> None:
    names = await river(story.chat, 12)
    await story.says("alder-ana", "!propose We strike together on 1 May. | class=binding", room="river")
    story.hears("alder")
    story.hears("birch")
    await story.says("birch-ana", "!remit P3 free", room="birch")
    await story.says("birch-cy", "ok J1", room="birch")
    for name in names:
        await says(story.chat, name, "agree")
        story.chat.heard(name)
    await story.passes(days=5, hours=2, rooms=("alder", "birch", "river"))
    await story.says("alder-ana", "disagree P1 It is too early.", room="river")
    story.hears("alder")
    await story.says("alder-ben", "agree P1", room="river")
    await story.says("birch-ana", "disagree P1", room="river")
    story.hears("birch")
    await story.says("birch-ben", "disagree P1", room="river")
    story.hears("birch")
    await story.passes(days=1, rooms=("alder", "birch", "river"))
    await story.says("alder-ben", "hold P1 Does it hold for those on leave?", room="river")
    story.hears("alder")
    await story.says("alder-cy", "!renew P2", room="alder")
    for person in people("alder"):
        await story.says(person, "disagree P14", room="alder")
    await story.passes(days=4, rooms=("alder", "birch", "river"))
    await story.says("birch-cy", "!why P1", room="birch")
