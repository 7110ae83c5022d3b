"""Files: encrypted before they are uploaded. Rule: the server learns neither a file's name nor its kind."""

from __future__ import annotations

from typing import Any

from nio.crypto.attachments import encrypt_attachment

from bot.domain.errors import Retry
from bot.matrix.client import BotClient
from bot.matrix.format import plain
from bot.matrix.requests import network, read_json
from bot.ports import SendFile


async def upload_encrypted(client: BotClient, file: SendFile) -> dict[str, Any]:
    """Upload a file and return the content of the message that carries it.

    Raises:
        Retry: No answer, or a server error.
        GiveUp: The server refused, for example because the file is too large.
    """
    text = plain(file.markdown) if file.mimetype == "text/plain" else file.markdown
    content = text.encode()
    ciphertext, keys = encrypt_attachment(content)
    headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": "application/octet-stream"}
    with network():
        answer = await client.send("POST", "/_matrix/media/v3/upload", ciphertext, headers)
        uploaded = await read_json(answer, "upload")
    uri = uploaded.get("content_uri")
    if not isinstance(uri, str):
        raise Retry("the server did not say where the file is")
    return {
        "msgtype": "m.file",
        "body": file.name,
        "filename": file.name,
        "info": {"mimetype": file.mimetype, "size": len(content)},
        "file": {"url": uri, "mimetype": file.mimetype, **keys},
        "m.mentions": {},
    }
