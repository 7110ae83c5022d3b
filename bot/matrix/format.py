"""Turns our Markdown into what Matrix carries: safe HTML and a plain body that says everything it says.

Rule: the plain body is complete, because notifications, watches and screen readers often have only that.
The HTML is cleaned by an allow-list of the tags in the Matrix specification
(Client-Server API, "m.room.message msgtypes", `org.matrix.custom.html`), tables left out: they vanish on phones.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    lines: list[str] = []
    _blocks(_MARKDOWN.parse(markdown), lines)
    return "\n".join(lines).strip("\n")


def _blocks(tokens: Sequence[Token], lines: list[str]) -> None:
    prefix: list[str] = []
    numbers: list[int | None] = []
    marker = ""
    gap = False
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                start = int(token.attrs.get("start", 1) or 1) if token.type.startswith("ordered") else None
                numbers.append(start)
                gap = False
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
                gap = not numbers
            case "list_item_open":
                number = numbers[-1]
                marker = "- " if number is None else f"{number}. "
                numbers[-1] = None if number is None else number + 1
                prefix.append("  ")
            case "list_item_close":
                prefix.pop()
            case "blockquote_open":
                prefix.append("> ")
            case "blockquote_close":
                prefix.pop()
            case "paragraph_close" | "heading_close":
                gap = not token.hidden and not numbers
            case "inline" | "fence" | "code_block":
                text = _inline(token.children or []) if token.type == "inline" else token.content.rstrip("\n")
                if gap and lines:
                    quoting = "> " in prefix and lines[-1].startswith(">")
                    lines.append(">" if quoting else "")
                gap = False
                for index, line in enumerate(text.split("\n")):
                    lead = "".join(prefix)
                    if marker:
                        lead = "".join(prefix[:-1]) + (marker if index == 0 else "  ")
                    lines.append((lead + line).rstrip())
                marker = ""
            case _:
                pass


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
