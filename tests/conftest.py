"""Load the fixtures that every layer of tests shares."""

pytest_plugins = ["sandbox.pytest_plugin"]
