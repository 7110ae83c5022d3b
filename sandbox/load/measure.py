"""Measure the bot's process and its files while it works.

Rule: a slope is told only of one process that ran long enough after its start to have settled.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

SETTLES_IN = 300.0
"""Seconds after its start that are left out of the slope."""


@dataclass
class Memory:
    """The bot's resident memory over its lives.

    Attributes:
        lives: For each process, pairs of seconds since its first look and MB.
    """

    lives: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    _began: dict[int, float] = field(default_factory=dict)

    def look(self, process_id: int) -> None:
        """Note how much it has now; a process that has just ended is left out."""
        try:
            status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
        except OSError:
            return
        now = time.monotonic()
        began = self._began.setdefault(process_id, now)
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                self.lives.setdefault(process_id, []).append((now - began, int(line.split()[1]) / 1024))

    def lines(self) -> list[str]:
        """Return what was found, as lines to print."""
        every = [megabytes for life in self.lives.values() for _, megabytes in life]
        if not every:
            return []
        life = max(self.lives.values(), key=lambda life: life[-1][0])
        told = [
            f"resident memory of the bot: {every[0]:.1f} MB at the first look, {max(every):.1f} MB at most, "
            f"{every[-1]:.1f} MB at the last, over {len(self.lives)} processes",
            f"the longest life: {life[-1][0] / 60:.1f} minutes, {life[0][1]:.1f} MB at its first look, "
            f"{max(megabytes for _, megabytes in life):.1f} MB at most, {life[-1][1]:.1f} MB at its last",
        ]
        settled = [point for point in life if point[0] >= SETTLES_IN]
        if settled and settled[-1][0] - settled[0][0] >= SETTLES_IN:
            told.append(
                f"its slope after the first {SETTLES_IN / 60:.0f} minutes: {slope(settled) * 3600:+.2f} MB an hour, "
                f"over {(settled[-1][0] - settled[0][0]) / 60:.1f} minutes"
            )
        else:
            told.append("no process lived long enough for a slope")
        return told


def slope(points: list[tuple[float, float]]) -> float:
    """Return the slope of the line of least squares through points."""
    across = sum(x for x, _ in points) / len(points)
    up = sum(y for _, y in points) / len(points)
    width = sum((x - across) ** 2 for x, _ in points)
    return sum((x - across) * (y - up) for x, y in points) / width if width else 0.0


def sizes(folder: Path) -> list[str]:
    """Return how large each file of a data folder is, as lines to print."""
    return [
        f"{path.stat().st_size / 1024:8.0f} kB {path.name}"
        for path in sorted(folder.iterdir())
        if path.is_file()
    ]


def processor_time(process_id: int) -> float:
    """Return how many seconds of processor time a running process has used."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
