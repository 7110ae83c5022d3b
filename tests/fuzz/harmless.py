"""What is true of everything the bot says, whatever it was told."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from urllib.parse import unquote

import nh3

from bot.matrix.format import _TAGS, html, plain
from bot.ports import Edit, EndPoll, Message, RemoveUser, Say, SendChart, SendFile, StartPoll
from bot.services.speech import LONGEST

_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_VOID = ("br", "hr")
_MENTION = "https://matrix.to/#/"


class _Reader(HTMLParser):
    """Reads HTML strictly: every tag allowed, closed, and in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.links: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _TAGS, tag
        names = [name for name, _ in attrs]
        assert names in ([], ["href"]), names
        assert tag == "a" or not names
        self.links += [value or "" for _, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("an instruction")


def read(markup: str) -> _Reader:
    """Read HTML and fail where it is not what may be sent."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    assert not reader.open
    for link in reader.links:
        assert link.partition(":")[0] in ("https", "mailto"), link
    again = nh3.clean(markup, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "mailto"}, link_rel=None)  # fmt: skip
    assert again == markup
    return reader


def check_shown(words: str) -> None:
    """Check that a text carries nothing that acts on the app that shows it."""
    for letter in words:
        assert letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs"), repr(letter)
        assert letter not in _BIDI, repr(letter)


def letters(words: str) -> str:
    """Return the letters and digits alone, to compare what two forms of a message say."""
    return "".join(letter for letter in words if letter.isalnum())


def check_markdown(markdown: str, mentions: tuple[str, ...] = ()) -> None:
    """Check a message in both its forms."""
    reader, body = read(html(markdown)), plain(markdown)
    check_shown(body)
    check_shown(reader.words)
    for link in reader.links:
        # the program's own sentences link nowhere but to people, and to those alone whom it asks to act
        assert link.startswith(_MENTION), link
        assert unquote(link.removeprefix(_MENTION)) in mentions, link
    assert letters(reader.words) == letters(
        re.sub(r"^(?:> |  )*\d+\. ", "", body, flags=re.MULTILINE)
    ) or letters(reader.words) == letters(body)  # a numbered list's numbers are no words of the HTML


def check_message(message: Message) -> None:
    """Check anything that is queued."""
    match message:
        case Say(markdown=markdown, mentions=mentions):
            assert len(markdown) <= LONGEST, len(markdown)
            check_markdown(markdown, mentions)
        case Edit(markdown=markdown) | EndPoll(markdown=markdown):
            assert len(markdown) <= LONGEST, len(markdown)
            check_markdown(markdown)
        case SendChart(title=title, bars=bars, caption=caption, notes=notes):
            for markdown in (title, caption, *notes):
                check_shown(plain(markdown))
            for label, _, _ in bars:
                check_shown(label)
        case SendFile(name=name, markdown=markdown):
            check_shown(name)
            check_shown(plain(markdown))
        case StartPoll(question=question, answers=answers):
            for words in (question, *(text for _, text in answers)):
                check_shown(words)
                assert "\n" not in words
        case RemoveUser(reason=reason):
            check_shown(reason)
        case _:
            pass
