"""`ask` and `answer`: questions between an assembly and its pods."""

from bot.commanding import Context, Prose, Reply, Unaddressed, command, needs
from bot.domain.errors import UsageError
from bot.domain.ids import SUMMARY, normal_id
from bot.domain.pods import RoomKind
from bot.domain.values import Code
from bot.services import questions, summary_finding
from bot.text import Text, _


@command(
    "ask",
    summary=_("Ask a pod, or whoever sent the summary you reply to."),
    bare=True,
    quotes=True,
    example=("!ask Oak When do you need to know?", "Question from the assembly River"),
)
async def ask(ctx: Context, text: Prose = "") -> Reply:
    """Draft a question; once two people have typed `ok`, it goes to that one room, and the answer comes back.

    In an assembly the pod is named first: `!ask Oak When do you need to know?`. As a reply to what another room sent,
    `ask When do you need to know?` goes there. The answer arrives in the thread of your message. As a reply to a file,
    the file goes along.
    """
    about = await summary_finding.spoken_of(ctx.tx, ctx.room, ctx.said, ctx.about)
    first, _space, rest = text.strip().partition(" ")
    named = normal_id(first)
    if about is None and named is not None and named.startswith(SUMMARY):
        example = Code(f"ask {rest.strip()[:60] or 'When do you need to know?'}")
        raise UsageError("To ask about {id}, reply to it with {example}", id=named, example=example)
    if ctx.bare and (about is None or not await summary_finding.came_from_elsewhere(ctx.tx, ctx.room, about)):
        raise Unaddressed  # somebody asks somebody
    await questions.ask(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.said, text, about)
    return None


@command(
    "answer",
    summary=_("Answer a question that came here, as a reply to it or with its id."),
    bare=True,
    quotes=True,
    example=("answer S3 By Friday.", "Answer from Willow to S3"),
)
async def answer(ctx: Context, words: Prose = "") -> Reply:
    """Draft an answer; once two people have typed `ok`, it is said in the thread of the question, there and here.

    In the question's thread, or as a reply to it, the id may be left out. As a reply to a file, with the id, the file
    goes along.
    """
    first, *_rest = words.split(maxsplit=1) or [""]
    found = normal_id(first)
    text = words.strip()[len(first) :] if found else words
    found = found or await questions.meant(ctx.tx, ctx.room, ctx.said, ctx.about)
    if found is None or not found.startswith(SUMMARY):
        if ctx.bare:
            raise Unaddressed  # somebody answers somebody
        waiting = await questions.unanswered(ctx.tx, ctx.room)
        raise UsageError(
            "Answer what? Reply to the question, or name it: {example}",
            example=Code(f"answer {waiting[0].id if waiting else 'S4'} By Friday."),
        )
    await questions.answer(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.said, found, text)
    return None


@needs
async def questions_for_us(ctx: Context) -> list[Text]:
    """List the questions that wait for an answer from this room."""
    if ctx.room.kind is RoomKind.NONE:
        return []
    return [
        Text(
            "{pod} asks in {id}: {answer}",
            pod=item.terms.signed_by,
            id=item.id,
            answer=Code(f"answer {item.id} TEXT"),
        )
        for item in await questions.unanswered(ctx.tx, ctx.room)
    ]
