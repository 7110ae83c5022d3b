"""Send what goes from device to device and is no room key: requests for keys, refusals of keys, signs of life.

Rule: few requests; what is not answered is sent again as it was; what the server refuses is dropped and holds
up nothing behind it; and the queue does not grow for ever.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nio.event_builders import ToDeviceMessage
from nio.responses import ToDeviceResponse

from bot.domain.errors import GiveUp
from bot.matrix.requests import V3, request

if TYPE_CHECKING:
    from bot.matrix.client import BotClient

log = logging.getLogger(__name__)

DEVICES_A_REQUEST = 300
QUEUED = 10_000


@dataclass
class _Request:
    """A request under way; the same id again makes the server deliver it once."""

    kind: str
    txn_id: str
    messages: dict[str, dict[str, Any]]
    carries: list[ToDeviceMessage]


class Errands:
    """The queue of one client; it is nio's own, which nio would send one request a message."""

    def __init__(self, client: BotClient) -> None:
        self._client = client
        self._unanswered: _Request | None = None

    def queue(self, message: ToDeviceMessage) -> None:
        """Have a message sent with the next `run`."""
        if len(self._client.olm.outgoing_to_device_messages) < QUEUED:
            self._client.olm.outgoing_to_device_messages.append(message)
            self._client.keys_wanted.set()

    async def run(self) -> None:
        """Send everything.

        Raises:
            Retry: As `requests.request`; what was not answered is sent again by the next call.
        """
        olm = self._client.olm
        while made := self._unanswered or _gather(olm.outgoing_to_device_messages):
            self._unanswered = made
            try:
                path = f"{V3}/sendToDevice/{made.kind}/{made.txn_id}"
                await request(self._client, "PUT", path, {"messages": made.messages})
            except GiveUp as error:
                log.error("%s to %d devices refused: %s", made.kind, len(made.carries), error.reason)
                taken = set(map(id, made.carries))
                waiting = olm.outgoing_to_device_messages
                waiting[:] = [message for message in waiting if id(message) not in taken]
            else:
                for message in made.carries:
                    olm.handle_response(ToDeviceResponse(message))
            self._unanswered = None


def _gather(waiting: list[ToDeviceMessage]) -> _Request | None:
    """Take the next messages of one type; a device takes only one message of a request."""
    if not waiting:
        return None
    made = _Request(waiting[0].type, str(uuid.uuid4()), {}, [])
    for message in waiting:
        to = made.messages.setdefault(message.recipient, {})
        if message.type == made.kind and message.recipient_device not in to:
            to[message.recipient_device] = message.content
            made.carries.append(message)
        if len(made.carries) == DEVICES_A_REQUEST:
            break
    made.messages = {user: devices for user, devices in made.messages.items() if devices}
    return made
