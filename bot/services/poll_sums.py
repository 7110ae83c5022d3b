"""How the sum of a poll comes about, in words: who may answer, what counted, what did not and why.

Rule: anyone can redo it with a pencil.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from bot.domain.ballots import Fate, Tally
from bot.domain.counting.kinds import Kind
from bot.domain.polls import ERASED_AFTER, Poll
from bot.domain.values import When
from bot.services.poll_outcomes import sums
from bot.services.poll_texts import unread
from bot.text import Text

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
    shown = not (poll.is_open and (poll.hidden or poll.of_pods))
    return Text.lines(
        [
            Text(
                "{id} is open: {question}" if poll.is_open else "{id} is closed: {question}",
                id=poll.id,
                question=poll.question,
            ),
            _answers_each(poll),
            Text(
                "Every pod answers in its own room. Who is in two pods counts once, where they answered last."
            )
            if poll.of_pods
            else None,
            Text(
                "The last one sent before {at} counts, by the server's time, tapped or typed.",
                at=When(poll.end, zone),
            ),
            _electorate(poll, tally),
            unread(tally, is_open=poll.is_open),
            *_left_out(poll, tally, fates),
            *(sums(poll, tally) if shown else [Text("The votes are shown at closing.")]),
        ]
    )


_EACH = {
    Kind.SCORE: Text("may give every option 1 to 5 points, 1 where they give none."),
    Kind.RANK: Text("may put the options in order. What they leave out comes last, all alike."),
    Kind.APPROVAL: Text("may name as many as they like."),
    Kind.MEETING: Text("may name as many as they like."),
}


def _answers_each(poll: Poll) -> Text:
    one = Text("may give one answer.")
    several = Text("may give up to {most} answers at once.", most=poll.most)
    return Text(
        "Each member with a voice in a pod {may}"
        if poll.of_pods
        else "Each member with a voice in this room {may}",
        may=_EACH.get(poll.kind, one if poll.most == 1 else several),
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
