"""Takes one incoming event to the one handler it is for, inside the caller's transaction.

Rule: a refused or failed step changes nothing (it is rolled back to where it began) and says one line;
only the claim on the event stays, so that it is not tried again.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

from bot.commanding import refusals
from bot.commanding.addressing import Address
from bot.commanding.context import Answer, Context, Reply
from bot.commanding.parse import Cursor, read_arguments, without_words
from bot.commanding.registry import Registry
from bot.commanding.roles import check_allowed
from bot.commanding.slips import is_slip_of_verb, unknown
from bot.commanding.spec import Spec, Unaddressed
from bot.domain.errors import Ambiguous, NotAllowed, UsageError, UserError
from bot.domain.ids import normal_id
from bot.domain.limits import Exceeded
from bot.domain.typed_lines import after_prefix, set_apart, visible, with_id
from bot.domain.values import Code
from bot.logs import fault
from bot.ports import Clock, Event, Incoming, PollAnswered, RefuseUnencrypted, Said, Unencrypted
from bot.services import limits
from bot.services.speech import say, spoken_of
from bot.store import heard, inbox, outbox, pods, rooms, steps
from bot.store.database import Tx
from bot.text import Text

log = logging.getLogger(__name__)

WARN_AGAIN_AFTER = timedelta(hours=1)


class _NotTheirs(NotAllowed):
    """The command itself is not for this person or room; typed without prefix, it was talk."""


class Dispatcher:
    """Handles incoming events.

    Args:
        registry: Every command there is.
        clock: The source of time.
        user_id: The bot's own Matrix id.
        prefix: What commands start with.
    """

    def __init__(self, registry: Registry, clock: Clock, user_id: str, prefix: str = "!") -> None:
        self.registry = registry
        self.clock = clock
        self.address = Address(user_id, prefix)

    async def handle(self, tx: Tx, event: Incoming) -> None:
        """Handle one event once; a second time does nothing."""
        now = self.clock.now()
        if not await inbox.claim(tx, event.event_id, now):
            return
        tx.caused_by(event.event_id)
        room = await rooms.find(tx, event.room_id)
        if room is None or not room.joined:
            return
        if isinstance(event, Unencrypted) or not room.encrypted:
            await self._refuse_unencrypted(tx, event, encrypted=room.encrypted)
            return
        ctx = Context(
            tx=tx,
            now=now,
            room=room,
            sender=await rooms.person(tx, room.room_id, event.sender),
            settings=await pods.settings(tx, room.room_id),
            event=event,
            registry=self.registry,
        )
        if target := _target(event):
            ctx = replace(ctx, about=await spoken_of(tx, room.room_id, target))
        try:
            async with tx.savepoint():
                await self._answer(ctx, await self._take(ctx))
        except Unaddressed:
            return
        except Exceeded as over:
            tx.caused_by(event.event_id)
            await limits.tell(tx, now, event, ctx.sender, over)
            return
        except Ambiguous as question:
            await self._ask(ctx, question)
        except UserError as error:
            log.info(
                "refused", extra={"room_id": room.room_id, "event_id": event.event_id, "why": error.template}
            )
            tx.caused_by(event.event_id)
            thread = event.thread if isinstance(event, Said) else None
            about = await refusals.subject(ctx, error)
            await say(
                tx, now, room.room_id, Text.of(error),
                about=about, reply_to=event.event_id, thread=thread, txn_id=refusals.txn_id(event),
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - the one place where a bug in a handler ends
            await self._apologise(ctx, error)
        if isinstance(event, Said):
            await limits.count(tx, now, event)

    async def matters(self, tx: Tx, event: Incoming) -> bool:
        """Tell whether handling an event would change or say anything; nothing is kept of the attempt."""
        async with tx.rehearsal():
            before = await tx.changes()
            await self.handle(tx, event)
            return await tx.changes() - before > 1  # its claim is one

    def wants_quoted(self, body: str) -> bool:
        """Tell whether a message, if it is a reply, needs the text of the message it replies to."""
        shown = visible(body)
        words = (after_prefix(shown, self.address.prefix) or shown).split()
        # behind the bot's name, or without one: at the worst a message is fetched and not looked at
        found = self.registry.find(words) or self.registry.find(words[1:])
        return found is not None and found[0].quotes

    async def _take(self, ctx: Context) -> Reply:
        if not isinstance(ctx.event, Said):
            return await self._hear(ctx)
        if ctx.event.replaces:
            return await self._edit(ctx)
        line = await self.address.read_line(ctx)
        if line is None:
            return await self._bare(ctx)
        return await self._command(ctx, line)

    async def _hear(self, ctx: Context) -> Reply:
        for listener in ctx.registry.listeners.get(type(ctx.event), ()):
            await self._answer(ctx, await listener(ctx, ctx.event))
        return None

    async def _edit(self, ctx: Context) -> Reply:
        """Handle the edit of a message; it counts as a command only if it changed or said anything."""
        before = await ctx.tx.changes()
        await self._hear(ctx)
        if await ctx.tx.changes() == before:
            raise Unaddressed
        if over := await limits.exceeded(ctx.tx, ctx.now, ctx.event):
            raise over
        return None

    async def _bare(self, ctx: Context) -> Reply:
        """Handle a message without prefix: a reply to one of ours, or a word like `accept`."""
        body = visible(ctx.said.body)
        line = self._written(body)
        found = ctx.registry.find(line.split())
        letter = (ctx.about or " ")[0]
        replier = ctx.registry.repliers.get(letter)
        is_bare = found is not None and found[0].bare and ctx.room.kind in found[0].where
        if not is_bare and replier is None:
            raise Unaddressed
        if over := await limits.exceeded(ctx.tx, ctx.now, ctx.event):
            if replier is None or letter not in ctx.registry.always:
                raise over
            return await self._silently(ctx, replier(ctx, ctx.about, body), over)
        if found and is_bare:
            try:
                return await self._run(replace(ctx, bare=True), found[0], without_words(line, found[1]))
            except (UsageError, _NotTheirs):
                # talk that happens to begin with the word; with an id in it, it was meant for us
                if any(normal_id(word) for word in line.split()[:3]) or (ctx.about and replier is None):
                    raise
            except Unaddressed:
                pass  # the word may answer what it is a reply to: a poll can have an option "Ok"
        if replier is not None:
            return await replier(ctx, ctx.about, body)
        raise Unaddressed

    def _written(self, line: str) -> str:
        """Return a line with its command and its id as they are written: `okS 4` is `ok S4`."""
        line = set_apart(line, self.registry.names)
        found = self.registry.find(line.split())
        if found is None or not found[0].takes_id:
            return line
        rest = without_words(line, found[1])
        return f"{line.removesuffix(rest)}{with_id(rest)}"

    async def _command(self, ctx: Context, line: str) -> Reply:
        line = self._written(line)
        found = ctx.registry.find(line.split())
        over = await limits.exceeded(ctx.tx, ctx.now, ctx.event)
        if over is not None:
            if found is None or not found[0].always:
                raise over
            return await self._silently(ctx, self._run(ctx, found[0], without_words(line, found[1])), over)
        if found is None or is_slip_of_verb(ctx.registry, found[0], line):
            raise unknown(ctx.registry, ctx.room.kind, line)
        return await self._run(ctx, found[0], without_words(line, found[1]))

    async def _run(self, ctx: Context, spec: Spec, text: str) -> Reply:
        try:
            return await self._obey(ctx, spec, text)
        except UserError as error:
            error.typed = normal_id(Cursor(text).word())
            raise

    async def _obey(self, ctx: Context, spec: Spec, text: str) -> Reply:
        try:
            await check_allowed(ctx, spec)
        except NotAllowed as error:
            raise _NotTheirs(error.template, **error.values) from error
        positional, named = await read_arguments(ctx, spec, text)
        if not ctx.bare:
            await heard.spoke(
                ctx.tx, ctx.sender.user_id, ctx.now
            )  # before: who proposes is awake as it is opened
        reply = await spec.handler(ctx, *positional, **named)
        if ctx.bare:
            await heard.spoke(ctx.tx, ctx.sender.user_id, ctx.now)  # after: until then it may have been talk
        return reply

    async def _silently(self, ctx: Context, step: Awaitable[Reply], over: Exceeded) -> Reply:
        """Do what is done even over the limit, without an answer; what is refused was too much like the rest."""
        try:
            await step
        except UserError:
            raise over from None
        await limits.tell(ctx.tx, ctx.now, ctx.event, ctx.sender, over)
        return None

    async def _answer(self, ctx: Context, reply: Reply) -> None:
        if reply is None:
            return
        answer = Answer(reply) if isinstance(reply, Text) else reply
        thread = ctx.event.thread if isinstance(ctx.event, Said) else None
        await say(
            ctx.tx,
            ctx.now,
            ctx.room.room_id,
            answer.text,
            about=answer.about,
            reply_to=ctx.event.event_id,
            thread=thread,
        )

    async def _ask(self, ctx: Context, question: Ambiguous) -> None:
        ctx.tx.caused_by(ctx.event.event_id)
        numbered = [
            Text("{number}. {label}", number=number, label=label)
            for number, (label, _) in enumerate(question.choices, 1)
        ]
        text = Text.lines([Text.of(question), *numbered, Text("Type the number.")])
        await steps.ask(
            ctx.tx,
            ctx.room.room_id,
            ctx.sender.user_id,
            ctx.now,
            choices=[typed for _, typed in question.choices],
        )
        await say(ctx.tx, ctx.now, ctx.room.room_id, text, reply_to=ctx.event.event_id)

    async def _refuse_unencrypted(self, tx: Tx, event: Event, *, encrypted: bool) -> None:
        """Say, at most once an hour, that only encrypted rooms and messages are served."""
        now = self.clock.now()
        told = await rooms.warned_at(tx, event.room_id)
        if not isinstance(event, Unencrypted) or (told is not None and now - told < WARN_AGAIN_AFTER):
            return
        await rooms.set_warned(tx, event.room_id, now)
        if encrypted:
            text = Text("A message came without encryption. I take commands only when they are encrypted.")
            await say(tx, now, event.room_id, text)
        else:
            await outbox.queue(tx, now, event.room_id, RefuseUnencrypted())

    async def _apologise(self, ctx: Context, error: Exception) -> None:
        reference = secrets.token_hex(2)
        log.error(
            "step failed, reference %s: %s",
            reference,
            fault(error),
            extra={"room_id": ctx.room.room_id, "event_id": ctx.event.event_id},
        )
        ctx.tx.caused_by(ctx.event.event_id)
        text = Text(
            "Something went wrong. Nothing was changed. Reference {reference}.", reference=Code(reference)
        )
        await say(ctx.tx, ctx.now, ctx.room.room_id, text, reply_to=ctx.event.event_id)


def _target(event: Event) -> str | None:
    """Return the event id of what was replied to, or of the poll that was tapped."""
    if isinstance(event, PollAnswered):
        return event.poll_event_id
    return event.reply_to if isinstance(event, Said) else None
