"""Fairness of the rotation: over any history, nobody is skipped, doubled or kept waiting without bound."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.forecast import foresee
from bot.domain.quiet import Quiet
from bot.domain.rhythm import Rhythm, next_handover
from bot.domain.rotation import (
    NEW_FOR,
    Pair,
    Record,
    Standing,
    average,
    draw_line,
    draw_number,
    fill,
    line_up,
    make_seed,
    stand,
)

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TERM = timedelta(days=14)
ALWAYS = "@p:test"
"""Somebody who has been there from the start and accepts whenever they are asked."""


@dataclass
class Life:
    """A pod's life on paper: the rules of the domain, and people who do as the test says."""

    founders: int
    now: datetime = START
    pair: Pair = field(default_factory=Pair)
    records: dict[str, Record] = field(default_factory=dict)
    away: dict[str, Record] = field(default_factory=dict)
    line: list[Standing] = field(default_factory=list)
    asked: dict[str, str | None] = field(default_factory=dict)
    pending: dict[str, str] = field(default_factory=dict)
    handed_over_at: datetime | None = None
    handovers: int = 0
    # per person: how many handovers there had been when their last turn ended
    ended_at: dict[str, int] = field(default_factory=dict)
    # per other person: how often they may still enter before ALWAYS is asked
    may_overtake: dict[str, int] = field(default_factory=dict)
    # away or opted out, with what they had
    off: dict[str, Record] = field(default_factory=dict)
    # recalled since the last handover
    recalled: set[str] = field(default_factory=set)
    joined: int = 0

    def __post_init__(self) -> None:
        nothing = average((), self.now)
        for user_id in [ALWAYS, *(f"@f{number}:test" for number in range(1, self.founders))]:
            self.records[user_id] = Record(user_id, *nothing, self.now, None, self.now)
        self.begin_round()

    # -- what happens ----------------------------------------------------------------------------

    def begin_round(self) -> None:
        """Draw the line anew and ask."""
        self.asked, self.pending = {}, {}
        self.line, _ = draw_line(
            self.records.values(),
            self.pair,
            self.now,
            self.handed_over_at,
            f"${self.now}",
            dict.fromkeys(self.recalled, "recalled"),
        )
        me = next((item for item in self.line if item.user_id == ALWAYS), None)
        if me is not None and not me.resting:
            for other in self.records.values():
                if other.user_id != ALWAYS and other.user_id not in self.may_overtake:
                    factor = max(Fraction(1), (other.weeks(self.now) + 1) / me.weeks)
                    self.may_overtake[other.user_id] = max(0, (me.turns * factor - other.turns) // 1 + 1)
        self.ask()

    def ask(self) -> None:
        """Fill what is empty; ALWAYS accepts at once."""
        line = [item for item in self.line if item.user_id in self.records.keys() - self.recalled]
        offers = [
            stand(item, self.now, self.handed_over_at)
            for item in self.records.values()
            if item.volunteered_at is not None and item.user_id not in self.recalled
        ]
        found = fill(self.pair, line, self.asked, self.pending, offers)
        assert set(found.asked.values()).isdisjoint(self.asked), "asked twice in one round"
        assert set(found.asked.values()).isdisjoint(found.pair.people)
        # the order in which people sit down, so that each is checked against the others
        for seat, user_id in found.seated.items():
            self.pair = self.pair.with_(seat, user_id)
            self.begin_turn(user_id)
        self.pair = found.pair
        for seat, user_id in found.asked.items():
            self.asked[user_id] = None
            self.pending[seat] = user_id
        if ALWAYS in self.pending.values():
            self.may_overtake = {}
            self.answer(next(seat for seat, user_id in self.pending.items() if user_id == ALWAYS), "accept")

    def answer(self, seat: str, word: str) -> None:
        """Let the one who is asked for a seat answer."""
        user_id = self.pending.pop(seat)
        self.asked[user_id] = word
        if word == "accept":
            self.pair = self.pair.with_(seat, user_id)
            self.begin_turn(user_id)
        else:
            self.records[user_id] = replace(self.records[user_id], volunteered_at=None)
        self.ask()

    def begin_turn(self, user_id: str) -> None:
        """Count a turn and check that it was this one's."""
        if self.records[user_id].turns >= 1:
            waiting = [
                item.user_id
                for item in self.line
                if item.turns == 0
                and item.user_id in self.records.keys() - self.recalled
                and item.user_id not in self.pair.people
            ]
            assert all(other in self.asked for other in waiting), "a second turn past somebody who had none"
        if self.ended_at.get(user_id) == self.handovers:
            in_line = {item.user_id for item in self.line}
            others = [
                item.user_id
                for item in self.records.values()
                if item.user_id not in self.pair.people
                and (item.volunteered_at is not None or item.user_id in in_line)
                and self.ended_at.get(item.user_id) != self.handovers
            ]
            assert all(other in self.asked for other in others), "two turns in a row past somebody willing"
        if user_id in self.may_overtake:
            self.may_overtake[user_id] -= 1
            assert self.may_overtake[user_id] >= 0, "waited longer than the bound"
        record = self.records[user_id]
        self.records[user_id] = replace(record, turns=record.turns + 1, volunteered_at=None)

    def end_turn(self, user_id: str) -> None:
        """Note when somebody's turn ended."""
        self.ended_at[user_id] = self.handovers
        among = self.records if user_id in self.records else self.off
        among[user_id] = replace(among[user_id], last_turn_at=self.now)

    def hand_over(self) -> None:
        """Do the regular step."""
        before, after = self.pair, self.pair.hand_over()
        assert len(set(before.people) - set(after.people)) <= 1, "more than one leaves"
        assert set(after.people) <= set(before.people), "somebody enters without being asked"
        if before.note is not None:
            assert (after.speak, after.note) == (before.note, None)
        self.handovers += 1
        self.handed_over_at = self.now
        self.recalled = set()
        if before.speak is not None:
            self.end_turn(before.speak)
        self.pair = after
        self.begin_round()

    def join(self) -> None:
        """Let a newcomer in, or somebody who was there before."""
        if self.away and self.joined % 2:
            user_id, record = self.away.popitem()
            self.records[user_id] = replace(record, since=self.now)
        else:
            user_id = f"@n{self.joined}:test"
            start = average(self.records.values(), self.now)
            self.records[user_id] = Record(user_id, *start, self.now, None, self.now + NEW_FOR)
        self.joined += 1

    def leave(self, user_id: str) -> None:
        """Let somebody go; an empty seat is asked for at once."""
        if user_id in self.pair.people:
            self.end_turn(user_id)
        self.recalled.discard(user_id)
        record = self.records.pop(user_id)
        self.away[user_id] = replace(record, weeks_before=record.full_weeks(self.now), volunteered_at=None)
        was_asking = bool(self.pending)
        self.pending = {seat: asked for seat, asked in self.pending.items() if asked != user_id}
        self.pair = self.pair.without(user_id)
        if not self.pair.empty_seats:
            return
        if was_asking:
            self.ask()
        else:
            self.begin_round()

    def go_away(self, user_id: str) -> None:
        """Let somebody be away or opt out; a seat they have stays theirs."""
        record = self.records.pop(user_id)
        self.off[user_id] = replace(record, weeks_before=record.full_weeks(self.now), volunteered_at=None)
        was_asked = user_id in self.pending.values()
        self.pending = {seat: asked for seat, asked in self.pending.items() if asked != user_id}
        if was_asked:
            self.ask()

    def come_back(self) -> None:
        """Let somebody who was away be there again, where they were."""
        user_id, record = self.off.popitem()
        self.records[user_id] = replace(record, since=self.now)

    def recall(self, user_id: str) -> None:
        """Take a seat from somebody; they are not drawn before the next handover."""
        self.end_turn(user_id)
        self.recalled.add(user_id)
        was_asking = bool(self.pending)
        self.pair = self.pair.without(user_id)
        if was_asking:
            self.ask()
        else:
            self.begin_round()

    def swap(self, giver: str, taker: str) -> None:
        """Let somebody take over a seat; the turn is counted for them and not for who hands it on."""
        seat = self.pair.seat_of(giver)
        assert seat is not None
        among = self.records if giver in self.records else self.off
        among[giver] = replace(among[giver], turns=among[giver].turns - 1)
        self.records[taker] = replace(
            self.records[taker], turns=self.records[taker].turns + 1, volunteered_at=None
        )
        self.pair = self.pair.with_(seat, taker)
        self.pending = {place: asked for place, asked in self.pending.items() if asked != taker}
        if giver in self.may_overtake:
            self.may_overtake[giver] += 1
        self.ask()

    def volunteer(self, user_id: str) -> None:
        """Let somebody offer; who has just served need not answer any more."""
        if user_id in self.pair.people or user_id in self.pending.values() or user_id in self.recalled:
            return
        self.records[user_id] = replace(self.records[user_id], volunteered_at=self.now)
        resting = {item.user_id for item in self.line if item.resting}
        for seat, asked in list(self.pending.items()):
            if asked in resting and user_id not in resting:
                del self.pending[seat]
                break
        if self.pair.empty_seats:
            self.ask()


ACTION = st.tuples(
    st.sampled_from(
        ["accept", "accept", "accept", "pass", "silent", "handover", "handover", "handover", "join", "leave", "volunteer",
         "away", "back", "later", "recall", "swap"]
    ),
    st.integers(0, 30),
)  # fmt: skip


def act(life: Life, what: str, which: int) -> None:
    """Let one thing happen."""
    others = [user_id for user_id in sorted(life.records) if user_id != ALWAYS]
    match what:
        case "accept" | "pass" | "silent":
            if life.pending:
                life.answer(sorted(life.pending)[which % len(life.pending)], what)
        case "handover":
            life.now += TERM
            life.hand_over()
        case "join":
            life.now += timedelta(days=which)
            life.join()
        case "leave" if others:
            life.now += timedelta(hours=which)
            life.leave(others[which % len(others)])
        case "volunteer" if others:
            life.volunteer(others[which % len(others)])
        case "away" if others:
            life.now += timedelta(days=which)
            life.go_away(others[which % len(others)])
        case "back" if life.off:
            life.now += timedelta(days=which)
            life.come_back()
        case "later":
            life.now += TERM
        case "recall" | "swap":
            _take_a_seat(life, what, which)


def _take_a_seat(life: Life, what: str, which: int) -> None:
    seated = [user_id for user_id in life.pair.people if user_id != ALWAYS]
    free = sorted(life.records.keys() - {ALWAYS} - set(life.pair.people) - life.recalled)
    if what == "recall" and seated:
        life.recall(seated[which % len(seated)])
    elif what == "swap" and seated and free:
        life.swap(seated[which % len(seated)], free[which % len(free)])


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.integers(1, 8), st.lists(ACTION, max_size=70))
def test_over_any_history_turns_are_fair(founders: int, history: list[tuple[str, int]]) -> None:
    """One leaves at a handover, nobody serves twice running past the willing, and waiting is bounded."""
    life = Life(founders)
    for what, which in history:
        act(life, what, which)
        assert len(set(life.pair.people)) == len(life.pair.people)
        assert set(life.pair.people) <= life.records.keys() | life.off.keys()
        if life.pair.speak is None and life.pair.note is not None:
            assert "speak" in life.pending


