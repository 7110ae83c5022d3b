"""The log: ids and reasons, as text or JSON, never what anybody said."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime

_FIELDS = ("room_id", "event_id", "txn_id", "old_room_id", "why", "action")


def fault(error: BaseException) -> str:
    """Describe an unexpected error by its kind and place; its own text may hold people's words."""
    if isinstance(error, BaseExceptionGroup):
        return "\n".join(map(fault, error.exceptions))
    return f"{type(error).__qualname__}\n{''.join(traceback.format_tb(error.__traceback__))}"


class TextFormatter(logging.Formatter):
    """One line of text a record, ids at the end."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        ids = " ".join(f"{key}={value}" for key, value in _ids(record).items())
        return f"{at} {record.levelname.lower():7} {record.name}: {record.getMessage()}{' ' + ids if ids else ''}"


class JsonFormatter(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object on one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat()
        return json.dumps(
            {"at": at, "level": record.levelname.lower(), "from": record.name, "message": record.getMessage()}
            | _ids(record)
        )


def _ids(record: logging.LogRecord) -> dict[str, str]:
    return {key: str(value) for key in _FIELDS if (value := getattr(record, key, None)) is not None}


def set_up(level: str, form: str, file: str | None = None) -> None:
    """Send our log to stderr or a file.

    Libraries log warnings only, and never with a traceback's text: theirs may quote what they were given.
    """
    handler: logging.Handler = (
        logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler()
    )
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR)
    logging.getLogger("bot").setLevel(level.upper())
    # nio and peewee quote events, keys and SQL values in theirs
    for noisy in ("nio", "peewee", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
