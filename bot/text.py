"""Sentences that people read: a translatable template and its values, rendered when they are queued.

Rule: a template is Markdown that we wrote; every value is data and is escaped. So a member called
`**[x](http://y)**` or a poll option full of HTML is shown as those characters and does nothing.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import quote as quote_url

from bot.domain.errors import UserError
from bot.domain.names import unstack
from bot.domain.values import Code, Person, Verbatim, When

LOCALES = Path(__file__).with_name("locales")
LANGUAGES = ("en",)
"""Languages with a catalogue; English is the source and needs none."""

_LONGEST_QUOTE = 200
LATEST = 4_102_444_800_000
"""2100-01-01, in milliseconds since 1970."""
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_AFTER_BLOCK = re.compile(r"^((?:- |\d+\. |>).*)\n(?!- |\d+\. |>|  |\n|$)", re.MULTILINE)
_BACKTICKS = re.compile(r"`+")
# Direction overrides and invisible characters let a name or an option imitate another one, and control characters
# act on whoever reads the text in a terminal; those of them that are blanks become blanks. The joiners U+200C
# and U+200D and the marks U+200E and U+200F stay: Persian, emoji and mixed lines are spelt with them.
_TRICKS = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad\ud800-\udfff\U000e0000-\U000e007f]"
)


class Text:
    """A sentence with places for values; `str(text)` is its English Markdown.

    Args:
        template: Markdown with `{name}` places, in English; it is the gettext message id.
        plural: The template to use when `values["n"]` is not one.
        values: `str` is escaped, `Person`, `Code`, `When` and `Verbatim` are shown as what they are,
            another `Text` is rendered in place.
    """

    def __init__(self, template: str, /, *, plural: str | None = None, **values: Any) -> None:
        self.template = template
        self.plural = plural
        self.values = values

    @classmethod
    def of(cls, error: UserError) -> Text:
        """Return the sentence an error carries; what people typed is cut where it would fill a screen."""
        return cls(error.template, **{key: _brief(value) for key, value in error.values.items()})

    @classmethod
    def lines(cls, parts: Iterable[Text | None]) -> Text:
        """Join sentences with line breaks; `None` parts are left out."""
        return cls._joined([part for part in parts if part is not None], "\n")

    @classmethod
    def listed(cls, parts: Iterable[Text]) -> Text:
        """Join sentences as a bullet list, to stand on lines of its own."""
        return cls._joined([cls("- {part}", part=part) for part in parts], "\n")

    @classmethod
    def enumerated(cls, parts: Iterable[Text]) -> Text:
        """Join names as "A, B and C"."""
        found = list(parts)
        if len(found) < 2:
            return cls._joined(found, "")
        return cls("{first} and {last}", first=cls._joined(found[:-1], ", "), last=found[-1])

    @classmethod
    def joined(cls, parts: Iterable[Text]) -> Text:
        """Join sentences as "A, B, C"."""
        return cls._joined(list(parts), ", ")

    @classmethod
    def _joined(cls, parts: Sequence[Text], separator: str) -> Text:
        places = separator.join(f"{{p{index}}}" for index in range(len(parts)))
        joined = cls(places)
        joined.values.update({f"p{index}": part for index, part in enumerate(parts)})
        return joined

    def render(self, language: str = "en", prefix: str = "!") -> str:
        """Return Markdown in a language, English where a sentence has no translation.

        Args:
            language: Of the room.
            prefix: What commands start with; in the sources they are written with `!`.
        """
        catalogue = _catalogue(language)
        if self.plural is None:
            template = catalogue.gettext(self.template)
        else:
            template = catalogue.ngettext(self.template, self.plural, self.values["n"])
        return _end_blocks(_fill(template, self.values, language, prefix))

    def mentions(self) -> tuple[str, ...]:
        """Return the user ids of everybody the sentence asks to act, each once, in order."""
        found: dict[str, None] = {}
        for value in self.values.values():
            if isinstance(value, Person) and value.mention:
                found[value.user_id] = None
            elif isinstance(value, Text):
                found.update(dict.fromkeys(value.mentions()))
        return tuple(found)

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        # never the values: they may be people's words, and reprs end up in logs
        return f"Text({self.template!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


_ = Text
"""Marks a sentence for translation."""


def _shown(words: str) -> str:
    return unstack(_TRICKS.sub("", words))


def escape(words: str) -> str:
    """Return Markdown that shows exactly these characters on one line, less the invisible tricks."""
    flat = " ".join(_shown(words).split())
    return _PUNCTUATION.sub(r"\\\1", flat)


def quote(words: str) -> str:
    """Return a Markdown quotation that shows these lines, less the invisible tricks."""
    shown = []
    for line in _shown(words).replace("\t", " ").splitlines():
        body = _PUNCTUATION.sub(r"\\\1", line.strip())
        # an entity keeps an indentation without making the line a block of code
        indent = "&#32;" * (len(line) - len(line.lstrip())) if body else ""
        shown.append(f"> {indent}{body}".rstrip())
    return "\n".join(shown)


def code(words: str) -> str:
    """Return a Markdown code span that shows exactly these characters on one line."""
    flat = " ".join(_shown(words).split())
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") or not flat else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def shorten(words: str, limit: int = 80) -> str:
    """Cut a long text at a word, with an ellipsis, so that it fits a line on a phone."""
    flat = " ".join(words.split())
    if len(flat) <= limit:
        return flat
    cut = flat[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut) + "…"


def _fill(template: str, values: dict[str, Any], language: str, prefix: str) -> str:
    out = []
    for literal, name, _spec, _conversion in Formatter().parse(template):
        out.append(literal)
        if name is not None:
            out.append(_show(values[name], language, prefix))
    return "".join(out)


def _brief(value: Any) -> Any:
    match value:
        case str():
            return shorten(value, _LONGEST_QUOTE)
        case Code():
            return Code(
                value.text if len(value.text) <= _LONGEST_QUOTE else shorten(value.text, _LONGEST_QUOTE)
            )
        case _:
            return value


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Return a language's sentences; one without a file, as English, would be looked for on the disk each time."""
    return gettext.translation("spokesbot", LOCALES, [language], fallback=True)


