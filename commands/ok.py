"""`ok`: the second pair of eyes. What it approves is said by the id, or by the message replied to."""

from datetime import timedelta

from bot.commanding import Context, Prose, Reply, Unaddressed, approves, command, needs, refusals, undoes
from bot.domain.errors import Ambiguous, NotFound, UsageError
from bot.domain.ids import REQUEST, normal_id
from bot.domain.values import Code
from bot.services import identity, request_texts, requests, summaries, summary_words
from bot.text import Text, _

FRESH = timedelta(hours=1)
"""For how long after a question a mere "ok" in the room is an answer to it; before and later it is said to somebody else."""


@command(
    "ok",
    summary=_("Approve what was asked, such as `ok S4`, or `ok` as a reply to it."),
    bare=True,
    example=("ok J1", "is now"),
)
async def ok(ctx: Context, id: Prose = "") -> Reply:
    """Approve a summary, a request to enter, or a change of a setting."""
    if not normal_id(id.partition(" ")[0]) and ctx.bare and await refusals.is_reply_to_one(ctx):
        raise Unaddressed  # it says "I see"
    named = [typed for word in id.split() if (typed := normal_id(word))]
    if named and len(id.split()) > 1:
        raise UsageError(
            "Please type only {example}, so that nobody can doubt it.", example=Code(f"ok {named[0]}")
        )
    found = normal_id(id) if id else ctx.about
    if found is None and id:
        raise UsageError("{typed} is no id. For example: {example}", typed=id, example=Code("ok S4"))
    if found is None and ctx.bare and ctx.said.reply_to and ctx.said.reply_to != ctx.said.thread:
        raise Unaddressed  # said to somebody else
    if found is None:
        found = await _only_one(ctx)
    approve = ctx.registry.approvers.get(found[0])
    if approve is None:
        if ctx.bare and not id:
            raise Unaddressed
        raise NotFound(
            "{id} is nothing that waits for an ok. {next} shows what does.", id=found, next=Code("!next")
        )
    reply = await approve(ctx, found)
    # Checked last, when it is sure that this was no talk; a refusal takes back what was just counted.
    await identity.check_trusted(ctx.tx, ctx.room, ctx.sender)
    return reply


async def _only_one(ctx: Context) -> str:
    """Return the one request in this room that waits for this person's ok.

    A summary is named, because its words go to others: where some wait it is asked which one is meant.
    """
    waiting = await requests.waiting_for_ok(ctx.tx, ctx.room, ctx.sender)
    if ctx.bare:
        said_at = [at for at in (ctx.event.sent_at, ctx.event.shown_at) if at is not None]
        waiting = [
            item for item in waiting if all(timedelta() <= at - item.asked_at <= FRESH for at in said_at)
        ]
        if not waiting:
            raise Unaddressed
    drafts = await summaries.waiting_for_ok(ctx.tx, ctx.now, ctx.room, ctx.sender.user_id)
    if len(waiting) == 1 and not drafts:
        return waiting[0].id
    choices = [
        (Text("{id}, {what}", id=item.id, what=await request_texts.asked_for(ctx.tx, item)), f"ok {item.id}")
        for item in waiting
    ]
    choices += [(summary_words.short_line(item), f"ok {item.id}") for item in drafts]
    if choices:
        raise Ambiguous("Ok to which one?", choices=choices)
    raise NotFound("Nothing here waits for your ok. {next} shows what needs you.", next=Code("!next"))


@approves(REQUEST)
async def approve_request(ctx: Context, object_id: str) -> Reply:
    """Count the ok for a request."""
    return await requests.approve(ctx.tx, ctx.now, ctx.room, ctx.sender, object_id)


@undoes("request.ok")
async def undo_ok(ctx: Context, payload: dict[str, str]) -> Reply:
    """Take the ok for a request back, while it is open."""
    return await requests.withdraw_ok(ctx.tx, ctx.sender, payload["id"])


@needs
async def requests_for_me(ctx: Context) -> list[Text]:
    """List the requests that wait for the sender's ok."""
    return [
        Text(
            "{id} waits for your ok, {what}: {ok}",
            id=item.id,
            what=await request_texts.asked_for(ctx.tx, item),
            ok=Code(f"ok {item.id}"),
        )
        for item in await requests.waiting_for_ok(ctx.tx, ctx.room, ctx.sender)
    ]
