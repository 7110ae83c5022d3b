"""`!summary`: a text that two people approve and that goes to other rooms, signed by the pod."""

from dataclasses import replace
from typing import Any

from bot.commanding import (
    Answer,
    Context,
    Prose,
    Reply,
    Unaddressed,
    approves,
    command,
    explains,
    hears,
    needs,
    undoes,
)
from bot.commanding.roles import check_allowed
from bot.domain.errors import Conflict, NotFound, UsageError
from bot.domain.files import tidy_name
from bot.domain.ids import SUMMARY, normal_id
from bot.domain.pods import Role
from bot.domain.urgency import split_mark
from bot.domain.values import Code
from bot.ports import Redacted, Said
from bot.services import (
    summaries,
    summary_changes,
    summary_drafts,
    summary_files,
    summary_finding,
    summary_lines,
    summary_sources,
)
from bot.services.answered import answered
from bot.services.summary_drafts import Source
from bot.text import Text, _


@command(
    "summary",
    summary=_("Draft a text for other rooms, here or as a reply to a message; alone, show the drafts."),
    example=("!summary We can host on Friday.", "This is how it will be read"),
    quotes=True,
)
async def summary(ctx: Context, text: Prose = "") -> Reply:
    """Show the text as others will read it; it goes once two people have typed `ok` for exactly that.

    In a pod both spokes type it (with one seat empty, the one spoke and any other member) and it goes to the
    assembly; in an assembly spokes of two different pods do, and it goes to every pod. Editing the message makes
    a new version that needs its oks anew; deleting it cancels the draft. A draft lapses after 72 hours.

    As a reply to a file, the file goes along, encrypted anew; without a text its caption or its name stands for one.

    With `| urgent` at the end, in an assembly, it says that it is urgent and passes the digests of pods that take one.
    """
    said = ctx.said
    words, urgent = split_mark(text)
    named = normal_id(words)
    if named is not None and named.startswith(SUMMARY):
        return Answer(await summaries.status(ctx.tx, ctx.now, ctx.room, named), named)
    if meant := summary_lines.verb_meant(words):
        raise UsageError("Did you mean {command}? Nothing was drafted.", command=Code(f"!{meant}"))
    if words:
        return await _draft(ctx, replace(_typed(ctx, words), urgent=urgent))
    if said.file is not None:
        name = tidy_name(said.file.name)
        return await _draft(ctx, Source(name, said.event_id, said.sender, said.file, urgent=urgent))
    if urgent and said.reply_to is None:
        raise UsageError(
            "What is urgent? For example: {example}",
            example=Code("!summary The hall is closed today. | urgent"),
        )
    if said.reply_to is None or (said.reply_to == said.thread and not _is_quoted(said)):
        return await summaries.drafts(ctx.tx, ctx.now, ctx.room)
    about = await summary_finding.spoken_of(ctx.tx, ctx.room, said, ctx.about)
    if about is not None:
        if not await summary_finding.came_from_elsewhere(ctx.tx, ctx.room, about):
            return Answer(await summaries.status(ctx.tx, ctx.now, ctx.room, about), about)
        raise Conflict(
            "{id} was relayed to this room, and nothing relayed is relayed on. In your own words: {new}",
            id=about,
            new=Code("!summary TEXT"),
        )
    if not _is_quoted(said):
        raise UsageError(
            "I could not read the message you replied to. Please type its words: {new}",
            new=Code("!summary TEXT"),
        )
    file = said.replied_file
    words = summary_files.words_of(file) if file else said.replied_body or ""
    return await _draft(ctx, Source(words, said.reply_to, said.replied_sender, file, urgent=urgent))


def _is_quoted(said: Said) -> bool:
    """Tell whether the message that is replied to could be read."""
    return said.replied_body is not None or said.replied_file is not None


def _typed(ctx: Context, text: str) -> Source:
    """Return the typed words, with the file they stand under or reply to."""
    said = ctx.said
    is_reply = said.reply_to not in (None, said.thread)
    unread = is_reply and ctx.about is None and not _is_quoted(said)
    return Source(text, said.event_id, said.sender, said.file or said.replied_file, unread=unread)


async def _draft(ctx: Context, source: Source) -> Reply:
    await summary_drafts.draft(
        ctx.tx, ctx.now, ctx.room, ctx.sender, ctx.event.event_id, source, ctx.said.thread
    )
    return None


@command(
    "summary cancel",
    summary=_("Drop a draft; its author may, or a spoke."),
    example=("!summary cancel S1", "S1 is cancelled. Nothing was sent."),
)
async def cancel(ctx: Context, id: Prose = "") -> Reply:
    """Drop a draft before it goes; its words are erased."""
    found = await _which(ctx, id, "cancel")
    if found is None:
        return await _as_text(ctx)
    return Answer(await summaries.cancel(ctx.tx, ctx.now, ctx.room, ctx.sender, found), found)


@command(
    "summary status",
    summary=_("Show how far a summary is, and in which rooms it waits and why."),
    who=Role.ANYONE,
    example=("!summary status S1", "S1 version 1"),
)
async def status(ctx: Context, id: Prose = "") -> Reply:
    """Show a draft with its oks, or to how many rooms a summary was delivered and what waits."""
    found = await _which(ctx, id, "status")
    if found is None:
        return await _as_text(ctx)
    return Answer(await summaries.status(ctx.tx, ctx.now, ctx.room, found), found)


