"""Quick polls, the answers to them, and who wants one closed.

Rule: individual answers live in tables of their own, so that erasing them leaves the tally.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.ballots import Ballot, Tally
from bot.domain.counting.kinds import Kind
from bot.domain.polls import Poll
from bot.store import tallies
from bot.store.database import Row, Tx, from_ms, to_ms


async def add(tx: Tx, poll: Poll) -> None:
    """Keep a new poll."""
    await tx.run(
        "INSERT INTO polls (id, room_id, author, question, most, hidden, opened_at, closes_at, kind, of_pods, parent)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        poll.id,
        poll.room_id,
        poll.author,
        poll.question,
        poll.most,
        poll.hidden,
        to_ms(poll.opened_at),
        to_ms(poll.closes_at),
        poll.kind.value,
        poll.of_pods,
        poll.parent,
    )
    await tx.run_many(
        "INSERT INTO poll_options (poll_id, number, label) VALUES (?, ?, ?)",
        [(poll.id, number, label) for number, label in enumerate(poll.options, 1)],
    )


async def find(tx: Tx, poll_id: str) -> Poll | None:
    """Return a poll by its id."""
    row = await tx.one("SELECT * FROM polls WHERE id = ?", poll_id)
    return await _poll(tx, row) if row else None


async def open_in(tx: Tx, room_id: str) -> list[Poll]:
    """Return the open polls of a room, the one that closes first first."""
    rows = await tx.all(
        "SELECT * FROM polls WHERE room_id = ? AND state = 'open' ORDER BY closes_at, opened_at, id", room_id
    )
    return [await _poll(tx, row) for row in rows]


async def closed_in(tx: Tx, room_id: str, since: datetime | None = None, limit: int = -1) -> list[Poll]:
    """Return the closed polls of a room, the newest first.

    Args:
        tx: The open transaction.
        room_id: The room.
        since: Leave out those that ended before.
        limit: How many at most; all if negative.
    """
    rows = await tx.all(
        "SELECT * FROM polls WHERE room_id = ? AND state = 'closed' AND ended_at >= ?"
        " ORDER BY ended_at DESC, id DESC LIMIT ?",
        room_id,
        to_ms(since) if since else 0,
        limit,
    )
    return [await _poll(tx, row) for row in rows]


async def close(tx: Tx, poll_id: str, ended_at: datetime, tally: Tally, voices: Iterable[str]) -> None:
    """Close a poll with its result, and note who could vote; closed once more, its result is corrected."""
    await tx.run(
        "UPDATE polls SET state = 'closed', ended_at = ?, voted = ?, voices = ?, typed = ?, unknown = ?, sums = ?"
        " WHERE id = ?",
        to_ms(ended_at),
        tally.voted,
        tally.voices,
        tally.typed,
        tally.unknown,
        tallies.written(tally),
        poll_id,
    )
    await tx.run_many(
        "UPDATE poll_options SET votes = ? WHERE poll_id = ? AND number = ?",
        [(votes, poll_id, number) for number, votes in enumerate(tally.counts, 1)],
    )
    await tx.run_many(
        "INSERT OR IGNORE INTO poll_voices VALUES (?, ?)", [(poll_id, user_id) for user_id in voices]
    )


async def cancel(tx: Tx, poll_id: str) -> None:
    """Take back a poll, with the answers to it."""
    await tx.run("UPDATE polls SET state = 'cancelled' WHERE id = ?", poll_id)
    await erase_answers(tx, poll_id)


async def closing_voices(tx: Tx, poll_id: str) -> frozenset[str]:
    """Return who could vote when a poll closed."""
    rows = await tx.all("SELECT user_id FROM poll_voices WHERE poll_id = ?", poll_id)
    return frozenset(row["user_id"] for row in rows)


# -- answers -----------------------------------------------------------------------------------------


async def add_ballot(tx: Tx, poll_id: str, ballot: Ballot) -> None:
    """Keep an answer."""
    await tx.run(
        "INSERT OR IGNORE INTO ballots VALUES (?, ?, ?, ?, ?, ?, ?)",
        ballot.event_id,
        poll_id,
        ballot.user_id,
        to_ms(ballot.sent_at),
        None if ballot.answers is None else json.dumps(ballot.answers),
        ballot.typed,
        ballot.voice,
    )


async def find_ballot(tx: Tx, event_id: str) -> tuple[str, Ballot] | None:
    """Return the poll's id and the answer that came in an event."""
    row = await tx.one("SELECT * FROM ballots WHERE event_id = ?", event_id)
    return (row["poll_id"], _ballot(row)) if row else None


