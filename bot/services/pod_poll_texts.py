"""What the bot says about a poll that an assembly puts to its pods.

Rule: the assembly sees counts and never who said what; people in a pod are told what it will see before they answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.ballot_boxes import PodPoll
from bot.domain.ballots import Tally
from bot.domain.counting.kinds import Kind
from bot.domain.polls import Poll
from bot.domain.values import Code, When
from bot.services import poll_texts
from bot.services.poll_outcomes import outcome
from bot.text import Text, shorten


def opened(parent: Poll, parts: Sequence[PodPoll], zone: ZoneInfo, now: datetime) -> Text:
    """Say in the assembly what every pod is asked, and what will be shown."""
    return Text.lines(
        [
            Text("{id}: {question}", id=parent.id, question=parent.question),
            Text(
                "Every pod is asked in its own room: {names}. Nobody answers here.",
                names=Text.enumerated(Text("{name}", name=part.name) for part in parts),
            ),
            _kind(parent),
            Text(
                "At the end I show the counts of each pod and of all, each person once. Where only one or two of a pod"
                " answer, that shows what they said."
            ),
            *_end(parent, zone, now),
            Text.lines(_options(parent)),
        ]
    )


def asked_by(assembly: str, parent: Poll) -> Text:
    """Say in a pod who asks, and what will be seen of the answers."""
    return Text(
        "{assembly} asks every pod ({parent}). Answer here. It will see how many here said what, never who; if only one or"
        " two of you answer, it can guess. Who is in two pods counts once, where they answer last.",
        assembly=assembly,
        parent=parent.id,
    )


def state(
    parent: Poll, tally: Tally, turnout: Sequence[tuple[str, Tally]], zone: ZoneInfo, now: datetime
) -> Text:
    """Say in the assembly how many have answered; how, is shown only at the end."""
    return Text.lines(
        [
            Text("{id}: {question}", id=parent.id, question=parent.question),
            Text("Every pod is asked in its own room. {turnout}", turnout=poll_texts.turnout_so_far(tally)),
            poll_texts.unread(tally, is_open=True),
            *_end(parent, zone, now),
            Text.lines(_options(parent)),
            Text.listed(
                Text("{name}: {voted} of {voices}", name=name, voted=each.voted, voices=each.voices)
                for name, each in turnout
            ),
        ]
    )


def _end(parent: Poll, zone: ZoneInfo, now: datetime) -> Iterable[Text]:
    yield Text("Closes {at}.", at=When(parent.closes_at, zone, now))
    yield Text(
        "To close it earlier, spokes of two pods type {close}.", close=Code(f"!poll close {parent.id}")
    )


def _kind(parent: Poll) -> Text | None:
    return None if parent.kind is Kind.CHOICE else Text("Type: {kind}.", kind=parent.kind.value)


def _options(parent: Poll) -> list[Text]:
    return [
        Text("{number}. {option}", number=number, option=option)
        for number, option in enumerate(parent.options, 1)
    ]


def result(
    parent: Poll, tally: Tally, parts: Sequence[PodPoll], beginning: Text, remark: Text | None = None
) -> Text:
    """Say the result of all pods, and the counts of each."""
    return Text.lines([poll_texts.result(parent, tally, beginning, remark), Text(""), *by_pod(parent, parts)])


def by_pod(parent: Poll, parts: Sequence[PodPoll]) -> Iterable[Text]:
    """Say what each pod gave each option."""
    match parent.kind:
        case Kind.RANK:
            yield Text("By pod, how many put each first:")
        case Kind.SCORE:
            yield Text("By pod, the points:")
        case _:
            yield Text("By pod:")
    yield Text.listed(_line(parent, part) for part in parts)


def _line(parent: Poll, part: PodPoll) -> Text:
    if not part.reached:
        return Text("{pod}: the question did not reach its room in time", pod=part.name)
    if not part.voted:
        return Text("{pod}: no answers", pod=part.name)
    given = [
        Text("{option} {votes}", option=shorten(option, 30), votes=votes)
        for option, votes in zip(parent.options, part.counts, strict=True)
        if votes
    ]
    return Text(
        "{pod}, {n} answer: {given}",
        plural="{pod}, {n} answers: {given}",
        n=part.voted,
        pod=part.name,
        given=Text.joined(given),
    )


def in_all(parent: Poll, tally: Tally) -> Text:
    """Say in a pod what all pods together said, before its own counts."""
    return Text(
        "All pods together ({parent}): {outcome} {voted} of {voices} voted. In this pod alone:",
        parent=parent.id,
        outcome=outcome(parent, tally),
        voted=tally.voted,
        voices=tally.voices,
    )


def corrected(mirror: Poll, parent: Poll, tally: Tally) -> Text:
    """Say in a pod that the result of all pods is another."""
    return Text(
        "{id}: {question} – corrected result of all pods together ({parent}): {outcome} {voted} of {voices} voted.",
        id=mirror.id,
        question=shorten(mirror.question, 60),
        parent=parent.id,
        outcome=outcome(parent, tally),
        voted=tally.voted,
        voices=tally.voices,
    )
