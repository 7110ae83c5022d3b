"""Summaries, their versions, oks and deliveries.

Rule: only the version that may still go, or has gone, keeps its words; an ok belongs to one version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.summaries import Destination, Kind, Ok, Out, State, Summary, Terms
from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Delivery:
    """One room an approved version goes to, and how far it is.

    Args:
        edits: The transaction id of the message it replaces in place.
        state: That of its outbox row: `waiting`, `sent`, `failed` or `cancelled`.
        reason: Why it waits or failed; never message text.
        sent_in: The room it was sent in, which an upgrade may have replaced since.
    """

    version: int
    room_id: str
    name: str
    txn_id: str
    edits: str | None
    state: str
    queued_at: datetime
    sent_at: datetime | None
    reason: str | None
    event_id: str | None
    sent_in: str

    @property
    def is_reachable(self) -> bool:
        """Whether it is in the room of today; what was said before an upgrade stays in the room that was left."""
        return self.room_id == self.sent_in


async def save(tx: Tx, summary: Summary) -> None:
    """Keep a summary as it is now; words and oks of versions that nobody has or will have are erased."""
    out = summary.out.version if summary.out else None
    await tx.run(
        "INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " drafted_by = excluded.drafted_by, command_event_id = excluded.command_event_id,"
        " source_event_id = excluded.source_event_id, source_by = excluded.source_by, version = excluded.version,"
        " state = excluded.state, ended_at = excluded.ended_at, out_version = excluded.out_version,"
        " last_version = excluded.last_version, retracting = excluded.retracting, waits_from = excluded.waits_from,"
        " goes_at = excluded.goes_at",
        summary.id,
        summary.room_id,
        summary.drafted_by,
        summary.command_event_id,
        summary.source_event_id,
        summary.source_by,
        summary.version,
        summary.state.value,
        _ms(summary.ended_at),
        summary.kind.value,
        summary.answers,
        out,
        summary.last_version,
        summary.retracting,
        to_ms(summary.waits_from or summary.made_at),
        _ms(summary.goes_at),
    )
    added = await tx.run(
        "INSERT OR IGNORE INTO summary_versions VALUES (?, ?, ?, ?, ?, NULL, ?)",
        summary.id,
        summary.version,
        summary.text,
        summary.terms.signed_by,
        to_ms(summary.made_at),
        summary.terms.zone.key,
    )
    if added:
        await tx.run_many(
            "INSERT INTO summary_destinations VALUES (?, ?, ?, ?, ?)",
            [
                (summary.id, summary.version, room.room_id, room.name, place)
                for place, room in enumerate(summary.terms.destinations)
            ],
        )
    await tx.run(
        "UPDATE summary_versions SET ended_at = ? WHERE summary_id = ? AND version = ?",
        _ms(summary.ended_at),
        summary.id,
        summary.version,
    )
    await tx.run(
        "UPDATE summary_versions SET text = NULL WHERE summary_id = ? AND version IS NOT ?"
        " AND (version != ? OR ? = '')",
        summary.id,
        out,
        summary.version,
        summary.text,
    )
    for table in ("summary_oks", "summary_objections"):
        await tx.run(f"DELETE FROM {table} WHERE summary_id = ? AND version IS NOT ?", summary.id, out)  # noqa: S608
    await tx.run_many(
        "INSERT INTO summary_oks VALUES (?, ?, ?, ?, ?, ?)",
        [
            (summary.id, summary.version, ok.user_id, to_ms(ok.at), ok.event_id, ok.counted_for)
            for ok in summary.oks
        ],
    )
    await tx.run_many(
        "INSERT INTO summary_objections VALUES (?, ?, ?)",
        [(summary.id, summary.version, user_id) for user_id in summary.objectors],
    )


async def find(tx: Tx, summary_id: str) -> Summary | None:
    """Return a summary with its current version."""
    row = await tx.one(
        "SELECT s.*, v.text, v.signed_by, v.made_at, v.zone FROM summaries s JOIN summary_versions v"
        " ON v.summary_id = s.id AND v.version = s.version WHERE s.id = ?",
        summary_id,
    )
    return await _summary(tx, row) if row else None


async def drafts_in(tx: Tx, room_id: str) -> list[Summary]:
    """Return the drafts of a room, corrections and those that members may still object to among them, oldest first."""
    return await _found(
        tx,
        await tx.all("SELECT id FROM summaries WHERE room_id = ? AND state IN ('draft', 'open')", room_id),
    )


async def sent_by(tx: Tx, room_id: str) -> list[Summary]:
    """Return the summaries of a room that others have, oldest first."""
    return await _found(
        tx,
        await tx.all(
            "SELECT id FROM summaries WHERE room_id = ? AND (state = 'approved' OR out_version IS NOT NULL)",
            room_id,
        ),
    )


async def made_from(tx: Tx, room_id: str, event_id: str) -> list[Summary]:
    """Return the summaries of a room whose words, or whose command, stand in a message."""
    return await _found(
        tx,
        await tx.all(
            "SELECT id FROM summaries WHERE room_id = ?1 AND (source_event_id = ?2 OR command_event_id = ?2)",
            room_id,
            event_id,
        ),
    )


async def with_ok_in(tx: Tx, room_id: str, event_id: str) -> Summary | None:
    """Return the draft of a room that has an ok typed in a message."""
    row = await tx.one(
        "SELECT s.id FROM summaries s JOIN summary_oks o ON o.summary_id = s.id AND o.version = s.version"
        " WHERE s.room_id = ? AND s.state IN ('draft', 'open') AND o.event_id = ?",
        room_id,
        event_id,
    )
    return await find(tx, row["id"]) if row else None


async def add_delivery(
    tx: Tx, summary: Summary, room_id: str, txn_id: str, *, edits: str | None = None
) -> None:
    """Note that the current version goes to a room; a second time for the same room is an error.

    Args:
        tx: The open transaction.
        summary: What.
        room_id: Where.
        txn_id: The transaction id of its outbox row.
        edits: That of the message which the row replaces in place.
    """
    await tx.run(
        "INSERT INTO summary_deliveries VALUES (?, ?, ?, ?, ?)",
        summary.id,
        summary.version,
        room_id,
        txn_id,
        edits,
    )


async def deliveries(tx: Tx, summary_id: str, version: int | None = None) -> list[Delivery]:
    """Return how far a version is, or all of them, oldest first and in the order in which the rooms were shown."""
    rows = await tx.all(
        "SELECT d.version, d.room_id, t.name, d.txn_id, d.edits, o.state, o.queued_at, o.sent_at, o.reason, o.event_id,"
        " o.room_id AS sent_in FROM summary_deliveries d"
        " JOIN summary_destinations t USING (summary_id, version, room_id) JOIN outbox o USING (txn_id)"
        " WHERE summary_id = ?1 AND (?2 IS NULL OR version = ?2) ORDER BY version, t.place",
        summary_id,
        version,
    )
    return [
        Delivery(
            row["version"],
            row["room_id"],
            row["name"],
            row["txn_id"],
            row["edits"],
            row["state"],
            from_ms(row["queued_at"]),
            _moment(row["sent_at"]),
            row["reason"],
            row["event_id"],
            row["sent_in"],
        )
        for row in rows
    ]


async def copies(tx: Tx, summary_id: str) -> dict[str, list[Delivery]]:
    """Return what each room has of a summary, or will have: the message itself, then what edits it.

    Left out are messages that were taken back or given up.
    """
    found: dict[str, list[Delivery]] = {}
    for item in await deliveries(tx, summary_id):
        if item.state not in ("waiting", "sent"):
            continue
        if item.edits is None:
            found[item.room_id] = [item]
        elif item.room_id in found and found[item.room_id][0].txn_id == item.edits:
            found[item.room_id].append(item)
    return found


async def was_delivered_to(tx: Tx, summary_id: str, room_id: str) -> bool:
    """Tell whether a summary goes, or went, to a room."""
    return (
        await tx.one(
            "SELECT 1 FROM summary_deliveries WHERE summary_id = ? AND room_id = ?", summary_id, room_id
        )
        is not None
    )


async def waiting_for(tx: Tx, room_id: str) -> list[str]:
    """Return the transaction ids of deliveries to a room that were not sent yet."""
    rows = await tx.all(
        "SELECT txn_id FROM summary_deliveries d JOIN outbox o USING (txn_id)"
        " WHERE d.room_id = ? AND o.state = 'waiting' ORDER BY o.id",
        room_id,
    )
    return [row["txn_id"] for row in rows]


async def begin_thread(tx: Tx, summary_id: str, room_id: str, event_id: str) -> None:
    """Note the message in the room it is from in whose thread a question is answered."""
    await tx.run("INSERT INTO summary_threads VALUES (?, ?, ?)", summary_id, room_id, event_id)


async def thread_root(tx: Tx, question_id: str, room_id: str) -> str | None:
    """Return the message of a room in whose thread a question is answered, if it is in that room."""
    row = await tx.one(
        "SELECT event_id FROM summary_threads WHERE summary_id = ? AND room_id = ?", question_id, room_id
    )
    if row:
        return str(row["event_id"])
    copy = (await copies(tx, question_id)).get(room_id)
    return copy[0].event_id if copy and copy[0].is_reachable else None


async def unanswered_in(tx: Tx, room_id: str) -> list[Summary]:
    """Return the questions that came to a room and that it has neither answered nor drafted an answer to."""
    rows = await tx.all(
        "SELECT DISTINCT q.id FROM summaries q JOIN summary_deliveries d ON d.summary_id = q.id AND d.room_id = ?1"
        " WHERE q.kind = 'question' AND q.room_id != ?1 AND q.state = 'approved' AND NOT EXISTS ("
        "SELECT 1 FROM summaries a WHERE a.answers = q.id AND a.room_id = ?1"
        " AND (a.state IN ('draft', 'open', 'approved') OR a.out_version IS NOT NULL))",
        room_id,
    )
    return await _found(tx, rows)


async def _found(tx: Tx, rows: Sequence[Row]) -> list[Summary]:
    found = [await find(tx, row["id"]) for row in rows]
    return sorted((item for item in found if item is not None), key=lambda item: int(item.id[1:]))


async def _summary(tx: Tx, row: Row) -> Summary:
    made_at, waits_from = from_ms(row["made_at"]), from_ms(row["waits_from"])
    objectors = await tx.all(
        "SELECT user_id FROM summary_objections WHERE summary_id = ? AND version = ? ORDER BY user_id",
        row["id"],
        row["version"],
    )
    return Summary(
        row["id"],
        row["room_id"],
        row["drafted_by"],
        row["command_event_id"],
        row["source_event_id"],
        row["source_by"],
        row["text"] or "",
        await _terms(tx, row["id"], row["version"], row["signed_by"], row["zone"]),
        made_at,
        row["version"],
        State(row["state"]),
        await _oks(tx, row["id"], row["version"]),
        _moment(row["ended_at"]),
        Kind(row["kind"]),
        row["answers"],
        await _out(tx, row["id"], row["out_version"]),
        row["last_version"],
        bool(row["retracting"]),
        waits_from if waits_from != made_at else None,
        _moment(row["goes_at"]),
        tuple(item["user_id"] for item in objectors),
    )


async def _out(tx: Tx, summary_id: str, version: int | None) -> Out | None:
    row = await tx.one(
        "SELECT * FROM summary_versions WHERE summary_id = ? AND version = ?", summary_id, version
    )
    if row is None:
        return None
    return Out(
        row["version"],
        row["text"] or "",
        await _terms(tx, summary_id, row["version"], row["signed_by"], row["zone"]),
        from_ms(row["made_at"]),
        await _oks(tx, summary_id, row["version"]),
        _moment(row["ended_at"]),
    )


async def _terms(tx: Tx, summary_id: str, version: int, signed_by: str, zone: str) -> Terms:
    rows = await tx.all(
        "SELECT room_id, name FROM summary_destinations WHERE summary_id = ? AND version = ? ORDER BY place",
        summary_id,
        version,
    )
    return Terms(signed_by, tuple(Destination(row["room_id"], row["name"]) for row in rows), ZoneInfo(zone))


async def _oks(tx: Tx, summary_id: str, version: int) -> tuple[Ok, ...]:
    rows = await tx.all(
        "SELECT * FROM summary_oks WHERE summary_id = ? AND version = ? ORDER BY at, user_id",
        summary_id,
        version,
    )
    return tuple(Ok(row["user_id"], from_ms(row["at"]), row["event_id"], row["counted_for"]) for row in rows)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)
