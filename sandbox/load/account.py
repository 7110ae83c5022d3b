"""The account: what must have come of everything that people typed, and what their clients and the bot's store show.

Rule: what people typed is taken from a timeline too, because the server may have taken what the client was told had
failed.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.load.deeds import OPTIONS, is_start
from sandbox.load.federation import Federation, Place
from sandbox.seen import Seen

UNSIGNED = "UNSIGNED_SENDER_DEVICE"
"""Why a strict member's app shows nothing of such a device."""
NOT_DONE = "you have not verified the app you sent this from"
"""What is said of a command from an unsigned device; that is no answer to it."""
_EVENTS = "('Say', 'Edit', 'StartPoll', 'EndPoll', 'SendFile', 'ShareFile', 'SendChart', 'Redact')"
_SHOWN = 3


@dataclass
class Account:
    """Counts of what was found, and examples of what is wrong.

    Attributes:
        counts: How many of each kind.
        wrong: What must not be, each with an example or more.
    """

    counts: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    def expect(self, what: str, found: int, example: object) -> None:
        """Count something that must be there exactly once."""
        self.counts[what] += 1
        if found != 1:
            self.fault(f"{what}: {'lost' if found == 0 else 'doubled'}", example)

    def fault(self, what: str, example: object) -> None:
        """Note something that must not be."""
        self.wrong.setdefault(what, []).append(str(example))

    def lines(self) -> list[str]:
        """Return the account as lines to print."""
        told = [f"{count:6} {what}" for what, count in sorted(self.counts.items())]
        for what, examples in sorted(self.wrong.items()):
            told.append(f"{len(examples):6} WRONG {what}")
            told += [f"          {example}" for example in examples[:_SHOWN]]
        return told


def account_for(
    federation: Federation, unsigned: Collection[str] = (), signed_later: Collection[str] = ()
) -> Account:
    """Count everything; the bot's last answers are there already.

    Args:
        federation: Whose timelines are read.
        unsigned: What was typed on devices that were never signed, by event id: it must have had no effect.
        signed_later: What was typed on devices that were signed after that: it must have been done once.
    """
    account = Account()
    bot = federation.bot.user_id
    seen = {place.name: _timeline(place) for place in federation.places}
    for place in federation.places:
        own = [event for event in seen[place.name] if event.sender == bot and event.state_key is None]
        typed = [event for event in seen[place.name] if event.sender != bot]
        _count_answers(account, own, typed, unsigned, signed_later)
        _count_polls(account, seen[place.name], bot)
        account.counts["messages of the bot that a witness saw"] += len(own)
        for event in own:
            if event.utd is not None:
                account.fault("unreadable to a member who was there", event)
            elif not event.encrypted:
                account.fault("not encrypted", event.event_id)
    _count_summaries(account, federation, seen)
    _count_store(account, federation, seen)
    return account


def _timeline(place: Place) -> list[Seen]:
    return [event for room in place.rooms for event in place.witness.timeline(room)]


def _is_command(seen: Seen) -> bool:
    return seen.body is not None and seen.utd is None and re.match(r"!|ok S\d|accept$", seen.body) is not None


def _count_answers(
    account: Account,
    own: list[Seen],
    typed: list[Seen],
    unsigned: Collection[str],
    signed_later: Collection[str],
) -> None:
    answers = Counter(
        event.reply_to for event in own if event.reply_to and NOT_DONE not in (event.body or "")
    )
    for event in typed:
        body = event.body or ""
        if event.event_id in unsigned:
            account.counts["commands from devices that were never signed"] += 1
            if answers[event.event_id]:
                account.fault("a command from an unsigned device was done", event)
        elif event.event_id in signed_later:
            account.expect("commands from devices that were signed later", answers[event.event_id], event)
        elif event.utd == UNSIGNED:
            account.counts["messages of unsigned devices that the witness' app refused"] += 1
        elif event.utd is not None:
            account.fault("a member's message unreadable to another member", event)
        elif not _is_command(event):
            continue
        elif body.startswith("!poll close "):
            closed = f"has closed {body.split()[-1]}:"
            found = sum(closed in (answer.body or "") for answer in own)
            account.expect("polls closed", found, event)
        elif body.startswith("!poll "):
            question = body.removeprefix("!poll ").partition(" |")[0]
            account.expect("polls opened", sum(is_start(answer, question) for answer in own), event)
            shown = re.compile(rf"P\d+: {re.escape(question)}\nTap your answer")
            found = sum(shown.match(answer.body or "") is not None for answer in own)
            account.expect("polls shown in words", found, event)
        else:
            account.expect("commands answered", answers[event.event_id], event)


