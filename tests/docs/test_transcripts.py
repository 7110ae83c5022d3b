"""The stories that are written down are those that happen."""

import logging

import pytest

from tests.docs.stories.telling import FOLDER, load, page


@pytest.mark.parametrize("name", load())
async def test_a_story_goes_as_its_page_says(name: str, caplog: pytest.LogCaptureFixture) -> None:
    told = await page(name)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert told == (FOLDER / f"{name}.md").read_text("utf-8"), (
        f"run `python -m tests.docs.stories {name}`, and read what changed"
    )


def test_every_page_is_a_story() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(load())
