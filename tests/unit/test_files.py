"""Files as plain values: their names, their kinds, and what pictures say of themselves."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.files import (
    LONGEST_NAME,
    Attached,
    Media,
    Remark,
    Sealed,
    made_harmless,
    shown_size,
    tidy_name,
)
from bot.domain.metadata import clean
from bot.ports import ShareFile
from bot.store.outbox.rows import _frozen

SEALED = Sealed("mxc://test/a", "key", "iv", "hash", "image/png", 5, 8, 6)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("agenda.pdf", "agenda.pdf"),
        ("Protokoll März.pdf", "Protokoll März.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\photos\\me.jpg", "C_photos_me.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\u200bb\n c.txt", "ab c.txt"),
        ("  .hidden", "hidden"),
        ("list of @room.txt", "list of [mention of the whole room left out].txt"),
        ("@cy:test.org.pdf", "cy"),
        ("x" * 300 + ".docx", "x" * (LONGEST_NAME - 5) + ".docx"),
        ("...", "file"),
        ("", "file"),
        (".pdf", "pdf"),
    ],
)
def test_a_name_is_made_harmless_and_keeps_its_ending(name: str, shown: str) -> None:
    assert tidy_name(name) == shown


@given(st.text(max_size=200))
@settings(max_examples=100, derandomize=True, database=None)
def test_whatever_a_file_is_called_its_name_is_short_one_line_and_stays_as_it_is(name: str) -> None:
    shown = tidy_name(name)
    assert 0 < len(shown) <= LONGEST_NAME
    assert not set(shown) & set('/\\:*?"<>|\n\r\t')
    assert tidy_name(shown) == shown


@pytest.mark.parametrize(
    ("media", "mimetype", "becomes"),
    [
        (Media.IMAGE, "image/jpeg", (Media.IMAGE, "image/jpeg")),
        (Media.IMAGE, "IMAGE/PNG; x=y", (Media.IMAGE, "image/png")),
        (Media.IMAGE, "image/svg+xml", (Media.FILE, "application/octet-stream")),
        (Media.IMAGE, "application/pdf", (Media.FILE, "application/pdf")),
        (Media.FILE, "text/html", (Media.FILE, "application/octet-stream")),
        (Media.FILE, "image/png", (Media.FILE, "image/png")),
        (Media.VIDEO, "video/mp4", (Media.VIDEO, "video/mp4")),
        (Media.AUDIO, "", (Media.FILE, "application/octet-stream")),
    ],
)
def test_only_kinds_that_no_app_runs_are_told_on(media: Media, mimetype: str, becomes: Any) -> None:
    content = Sealed("mxc://test/a", "key", "iv", "hash", mimetype, 5, 0, 2**31)
    found = made_harmless(Attached("$a", "@cy:test", media, "a", None, True, content, content))
    assert found.content is not None
    assert (found.media, found.content.mimetype) == becomes
    assert (found.content.width, found.content.height) == (None, None)
    assert (found.thumbnail is None) == (not becomes[1].startswith("image/"))


def test_sizes_are_told_as_people_read_them() -> None:
    sizes = [0, 999, 1000, 117_600, 999_499, 999_500, 1_250_000, 20_000_000]
    assert [shown_size(size) for size in sizes] == [
        "0 bytes", "999 bytes", "1 kB", "118 kB", "999 kB", "1 MB", "1.3 MB", "20 MB",
    ]  # fmt: skip


def test_a_key_is_in_no_text_about_a_file() -> None:
    assert "key'" not in repr(SEALED)


def test_a_message_with_a_file_comes_back_from_the_outbox_as_it_was() -> None:
    assert _frozen({"url": "mxc://test/a", "key": "key", "iv": "iv", "sha256": "hash", "mimetype": "image/png", "size": 5, "width": 8, "height": 6}) == SEALED  # fmt: skip
    assert ShareFile("m.file", "a", SEALED).thumbnail is None


# -- what pictures say of themselves ---------------------------------------------------------------


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def exif(order: str = ">", orientation: int | None = 6) -> bytes:
    """An Exif block with a place in it."""
    entries = [] if orientation is None else [struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)]
    entries.append(struct.pack(order + "HHII", 0x8825, 4, 1, 60))
    mark = b"MM\0*" if order == ">" else b"II*\0"
    head = mark + struct.pack(order + "IH", 8, len(entries))
    return segment(0xE1, b"Exif\0\0" + head + b"".join(entries) + bytes(4) + b"51.5 N 0.1 W")


JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
ICC = segment(0xE2, b"ICC_PROFILE\0\1\1colours")
SHOWN = (
    segment(0xDB, b"table")
    + segment(0xC2, b"frame")
    + segment(0xDA, b"scan")
    + b"pix\xff\x00els\xff\xd3more"
    + segment(0xDA, b"again")
    + b"rest"
)


def jpeg(*says: bytes, after: bytes = b"") -> bytes:
    return b"\xff\xd8" + JFIF + b"".join(says) + ICC + SHOWN + b"\xff\xd9" + after


@pytest.mark.parametrize(
    "says",
    [
        [exif(orientation=None)],
        [exif(orientation=1)],
        [segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff")],
        [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:place>")],
        [segment(0xED, b"Photoshop 3.0\0"), segment(0xFE, b"by Cy")],
        [segment(0xE2, b"MPF\0"), segment(0xE0, b"JFXX\0")],
    ],
)
def test_a_jpeg_loses_what_does_not_show_it(says: list[bytes]) -> None:
    assert clean(jpeg(*says)) == (jpeg(), Remark.CLEANED)


def test_a_jpeg_that_says_nothing_stays_as_it_is() -> None:
    assert clean(jpeg()) == (jpeg(), Remark.CLEAN)
    cut_off = jpeg()[:-4]
    assert clean(cut_off) == (cut_off, Remark.CLEAN)


@pytest.mark.parametrize("order", "<>")
def test_of_a_jpegs_exif_the_orientation_stays(order: str) -> None:
    cleaned, remark = clean(jpeg(exif(order)))
    assert remark is Remark.CLEANED
    assert b"51.5 N" not in cleaned
    assert b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" in cleaned
    assert clean(cleaned) == (cleaned, Remark.CLEAN)


def test_what_stands_behind_the_end_of_a_picture_goes() -> None:
    assert clean(jpeg(after=b"a film")) == (jpeg(), Remark.CLEANED)
    assert clean(png() + b"a film") == (png(), Remark.CLEANED)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*says: bytes) -> bytes:
    parts = [chunk(b"IHDR", bytes(13)), *says, chunk(b"IDAT", b"pixels"), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_png_loses_what_does_not_show_it() -> None:
    says = [chunk(kind, b"51.5 N") for kind in (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME", b"prIV")]
    assert clean(png(*says)) == (png(), Remark.CLEANED)
    assert clean(png()) == (png(), Remark.CLEAN)
    unknown = png(chunk(b"NEED", b""))
    assert clean(unknown) == (unknown, Remark.UNSEEN)


def webp(flags: int, *says: tuple[bytes, bytes]) -> bytes:
    parts = [(b"VP8X", bytes([flags]) + bytes(9)), *says, (b"VP8 ", b"pixel")]
    body = b"".join(kind + struct.pack("<I", len(part)) + part + bytes(len(part) % 2) for kind, part in parts)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def test_a_webp_loses_what_does_not_show_it() -> None:
    said = webp(0x2C, (b"EXIF", b"51.5 N"), (b"XMP ", b"odd"), (b"ICCP", b"odd"))
    assert clean(said) == (webp(0x20, (b"ICCP", b"odd")), Remark.CLEANED)
    assert clean(webp(0x20)) == (webp(0x20), Remark.CLEAN)


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7", b"GIF89a", b"\xff\xd8\xffx", b"\xff\xd8\xff", png()[:20], webp(0)[:30], b"RIFF\0\0\0\0WEBP", b"\xff\xd8\xff\xe1\0\1"],
)  # fmt: skip
def test_what_cannot_be_taken_apart_stays_and_is_said_to_be_unseen(content: bytes) -> None:
    kept, remark = clean(content)
    assert (kept, remark) in ((content, Remark.UNSEEN), (b"RIFF\4\0\0\0WEBP", Remark.CLEANED))
