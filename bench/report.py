"""Write docs/performance.md and its picture from what was measured.

Rule: no figure in that page is typed by hand.

    python -m bench.report [--results docs/performance.json] [--page docs/performance.md]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import scale
from bench.figures import Figures, Measured
from bench.goals import BACKLOG, LIVE, Line, lines
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

{when}, {machine}, Synapse 1.163.2 on SQLite with its files in memory, without rate limits and presence.
{repeats_told}
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


STARTING = """\
From the start of the process until it was in sync, and until a command that was typed then was answered. Fresh is
with no store of rooms and keys; the server's first sync is what the server needs to say what there is.
"""

ANSWERS = """\
A member's clock, from before a command is sent until the answer is read, in milliseconds. *Busy* is while a fan-out runs. A
block is the longest time in which the contestant's loop did not turn: in a fan-out, and while it started.
"""

VOTES = f"""\
{LIVE} votes, as fast as the server takes them; then {BACKLOG:,} more while the contestant is down. What counts is what it has
itself: Spokesbot, in its database.
"""

LIMITS = """\
## What these figures do not say

- The members of two rooms are never the same people. Where they are, there is less to do.
- One server and no federation: asking other servers for keys would come first there, see [scale](scale.md).
- The server's files lie in memory. On a disk the limit is about half of it, and all ratios are better for it.
- A machine with two cores runs the server, the contestant and the members. With more cores the limit is the same: Synapse
  without workers uses one.
- Spokesbot is told twice as much as the others: it drafts, shows and counts oks. That is in its processor time and requests.
"""


def report(found: Json) -> str:
    """Return the page."""
    figures = Figures(found["made"])
    when = datetime.fromtimestamp(figures.at(), UTC).strftime("%-d %B %Y")
    repeats = figures.repeats
    others = figures.others()
    told = "" if others is None else f"Other programs used {others:.0%} of the machine meanwhile.\n"
    told += f"Figures are medians of {repeats} repeats." if repeats > 1 else "Each figure is of one run."
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
    parts += [
        "## Starting\n",
        STARTING,
        "\n".join(_starts(figures)) + "\n",
        "## Answers, and blocks of the loop\n",
        ANSWERS,
        "\n".join(_answers(figures)) + "\n",
        "## Votes\n",
        VOTES,
        "\n".join(_votes(figures)) + "\n",
    ]
    if failed := list(_failures(figures)):
        parts += ["## What failed\n", "\n".join(failed) + "\n"]
    parts.append(LIMITS)
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


def _each(figures: Figures) -> Iterator[Measured]:
    """Yield everybody in every size."""
    for size in figures.sizes:
        for who in figures.names:
            yield figures.get(who, size)


def _answers(figures: Figures) -> Iterator[str]:
    def rows() -> Iterator[Sequence[str]]:
        for one in _each(figures):
            idle, busy = one.milliseconds("echo"), one.milliseconds("busy_echo")
            if idle[0] is not None:
                fan_out, start = (
                    one.of(lambda life, key=key: life[key] * 1000)  # type: ignore[misc]
                    for key in ("longest_block", "start_block")
                )
                cells = (_both(*idle, 0), _both(*busy, 0), _both(fan_out, start, 0))
                yield (str(one.rooms), NAMES.get(one.who, one.who), *cells)

    head = ("rooms", "", "idle p50 / p95", "busy p50 / p95", "longest block, fan-out / start")
    return table(head, rows())


def _votes(figures: Figures) -> Iterator[str]:
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


def _failures(figures: Figures) -> Iterator[str]:
    for size in figures.sizes:
        for who in figures.names:
            for why in figures.get(who, size).failures:
                yield f"- {NAMES.get(who, who)}, {size} rooms: {why.splitlines()[0][:300]}"


def write(results: Path = FILE, page: Path = PAGE) -> None:
    """Write the page, and beside it the picture and what was measured."""
    kept = compact(json.loads(results.read_text("utf-8")))
    page.with_suffix(".json").write_text(kept, "utf-8")
    found: Json = json.loads(kept)  # so that the page can be made again from what lies beside it
    figures = Figures(found["made"])
    page.write_text(report(found), "utf-8")
    draw(figures, page.with_suffix(".png"))
    scale.fill(page.with_name("scale.md"), figures)


def compact(found: Json) -> str:
    """Write results with one life a line."""
    lives = ",\n".join(json.dumps(_rounded(life)) for life in found["made"])
    return f'{{"stamp": "{found["stamp"]}", "machine": "{found["machine"]}", "made": [\n{lives}\n]}}\n'


def _rounded(value: Any) -> Any:
    """Return the same with no more digits than mean anything."""
    match value:
        case float():
            return round(value, 4)
        case dict():
            return {key: _rounded(each) for key, each in value.items()}
        case list():
            return [_rounded(each) for each in value]
        case _:
            return value


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
