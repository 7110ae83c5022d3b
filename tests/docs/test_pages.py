"""The pages tell the truth: links lead somewhere, and every command they name is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.commanding.describe import PAGE, describe
from bot.commanding.discover import discover
from bot.commanding.registry import Registry
from tests.docs.pages import PAGES, ROOT, anchors, name_of, promised, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TYPED = re.compile(r"`!([a-z][^`]*)`")
MADE = re.compile(r"^\s*(?:[\w-]+=\S+ )*make ([a-z]+)\b|`make ([a-z]+)\b[^`]*`", re.MULTILINE)
RUN = re.compile(
    r"`spokesbot ([a-z][\w-]*)|bin/spokesbot ([a-z][\w-]*)|^\s+spokesbot ([a-z][\w-]*)", re.MULTILINE
)
CITED = re.compile(r"\b([a-z]+)/(test_\w+)(?!\.py)\b((?:,?\s`test_\w+`)*)")
PLANNED = (
    "forget me", "pod forget", "meeting", "cycle", "campaign", "pledge", "grievance", "timeline",
)  # fmt: skip

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


def test_the_page_of_commands_is_what_the_commands_say(registry: Registry) -> None:
    assert PAGE.read_text("utf-8") == describe(registry), "run `python -m bot.commanding.describe`"


def test_every_command_has_a_summary_an_example_and_notes(registry: Registry) -> None:
    for spec in registry.commands:
        summary = str(spec.summary)
        assert summary.endswith("."), spec.name
        assert len(summary) <= 110, spec.name
        assert spec.notes, spec.name
        assert spec.answer, spec.name
        names = [spec.words, *spec.aliases]
        assert tuple(spec.example.lower().lstrip("!").split()[: len(spec.words)]) in names, spec.name
        assert spec.example.startswith("!") or spec.bare, spec.name
        assert registry.find(spec.example.lstrip("!").split()) is not None


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name_of(page)}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{name_of(page)}: {link}"


@every_page
def test_make_targets_are_in_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for found in MADE.findall(page.read_text("utf-8")):
        assert set(found) - {""} <= targets, f"{name_of(page)}: {found}"


@every_page
def test_commands_in_chat_exist(page: Path, registry: Registry) -> None:
    for typed in TYPED.findall(promised(page)):
        line = typed.partition("|")[0].strip()
        found = registry.find(line.split())
        assert found is not None, f"{name_of(page)}: !{typed}"
        spec, length = found
        left = line.split()[length:]
        assert not left or any(not item.is_option for item in spec.parameters), f"{name_of(page)}: !{typed}"
        built = {item.name for item in registry.commands}
        planned = [name for name in PLANNED if name not in built and re.match(rf"{name}\b", line)]
        assert not planned, f"{name_of(page)}: !{typed}"


def test_what_is_planned_is_not_built_yet(registry: Registry) -> None:
    built = {spec.name for spec in registry.commands}
    assert not built.intersection(PLANNED), "take it out of PLANNED and of the README's list"


def test_commands_of_the_operator_exist() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], capture_output=True, text=True, check=True
    ).stdout
    known = set(re.findall(r"^    ([a-z-]+)(?: |$)", told, re.MULTILINE))
    assert {"init", "run", "check-config", "doctor"} <= known
    for page in PAGES:
        for found in RUN.findall(promised(page)):
            assert set(found) - {""} <= known, f"{name_of(page)}: spokesbot {found}"


def test_what_is_called_reliable_names_tests_and_files_that_are_there() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    tests = {path: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    for layer, name, functions in CITED.findall(page):
        path = ROOT / "tests" / layer / f"{name}.py"
        assert path in tests, path
        for function in re.findall(r"\w+", functions):
            assert f"def {function}(" in tests[path], f"{layer}/{name}: {function}"
    assert not set(re.findall(r"`(test_\w+)`", CITED.sub("", page))), "a test without its file"
    files = {path.name for path in (ROOT / "bot").rglob("*.py")}
    assert set(re.findall(r"`(\w+\.py)`", page)) <= files


@every_page
def test_nothing_is_left_to_fill_in(page: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|TBD)\b", page.read_text("utf-8"))
