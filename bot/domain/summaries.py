"""Summaries: a text that two people approve in exactly one version, and that then goes to exactly the rooms shown.

Rule (behaviour.md, section 3): in a pod both spokes type `ok`; with one seat empty, the one spoke and any other
member. In an assembly spokes of two different pods do, and one person is one, however many pods they speak for.
Whatever changes what was shown — the text, the signature, the rooms — is a new version without oks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from itertools import combinations
from typing import Protocol

from bot.domain.errors import Conflict, NotAllowed, UsageError
from bot.domain.harmless import make_harmless, tidy
from bot.domain.values import Code

DRAFT_LASTS = timedelta(hours=72)
"""How long a version waits for its oks; a new version waits anew."""

LONGEST = 1200
"""Characters of a summary: with its signature it stays under the 1,500 of one message."""

HOPELESS = 4 * LONGEST
"""Characters above which a text is not looked at any closer before it is refused."""

APPROVERS = 2

DRAFTS_IN_ROOM, DRAFTS_OF_ONE = 20, 5
"""Drafts that wait at once in a room, and of one person there."""


class State(Enum):
    """Where a summary stands; only a draft can change."""

    DRAFT = "draft"
    APPROVED = "approved"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Destination:
    """A room a summary goes to, by the name people know it by."""

    room_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What is shown with the text and approved with it.

    Args:
        signed_by: The name of the pod or assembly it comes from; never a person.
        destinations: The rooms it goes to, by name.
    """

    signed_by: str
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class Ok:
    """One person's ok for the current version.

    Args:
        event_id: The message it was typed in; deleting or editing that takes the ok back.
        counted_for: The pod whose ok it was, once the summary is approved.
    """

    user_id: str
    at: datetime
    event_id: str
    counted_for: str | None = None


class Voices(Protocol):
    """Who may approve at this moment."""

    def counted(self, users: Collection[str]) -> dict[str, str]:
        """Return whose oks count, two at most, and the pod each counts for."""

    def check(self, summary_id: str, users: Collection[str], user_id: str) -> None:
        """Check that somebody's ok would count beside those of `users`.

        Raises:
            NotAllowed: They may not approve.
            Conflict: Another person's ok is what is still needed.
        """


@dataclass(frozen=True, slots=True)
class PodVoices:
    """The people of a pod.

    Args:
        pod: Its name.
        pair: The user ids in the filled seats.
        members: The user ids with a voice in its room; a seat of somebody else counts as empty.
    """

    pod: str
    pair: frozenset[str]
    members: frozenset[str]

    @property
    def spokes(self) -> frozenset[str]:
        """The seated people who are here."""
        return self.pair & self.members

    def counted(self, users: Collection[str]) -> dict[str, str]:
        """Return the spokes' oks and, with one seat empty, one other member's."""
        found = [user for user in users if user in self.spokes]
        if len(self.spokes) == 1:
            found += [user for user in users if user in self.members - self.spokes][:1]
        return dict.fromkeys(found, self.pod)

    def check(self, summary_id: str, users: Collection[str], user_id: str) -> None:
        """Check that somebody's ok would count; see `Voices.check`."""
        if user_id not in self.counted([user_id]):
            raise NotAllowed(
                "{id} needs the ok of a spoke of {pod}. {show} shows who they are.",
                id=summary_id,
                pod=self.pod,
                show=Code("!spokes"),
            )
        if len(self.counted([*users, user_id])) <= len(self.counted(users)):
            raise Conflict("The ok of one member is counted for {id}; it needs the spoke's.", id=summary_id)


@dataclass(frozen=True, slots=True)
class AssemblyVoices:
    """The spokes in an assembly's room.

    Args:
        pods: The names of the pods each of them speaks for, by user id.
    """

    pods: Mapping[str, frozenset[str]]

    def counted(self, users: Collection[str]) -> dict[str, str]:
        """Return two people's oks for two different pods, or one person's."""
        speaking = [user for user in users if self.pods.get(user)]
        for first, second in combinations(speaking, APPROVERS):
            for pod in sorted(self.pods[first]):
                if others := sorted(self.pods[second] - {pod}):
                    return {first: pod, second: others[0]}
        return {user: min(self.pods[user]) for user in speaking[:1]}

    def check(self, summary_id: str, users: Collection[str], user_id: str) -> None:
        """Check that somebody's ok would count; see `Voices.check`."""
        if user_id not in self.counted([user_id]):
            raise NotAllowed(
                "{id} needs the ok of a spoke. {show} shows who they are.",
                id=summary_id,
                show=Code("!assembly"),
            )
        if len(self.counted([*users, user_id])) <= len(self.counted(users)):
            pod = next(iter(self.counted(users).values()))
            raise Conflict(
                "A spoke of {pod} has said ok to {id}; it needs a spoke of another pod.",
                pod=pod,
                id=summary_id,
            )


