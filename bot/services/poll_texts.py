"""What the bot says about quick polls: the question, the state, the result, the sum.

Rule: a tie is named as a tie, and what is hidden until the end stays hidden here too. Lists come last in a
message: in Markdown a line after a list belongs to its last item.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.ballots import Fate, Tally
from bot.domain.polls import ERASED_AFTER, Poll
from bot.domain.values import Code, When
from bot.text import Text, shorten

_SHORT = 60
"""Characters of a question or an option inside a sentence."""


def opened(poll: Poll, zone: ZoneInfo, now: datetime, *, alone: bool) -> Text:
    """Ask the question in words, beside the native poll, which not every app shows.

    Args:
        poll: The poll.
        zone: The room's time zone.
        now: The moment.
        alone: Whether it is the only open poll of the room, so that `!vote` needs no id.
    """
    return Text.lines(
        [
            _title(poll),
            Text(
                "Tap your answer in the poll above, or type {vote}, or reply to this message with {number} or an"
                " option's words. Your last answer counts.",
                vote=Code(f"!vote {'' if alone else f'{poll.id} '}2"),
                number=Code("2"),
            ),
            *_terms(poll, zone, now, alone=alone),
            Text.lines(_numbered(poll)),
        ]
    )


def state(poll: Poll, tally: Tally, zone: ZoneInfo, now: datetime) -> Text:
    """Say how an open poll stands, and how to answer without the native poll."""
    return Text.lines(
        [
            _title(poll),
            turnout_so_far(tally),
            _unknown(tally, is_open=True),
            Text(
                "To answer, type {vote}, or reply to this message with {number} or an option's words.",
                vote=Code(f"!vote {poll.id} 2"),
                number=Code("2"),
            ),
            *_terms(poll, zone, now, alone=False),
            Text.lines(_numbered(poll, None if poll.hidden else tally.counts)),
        ]
    )


def _title(poll: Poll) -> Text:
    return Text("{id}: {question}", id=poll.id, question=poll.question)


def _terms(poll: Poll, zone: ZoneInfo, now: datetime, *, alone: bool) -> Iterable[Text]:
    if poll.most > 1:
        yield Text(
            "Up to {most} answers each. Apps may show buttons for one only; for several, type {vote}.",
            most=poll.most,
            vote=Code(f"!vote {'' if alone else f'{poll.id} '}1 {'2' if len(poll.options) == 2 else '3'}"),
        )
    if poll.hidden:
        yield Text(
            "The counts are shown only at closing. This is not secret: members' apps can still see who answered what."
        )
    yield Text("Closes {at}.", at=When(poll.closes_at, zone, now))


def _numbered(poll: Poll, counts: Sequence[int] | None = None) -> list[Text]:
    if counts is None:
        return [
            Text("{number}. {option}", number=number, option=option)
            for number, option in enumerate(poll.options, 1)
        ]
    return [
        Text("{number}. {option}: {votes}", number=number, option=option, votes=votes)
        for number, (option, votes) in enumerate(zip(poll.options, counts, strict=True), 1)
    ]


def turnout_so_far(tally: Tally) -> Text:
    """Say how many have voted in an open poll."""
    return Text(
        "{n} of {voices} has voted.",
        plural="{n} of {voices} have voted.",
        n=tally.voted,
        voices=tally.voices,
    )


# -- the result --------------------------------------------------------------------------------------


def result(poll: Poll, tally: Tally, beginning: Text, remark: Text | None = None) -> Text:
    """Say the result: who leads, the turnout, and every option with its votes, the most first.

    Args:
        poll: The poll.
        tally: Its sum.
        beginning: The first words, such as "P3 is closed".
        remark: A line on what is out of the ordinary.
    """
    ranked = sorted(zip(tally.counts, poll.options, strict=True), key=lambda pair: -pair[0])
    return Text.lines(
        [
            Text("{beginning}: {question}", beginning=beginning, question=poll.question),
            remark,
            _outcome(poll, tally),
            _unknown(tally),
            _turnout(poll, tally),
            Text("If I can read it later, it counts by when it was sent, and I say the new result.")
            if tally.unknown and not poll.erased
            else None,
            Text(
                "Apps count only what was tapped; this sum has the {n} typed answer too.",
                plural="Apps count only what was tapped; this sum has the {n} typed answers too.",
                n=tally.typed,
            )
            if tally.typed
            else None,
            Text.listed(Text("{option}: {votes}", option=option, votes=votes) for votes, option in ranked),
        ]
    )


def _unknown(tally: Tally, *, is_open: bool = False) -> Text | None:
    """Say whose answers are unknown, and at the end whether they could change who leads."""
    if not tally.unknown:
        return None
    if is_open:
        return Text(
            "What {n} member sent last could not be read; it may be an answer.",
            plural="What {n} members sent last could not be read; it may be answers.",
            n=tally.unknown,
        )
    return Text(
        "What {n} member sent last could not be read. If it was an answer, {effect}.",
        plural="What {n} members sent last could not be read. If it was answers, {effect}.",
        n=tally.unknown,
        effect=Text("it cannot change who leads") if tally.is_certain else Text("it could change who leads"),
    )


def _outcome(poll: Poll, tally: Tally) -> Text:
    if not tally.is_certain:
        return Text("No result.") if poll.erased else Text("No result yet.")
    names = [shorten(poll.options[number - 1], _SHORT) for number in tally.leading]
    if not names:
        return Text("Nobody voted.")
    if len(names) > 1:
        return Text(
            "A tie, without a winner: {names}, {n} vote each.",
            plural="A tie, without a winner: {names}, {n} votes each.",
            names=Text.enumerated(Text("{name}", name=name) for name in names),
            n=max(tally.counts),
        )
    return Text("Most votes: {name}, with {votes}.", name=names[0], votes=max(tally.counts))


def _turnout(poll: Poll, tally: Tally) -> Text:
    return Text(
        "{voted} of {n} member voted. {why} shows the sum.",
        plural="{voted} of {n} members voted. {why} shows the sum.",
        n=tally.voices,
        voted=tally.voted,
        why=Code(f"!why {poll.id}"),
    )


# -- lists and sums ----------------------------------------------------------------------------------


def open_line(poll: Poll, tally: Tally, zone: ZoneInfo, now: datetime) -> Text:
    """Say an open poll in one line."""
    return Text(
        "{id}: {question} – {turnout} Closes {at}.",
        id=poll.id,
        question=shorten(poll.question, _SHORT),
        turnout=turnout_so_far(tally),
        at=When(poll.closes_at, zone, now),
    )


def closed_line(poll: Poll, tally: Tally) -> Text:
    """Say a closed poll in one line."""
    return Text(
        "{id}: {question} – {outcome} {voted} of {voices} voted.",
        id=poll.id,
        question=shorten(poll.question, _SHORT),
        outcome=_outcome(poll, tally),
        voted=tally.voted,
        voices=tally.voices,
    )


def record(poll: Poll, zone: ZoneInfo) -> Text:
    """Say a poll with all its counts in one line, for the records of a pod."""
    if poll.tally is None:
        return Text(
            "{id}, open until {at}: {question} – {options}",
            id=poll.id,
            at=When(poll.closes_at, zone),
            question=poll.question,
            options=Text.enumerated(Text("{option}", option=option) for option in poll.options),
        )
    return Text(
        "{id}, closed {at}: {question} – {counts}. {voted} of {voices} voted. {unknown}"
        if poll.tally.unknown
        else "{id}, closed {at}: {question} – {counts}. {voted} of {voices} voted.",
        id=poll.id,
        at=When(poll.end, zone),
        question=poll.question,
        counts=Text.enumerated(
            Text("{option}: {votes}", option=option, votes=votes)
            for option, votes in zip(poll.options, poll.tally.counts, strict=True)
        ),
        voted=poll.tally.voted,
        voices=poll.tally.voices,
        unknown=_unknown(poll.tally),
    )


_NOT_COUNTED = {
    Fate.UNSURE: (
        "{n} answer may have been replaced by one that could not be read.",
        "{n} answers may have been replaced by ones that could not be read.",
    ),
    Fate.REPLACED: (
        "{n} answer was replaced by a later one of the same person.",
        "{n} answers were replaced by later ones of the same person.",
    ),
    Fate.WITHDRAWN: ("{n} answer was withdrawn.", "{n} answers were withdrawn."),
    Fate.LATE: ("{n} answer was sent after the end.", "{n} answers were sent after the end."),
    Fate.SPOILED: ("{n} answer named no option of this poll.", "{n} answers named no option of this poll."),
    Fate.VOICELESS: (
        "{n} answer came from somebody who was not a member with a voice.",
        "{n} answers came from people who were not members with a voice.",
    ),
    Fate.GONE: (
        "{n} answer came from somebody who left, or lost their voice, afterwards.",
        "{n} answers came from people who left, or lost their voice, afterwards.",
    ),
}


def why(poll: Poll, tally: Tally, fates: Counter[Fate], zone: ZoneInfo) -> Text:
    """Say how the sum comes about, so that anyone can redo it with a pencil."""
    shown = not (poll.is_open and poll.hidden)
    return Text.lines(
        [
            Text(
                "{id} is open: {question}" if poll.is_open else "{id} is closed: {question}",
                id=poll.id,
                question=poll.question,
            ),
            Text("Each member with a voice in this room may give one answer.")
            if poll.most == 1
            else Text(
                "Each member with a voice in this room may give up to {most} answers at once.", most=poll.most
            ),
            Text(
                "The last one sent before {at} counts, by the server's time, tapped or typed.",
                at=When(poll.end, zone),
            ),
            _electorate(poll, tally),
            _unknown(tally, is_open=poll.is_open),
            *_left_out(poll, tally, fates),
            Text("Votes:") if shown else Text("The votes are shown at closing."),
            *(_numbered(poll, tally.counts) if shown else ()),
        ]
    )


def _electorate(poll: Poll, tally: Tally) -> Text:
    if poll.is_open:
        return Text(
            "{voices} may vote now; {voted} did so far. At closing, those count who are members then.",
            voices=tally.voices,
            voted=tally.voted,
        )
    return Text(
        "{voices} could vote when it closed, and {voted} did.", voices=tally.voices, voted=tally.voted
    )


def _left_out(poll: Poll, tally: Tally, fates: Counter[Fate]) -> Iterable[Text]:
    if poll.erased:
        yield Text(
            "Who answered what was erased {days} days after the result; the sum stays.",
            days=ERASED_AFTER.days,
        )
    for fate, (singular, plural) in _NOT_COUNTED.items():
        if fates[fate]:
            yield Text(f"Not counted: {singular}", plural=f"Not counted: {plural}", n=fates[fate])
