"""`!vote`, and every other way to answer a poll: a reply, a tap in people's apps, a deleted message."""

import re

from bot.commanding import Answer, Context, Prose, Reply, Unaddressed, command, hears, replied, undoes
from bot.domain.answers import is_attempt, read_answer, read_tap, sample
from bot.domain.errors import Ambiguous, UsageError
from bot.domain.ids import POLL, normal_id
from bot.domain.polls import Poll, brief, tidy
from bot.domain.typed_lines import with_id
from bot.domain.values import Code
from bot.ports import PollAnswered, Redacted, Said
from bot.services import poll_adopting, poll_answers, poll_counting, polls
from bot.text import Text, _

_LEAD = re.compile(r"!?\s*(?:(?:i\s+)?(?:vote(?:\s+for)?|option|answer|number|nr)\b[.:]?)?\s*", re.IGNORECASE)
"""What people type before an answer in a reply: `vote 2`, `option 2`, `!2`."""


@command(
    "vote",
    summary=_("Answer a poll by numbers or words; `!vote none` withdraws."),
    example=("!vote P1 2", "Library"),
    always=True,
)
async def vote(ctx: Context, answer: Prose = "") -> Reply:
    """Answer a poll by the number or the words of an option, several with `!vote 1 3`.

    The id may be left out in a reply to the poll, or where one reading alone is possible. The last answer
    counts. With nothing, it shows which open polls you have answered.
    """
    if not answer:
        return await _mine(ctx)
    found, text = await _meant(ctx, answer)
    return await _cast(ctx, found, read_answer(text, found))


async def _mine(ctx: Context) -> Reply:
    """Say which open polls the sender has answered; how is not said aloud."""
    running = await polls.open_here(ctx.tx, ctx.room)
    if not running:
        raise polls.none_open()
    missing = {found.id for found in await polls.unanswered(ctx.tx, ctx.room, ctx.sender.user_id)}
    return Text.lines(
        [
            Text("{who}, these polls are open:", who=ctx.sender),
            Text.listed(
                Text(
                    "{poll} – not answered; for example {vote}",
                    poll=polls.name(found),
                    vote=Code(f"!vote {found.id} {sample(found)}"),
                )
                if found.id in missing
                else Text("{poll} – answered", poll=polls.name(found))
                for found in running
            ),
        ]
    )


async def _meant(ctx: Context, answer: str) -> tuple[Poll, str]:
    """Return which poll an answer is for, and the answer without the poll's id.

    Raises:
        UsageError: No answer is given, or no open poll has it.
        NotFound: There is no such poll here, or none is open.
        Ambiguous: It could be for several polls.
    """
    first, _space, rest = with_id(answer).partition(" ")
    named = normal_id(first)
    if named is not None and named.startswith(POLL):
        if rest.strip():
            return await polls.find(ctx.tx, ctx.room, named), rest
        running = {found.id: found for found in await polls.open_here(ctx.tx, ctx.room)}
        # `P5` alone may be the words of an option
        if found := running.get(named):
            raise UsageError(
                "Your answer is missing. For example: {example}",
                example=Code(f"!vote {found.id} {sample(found)}"),
            )
    if (ctx.about or "").startswith(POLL):
        return await polls.find(ctx.tx, ctx.room, str(ctx.about)), answer
    running_here = await polls.open_when(ctx.tx, ctx.room, ctx.event.sent_at)
    if not running_here:
        raise polls.none_open()
    if len(running_here) == 1:
        return running_here[0], answer
    readings = [found for found in running_here if await _fits(ctx, found, answer)]
    if not readings:
        raise UsageError(
            "No open poll here has “{typed}”. {polls} lists them. For example: {example}",
            typed=brief(tidy(answer)),
            polls=Code("!polls"),
            example=Code(f"!vote {running_here[0].id} {sample(running_here[0])}"),
        )
    if len(readings) > 1:
        choices = [(polls.name(found), f"vote {found.id} {answer}") for found in readings]
        raise Ambiguous("There are several open polls. Which one?", choices=choices)
    return readings[0], answer


