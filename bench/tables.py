"""Set what was measured into tables.

Rule: what was not measured is a dash, and who failed is named with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.answers import CROWDS
from bench.figures import Figures, Measured
from bench.goals import BACKLOG, LIVE, Line

NAMES = {
    "raw": "the limit",
    "spokesbot": "**Spokesbot**",
    "nio": "matrix-nio, one by one",
    "nio-gather": "matrix-nio, 64 at once",
    "mautrix": "mautrix, 64 at once",
    "js": "matrix-js-sdk, all at once",
}


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def shown(value: float | None, digits: int = 2) -> str:
    """Write a figure, or a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def goals(every: Iterator[Line]) -> Iterator[str]:
    """Yield the goals."""
    rows = (
        (line.what, line.goal, "–" if line.found is None else f"{line.found:,.2f}{line.unit}", line.verdict)
        for line in every
    )
    return table(("what", "goal", "found", "reached"), rows)


def fan_outs(figures: Figures, size: int) -> Iterator[str]:
    """Yield the fan-outs in worlds of one size."""
    head = ["", "first ×", "once approved ×", "warm ×", "first s", "warm s", "requests first / warm"]
    head += ["processor first / warm", "server's first / warm", "95 % first, s", "memory MB", "could read"]

    def rows() -> Iterator[Sequence[str]]:
        for who in figures.names:
            one = figures.get(who, size)
            if who == "raw":
                yield _limit(one, len(head))
            elif one.lives:
                prepared = shown(one.prepared_ratio()) if who == "spokesbot" else "–"
                yield (
                    NAMES.get(who, who),
                    shown(one.ratio("first")),
                    prepared,
                    shown(one.ratio("warm")),
                    shown(one.seconds("first")),
                    shown(one.seconds("warm")),
                    _both(one.requests("first"), one.requests("warm"), 0),
                    _both(one.cpu("first"), one.cpu("warm"), 1),
                    _both(one.server_cpu("first"), one.server_cpu("warm"), 1),
                    shown(one.p95("first")),
                    shown(one.of(lambda life: life["memory"]), 0),
                    shown(one.of(lambda life: life["readable"])),
                )

    return table(head, rows())


def _limit(raw: Measured, width: int) -> Sequence[str]:
    sized = raw.ratio("encrypted_size")
    seconds = raw.of(lambda life: sorted(life["plain"])[len(life["plain"]) // 2])
    words = f"{NAMES['raw']} (encrypted size: {shown(sized)} ×)"
    row = (words, "1.00", "–", "1.00", shown(seconds), shown(seconds), f"{raw.rooms} / {raw.rooms}")
    return row + ("–",) * (width - len(row))


def _both(one: float | None, other: float | None, digits: int) -> str:
    return f"{shown(one, digits)} / {shown(other, digits)}"


def starts(figures: Figures) -> Iterator[str]:
    """Yield the starts."""

    def rows() -> Iterator[Sequence[str]]:
        for size in figures.sizes:
            floor = figures.get("raw", size).of(lambda life: life["initial_sync"])
            for who in figures.names:
                one = figures.get(who, size)
                cold = one.of(lambda life: life["cold_start"]["answered"])
                if cold is not None:
                    yield (
                        str(size),
                        NAMES.get(who, who),
                        shown(floor),
                        shown(one.of(lambda life: life["cold_start"]["synced"])),
                        shown(cold),
                        shown(one.of(lambda life: life["restart"]["answered"])),
                        shown(one.of(lambda life: life["cold_start"]["cpu"])),
                    )

    head = (
        "rooms",
        "",
        "server's first sync s",
        "fresh: in sync s",
        "fresh: answered s",
        "restart: answered s",
    )
    return table((*head, "processor of a fresh start s"), rows())


def _each(figures: Figures) -> Iterator[Measured]:
    """Yield everybody in every size."""
    for size in figures.sizes:
        for who in figures.names:
            yield figures.get(who, size)


def crowded(figures: Figures) -> Iterator[str]:
    """Yield how long a bare echo takes while bare requests go to all rooms, some at once."""
    for size in figures.sizes:
        raw = figures.get("raw", size)
        idle = raw.milliseconds("echo")
        rows: list[Sequence[str]] = []
        for width in map(str, CROWDS):
            half, most, rate = (
                raw.of(lambda life, width=width, key=key: life["crowded"][width][key])  # type: ignore[misc]
                for key in ("p50", "p95", "a_second")
            )
            if half and most and idle[0] and idle[1]:
                rows.append(
                    (width, shown(rate, 0), shown(half * 1000 / idle[0], 1), shown(most * 1000 / idle[1], 1))
                )
        if rows:
            yield f"With {size} rooms:"
            yield ""
            yield from table(("requests at once", "rooms a second", "an echo's p50 ×", "p95 ×"), iter(rows))
            yield ""


def answers(figures: Figures) -> Iterator[str]:
    """Yield how fast commands are answered, and blocks of the loop."""

    def rows() -> Iterator[Sequence[str]]:
        for one in _each(figures):
            idle, busy = one.milliseconds("echo"), one.milliseconds("busy_echo")
            if idle[0] is not None:
                fan_out, start = (
                    one.of(lambda life, key=key: life[key] * 1000)  # type: ignore[misc]
                    for key in ("longest_block", "start_block")
                )
                startled = one.of(lambda life: life["startled"] * 1000)
                cells = (_both(*idle, 0), _both(*busy, 0), shown(startled, 0), _both(fan_out, start, 0))
                yield (str(one.rooms), NAMES.get(one.who, one.who), *cells)

    head = (
        "rooms",
        "",
        "idle p50 / p95",
        "busy p50 / p95",
        "out of the blue",
        "longest block, fan-out / start",
    )
    return table(head, rows())


def votes(figures: Figures) -> Iterator[str]:
    """Yield the votes."""

    def rows() -> Iterator[Sequence[str]]:
        for one in _each(figures):
            pace = one.of(lambda life: life["votes"]["a_second"])
            if pace is not None:
                backlog = one.of(lambda life: life["backlog"]["counted"])
                yield (
                    str(one.rooms),
                    NAMES.get(one.who, one.who),
                    f"{shown(one.of(lambda life: life['votes']['counted']), 0)} of {LIVE}",
                    shown(pace, 0),
                    "–" if backlog is None else f"{backlog:,.0f} of {BACKLOG:,}",
                    shown(one.of(lambda life: life["backlog"]["took"])),
                )

    head = ("rooms", "", "counted", "a second of its processor", "sent while it was down: counted")
    return table((*head, "start until the last one counted s"), rows())


def failures(figures: Figures) -> Iterator[str]:
    """Yield who failed, and why."""
    for size in figures.sizes:
        for who in figures.names:
            for why in figures.get(who, size).failures:
                yield f"- {NAMES.get(who, who)}, {size} rooms: {why.splitlines()[0][:300]}"
