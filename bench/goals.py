"""What the bot is meant to reach, and whether it does.

Rule: a goal is shown with its figure whether it is reached or not, and whatever was not measured says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.figures import Figures, Measured

OURS, LIMIT, VOTES_BESIDE = "spokesbot", "raw", "mautrix"
LIVE, BACKLOG = 400, 2000
"""Votes that are sent while it runs, and while it is down."""
SMALL, LARGE = 50, 500


@dataclass(frozen=True)
class Line:
    """One goal.

    Args:
        what: What is measured.
        goal: What is to be reached, in words.
        found: What was found, `None` where it was not measured.
        reached: Whether the goal is reached.
        unit: What stands behind the figure.
    """

    what: str
    goal: str
    found: float | None
    reached: bool
    unit: str = ""

    @property
    def verdict(self) -> str:
        """Say it in a word."""
        if self.found is None:
            return "not measured"
        return "yes" if self.reached else "**no**"


def at_most(what: str, found: float | None, bound: float, unit: str = "") -> Line:
    """Make a line of something that must not be larger."""
    return Line(what, f"≤ {bound:g}{unit}", found, found is not None and found <= bound, unit)


def at_least(what: str, found: float | None, bound: float, unit: str = "") -> Line:
    """Make a line of something that must not be smaller."""
    return Line(what, f"≥ {bound:g}{unit}", found, found is not None and found >= bound, unit)


def lines(figures: Figures) -> Iterator[Line]:
    """Yield every goal, the fan-outs first."""
    for size in figures.sizes:
        ours, raw = figures.get(OURS, size), figures.get(LIMIT, size)
        if ours.lives or ours.failures:
            yield from _fan_outs(ours)
            yield from _answers(ours, raw)
            yield from _starts(ours, raw)
            yield from _votes(ours, figures.get(VOTES_BESIDE, size))
    yield from _growth(figures)


def _fan_outs(ours: Measured) -> Iterator[Line]:
    rooms, x = ours.rooms, " × the limit"
    yield at_most(f"first fan-out, {rooms} rooms", ours.ratio("first"), 1.45, x)
    yield at_most(f"the same once approved, {rooms} rooms", ours.prepared_ratio(), 1.15, x)
    yield at_most(f"warm fan-out, {rooms} rooms", ours.ratio("warm"), 1.10, x)
    yield at_most(f"requests of a first fan-out, {rooms} rooms", ours.requests("first"), 1.15 * rooms + 10)
    yield at_most(f"bot's processor a room, first, {rooms} rooms", ours.cpu("first"), 9, " ms")
    yield at_most(f"bot's processor a room, warm, {rooms} rooms", ours.cpu("warm"), 2.5, " ms")
    yield at_least(
        f"members who could read the last one, {rooms} rooms", ours.of(lambda life: life["readable"]), 1
    )
    if block := ours.of(lambda life: life["longest_block"] * 1000):
        yield at_most(f"longest block of the loop in a fan-out, {rooms} rooms", block, 250, " ms")
    if rooms >= LARGE:
        yield at_most(f"peak memory, {rooms} rooms", ours.of(lambda life: life["memory"]), 100, " MB")


def _answers(ours: Measured, raw: Measured) -> Iterator[Line]:
    for when, key, bounds in (("idle", "echo", (1.25, 1.5)), ("in a fan-out", "busy_echo", (2, 4))):
        for part, bound in zip(("p50", "p95"), bounds, strict=True):

            def read(kind: str, part: str = part) -> Callable[[dict[str, dict[str, float]]], float]:
                return lambda life: life[kind][part]

            found, floor = ours.of(read(key)), raw.of(read("echo"))
            if found is not None and floor is not None:
                what = f"command → answer, {part}, {when}, {ours.rooms} rooms"
                yield at_most(what, found / floor, bound, " × a bare echo")


def _starts(ours: Measured, raw: Measured) -> Iterator[Line]:
    if ours.rooms < 200:
        return
    cold, floor = (
        ours.of(lambda life: life["cold_start"]["answered"]),
        raw.of(lambda life: life["initial_sync"]),
    )
    ratio = cold / floor if cold and floor else None
    yield at_most(f"cold start to first answer, {ours.rooms} rooms", ratio, 1.3, " × the first sync")


def _votes(ours: Measured, beside: Measured) -> Iterator[Line]:
    own = ours.of(lambda life: life["votes"]["a_second"])
    if own is None:
        return
    other = beside.of(lambda life: life["votes"]["a_second"])
    yield at_least(
        "votes a second of the bot's processor", own / other if other else None, 2.5, f" × {VOTES_BESIDE}"
    )
    counted = ours.of(lambda life: life["backlog"]["counted"] / life["backlog"]["sent"] * BACKLOG)
    yield at_least(f"votes of {BACKLOG} sent while it was down that count", counted, BACKLOG)


def _growth(figures: Figures) -> Iterator[Line]:
    sizes = [size for size in figures.sizes if figures.get(OURS, size).lives]
    if len(sizes) < 2:
        return
    small, large = SMALL if SMALL in sizes else sizes[0], sizes[-1]
    few, many = figures.get(OURS, small), figures.get(OURS, large)
    spans = f"{large} against {small} rooms"

    def growth(less: float | None, more: float | None) -> float | None:
        return more / less if more is not None and less else None

    for kind in ("first", "warm"):
        for what, read in (("time", Measured.ratio), ("processor", Measured.cpu)):
            found = growth(read(few, kind), read(many, kind))
            yield at_most(f"{what} a room, {kind}, {spans}", found, 1.15, " ×")
        few_a_room = (few.requests(kind) or 0) / small
        many_a_room = (many.requests(kind) or 0) / large
        yield at_most(f"requests a room, {kind}, {spans}", growth(few_a_room, many_a_room), 1.15, " ×")
    restart = growth(
        few.of(lambda life: life["restart"]["answered"]), many.of(lambda life: life["restart"]["answered"])
    )
    yield at_most(f"restart to first answer, {spans}", restart, 3, " ×")