async def _fits(ctx: Context, found: Poll, answer: str) -> bool:
    """Tell whether an answer can be for a poll."""
    try:
        answers = read_answer(answer, found)
    except Ambiguous:
        return True
    except UsageError:
        return False
    return bool(answers) or await poll_counting.standing(ctx.tx, found, ctx.sender.user_id) is not None


async def _cast(ctx: Context, found: Poll, answers: tuple[int, ...]) -> Reply:
    text = await poll_answers.answer_in_words(ctx.tx, ctx.now, found, ctx.sender, ctx.event, answers)
    return Answer(text, found.id)


@replied(POLL, always=True)
async def reply(ctx: Context, object_id: str, text: str) -> Reply:
    """Take a plain reply to one of our messages about a poll as an answer, if it is one."""
    found = await polls.find(ctx.tx, ctx.room, object_id)
    if not is_attempt(text, found):  # it may be the words of an option, such as "Option 2"
        text = _without_lead(text, found)
    try:
        answers = read_answer(text, found)
    except UsageError:
        if is_attempt(text, found):
            raise
        raise Unaddressed from None
    if not answers and await poll_counting.standing(ctx.tx, found, ctx.sender.user_id) is None:
        raise Unaddressed
    return await _cast(ctx, found, answers)


def _without_lead(text: str, poll: Poll) -> str:
    """Return a reply without the id of the poll and other words that stand before an answer."""
    bare = re.sub(rf"^{poll.id}\b[\s:,]*", "", text.strip(), flags=re.IGNORECASE)
    bare = bare[_LEAD.match(bare).end() :]  # type: ignore[union-attr]  # matches anything
    bare = re.sub(rf"^{poll.id}\b[\s:,]*", "", bare, flags=re.IGNORECASE)
    return bare or text


@hears(PollAnswered)
async def tapped(ctx: Context, event: PollAnswered) -> Reply:
    """Take an answer that was tapped in somebody's app; nothing is said, so that a room stays quiet."""
    found = await poll_answers.tapped(ctx.tx, ctx.room, ctx.about)
    if found is not None:
        named = await poll_adopting.answer_ids(ctx.tx, found)
        answers = read_tap(event.answers, found, named)
        await poll_answers.answer(ctx.tx, ctx.now, found, event, answers, typed=False)
    return None


@hears(Redacted)
async def deleted(ctx: Context, event: Redacted) -> Reply:
    """Withdraw the answer that was in a deleted message."""
    await poll_answers.deleted(ctx.tx, ctx.now, ctx.room, event, event.redacts)
    return None


@hears(Said)
async def edited(ctx: Context, event: Said) -> Reply:
    """Say that editing a message does not change the answer that was in it; an app can edit anybody's."""
    found = (
        await poll_answers.answered_in(ctx.tx, ctx.room, event.replaces, event.sender)
        if event.replaces
        else None
    )
    if found is None:
        return None
    words = re.sub(
        rf"^\s*{re.escape(ctx.settings.prefix)}\s*vote\b", "", event.body, flags=re.IGNORECASE
    ).strip()
    words = re.sub(rf"^{found.id}\b", "", words, flags=re.IGNORECASE).strip()
    return Text(
        "{who}, editing a message does not change your answer to {id}. Type {vote}.",
        who=ctx.sender,
        id=found.id,
        vote=Code(f"!vote {found.id} {brief(tidy(words)) or sample(found)}"),
    )


@undoes("poll.answer")
async def undo_answer(ctx: Context, payload: dict[str, str]) -> Reply:
    """Withdraw the sender's answer; no earlier one comes back."""
    text = await poll_answers.take_back(ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event, payload["id"])
    return Answer(text, payload["id"])
