"""The same chat on paper as in `tests/commands`."""

from tests.commands.conftest import chat

__all__ = ["chat"]
