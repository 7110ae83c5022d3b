"""What the system says of a process: processor time and memory.

Rule: a contestant is looked at from outside; what it says of itself is not needed.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from sandbox.load.measure import processor_time

__all__ = ["ended", "peak_memory", "processor_time", "settled"]


def peak_memory(process_id: int) -> float:
    """Return the most memory a running process has had so far, in MB."""
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def ended(process_id: int) -> bool:
    """Tell whether a process is no more."""
    return not Path(f"/proc/{process_id}/stat").exists()


async def settled(process_id: int, quiet: float = 0.3) -> float:
    """Wait until a process has used no more than a hundredth of a second in a while; returns what it has used."""
    before, since = processor_time(process_id), time.monotonic()
    while time.monotonic() - since < quiet:
        await asyncio.sleep(0.05)
        now = processor_time(process_id)
        if now - before > 1.5 / os.sysconf("SC_CLK_TCK"):
            before, since = now, time.monotonic()
    return processor_time(process_id)
