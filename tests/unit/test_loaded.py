"""What a running bot does not need is not loaded; it would stay in memory for as long as the bot runs."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOAD_ALL_THAT_RUN_LOADS = """
import sys
import bot.app, bot.cli, bot.start
from bot.commanding.discover import discover
discover()
print(*sys.modules)
"""
LEFT_OUT = {
    "bot.chart",
    "bot.matrix.doctor",
    "bot.matrix.first_login",
    "Crypto.PublicKey",
    "icalendar",
    "matplotlib",
    "pydantic",
}


def test_a_running_bot_loads_nothing_that_only_other_commands_or_rare_requests_need() -> None:
    loading = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", LOAD_ALL_THAT_RUN_LOADS], cwd=ROOT, check=True, capture_output=True, text=True
    )
    loaded = set(loading.stdout.split())
    assert "bot.matrix.sync" in loaded
    assert not LEFT_OUT & loaded


def test_the_server_can_be_asked_for_the_first_sync_before_the_matrix_library_is_loaded() -> None:
    loading = subprocess.run(
        [sys.executable, "-c", "import sys, bot.cli, bot.start; print(*sys.modules)"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    loaded = set(loading.stdout.split())
    assert "bot.matrix.first_sync" in loaded
    assert not {"nio", "vodozemac", "bot.app", "bot.commanding.dispatch"} & loaded
