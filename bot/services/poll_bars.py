"""What bars a poll's result has, whatever its kind, for whoever draws it.

Rule: a bar is what the result in words says, in whole numbers or exact fractions; a drawing adds nothing and rounds
only what it cannot show.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from bot.domain.ballots import Tally
from bot.domain.counting import levels
from bot.domain.counting.kinds import Kind
from bot.domain.polls import Poll
from bot.text import Text


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Args:
        label: People's own words for the option; not shortened.
        value: How long it is, from 0 to `Bars.full`.
    """

    label: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of a result.

    Args:
        unit: What a bar's number counts, such as "votes".
        full: The longest that a bar could be: everybody who voted, or the highest score.
        rows: The bars in the order of the options.
    """

    unit: Text
    full: Fraction
    rows: tuple[Bar, ...]


def bars(poll: Poll, tally: Tally) -> Bars:
    """Return the bars of a poll.

    Votes for most kinds; the mean score where options are scored; where they are ranked, the votes in the last count of
    the instant run-off (0 for who went out before).
    """
    unit, full = Text("votes"), Fraction(tally.voted)
    values = [Fraction(count) for count in tally.counts]
    if tally.ranked:
        last = dict(tally.ranked.runoff.rounds[-1].votes)
        unit = Text("votes in the last count")
        values = [Fraction(last.get(number, 0)) for number in range(1, len(poll.options) + 1)]
    elif tally.kind is Kind.SCORE:
        unit, full = Text("mean score"), Fraction(levels.HIGHEST)
        values = [levels.mean(each) or Fraction(0) for each in tally.scores]
    rows = tuple(Bar(label, value) for label, value in zip(poll.options, values, strict=True))
    return Bars(unit, full, rows)
