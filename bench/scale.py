"""Say what one process carries, from what was measured.

Rule: what lies beyond the largest world that was measured is a straight line through the figures, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figures, Json, Measured
from bench.goals import LIMIT, OURS

BEGIN, END = "<!-- measured, by bench/scale.py -->", "<!-- end of what was measured -->"
SIZES = (50, 200, 500, 1000, 2000, 5000)
BURST, PER_SECOND = 10, 0.2
"""Synapse's limit of messages as it is shipped (`rc_message`)."""


@dataclass(frozen=True)
class Line:
    """A figure that grows with the rooms.

    Args:
        start: What there is without rooms.
        slope: What each room adds.
    """

    start: float
    slope: float

    def at(self, rooms: int) -> float:
        """Return the figure for so many rooms."""
        return self.start + self.slope * rooms


def through(figures: Figures, read: Callable[[Json], float]) -> Line | None:
    """Return the line through the smallest and the largest world; `None` where there are not two."""
    found = [(size, figures.get(OURS, size).of(read)) for size in figures.sizes]
    points = [(size, value) for size, value in found if value is not None]
    if len(points) < 2:
        return None
    (few, less), (many, more) = points[0], points[-1]
    slope = (more - less) / (many - few)
    return Line(less - slope * few, slope)


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def table(figures: Figures) -> Iterator[str]:
    """Yield the lines that stand in docs/scale.md."""
    largest = max(figures.sizes)
    ours, raw = figures.get(OURS, largest), figures.get(LIMIT, largest)
    limit = raw.of(lambda life: sorted(life["plain"])[len(life["plain"]) // 2])
    first, warm = ours.cpu("first"), ours.cpu("warm")
    warm_ratio, first_ratio = ours.ratio("warm"), ours.ratio("first")
    if limit is None or None in (first, warm, warm_ratio, first_ratio):
        yield "Nothing was measured yet."
        return
    a_second = largest / limit
    yield f"Measured with {largest} rooms: the server takes {a_second:.0f} messages a second at most, so"
    yield f"{1000 / a_second:.0f} ms of its one core for each. The bot's own core is busy for {first:.1f} ms a room when keys"
    yield f"have to be shared, and for {warm:.1f} ms when not."
    yield ""
    yield "| rooms | limits as shipped | lifted, keys shared | lifted, keys to share | bot's processor, keys to share | restart | memory |"
    yield "|---|---|---|---|---|---|---|"
    memory = through(figures, lambda life: life["memory"])
    restart = through(figures, lambda life: life["restart"]["answered"])
    for rooms in SIZES:
        sending = rooms / a_second
        yield (
            f"| {rooms:,}{'' if rooms <= largest else ' *'} | {_minutes(max(rooms - BURST, 0) / PER_SECOND)}"
            f" | {_minutes(sending * _number(warm_ratio))} | {_minutes(sending * _number(first_ratio))}"
            f" | {_minutes(rooms * _number(first) / 1000)} | {_at(restart, rooms, ' s')} | {_at(memory, rooms, ' MB')} |"
        )
    yield ""
    yield "\\* beyond what was measured: a straight line through the figures."
    yield from _wall(a_second, ours, memory, restart)


def _number(value: float | None) -> float:
    return 0.0 if value is None else value


def _at(line: Line | None, rooms: int, unit: str) -> str:
    return "–" if line is None else f"{line.at(rooms):.0f}{unit}"


def _wall(a_second: float, ours: Measured, memory: Line | None, restart: Line | None) -> Iterator[str]:
    first, warm = ours.cpu("first"), ours.cpu("warm")
    if first is None or warm is None:
        return
    yield ""
    yield f"- *The server's writer* is the first to be full: {a_second * 3600:,.0f} messages an hour."
    yield (
        f"- *The bot's core* would be full at {1000 / warm:.0f} messages a second with keys shared and {1000 / first:.0f} with"
        f" keys to share: {1000 / warm / a_second:.1f} and {1000 / first / a_second:.1f} times what this server takes."
    )
    if memory is not None and memory.slope > 0:
        fits = (1024 - memory.start) / memory.slope
        yield f"- *Memory*: {memory.slope * 1000:.0f} kB a room. A gigabyte is full at {fits:,.0f} rooms."
    if restart is not None and restart.slope > 0:
        fits = (60 - restart.start) / restart.slope
        yield f"- *Starting again*: {restart.slope * 1000:.1f} ms a room. It takes a minute at {fits:,.0f} rooms."


def fill(page: Path, figures: Figures) -> None:
    """Put the figures into the page, in place of those that stand there."""
    text = page.read_text("utf-8") if page.exists() else ""
    if BEGIN not in text:
        return
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    body = "\n".join(table(figures))
    page.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", "utf-8")
