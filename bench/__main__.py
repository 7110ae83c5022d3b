"""Run the benchmark.

    python -m bench --rooms 50,200 [--repeats 3] [--only spokesbot,raw,nio] [--page docs/performance.md]

Everything it needs is installed into this folder the first time. What was measured is kept; the same command goes on
after an interruption, and measures again what has failed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import measure, report, votes, world
from bench.contestants.all import CONTESTANTS, RAW, chosen
from bench.process import Bystanders
from bench.results import Json, Results

VOTERS, ONCE = ("spokesbot", "mautrix"), ("nio-gather",)
"""Whose votes are measured, in each repeat and in the first one alone."""
SECONDS = {
    "raw": (6, 0.08),
    "spokesbot": (22, 0.17),
    "nio": (14, 0.35),
    "nio-gather": (14, 0.25),
    "mautrix": (16, 0.28),
    "js": (14, 0.20),
}
"""How long a life takes on a quiet machine: so many seconds, and so many for each room."""
VOTING, BACKLOG = 20, 45
"""The same of the votes, and of those that are sent while it is down."""
LONGEST_LIFE = 10 * 60
"""Seconds after which a life is given up."""


@dataclass(frozen=True)
class Task:
    """One life to measure."""

    who: str
    rooms: int
    repeat: int
    part: str

    def __str__(self) -> str:
        part = "" if self.part == "life" else f", {self.part}"
        return f"{self.rooms} rooms, repeat {self.repeat + 1}: {self.who}{part}"

    @property
    def seconds(self) -> float:
        """About how long it takes."""
        if self.part == "votes":
            return VOTING + (BACKLOG if self.repeat == 0 else 0)
        fixed, each = SECONDS[self.who]
        return fixed + each * self.rooms


def planned(sizes: Sequence[int], repeats: int, names: Sequence[str]) -> Iterator[Task]:
    """Yield what is to be measured: all contestants once, then all again."""
    for size in sizes:
        for repeat in range(repeats):
            for who in names:
                yield Task(who, size, repeat, "life")
                if (
                    size == min(sizes)
                    and size <= world.LIVING
                    and (who in VOTERS or (who in ONCE and not repeat))
                ):
                    yield Task(who, size, repeat, "votes")


async def live(task: Task, made: world.World) -> Json:
    """Measure one life."""
    async with measure.setting_of(made) as (setting, raw):
        if task.who == RAW:
            return await measure.raw_life(setting, raw)
        contestant = CONTESTANTS[task.who](setting)
        try:
            if task.part == "votes":
                return await votes.life(contestant, setting, backlog=task.repeat == 0)
            return await measure.life(contestant, setting, raw)
        finally:
            await contestant.clear()


async def run(tasks: Iterable[Task], results: Results) -> bool:
    """Measure everything that was not measured yet; returns whether nothing has failed."""
    todo = [task for task in tasks if not results.has(task.who, task.rooms, task.repeat, task.part)]
    good, made, size = True, None, 0
    left = sum(task.seconds for task in todo) + sum(map(world.seconds, {task.rooms for task in todo}))
    print(f"bench: {len(todo)} lives to measure, about {left / 60:.0f} minutes", file=sys.stderr, flush=True)
    for number, task in enumerate(todo, 1):
        if made is None or size != task.rooms:
            began, size = time.monotonic(), task.rooms
            left -= world.seconds(size)
            made = await world.obtain(size)
            say(f"{size} rooms with {sum(room.devices for room in made.rooms)} devices", began)
        began, bystanders = time.monotonic(), Bystanders()
        try:
            async with asyncio.timeout(LONGEST_LIFE):
                found = await live(task, made)
            found["others"] = bystanders.share()
        except Exception as error:  # noqa: BLE001 - one contestant's fault must not end the run
            good = False
            found = {"failed": reason(error)}
            traceback.print_exception(error)
        results.add(task.who, task.rooms, task.repeat, task.part, found)
        left -= task.seconds
        failed = " FAILED" if "failed" in found else ""
        say(f"{number} of {len(todo)}: {task}{failed}, about {left / 60:.0f} min left", began)
    return good


def reason(error: BaseException) -> str:
    """Say in a few words what went wrong."""
    if isinstance(error, BaseExceptionGroup):
        return reason(error.exceptions[0])
    return f"{type(error).__name__}: {error}"[:3000]


def say(what: str, began: float) -> None:
    """Print a line with the seconds it took."""
    print(f"bench: {what} ({time.monotonic() - began:.1f} s)", file=sys.stderr, flush=True)


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rooms", default="50,200")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--page", type=Path, default=report.PAGE)
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.rooms.split(",")]
    results = Results.load()
    only = f" ONLY={asked.only}" if asked.only else ""
    results.typed(f"make bench N={asked.rooms} REPEATS={asked.repeats}{only}")
    good = asyncio.run(run(planned(sizes, asked.repeats, chosen(asked.only)), results))
    report.write(results.path, asked.page)
    print(f"bench: {asked.page} is written from {os.path.relpath(results.path)}", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    os.umask(0o077)
    raise SystemExit(main())
