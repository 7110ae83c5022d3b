"""Files that go along with summaries, on a server: fetched, sealed anew, uploaded once, and what goes wrong on the way."""

from __future__ import annotations

from hashlib import sha256
from itertools import count
from typing import Any

import pytest

from bot.store.summary_files import find
from tests.homeserver.harness import LARGEST, Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.test_relay import STEP, NextMoment, federation
from tests.homeserver.world import World

UPLOAD, DOWNLOAD = "POST .*/media/v3/upload", "GET .*/media/download"
PDF = b"%PDF-1.7 our agenda"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"".join(
    len(body).to_bytes(4, "big") + kind + body + bytes(4)
    for kind, body in ((b"IHDR", bytes(13)), (b"tEXt", b"Author\0cy"), (b"IDAT", b"pixels"), (b"IEND", b""))
)
CLEAN = PICTURE.replace(len(b"Author\0cy").to_bytes(4, "big") + b"tEXt" + b"Author\0cy" + bytes(4), b"")


async def drafted(bot: Bot, river: str, ana: Peer, name: str = "agenda-of-cy.pdf", **more: Any) -> str:
    """Let Ana send a file and draft S1 with it; returns the message with the file."""
    sent = ana.send_file(river, name, PDF, "application/pdf", **more)
    ana.reply(river, sent, "!summary The agenda.")
    await bot.settled()
    return sent


async def approved(bot: Bot, river: str, ana: Peer, ben: Peer, name: str = "S1") -> None:
    for peer in (ana, ben):
        peer.say(river, f"ok {name}")
        await bot.settled()


def carried(peer: Peer, room: str) -> list[dict[str, Any]]:
    """Return the contents of the bot's messages with files in a room that were not deleted."""
    gone = {stored.event.get("redacts") for stored in peer.world.rooms[room].events}
    found = [heard for heard in peer.heard(room) if heard.event_id not in gone]
    return [heard.content for heard in found if heard.content and "file" in heard.content]


async def test_a_file_is_uploaded_once_for_all_rooms_and_its_name_is_in_no_request(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben)
    server.received = []
    thumbnail, about = ana.sealed(CLEAN, "image/png", w=8, h=6)
    info = {
        "mimetype": "image/png",
        "size": len(PICTURE),
        "w": 80,
        "h": 60,
        "blurhash": "LKO2",
        "place": "here",
    }
    info |= {"thumbnail_file": thumbnail, "thumbnail_info": about}
    sent = ana.send_file(river, "banner-of-cy.png", PICTURE, "image/png", info=info)
    ana.reply(river, sent, "!summary The banner.")
    await bot.settled()
    [shown] = carried(ana, river)
    await approved(bot, river, ana, ben)
    for room in rooms:
        letter, file = ana.heard(room)[-2:]
        assert letter.text.endswith("> The banner.\n\nThe file follows: banner-of-cy.png, 63 bytes.")
        assert file.content == shown
    # as it was shown: the bytes but for what the picture said of itself, under a key of its own
    assert sha256(ana.opened(shown["file"])).digest() == sha256(CLEAN).digest()
    assert ana.opened(shown["info"]["thumbnail_file"]) == CLEAN
    assert (shown["msgtype"], shown["body"], shown["filename"]) == ("m.image", *["banner-of-cy.png"] * 2)
    assert {key: value for key, value in shown["info"].items() if not key.startswith("thumbnail")} == {
        "mimetype": "image/png",
        "size": len(CLEAN),
        "w": 80,
        "h": 60,
    }
    assert "Author" not in ana.texts(river)[-3]
    assert server.count(UPLOAD) == server.count(DOWNLOAD) == 2
    assert shown["file"]["url"] != thumbnail["url"]
    for request in server.received:
        assert b"banner-of-cy" not in request
        assert b"image/png" not in request
        assert b"tEXt" not in request
    uploads = [
        request for request in server.received if request.startswith(b"POST /_matrix/media/v3/upload ")
    ]
    assert len(uploads) == 2