@given(st.integers(3, 9))
def test_where_everybody_accepts_all_take_turns_before_anybody_does_again(people: int) -> None:
    """With equal numbers it is a round: everybody enters once in as many handovers as there are people."""
    life = Life(people)
    entered: list[str] = []
    for _ in range(3 * people):
        before = set(life.pair.people)
        while life.pending:
            life.answer(next(iter(life.pending)), "accept")
        entered += sorted(set(life.pair.people) - before - set(entered[-1:]))
        life.now += TERM
        life.hand_over()
    turns = [life.records[user_id].turns for user_id in life.records]
    assert max(turns) - min(turns) <= 1


def test_who_was_silent_stays_first_in_line() -> None:
    life = Life(5)
    silent = life.line[0].user_id if life.line[0].user_id != ALWAYS else life.line[1].user_id
    while life.pending:
        seat, user_id = next(iter(life.pending.items()))
        life.answer(seat, "silent" if user_id == silent else "accept")
    life.now += TERM
    life.hand_over()
    assert life.line[0].turns == 0
    assert silent in [item.user_id for item in life.line if item.rank == life.line[0].rank]


def test_a_newcomer_starts_at_the_average_and_is_not_drawn_for_14_days() -> None:
    life = Life(4)
    while life.pending:
        life.answer(next(iter(life.pending)), "accept")
    life.now += timedelta(days=20)
    mean = average(life.records.values(), life.now)
    life.join()
    new = life.records["@n0:test"]
    assert (new.turns, new.weeks(life.now)) == (Fraction(1, 2), 3) == (mean[0], mean[1] + 1)
    assert new.is_new(life.now + NEW_FOR - timedelta(seconds=1))
    assert not new.is_new(life.now + NEW_FOR)
    assert not replace(new, volunteered_at=life.now).is_new(life.now)


