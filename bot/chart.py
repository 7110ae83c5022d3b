"""Draws the bars of a result: JSON on standard input, a PNG on standard output, a process of its own each time.

Rule: the plotting library never enters the bot's process, and nobody's words enter a command line, a file or a log. What
cannot be drawn is marked as such. This file imports nothing of ours: it is run by its path, in Python's isolated mode.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import IO, Any

WIDTH = 1080
"""Pixels; a phone shows a picture of this width at about a third of its size."""
MARGIN = 48
DPI = 100

BAR_COLOUR = "#0072B2"
"""The blue of the palette of Okabe and Ito. One colour for all bars: what each is stands above it in words."""
INK = "#000000"
BASELINE = "#767676"
SHADES = 32

SANS = "DejaVu Sans"
"""Comes with matplotlib, and has Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian and Armenian letters, and more."""
FURTHER = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "WenQuanYi Zen Hei", "Droid Sans Fallback",
    "Noto Sans", "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Thai",
    "Noto Sans Ethiopic", "Noto Sans Symbols2", "Noto Emoji", "Symbola",
)  # fmt: skip
"""Looked into for signs that it lacks, where the operator has installed them."""

JOINERS = "\u200c\u200d"
UNDRAWN = "\u25a1"
"""Stands for one or more signs that no font here has."""

TITLE, LABEL, NUMBER, NOTE = 46, 40, 44, 34
"""Sizes of letters in pixels."""
Bar = tuple[str, str, int]
BAR, GAP = 54, 40
"""Height of a bar, and of the gap below it, in pixels."""
LEADING = 1.3

MOST_BARS = 40
LINES_OF_TITLE = 4
LONGEST_LABEL = 400

SECONDS = 40
"""Of work, and of time, after which the system ends this process."""
MEMORY = 1 << 30
"""Bytes of address space."""


def main(source: IO[bytes], target: IO[bytes]) -> None:
    """Read what is to be drawn and write the picture."""
    _limit()
    asked = json.load(source)
    picture = Picture(
        str(asked["title"]),
        [(str(label), str(number), int(length)) for label, number, length in asked["bars"][:MOST_BARS]],
        [str(line) for line in asked["notes"]],
        str(asked["undrawn"]),
    )
    picture.save(target)


def _limit() -> None:
    """Let the system end this process if it takes too long or too much, also when nobody is left to do it."""
    _at_most(resource.RLIMIT_CPU, SECONDS)
    _at_most(resource.RLIMIT_CORE, 0)  # a core dump would hold people's words
    if sys.platform == "linux":  # elsewhere programs have far more address space than they use
        _at_most(resource.RLIMIT_AS, MEMORY)
    signal.alarm(SECONDS)


def _at_most(what: int, most: int) -> None:
    """Lower a limit; one that is lower already stays."""
    _, hard = resource.getrlimit(what)
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (limit, limit))


class Picture:
    """One picture of bars, laid out from the top.

    Args:
        title: Above all.
        bars: Of each, in order: label, number, and length in thousandths of the longest possible.
        notes: Lines below.
        undrawn: A note that is added where signs could not be drawn.
    """

    def __init__(self, title: str, bars: Sequence[Bar], notes: Iterable[str], undrawn: str) -> None:
        from matplotlib import rc_context  # noqa: PLC0415 - only here, never where this file is imported

        self._style = partial(rc_context, {"font.family": _families(), "text.parse_math": False})
        with self._style():
            self._lay_out(title, bars, notes, undrawn)

    def _lay_out(self, title: str, bars: Sequence[Bar], notes: Iterable[str], undrawn: str) -> None:
        letters = _Letters()
        lines_of_label = 2 if len(bars) > 8 else 4
        self._title = letters.wrap(title, TITLE, LINES_OF_TITLE, bold=True)
        self._bars = [
            (letters.wrap(label, LABEL, lines_of_label), letters.drawable(number), length)
            for label, number, length in bars
        ]
        self._notes = [line for note in notes if note for line in letters.wrap(note, NOTE, 3)]
        if letters.lacked:
            self._notes += letters.wrap(undrawn, NOTE, 3)

    @property
    def height(self) -> int:
        """Pixels."""
        title, notes = _height(self._title, TITLE), _height(self._notes, NOTE)
        bars = sum(_height(label, LABEL) + BAR + GAP for label, _, _ in self._bars)
        return round(MARGIN + title + MARGIN / 2 + bars + notes + MARGIN)

    def save(self, target: IO[bytes]) -> None:
        """Draw it and write it as a PNG without any further particulars in it."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
        from numpy import asarray  # noqa: PLC0415
        from PIL import Image  # noqa: PLC0415

        with self._style():
            figure = Figure(figsize=(WIDTH / DPI, self.height / DPI), dpi=DPI, facecolor="white")
            canvas = FigureCanvasAgg(figure)
            self._draw(figure.add_axes((0, 0, 1, 1)))
            canvas.draw()
            drawn = Image.fromarray(asarray(canvas.buffer_rgba()), "RGBA").convert("RGB")
        # a few shades are enough, and make it a third as large
        drawn.quantize(SHADES, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)

    def _draw(self, axes: Any) -> None:
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(self.height, 0)
        axes.axis("off")
        top = self._write(axes, self._title, float(MARGIN), TITLE, weight="bold") + MARGIN / 2
        room = (
            WIDTH - 2 * MARGIN - NUMBER * (max((len(number) for _, number, _ in self._bars), default=0) + 1)
        )
        for label, number, thousandths in self._bars:
            top = self._write(axes, label, top, LABEL)
            # nothing is drawn for nothing; one vote among thousands is seen
            length = max(room * min(thousandths, 1000) / 1000, 6.0) if thousandths > 0 else 0.0
            axes.barh(top + BAR / 2, length, BAR, left=MARGIN, color=BAR_COLOUR, edgecolor=INK, linewidth=1)
            axes.plot([MARGIN, MARGIN], [top - 6, top + BAR + 6], color=BASELINE, linewidth=3)
            axes.text(
                MARGIN + length + 16,
                top + BAR / 2,
                number,
                fontsize=_points(NUMBER),
                weight="bold",
                color=INK,
                va="center_baseline",
            )
            top += BAR + GAP
        self._write(axes, self._notes, top, NOTE)

    def _write(self, axes: Any, lines: Sequence[str], top: float, size: int, weight: str = "normal") -> float:
        """Write lines from a height on; returns the height below them."""
        for place, line in enumerate(lines):
            middle = top + (place + 0.5) * size * LEADING
            axes.text(MARGIN, middle, line, fontsize=_points(size), weight=weight, color=INK, va="center")
        return top + _height(lines, size)


