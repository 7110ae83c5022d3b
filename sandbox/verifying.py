"""A scripted member's verifications of other users, step by step as a person goes through them.

Rule: what a step answers is what the member's own app shows; nobody here computes numbers or emoji again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from sandbox.program import Program

PATIENCE = 60.0  # seconds


@dataclass(frozen=True)
class Outcome:
    """How a verification stands.

    Attributes:
        phase: Requested, Ready, Started, Cancelled or Done, in the SDK's words.
        code: why it was cancelled.
        by: the user who cancelled it.
    """

    phase: str
    code: str | None
    by: str | None


@dataclass(frozen=True)
class Shown(Outcome):
    """What the member's app shows to be compared; nothing if it was over before that."""

    numbers: tuple[int, ...]
    emoji: tuple[tuple[str, str], ...]


class Verification:
    """One verification that a member has asked for."""

    def __init__(self, program: Program, name: str, number: int) -> None:
        self._program = program
        self._name = name
        self._number = number

    async def told(self) -> Outcome:
        """Return how it stands now."""
        return Outcome(**await self._ask("told"))

    async def ready(self) -> Outcome:
        """Wait until the other side has taken it up, or it is over."""
        return Outcome(**await self._ask("ready"))

    async def start(self) -> Shown:
        """Start comparing and wait for what is shown, or until it is over."""
        found = await self._ask("start")
        numbers, emoji = found.pop("decimal") or (), found.pop("emoji") or ()
        return Shown(**found, numbers=tuple(numbers), emoji=tuple((sign, name) for sign, name in emoji))

    async def confirm(self) -> None:
        """Say that both sides show the same."""
        await self._ask("confirm")

    async def mismatch(self) -> None:
        """Say that the sides differ."""
        await self._ask("mismatch")

    async def cancel(self) -> None:
        """Give it up."""
        await self._ask("cancel")

    async def end(self) -> Outcome:
        """Wait until it is over."""
        return Outcome(**await self._ask("end"))

    async def _ask(self, op: str) -> Any:
        async with asyncio.timeout(PATIENCE):
            return await self._program.ask(f"verification_{op}", member=self._name, verification=self._number)
