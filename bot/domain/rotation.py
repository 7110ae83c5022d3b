"""The rotating pair of a pod: who leaves, who moves up, who is next, and why.

Rule: every order can be redone with a pencil. Nothing here is random: where the numbers are equal, a hash of
a seed that everybody in the room can see decides, so a draw repeated is the same draw.

Who is in the line. *Founding members* are all who had a voice in the pod when its first pair was drawn,
however long they had been in the room: they count from that draw and may be drawn at once. Everybody who
comes later is a *newcomer*: they start at the average of those in the line (`average`), and are not drawn
in their first 14 days in the room unless they volunteer. Who leaves and comes back goes on with their own
numbers, so nobody gains by leaving.

Who is next. Lowest turns ÷ weeks available; then longest since the last turn; then the draw. Whoever has
had a turn end since the last handover goes behind all others, so nobody serves two turns in a row while
somebody else who is in the line is willing. A turn counts from the moment it is taken, full length or not.
A line stays as it was drawn until the next draw; whose first 14 days end meanwhile may volunteer.
Who is away or takes no turns is not in the line, and gains no weeks meanwhile. Who was recalled is not drawn
before the next handover. A turn handed on in a swap is counted for who took it over, and for nobody else.

How long one waits. Let P be in the line, always willing, and not just back from a turn. Let Q be another
one; take their turns t and weeks w at the moment from which both are in the line. *Q enters before P is
asked at most ⌊t_P · max(1, (w_Q + 1) / w_P) − t_Q⌋ + 1 times, and not at all where that is negative.*
Proof: Q is asked before P only with t / w_Q' ≤ t_P / w_P', where t are Q's turns by then and w' the weeks by
then. Both gain weeks together, whole ones counted, so w_Q' ≤ w_Q + s + 1 and w_P' ≥ w_P + s for some s ≥ 0,
hence t ≤ t_P · (w_Q + 1 + s) / (w_P + s) ≤ t_P · max(1, (w_Q + 1) / w_P). Each entry of Q adds one to t, from
t_Q on; the last one starts from a t that still fits. ∎ Summed over all others this bounds the seats that
are filled while P waits: with equal numbers each of the n − 1 others goes before P once at most. One who
volunteers does not overtake: they enter only when all who were in the line, P too, have been asked. Away,
Q gains no weeks while P may, so both inequalities hold; coming back, Q goes on from there. A recall adds to t
like every turn. Only a swap takes one from t_Q: each that Q hands on lets Q in once more before P. ∎

All this is said of pods without a rule for their pair. Where there is one, and nobody beside the empty seat has
its tag, those who have it go first; among themselves everything holds as before.

Hence *nobody enters a second time while somebody in the line has no turn*, own or credited: their share is 0,
that of the other is not. And *a handover changes at most one seat*: `Pair.hand_over` moves who is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from bot.domain.tags import first_fit

SEATS = ("speak", "note")
"""The two seats; `speak` is the one whose holder leaves at the next handover."""

ANSWER_WITHIN = timedelta(hours=48)
"""How long the person drawn has for `accept` or `pass` (behaviour.md, section 2)."""

NEW_FOR = timedelta(days=14)
"""How long a newcomer is not drawn (behaviour.md, section 2)."""

STAYS_FOR = timedelta(days=7)
"""How long the outgoing spoke stays in the assembly's room (behaviour.md, section 2)."""

_WEEK = timedelta(days=7)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


# -- the pair --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """Who sits where; `None` is an empty seat."""

    speak: str | None = None
    note: str | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """The spokes, `speak` first."""
        return tuple(user_id for user_id in (self.speak, self.note) if user_id is not None)

    @property
    def empty_seats(self) -> tuple[str, ...]:
        """The seats nobody has, `speak` first."""
        return tuple(seat for seat in SEATS if self.holder(seat) is None)

    def holder(self, seat: str) -> str | None:
        """Return who has a seat."""
        return self.speak if seat == "speak" else self.note

    def seat_of(self, user_id: str) -> str | None:
        """Return the seat somebody has."""
        return next((seat for seat in SEATS if self.holder(seat) == user_id), None)

    def with_(self, seat: str, user_id: str | None) -> Pair:
        """Return the pair with somebody, or nobody, in a seat."""
        return replace(self, **{seat: user_id})

    def without(self, user_id: str) -> Pair:
        """Return the pair after somebody left it: `note` moves up where `speak` is the one who leaves."""
        if self.speak == user_id:
            return Pair(speak=self.note)
        return Pair(self.speak) if self.note == user_id else self

    def hand_over(self) -> Pair:
        """Return the pair as a handover leaves it: `speak` leaves, `note` moves up, `note` is empty.

        At most one person leaves, and whoever is left is in `speak`. Filling the empty seat is a step of
        its own, because people are asked. If `note` was empty before, both are empty now.
        """
        return Pair(speak=self.note)


