"""Load the fixtures that every layer of tests shares, and keep what costs time without testing anything out of their way."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# the same cases at every run, so that more of them find nothing new the next day; and no case fails because the machine is busy
settings.register_profile("suite", derandomize=True, deadline=None, max_examples=70)
settings.load_profile("suite")

pytest.register_assert_rewrite("tests.faults.scenarios", "tests.faults.scene")

pytest_plugins = ["sandbox.pytest_plugin"]

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
ENOUGH = 2**30
"""Bytes; a container often has 64 MB there, which tests that fail could fill."""


def pytest_configure() -> None:
    """Put the tests' folders into memory where there is any: no test is about what survives a power cut."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free > ENOUGH:
        tempfile.tempdir = str(MEMORY)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what stays to the end, and look less often; it cost a tenth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