STANDINGS = st.lists(
    st.builds(
        Standing,
        st.integers(0, 40).map(lambda number: f"@m{number}:test"),
        st.integers(0, 4).map(Fraction),
        st.integers(1, 9).map(Fraction),
        st.none() | st.integers(0, 60).map(lambda day: START - timedelta(days=day)),
        st.booleans(),
    ),
    max_size=15,
    unique_by=lambda item: item.user_id,
)


@given(STANDINGS, st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), st.randoms())
def test_the_draw_can_be_redone_with_a_pencil(standings: list[Standing], seed: str, luck: object) -> None:
    """The order follows from what is printed and from sha256, in whatever order one starts."""
    shuffled = sorted(standings, key=lambda item: hash((item.user_id, str(luck))))
    by_hand = sorted(
        shuffled,
        key=lambda item: (
            item.resting,
            item.turns / item.weeks,
            item.last_turn_at.timestamp() if item.last_turn_at else 0,
            hashlib.sha256((seed + item.user_id).encode()).hexdigest(),
        ),
    )
    assert line_up(standings, seed) == by_hand


def test_the_seed_is_the_event_or_the_last_event_and_the_date() -> None:
    assert make_seed("$e1") == "$e1"
    assert make_seed("$e1", datetime(2026, 12, 7, 20, tzinfo=ZoneInfo("Europe/Helsinki"))) == (
        "$e1 2026-12-07T18:00Z"
    )
    assert draw_number("$e1", "@ana:test") == hashlib.sha256(b"$e1@ana:test").hexdigest()


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - made aware below
    st.integers(1, 60),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]),
)
def test_a_handover_keeps_its_hour_when_the_clocks_change(
    previous: datetime, days: int, hour: time, name: str
) -> None:
    """The local date moves by whole days; the local hour stays, but for an hour that the clocks skip."""
    zone, term = ZoneInfo(name), timedelta(days=days)
    begun = previous.replace(tzinfo=UTC)
    at = next_handover(begun, term, hour, zone)
    local = at.astimezone(zone)
    wanted = datetime.combine(begun.astimezone(zone).date() + term, hour)
    assert at.tzinfo is UTC
    assert local.replace(tzinfo=None) in (wanted, wanted + timedelta(hours=1), wanted + timedelta(minutes=30))
    if local.replace(tzinfo=None) != wanted:
        assert (
            wanted.replace(tzinfo=zone, fold=0).utcoffset() != wanted.replace(tzinfo=zone, fold=1).utcoffset()
        )