@dataclass(frozen=True, slots=True)
class Summary:
    """One summary with its current version.

    Args:
        id: Such as `S4`.
        room_id: Where it was drafted.
        drafted_by: Who typed `!summary`.
        command_event_id: The message in which they did.
        source_event_id: The message whose words it carries: that one, or the one it replied to.
        source_by: Who may change those words by an edit; `None` where the source's author is not known to us.
        text: Harmless already; empty once it can go nowhere any more.
        made_at: When this version was made.
        ended_at: When it was approved, cancelled or had lapsed.
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

    @property
    def lapses_at(self) -> datetime:
        """When this version dies if it is not approved."""
        return self.made_at + DRAFT_LASTS

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who said ok to this version, in order."""
        return tuple(ok.user_id for ok in self.oks)

    def change(self, text: str, terms: Terms, now: datetime) -> Summary:
        """Return the next version, which nobody has approved yet; the same words and terms change nothing.

        Raises:
            Conflict: It is no draft any more.
        """
        self.check_draft(now)
        if (text, terms) == (self.text, self.terms):
            return self
        return replace(self, text=text, terms=terms, version=self.version + 1, oks=(), made_at=now)

    def approve(self, user_id: str, event_id: str, voices: Voices, terms: Terms, now: datetime) -> Summary:
        """Return it with somebody's ok, approved if that was the second that counts.

        Where the terms are not those that were shown, the ok counts for nothing and the next version is
        returned. Oks of people who meanwhile lost their seat count no more.

        Raises:
            NotAllowed: They may not approve it.
            Conflict: It is no draft any more, or their ok is counted, or another person's is needed.
        """
        self.check_draft(now)
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
            return replace(changed, state=State.APPROVED, oks=oks, ended_at=now)
        if changed is self:
            raise Conflict("Your ok for {id} is counted already. It needs another person.", id=self.id)
        return changed

    def take_back(self, user_id: str, now: datetime) -> Summary:
        """Return it without somebody's ok.

        Raises:
            Conflict: It is no draft any more.
        """
        self.check_draft(now)
        return replace(self, oks=tuple(ok for ok in self.oks if ok.user_id != user_id))

    def void(self, now: datetime) -> Summary:
        """Return it without oks, because its message says something else now that cannot be sent.

        Raises:
            Conflict: It is no draft any more.
        """
        self.check_draft(now)
        return replace(self, oks=())

    def cancel(self, now: datetime) -> Summary:
        """Return it cancelled, its words erased.

        Raises:
            Conflict: It is no draft any more.
        """
        self.check_draft(now)
        return replace(self, state=State.CANCELLED, text="", oks=(), ended_at=now)

    def lapse(self, now: datetime) -> Summary:
        """Return it lapsed, its words erased; unchanged if it is no draft or its time has not come."""
        if self.state is not State.DRAFT or now < self.lapses_at:
            return self
        return replace(self, state=State.LAPSED, text="", oks=(), ended_at=now)

    def check_draft(self, now: datetime) -> None:
        """Check that it can still change.

        Raises:
            Conflict: It cannot; says how it ended.
        """
        if self.state is State.APPROVED:
            raise Conflict(
                "{id} is approved already and goes out as it is. {status} shows how far it is.",
                id=self.id,
                status=Code(f"!summary status {self.id}"),
            )
        if self.state is State.CANCELLED:
            raise Conflict("{id} was cancelled. {new} drafts another.", id=self.id, new=Code("!summary TEXT"))
        if self.state is State.LAPSED or now >= self.lapses_at:
            raise Conflict(
                "{id} was not approved in 72 hours and has lapsed. {new} drafts another.",
                id=self.id,
                new=Code("!summary TEXT"),
            )


def check_count(waiting: Collection[Summary], user_id: str) -> None:
    """Check that one more draft may wait.

    Args:
        waiting: The drafts of the room.
        user_id: Who drafts.

    Raises:
        Conflict: There are as many as can be looked through.
    """
    own = [summary for summary in waiting if summary.drafted_by == user_id]
    first = next(iter(own or waiting), None)
    if first is None or (len(own) < DRAFTS_OF_ONE and len(waiting) < DRAFTS_IN_ROOM):
        return
    template = (
        "You have {count} drafts here, the most that one person may have. "
        if len(own) >= DRAFTS_OF_ONE
        else "{count} drafts wait here, the most that a room may have. "
    )
    raise Conflict(
        template + "To make room, approve one, {ok}, or drop one: {cancel}. {show} lists them.",
        count=len(own) if len(own) >= DRAFTS_OF_ONE else len(waiting),
        ok=Code(f"ok {first.id}"),
        cancel=Code(f"!summary cancel {first.id}"),
        show=Code("!summary"),
    )


def check_text(words: str) -> str:
    """Return the words of a summary as they are shown and sent.

    Raises:
        UsageError: Nothing is left of them, or they are too long.
    """
    text = tidy(words)
    if len(text) <= HOPELESS:
        text = make_harmless(text)
    if not text:
        raise UsageError(
            "The summary is empty. For example: {example}", example=Code("!summary We can host on Friday.")
        )
    if len(text) > LONGEST:
        raise UsageError(
            "That is {count} characters; a summary has {most} at most. Shorten it by {over}, or send it in two parts. "
            "For example: {example}",
            count=f"{len(text):,}",
            most=f"{LONGEST:,}",
            over=f"{len(text) - LONGEST:,}",
            example=Code(f"!summary {' '.join(text[:60].split(' ')[:-1]) or text[:60]}"),
        )
    return text
