"""Host scripted people in one Node process, the engine inside Element with real encryption.

Rule: members live as long as their host; leaving the host's block ends them all, whatever happened in it.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, Self

from sandbox import install
from sandbox.folders import OwnedFolder
from sandbox.member import Member
from sandbox.program import Program
from sandbox.results import Device, PollResults, Trust
from sandbox.seen import Match, Seen

if TYPE_CHECKING:
    from types import TracebackType

    from sandbox.synapse import Account, Synapse

__all__ = ["Device", "Match", "Member", "Members", "PollResults", "Seen", "Trust"]


class Members:
    """The host of scripted members, as an async context manager.

    Attributes:
        log: what the Node program said beside its answers.
    """

    def __init__(self) -> None:
        self._folder = OwnedFolder("members")
        self.log = self._folder.path / "members.log"
        self._names = itertools.count(1)
        self._members: dict[str, Member] = {}
        self._program: Program | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(install.ensure)
        argv = (str(install.node()), str(install.MEMBERS / "main.js"))
        self._program = Program(argv, self.log, self._take, self._fail)
        try:
            await self._program.start()
        except BaseException:
            await self._clear()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._clear()

    async def join_server(
        self,
        synapse: Synapse,
        localpart: str,
        *,
        strict: bool = True,
        cross_signed: bool = True,
        accept_invites: bool = True,
    ) -> Member:
        """Register a user and log it in with encryption, a cross-signed device and a running sync.

        A strict member excludes devices that their owner has not signed, as Element's setting does.

        Raises:
            SandboxError: the user exists already, or the server refused.
        """
        account = await synapse.register(localpart)
        return await self.log_in(
            synapse, account, strict=strict, cross_signed=cross_signed, accept_invites=accept_invites
        )

    async def log_in(
        self,
        synapse: Synapse,
        account: Account,
        *,
        strict: bool = True,
        cross_signed: bool = False,
        accept_invites: bool = True,
    ) -> Member:
        """Log an account in on a new device.

        With `cross_signed` it makes an identity, replacing one that is there; without, the device stays unsigned.
        """
        if self._program is None:
            raise install.SandboxError("the members' host was not started")
        name = f"{account.user_id} {next(self._names)}"
        member = self._members[name] = Member(self._program, name, account)
        try:
            entered = await self._program.ask(
                "enter",
                member=name,
                url=synapse.url,
                user=account.user_id,
                password=account.password,
                strict=strict,
                cross_signed=cross_signed,
                accept_invites=accept_invites,
            )
        except BaseException:
            del self._members[name]
            raise
        member.device_id = entered["device_id"]
        return member

    async def _take(self, line: dict[str, Any]) -> None:
        member = self._members.get(line["member"])
        if member is None:
            return
        if line["push"] == "event":
            await member.sight.add(Seen.from_push(line["seen"]))
        elif line["push"] == "membership":
            await member.sight.set_membership(line["room_id"], line["user_id"], line["membership"])

    async def _fail(self, reason: str) -> None:
        for member in self._members.values():
            await member.sight.fail(reason)

    async def _clear(self) -> None:
        if self._program is not None:
            await self._program.stop()
        self._folder.remove()
