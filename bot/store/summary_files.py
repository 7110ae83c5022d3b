"""Files of summaries, those still to be fetched, and the messages that carry them.

Rule: the keys of a file are kept as long as the words of a version that has it, and not a moment longer.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bot.domain.files import Attached, Fetch, File, Media, Remark, Sealed
from bot.store.database import Row, Tx, from_ms, to_ms
from bot.store.outbox import LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class Copy:
    """One message that carries a file, or carried it.

    Args:
        since: The version that brought the file.
        room_id: The room of today.
        sent_in: The room it was sent in, which an upgrade may have replaced since.
        state: `waiting` or `sent`; `failed` where it was given up.
        queued_at: Since when it waits.
        reason: Why.
    """

    txn_id: str
    since: int
    room_id: str
    sent_in: str
    state: str
    queued_at: datetime
    reason: str | None

    @property
    def is_reachable(self) -> bool:
        """Whether it is in the room of today."""
        return self.room_id == self.sent_in


# -- files -----------------------------------------------------------------------------------------


async def save(tx: Tx, summary_id: str, file: File) -> None:
    """Keep a file as it is now."""
    await tx.run(
        "INSERT INTO summary_files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " size = excluded.size, content = excluded.content, thumbnail = excluded.thumbnail, remark = excluded.remark",
        summary_id,
        file.since,
        file.event_id,
        file.by,
        file.media.value,
        file.name,
        file.size,
        _json(file.content),
        _json(file.thumbnail),
        file.remark.value,
    )


async def find(tx: Tx, summary_id: str, since: int | None) -> File | None:
    """Return a file of a summary by the version that brought it."""
    row = await tx.one("SELECT * FROM summary_files WHERE summary_id = ? AND since = ?", summary_id, since)
    if row is None:
        return None
    return File(
        row["since"],
        row["event_id"],
        row["taken_by"],
        Media(row["media"]),
        row["name"],
        row["size"],
        _sealed(row["content"]),
        _sealed(row["thumbnail"]),
        Remark(row["remark"]),
    )


async def forget_unused(tx: Tx, summary_id: str) -> None:
    """Erase the files that no version of a summary has any more, and with them the wish to fetch them."""
    await tx.run(
        "DELETE FROM summary_files WHERE summary_id = ?1 AND since NOT IN"
        " (SELECT file FROM summary_versions WHERE summary_id = ?1 AND file IS NOT NULL)",
        summary_id,
    )


# -- fetching --------------------------------------------------------------------------------------


async def want(
    tx: Tx,
    summary_id: str,
    since: int,
    source: Attached,
    reply_to: str | None,
    thread: str | None,
    *,
    noted: bool,
) -> None:
    """Ask for a file to be fetched."""
    await tx.run(
        "INSERT INTO summary_fetches (summary_id, since, source, reply_to, thread, noted) VALUES (?, ?, ?, ?, ?, ?)",
        summary_id,
        since,
        json.dumps(asdict(source) | {"media": source.media.value}, ensure_ascii=False),
        reply_to,
        thread,
        noted,
    )
    tx.wanted = True


async def fetch_of(tx: Tx, summary_id: str, since: int) -> Fetch | None:
    """Return how far the fetching of a file is, or `None` if it is not wanted or done."""
    row = await tx.one("SELECT * FROM summary_fetches WHERE summary_id = ? AND since = ?", summary_id, since)
    return _fetch(row) if row else None


async def due_fetch(tx: Tx, now: datetime) -> Fetch | None:
    """Return what may be fetched now and has waited longest."""
    row = await tx.one(
        "SELECT * FROM summary_fetches WHERE not_before <= ? OR not_before > ? ORDER BY not_before, id",
        to_ms(now),
        to_ms(now + LONGEST_WAIT),  # put off before the system's clock went back
    )
    return _fetch(row) if row else None


async def next_fetch_at(tx: Tx) -> datetime | None:
    """Return when the next one may be tried."""
    row = await tx.one("SELECT min(not_before) AS at FROM summary_fetches")
    return from_ms(row["at"]) if row and row["at"] is not None else None


async def put_off_fetch(tx: Tx, fetch_id: int, until: datetime, reason: str) -> None:
    """Try a fetch again later."""
    await tx.run(
        "UPDATE summary_fetches SET attempts = attempts + 1, not_before = ?, reason = ? WHERE id = ?",
        to_ms(until),
        reason,
        fetch_id,
    )


async def settle_fetch(tx: Tx, fetch_id: int) -> bool:
    """Take note that a fetch has ended, well or not; `False` if nobody waited for it any more."""
    return await tx.run("DELETE FROM summary_fetches WHERE id = ?", fetch_id) == 1


# -- the messages that carry them ------------------------------------------------------------------


async def add_copy(tx: Tx, summary_id: str, since: int, room_id: str, txn_id: str) -> None:
    """Note that a row of the outbox carries a file to a room."""
    await tx.run("INSERT INTO summary_file_copies VALUES (?, ?, ?, ?)", txn_id, summary_id, since, room_id)


async def copies(tx: Tx, summary_id: str, room_id: str | None = None) -> list[Copy]:
    """Return the messages that carry the files of a summary, in one room or all, oldest first.

    Left out are those that were taken back or given up.
    """
    rows = await tx.all(
        "SELECT c.*, o.room_id AS sent_in, o.state, o.queued_at, o.reason FROM summary_file_copies c"
        " JOIN outbox o USING (txn_id) WHERE c.summary_id = ?1 AND (?2 IS NULL OR c.room_id = ?2)"
        " AND o.state IN ('waiting', 'sent') ORDER BY o.queued_at, c.txn_id",
        summary_id,
        room_id,
    )
    return [_copy(row) for row in rows]


async def behind(tx: Tx, summary_id: str, since: int) -> list[Copy]:
    """Return the messages that should carry a file and have not arrived: they wait, or were given up."""
    rows = await tx.all(
        "SELECT c.*, o.room_id AS sent_in, o.state, o.queued_at, o.reason FROM summary_file_copies c"
        " JOIN outbox o USING (txn_id) WHERE c.summary_id = ?1 AND c.since = ?2 AND o.state IN ('waiting', 'failed')"
        " AND NOT EXISTS (SELECT 1 FROM summary_file_copies l JOIN outbox p USING (txn_id) WHERE l.summary_id = ?1"
        " AND l.since = ?2 AND l.room_id = c.room_id AND p.state = 'sent' AND p.id > o.id)",
        summary_id,
        since,
    )
    return [_copy(row) for row in rows]


async def waiting_for(tx: Tx, room_id: str) -> list[str]:
    """Return the transaction ids of files that have not been sent to a room yet."""
    rows = await tx.all(
        "SELECT txn_id FROM summary_file_copies c JOIN outbox o USING (txn_id)"
        " WHERE c.room_id = ? AND o.state = 'waiting'",
        room_id,
    )
    return [row["txn_id"] for row in rows]


def _copy(row: Row) -> Copy:
    return Copy(
        row["txn_id"],
        row["since"],
        row["room_id"],
        row["sent_in"],
        row["state"],
        from_ms(row["queued_at"]),
        row["reason"],
    )


def _fetch(row: Row) -> Fetch:
    source: dict[str, Any] = json.loads(row["source"])
    for name in ("content", "thumbnail"):
        source[name] = Sealed(**source[name]) if source[name] else None
    source["media"] = Media(source["media"])
    return Fetch(
        row["id"],
        row["summary_id"],
        row["since"],
        Attached(**source),
        row["reply_to"],
        row["thread"],
        bool(row["noted"]),
        row["attempts"],
        row["reason"],
    )


def _json(sealed: Sealed | None) -> str | None:
    return json.dumps(asdict(sealed)) if sealed else None


def _sealed(kept: str | None) -> Sealed | None:
    return Sealed(**json.loads(kept)) if kept else None
