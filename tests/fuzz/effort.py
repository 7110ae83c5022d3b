"""How hard to look: a fixed, quick set of cases in the suite, or random ones for as long as somebody wants."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

LONG = os.environ.get("FUZZ") == "long"
MORE = 20
"""How many times more cases one round of the long run has than the suite."""

tried = 0
"""Cases run in this process."""


def fuzzed(examples: int) -> Callable[[Any], Any]:
    """Run a property on so many cases: always the same ones in the suite, others by each seed in the long run."""
    chosen = settings(
        max_examples=examples * (MORE if LONG else 1),
        derandomize=not LONG,
        database=None,
        deadline=None,
        print_blob=LONG,
        suppress_health_check=list(HealthCheck),
    )

    def decorate(test: Any) -> Any:
        return chosen(_counted(test))

    return decorate


def _counted(test: Any) -> Any:
    inner = test.hypothesis.inner_test

    def counted(*args: Any, **more: Any) -> None:
        global tried  # noqa: PLW0603 - one count a process
        tried += 1
        result = inner(*args, **more)
        if inspect.isawaitable(result):
            asyncio.run(result)

    test.hypothesis.inner_test = counted
    return test