def is_agreed(pair: Pair, wished: Collection[str]) -> bool:
    """Tell whether the pair stays at a handover: both spokes wish it, or the one there is and another member."""
    return bool(pair.people) and len(wished) >= 2 and set(pair.people) <= set(wished)


# -- the line --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """What is counted for one person in a pod's line.

    Args:
        turns: Turns taken, with those credited to a newcomer.
        weeks_before: Weeks available before `since`, with those credited to a newcomer.
        since: In the line without a break since then.
        last_turn_at: When their last turn ended; `None` if they had none or it still runs.
        drawn_from: Not drawn before this, unless they volunteer.
        volunteered_at: When they volunteered; it ends when they answer an ask or take a seat.
    """

    user_id: str
    turns: Fraction
    weeks_before: Fraction
    since: datetime
    last_turn_at: datetime | None
    drawn_from: datetime
    volunteered_at: datetime | None = None

    def full_weeks(self, at: datetime) -> Fraction:
        """Return the weeks available up to a moment, the running one left out."""
        return self.weeks_before + max(at - self.since, timedelta(0)) // _WEEK

    def weeks(self, at: datetime) -> Fraction:
        """Return the weeks available up to a moment; the running week counts as a whole one."""
        return self.weeks_before + (max(at - self.since, timedelta(0)) // _WEEK + 1)

    def is_new(self, at: datetime) -> bool:
        """Tell whether they are not to be drawn yet."""
        return at < self.drawn_from and self.volunteered_at is None


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's numbers as they are compared in a draw.

    Args:
        last_turn_at: To the minute, which is how it is printed, so that the printed order can be redone.
        resting: A turn of theirs has ended since the last handover, so they go behind all others.
    """

    user_id: str
    turns: Fraction
    weeks: Fraction
    last_turn_at: datetime | None
    resting: bool = False

    @property
    def share(self) -> Fraction:
        """Turns ÷ weeks available."""
        return self.turns / self.weeks

    @property
    def rank(self) -> tuple[bool, Fraction, datetime]:
        """What is compared before the draw; the lowest goes first."""
        return self.resting, self.share, self.last_turn_at or _LONG_AGO


def stand(record: Record, at: datetime, handed_over_at: datetime | None) -> Standing:
    """Return somebody's numbers at a moment.

    Args:
        record: What is counted for them.
        at: The moment.
        handed_over_at: When the latest handover began, if there was one.
    """
    last = record.last_turn_at
    return Standing(
        record.user_id,
        record.turns,
        record.weeks(at),
        last.replace(second=0, microsecond=0) if last else None,
        last is not None and handed_over_at is not None and last >= handed_over_at,
    )


def average(records: Collection[Record], at: datetime) -> tuple[Fraction, Fraction]:
    """Return the turns and weeks that a newcomer starts with: the mean of those in the line.

    Their share is then the pod's average, and it changes as slowly as that of the others.
    """
    if not records:
        return Fraction(0), Fraction(0)
    turns = sum((record.turns for record in records), Fraction(0)) / len(records)
    # the running week is counted for everybody, so it is not credited
    return turns, sum((record.full_weeks(at) for record in records), Fraction(0)) / len(records)


# -- the draw --------------------------------------------------------------------------------------


def make_seed(event_id: str, due: datetime | None = None) -> str:
    """Return the seed of a draw: the event id that started it.

    Args:
        event_id: The message that started the draw. A step that no message started (a handover that came
            due, somebody who left) takes the last message that changed the pair, which nobody can choose
            afterwards, and adds when it came due.
        due: That moment.
    """
    return f"{event_id} {due.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if due else event_id


