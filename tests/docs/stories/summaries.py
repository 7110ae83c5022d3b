"""Summaries: whole lives of them, in the assembly River of the pods Willow, Oak and Hazel."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.files import Unfit
from bot.store import seen
from tests.commands.relay import river, setting
from tests.docs.stories.telling import Story, Tell, tale

RIVER = (
    "The assembly River has the pods Willow (spokes Ana and Ben), Oak (Oli and Pia) and Hazel (Hal and Ida)."
)


def life(name: str, title: str) -> Callable[[Tell], Tell]:
    """Declare a story that goes through several rooms of River."""
    return tale(name, title, RIVER, home="")


@life("corrected", "A pod's summary, changed before it goes and corrected after")
async def _corrected(story: Story) -> None:
    await river(story.chat)
    typed = await story.says("Cy", "!summary We can host on Friday, @room.", "willow")
    await story.says("Ana", "ok S1", "willow")
    await story.says("Cy", "!summary We can host on Friday at six.", "willow", replaces=typed)
    await story.says("Ben", "ok S1", "willow")
    await story.says("Ana", "ok S1", "willow")
    await story.passes(hours=3)
    await story.says("Ben", "!summary correct S1 We can host on Friday at seven.", "willow")
    await story.says("Ana", "ok S1", "willow")
    await story.says("Ben", "ok S1", "willow")
    await story.says("Di", "!summary status S1", "willow")
    await story.says("Zed", "!why S1", "river")


@life("retracted", "An assembly's summary, retracted while one room waits for it")
async def _retracted(story: Story) -> None:
    await river(story.chat)
    story.note("Oak cannot be reached.")
    story.chat.refused = {"oak"}
    await story.says("Zed", "!summary The next assembly is on Sunday.", "river")
    await story.says("Ana", "ok S1", "river")
    await story.says("Ben", "ok S1", "river")
    await story.says("Hal", "ok S1", "river")
    await story.passes(hours=1)
    await story.says("Zed", "!summary status S1", "river")
    await story.says("Ana", "!summary retract S1", "river")
    await story.says("Ana", "ok S1", "river")
    await story.says("Pia", "ok S1", "river")
    await story.reaches("oak")
    await story.says("Zed", "!summary status S1", "river")


@life("objected-to", "A pod that lets its members object for twelve hours")
async def _objected_to(story: Story) -> None:
    await river(story.chat)
    await setting(story.chat, "willow", "objections", "12h")
    typed = await story.says("Ana", "!summary Willow will bring the tents.", "willow")
    await story.says("Ana", "ok S1", "willow")
    await story.says("Ben", "ok S1", "willow")
    await story.passes(hours=2)
    await story.says("Di", "object S1 We have two tents, not all of them.", "willow")
    await story.says("Ana", "!summary Willow will bring two tents.", "willow", replaces=typed)
    await story.says("Ana", "ok S1", "willow")
    await story.says("Ben", "ok S1", "willow")
    await story.passes(hours=12)


@life(
    "asked-and-answered",
    "A question from the assembly to one pod, and its answer in the thread of the question on both sides",
)
async def _asked_and_answered(story: Story) -> None:
    await river(story.chat)
    await story.says("Zed", "!ask Oak When do you need to know?", "river")
    await story.says("Ana", "ok S1", "river")
    await story.says("Hal", "ok S1", "river")
    await story.passes(hours=5)
    await story.says("Quin", "!next", "oak")
    await story.says("Quin", "answer By Friday evening.", "oak", reply_to=_question(story))
    await story.says("Oli", "ok S2", "oak")
    await story.says("Pia", "ok S2", "oak")


def _question(story: Story) -> str:
    return next(sent.event_id for sent in story.told if sent.text.startswith("Question from"))


@life(
    "with-a-file",
    "An agenda that goes along as a file: one that is too large, one that goes, another in its place",
)
async def _with_a_file(story: Story) -> None:
    await river(story.chat)
    large = await story.sends("Zed", "agenda.pdf", "river")
    await story.says("Zed", "!summary The agenda of Sunday.", "river", file=large)
    await story.fetches(why=Unfit.TOO_LARGE)
    agenda = await story.sends("Zed", "agenda.pdf", "river")
    await story.says("Zed", "!summary The agenda of Sunday.", "river", file=agenda)
    await story.says("Ana", "ok S2", "river")
    await story.fetches()
    await story.says("Ana", "ok S2", "river")
    await story.says("Pia", "ok S2", "river")
    await story.passes(hours=20)
    better = await story.sends("Zed", "agenda 2.pdf", "river")
    await story.says("Zed", "!summary correct S2", "river", file=better)
    await story.fetches(size=121_000)
    await story.says("Hal", "ok S2", "river")
    await story.says("Ana", "ok S2", "river")
    await story.says("Zed", "!why S2", "river")


@life("never-sent", "Drafts that go nowhere: deleted, cancelled, and forgotten for 72 hours")
async def _never_sent(story: Story) -> None:
    await river(story.chat)
    typed = await story.says("Cy", "!summary Never mind.", "willow")
    await story.says("Ana", "ok S1", "willow")
    await story.deletes("Cy", typed, "willow")
    await story.says("Cy", "!summary We may sing.", "willow")
    await story.says("Di", "ok S2", "willow")
    await story.says("Ben", "!summary cancel S2", "willow")
    await story.says("Cy", "!summary We may dance.", "willow")
    await story.passes(hours=72)
    await story.says("Ana", "ok S3", "willow")


@life("digest-and-urgent", "A pod that takes a digest, something urgent, and who has seen it")
async def _digest(story: Story) -> None:
    await river(story.chat)
    await story.says("Oli", "!pod set digest 18:00", "oak")
    await story.says("Quin", "ok J1", "oak")
    await story.says("Zed", "!summary The next assembly is on Sunday.", "river")
    await story.says("Ana", "ok S1", "river")
    await story.says("Hal", "ok S1", "river")
    await story.says("Ida", "!summary Bring soup.", "river")
    await story.says("Ana", "ok S2", "river")
    await story.says("Hal", "ok S2", "river")
    await story.says("Zed", "!summary The hall is closed today, we meet in the park. | urgent", "river")
    await story.says("Ana", "ok S3", "river")
    await story.says("Pia", "ok S3", "river")
    await story.says("Ida", "!summary correct S2 Bring soup and bread.", "river")
    await story.says("Hal", "ok S2", "river")
    await story.says("Oli", "ok S2", "river")
    await story.passes(hours=7, minutes=50)
    await _is_seen_by(story, "S1", "willow", "oak")
    story.note("Somebody in Willow and somebody in Oak have read what came.")
    await story.says("Zed", "!summary status S1", "river")
    await story.says("Zed", "!summary retract S1", "river")
    await story.says("Ana", "ok S1", "river")
    await story.says("Pia", "ok S1", "river")


async def _is_seen_by(story: Story, summary: str, *rooms: str) -> None:
    async with story.chat.database.transaction("receipts") as tx:
        for room in rooms:
            found = [each for each in await seen.unseen_in(tx, f"!{room}:test") if each.summary_id == summary]
            await seen.mark_seen(tx, f"!{room}:test", found, story.chat.clock.now())
