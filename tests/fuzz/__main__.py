"""The long run: the suite's properties on other cases, by one random seed after another, until the time is up.

`make fuzz MINUTES=10`. Where Atheris runs, half of the time is its: it looks for lines of the program not reached yet.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parents[2]
HERE = "tests/fuzz"
FOUND = ROOT / ".hypothesis"
"""Where a case that Atheris found is kept."""


def main() -> int:
    """Run both and say how many cases there were; 1 if one of them failed."""
    arguments = argparse.ArgumentParser(prog="make fuzz")
    arguments.add_argument("--minutes", type=float, default=10)
    seconds = arguments.parse_args().minutes * 60
    guided = importlib.util.find_spec("atheris") is not None
    if not guided:
        print("Atheris does not run here; all of the time is Hypothesis's.")
    if guided and not run_guided(seconds / 2):
        return 1
    return 0 if run_random(seconds / 2 if guided else seconds) else 1


def run_random(seconds: float) -> bool:
    """Run whole rounds until the time is up; the last one is finished."""
    end, total, rounds = monotonic() + seconds, 0, 0
    while monotonic() < end or rounds == 0:
        seed = secrets.randbelow(2**32)
        command = [sys.executable, "-m", "pytest", HERE, "-q", f"--hypothesis-seed={seed}"]
        done = _run(command, FUZZ="long")
        found = re.search(r"^(\d+) cases$", done.stdout, re.MULTILINE)
        total += int(found[1]) if found else 0
        rounds += 1
        if done.returncode:
            print(done.stdout)
            print(f"Again: FUZZ=long .venv/bin/python -m pytest {HERE} --hypothesis-seed={seed}")
            return False
        print(f"Hypothesis: seed {seed}, {total:,} cases in {rounds} rounds, nothing found", flush=True)
    return True


def run_guided(seconds: float) -> bool:
    """Give each property its share of the time."""
    names = [
        name
        for file in ("test_decoders.py", "test_sentences.py")
        for name in re.findall(r"^def (test_\w+)", (ROOT / HERE / file).read_text("utf-8"), re.MULTILINE)
    ]
    total = 0
    FOUND.mkdir(exist_ok=True)
    for name in names:
        share = max(round(seconds / len(names)), 1)
        limits = [
            f"-max_total_time={share}",
            "-max_len=8192",
            "-print_final_stats=1",
            f"-artifact_prefix={FOUND}/",
        ]
        done = _run([sys.executable, "-m", "tests.fuzz.guided", name, *limits])
        found = re.search(r"number_of_executed_units: *(\d+)", done.stderr)
        total += int(found[1]) if found else 0
        if done.returncode:
            print(done.stdout, done.stderr)
            print(f"Again: .venv/bin/python -m tests.fuzz.guided {name} FILE, with the file named above")
            return False
        print(f"Atheris: {name}, {total:,} cases so far, nothing found", flush=True)
    return True


def _run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, errors="replace", check=False
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
