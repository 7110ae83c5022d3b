"""Script one user of an old client, matrix-nio 0.25 on libolm, to see that such clients still read us.

Rule: libolm is deprecated and lives in an environment of its own; nothing here is imported by the bot.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sandbox import install
from sandbox.folders import OwnedFolder
from sandbox.messages import mentions_of, text_message
from sandbox.program import Program
from sandbox.seen import Seen, Sight
from sandbox.watching import User, Watching, user_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from sandbox.synapse import Synapse

SCRIPT = Path(__file__).resolve().parent / "old_client" / "client.py"


class OldClient(Watching):
    """A user with an old client, as an async context manager; it accepts every invitation.

    Its device is unsigned, as such clients know no cross-signing: strict members neither read it nor send it keys.
    """

    def __init__(self, synapse: Synapse, localpart: str) -> None:
        self._synapse = synapse
        self._localpart = localpart
        self._folder = OwnedFolder("old-client")
        self._program: Program | None = None
        self.log = self._folder.path / "client.log"
        self.user_id = ""
        self.device_id = ""

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(install.ensure_old_client)
        try:
            await self._enter()
        except BaseException:
            await self._clear()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._clear()

    async def say(
        self,
        room: str,
        body: str,
        *,
        reply_to: str | None = None,
        mentions: Iterable[User] = (),
        thread: str | None = None,
        edit_of: str | None = None,
    ) -> str:
        """Send a text, once the room is known here, and return its event id."""
        content = text_message(body, reply_to=reply_to, thread=thread, edit_of=edit_of)
        content["m.mentions"] = mentions_of(user_id_of(user) for user in mentions)
        return await self.send_raw(room, "m.room.message", content)

    async def send_raw(self, room: str, type: str, content: dict[str, Any]) -> str:
        """Send any event, encrypted where the room is, and return its id."""
        if self._program is None:
            raise install.SandboxError("the old client was not started")
        event_id: str = await self._program.ask("send", room_id=room, type=type, content=content)
        return event_id

    async def _enter(self) -> None:
        account = await self._synapse.register(self._localpart)
        self.user_id = account.user_id
        self.sight = Sight(account.user_id)
        program = (str(install.OLD_CLIENT_PYTHON), str(SCRIPT))
        argv = (*program, self._synapse.url, account.user_id, str(self._folder.path))
        self._program = Program(argv, self.log, self._take, self.sight.fail)
        await self._program.start()
        self.device_id = (await self._program.ask("enter", password=account.password))["device_id"]

    async def _take(self, line: dict[str, Any]) -> None:
        if line["push"] == "event":
            await self.sight.add(Seen.from_push(line["seen"]))
        elif line["push"] == "membership":
            await self.sight.set_membership(line["room_id"], line["user_id"], line["membership"])

    async def _clear(self) -> None:
        if self._program is not None:
            await self._program.stop()
        self._folder.remove()