async def test_killed_between_any_two_steps_one_letter_and_one_file_arrive_everywhere(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben, 3)
    for number in count(1):
        name = f"S{number}"
        bot.life.moment = NextMoment(number * STEP)  # type: ignore[assignment]
        sent = ana.send_file(river, "agenda.pdf", PDF, "application/pdf")
        ana.reply(river, sent, "!summary The agenda.")
        died = False
        for peer in (None, ana, ben):
            if peer is not None:
                peer.say(river, f"ok {name}")
            for _ in range(2):
                await bot.bell.until(lambda: bot.life.ended or not bot._busy(), "it is done, or dead")
                if bot.life.ended:
                    died = True
                    await bot.crash()
                    await bot.start()
                bot.later(minutes=1)
            await bot.bell.until(lambda: bot.life.ended or not bot._busy(), "it is done, or dead")
        for room in rooms:
            letter, file = ana.heard(room)[-2:]
            assert letter.text.startswith(f"From the assembly River, {name} version 1, ")
            assert file.content is not None
            assert ana.opened(file.content["file"]) == PDF
            assert len(carried(ana, room)) == number
        if not died:
            break
    assert number * STEP > 20
    assert bot.rows("SELECT count(*) AS n FROM outbox WHERE state != 'sent'") == [{"n": 0}]
    assert bot.rows("SELECT count(*) AS n FROM summary_fetches") == [{"n": 0}]


