"""What waits for people to type `ok`: a pod that asks to enter, a change of a setting.

Rule: an ok is one person's; the same person's second ok counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Request:
    """Something that waits for oks.

    Args:
        id: Such as `J2`.
        kind: `enter` or `setting`.
        room_id: Where the oks are typed.
        pod_room_id: The pod it is about.
        key, value: The setting and its new value.
        state: `open`, `done`, `withdrawn` or `lapsed`.
    """

    id: str
    kind: str
    room_id: str
    pod_room_id: str
    asked_by: str
    asked_at: datetime
    key: str | None
    value: str | None
    state: str


async def add(tx: Tx, request: Request) -> None:
    """Keep a new request."""
    await tx.run(
        "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        request.id,
        request.kind,
        request.room_id,
        request.pod_room_id,
        request.asked_by,
        to_ms(request.asked_at),
        request.key,
        request.value,
        request.state,
    )


async def find(tx: Tx, request_id: str) -> Request | None:
    """Return a request by its id."""
    row = await tx.one("SELECT * FROM requests WHERE id = ?", request_id)
    return _request(row) if row else None


async def open_in(tx: Tx, room_id: str) -> list[Request]:
    """Return the open requests whose oks are typed in a room, oldest first."""
    rows = await tx.all(
        "SELECT * FROM requests WHERE room_id = ? AND state = 'open' ORDER BY asked_at, id", room_id
    )
    return [_request(row) for row in rows]


async def open_of_pod(tx: Tx, pod_room_id: str, kind: str) -> list[Request]:
    """Return a pod's open requests of a kind."""
    rows = await tx.all(
        "SELECT * FROM requests WHERE pod_room_id = ? AND kind = ? AND state = 'open' ORDER BY asked_at, id",
        pod_room_id,
        kind,
    )
    return [_request(row) for row in rows]


async def close(tx: Tx, request_id: str, state: str) -> None:
    """End a request."""
    await tx.run("UPDATE requests SET state = ? WHERE id = ?", state, request_id)


async def add_ok(tx: Tx, request_id: str, user_id: str, now: datetime) -> bool:
    """Count an ok; `False` if this person's was counted before."""
    return (
        await tx.run("INSERT OR IGNORE INTO request_oks VALUES (?, ?, ?)", request_id, user_id, to_ms(now))
        == 1
    )


async def drop_ok(tx: Tx, request_id: str, user_id: str) -> None:
    """Take an ok back."""
    await tx.run("DELETE FROM request_oks WHERE request_id = ? AND user_id = ?", request_id, user_id)


async def oks(tx: Tx, request_id: str) -> list[str]:
    """Return who said ok, in order."""
    rows = await tx.all(
        "SELECT user_id FROM request_oks WHERE request_id = ? ORDER BY at, user_id", request_id
    )
    return [row["user_id"] for row in rows]


def _request(row: Row) -> Request:
    return Request(
        row["id"],
        row["kind"],
        row["room_id"],
        row["pod_room_id"],
        row["asked_by"],
        from_ms(row["asked_at"]),
        row["key"],
        row["value"],
        row["state"],
    )