def draw_number(seed: str, user_id: str) -> str:
    """Return the draw of a person: SHA-256, in hex, of the seed followed by the Matrix id."""
    return hashlib.sha256(f"{seed}{user_id}".encode()).hexdigest()


def line_up(standings: Iterable[Standing], seed: str) -> list[Standing]:
    """Return the line, first the one to be asked first."""
    return sorted(standings, key=lambda item: (*item.rank, draw_number(seed, item.user_id)))


def draw_line(
    records: Iterable[Record],
    pair: Pair,
    at: datetime,
    handed_over_at: datetime | None,
    seed: str,
    outside: Mapping[str, str] | None = None,
) -> tuple[list[Standing], list[tuple[Standing, str]]]:
    """Return the line at a moment, and those outside it with why.

    Args:
        records: Everybody who is counted.
        pair: Who sits where.
        at: The moment.
        handed_over_at: When the latest handover began, if there was one.
        seed: The seed of the draw.
        outside: Who is not to be drawn for another reason: `away`, `out` or `recalled`. The others outside
            are `seated` or `new`.
    """
    outside = outside or {}
    seated = pair.people
    line: list[Standing] = []
    aside: list[tuple[Standing, str]] = []
    for record in records:
        standing = stand(record, at, handed_over_at)
        if record.user_id in seated:
            aside.append((standing, "seated"))
        elif record.user_id in outside:
            aside.append((standing, outside[record.user_id]))
        elif record.is_new(at):
            aside.append((standing, "new"))
        else:
            line.append(standing)
    return line_up(line, seed), aside


# -- filling seats ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fill:
    """What follows from how the seats, the line and the answers stand.

    Args:
        pair: The pair after people moved up and volunteers sat down.
        moved_up: Who moved from `note` to `speak` because nobody can be asked for `speak`.
        seated: Volunteers who have a seat now, by seat.
        asked: Who is to be asked now, by seat.
        empty: Seats for which nobody is left to ask; only told once no ask is out.
    """

    pair: Pair
    moved_up: str | None
    seated: Mapping[str, str]
    asked: Mapping[str, str]
    empty: tuple[str, ...]


def fill(
    pair: Pair,
    line: Sequence[Standing],
    was_asked: Collection[str],
    pending: Mapping[str, str],
    volunteers: Sequence[Standing],
    tagged: Collection[str] | None = None,
) -> Fill:
    """Find somebody for every empty seat: first the line, then volunteers, last those who just served.

    Args:
        pair: Who sits where.
        line: The line of this round, those who are still there.
        was_asked: Everybody who was asked in this round; nobody is asked twice.
        pending: Who is being asked now, by seat.
        volunteers: Who volunteered and has not answered an ask since, the first one first.
        tagged: Who has the tag of the pod's rule for its pair, if it has one.
    """
    out = {*pair.people, *pending.values()}
    fresh = [item for item in line if item.user_id not in was_asked and item.user_id not in out]
    first = [item.user_id for item in fresh if not item.resting]
    offers = [item for item in volunteers if item.user_id not in out and item.user_id not in first]
    free = [item.user_id for item in sorted(offers, key=lambda item: item.resting)]
    last = [item.user_id for item in fresh if item.resting]
    seated: dict[str, str] = {}
    asked: dict[str, str] = {}
    for seat in pair.empty_seats:
        if seat in pending:
            continue
        beside = {*out, *seated.values(), *asked.values()}
        if first:
            asked[seat] = first_fit(first, tagged, beside)
            first.remove(asked[seat])
        elif free:
            seated[seat] = first_fit(free, tagged, beside)
            free.remove(seated[seat])
            last = [user_id for user_id in last if user_id != seated[seat]]
        elif last:
            asked[seat] = first_fit(last, tagged, beside)
            last.remove(asked[seat])
    after = pair
    for seat, user_id in seated.items():
        after = after.with_(seat, user_id)
    moved_up = None
    out_there = {**pending, **asked}
    if after.speak is None and after.note is not None and "speak" not in out_there:
        moved_up, after = after.note, Pair(speak=after.note)
    empty = after.empty_seats if not out_there else ()
    return Fill(after, moved_up, seated, asked, empty)
