"""Keep what was measured, so that a run that was interrupted goes on, and a larger one adds to it.

Rule: figures of different programs are never mixed: a change of the bot or of the benchmark begins anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.install import MAUTRIX
from bench.server import in_memory
from sandbox.install import HOME, MEMBERS, SYNAPSE

ROOT = Path(__file__).resolve().parents[1]
FILE = HOME / "bench" / "results.json"

Json = dict[str, Any]


def sources() -> str:
    """Hash everything that is measured or measures."""
    seen = hashlib.sha256()
    for folder in ("bot", "commands", "bench"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".sql", ".js", ".txt") and path.name not in _OF_THE_REPORT:
                seen.update(path.read_bytes())
    return seen.hexdigest()[:16]


_OF_THE_REPORT = ("report.py", "picture.py", "goals.py", "figures.py", "scale.py", "tables.py")
"""They change what is shown, and nothing that is measured."""


def versions() -> str:
    """Name the versions of everything that is measured beside the bot."""
    members = json.loads((MEMBERS / "package.json").read_text("utf-8"))["dependencies"]
    pins = [pin.partition("[")[0].partition("==")[0] + " " + pin.partition("==")[2] for pin in _PINNED]
    return ", ".join(
        (*pins, f"matrix-nio {version('matrix-nio')}", f"matrix-js-sdk {members['matrix-js-sdk']}")
    )


_PINNED = (SYNAPSE.packages[0], MAUTRIX.packages[0])


@dataclass
class Results:
    """What was measured.

    Args:
        made: Each life that was measured: who, with how many rooms, which repeat, and what came out or why not.
        commands: What was typed to measure all that.
    """

    stamp: str
    machine: str
    made: list[Json] = field(default_factory=list)
    path: Path = FILE
    commands: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path = FILE) -> Results:
        """Take up what was measured with these sources, or begin."""
        where = "in memory" if in_memory() else "on the disk"
        machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, the server's files {where}"
        stamp = sources()
        if path.exists():
            found = json.loads(path.read_text("utf-8"))
            if found["stamp"] == stamp:
                return cls(stamp, machine, found["made"], path, found["commands"])
            path.replace(path.with_suffix(".old.json"))
        return cls(stamp, machine, [], path)

    def has(self, who: str, rooms: int, repeat: int, part: str) -> bool:
        """Tell whether something was measured and did not fail."""
        return any(
            (each["who"], each["rooms"], each["repeat"], each["part"]) == (who, rooms, repeat, part)
            and "failed" not in each
            for each in self.made
        )

    def add(self, who: str, rooms: int, repeat: int, part: str, found: Json) -> None:
        """Keep one result, in place of an earlier failure."""
        self.made = [
            each
            for each in self.made
            if (each["who"], each["rooms"], each["repeat"], each["part"]) != (who, rooms, repeat, part)
        ]
        head = {"who": who, "rooms": rooms, "repeat": repeat, "part": part, "at": round(time.time())}
        self.made.append(head | found)
        self._save()

    def typed(self, command: str) -> None:
        """Note what was typed."""
        if command not in self.commands:
            self.commands.append(command)

    def _save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        whole = {
            "stamp": self.stamp,
            "machine": self.machine,
            "versions": versions(),
            "commands": self.commands,
            "made": self.made,
        }
        draft.write_text(json.dumps(whole, indent=1), "utf-8")
        draft.replace(self.path)
