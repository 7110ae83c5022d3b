"""Pictures of results: which bars a result has, and their caption.

Rule: a picture comes after the result in words and says nothing that is not there. Where there is no result there is no
picture: bars look final, whatever stands below them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from bot.domain.ballots import Tally
from bot.domain.counting.kinds import Kind
from bot.domain.modes import Mode
from bot.domain.polls import Poll
from bot.domain.proposals import Proposal, State
from bot.domain.stances import Count
from bot.ports import SendChart
from bot.services import poll_bars, proposal_texts
from bot.store import outbox, pods
from bot.store.database import Tx
from bot.text import Text, shorten

TITLE, LABEL = 200, 40
"""Characters of the title, and of a label in the caption; the message before has all words."""

_UNDRAWN = Text("□ stands for signs that I cannot draw; the message before this picture has them.")


async def show_poll(
    tx: Tx, now: datetime, poll: Poll, tally: Tally, beginning: Text, txn_id: str | None = None
) -> None:
    """Queue the picture of a poll's result, the most votes first as in the message.

    Args:
        tx: The open transaction.
        now: The moment.
        poll: The poll.
        tally: Its sum.
        beginning: The first words, such as "P3, corrected result".
        txn_id: A fixed transaction id.
    """
    if not tally.voted or not tally.is_certain:
        return
    found = poll_bars.bars(poll, tally)
    rows = [(bar.label, bar.value) for bar in found.rows]
    if poll.kind is not Kind.TEMPERATURE:  # whose options have an order of their own
        rows.sort(key=lambda bar: -bar[1])
    title = Text("{beginning}: {question}", beginning=beginning, question=shorten(poll.question, TITLE))
    note = Text(
        "The numbers are {unit}. {voted} of {n} member voted.",
        plural="The numbers are {unit}. {voted} of {n} members voted.",
        unit=found.unit,
        n=tally.voices,
        voted=tally.voted,
    )
    await _show(tx, now, poll.room_id, poll.id, title, rows, found.full, note, txn_id)


async def show_proposal(tx: Tx, now: datetime, proposal: Proposal, count: Count) -> None:
    """Queue the picture of what came of a proposal; where an assembly counts more than its pods, bars of pods would mislead."""
    if not count.present or proposal.state in (State.UNCLEAR, State.WITHDRAWN):
        return
    if proposal.mode is not Mode.PODS:
        return
    language = (await pods.settings(tx, proposal.room_id)).language
    bars = [
        (label.render(language), Fraction(number))
        for label, number, always in (
            (Text("Agree"), count.agree, True),
            (Text("Agree with reservations"), count.reserve, False),
            (Text("Stand aside"), count.aside, False),
            (Text("Disagree"), count.disagree, True),
            (Text("Abstain"), count.abstain, False),
            (Text("Block"), count.block, False),
            (Text("Silent"), count.silent - count.unknown, False),
            (Text("Could not be read"), count.unknown, False),
        )
        if number or always
    ]
    title = Text(
        "{id}, {state}: {text}",
        id=proposal.id,
        state=proposal_texts.state_of(proposal),
        text=shorten(proposal.text, TITLE),
    )
    note = (
        Text("{n} pod has a voice.", plural="{n} pods have a voice.", n=count.voices)
        if proposal.of_pods
        else Text("{n} member has a voice.", plural="{n} members have a voice.", n=count.voices)
    )
    await _show(tx, now, proposal.room_id, proposal.id, title, bars, Fraction(count.voices), note)


async def _show(
    tx: Tx,
    now: datetime,
    room_id: str,
    about: str,
    title: Text,
    bars: Sequence[tuple[str, Fraction]],
    full: Fraction,
    note: Text,
    txn_id: str | None = None,
) -> None:
    settings = await pods.settings(tx, room_id)
    if not settings.shows_pictures:
        return
    caption = Text(
        "{id} – {bars}. {note}",
        id=about,
        bars=Text.joined(
            Text("{label}: {value}", label=shorten(label, LABEL), value=_number(value))
            for label, value in bars
        ),
        note=note,
    )
    chart = SendChart(
        title.render(settings.language),
        tuple((label, _number(value), round(1000 * value / full)) for label, value in bars),
        caption.render(settings.language),
        (note.render(settings.language),),
        _UNDRAWN.render(settings.language),
    )
    await outbox.queue(tx, now, room_id, chart, about=about, txn_id=txn_id)


def _number(value: Fraction) -> str:
    """Return a number as people read it: whole, or with one decimal place."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.1f}"
