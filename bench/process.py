"""What the system says of a process: processor time and memory.

Rule: a contestant is looked at from outside; what it says of itself is not needed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from pathlib import Path

from sandbox.load.measure import processor_time

__all__ = ["Bystanders", "ended", "peak_memory", "processor_time", "settled"]


def peak_memory(process_id: int) -> float:
    """Return the most memory a running process has had so far, in MB."""
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def ended(process_id: int) -> bool:
    """Tell whether a process is no more."""
    return not Path(f"/proc/{process_id}/stat").exists()


async def settled(process_id: int, quiet: float = 0.3, within: float = 30.0) -> float:
    """Wait until a process has used no more than a hundredth of a second in a while; returns what it has used.

    One that never comes to rest is not waited for any longer than `within` seconds.
    """
    before, began = processor_time(process_id), time.monotonic()
    since = began
    while time.monotonic() - since < quiet and time.monotonic() - began < within:
        await asyncio.sleep(0.05)
        now = processor_time(process_id)
        if now - before > 1.5 / os.sysconf("SC_CLK_TCK"):
            before, since = now, time.monotonic()
    return processor_time(process_id)


class Bystanders:
    """How busy others keep the machine while we measure."""

    def __init__(self) -> None:
        self._began, self._all, self._ours = time.monotonic(), _busy(), _own()

    def share(self) -> float:
        """Return the share of the machine that others have used since, once all of our processes have ended."""
        whole = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        others = (_busy() - self._all) - (_own() - self._ours)
        return max(others / whole, 0.0)


def _busy() -> float:
    """Return the seconds all cores together were not idle."""
    fields = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0].split()[1:9]
    user, nice, system, _idle, _waiting, hard, soft, stolen = map(int, fields)
    return (user + nice + system + hard + soft + stolen) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Return the seconds that we and those of our processes that have ended have used."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)
