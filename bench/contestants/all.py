"""Everybody who can be measured, by name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from bench import install
from bench.contestants.base import Contestant, Setting
from bench.contestants.program import Scripted
from bench.contestants.spokesbot import Spokesbot
from sandbox.install import MEMBERS, node

HERE = Path(__file__).resolve().parent
WIDE = 64
RAW = "raw"


def _nio(at_once: int) -> Callable[[Setting], Contestant]:
    return lambda setting: Scripted(setting, (sys.executable, str(HERE / "nio_bot.py")), at_once)


def _mautrix(setting: Setting) -> Contestant:
    install.ensure()
    return Scripted(setting, (str(install.MAUTRIX_PYTHON), str(HERE / "mautrix_bot.py")), WIDE)


def _js(setting: Setting) -> Contestant:
    packages = str(MEMBERS / "node_modules")
    return Scripted(setting, (str(node()), str(HERE / "js_sdk.js"), packages), WIDE, keeps_keys=False)


CONTESTANTS: dict[str, Callable[[Setting], Contestant]] = {
    "spokesbot": Spokesbot,
    "nio": _nio(1),
    "nio-gather": _nio(WIDE),
    "mautrix": _mautrix,
    "js": _js,
}
"""Beside the limit itself, which is no contestant."""


def chosen(only: str) -> list[str]:
    """Return the names that were asked for: all where nothing is; `nio` means every kind of it.

    Raises:
        ValueError: There is none of that name.
    """
    names = [RAW, *CONTESTANTS]
    if not only:
        return names
    wanted = [word.strip() for word in only.split(",")]
    found = [name for name in names if name in wanted or name.partition("-")[0] in wanted]
    for word in wanted:
        if not any(word in (name, name.partition("-")[0]) for name in names):
            raise ValueError(f"there is no contestant {word!r}; there are {', '.join(names)}")
    return found
