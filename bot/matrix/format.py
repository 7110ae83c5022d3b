"""Turns our Markdown into what Matrix carries: safe HTML and a plain body that says everything it says.

Rule: the plain body is complete, because notifications, watches and screen readers often have only that.
The HTML is cleaned by an allow-list of the tags in the Matrix specification
(Client-Server API, "m.room.message msgtypes", `org.matrix.custom.html`), tables left out: they vanish on phones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {
    "p",
    "br",
    "strong",
    "em",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "h1",
    "h2",
    "h3",
    "hr",
}
_MARKDOWN = MarkdownIt("commonmark", {"breaks": True, "html": False})


def html(markdown: str) -> str:
    """Return the HTML of a message, with nothing in it but allowed tags and links."""
    dirty = _MARKDOWN.render(markdown)
    return nh3.clean(
        dirty, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "mailto"}, link_rel=None
    ).strip()


def plain(markdown: str) -> str:
    """Return the plain body of a message: the same words, lists with dashes, quotations with `>`."""
    written = _Plain()
    for token in _MARKDOWN.parse(markdown):
        written.block(token)
    return "\n".join(written.lines).strip("\n")


@dataclass
class _Plain:
    """The lines written so far, and where in lists and quotations the next one stands."""

    lines: list[str] = field(default_factory=list)
    prefix: list[str] = field(default_factory=list)
    numbers: list[int | None] = field(default_factory=list)
    marker: str = ""
    gap: bool = False

    def block(self, token: Token) -> None:
        """Take in one block token."""
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            first = int(token.attrs.get("start", 1) or 1) if kind == "ordered_list_open" else None
            self.numbers.append(first)
            self.gap = False
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.numbers.pop()
            self.gap = not self.numbers
        elif kind == "list_item_open":
            number = self.numbers[-1]
            self.marker = "- " if number is None else f"{number}. "
            self.numbers[-1] = None if number is None else number + 1
            self.prefix.append("  ")
        elif kind == "blockquote_open":
            self.prefix.append("> ")
        elif kind in ("list_item_close", "blockquote_close"):
            self.prefix.pop()
        elif kind in ("paragraph_close", "heading_close"):
            self.gap = not token.hidden and not self.numbers
        elif kind in ("inline", "fence", "code_block"):
            self.words(_inline(token.children or []) if kind == "inline" else token.content.rstrip("\n"))

    def words(self, text: str) -> None:
        """Write the words of a block, each line with what stands before it."""
        if self.gap and self.lines:
            quoting = "> " in self.prefix and self.lines[-1].startswith(">")
            self.lines.append(">" if quoting else "")
        self.gap = False
        lead = "".join(self.prefix[:-1] if self.marker else self.prefix)
        for index, line in enumerate(text.split("\n")):
            first = self.marker if index == 0 else "  " * bool(self.marker)
            self.lines.append(f"{lead}{first}{line}".rstrip())
        self.marker = ""


def _inline(tokens: Sequence[Token]) -> str:
    out = []
    target = ""
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                out.append("\n")
            case "link_open":
                target = str(token.attrs.get("href", ""))
            case "link_close":
                # a mention reads as the person's name; another address must stay readable
                out.append("" if "//matrix.to/" in target else f" ({target})")
            case _:
                out.append(token.content)
    return "".join(out)
