"""The lives of summaries that are written down are those that the bot lives."""

from pathlib import Path

import pytest

from tests.docs.transcripts import FOLDER, LIVES, written

ELSEWHERE = {"a-year-in-one-pod"} | {
    "amendment", "binding-misses", "binding-passes", "block-resolved", "block-vote", "consensus", "lapse",
}  # fmt: skip
"""What `tests/commands/test_a_year.py` and `test_decision_transcripts.py` compare."""


@pytest.mark.parametrize("name", LIVES)
async def test_a_transcript_is_what_happens(name: str, tmp_path: Path) -> None:
    page = (FOLDER / f"{name}.md").read_text("utf-8")
    assert page == await written(name, tmp_path), (
        "run `python -m tests.docs.transcripts`, and read what changed"
    )


def test_there_is_no_other_transcript() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == LIVES.keys() | ELSEWHERE
