"""One federation on the disk, copied for each case; the count of cases at the end of a long run."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.docs.federation import build
from tests.fuzz import effort


@pytest.fixture(scope="session")
def copies() -> Iterator[Path]:
    """The stores of a federation at each stage of its building."""
    with TemporaryDirectory() as folder:
        asyncio.run(build(Path(folder)))
        yield Path(folder)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many cases were run."""
    if effort.LONG:
        terminalreporter.write_line(f"{effort.tried} cases")