class _Letters:
    """What can be written, and how wide it is.

    Attributes:
        lacked: Whether something could not be written.
    """

    def __init__(self) -> None:
        from matplotlib.backends.backend_agg import RendererAgg  # noqa: PLC0415
        from matplotlib.font_manager import FontProperties, findfont, get_font  # noqa: PLC0415

        self.lacked = False
        self._known = {
            letter for name in _families() for letter in get_font(findfont(name)).get_charmap()
        } - set(range(32))
        self._renderer = RendererAgg(10, 10, DPI)
        self._properties = FontProperties

    def drawable(self, words: str) -> str:
        """Return words with what no font has marked as such, and without signs that only shape their neighbours."""
        kept: list[str] = []
        for letter in unicodedata.normalize("NFC", words):
            if letter.isspace():
                kept.append(" ")
            elif letter in JOINERS and kept[-1:] == [UNDRAWN]:
                continue
            elif ord(letter) in self._known and not _is_shaping(letter):
                kept.append(letter)
            elif not _is_shaping(letter):
                self.lacked = True
                if kept[-1:] != [UNDRAWN]:
                    kept.append(UNDRAWN)
        return " ".join("".join(kept).split())

    def wrap(self, words: str, size: int, most: int, *, bold: bool = False) -> list[str]:
        """Return words as lines that fit, the last with an ellipsis where there would be more."""
        lines: list[str] = []
        left = self.drawable(words[:LONGEST_LABEL])
        while left and len(lines) < most:
            line = self._fitting(left, size, bold=bold)
            left = left[len(line) :].lstrip()
            lines.append(line.rstrip())
        if left:
            lines[-1] = self._fitting(lines[-1], size, bold=bold, ending="…").rstrip() + "…"
        return lines

    def _fitting(self, words: str, size: int, *, bold: bool, ending: str = "") -> str:
        """Return as much of the beginning as fits, to the end of a word if one ends there."""
        if self._width(words + ending, size, bold=bold) <= WIDTH - 2 * MARGIN:
            return words
        low, high = 1, len(words)
        while high - low > 1:
            middle = (low + high) // 2
            if self._width(words[:middle] + ending, size, bold=bold) <= WIDTH - 2 * MARGIN:
                low = middle
            else:
                high = middle
        while low > 1 and unicodedata.combining(words[low]):
            low -= 1
        space = words.rfind(" ", 0, low + 1)
        return words[:space] if space > low // 2 else words[:low]

    def _width(self, words: str, size: int, *, bold: bool) -> float:
        properties = self._properties(size=_points(size), weight="bold" if bold else "normal")
        return float(self._renderer.get_text_width_height_descent(words, properties, ismath=False)[0])


def _is_shaping(letter: str) -> bool:
    """Tell whether a sign shows nothing by itself: a variation selector, a joiner, a skin tone, a direction mark."""
    code = ord(letter)
    return (
        0xFE00 <= code <= 0xFE0F
        or 0xE0000 <= code <= 0xE01EF
        or 0x1F3FB <= code <= 0x1F3FF
        or (unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter not in JOINERS)
    )


def _families() -> list[str]:
    from matplotlib.font_manager import fontManager  # noqa: PLC0415

    there: Mapping[str, None] = dict.fromkeys(font.name for font in fontManager.ttflist)
    return [SANS, *(name for name in FURTHER if name in there)]


def _height(lines: Sequence[str], size: int) -> float:
    """Return the pixels that lines take, with a little air below."""
    return len(lines) * size * LEADING + 8 if lines else 0.0


def _points(pixels: int) -> float:
    return pixels * 72 / DPI


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
