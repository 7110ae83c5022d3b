"""Files: encrypted before they are uploaded, and how the messages that carry them look.

Rule: the server learns neither a file's name nor its kind.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from nio.crypto.attachments import encrypt_attachment

from bot.domain.errors import Retry
from bot.domain.files import OCTETS, Attached, Media, Sealed
from bot.domain.names import clean
from bot.matrix.client import BotClient
from bot.matrix.format import plain
from bot.matrix.requests import network, read_json
from bot.ports import SendFile, ShareFile

MEDIA_SECONDS = 300
"""For a whole upload or download; other requests have less."""
ADDRESS = re.compile(r"mxc://([^\s/?#]{1,255})/([^\s/?#]{1,255})")
LONGEST_PART, LONGEST_TEXT = 600, 5000
"""Characters; an address has at most 516, and a caption that is longer than a summary is refused anyway."""


async def upload_encrypted(client: BotClient, file: SendFile) -> dict[str, Any]:
    """Upload a file and return the content of the message that carries it.

    Raises:
        Retry: No answer, or a server error.
        GiveUp: The server refused, for example because the file is too large.
    """
    text = plain(file.markdown) if file.mimetype == "text/plain" else file.markdown
    content = text.encode()
    sealed = await upload(client, *encrypt_attachment(content), mimetype=file.mimetype, size=len(content))
    return file_content(ShareFile(Media.FILE.value, file.name, sealed))


async def upload(
    client: BotClient,
    ciphertext: bytes,
    keys: dict[str, Any],
    *,
    mimetype: str,
    size: int,
    width: int | None = None,
    height: int | None = None,
) -> Sealed:
    """Upload what is encrypted already, as octets without a name.

    Args:
        client: Whose server it goes to.
        ciphertext: What is uploaded.
        keys: What opens it, as nio's `encrypt_attachment` gives it.
        mimetype: What it is; the server is not told.
        size: Bytes.
        width: Pixels, of a picture or a film.
        height: Pixels.

    Raises:
        Retry: No answer, or a server error.
        GiveUp: The server refused, for example because the file is too large.
    """
    headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": OCTETS}
    with network():
        answer = await client.send(
            "POST", "/_matrix/media/v3/upload", BytesIO(ciphertext), headers, timeout=MEDIA_SECONDS
        )
        uploaded = await read_json(answer, "upload")
    uri = uploaded.get("content_uri")
    if not isinstance(uri, str):
        raise Retry("the server did not say where the file is")
    key, sha256 = keys["key"]["k"], keys["hashes"]["sha256"]
    return Sealed(uri, key, keys["iv"], sha256, mimetype, size, width, height)


def file_content(file: ShareFile) -> dict[str, Any]:
    """Return the content of the message that carries a file (Matrix specification, `m.room.message` with `file`)."""
    info = _info(file.content)
    if file.thumbnail is not None:
        info |= {"thumbnail_file": _opened_by(file.thumbnail), "thumbnail_info": _info(file.thumbnail)}
    content = {
        "msgtype": file.media,
        "body": file.name,
        "filename": file.name,
        "info": info,
        "file": _opened_by(file.content),
        "m.mentions": {},
    }
    if file.thread is not None:
        content["m.relates_to"] = {
            "rel_type": "m.thread",
            "event_id": file.thread,
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": file.thread},
        }
    return content


def _info(sealed: Sealed) -> dict[str, Any]:
    info = {"mimetype": sealed.mimetype, "size": sealed.size, "w": sealed.width, "h": sealed.height}
    return {name: value for name, value in info.items() if value is not None}


def _opened_by(sealed: Sealed) -> dict[str, Any]:
    key = {
        "kty": "oct",
        "alg": "A256CTR",
        "ext": True,
        "k": sealed.key,
        "key_ops": ["encrypt", "decrypt"],
    }
    return {
        "v": "v2",
        "url": sealed.url,
        "mimetype": sealed.mimetype,
        "key": key,
        "iv": sealed.iv,
        "hashes": {"sha256": sealed.sha256},
    }


def attached(content: object, event_id: str, by: str, *, decrypted: bool) -> Attached | None:
    """Return the file in the content of a message, or `None` if it carries none.

    Args:
        content: Of the message.
        event_id: The message, or the one that it edits.
        by: Its sender.
        decrypted: Whether the message was encrypted.
    """
    if not isinstance(content, dict):
        return None
    try:
        media = Media(content.get("msgtype"))
    except ValueError:
        return None
    body, name = _text(content.get("body")), _text(content.get("filename"))
    info = _dict(content.get("info"))
    return Attached(
        event_id,
        by,
        media,
        name or body,
        body if name and body != name else None,
        decrypted and isinstance(content.get("file"), dict),
        _sealed(content.get("file"), info),
        _sealed(info.get("thumbnail_file"), _dict(info.get("thumbnail_info"))),
    )


def _sealed(file: object, info: dict[str, Any]) -> Sealed | None:
    """Read where a file is and what opens it, if that is whole."""
    if not isinstance(file, dict):
        return None
    key = _dict(file.get("key"))
    parts = file.get("url"), key.get("k"), file.get("iv"), _dict(file.get("hashes")).get("sha256")
    opening = [clean(part) for part in parts if isinstance(part, str) and len(part) <= LONGEST_PART]
    if len(opening) < len(parts) or not ADDRESS.fullmatch(opening[0]) or key.get("alg") != "A256CTR":
        return None
    mimetype = _text(info.get("mimetype")) or _text(file.get("mimetype"))
    url, k, iv, sha256 = opening
    return Sealed(
        url,
        k,
        iv,
        sha256,
        mimetype,
        _number(info.get("size")) or 0,
        _number(info.get("w")),
        _number(info.get("h")),
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _text(value: object) -> str:
    return clean(value)[:LONGEST_TEXT] if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
