"""Summaries: a text that two people approve in exactly one version, and that then goes to exactly the rooms shown.

Rule (behaviour.md, section 3): whatever changes what was shown — the text, the signature, the rooms — is a new version
without oks. Who may approve is in `voices`. A correction is a version too, and so is a retraction; while one waits, what
others have stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain import summary_refusals
from bot.domain.errors import Conflict
from bot.domain.files import Attached, File, taken_from
from bot.domain.summary_parts import Kind, Ok, Out, State, Terms
from bot.domain.values import Code
from bot.domain.voices import APPROVERS, Voices

DRAFT_LASTS = timedelta(hours=72)
"""How long a version waits for its oks; a new version waits anew."""

NO_WINDOW = timedelta(0)


@dataclass(frozen=True, slots=True)
class Summary:
    """One summary with its current version.

    Args:
        id: Such as `S4`.
        room_id: Where it was drafted.
        drafted_by: Who typed the command of this version.
        command_event_id: The message in which they did.
        source_event_id: The message whose words it carries: that one, or the one it replied to.
        source_by: Who may change those words by an edit; `None` where the source's author is not known to us.
        text: Harmless already; empty once it can go nowhere any more, and in a retraction.
        made_at: When this version was made.
        ended_at: When it was approved, cancelled, retracted or had lapsed.
        answers: The id of the question that it answers.
        out: What others have, while this version would change it.
        last_version: The highest number a version has had; none is used twice.
        retracting: This version deletes what others have.
        waits_from: When the time for its oks began; `None` for `made_at`.
        goes_at: When the objection window ends, while it is open.
        objectors: Who objected to this version; the pair's new oks answer them.
        file: What goes along; nobody can approve it before it is fetched and shown.
    """

    id: str
    room_id: str
    drafted_by: str
    command_event_id: str
    source_event_id: str
    source_by: str | None
    text: str
    terms: Terms
    made_at: datetime
    version: int = 1
    state: State = State.DRAFT
    oks: tuple[Ok, ...] = ()
    ended_at: datetime | None = None
    kind: Kind = Kind.SUMMARY
    answers: str | None = None
    out: Out | None = None
    last_version: int = 1
    retracting: bool = False
    waits_from: datetime | None = None
    goes_at: datetime | None = None
    objectors: tuple[str, ...] = ()
    file: File | None = None

    @property
    def lapses_at(self) -> datetime:
        """When this version dies if it is not approved."""
        return (self.waits_from or self.made_at) + DRAFT_LASTS

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who said ok to this version, in order."""
        return tuple(ok.user_id for ok in self.oks)

    @property
    def as_sent(self) -> Summary:
        """What others have of it: without the change that waits, if one does."""
        if self.out is None:
            return self
        return replace(
            self,
            state=State.APPROVED,
            version=self.out.version,
            text=self.out.text,
            terms=self.out.terms,
            made_at=self.out.made_at,
            oks=self.out.oks,
            ended_at=self.out.approved_at,
            out=None,
            retracting=False,
            waits_from=None,
            goes_at=None,
            objectors=(),
            file=self.out.file,
        )

    @property
    def new_file(self) -> File | None:
        """The file that this version brings, if others do not have it already."""
        before = self.out.file if self.out else None
        return None if self.file is None or (before and before.since == self.file.since) else self.file

    def is_pending(self, now: datetime) -> bool:
        """Tell whether it may still go, and may still change."""
        return self.state is State.OPEN or (self.state is State.DRAFT and now < self.lapses_at)

    def change(self, text: str, terms: Terms, now: datetime, attached: Attached | None = None) -> Summary:
        """Return the next version, which nobody has approved yet; the same words and terms change nothing.

        Args:
            text: Its words.
            terms: Its signature and rooms.
            now: The moment.
            attached: A file in place of the one it had; without, it keeps that.

        Raises:
            Conflict: It is no draft any more.
        """
        self.check_pending(now)
        if (text, terms, attached) == (self.text, self.terms, None):
            return self
        return self._next(now, text=text, terms=terms, attached=attached)

    def fetched(self, file: File) -> Summary:
        """Return it with its file, which is here now; unchanged if it has another one by now, or none."""
        return replace(self, file=file) if self.file and self.file.since == file.since else self

    def approve(
        self,
        user_id: str,
        event_id: str,
        voices: Voices,
        terms: Terms,
        now: datetime,
        window: timedelta = NO_WINDOW,
    ) -> Summary:
        """Return it with somebody's ok, approved if that was the second that counts.

        Where the terms are not those that were shown, the ok counts for nothing and the next version is
        returned. Oks of people who meanwhile lost their seat count no more.

        Args:
            user_id: Who.
            event_id: The message they typed it in.
            voices: Who may approve now.
            terms: Signature and rooms as they are now.
            now: The moment.
            window: For how long members may object once it is approved. It is not opened twice: the pair's oks
                after an objection are their answer. A retraction has none.

        Raises:
            NotAllowed: They may not approve it.
            Conflict: It is no draft any more, or their ok is counted, or another person's is needed.
        """
        self.check_pending(now)
        if self.state is State.OPEN:
            raise Conflict(
                "{id} is approved already, and goes when its time for objections is over. {status} shows when.",
                id=self.id,
                status=Code(f"!summary status {self.id}"),
            )
        self.check_fetched()
        if terms != self.terms:
            return self.change(self.text, terms, now)
        if user_id in self.approvers:
            changed = self
        else:
            voices.check(self.id, self.approvers, user_id)
            changed = replace(self, oks=(*self.oks, Ok(user_id, now, event_id)))
        counted = voices.counted(changed.approvers)
        if len(counted) == APPROVERS:
            oks = tuple(replace(ok, counted_for=counted.get(ok.user_id)) for ok in changed.oks)
            changed = replace(changed, oks=oks)
            if window and not self.objectors and not self.retracting:
                return replace(changed, state=State.OPEN, goes_at=now + window)
            return changed._gone(now)
        if changed is self:
            raise Conflict("Your ok for {id} is counted already. It needs another person.", id=self.id)
        return changed

    def release(self, terms: Terms, now: datetime) -> Summary:
        """Return it approved once its objection window is over; the next version, if the rooms have changed."""
        if self.state is not State.OPEN or self.goes_at is None or now < self.goes_at:
            return self
        return self._gone(now) if terms == self.terms else self.change(self.text, terms, now)

    def object(self, user_id: str, now: datetime) -> Summary:
        """Return it stopped by a member's objection, until the pair says ok again; its time begins anew.

        Raises:
            Conflict: It is no draft any more, or the person has objected to this version.
        """
        self.check_pending(now)
        if self.retracting:
            raise Conflict("{id} is to be deleted; there is nothing in it to object to.", id=self.id)
        if user_id in self.objectors:
            raise Conflict(
                "Your objection to {id} version {version} is known. The pair decides.",
                id=self.id,
                version=self.version,
            )
        return replace(
            self,
            state=State.DRAFT,
            goes_at=None,
            waits_from=now,
            oks=(),
            objectors=(*self.objectors, user_id),
        )

    def take_back(self, user_id: str, now: datetime) -> Summary:
        """Return it without somebody's ok.

        Raises:
            Conflict: It is no draft any more.
        """
        self.check_pending(now)
        if user_id not in self.approvers:
            return self
        oks = tuple(replace(ok, counted_for=None) for ok in self.oks if ok.user_id != user_id)
        return replace(self._draft_again(now), oks=oks)

    def void(self, now: datetime) -> Summary:
        """Return it without oks, because its message says something else now that cannot be sent.

        Raises:
            Conflict: It is no draft any more.
        """
        self.check_pending(now)
        return replace(self._draft_again(now), oks=())

    def correct(
        self,
        text: str,
        terms: Terms,
        by: str,
        command_event_id: str,
        now: datetime,
        attached: Attached | None = None,
    ) -> Summary:
        """Return the version that would replace what others have, once it is approved.

        Args:
            text: Its words.
            terms: Its signature and rooms.
            by: Who typed the command.
            command_event_id: In which message.
            now: The moment.
            attached: A file in place of the one that others have; without, they keep it.

        Raises:
            Conflict: It was not sent, or a change of it waits already, or it says this already.
        """
        self.check_out()
        if (text, terms.urgent) == (self.text, self.terms.urgent) and attached is None:
            raise Conflict("{id} says that already.", id=self.id)
        return self._after(now, by, command_event_id, text=text, terms=terms, attached=attached)

    def retract(self, terms: Terms, by: str, command_event_id: str, now: datetime) -> Summary:
        """Return the version that would delete what others have, once it is approved.

        Raises:
            Conflict: It was not sent, or a change of it waits already.
        """
        self.check_out()
        return self._after(now, by, command_event_id, text="", terms=terms, retracting=True)

    def cancel(self, now: datetime) -> Summary:
        """Return it cancelled, its words erased; of a correction or a retraction, what others have stays.

        Raises:
            Conflict: It is no draft any more.
        """
        self.check_pending(now)
        return self._dropped(State.CANCELLED, now)

    def lapse(self, now: datetime) -> Summary:
        """Return it lapsed, its words erased; unchanged if it is no draft or its time has not come."""
        if self.state is not State.DRAFT or now < self.lapses_at:
            return self
        return self._dropped(State.LAPSED, now)

    def check_pending(self, now: datetime) -> None:
        """Check that it can still change.

        Raises:
            Conflict: It cannot; says how it ended.
        """
        if self.is_pending(now):
            return
        raise summary_refusals.not_pending(self)

    def check_fetched(self) -> None:
        """Check that its file, if it has one, is here and can be shown.

        Raises:
            Conflict: It is not.
        """
        if self.file is not None and not self.file.is_here:
            raise summary_refusals.still_fetching(self)

    def check_out(self) -> None:
        """Check that others have it, and that no change of it waits.

        Raises:
            Conflict: It is not so; says what to do.
        """
        if self.state is State.APPROVED:
            return
        raise summary_refusals.not_out(self)

    def _after(
        self,
        now: datetime,
        by: str,
        command_event_id: str,
        *,
        text: str,
        terms: Terms,
        retracting: bool = False,
        attached: Attached | None = None,
    ) -> Summary:
        out = Out(self.version, self.text, self.terms, self.made_at, self.oks, self.ended_at, self.file)
        changed = replace(
            self,
            out=out,
            drafted_by=by,
            command_event_id=command_event_id,
            source_event_id=command_event_id,
            source_by=by,
            retracting=retracting,
            ended_at=None,
            file=None if retracting else self.file,
        )
        return changed._next(now, text=text, terms=terms, attached=attached)

    def _next(self, now: datetime, *, text: str, terms: Terms, attached: Attached | None = None) -> Summary:
        number = self.last_version + 1
        return replace(
            self,
            state=State.DRAFT,
            goes_at=None,
            waits_from=None,
            text=text,
            terms=terms,
            version=number,
            last_version=number,
            oks=(),
            objectors=(),
            made_at=now,
            file=taken_from(attached, number) if attached else self.file,
        )

    def _draft_again(self, now: datetime) -> Summary:
        """Return it without its window, if it had one; then its time for oks begins anew."""
        if self.state is State.DRAFT:
            return self
        return replace(self, state=State.DRAFT, goes_at=None, waits_from=now)

    def _gone(self, now: datetime) -> Summary:
        state = State.RETRACTED if self.retracting else State.APPROVED
        return replace(self, state=state, goes_at=None, out=None, ended_at=now)

    def _dropped(self, state: State, now: datetime) -> Summary:
        if self.out is not None:
            return self.as_sent
        return replace(self, state=state, goes_at=None, text="", oks=(), ended_at=now, file=None)
