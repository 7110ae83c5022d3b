"""Draw the figures that are shown from what was measured.

Rule: medians over all repeats; what is set against the limit is set against what the limit was just before and after.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


def median(values: Iterable[float]) -> float | None:
    """Return the median, or `None` of nothing."""
    found = list(values)
    return statistics.median(found) if found else None


def spread(values: Sequence[float]) -> Json:
    """Return the half and the 95 % point of some seconds."""
    ordered = sorted(values)
    return {
        "p50": statistics.median(ordered),
        "p95": ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)],
    }


@dataclass(frozen=True)
class Measured:
    """What one contestant did in worlds of one size.

    Args:
        lives: What each repeat found; those that failed are not among them.
        failures: Why others failed.
        rooms: How many rooms.
    """

    who: str
    rooms: int
    lives: tuple[Json, ...]
    failures: tuple[str, ...]

    def of(self, read: Callable[[Json], float | None]) -> float | None:
        """Return the median of something over the lives that have it."""
        values = []
        for life in self.lives:
            try:
                value = read(life)
            except KeyError:
                continue
            if value is not None:
                values.append(value)
        return median(values)

    def _runs(self, kind: str, read: Callable[[Json], float]) -> float | None:
        runs = [run for life in self.lives for run in _all(life, kind)]
        return median(read(run) for run in runs)

    def ratio(self, kind: str) -> float | None:
        """Return the time of `first` or `warm` fan-outs by the limit, preparing beforehand included."""
        return self._runs(
            kind, lambda run: (run["seconds"] + run.get("before", 0)) / statistics.mean(run["raw"])
        )

    def prepared_ratio(self) -> float | None:
        """Return the time of a first fan-out from the order on, by the limit."""
        return self._runs("first", lambda run: run["seconds"] / statistics.mean(run["raw"]))

    def seconds(self, kind: str) -> float | None:
        """Return the seconds of fan-outs of a kind."""
        return self._runs(kind, lambda run: run["seconds"] + run.get("before", 0))

    def cpu(self, kind: str) -> float | None:
        """Return the milliseconds of processor time a room."""
        return self._runs(kind, lambda run: run["cpu"] * 1000 / self.rooms)

    def server_cpu(self, kind: str) -> float | None:
        """Return the milliseconds of the server's processor time a room."""
        return self._runs(kind, lambda run: run["server_cpu"] * 1000 / self.rooms)

    def requests(self, kind: str) -> float | None:
        """Return the requests of a fan-out, waiting for news not counted."""
        return self._runs(kind, lambda run: sum(run["requests"].values()))

    def milliseconds(self, kind: str) -> tuple[float | None, float | None]:
        """Return the half and the 95 % point of answers of a kind."""
        half, most = (
            self.of(lambda life: life[kind]["p50"] * 1000),
            self.of(lambda life: life[kind]["p95"] * 1000),
        )
        return half, most

    def p95(self, kind: str) -> float | None:
        """Return the seconds after which 95 of 100 rooms had it."""
        return self._runs(kind, lambda run: run["latencies"]["p95"])


def _all(life: Json, kind: str) -> list[Json]:
    found = life.get(kind, [])
    return found if isinstance(found, list) else [found]


class Figures:
    """Everything that was measured, by contestant and size."""

    def __init__(self, made: Iterable[Json]) -> None:
        self._made = list(made)

    @property
    def sizes(self) -> list[int]:
        """The sizes of the worlds, the smallest first."""
        return sorted({each["rooms"] for each in self._made})

    @property
    def names(self) -> list[str]:
        """The contestants, in the order in which they were measured first."""
        return list(dict.fromkeys(each["who"] for each in self._made))

    def repeats(self, rooms: int) -> int:
        """Return how often the most repeated life in worlds of a size was measured."""
        return max((each["repeat"] + 1 for each in self._made if each["rooms"] == rooms), default=0)

    def others(self) -> float | None:
        """Return the share of the machine that other programs have used meanwhile."""
        return median(each["others"] for each in self._made if "others" in each)

    def get(self, who: str, rooms: int) -> Measured:
        """Return what one contestant did; nothing where it was not measured."""
        lives: dict[int, Json] = {}
        failures = []
        for each in self._made:
            if (each["who"], each["rooms"]) == (who, rooms):
                if "failed" in each:
                    failures.append(each["failed"])
                else:
                    lives.setdefault(each["repeat"], {}).update(each)
        return Measured(who, rooms, tuple(lives.values()), tuple(failures))

    def at(self) -> int:
        """Return when the last figure was taken, in seconds since 1970."""
        return max((each["at"] for each in self._made), default=0)
