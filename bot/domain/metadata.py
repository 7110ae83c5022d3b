"""Takes out of a picture what it says of itself: where, when and with what it was taken, and by whom.

Rule: not a pixel changes. Only what shows the picture is kept; everything else goes, known or not, also what stands behind its
end. Of a JPEG's Exif the orientation stays, without which it would lie on its side. What cannot be taken apart is left as it is
and said to be unseen.

Formats: JPEG (ITU-T T.81, annex B; Exif 3.0), PNG (W3C, third edition), WebP (RFC 9649).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from bot.domain.files import Remark

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB bKGD hIST pHYs sPLT cICP mDCV cLLI acTL fcTL fdAT".split()
)
_WEBP_KEPT = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP")
_WEBP_SAYS = 0x08 | 0x04
"""The bits of `VP8X` that announce Exif and XMP."""

_KEPT_SEGMENTS = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""Of a JPEG's application segments: density, colours, the kind of its colours."""
_ORIENTATION = 0x0112


class _Malformed(Exception):
    """It cannot be taken apart."""


def clean(content: bytes) -> tuple[bytes, Remark]:
    """Return a file without what it says of itself, and what became of that; other files come back as they are."""
    try:
        if content.startswith(b"\xff\xd8\xff"):
            cleaned = b"".join(_jpeg(content))
        elif content.startswith(_PNG):
            cleaned = b"".join(_png(content))
        elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            cleaned = _webp(content)
        else:
            return content, Remark.UNSEEN
    except (_Malformed, struct.error):
        return content, Remark.UNSEEN
    return (content, Remark.CLEAN) if cleaned == content else (cleaned, Remark.CLEANED)


def _jpeg(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    at = 2
    while at < len(content):
        if content[at] != 0xFF:
            raise _Malformed
        marker = content[at + 1 : at + 2]
        if marker == b"\xff":  # a filling byte
            at += 1
        elif marker == b"\xd9":
            yield b"\xff\xd9"
            return  # what follows is shown by no viewer: a second picture, a film
        else:
            end = at + 2 + struct.unpack_from(">H", content, at + 2)[0]
            if end < at + 4 or end > len(content):
                raise _Malformed
            yield from _segment(marker[0], content[at:end])
            at = end
            if marker == b"\xda":
                at = _scan_ends(content, end)
                yield content[end:at]
    # cut off within its last scan: a viewer shows what there is


def _segment(marker: int, segment: bytes) -> Iterator[bytes]:
    """Yield what is kept of a segment."""
    body = segment[4:]
    if marker == 0xE1 and body.startswith(b"Exif\0"):
        orientation = _orientation(body[6:])
        if 2 <= orientation <= 8:
            yield _only_orientation(orientation)
    elif marker == 0xFE or (
        0xE0 <= marker <= 0xEF and not (marker in _KEPT_SEGMENTS and body.startswith(_KEPT_SEGMENTS[marker]))
    ):
        return
    else:
        yield segment


def _scan_ends(content: bytes, start: int) -> int:
    """Return where the coded data of a scan ends: at a marker that is no filling and no restart."""
    at = content.find(b"\xff", start)
    while 0 <= at < len(content) - 1:
        if content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at = content.find(b"\xff", at + 2)
    return len(content)


def _orientation(tiff: bytes) -> int:
    """Return the orientation that an Exif block says, or 0."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 0
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, first)
        for index in range(entries):
            tag, kind, count, value = struct.unpack_from(order + "HHIH", tiff, first + 2 + 12 * index)
            if (tag, kind, count) == (_ORIENTATION, 3, 1):
                return int(value)
    except struct.error:
        pass  # it lies about its length; then it says no orientation
    return 0


def _only_orientation(orientation: int) -> bytes:
    """Return an Exif segment that says nothing else."""
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    body = b"Exif\0\0" + b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _png(content: bytes) -> Iterator[bytes]:
    yield _PNG
    at = len(_PNG)
    while True:
        (length,) = struct.unpack_from(">I", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content) or len(kind) < 4:
            raise _Malformed
        if kind in _PNG_KEPT:
            yield content[at:end]
        elif not kind[0] & 0x20:
            raise _Malformed  # without it the picture cannot be shown, and we do not know it
        if kind == b"IEND":
            return
        at = end


def _webp(content: bytes) -> bytes:
    kept = []
    at, whole = 12, 8 + struct.unpack_from("<I", content, 4)[0]
    if whole > len(content):
        raise _Malformed
    while at < whole:
        kind, (length,) = content[at : at + 4], struct.unpack_from("<I", content, at + 4)
        end = at + 8 + length + length % 2
        if end > whole:
            raise _Malformed
        if kind == b"VP8X":
            flags = content[at + 8] & ~_WEBP_SAYS
            kept.append(content[at : at + 8] + bytes([flags]) + content[at + 9 : end])
        elif kind in _WEBP_KEPT:
            kept.append(content[at:end])
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
