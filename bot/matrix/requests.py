"""Ask the homeserver, and turn every way it can fail into `Retry` or `GiveUp`.

Rule: this is the only file that looks at nio's error responses or at HTTP status codes, so that what is worth
another try is decided in one place.
"""

import json
import re
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import aiohttp
from nio.client.async_client import AsyncClient
from nio.exceptions import SendRetryError
from nio.responses import ErrorResponse

from bot import json_text
from bot.domain.errors import GiveUp, Retry

V3 = "/_matrix/client/v3"
TOO_MANY = 429
UNAUTHORISED = 401
NOT_FOUND = 404
LONGEST_WAIT_MS = 3_600_000  # a server that asks for more is asked again after an hour

_NOT_ABOUT_THE_REQUEST = frozenset(
    (
        "",
        "M_UNKNOWN_TOKEN",
        "M_MISSING_TOKEN",
        "M_UNRECOGNIZED",
        "M_USER_LOCKED",
        "M_USER_SUSPENDED",
        "M_USER_DEACTIVATED",
        "M_CONSENT_NOT_GIVEN",
        "M_RESOURCE_LIMIT_EXCEEDED",
    )
)

T = TypeVar("T")


class Refused(GiveUp):
    """The server understood and said no.

    Args:
        status: The HTTP status, or 0 if nio did not keep it.
        errcode: The Matrix error code, such as `M_FORBIDDEN`, or an empty string.
        body: The whole answer; a 401 carries the ways to authenticate in it.
        reason: What is written to the log.
    """

    def __init__(self, status: int, errcode: str, body: dict[str, Any], reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.errcode = errcode
        self.body = body

    @property
    def is_token_unknown(self) -> bool:
        """Tell whether the session itself has ended, so that no request will work again."""
        return self.errcode == "M_UNKNOWN_TOKEN"

    @property
    def is_passing(self) -> bool:
        """Tell whether it says nothing of what was asked for, so that the same may be granted another time.

        The session, the account or something between the server and us is in the way: a proxy's page has no code.
        """
        return self.errcode in _NOT_ABOUT_THE_REQUEST


async def request(
    client: AsyncClient,
    method: str,
    path: str,
    body: object = None,
    *,
    timeout: float | None = None,  # noqa: ASYNC109 - aiohttp's own, it also covers reading the answer
) -> dict[str, Any]:
    """Send one request that nio has no method for and return the parsed answer.

    Args:
        client: Its access token, if any, is sent along.
        method: The HTTP method.
        path: From the slash after the host on, already percent-encoded.
        body: Anything JSON can say; None sends no body.
        timeout: Seconds for the whole request, instead of the client's own.

    Raises:
        Retry: No answer, a broken answer, 408, 429 or a server error.
        Refused: Any other refusal.
    """
    headers = {"Content-Type": "application/json"}
    if client.access_token:
        headers["Authorization"] = f"Bearer {client.access_token}"
    data = None if body is None else json.dumps(body)
    with network():
        answer = await client.send(method, path, data, headers, timeout=timeout)
        return await read_json(answer, f"{method} {_bare(path)}")


async def read_json(answer: aiohttp.ClientResponse, what: str) -> dict[str, Any]:
    """Read an answer that should be a JSON object; call it inside `network`.

    Args:
        answer: The answer, its body not read yet.
        what: What was asked, for the log.

    Raises:
        Retry: A broken answer, 408, 429 or a server error.
        Refused: Any other refusal.
    """
    raw = await answer.read()
    try:
        parsed = json_text.read(raw) if raw else {}
    except ValueError:
        parsed = None
    if 200 <= answer.status < 300:
        if isinstance(parsed, dict):
            return parsed
        raise Retry(f"{what}: the answer is not JSON")
    _raise(answer.status, parsed if isinstance(parsed, dict) else {}, what, answer)
    raise AssertionError


async def server_time(client: AsyncClient) -> datetime | None:
    """Ask what time it is on the server, to the second; None if it does not say.

    Raises:
        Retry: No answer.
    """
    with network():
        answer = await client.send("GET", "/_matrix/client/versions")
        await answer.read()
    try:
        return parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return None


async def call(answer: Awaitable[T | ErrorResponse]) -> T:
    """Wait for one of nio's own methods and return its answer only if it is a good one.

    Raises:
        Retry: As for `request`.
        Refused: As for `request`.
    """
    with network():
        response = await answer
    return raise_for(response)


def raise_for(response: T | ErrorResponse) -> T:
    """Return the response, or raise what its being an error means.

    Raises:
        Retry: No answer, a broken answer, 429 or a server error.
        Refused: Any other refusal.
    """
    if not isinstance(response, ErrorResponse):
        return response
    body: dict[str, Any] = {"errcode": response.status_code or "", "error": response.message}
    if response.retry_after_ms:
        body["retry_after_ms"] = response.retry_after_ms
    transport: Any = response.transport_response
    _raise(transport.status if transport else 0, body, type(response).__name__, transport)
    raise AssertionError


@contextmanager
def network() -> Iterator[None]:
    """Turn what aiohttp and nio raise when there is no answer into `Retry`."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError, SendRetryError) as error:
        raise Retry(f"no answer from the server: {type(error).__name__} {error}".strip()) from error


def _raise(status: int, body: dict[str, Any], what: str, answer: Any) -> None:
    errcode = str(body.get("errcode") or "")
    reason = f"{what}: {status or 'no status'} {errcode} {body.get('error') or ''}".strip()
    if status == TOO_MANY or errcode == "M_LIMIT_EXCEEDED":
        raise Retry(reason, _wait(body, answer), everywhere=True)
    # A 2xx that nio called an error, or an error without a code, comes from something in between the server
    # and us (a proxy's page), never from a decision of the server.
    broken = status < 300 or (not errcode and status not in (UNAUTHORISED, NOT_FOUND))
    if status >= 500 or status == 408 or (broken and errcode in ("", "M_UNKNOWN")):
        raise Retry(reason)
    raise Refused(status, errcode, body, reason)


def _wait(body: dict[str, Any], answer: Any) -> timedelta | None:
    asked = body.get("retry_after_ms")
    if not isinstance(asked, int | float) or not asked > 0:
        header = answer.headers.get("Retry-After", "") if answer is not None else ""
        asked = int(header) * 1000 if re.fullmatch(r"[0-9]{1,9}", header) else None
    return timedelta(milliseconds=min(asked, LONGEST_WAIT_MS)) if asked else None


def _bare(path: str) -> str:
    return path.split("?", 1)[0]


def objects(value: object) -> dict[str, Any]:
    """Take a JSON object's members that are objects themselves; anything else counts as not said."""
    return {k: v for k, v in value.items() if isinstance(v, dict)} if isinstance(value, dict) else {}
