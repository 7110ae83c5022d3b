"""Write docs/performance.md and its picture from what was measured.

Rule: no figure in that page is typed by hand.

    python -m bench.report [--results FILE] [--page docs/performance.md]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figures, Measured
from bench.goals import Line, lines
from bench.picture import draw
from bench.results import FILE, ROOT, Json

PAGE = ROOT / "docs" / "performance.md"

NAMES = {
    "raw": "the limit",
    "spokesbot": "**Spokesbot**",
    "nio": "matrix-nio, one by one",
    "nio-gather": "matrix-nio, 64 at once",
    "mautrix": "mautrix, 64 at once",
    "js": "matrix-js-sdk, all at once",
}

INTRODUCTION = """\
# Performance

How fast the bot is, beside what the server allows and beside what others do with it. This page is written by a program
from what it measured; `make bench` makes it anew:

    make bench N={sizes} REPEATS={repeats}

{when}, {machine}, Synapse 1.163.2 on SQLite with its files in memory, without rate limits and presence. {repeats_told}
Read the ratios, not the seconds: they hold on other machines too.

**How it is measured.** A world of N encrypted rooms of 5 to 8 members, with about eight devices a room, each cross-signed
and with one-time keys, is made once. Each contestant begins in a copy of it, on a server that nobody has used. *The limit*
is one bare `PUT` for each room, 64 in flight, by the same account in the same rooms, taken just before and just after
whatever is set against it. When a message arrived is read in the server's log, for all alike. Up to 50 of the members live:
they have real encryption, type the commands, and say in the end whether they could read.

Spokesbot is its real process, set up by `spokesbot init` and started by `spokesbot run`, in an assembly with N pods.
Its groups are written into its database by its own store's functions, because founding hundreds of pods by command would
take longer than all of this. What is sent is a real summary: drafted, shown, approved by two spokes. So its database, its outbox
and its checks are in the time. The other contestants are small bots on their library, as its examples show it; they check
nothing and keep nothing. The time of all counts from the moment at which the order has reached them: Spokesbot, when the
server has handed it the second `ok`. What Spokesbot does for a summary before it is approved counts as part of the first
fan-out, and not as part of *once approved*.
"""


def report(found: Json) -> str:
    """Return the page."""
    figures = Figures(found["made"])
    when = datetime.fromtimestamp(figures.at(), UTC).strftime("%-d %B %Y")
    repeats = figures.repeats
    told = f"Figures are medians of {repeats} repeats." if repeats > 1 else "Each figure is of one run."
    parts = [
        INTRODUCTION.format(
            sizes=",".join(map(str, figures.sizes)),
            repeats=repeats,
            when=when,
            machine=found["machine"],
            repeats_told=told,
        ),
        "![Fan-out times and processor time of each contestant](performance.png)\n",
        "## Goals\n",
        "\n".join(_goals(lines(figures))) + "\n",
        "## Fan-out\n",
        "Times as multiples of the limit; *first* is with no encryption session there yet, *warm* with all. Requests are those\n"
        "of the whole fan-out, waiting for news not counted; processor is the contestant's, in milliseconds a room.\n",
    ]
    for size in figures.sizes:
        parts += [f"### {size} rooms\n", "\n".join(_fan_outs(figures, size)) + "\n"]
    parts += ["## Starting\n", "\n".join(_starts(figures)) + "\n"]
    if failed := list(_failures(figures)):
        parts += ["## What failed\n", "\n".join(failed) + "\n"]
    return "\n".join(parts)


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def shown(value: float | None, digits: int = 2) -> str:
    """Write a figure, or a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def _goals(every: Iterator[Line]) -> Iterator[str]:
    rows = (
        (line.what, line.goal, "–" if line.found is None else f"{line.found:,.2f}{line.unit}", line.verdict)
        for line in every
    )
    return table(("what", "goal", "found", "reached"), rows)


def _fan_outs(figures: Figures, size: int) -> Iterator[str]:
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


def _starts(figures: Figures) -> Iterator[str]:
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


def _failures(figures: Figures) -> Iterator[str]:
    for size in figures.sizes:
        for who in figures.names:
            for why in figures.get(who, size).failures:
                yield f"- {NAMES.get(who, who)}, {size} rooms: {why.splitlines()[0][:300]}"


def write(results: Path = FILE, page: Path = PAGE) -> None:
    """Write the page and the picture beside it."""
    found: Json = json.loads(results.read_text("utf-8"))
    page.write_text(report(found), "utf-8")
    draw(Figures(found["made"]), page.with_suffix(".png"))


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--results", type=Path, default=FILE)
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args()
    write(asked.results, asked.page)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