async def test_an_upload_whose_answer_was_lost_leaves_at_most_a_ciphertext_without_a_key(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben, 3)
    server.fault("drop", UPLOAD)
    await drafted(bot, river, ana)
    await bot.wait(minutes=1)
    await approved(bot, river, ana, ben)
    [file] = carried(ana, rooms[-1])
    assert ana.opened(file["file"]) == PDF
    assert len(world.media) == 3
    assert server.count(UPLOAD) == 2


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        (DOWNLOAD, {"status": 502}),
        (DOWNLOAD, {"status": 504, "errcode": "M_NOT_YET_UPLOADED"}),
        (DOWNLOAD, {"status": 429, "errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 7000}),
        (UPLOAD, {"status": 502}),
        (UPLOAD, {"status": 429, "errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 7000}),
        ("GET .*/media/config", {"status": 502}),
    ],
    ids=str,
)
async def test_a_server_in_trouble_is_asked_again(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, where: str, fault: dict[str, Any]
) -> None:
    river, _rooms = await federation(world, bot, ana, ben, 3)
    server.fail(where, times=2, **fault)
    await drafted(bot, river, ana)
    assert carried(ana, river) == []
    ana.say(river, "!summary status S1")
    await bot.settled()
    assert "Its file is not here yet: agenda-of-cy.pdf. I try again, because: " in ana.texts(river)[-1]
    await bot.wait(seconds=8)
    await bot.wait(seconds=8)
    [shown] = carried(ana, river)
    assert ana.opened(shown["file"]) == PDF


async def test_an_older_server_gives_files_out_by_the_old_address(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, _rooms = await federation(world, bot, ana, ben, 3)
    server.fail("GET /_matrix/client/v1/media/", 404, "M_UNRECOGNIZED", times=100)
    await drafted(bot, river, ana)
    # it has no such address here, so it is refused there
    assert server.count("GET /_matrix/media/v3/download/test/own0") > 0
    assert server.count("GET /_matrix/media/v3/config") > 0


MISSING = "The server does not have agenda-of-cy.pdf any more."
TOO_LARGE = "agenda-of-cy.pdf is too large: a file may have {most} at most."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("missing", MISSING),
        ("says it is large", TOO_LARGE.format(most="100 kB")),
        ("is large", TOO_LARGE.format(most="100 kB")),
        ("is large for the server", TOO_LARGE.format(most="10 bytes")),
        ("is refused as large", TOO_LARGE.format(most="100 kB")),
        ("another", "agenda-of-cy.pdf is not what its sender sent: its checksum is another."),
        ("no key", "agenda-of-cy.pdf came without a key that opens it."),
        ("a bad key", "agenda-of-cy.pdf came without a key that opens it."),
        ("forbidden", "The server does not let me copy agenda-of-cy.pdf."),
    ],
)
async def test_what_keeps_a_file_back_is_said_before_anybody_approves(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, change: str, said: str
) -> None:
    river, _rooms = await federation(world, bot, ana, ben, 3)
    file, info = ana.sealed(PDF, "application/pdf")
    match change:
        case "missing":
            file["url"] = "mxc://test/gone"
        case "says it is large":
            info["size"] = LARGEST + 1
        case "is large":
            file, info = ana.sealed(bytes(LARGEST + 1), "application/pdf", size=5)
        case "is large for the server":
            server.largest_upload = 10
        case "is refused as large":
            server.fail(UPLOAD, 413, "M_TOO_LARGE")
        case "another":
            world.media = {name: b"x" + content[1:] for name, content in world.media.items()}
        case "no key":
            del file["key"]["k"]
        case "a bad key":
            file["key"]["k"] = "AAAA"
        case "forbidden":
            server.fail(DOWNLOAD, 403, "M_FORBIDDEN")
    await drafted(bot, river, ana, file=file, info=info)
    told = ana.texts(river)[-1]
    assert told.startswith(f"S1 is dropped, because its file cannot go along. {said} Send ")
    uploads = server.count(UPLOAD)
    await approved(bot, river, ana, ben)
    assert ana.texts(river)[-1] == "S1 was cancelled. !summary TEXT drafts another."
    assert server.count(UPLOAD) == uploads == (change == "is refused as large")
    assert bot.rows("SELECT 1 FROM summary_files UNION SELECT 1 FROM summary_fetches") == []


async def test_a_thumbnail_that_cannot_go_is_left_out_and_the_file_goes(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, _rooms = await federation(world, bot, ana, ben, 3)
    thumbnail, about = ana.sealed(CLEAN, "image/png")
    del world.media[thumbnail["url"].rpartition("/")[2]]
    info = {"mimetype": "application/pdf", "thumbnail_file": thumbnail, "thumbnail_info": about}
    await drafted(bot, river, ana, info=info)
    [shown] = carried(ana, river)
    assert ana.opened(shown["file"]) == PDF
    assert "thumbnail_file" not in shown["info"]


@pytest.mark.parametrize("how", ["a file without a key of its own", "a message without encryption"])
async def test_a_file_that_the_server_can_read_is_not_taken(
    world: World, bot: Bot, ana: Peer, ben: Peer, how: str
) -> None:
    river, _rooms = await federation(world, bot, ana, ben, 3)
    content = {"msgtype": "m.file", "body": "open.pdf", "url": "mxc://test/open", "info": {}}
    if how == "a message without encryption":
        sent = world.put(river, ana.user_id, "m.room.message", content)
    else:
        sent = world.put(
            river, ana.user_id, "m.room.encrypted", ana.encrypted(river, "m.room.message", content)
        )
    ana.reply(river, sent, "!summary")
    await bot.settled()
    assert ana.texts(river)[-1].startswith("open.pdf is not encrypted, so the server can read it, ")


async def test_a_file_in_a_message_that_cannot_be_read_does_not_go_along_and_it_is_said(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, _rooms = await federation(world, bot, ana, ben, 3)
    ana.new_room_key(river)
    sent = ana.send_file(river, "agenda.pdf", PDF, "application/pdf", share=False)
    ana.new_room_key(river)
    ana.reply(river, sent, "!summary The agenda.")
    await bot.settled()
    assert "If there is a file in it, it does not go along.)" in ana.texts(river)[-1]
    ana.reply(river, sent, "!summary")
    await bot.settled()
    assert ana.texts(river)[-1].startswith("I could not read the message you replied to.")


async def test_a_retraction_deletes_the_files_messages_and_the_keys_are_erased_from_the_disk(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben, 3)
    await drafted(bot, river, ana)
    await approved(bot, river, ana, ben)
    async with bot.database.transaction("look") as tx:
        file = await find(tx, "S1", 1)
    assert file is not None
    assert file.content is not None
    ana.say(river, "!summary retract S1")
    await bot.settled()
    await approved(bot, river, ana, ben)
    for room in [river, *rooms]:
        assert carried(ana, room) == []
    await bot.stop()
    kept = b"".join(
        path.read_bytes() for path in bot.folder.iterdir() if path.name.startswith("spokesbot.db")
    )
    assert file.content.key.encode() not in kept
    assert b"agenda-of-cy" not in kept


async def test_files_are_fetched_only_where_they_are_wanted(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, _rooms = await federation(world, bot, ana, ben, 3)
    for _ in range(5):
        sent = ana.send_file(river, "holiday.pdf", PDF, "application/pdf")
    ana.reply(river, sent, "nice !summary")
    await bot.settled()
    assert server.count(DOWNLOAD) == 0
    assert bot.rows("SELECT 1 FROM summary_files UNION SELECT 1 FROM parked") == []
