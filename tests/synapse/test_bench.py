"""The benchmark runs: it makes a world, measures the bot in it beside the limit, and writes the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measure, report
from bench.__main__ import Task, run
from bench.results import Results


@pytest.mark.synapse
async def test_a_small_benchmark_measures_the_bot_and_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "WARM", 1)
    results = Results.load(tmp_path / "results.json")

    tasks = [Task("raw", 2, 0, "life"), Task("spokesbot", 2, 0, "life")]
    assert await run(tasks, results), results.made

    report.write(results.path, tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text("utf-8")
    assert "| members who could read the last one, 2 rooms | ≥ 1 | 1.00 | yes |" in page
    assert "| **Spokesbot** |" in page
    assert (tmp_path / "page.png").stat().st_size > 0
    # what was measured is not measured again
    taken_up = Results.load(results.path)
    assert taken_up.has("spokesbot", 2, 0, "life")
