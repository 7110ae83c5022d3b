"""Summaries, their versions, oks and threads.

Rule: only the version that may still go, or has gone, keeps its words; an ok belongs to one version.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.summaries import Summary
from bot.domain.summary_parts import Destination, Kind, Ok, Out, State, Terms
from bot.store import deliveries, summary_files
from bot.store.database import Row, Tx, from_ms, to_ms


async def save(tx: Tx, summary: Summary) -> None:
    """Keep a summary as it is now; words, files and oks of versions that nobody has or will have are erased."""
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
    if summary.file is not None:
        await summary_files.save(tx, summary.id, summary.file)
    added = await tx.run(
        "INSERT OR IGNORE INTO summary_versions (summary_id, version, text, signed_by, made_at, zone, file, urgent)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        summary.id,
        summary.version,
        summary.text,
        summary.terms.signed_by,
        to_ms(summary.made_at),
        summary.terms.zone.key,
        summary.file.since if summary.file else None,
        summary.terms.urgent,
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
        "UPDATE summary_versions SET text = NULL, file = NULL WHERE summary_id = ? AND version IS NOT ?"
        " AND (version != ? OR ? = '')",
        summary.id,
        out,
        summary.version,
        summary.text,
    )
    await summary_files.forget_unused(tx, summary.id)
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
        "SELECT s.*, v.text, v.signed_by, v.made_at, v.zone, v.file, v.urgent FROM summaries s JOIN summary_versions v"
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


async def foreseen(tx: Tx, since: datetime) -> list[str]:
    """Return the rooms that something goes to if it is approved which was shown for approval since a moment."""
    rows = await tx.all(
        "SELECT DISTINCT d.room_id FROM summaries s"
        " JOIN summary_destinations d ON d.summary_id = s.id AND d.version = s.version"
        " WHERE s.state IN ('draft', 'open') AND s.waits_from > ? ORDER BY d.room_id",
        to_ms(since),
    )
    return [row["room_id"] for row in rows]


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
    """Return the summaries of a room whose words, whose command or whose file stand in a message."""
    return await _found(
        tx,
        await tx.all(
            "SELECT id FROM summaries WHERE room_id = ?1 AND (source_event_id = ?2 OR command_event_id = ?2"
            " OR id IN (SELECT summary_id FROM summary_files WHERE event_id = ?2))",
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
    copy = (await deliveries.copies(tx, question_id)).get(room_id)
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
        await _terms(tx, row["id"], row),
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
        await summary_files.find(tx, row["id"], row["file"]),
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
        await _terms(tx, summary_id, row),
        from_ms(row["made_at"]),
        await _oks(tx, summary_id, row["version"]),
        _moment(row["ended_at"]),
        await summary_files.find(tx, summary_id, row["file"]),
    )


async def _terms(tx: Tx, summary_id: str, version: Row) -> Terms:
    rows = await tx.all(
        "SELECT room_id, name FROM summary_destinations WHERE summary_id = ? AND version = ? ORDER BY place",
        summary_id,
        version["version"],
    )
    destinations = tuple(Destination(row["room_id"], row["name"]) for row in rows)
    return Terms(
        version["signed_by"], destinations, ZoneInfo(version["zone"]), urgent=bool(version["urgent"])
    )


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
