"""The page on reliability tells of every scenario, and of none that is not there."""

from __future__ import annotations

import re

from tests.docs.pages import ROOT
from tests.faults import scenarios


def test_every_scenario_is_told_and_every_one_told_is_there() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    section = page.partition("## When the server fails\n")[2].partition("\n\nMore of it")[0]
    rows = [row.split(" | ") for row in section.splitlines() if row.startswith("| ")][1:]
    told = {f"test_{row[2].replace(' ', '_')}" for row in rows}
    assert told == {name for name in vars(scenarios) if re.match("test_", name)}
