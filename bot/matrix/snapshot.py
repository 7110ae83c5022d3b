"""Keep what nio forgets when the bot is stopped, so that the next start goes on where this one ended.

Rule: a key of our messages is used from one place only. What is kept here is written when nothing is sent any more, and
is deleted, on the disk, before anything of it is used. After a crash nothing is here, and every key is made anew
(docs/adr/0018-a-stop-keeps-what-is-known.md).
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from nio.crypto.sessions import OutboundGroupSession
from nio.rooms import MatrixRoom

from bot.matrix.rotation import Rotation
from bot.store.database import from_ms, to_ms

if TYPE_CHECKING:
    from bot.matrix.client import BotClient
    from bot.matrix.keystore import KeyStore

log = logging.getLogger(__name__)

GOOD_FOR = timedelta(days=1)
"""How long who is in which room is believed; now and then it is to be heard from the server as a whole."""
KEYS_GOOD_FOR = timedelta(hours=1)
"""How long the keys are: a copy of the folder that is brought back later must not bring them back."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS resting (room_id TEXT PRIMARY KEY, content TEXT NOT NULL, key TEXT) STRICT"
)
_GENERAL = ""


@dataclass(frozen=True)
class Taken:
    """What was taken up.

    Args:
        creators: By room, whose power there has no end.
    """

    creators: Mapping[str, set[str]]


def keep(client: BotClient, token: str, now: datetime, creators: Mapping[str, set[str]]) -> None:
    """Put down what is known of the rooms, and the keys of our next messages there.

    Nothing may be sent after this.

    Args:
        client: As it was after the answer with this token had been handled.
        token: The place in the stream; a start from another one learns everything anew.
        now: The moment.
        creators: By room, whose power there has no end.
    """
    olm, store = client.olm, client.store
    general = {
        "token": token,
        "at": to_ms(now),
        "tracked": sorted(olm.tracked_users),
        "asked": sorted(olm.users_for_key_query | client.queries.asked_now),
    }
    rows: list[tuple[str, str, str | None]] = [(_GENERAL, json.dumps(general), None)]
    for room_id, room in client.rooms.items():
        session = olm.outbound_group_sessions.get(room_id)
        shared = session if session is not None and session.shared else None
        rotation = olm.rotations.get(room_id)
        content = {
            "encrypted": room.encrypted,
            "members": [
                [user, member.display_name, user in room.invited_users] for user, member in room.users.items()
            ],
            "creators": sorted(creators.get(room_id, ())),
            "rotation": rotation
            and [rotation.messages, rotation.age.total_seconds(), rotation.others.total_seconds()],
            "session": shared
            and [shared.message_count, shared.creation_time.isoformat(), sorted(shared.users_shared_with)],
        }
        key = shared.pickle(store.pickle_key).decode() if shared else None
        rows.append((room_id, json.dumps(content), key))
    store.disk.check()
    store.database.execute_sql(_TABLE)
    with store.database.atomic():
        store.database.execute_sql("DELETE FROM resting")
        store.database.connection().executemany("INSERT INTO resting VALUES (?, ?, ?)", rows)


def take_up(
    client: BotClient, token: str | None, now: datetime, joined: Mapping[str, set[str]]
) -> Taken | None:
    """Take up what was put down, if it can be gone on from; whatever is there is gone from the disk afterwards.

    Args:
        client: With its store open, before anything was asked for.
        token: The place in the stream from which it will ask.
        now: The moment.
        joined: Who is in which room, as our own store knows it.
    """
    rows = _take_out(client.store)
    general = json.loads(rows.pop(_GENERAL, ("{}", None))[0])
    if token is None or general.get("token") != token:
        return None
    age = now - from_ms(general["at"])
    kept = {room_id: (json.loads(content), key) for room_id, (content, key) in rows.items()}
    present = {
        room_id: {user for user, _, invited in content["members"] if not invited}
        for room_id, (content, _) in kept.items()
    }
    # two books of the same thing: where they differ, the server is asked
    if not timedelta() <= age <= GOOD_FOR or present != joined:
        log.info("what was known at the last stop is not gone on from")
        return None
    for room_id, (content, key) in kept.items():
        _restore(client, room_id, content, key if age <= KEYS_GOOD_FOR else None)
    client.olm.tracked_users.update(general["tracked"])
    client.olm.users_for_key_query.update(general["asked"])
    return Taken({room_id: set(content["creators"]) for room_id, (content, _) in kept.items()})


def _take_out(store: KeyStore) -> dict[str, tuple[str, str | None]]:
    """Return what is there, and delete it; the deletion is on the disk before this returns."""
    store.database.execute_sql(_TABLE)
    with store.database.atomic():
        found = store.database.execute_sql("SELECT room_id, content, key FROM resting").fetchall()
        store.database.execute_sql("DELETE FROM resting")
    return {room_id: (content, key) for room_id, content, key in found}


def _restore(client: BotClient, room_id: str, content: dict[str, Any], key: str | None) -> None:
    room = client.rooms[room_id] = MatrixRoom(room_id, client.user_id, encrypted=content["encrypted"])
    _fill(room, content["members"])
    if content["rotation"]:
        messages, age, others = content["rotation"]
        client.olm.rotations[room_id] = Rotation(messages, timedelta(seconds=age), timedelta(seconds=others))
    if key is None:
        return
    count, made_at, shared_with = content["session"]
    session = OutboundGroupSession.from_pickle(key.encode(), client.store.pickle_key)
    session.message_count, session.creation_time = count, datetime.fromisoformat(made_at)
    session.users_shared_with = {(user, device) for user, device in shared_with}
    session.shared = True
    client.olm.outbound_group_sessions[room_id] = session
    client.olm.rotate(room_id, client.olm.rotations.get(room_id, Rotation()))


def _fill(room: MatrixRoom, members: Iterable[tuple[str, str | None, bool]]) -> None:
    for user, name, invited in members:
        room.add_member(user, name, None, invited)
    room.members_synced = True
