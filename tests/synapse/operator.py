"""What the tests of the operator's side share: a configuration in a folder, and an operator who knows secrets."""

import asyncio
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import Config
from sandbox.synapse import Account, Synapse

PROGRAM = (sys.executable, "-m", "bot")


@dataclass
class Outcome:
    """How one run of the program ended."""

    code: int
    out: str
    err: str

    @property
    def recovery_key(self) -> str:
        return next(line.strip() for line in self.out.splitlines() if line.startswith("    E"))


@dataclass
class Site:
    """A machine with a configuration file on it."""

    synapse: Synapse
    account: Account
    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def configure(self, **more: str) -> None:
        settings = {
            "homeserver": self.synapse.url,
            "user_id": f"'{self.account.user_id}'",
            "data_dir": "data",
            **more,
        }
        lines = "".join(f"{key}: {value}\n" for key, value in settings.items())
        (self.folder / "spokesbot.yaml").write_text(lines)

    async def spokesbot(self, *words: str, **secrets: str) -> Outcome:
        """Run the program as an operator would, in this folder and without a terminal."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *words,
            cwd=self.folder,
            env={**kept, "PYTHONPATH": str(Path(__file__).parents[2]), **secrets},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return Outcome(process.returncode or 0, out.decode(), err.decode())

    async def init(self, **secrets: str) -> Outcome:
        return await self.spokesbot("init", SPOKESBOT_PASSWORD=self.account.password, **secrets)


@dataclass
class Knowing:
    """An operator who gives what is known and remembers what was said."""

    secret: str | None = None
    token: str | None = None
    recovery: str | None = None
    shown: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def access_token(self) -> str | None:
        return self.token

    def password(self) -> str:
        assert self.secret is not None
        return self.secret

    def recovery_key(self) -> str | None:
        return self.recovery

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def show_recovery_key(self, key: str) -> None:
        self.shown.append(key)


def config_for(synapse: Synapse, account: Account, data: Path) -> Config:
    """Make a configuration without a file."""
    return Config(
        homeserver=synapse.url, user_id=account.user_id, data_dir=data, store_key_file=data / "store.key"
    )
