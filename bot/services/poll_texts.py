"""What the bot says about quick polls: the question, the state, the result.

Rule: a tie is named as a tie, and what is hidden until the end stays hidden here too. Lists come last in a
message: in Markdown a line after a list belongs to its last item.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.answers import sample
from bot.domain.ballots import Tally
from bot.domain.counting.kinds import Kind
from bot.domain.polls import Poll
from bot.domain.values import Code, Person, When
from bot.services.poll_outcomes import SHORT, list_title, option_lines, outcome, ranked_lines
from bot.text import Text, shorten


def opened(poll: Poll, zone: ZoneInfo, now: datetime, *, alone: bool, asked_by: Text | None = None) -> Text:
    """Ask the question in words, beside the native poll, which not every app shows.

    Args:
        poll: The poll.
        zone: The room's time zone.
        now: The moment.
        alone: Whether it is the only open poll of the room, so that `!vote` needs no id.
        asked_by: Who asks, where it is not somebody in the room.
    """
    return Text.lines(
        [
            _title(poll),
            asked_by,
            _how(poll),
            Text(
                "Tap your answer in the poll above, or type {vote}, or reply to this message with {sample} or an"
                " option's words. Your last answer counts."
                if poll.kind.can_be_tapped
                else "Type {vote}, or reply to this message with {sample}. Your last answer counts.",
                vote=Code(f"!vote {'' if alone else f'{poll.id} '}{sample(poll)}"),
                sample=Code(sample(poll)),
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
            unread(tally, is_open=True),
            _how(poll),
            Text(
                "To answer, type {vote}, or reply to this message with {sample} or an option's words."
                if poll.kind.can_be_tapped
                else "To answer, type {vote}, or reply to this message with {sample}.",
                vote=Code(f"!vote {poll.id} {sample(poll)}"),
                sample=Code(sample(poll)),
            ),
            *_terms(poll, zone, now, alone=False),
            Text("So far, how many put each first:") if poll.kind is Kind.RANK and not poll.hidden else None,
            Text.lines(_numbered(poll, None if poll.hidden else tally)),
        ]
    )


def adopted(
    poll: Poll, tally: Tally, author: Person, zone: ZoneInfo, now: datetime, *, counted: int, alone: bool
) -> Text:
    """Say that a poll which a member made in their app is counted, and how it can be answered.

    Args:
        poll: The poll.
        tally: The answers that were given before.
        author: Who made it.
        zone: The room's time zone.
        now: The moment.
        counted: How many of the answers given before could be read.
        alone: Whether it is the only open poll of the room, so that `!vote` needs no id.
    """
    return Text.lines(
        [
            Text("I count this poll of {author} as {id}.", author=author, id=poll.id),
            _title(poll),
            Text(
                "I have read {n} answer that was given before.",
                plural="I have read {n} answers that were given before.",
                n=counted,
            )
            if counted
            else Text("Nothing that I can read was answered before."),
            turnout_so_far(tally),
            unread(tally, is_open=True),
            Text(
                "Tap your answer in the poll, or type {vote}, or reply to the poll or to this message with {number} or an"
                " option's words. Your last answer counts.",
                vote=Code(f"!vote {'' if alone else f'{poll.id} '}2"),
                number=Code("2"),
            ),
            *_terms(poll, zone, now, alone=alone),
            Text.lines(_numbered(poll)),
        ]
    )


def stays_in_app(author: Person) -> Text:
    """Say that a native poll of a member may go on where the counting is over."""
    return Text(
        "In your apps the poll may look open until {author} ends it there. What is tapped from now on does not count.",
        author=author,
    )


def _title(poll: Poll) -> Text:
    return Text("{id}: {question}", id=poll.id, question=poll.question)


_HOW = {
    Kind.APPROVAL: Text("Name all that are good enough for you, as many as you like."),
    Kind.MEETING: Text("Name all times at which you can, as many as you like."),
    Kind.SCORE: Text("Give the options 1 to 5 points; 5 is best. What you leave out gets 1."),
    Kind.RANK: Text("Put the options in order, the best first. What you leave out comes last."),
    Kind.TEMPERATURE: Text("Say how you feel about it. This decides nothing."),
}


def _how(poll: Poll) -> Text | None:
    """Say what an answer is, where it is not simply one option."""
    said = _HOW.get(poll.kind)
    return (
        said if said is None or poll.kind.can_be_tapped else Text("{how} There is nothing to tap.", how=said)
    )


def _terms(poll: Poll, zone: ZoneInfo, now: datetime, *, alone: bool) -> Iterable[Text]:
    if poll.most > 1 and poll.kind.can_be_tapped:
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


def _numbered(poll: Poll, tally: Tally | None = None) -> list[Text]:
    lines = (
        option_lines(poll, tally) if tally else [Text("{option}", option=option) for option in poll.options]
    )
    return [Text("{number}. {line}", number=number, line=line) for number, line in enumerate(lines, 1)]


def turnout_so_far(tally: Tally) -> Text:
    """Say how many have voted in an open poll."""
    return Text(
        "{n} of {voices} has voted.",
        plural="{n} of {voices} have voted.",
        n=tally.voted,
        voices=tally.voices,
    )


def understood(poll: Poll, answers: Sequence[int]) -> Text:
    """Say an answer as it was understood, so that whoever gave it sees what counts."""
    names = [Text("{name}", name=shorten(option, 80)) for option in poll.options]
    match poll.kind:
        case Kind.SCORE:
            given = [
                Text("{name} {points}", name=name, points=points)
                for name, points in zip(names, answers, strict=True)
            ]
            return Text.joined(given)
        case Kind.RANK:
            order = [names[number - 1] for number in answers]
            left = len(names) - len(order)
            if left > 1:
                order.append(Text("the other {left}, alike", left=left))
            elif left:
                order += [name for number, name in enumerate(names, 1) if number not in answers]
            first, *rest = order
            return Text.joined(
                [Text("first {first}", first=first), *(Text("then {next}", next=each) for each in rest)]
            )
        case _:
            return Text.enumerated(names[number - 1] for number in answers)


# -- the result --------------------------------------------------------------------------------------


def result(poll: Poll, tally: Tally, beginning: Text, remark: Text | None = None) -> Text:
    """Say the result: who leads, the turnout, and every option with its votes, the most first.

    Args:
        poll: The poll.
        tally: Its sum.
        beginning: The first words, such as "P3 is closed".
        remark: A line on what is out of the ordinary.
    """
    return Text.lines(
        [
            Text("{beginning}: {question}", beginning=beginning, question=poll.question),
            remark,
            outcome(poll, tally),
            unread(tally),
            _turnout(poll, tally),
            Text("If I can read it later, it counts by when it was sent, and I say the new result.")
            if tally.unknown and not poll.erased
            else None,
            Text(
                "Apps count only what was tapped; this sum has the {n} typed answer too.",
                plural="Apps count only what was tapped; this sum has the {n} typed answers too.",
                n=tally.typed,
            )
            if tally.typed and poll.kind.can_be_tapped and not poll.of_pods
            else None,
            list_title(tally),
            Text.listed(ranked_lines(poll, tally)),
        ]
    )


def unread(tally: Tally, *, is_open: bool = False) -> Text | None:
    """Say whose answers are unknown, and at the end whether they could change who leads."""
    if not tally.unknown:
        return None
    if is_open:
        return Text(
            "What {n} member sent last could not be read; it may be an answer.",
            plural="What {n} members sent last could not be read; it may be answers.",
            n=tally.unknown,
        )
    if tally.kind is Kind.TEMPERATURE:  # it names a middle, nobody leads
        effect = Text("it cannot change the result" if tally.is_certain else "it could change the result")
    else:
        effect = Text("it cannot change who leads" if tally.is_certain else "it could change who leads")
    return Text(
        "What {n} member sent last could not be read. If it was an answer, {effect}.",
        plural="What {n} members sent last could not be read. If it was answers, {effect}.",
        n=tally.unknown,
        effect=effect,
    )


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
        question=shorten(poll.question, SHORT),
        turnout=turnout_so_far(tally),
        at=When(poll.closes_at, zone, now),
    )


def closed_line(poll: Poll, tally: Tally) -> Text:
    """Say a closed poll in one line."""
    return Text(
        "{id}: {question} – {outcome} {voted} of {voices} voted.",
        id=poll.id,
        question=shorten(poll.question, SHORT),
        outcome=outcome(poll, tally),
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
            ranked_lines(poll, poll.tally) if poll.tally.ranked else option_lines(poll, poll.tally)
        ),
        voted=poll.tally.voted,
        voices=poll.tally.voices,
        unknown=unread(poll.tally),
    )