def _count_polls(account: Account, timeline: list[Seen], bot: str) -> None:
    """Compare each result with what people did, as far as the room shows it."""
    natives = {event.event_id: str(event.content) for event in timeline if event.type.endswith("poll.start")}
    standing: dict[str, dict[str, int | None]] = {}
    last: dict[str, str] = {}
    for event in timeline:
        body = event.body or ""
        own = event.sender == bot
        opened = re.match(r"P\d+: (.*)\nTap your answer", body)
        if own and opened:
            standing[opened[1]] = standing[body.partition(":")[0]] = {}
        elif vote := re.fullmatch(r"!vote (P\d+) (\d)", body):
            standing[vote[1]][event.sender] = int(vote[2])
            last[event.sender] = vote[1]
        elif body == "!undo" and event.sender in last:
            standing[last.pop(event.sender)][event.sender] = None
        elif event.type.endswith("poll.response"):
            question = re.search(r"Question \d+ of \w+\?", natives[event.content["m.relates_to"]["event_id"]])
            assert question is not None  # noqa: S101 - every poll here asks so
            standing[question[0]][event.sender] = _tapped(event)
            last.pop(event.sender, None)
        elif own and (result := re.search(r"has closed (P\d+):", body)):
            votes = Counter(answer for answer in standing[result[1]].values() if answer)
            account.counts["votes"] += votes.total()
            for number, option in enumerate(OPTIONS, 1):
                if f"- {option}: {votes[number]}" not in body:
                    account.fault("a poll's result is not what people voted", event)


def _tapped(event: Seen) -> int:
    answers = event.content["org.matrix.msc3381.poll.response"]["answers"]
    return int(answers[0])


def _count_summaries(account: Account, federation: Federation, seen: dict[str, list[Seen]]) -> None:
    """Look for every approved summary in every room that it goes to."""
    bot = federation.bot.user_id
    for place in federation.places:
        to = federation.pods if place is federation.assembly else [federation.assembly]
        for event in seen[place.name]:
            approved = re.match(r"(S\d+) is approved by", event.body or "")
            if event.sender != bot or not approved:
                continue
            account.counts["summaries approved"] += 1
            for destination in to:
                found = sum(
                    letter.sender == bot and re.match(rf"From .*\b{approved[1]} version", letter.body or "") is not None
                    for letter in seen[destination.name]
                )  # fmt: skip
                account.expect("summaries delivered to a room", found, f"{approved[1]} in {destination.name}")


def _count_store(account: Account, federation: Federation, seen: dict[str, list[Seen]]) -> None:
    """Compare the bot's outbox, inbox and ballots with what the witnesses saw."""
    bot = federation.bot.user_id
    data = federation.bot.folder / "data"
    with contextlib.closing(_open(data / "spokesbot.db")) as database:
        for state, count in database.execute("SELECT state, count(*) FROM outbox GROUP BY state"):
            account.counts[f"outbox rows {state}"] = count
            if state != "sent":
                account.fault(f"outbox rows {state}", count)
        queued = _column(
            database, f"event_id FROM outbox WHERE kind IN {_EVENTS} AND event_id IS NOT NULL ORDER BY id"
        )
        claimed = set(_column(database, "event_id FROM inbox"))
        ballots = Counter(_column(database, "event_id FROM ballots"))
    said: set[str] = set()
    for place in federation.places:
        for room in place.rooms:
            said |= _compare(account, place, room, queued, bot)
        for event in seen[place.name]:
            if event.sender != bot and _is_vote(event):
                account.expect("ballots kept", ballots[event.event_id], event)
            if event.sender != bot and _is_command(event) and event.event_id not in claimed:
                account.fault("a command is not in the inbox", event)
    for event_id in set(queued) - said:
        account.fault("queued and called sent, but not seen: lost", event_id)
    for file in ("spokesbot.db", "keys.db"):
        with contextlib.closing(_open(data / file)) as database:
            if _column(database, "integrity_check FROM pragma_integrity_check") != ["ok"]:
                account.fault("a database is damaged", file)


def _compare(account: Account, place: Place, room: str, queued: list[str], bot: str) -> set[str]:
    """Compare what was queued with what was said in a room; returns the latter."""
    timeline = place.witness.timeline(room)
    own = [event.event_id for event in timeline if event.sender == bot and event.state_key is None]
    said = set(own)
    if extra := said - set(queued):
        account.fault("said, but never queued: doubled", sorted(extra))
    if [event_id for event_id in queued if event_id in said] != own:
        account.fault("not in the order it was queued", f"{place.name} {room}")
    return said


def _is_vote(seen: Seen) -> bool:
    return seen.type.endswith("poll.response") or (seen.body or "").startswith("!vote P")


def _column(database: sqlite3.Connection, what: str) -> list[str]:
    return [value for (value,) in database.execute(f"SELECT {what}")]


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)