@command(
    "summary correct",
    summary=_("Replace the text of a summary that went out, in every room that has it."),
    example=("!summary correct S2 We can host on Saturday.", "in place of what is there"),
    quotes=True,
)
async def correct(ctx: Context, text: Prose = "") -> Reply:
    """Show the new text; once two people have typed `ok` for it, it replaces the old one in place, everywhere.

    As a reply to the bot's message about the summary, the id may be left out. Until it is approved, everybody keeps
    what they have. As a reply to another file, that takes the place of the summary's file; else it stays.
    """
    first, _space, rest = text.partition(" ") if " " in text.split("\n")[0] else text.partition("\n")
    found = normal_id(first)
    if found is None and ctx.about is not None and ctx.about.startswith(SUMMARY):
        found, rest = ctx.about, text
    if found is None and text.strip():
        return await _as_text(ctx)
    if found is None:
        raise UsageError(
            "Which summary? {show} lists the drafts. For example: {example}",
            show=Code("!summary"),
            example=Code("!summary correct S1 We can host on Saturday."),
        )
    if not found.startswith(SUMMARY):
        raise NotFound("{id} is no summary. {show} lists the drafts.", id=found, show=Code("!summary"))
    file = await summary_files.offered(ctx.tx, ctx.said)
    if not rest.strip() and file is None:
        raise UsageError(
            "What shall {id} say? For example: {example}",
            id=found,
            example=Code(f"!summary correct {found} We can host on Saturday."),
        )
    await summary_changes.correct(
        ctx.tx, ctx.now, ctx.room, ctx.sender, found, rest, ctx.event.event_id, file
    )
    return None


@command(
    "summary retract",
    summary=_("Delete a summary in every room it went to; one line there says so."),
    example=("!summary retract S2", "Retraction of S2"),
)
async def retract(ctx: Context, id: Prose = "") -> Reply:
    """Ask two people to type `ok`; then its copies are deleted, and what has not gone yet stays here.

    What somebody has read, copied or downloaded is not undone by that.
    """
    found = await _which(ctx, id, "retract")
    if found is None:
        return await _as_text(ctx)
    await summary_changes.retract(ctx.tx, ctx.now, ctx.room, ctx.sender, found, ctx.event.event_id)
    return None


async def _as_text(ctx: Context) -> Reply:
    """Take a line whose second word only looked like a verb as the text it is."""
    found = ctx.registry.find(["summary"])
    assert found is not None  # noqa: S101 - it is declared above
    await check_allowed(ctx, found[0])
    words = await summary_lines.words_in(ctx.tx, ctx.room, ctx.settings.prefix, ctx.said.body)
    return await summary(ctx, words or "")


async def _which(ctx: Context, typed: str, verb: str) -> str | None:
    """Return the summary that is meant, or `None` where the words are the beginning of a text.

    Raises:
        UsageError: None is named.
        NotFound: The id is that of something else.
    """
    words = typed.split()
    found = normal_id(words[0]) if words else ctx.about
    if found is None and len(words) > 1:
        return None  # `!summary cancel the meeting on Friday, please` is something to say to others
    if found is None or len(words) > 1:
        raise UsageError(
            "Which summary? {show} lists the drafts. For example: {example}",
            show=Code("!summary"),
            example=Code(f"!summary {verb} {found or 'S1'}"),
        )
    if not found.startswith(SUMMARY):
        raise NotFound("{id} is no summary. {show} lists the drafts.", id=found, show=Code("!summary"))
    return found


@approves(SUMMARY)
async def approve(ctx: Context, object_id: str) -> Reply:
    """Count the ok for a summary."""
    if (
        ctx.bare
        and ctx.about == object_id
        and await summary_finding.came_from_elsewhere(ctx.tx, ctx.room, object_id)
    ):
        raise Unaddressed  # "ok" to what others wrote to us is talk
    text = await summaries.approve(
        ctx.tx, ctx.now, ctx.room, ctx.sender, object_id,
        ctx.event.event_id, ctx.event.shown_at, answered(ctx.event, object_id),
    )  # fmt: skip
    return Answer(text, object_id) if text else None


@explains(SUMMARY)
async def why(ctx: Context, object_id: str) -> Reply:
    """Say who approved a summary, by which rule, and where it went."""
    return Answer(await summaries.explain(ctx.tx, ctx.room, object_id), object_id)


@undoes("summary")
async def undo_draft(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Cancel one's own draft."""
    found, command = payload["id"], payload.get("command")
    return await summaries.undo_draft(ctx.tx, ctx.now, ctx.room, ctx.sender, found, command)


@undoes("summary.ok")
async def undo_ok(ctx: Context, payload: dict[str, Any]) -> Reply:
    """Take one's own ok back, while the summary is a draft."""
    found, version = payload["id"], payload.get("version")
    return await summaries.withdraw_ok(ctx.tx, ctx.now, ctx.room, ctx.sender, found, version)


@needs
async def summaries_for_me(ctx: Context) -> list[Text]:
    """List the drafts that wait for the sender's ok."""
    return [
        Text("The summary {id} waits for your ok: {ok}", id=draft.id, ok=Code(f"ok {draft.id}"))
        for draft in await summaries.waiting_for_ok(ctx.tx, ctx.now, ctx.room, ctx.sender.user_id)
    ]


@hears(Said)
async def hear_edit(ctx: Context, event: Said) -> Reply:
    """Take in an edit of a message that a draft is taken from, or that an ok was typed in."""
    if event.replaces is not None:
        await summary_sources.source_edited(ctx.tx, ctx.now, ctx.room, event, ctx.settings.prefix)
    return None


@hears(Redacted)
async def hear_deletion(ctx: Context, event: Redacted) -> Reply:
    """Take in the deletion of a message that a draft is taken from, or that an ok was typed in."""
    await summary_sources.source_deleted(ctx.tx, ctx.now, ctx.room, event.redacts)
    return None
