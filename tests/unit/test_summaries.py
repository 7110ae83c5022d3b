"""Summaries as plain values: whatever anybody does, nothing goes that two entitled people did not see and approve."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.drafts import check_text
from bot.domain.errors import Conflict, NotAllowed, UsageError
from bot.domain.files import Attached, File, Media, Sealed
from bot.domain.harmless import NO_MASS_MENTION, NO_PERSON_LINK, NO_ROOM_LINK, make_harmless
from bot.domain.summaries import DRAFT_LASTS, Summary
from bot.domain.summary_parts import Destination, State, Terms
from bot.domain.voices import AssemblyVoices, PodVoices
from bot.matrix.format import plain
from bot.text import quote

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PEOPLE = ["ana", "ben", "cy", "di", "ed"]
PODS = ["Willow", "Oak", "Hazel"]
TO_RIVER = Terms("Willow", (Destination("!river", "River"),))


def draft(**values: object) -> Summary:
    given_values = {"text": "We can host.", "terms": TO_RIVER, "made_at": START} | values
    return Summary("S1", "!willow", "ana", "$command", "$command", "ana", **given_values)  # type: ignore[arg-type]


def pod(*pair: str, members: str = "ana ben cy di") -> PodVoices:
    return PodVoices("Willow", frozenset(pair), frozenset(members.split()))


def oks(summary: Summary, voices: PodVoices | AssemblyVoices, *people: str) -> Summary:
    for person in people:
        summary = summary.approve(person, f"${person}", voices, summary.terms, START)
    return summary


# -- the rule in words -----------------------------------------------------------------------------


def test_both_spokes_of_a_pod_approve() -> None:
    first = oks(draft(), pod("ana", "ben"), "ana")
    assert (first.state, first.approvers) == (State.DRAFT, ("ana",))
    second = oks(first, pod("ana", "ben"), "ben")
    assert second.state is State.APPROVED
    assert [ok.counted_for for ok in second.oks] == ["Willow", "Willow"]


def test_with_both_seats_filled_another_member_may_not() -> None:
    with pytest.raises(NotAllowed):
        oks(draft(), pod("ana", "ben"), "cy")


def test_with_one_seat_empty_the_spoke_and_any_other_member_approve() -> None:
    assert oks(draft(), pod("ana"), "cy", "ana").state is State.APPROVED
    assert oks(draft(), pod("ana"), "ana", "di").state is State.APPROVED
    with pytest.raises(Conflict):
        oks(draft(), pod("ana"), "cy", "di")


def test_with_both_seats_empty_nobody_approves() -> None:
    for person in PEOPLE:
        with pytest.raises(NotAllowed):
            oks(draft(), pod(), person)


def test_a_seat_of_somebody_who_is_not_here_counts_as_empty() -> None:
    assert oks(draft(), pod("ana", "zoe"), "ana", "cy").state is State.APPROVED


def test_an_ok_counts_once_and_not_after_its_giver_lost_the_seat() -> None:
    first = oks(draft(), pod("ana", "ben"), "ana")
    with pytest.raises(Conflict):
        oks(first, pod("ana", "ben"), "ana")
    assert oks(first, pod("ben", "cy"), "ben").state is State.DRAFT
    assert oks(first, pod("ben", "cy"), "ben", "cy").state is State.APPROVED


def test_in_an_assembly_spokes_of_two_different_pods_approve() -> None:
    voices = AssemblyVoices(
        {"ana": frozenset({"Willow"}), "ben": frozenset({"Willow"}), "cy": frozenset({"Oak"})}
    )
    with pytest.raises(Conflict):
        oks(draft(), voices, "ana", "ben")
    assert oks(draft(), voices, "ana", "cy").state is State.APPROVED
    with pytest.raises(NotAllowed):
        oks(draft(), voices, "di")


def test_a_spoke_of_two_pods_is_one_person() -> None:
    voices = AssemblyVoices({"ana": frozenset({"Willow", "Oak"}), "ben": frozenset({"Willow"})})
    one = oks(draft(), voices, "ana")
    assert one.state is State.DRAFT
    both = oks(one, voices, "ben")
    assert {ok.user_id: ok.counted_for for ok in both.oks} == {"ana": "Oak", "ben": "Willow"}


def test_other_rooms_than_those_shown_make_a_new_version_and_void_the_oks() -> None:
    first = oks(draft(), pod("ana", "ben"), "ana")
    elsewhere = Terms("Willow", (Destination("!sea", "Sea"),))
    moved = first.approve("ben", "$ben", pod("ana", "ben"), elsewhere, START)
    assert (moved.state, moved.version, moved.oks, moved.terms) == (State.DRAFT, 2, (), elsewhere)


def test_a_draft_dies_after_72_hours_even_where_its_timer_is_late() -> None:
    late = START + DRAFT_LASTS
    with pytest.raises(Conflict, match="lapsed"):
        draft().approve("ana", "$ok", pod("ana", "ben"), TO_RIVER, late)
    assert draft().lapse(late - timedelta(seconds=1)).state is State.DRAFT
    assert draft().lapse(late).state is State.LAPSED
    assert draft().lapse(late).text == ""


def test_a_file_that_is_not_here_cannot_be_approved_and_its_keys_go_with_the_words() -> None:
    content = Sealed("mxc://test/a", "key", "iv", "hash", "application/pdf", 5)
    attached = Attached("$file", "cy", Media.FILE, "a.pdf", None, True, content)
    wanted = draft().change("We can host.", TO_RIVER, START, attached)
    assert wanted.version == 2
    with pytest.raises(Conflict, match="still being fetched"):
        oks(wanted, pod("ana", "ben"), "ana")
    assert wanted.file is not None
    sent = oks(wanted.fetched(replace(wanted.file, content=content)), pod("ana", "ben"), "ana", "ben")
    assert (sent.state, sent.new_file) == (State.APPROVED, sent.file)
    same = sent.correct("We cannot.", TO_RIVER, "cy", "$c", START)
    assert (same.file, same.new_file) == (sent.file, None)
    other = sent.correct(sent.text, TO_RIVER, "cy", "$c", START, attached)
    assert other.new_file is not None
    assert other.new_file.since == other.version
    assert other.as_sent.file == other.cancel(START).file == sent.file
    assert sent.retract(TO_RIVER, "cy", "$c", START).file is None
    assert wanted.cancel(START).file is None


# -- the whole life --------------------------------------------------------------------------------


@dataclass
class Typed:
    """An ok somebody typed while they were entitled to, for what was shown then."""

    person: str
    version: int
    text: str
    terms: Terms


class Life(RuleBasedStateMachine):
    """Anybody does anything in any order; seats, members and pods change under it."""

    @initialize(in_assembly=st.booleans())
    def begin(self, in_assembly: bool) -> None:
        self.in_assembly = in_assembly
        self.now = START
        self.pairs = {"Willow": ["ana", "ben"], "Oak": ["cy", "ed"], "Hazel": ["ben"]}
        self.here = set(PEOPLE)
        self.pods = ["Oak", "Willow"]
        self.urgent = False
        self.summary = draft(terms=self.terms())
        self.shown = {1: (self.summary.text, self.summary.terms)}
        self.shown_at = {1: self.now}
        self.files: dict[int, File] = {}
        """The files that were shown, by version."""
        self.typed: list[Typed] = []
        self.ended: Summary | None = None

    def terms(self) -> Terms:
        if not self.in_assembly:
            return Terms("Willow", (Destination("!" + self.pods[0], self.pods[0]),))
        destinations = tuple(Destination("!" + name, name) for name in self.pods)
        return Terms("the assembly River", destinations, urgent=self.urgent)

    def voices(self) -> PodVoices | AssemblyVoices:
        if not self.in_assembly:
            return PodVoices("Willow", frozenset(self.pairs["Willow"]), frozenset(self.here))
        return AssemblyVoices(
            {
                person: frozenset(name for name in self.pods if person in self.pairs[name])
                for person in self.here
            }
        )

    def entitled(self, first: str, second: str) -> bool:
        """The rule again, written otherwise: may these two send it together, as things are?"""
        if first == second or not {first, second} <= self.here:
            return False
        if self.in_assembly:
            return any(
                first in self.pairs[one] and second in self.pairs[other]
                for one in self.pods
                for other in self.pods
                if one != other
            )
        seated = [person for person in self.pairs["Willow"] if person in self.here]
        return (len(seated) == 2 and {first, second} == set(seated)) or (
            len(seated) == 1 and seated[0] in (first, second)
        )

    def take(self, after: Summary) -> None:
        if after.version not in self.shown:
            self.shown[after.version] = (after.text, after.terms)
            self.shown_at[after.version] = self.now
        if after.file is not None and after.file.is_here:
            self.files[after.version] = after.file
        self.summary = after

    @rule(person=st.sampled_from(PEOPLE))
    def says_ok(self, person: str) -> None:
        if person not in self.here:
            return
        before = self.summary
        try:
            after = before.approve(person, f"$ok{len(self.typed)}", self.voices(), self.terms(), self.now)
        except (Conflict, NotAllowed):
            return
        if after.version == before.version:
            self.typed.append(Typed(person, before.version, *self.shown[before.version]))
        self.take(after)
        if after.state is State.APPROVED:
            assert before.state is State.DRAFT
            assert self.now - self.shown_at[after.version] < DRAFT_LASTS
            assert (after.text, after.terms) == self.shown[after.version]
            assert after.file == self.files.get(after.version)
            assert after.file is None or after.file.is_here
            assert after.terms == self.terms()
            people = {
                ok.person
                for ok in self.typed
                if (ok.version, ok.text, ok.terms) == (after.version, after.text, after.terms)
            }
            counted = [ok.user_id for ok in after.oks if ok.counted_for]
            assert len(counted) == 2
            assert set(counted) <= people
            assert self.entitled(*counted)

    @rule(
        one=st.sampled_from(PEOPLE),
        other=st.sampled_from(PEOPLE),
        hours=st.sampled_from([0, 1, 30, 71, 72, 80]),
    )
    def two_say_ok(self, one: str, other: str, hours: int) -> None:
        self.says_ok(one)
        self.waits(hours)
        self.says_ok(other)

    @rule(text=st.sampled_from(["We can host.", "We cannot host.", "Perhaps."]), urgent=st.booleans())
    def edits(self, text: str, urgent: bool) -> None:
        before, was_urgent, self.urgent = self.summary, self.urgent, urgent
        try:
            self.take(before.change(text, self.terms(), self.now))
        except Conflict:
            self.urgent = was_urgent
            return
        if (text, self.terms()) != (before.text, before.terms):
            assert not self.summary.oks

    @rule(text=st.sampled_from(["We can host.", "Perhaps."]), comes=st.booleans())
    def attaches_a_file(self, text: str, comes: bool) -> None:
        number = self.summary.version
        content = Sealed(f"mxc://test/{number}", "key", "iv", "hash", "application/pdf", 5)
        attached = Attached(f"$file{number}", "cy", Media.FILE, "a.pdf", None, True, content)
        try:
            self.take(self.summary.change(text, self.terms(), self.now, attached))
        except Conflict:
            return
        assert not self.summary.oks
        if comes:
            self.file_comes()

    @precondition(lambda self: self.summary.file and not self.summary.file.is_here)
    @rule()
    def file_comes(self) -> None:
        assert self.summary.file is not None
        since = self.summary.file.since
        content = Sealed(f"mxc://test/copy{since}", "key", "iv", "hash", "application/pdf", 5)
        # one that was asked for by an earlier version changes nothing
        assert self.summary.fetched(replace(self.summary.file, since=since - 1)) == self.summary
        self.take(self.summary.fetched(replace(self.summary.file, content=content)))

    @rule(person=st.sampled_from(PEOPLE))
    def takes_ok_back(self, person: str) -> None:
        try:
            self.summary = self.summary.take_back(person, self.now)
        except Conflict:
            return
        self.typed = [ok for ok in self.typed if ok.person != person]

    @rule(certain=st.integers(0, 9))
    def cancels(self, certain: int) -> None:
        if certain == 0:
            try:
                self.take(self.summary.cancel(self.now))
            except Conflict:
                return

    @rule(hours=st.integers(1, 40))
    def waits(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def timer(self) -> None:
        self.summary = self.summary.lapse(self.now)

    @rule(name=st.sampled_from(PODS), pair=st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True))
    def hands_over(self, name: str, pair: list[str]) -> None:
        self.pairs[name] = pair

    @rule(person=st.sampled_from(PEOPLE))
    def leaves_or_comes(self, person: str) -> None:
        self.here ^= {person}

    @rule(pods=st.lists(st.sampled_from(PODS), min_size=1, unique=True))
    def pods_change(self, pods: list[str]) -> None:
        self.pods = sorted(pods)

    @precondition(lambda self: self.summary.state is not State.DRAFT)
    @invariant()
    def what_has_ended_stays(self) -> None:
        self.ended = self.ended or self.summary
        assert self.summary == self.ended


Life.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
test_life = Life.TestCase


# -- words made harmless ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("@room come!", f"{NO_MASS_MENTION} come!"),
        ("(@HERE)", f"({NO_MASS_MENTION})"),
        ("@ro\u200bom", NO_MASS_MENTION),
        ("ask @cy:example.org, please", "ask cy, please"),
        ("@@room:example.org", "room"),
        ("@@room", f"@{NO_MASS_MENTION}"),
        ("write to cy@example.org", "write to cy@example.org"),
        ("at 10:30 in #tent: bring cups", "at 10:30 in #tent: bring cups"),
        ("see #river:example.org.", f"see {NO_ROOM_LINK}."),
        ("!abc:example.org:8448", NO_ROOM_LINK),
        ("!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", NO_ROOM_LINK),
        ("https://matrix.to/#/#river:example.org?via=a.b, now", f"{NO_ROOM_LINK}, now"),
        ("HTTPS://MATRIX.TO/#/%23river:example.org", NO_ROOM_LINK),
        ("<https://matrix.to/#/@cy:example.org>", f"<{NO_PERSON_LINK}>"),
        ("[Cy](https://matrix.to/#/@cy:example.org) says", "Cy says"),
        ("[our room](https://matrix.to/#/!a:example.org)", f"our room {NO_ROOM_LINK}"),
        ("matrix:r/river:example.org and matrix:u/cy:example.org", f"{NO_ROOM_LINK} and {NO_PERSON_LINK}"),
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("abc\u202edef\u2066 \u3164x", "abcdef x"),
        ("a\r\n\tb\u2028c  \n\n\n\nd", "a\n b\nc\n\nd"),
    ],
)
def test_words_are_made_harmless(typed: str, shown: str) -> None:
    assert make_harmless(typed) == shown


LETTERS = st.text(
    st.sampled_from("@#!:.room test/a1\n\t\u200b[]()<>*_`&;-=+|\\~\u00a0é😀"), max_size=60
) | st.text(max_size=60)


@given(LETTERS)
def test_harmless_words_stay_as_they_are(words: str) -> None:
    once = make_harmless(words)
    assert make_harmless(once) == once


@given(LETTERS)
def test_harmless_words_are_read_as_they_are_kept(words: str) -> None:
    text = make_harmless(words)
    shown = plain("From Willow:\n" + quote(text)).removeprefix("From Willow:").strip("\n")
    assert shown == "\n".join(f"> {line}".rstrip() for line in text.splitlines())


@given(LETTERS)
def test_harmless_words_ping_nobody_and_lead_nowhere(words: str) -> None:
    text = make_harmless(words)
    assert not re.search(
        r"(?<!\w)@room(?!\w)|matrix\.to/|(?<!\w)[@#!][a-z]+:[a-z]|\u200b", text, re.IGNORECASE
    )


@pytest.mark.parametrize("words", ["", "  \n ", "\u200b\u2800", "\x00"])
def test_nothing_is_no_summary(words: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        check_text(words)


def test_a_summary_has_1200_characters_at_most() -> None:
    assert len(check_text("é" * 1200)) == 1200
    with pytest.raises(UsageError) as refusal:
        check_text("é" * 1250)
    assert refusal.value.values["over"] == "50"


def test_a_flood_is_refused_quickly() -> None:
    with pytest.raises(UsageError):
        check_text("@" * 30_000 + "a" + ":b" * 15_000)
