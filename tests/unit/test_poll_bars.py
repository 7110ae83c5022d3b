"""The bars of a poll's result: labels in their order, exact numbers, a unit and a full length."""

from datetime import UTC, datetime
from fractions import Fraction

from bot.domain.ballots import Ballot, Fate, Tally, count
from bot.domain.counting.kinds import Kind
from bot.domain.polls import Poll
from bot.services.poll_bars import Bar, Bars, bars
from bot.text import Text

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def drawn(kind: Kind, *answers: tuple[int, ...]) -> Bars:
    """The bars of a closed poll with these answers."""
    options = ("Park", "Library", "Hall")
    poll = Poll("P3", "!willow:test", "@ana:test", "Where?", options, 1, False, NOW, NOW, kind=kind)
    judged = [
        (Ballot(f"$e{place}", f"@p{place}:test", NOW, each), Fate.COUNTED)
        for place, each in enumerate(answers)
    ]
    tally: Tally = count(judged, 3, 9, kind=kind)
    return bars(poll, tally)


def test_votes_are_bars_and_everybody_who_voted_is_the_full_length() -> None:
    assert drawn(Kind.APPROVAL, (1, 2), (2,)) == Bars(
        Text("votes"),
        Fraction(2),
        (Bar("Park", Fraction(1)), Bar("Library", Fraction(2)), Bar("Hall", Fraction(0))),
    )


def test_scores_are_drawn_by_their_exact_mean_on_a_scale_to_five() -> None:
    found = drawn(Kind.SCORE, (5, 1, 2), (4, 1, 2))
    assert (found.unit, found.full) == (Text("mean score"), Fraction(5))
    assert [bar.value for bar in found.rows] == [Fraction(9, 2), Fraction(1), Fraction(2)]
    assert [bar.value for bar in drawn(Kind.SCORE).rows] == [Fraction(0)] * 3


def test_a_ranking_is_drawn_by_its_last_count() -> None:
    found = drawn(Kind.RANK, (1,), (1,), (1,), (1,), (2,), (2,), (2,), (3, 2), (3, 2))
    assert found.unit == Text("votes in the last count")
    assert [bar.value for bar in found.rows] == [Fraction(4), Fraction(5), Fraction(0)]
