"""What each step of the first login is given: the account, the key that seals its folder, and the operator.

Rule: what a step has learned is written down before the next one begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.config import Config
from bot.matrix import datafolder
from bot.matrix.datafolder import SavedSession


class Operator(Protocol):
    """Who gives the secrets and is told what happens."""

    def access_token(self) -> str | None:
        """Return the access token of a device made for the bot, if there is one."""

    def password(self) -> str:
        """Return the account's password, or raise `StartError`."""

    def recovery_key(self) -> str | None:
        """Return the recovery key of the account's identity, if it is known."""

    def say(self, sentence: str) -> None:
        """Take a sentence on what was just done."""

    def show_recovery_key(self, key: str) -> None:
        """Take a new recovery key; must not return before it has left our hands."""


@dataclass
class Setup:
    """One run of the first login.

    Args:
        config: Which account, and where the data folder is.
        store_key: What the folder is or will be sealed with.
        operator: Gives the secrets and is told what happens.
    """

    config: Config
    store_key: bytes
    operator: Operator

    def say(self, sentence: str) -> None:
        """Tell the operator what was just done."""
        self.operator.say(sentence)

    def save(self, saved: SavedSession) -> SavedSession:
        """Write down how far it is, and return that."""
        datafolder.save(self.config.data_dir, saved)
        return saved
