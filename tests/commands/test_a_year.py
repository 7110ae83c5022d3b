"""A year in one pod, as people read it."""

import logging
from pathlib import Path

import pytest

from tests.commands.a_year import PAGE, play


async def test_the_year_on_the_page_is_what_happens(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    page = await play(tmp_path)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert page == PAGE.read_text("utf-8"), "run python -m tests.commands.a_year and read what has changed"
    for happened in (
        "Carried: ", "hands the seat on.", "is away from", "is away until", "is no longer a member here",
        "seat of Willow is EMPTY", "a one-seat turn", "Thank you, ", "until a recall", "likely on",
    ):  # fmt: skip
        assert happened in page
