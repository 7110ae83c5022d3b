"""Load the fixtures that every layer of tests shares."""

import pytest
from hypothesis import settings

# the same cases at every run, and no case fails because the machine is busy
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")

pytest.register_assert_rewrite("tests.faults.scenarios", "tests.faults.scene")

pytest_plugins = ["sandbox.pytest_plugin"]
