"""Write docs/performance.md and its picture from what was measured.

Rule: no figure in that page is typed by hand.

    python -m bench.report [--results docs/performance.json] [--page docs/performance.md]
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import scale, tables
from bench.figures import Figures
from bench.goals import BACKLOG, LIVE, lines
from bench.picture import draw
from bench.results import FILE, ROOT, Json

PAGE = ROOT / "docs" / "performance.md"

INTRODUCTION = """\
# Performance

How fast the bot is, beside what the server allows and beside what others do with it. This page is written by a program
from what it measured; `make bench` makes it anew:

{commands}

{when}, {machine}. {versions}. Synapse on SQLite,
without rate limits and presence.
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
A member's clock, from before a command is sent until the answer is read, in milliseconds. *Busy* is of
somebody who talked with it shortly before a fan-out and goes on through it; *out of the blue* is of somebody who asks once in
the middle of one. A block is the longest time in which the contestant's loop did not turn: in a fan-out, and while it started.
"""

CROWDED = """\
What people type and what they are answered waits at the server behind every request that came before. That is measured
without any bot: a bare echo while bare requests go to all rooms, some at once, as multiples of the same echo alone. So no bot
can send at full speed and answer at once. Spokesbot does one or the other: while somebody talks with it, and for ten seconds
after each answer, it sends to one room at a time.
"""

VOTES = f"""\
{LIVE} votes, as fast as the server takes them; then {BACKLOG:,} more while the contestant is down. What counts is what it has
itself: Spokesbot, in its database.
"""

LIMITS = """\
Where the time goes, and what it would take to reach what is missed, is told in [its own page](performance-profile.md).

## What these figures do not say

- The members of two rooms are never the same people. Where they are, there is less to do.
- One server and no federation: asking other servers for keys would come first there, see [scale](scale.md).
- On a disk the server takes fewer messages than with its files in memory, and all ratios are smaller.
- A machine with two cores runs the server, the contestant and the members. With more cores the limit is the same: Synapse
  without workers uses one.
- Spokesbot is told twice as much as the others: it drafts, shows and counts oks. That is in its processor time and requests.
"""


def report(found: Json) -> str:
    """Return the page."""
    figures = Figures(found["made"])
    when = datetime.fromtimestamp(figures.at(), UTC).strftime("%-d %B %Y")
    others = figures.others()
    told = "" if others is None else f"Other programs used {others:.0%} of the machine meanwhile.\n"
    told += _repeats_told(figures)
    parts = [
        INTRODUCTION.format(
            commands="\n".join(f"    {command}" for command in found["commands"]),
            when=when,
            machine=found["machine"],
            versions=found["versions"],
            repeats_told=told,
        ),
        "![Fan-out times and processor time of each contestant](performance.png)\n",
        "## Goals\n",
        "\n".join(tables.goals(lines(figures))) + "\n",
        "## Fan-out\n",
        "Times as multiples of the limit; *first* is with no encryption session there yet, *warm* with all. Requests are those\n"
        "of the whole fan-out, waiting for news not counted; processor is the contestant's, in milliseconds a room.\n",
    ]
    for size in figures.sizes:
        parts += [f"### {size} rooms\n", "\n".join(tables.fan_outs(figures, size)) + "\n"]
    parts += [
        "## Starting\n",
        STARTING,
        "\n".join(tables.starts(figures)) + "\n",
        "## Answers, and blocks of the loop\n",
        ANSWERS,
        "\n".join(tables.answers(figures)) + "\n",
        *((f"{CROWDED}\n", "\n".join(crowded)) if (crowded := list(tables.crowded(figures))) else ()),
        "## Votes\n",
        VOTES,
        "\n".join(tables.votes(figures)) + "\n",
    ]
    if failed := list(tables.failures(figures)):
        parts += ["## What failed\n", "\n".join(failed) + "\n"]
    parts.append(LIMITS)
    return "\n".join(parts)


def _repeats_told(figures: Figures) -> str:
    times = [f"{figures.repeats(size)} with {size} rooms" for size in figures.sizes]
    return f"Figures are medians of the repeats: {', '.join(times)}."


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
    head = json.dumps({name: found[name] for name in ("stamp", "machine", "versions", "commands")})
    return f'{head[:-1]}, "made": [\n{lives}\n]}}\n'


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
