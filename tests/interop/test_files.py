"""Files that go along with summaries, as people's real apps show them: shown, approved, opened elsewhere, retracted."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from sandbox.bot import BotProcess
from sandbox.load.federation import Federation
from tests.interop.test_relay import approve, id_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.members import Members
    from sandbox.seen import Seen
    from sandbox.synapse import Synapse

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]


def png(*says: tuple[bytes, bytes]) -> bytes:
    """A picture of one grey pixel, with what it says of itself."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        *says,
        (b"IDAT", zlib.compress(b"\0\x80")),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def with_file(seen: Seen) -> bool:
    return "file" in seen.content


async def test_a_pdf_and_a_picture_go_along_and_open_in_real_apps_as_they_were_shown(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    async with BotProcess(synapse, fresh_name("bot")) as bot:
        federation = Federation(synapse, members, bot, fresh_name)
        await federation.set_up("Willow", "Oak")
        river, (willow, oak) = federation.assembly, federation.pods
        host = river.witness
        pdf = b"%PDF-1.7\n" + bytes(range(256)) * 2000
        for name, data, mimetype, arrives in (
            ("agenda.pdf", pdf, "application/pdf", pdf),
            ("banner.png", png((b"tEXt", b"Author\0Cy")), "image/png", png()),
        ):
            sent = await host.send_file(
                river.room, name, data, mimetype, caption=f"This is {name}.", thumbnail=png()
            )
            typed = await host.say(river.room, "!summary", reply_to=sent)
            draft = await federation.hears(river, "This is how it will be read", since=typed)
            summary = id_in(draft)
            shown = await federation.hears(river, with_file, since=draft.event_id)
            assert sha256(await host.download(shown)).digest() == sha256(arrives).digest()
            # killed as soon as it is approved
            first, second = (pod.spokes[0] for pod in (willow, oak))
            await federation.asks(first, river, f"ok {summary}", f"says ok to {summary}")
            await federation.say(second, river, f"ok {summary}")
            await bot.kill()
            await bot.start()
            for pod in (willow, oak):
                letter = await federation.hears(pod, f"> This is {name}.")
                file = await federation.hears(pod, with_file, since=letter.event_id)
                assert (letter.body or "") in (draft.body or "")
                assert (file.encrypted, file.shield, file.body) == (True, "NONE", name)
                assert file.content == shown.content
                opened = await pod.witness.download(file)
                assert sha256(opened).digest() == sha256(arrives).digest()
                assert await pod.witness.download(file, thumbnail=True) == png()
                # each once
                found = [
                    seen
                    for seen in pod.witness.timeline(pod.room)
                    if seen.sender == bot.user_id and seen.content.get("filename") == name
                ]
                assert len(found) == 1

        # the retraction of the picture deletes letter and file
        await federation.asks(host, river, f"!summary retract {summary}", "Retraction of")
        await approve(federation, river, summary)
        for pod in (willow, oak):
            await federation.hears(pod, f"{summary} from the assembly River was retracted.")
            names = {seen.content.get("filename") for seen in pod.witness.timeline(pod.room)}
            assert "banner.png" not in names
            assert "agenda.pdf" in names
        assert await bot.stop() == 0
