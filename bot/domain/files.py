"""Files that go along with a summary: what they are called, what they say they are, and why one cannot go.

Rule: names and kinds are made harmless here, before they are shown, so that what is shown is what goes. Of what an app
says about a file only its size and its measures are carried on; a preview in letters (`blurhash`), a length, a place
are not.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from enum import Enum

from bot.domain.harmless import make_harmless, tidy

LONGEST_NAME = 60
"""Characters, the ending counted."""

LARGEST_MEASURE = 2**31 - 1
"""Pixels. An app that reads 32 bits must not stumble."""

OCTETS = "application/octet-stream"

_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_SAFE = frozenset(
    (
        *_PICTURES,
        "application/pdf",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "text/plain",
        "video/mp4",
        "video/webm",
    )
)
"""Kinds that no app runs. An SVG or a page of HTML can carry a program, so they go as octets."""

_SEPARATORS = re.compile(r'[/\\:*?"<>|]+')
_ENDING = re.compile(r"\.[0-9A-Za-z]{1,10}\Z")


class Media(Enum):
    """How an app shows a file: the message types of the Matrix specification."""

    FILE = "m.file"
    IMAGE = "m.image"
    AUDIO = "m.audio"
    VIDEO = "m.video"


class Unfit(Enum):
    """Why a file cannot go along."""

    TOO_LARGE = "too large"
    MISSING = "missing"
    CHANGED = "not what was sent"
    UNREADABLE = "without a usable key"
    REFUSED = "refused by the server"


class Remark(Enum):
    """What became of what a file says of itself, such as where a picture was taken."""

    CLEAN = "clean"
    """A picture that says nothing."""
    CLEANED = "cleaned"
    """A picture that said something; it was taken out."""
    UNSEEN = "unseen"
    """It is of a kind that is not looked into."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A ciphertext on the server, and what opens it (Matrix specification, "Sending encrypted attachments").

    Args:
        url: Where it is (`mxc://`).
        key: 256 bits for AES-CTR, in unpadded base64 for URLs. With the address it is the file, so it is words.
        iv: The initial counter block, in unpadded base64.
        sha256: The hash of the ciphertext, in unpadded base64.
        mimetype: What it says it is.
        size: Bytes.
        width: Pixels, of a picture or a film.
        height: Pixels.
    """

    url: str
    key: str = field(repr=False)
    iv: str
    sha256: str
    mimetype: str
    size: int
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as somebody's message describes it; none of it is looked at yet.

    Args:
        event_id: That message.
        by: Who sent it, and may edit it.
        name: As it stands there.
        caption: The words under it (`body` where `filename` differs from it; Matrix specification 1.10).
        encrypted: Whether the message and the file are; what is not is never taken.
        content: The file; `None` where what should open it is no key.
        thumbnail: A small picture of it.
    """

    event_id: str
    by: str
    media: Media
    name: str
    caption: str | None
    encrypted: bool
    content: Sealed | None
    thumbnail: Sealed | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file of a summary.

    Args:
        since: The version that brought it; the summary's versions after that may keep it.
        event_id: The message it was taken from.
        by: Who sent that message.
        name: Harmless already.
        size: Bytes, as its sender's app says until it is here.
        content: As it goes to every room; `None` while it is being fetched.
        thumbnail: As it goes too.
        remark: What became of what it said of itself.
    """

    since: int
    event_id: str
    by: str
    media: Media
    name: str
    size: int
    content: Sealed | None = None
    thumbnail: Sealed | None = None
    remark: Remark = Remark.UNSEEN

    @property
    def is_here(self) -> bool:
        """Whether it was fetched, and lies on the server under a new key."""
        return self.content is not None


@dataclass(frozen=True, slots=True)
class Fetch:
    """A file that is to be fetched.

    Args:
        since: The version that brings it.
        source: As its message describes it.
        reply_to: The message that the preview answers.
        thread: The thread that the preview belongs in.
        noted: Whether something was left out of the words, which is said with them.
        attempts: How often it was tried.
        reason: Why it was put off; never words.
    """

    id: int
    summary_id: str
    since: int
    source: Attached
    reply_to: str | None
    thread: str | None
    noted: bool
    attempts: int
    reason: str | None


def taken_from(attached: Attached, since: int) -> File:
    """Return the file of a message as it is called in a summary, to be fetched."""
    size = attached.content.size if attached.content else 0
    media = made_harmless(attached).media
    return File(since, attached.event_id, attached.by, media, tidy_name(attached.name), size)


def made_harmless(attached: Attached) -> Attached:
    """Return a file's description with safe kinds and plain measures; what is no picture is not shown as one."""
    content = _plain(attached.content)
    thumbnail = _plain(attached.thumbnail)
    if thumbnail is not None and thumbnail.mimetype not in _PICTURES:
        thumbnail = None
    kind = content.mimetype.partition("/")[0] if content is not None else ""
    fits = attached.media.value == f"m.{kind}"
    return replace(
        attached,
        media=attached.media if fits else Media.FILE,
        content=content,
        thumbnail=thumbnail,
    )


def _plain(sealed: Sealed | None) -> Sealed | None:
    if sealed is None:
        return None
    mimetype = sealed.mimetype.partition(";")[0].strip().lower()
    return replace(
        sealed,
        mimetype=mimetype if mimetype in _SAFE else OCTETS,
        width=_measure(sealed.width),
        height=_measure(sealed.height),
    )


def _measure(pixels: int | None) -> int | None:
    return pixels if pixels is not None and 0 < pixels <= LARGEST_MEASURE else None


def tidy_name(name: str) -> str:
    """Return the name of a file as it is shown and sent; its ending is kept.

    Nothing in it leads into a folder, turns the direction of writing, is invisible or names an account. Doing it twice
    changes nothing more.
    """
    text = make_harmless(" ".join(tidy(unicodedata.normalize("NFC", name)).split()))
    text = " ".join(_SEPARATORS.sub("_", text).split()).strip(". ")
    found = _ENDING.search(text)
    ending = found[0] if found and found.start() > 0 else ""
    stem = text[: len(text) - len(ending)]
    return stem[: LONGEST_NAME - len(ending)].rstrip(". ") + ending or "file"


def shown_size(size: int) -> str:
    """Return a size as people read it: "118 kB", "1.2 MB", "20 MB"."""
    if size < 1000:
        return f"{size} bytes"
    if size < 999_500:
        return f"{(size + 500) // 1000} kB"
    whole, tenths = divmod((size + 50_000) // 100_000, 10)
    return f"{whole}.{tenths} MB" if tenths else f"{whole} MB"