def test_six_in_the_evening_in_london_stays_six_in_the_evening() -> None:
    london = ZoneInfo("Europe/London")
    before = datetime(2026, 10, 16, 18, tzinfo=london).astimezone(UTC)
    after = next_handover(before, TERM, time(18), london)
    assert (before.hour, after.hour) == (17, 18)
    assert after.astimezone(london) == datetime(2026, 10, 30, 18, tzinfo=london)


@given(st.integers(0, 400 * 24), st.integers(1, 40))
def test_a_late_handover_stays_on_its_dates_and_leaves_half_a_term(hours: int, days: int) -> None:
    due, term = START, timedelta(days=days)
    now = due + timedelta(hours=hours)
    at = Rhythm(term, time(10), ZoneInfo("UTC"), Quiet.read("off")).after_late(due, now)
    assert (at - due) % term == timedelta(0)
    assert term / 2 < at - now <= term * 3 / 2 or at == due + term


def test_what_is_foreseen_comes_to_pass_when_everybody_accepts() -> None:
    life = Life(5)
    while life.pending:
        life.answer(next(iter(life.pending)), "accept")
    dates = [life.now + TERM * number for number in range(1, 5)]
    expected = foresee(life.pair, list(life.records.values()), dates, "$x")
    for likely in expected:
        life.now = likely.at
        leaver, mover = life.pair.speak, life.pair.note
        life.hand_over()
        assert (likely.leaver, likely.mover) == (leaver, mover)
        tied = {likely.takers["note"], *likely.rivals["note"]}
        taker = likely.takers["note"]
        if life.pending:
            assert life.pending["note"] in tied
            if taker in tied - {life.pending["note"]}:
                # the draw chose another of those with the same numbers; the rest is foreseen anew
                return
            life.answer("note", "accept")
        assert life.pair.note in tied
