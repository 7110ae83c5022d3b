"""Assemblies, pods, their codes and settings. Rule: a code is used once."""

from __future__ import annotations

from datetime import datetime

from bot.domain.pods import CODE_GOOD_FOR, Assembly, Pod, Settings
from bot.store.database import Row, Tx, from_ms, to_ms


async def create_assembly(tx: Tx, room_id: str, name: str, now: datetime) -> None:
    """Make a room an assembly."""
    await tx.run("INSERT INTO assemblies VALUES (?, ?, ?)", room_id, name, to_ms(now))


async def create_pod(tx: Tx, room_id: str, name: str, now: datetime) -> None:
    """Make a room a pod."""
    await tx.run("INSERT INTO pods (room_id, name, created_at) VALUES (?, ?, ?)", room_id, name, to_ms(now))


async def find_assembly(tx: Tx, room_id: str) -> Assembly | None:
    """Return the assembly of a room."""
    row = await tx.one("SELECT * FROM assemblies WHERE room_id = ?", room_id)
    return Assembly(row["room_id"], row["name"]) if row else None


async def find_pod(tx: Tx, room_id: str) -> Pod | None:
    """Return the pod of a room."""
    row = await tx.one("SELECT * FROM pods WHERE room_id = ?", room_id)
    return _pod(row) if row else None


async def pods_of(tx: Tx, assembly_room_id: str) -> list[Pod]:
    """Return the pods of an assembly, by name."""
    rows = await tx.all(
        "SELECT * FROM pods WHERE assembly_room_id = ? ORDER BY lower(name)", assembly_room_id
    )
    return [_pod(row) for row in rows]


async def rename(tx: Tx, room_id: str, name: str) -> None:
    """Give a pod or an assembly another name."""
    await tx.run("UPDATE pods SET name = ? WHERE room_id = ?", name, room_id)
    await tx.run("UPDATE assemblies SET name = ? WHERE room_id = ?", name, room_id)


async def set_assembly(tx: Tx, pod_room_id: str, assembly_room_id: str | None, now: datetime) -> None:
    """Tie a pod to an assembly, or untie it."""
    await tx.run(
        "UPDATE pods SET assembly_room_id = ?, joined_at = ? WHERE room_id = ?",
        assembly_room_id,
        to_ms(now) if assembly_room_id else None,
        pod_room_id,
    )


async def set_size_told(tx: Tx, room_id: str, notice: str | None) -> bool:
    """Note which size notice a pod was given; `False` if it is the one it had."""
    return (
        await tx.run(
            "UPDATE pods SET size_told = ?1 WHERE room_id = ?2 AND size_told IS NOT ?1", notice, room_id
        )
        == 1
    )


async def add_code(tx: Tx, code: str, assembly_room_id: str, made_by: str, expires_at: datetime) -> None:
    """Keep a new one-time code."""
    await tx.run(
        "INSERT INTO codes (code, assembly_room_id, made_by, expires_at) VALUES (?, ?, ?, ?)",
        code,
        assembly_room_id,
        made_by,
        to_ms(expires_at),
    )


async def open_codes(tx: Tx, assembly_room_id: str, now: datetime) -> int:
    """Return how many codes of an assembly could still be used; those that ended long ago are forgotten."""
    await tx.run("DELETE FROM codes WHERE expires_at < ?", to_ms(now - 4 * CODE_GOOD_FOR))
    row = await tx.one(
        "SELECT count(*) AS n FROM codes WHERE assembly_room_id = ? AND used_at IS NULL AND expires_at >= ?",
        assembly_room_id,
        to_ms(now),
    )
    return row["n"] if row else 0


async def find_code(tx: Tx, code: str) -> tuple[str, datetime, bool] | None:
    """Return a code's assembly room, when it ends and whether it was used."""
    row = await tx.one("SELECT * FROM codes WHERE code = ?", code)
    return (row["assembly_room_id"], from_ms(row["expires_at"]), row["used_at"] is not None) if row else None


async def use_code(tx: Tx, code: str, now: datetime) -> None:
    """Note that a code was used."""
    await tx.run("UPDATE codes SET used_at = ? WHERE code = ?", to_ms(now), code)


async def settings(tx: Tx, room_id: str) -> Settings:
    """Return a room's settings, the operator's defaults and then the program's filled in.

    An assembly and a room that is not set up have the operator's defaults.
    """
    rows = await tx.all(
        "SELECT substr(key, 9) AS key, value FROM meta WHERE key LIKE 'default.%'"
        " UNION ALL SELECT key, value FROM settings WHERE room_id = ?",
        room_id,
    )
    return Settings(**{row["key"]: row["value"] for row in rows})


async def set_setting(tx: Tx, room_id: str, key: str, value: str) -> None:
    """Change a setting."""
    await tx.run(
        "INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        room_id,
        key,
        value,
    )


def _pod(row: Row) -> Pod:
    return Pod(row["room_id"], row["name"], row["assembly_room_id"])
