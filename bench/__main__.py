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
from collections.abc import Sequence
from pathlib import Path

from bench import measure, report, world
from bench.contestants.all import CONTESTANTS, RAW, chosen
from bench.results import Json, Results

LONGEST_LIFE = 20 * 60
"""Seconds after which a life is given up."""


async def live(who: str, made: world.World) -> Json:
    """Measure one life."""
    async with measure.setting_of(made) as (setting, raw):
        if who == RAW:
            return await measure.raw_life(setting, raw)
        contestant = CONTESTANTS[who](setting)
        try:
            return await measure.life(contestant, setting, raw)
        finally:
            await contestant.clear()


async def run(sizes: Sequence[int], repeats: int, names: Sequence[str], results: Results) -> bool:
    """Measure everything that was not measured yet; returns whether nothing has failed."""
    good = True
    for size in sizes:
        began = time.monotonic()
        made = await world.obtain(size)
        say(f"{size} rooms with {sum(room.devices for room in made.rooms)} devices", began)
        for repeat in range(repeats):
            for who in names:
                if results.has(who, size, repeat, "life"):
                    continue
                began = time.monotonic()
                try:
                    async with asyncio.timeout(LONGEST_LIFE):
                        found = await live(who, made)
                except Exception as error:  # noqa: BLE001 - one contestant's fault must not end the run
                    good = False
                    found = {"failed": f"{type(error).__name__}: {error}"[-2000:]}
                    print(found["failed"], file=sys.stderr)
                results.add(who, size, repeat, "life", found)
                say(
                    f"{size} rooms, {repeat + 1} of {repeats}: {who}{' FAILED' if 'failed' in found else ''}",
                    began,
                )
    return good


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
    good = asyncio.run(run(sizes, asked.repeats, chosen(asked.only), results))
    report.write(results.path, asked.page)
    print(f"bench: {asked.page} is written from {os.path.relpath(results.path)}", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    os.umask(0o077)
    raise SystemExit(main())
