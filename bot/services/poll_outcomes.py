"""What came of a poll, in words, for each kind: the first line, the list, and the sum to redo with a pencil.

Rule: a tie is named as a tie. Where two ways of counting differ, both are said and no winner is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from bot.domain.ballots import Ranked, Tally
from bot.domain.counting import duels, levels, temperature
from bot.domain.counting.kinds import Kind
from bot.domain.counting.runoff import Round
from bot.domain.polls import Poll
from bot.text import Text, shorten

SHORT = 60
"""Characters of a question or an option inside a sentence."""


def outcome(poll: Poll, tally: Tally) -> Text:
    """Say who leads, or that nobody does."""
    if not tally.is_certain:
        return Text("No result.") if poll.erased else Text("No result yet.")
    if not tally.voted:
        return Text("Nobody voted.")
    if tally.ranked:
        return _ranked(poll, tally.ranked)
    if tally.kind is Kind.TEMPERATURE:
        return _temperature(poll, tally)
    names, top = _names(poll, tally.leading), max(tally.counts)
    if len(tally.leading) > 1:
        if tally.kind is Kind.SCORE:
            return Text("A tie, without a winner: {names}, {n} points each.", names=names, n=top)
        return Text(
            "A tie, without a winner: {names}, {n} vote each.",
            plural="A tie, without a winner: {names}, {n} votes each.",
            names=names,
            n=top,
        )
    match tally.kind:
        case Kind.APPROVAL:
            return Text("Most approve of {name}: {n} of {voted}.", name=names, n=top, voted=tally.voted)
        case Kind.MEETING:
            return Text("Most can {name}: {n} of {voted}.", name=names, n=top, voted=tally.voted)
        case Kind.SCORE:
            return Text("Most points: {name}, with {n}.", name=names, n=top)
        case _:
            return Text("Most votes: {name}, with {votes}.", name=names, votes=top)


def _temperature(poll: Poll, tally: Tally) -> Text:
    first, last = temperature.ends(tally.counts) or (1, 1)
    middle = _level(poll, levels.median(tally.counts) or Fraction(1))
    apart = temperature.is_far_apart(tally.counts)
    if tally.unknown:  # how far they go is not known then
        return Text(
            "In the middle: {middle}. Some are far apart: talk first."
            if apart
            else "In the middle: {middle}.",
            middle=middle,
        )
    return Text(
        "In the middle: {middle}. {span} Some are far apart: talk first."
        if apart
        else "In the middle: {middle}. {span}",
        middle=middle,
        span=Text("All say the same.")
        if first == last
        else Text(
            "They go from {first} to {last}.", first=poll.options[first - 1], last=poll.options[last - 1]
        ),
    )


def _level(poll: Poll, level: Fraction) -> Text:
    if level.denominator == 1:
        return Text("{level}", level=poll.options[int(level) - 1])
    # the middle two may have a level between them
    below, above = int(level) - 1, int(level)
    return Text("between {below} and {above}", below=poll.options[below], above=poll.options[above])


def _ranked(poll: Poll, ranked: Ranked) -> Text:
    winners, best = ranked.runoff.winners, duels.winner(ranked.pairs)
    [first, *_] = duels.tiers(ranked.pairs)
    runoff = (
        Text("Instant run-off: {name} wins.", name=_names(poll, winners))
        if len(winners) == 1
        else Text("Instant run-off: a tie, without a winner: {names}.", names=_names(poll, winners))
    )
    if best is not None and winners == (best,):
        return Text("{runoff} It also beats every other one, one against one.", runoff=runoff)
    pairs = (
        Text("One against one, {name} beats every other one.", name=_names(poll, [best]))
        if best is not None
        else Text(
            "One against one, nobody beats all others: {names} are level or beat each other in a circle.",
            names=_names(poll, first),
        )
    )
    if best is not None and len(winners) == 1:
        return Text("No winner: two ways of counting differ. {runoff} {pairs}", runoff=runoff, pairs=pairs)
    return Text("{runoff} {pairs}", runoff=runoff, pairs=pairs)


def _names(poll: Poll, numbers: Iterable[int]) -> Text:
    return Text.enumerated(
        Text("{name}", name=shorten(poll.options[number - 1], SHORT)) for number in numbers
    )


# -- the list ------------------------------------------------------------------------------------------


def list_title(tally: Tally) -> Text | None:
    """Say what the list is where it is not simply the votes."""
    if not tally.ranked or not tally.voted:
        return None
    if tally.unknown:
        return Text("The order could still change. So far, how many put each first:")
    return Text("The order, one against one:")


def ranked_lines(poll: Poll, tally: Tally) -> list[Text]:
    """Return one line for each option, what leads first; of a temperature, in the order of its levels."""
    if tally.ranked and tally.voted and not tally.unknown:
        return [
            Text("Place {place}: {names}", place=place, names=_names(poll, group))
            if len(group) == 1
            else Text("Place {place}: {names}, alike", place=place, names=_names(poll, group))
            for place, group in _placed(duels.tiers(tally.ranked.pairs))
        ]
    lines = list(zip(tally.counts, option_lines(poll, tally), strict=True))
    if tally.kind is not Kind.TEMPERATURE:
        lines.sort(key=lambda line: -line[0])  # what is level stays in the options' order
    return [line for _, line in lines]


def _placed(groups: Sequence[tuple[int, ...]]) -> Iterable[tuple[int, tuple[int, ...]]]:
    place = 1
    for group in groups:
        yield place, group
        place += len(group)


def option_lines(poll: Poll, tally: Tally) -> list[Text]:
    """Return what each option has, in their order."""
    if tally.kind is Kind.SCORE:
        return [
            Text(
                "{option}: {points} points, mean {mean}, median {median}",
                option=option,
                points=points,
                mean=mixed(levels.mean(each)),
                median=mixed(levels.median(each)),
            )
            for option, points, each in zip(poll.options, tally.counts, tally.scores, strict=True)
        ]
    return [
        Text("{option}: {votes}", option=option, votes=votes)
        for option, votes in zip(poll.options, tally.counts, strict=True)
    ]


def mixed(number: Fraction | None) -> str:
    """Write a fraction as people do, `4 1/2`; a dash for none."""
    if number is None:
        return "–"
    whole, rest = divmod(number.numerator, number.denominator)
    part = f"{rest}/{number.denominator}"
    return str(whole) if not rest else f"{whole} {part}" if whole else part


# -- the sum -------------------------------------------------------------------------------------------


def sums(poll: Poll, tally: Tally) -> Iterable[Text]:
    """Say the sum line by line."""
    if tally.ranked:
        yield from _rounds(poll, tally.ranked)
        yield from _pairs(poll, tally.ranked)
        return
    match tally.kind:
        case Kind.SCORE:
            yield Text("How many gave each score, from 1 to 5, and the points:")
            for number, (option, points, each) in enumerate(
                zip(poll.options, tally.counts, tally.scores, strict=True), 1
            ):
                yield Text(
                    "{number}. {option}: {each}; {points} points",
                    number=number,
                    option=option,
                    each=", ".join(map(str, each)),
                    points=points,
                )
            return
        case Kind.TEMPERATURE:
            yield Text("The middle one is whom as many stand above as below. Far apart is 3 steps or more.")
    yield Text("Votes:")
    for number, line in enumerate(option_lines(poll, tally), 1):
        yield Text("{number}. {line}", number=number, line=line)


def _rounds(poll: Poll, ranked: Ranked) -> Iterable[Text]:
    runoff = ranked.runoff
    yield Text("Instant run-off: each answer counts for the first option in it that is still in.")
    for number, each in enumerate(runoff.rounds, 1):
        yield _round(poll, number, each)
    for number, after in runoff.forks:
        yield Text(
            "If {name} goes out now, {winners} wins."
            if len(after) == 1
            else "If {name} goes out now, {winners} tie.",
            name=_names(poll, [number]),
            winners=_names(poll, after),
        )


def _round(poll: Poll, number: int, each: Round) -> Text:
    votes = [
        Text("{name} {votes}", name=shorten(poll.options[one - 1], 30), votes=votes)
        for one, votes in each.votes
    ]
    return Text(
        "Round {number}: {votes}. {spent}{out}",
        number=number,
        votes=Text.joined(votes),
        spent=Text("{n} answer names none of them. ", plural="{n} answers name none of them. ", n=each.spent)
        if each.spent
        else Text(""),
        out=_out(poll, each),
    )


def _out(poll: Poll, each: Round) -> Text:
    if each.out:
        return Text("Out: {names}.", names=_names(poll, each.out))
    top = max(votes for _, votes in each.votes)
    total = sum(votes for _, votes in each.votes)
    if 2 * top > total:
        return Text("{top} of {total} is more than half.", top=top, total=total)
    if len(each.votes) == 2:
        return Text("They are level.")
    return (
        Text("Several are equally low, and it is not drawn by lot who goes out first:") if total else Text("")
    )


def _pairs(poll: Poll, ranked: Ranked) -> Iterable[Text]:
    yield Text("One against one, how many have the first before the second, and the other way round:")
    size = len(poll.options)
    for one in range(1, size + 1):
        for other in range(one + 1, size + 1):
            yield Text(
                "{one} – {other}: {for_}–{against}",
                one=shorten(poll.options[one - 1], 30),
                other=shorten(poll.options[other - 1], 30),
                for_=ranked.pairs[one - 1][other - 1],
                against=ranked.pairs[other - 1][one - 1],
            )
