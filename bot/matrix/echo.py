"""Finds a message of ours again whose answer was lost so long ago that its transaction is forgotten.

Rule: what may have been said already is looked for before it is said again. A homeserver knows a transaction
id for a day (Synapse: `event_txn_id_device_id`) and only from the device that used it, so every event of ours
also carries its row's sign: 96 random bits outside the encryption, meaningless to everybody else. Inside, a
new device whose room keys were lost could not read it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from bot.domain.errors import Retry
from bot.matrix.client import BotClient
from bot.matrix.requests import V3, request
from bot.store.outbox import Queued
from bot.text import LATEST, utc

SIGN = "app.spokesbot.sign"
REMEMBERED = timedelta(hours=23)
CLOCKS_DIFFER = timedelta(hours=1)
"""How far the server's clock may be from ours."""
PAGE = 100
PAGES = 200


def is_doubtful(row: Queued, now: datetime, device_id: str) -> bool:
    """Tell whether a row may have been sent without the server knowing its transaction any more.

    A row that has waited as long without a noted attempt counts too: a power cut may have taken the note.
    """
    if row.tried_by not in (None, device_id):
        return True
    return now - (row.tried_at or row.queued_at) > REMEMBERED


async def find_sent(client: BotClient, row: Queued) -> str | None:
    """Look through a room's messages, newest first, back to the row's first attempt; return its event id.

    Raises:
        Retry: No answer, or the room is too busy to be searched in one go.
        GiveUp: The server does not show the room.
    """
    begin = (row.tried_at or row.queued_at) - CLOCKS_DIFFER
    query = {"dir": "b", "limit": str(PAGE)}
    for _ in range(PAGES):
        path = f"{V3}/rooms/{quote(row.room_id, safe='')}/messages?{urlencode(query)}"
        page = await request(client, "GET", path)
        chunk, end = page.get("chunk"), page.get("end")
        events = [event for event in chunk if isinstance(event, dict)] if isinstance(chunk, list) else []
        for event in events:
            event_id = event.get("event_id")
            if event.get("sender") == client.user_id and isinstance(event_id, str) and _is_it(event, row):
                return event_id
        # not at the first old one: one wrong clock among the servers would hide what lies behind it
        if (
            not isinstance(end, str)
            or not end
            or (events and all(_sent_at(event) < begin for event in events))
        ):
            return None
        query["from"] = end
    raise Retry("too much was said since to see whether it was sent", timedelta(hours=1))


def _is_it(event: dict[str, Any], row: Queued) -> bool:
    content, unsigned = event.get("content"), event.get("unsigned")
    # a deleted event has lost its sign, but our own device is still shown its transaction id
    return (isinstance(content, dict) and content.get(SIGN) == row.sign) or (
        isinstance(unsigned, dict) and unsigned.get("transaction_id") == row.txn_id
    )


def _sent_at(event: dict[str, Any]) -> datetime:
    at = event.get("origin_server_ts")
    # one without a time does not say that we have looked far enough
    return utc(at if isinstance(at, int) else LATEST)
