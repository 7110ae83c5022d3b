"""The real bot as its own process, set up and run exactly as an operator would.

Rule: everything goes through the program `spokesbot`; nothing here imports the bot.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from sandbox.synapse import Account, Synapse

STARTED = "in sync"
_RECOVERY_KEY = re.compile(r"(?:[1-9A-HJ-NP-Za-km-z]{4} ){11}[1-9A-HJ-NP-Za-km-z]{4}")


class BotProcess:
    """A bot on a sandbox's server, in a temporary folder of its own.

    Args:
        synapse: The server; the account is registered there.
        name: The local part of the bot's user id.
        allow: Who may invite it.
        timezone: What dates are written in.
        settings: More keys of the configuration.
        through: The URL it uses instead of the server's own, such as a proxy's.
        account: Who it is, where that account is there already.
    """

    def __init__(
        self,
        synapse: Synapse,
        name: str = "spokesbot",
        *,
        allow: tuple[str, ...] = ("@*:sandbox.test",),
        timezone: str = "Europe/London",
        settings: dict[str, object] | None = None,
        through: str | None = None,
        account: Account | None = None,
    ) -> None:
        self._synapse = synapse
        self._account = account
        self._url = through or synapse.url
        self._name = name
        self._settings = {"invites": {"allow": list(allow)}, "timezone": timezone} | (settings or {})
        self._home = tempfile.TemporaryDirectory(prefix="spokesbot-")
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._log: list[str] = []
        self._changed = asyncio.Condition()
        self.user_id = ""
        self.password = ""
        self.recovery_key = ""

    @property
    def folder(self) -> Path:
        """Where its configuration is; `data` below it is its data folder."""
        return Path(self._home.name)

    @property
    def config(self) -> Path:
        """Its configuration file."""
        return self.folder / "spokesbot.yaml"

    @property
    def log(self) -> str:
        """Everything it has logged, over all its runs."""
        return "\n".join(self._log)

    @property
    def process_id(self) -> int:
        """The id of the running process."""
        return self._running.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def __aenter__(self) -> Self:
        """Register, initialise and start it."""
        try:
            await self.set_up()
            await self.start()
        except BaseException:
            await self._clear()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it and remove its folder."""
        await self._clear()

    async def set_up(self) -> str:
        """Register the account if there is none, write the configuration and run `spokesbot init`; returns what it printed."""
        account = self._account or await self._synapse.register(self._name)
        self.user_id, self.password = account.user_id, account.password
        config = {
            "homeserver": self._url,
            "user_id": self.user_id,
            "data_dir": "data",
        } | self._settings
        self.config.write_text(yaml.safe_dump(config), encoding="utf-8")
        code, printed = await self.command("init", SPOKESBOT_PASSWORD=self.password)
        if code != 0:
            raise RuntimeError(f"spokesbot init exited with {code}:\n{printed}")
        found = _RECOVERY_KEY.search(printed)
        self.recovery_key = found[0] if found else ""
        return printed

    async def command(self, *words: str, **environment: str) -> tuple[int, str]:
        """Run the program to its end; returns its exit code and what it printed."""
        process = await self._spawn(*words, **environment)
        printed, _ = await process.communicate()
        assert process.returncode is not None  # noqa: S101 - it has ended
        return process.returncode, printed.decode(errors="replace")

    async def start(self, *, wait: bool = True) -> None:
        """Start `spokesbot run`, and wait until it is in sync unless told not to."""
        self._process = await self._spawn("run")
        begun = len(self._log)
        self._reading = asyncio.create_task(self._read(self._process))
        if wait:
            await self.wait_for_log(STARTED, since=begun)

    async def wait_for_log(self, text: str, *, since: int = 0, timeout: float = 60) -> None:  # noqa: ASYNC109
        """Wait until a line of the log holds a text.

        Raises:
            RuntimeError: It ended, or the time is over; with the end of its log.
        """

        def there() -> bool:
            return any(text in line for line in self._log[since:]) or self._running.returncode is not None

        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(there)
        except TimeoutError:
            raise RuntimeError(f"no {text!r} in the bot's log:\n{self.log[-3000:]}") from None
        if not any(text in line for line in self._log[since:]):
            raise RuntimeError(f"the bot ended with {self._running.returncode}:\n{self.log[-3000:]}")

    async def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """End it with SIGTERM; returns its exit code."""
        return await self._end(signal.SIGTERM)

    def send(self, number: int) -> None:
        """Send it a signal, and wait for nothing."""
        self._running.send_signal(number)

    async def ended(self, *, timeout: float = 60) -> int:  # noqa: ASYNC109
        """Wait until it has ended by itself, or by a signal it was sent; returns its exit code."""
        async with asyncio.timeout(timeout):
            code = await self._running.wait()
        if self._reading is not None:
            await self._reading
            self._reading = None
        return code

    async def restart(self) -> None:
        """Start it again after `kill` or `stop`."""
        await self.start()

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the bot was not started")
        return self._process

    async def _spawn(self, *words: str, **environment: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("lifeline.py")),
            str(os.getpid()),
            sys.executable,
            "-m",
            "bot",
            *words,
            "--config",
            str(self.config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
        )

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        async for line in process.stdout:
            self._log.append(line.decode(errors="replace").rstrip())
            async with self._changed:
                self._changed.notify_all()
        await process.wait()
        async with self._changed:
            self._changed.notify_all()

    async def _end(self, how: signal.Signals) -> int:
        if self._running.returncode is None:
            self._running.send_signal(how)
        return await self.ended()

    async def _clear(self) -> None:
        if self._process is not None:
            await self._end(signal.SIGKILL)
        self._home.cleanup()
