"""Several pods counted together: each person once, where they answered last."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ballot_boxes import Box, count_together, is_of_two_pods
from bot.domain.ballots import Ballot, Fate, Unread, count, judge
from bot.domain.polls import Poll

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
END = START + timedelta(minutes=10)
ASKED = Poll("P1", "!river:test", "@ana:test", "Where?", ("Park", "Hall"), 1, False, START, END, of_pods=True)

people = st.sampled_from(["ana", "ben", "cy", "di"])
moments = st.integers(0, 11).map(lambda minute: START + timedelta(minutes=minute))
answers = st.none() | st.sampled_from([(), (1,), (2,), (1, 2)])


@st.composite
def boxes(draw: st.DrawFn) -> list[Box]:
    """Three pods, some people of which are in several."""
    found = []
    for pod in range(3):
        ballots = draw(st.lists(st.tuples(people, moments, answers, st.booleans()), max_size=6))
        unread = draw(st.lists(st.tuples(people, moments), max_size=1))
        found.append(
            Box(
                tuple(
                    Ballot(f"$b{pod}.{place}", who, at, what, voice=voice)
                    for place, (who, at, what, voice) in enumerate(ballots)
                ),
                tuple(Unread(f"$u{pod}.{place}", who, at) for place, (who, at) in enumerate(unread)),
                frozenset(draw(st.sets(people))),
            )
        )
    return found


@given(boxes(), st.randoms(use_true_random=False))
def test_the_pods_add_up_to_the_whole_and_nobody_counts_twice(given_: list[Box], chance: object) -> None:
    found = count_together(given_, ASKED, END)
    for place, votes in enumerate(found.tally.counts):
        assert sum(each.counts[place] for each in found.by_box) == votes
    assert sum(each.voted for each in found.by_box) == found.tally.voted
    counted = [ballot.user_id for ballot, fate in found.judged if fate is Fate.COUNTED]
    assert len(set(counted)) == len(counted) == found.tally.voted
    assert (
        found.tally.voted + found.tally.unknown
        <= found.tally.voices
        == len(set().union(*(box.voices for box in given_)))
    )
    shuffled = list(given_)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert count_together(shuffled, ASKED, END).tally == found.tally


@given(boxes())
def test_a_pod_alone_is_counted_as_any_poll(given_: list[Box]) -> None:
    box = Box(given_[0].ballots, (), given_[0].voices)
    alone = count(judge(box.ballots, box.voices, END), 2, len(box.voices))
    found = count_together([box], ASKED, END)
    assert found.tally == found.by_box[0] == alone


@given(boxes())
def test_what_somebody_sends_who_has_no_voice_in_that_pod_changes_nothing(given_: list[Box]) -> None:
    first = given_[0]
    stranger = Ballot("$x", "eve", START, (1,))
    more = [Box((*first.ballots, stranger), first.unread, first.voices), *given_[1:]]
    assert count_together(more, ASKED, END).tally == count_together(given_, ASKED, END).tally


def test_what_somebody_said_in_a_pod_that_they_left_does_not_count_although_they_are_in_another() -> None:
    given_ = [Box((Ballot("$1", "ana", START, (1,)),), (), frozenset()), Box((), (), frozenset({"ana"}))]
    assert count_together(given_, ASKED, END).tally.voted == 0


def test_a_withdrawal_in_one_pod_withdraws_what_was_said_in_another() -> None:
    minute = timedelta(minutes=1)
    both = frozenset({"ana"})
    given_ = [
        Box((Ballot("$1", "ana", START, (1,)),), (), both),
        Box((Ballot("$2", "ana", START + minute, ()),), (), both),
    ]
    assert count_together(given_, ASKED, END).tally.voted == 0


@pytest.mark.parametrize(
    ("people_", "pairs", "agreed"),
    [
        ({"ana", "eve"}, [{"ana", "ben"}, {"eve", "fay"}], True),
        ({"ana", "ben"}, [{"ana", "ben"}, {"eve", "fay"}], False),
        ({"ana"}, [{"ana", "ben"}, {"ana", "fay"}], False),
        ({"ana", "ben"}, [{"ana", "ben"}, {"ana", "fay"}], True),
        ({"ana", "ben"}, [{"ana", "ben"}], True),
        ({"ana"}, [{"ana", "ben"}], False),
        (set(), [], False),
    ],
)
def test_two_people_of_two_pods_close_together(
    people_: set[str], pairs: list[set[str]], agreed: bool
) -> None:
    assert is_of_two_pods(people_, pairs) is agreed