async def ballots(tx: Tx, poll_id: str, user_id: str | None = None) -> list[Ballot]:
    """Return the answers to a poll that are kept: all, or one person's."""
    if user_id is None:
        rows = await tx.all("SELECT * FROM ballots WHERE poll_id = ?", poll_id)
    else:
        rows = await tx.all("SELECT * FROM ballots WHERE poll_id = ? AND user_id = ?", poll_id, user_id)
    return [_ballot(row) for row in rows]


async def empty_ballot(tx: Tx, event_id: str) -> None:
    """Turn an answer into one that withdraws, in its own place in time."""
    await tx.run("UPDATE ballots SET answers = '[]' WHERE event_id = ?", event_id)


async def drop_ballots(tx: Tx, event_ids: Sequence[str]) -> None:
    """Forget answers that do not count."""
    await tx.run_many("DELETE FROM ballots WHERE event_id = ?", [(event_id,) for event_id in event_ids])


async def erase_answers(tx: Tx, poll_id: str) -> None:
    """Forget who answered what; the outbox keeps no copy of what we said of it."""
    for table in ("ballots", "poll_voices", "poll_closers"):
        await tx.run(f"DELETE FROM {table} WHERE poll_id = ?", poll_id)  # noqa: S608 - our own names
    await tx.run("UPDATE polls SET erased = 1 WHERE id = ?", poll_id)


# -- closing before the end --------------------------------------------------------------------------


async def add_closer(tx: Tx, poll_id: str, user_id: str) -> bool:
    """Note that somebody wants a poll closed; `False` if that was noted before."""
    return await tx.run("INSERT OR IGNORE INTO poll_closers VALUES (?, ?)", poll_id, user_id) == 1


async def drop_closer(tx: Tx, poll_id: str, user_id: str) -> None:
    """Note that somebody no longer wants a poll closed."""
    await tx.run("DELETE FROM poll_closers WHERE poll_id = ? AND user_id = ?", poll_id, user_id)


async def closers(tx: Tx, poll_id: str) -> frozenset[str]:
    """Return who wants a poll closed."""
    rows = await tx.all("SELECT user_id FROM poll_closers WHERE poll_id = ?", poll_id)
    return frozenset(row["user_id"] for row in rows)


async def _poll(tx: Tx, row: Row) -> Poll:
    options = await tx.all("SELECT * FROM poll_options WHERE poll_id = ? ORDER BY number", row["id"])
    closed, kind = row["state"] == "closed", Kind(row["kind"])
    return Poll(
        id=row["id"],
        room_id=row["room_id"],
        author=row["author"],
        question=row["question"],
        options=tuple(option["label"] for option in options),
        most=row["most"],
        hidden=bool(row["hidden"]),
        opened_at=from_ms(row["opened_at"]),
        closes_at=from_ms(row["closes_at"]),
        state=row["state"],
        ended_at=from_ms(row["ended_at"]) if closed else None,
        tally=Tally(
            tuple(option["votes"] for option in options),
            row["voted"],
            row["voices"],
            row["typed"],
            row["unknown"],
            kind,
            tallies.read_scores(row["sums"]),
            tallies.read_ranked(row["sums"]),
        )
        if closed
        else None,
        erased=bool(row["erased"]),
        kind=kind,
        of_pods=bool(row["of_pods"]),
        parent=row["parent"],
    )


def _ballot(row: Row) -> Ballot:
    return Ballot(
        row["event_id"],
        row["user_id"],
        from_ms(row["sent_at"]),
        None if row["answers"] is None else tuple(json.loads(row["answers"])),
        bool(row["typed"]),
        bool(row["voice"]),
    )
