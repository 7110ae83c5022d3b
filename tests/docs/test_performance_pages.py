"""No figure of the pages on performance is typed: they are what the program makes of what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import scale
from bench.figures import Figures
from bench.report import report
from tests.docs.pages import ROOT

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def measured() -> Any:
    return json.loads((DOCS / "performance.json").read_text("utf-8"))


def test_the_page_on_performance_is_what_was_measured(measured: Any) -> None:
    page = (DOCS / "performance.md").read_text("utf-8")
    assert page == report(measured), "run `python -m bench.report --results docs/performance.json`"


def test_the_page_on_scale_has_what_was_measured(measured: Any, tmp_path: Path) -> None:
    page = (DOCS / "scale.md").read_text("utf-8")
    copy = tmp_path / "scale.md"
    copy.write_text(page, "utf-8")
    scale.fill(copy, Figures(measured["made"]))
    assert copy.read_text("utf-8") == page, "run `python -m bench.report --results docs/performance.json`"