def _end_blocks(markdown: str) -> str:
    """Put an empty line after lists and quotations, or Markdown takes the next line as part of them."""
    return _AFTER_BLOCK.sub(r"\1\n\n", markdown)


def _show(value: Any, language: str, prefix: str) -> str:
    match value:
        case Text():
            return value.render(language, prefix)
        case Person(mention=True):
            return f"[{escape(value.name)}](<https://matrix.to/#/{quote_url(value.user_id, safe='@:')}>)"
        case Person():
            return escape(value.name)
        case Code():
            return code(re.sub(r"^!", lambda _: prefix, value.text))
        case When():
            return escape(_moment(value))
        case Verbatim():
            return quote(value.text)
        case Fraction() | int():
            return str(value)
        case _:
            return escape(str(value))


def _moment(when: When) -> str:
    local = when.at.astimezone(when.zone)
    written = f"{local:%a} {local.day} {local:%b %Y %H:%M} {when.zone.key}"
    return f"{written}, {distance(when.at, when.now)}" if when.now else written


def distance(at: datetime, now: datetime) -> str:
    """Say how far a moment is in the largest unit that fits, rounded: "in 5 days", "2 hours ago"."""
    gap = at - now
    size = abs(gap)
    for unit, length in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        count = round(size / length)
        if count > 1 or (count == 1 and size >= length * 0.75):
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"in {words}" if gap > timedelta(0) else f"{words} ago"
    return "now"


def utc(milliseconds: int) -> datetime:
    """Return the aware moment of a Matrix timestamp (milliseconds since 1970, UTC).

    A server may write any number there; what lies outside 1970 to 2100 is taken as the nearer end.
    """
    return datetime.fromtimestamp(min(max(milliseconds, 0), LATEST) / 1000, UTC)
