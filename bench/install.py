"""Install what only the benchmark runs: mautrix on libolm, in an environment of its own.

Rule: that of `sandbox.install`, whose folder it uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.install import HOME, VirtualEnvironment, is_complete, mark_installed, only_one

MAUTRIX_PYTHON = HOME / "mautrix" / "bin" / "python"


@dataclass(frozen=True)
class _OfBench(VirtualEnvironment):
    @property
    def constraints(self) -> Path:
        """The committed file of exact versions, beside this one."""
        return Path(__file__).with_name(f"{self.name}-constraints.txt")


MAUTRIX = _OfBench("mautrix", ("mautrix[encryption]==0.21.1", "aiosqlite", "asyncpg"))


def ensure() -> None:
    """Install it unless it is there already."""
    if is_complete(MAUTRIX):
        return
    with only_one():
        if not is_complete(MAUTRIX):
            MAUTRIX.install()
            mark_installed(MAUTRIX.name, MAUTRIX.stamp)
