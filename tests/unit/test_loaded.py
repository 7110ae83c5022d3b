"""What a running bot does not need is not loaded; it would stay in memory for as long as the bot runs."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOAD_ALL_THAT_RUN_LOADS = """
import sys
import bot.app, bot.cli
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
