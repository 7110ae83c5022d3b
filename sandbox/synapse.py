"""Run one throw-away Synapse on a loopback port, with its data in a temporary folder.

Rule: a server belongs to one test run; it sees no other server and leaves nothing behind when its owner ends.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from sandbox import install
from sandbox.folders import OwnedFolder
from sandbox.install import SandboxError

if TYPE_CHECKING:
    from types import TracebackType

SERVER_NAME = "sandbox.test"
LIFELINE = Path(__file__).resolve().parent / "lifeline.py"
STARTS_WITHIN = 60.0  # seconds; a busy machine needs ten
NO_LIMIT = {"per_second": 100_000, "burst_count": 100_000}


class PortTakenError(SandboxError):
    """Another process took the free port between our look and Synapse's."""


@dataclass(frozen=True)
class Account:
    """A registered user."""

    user_id: str
    password: str


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def lifted_limits() -> dict[str, Any]:
    """Return the settings that take every client's rate limit away."""
    return {
        "rc_message": NO_LIMIT,
        "rc_registration": NO_LIMIT,
        "rc_login": {"address": NO_LIMIT, "account": NO_LIMIT, "failed_attempts": NO_LIMIT},
        "rc_admin_redaction": NO_LIMIT,
        "rc_joins": {"local": NO_LIMIT, "remote": NO_LIMIT},
        "rc_joins_per_room": NO_LIMIT,
        "rc_invites": {"per_room": NO_LIMIT, "per_user": NO_LIMIT, "per_issuer": NO_LIMIT},
        "rc_room_creation": NO_LIMIT,
        "rc_media_create": NO_LIMIT,
        "rc_key_requests": NO_LIMIT,
        "rc_profile": NO_LIMIT,
        "rc_delayed_event_mgmt": NO_LIMIT,
    }


class Synapse:
    """A Synapse of one's own, as an async context manager.

    Args:
        rate_limits: Keep the limits that Synapse ships with.
        database: A database to begin with, of a server that was stopped; it is copied.
        within: Where its folder lies, if not where temporary files do.

    Attributes:
        folder: where the data, the configuration and the log lie while the server lives.
    """

    def __init__(
        self, *, rate_limits: bool = False, database: Path | None = None, within: Path | None = None
    ) -> None:
        self._owned = OwnedFolder("synapse", within)
        self.folder = self._owned.path
        if database is not None:
            shutil.copyfile(database, self.database)
        self._rate_limits = rate_limits
        self._secret = secrets.token_hex()
        self._mark = secrets.token_hex()
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._admin: str | None = None

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.folder / "synapse.log"

    @property
    def database(self) -> Path:
        """The server's database; whole only while the server is stopped."""
        return self.folder / "homeserver.db"

    @property
    def process_id(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(install.ensure)
        try:
            await self._start_on_a_free_port()
        except BaseException:
            await self._clear()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._clear()

    async def register(self, localpart: str, password: str | None = None, *, admin: bool = False) -> Account:
        """Create a user by the shared secret.

        Args:
            localpart: the user id without `@` and server name.
            password: a random one is made when it is missing.
            admin: make a server administrator.

        Raises:
            SandboxError: the server refused, for instance because the user exists.
        """
        password = password or secrets.token_urlsafe(12)
        path = f"{self.url}/_synapse/admin/v1/register"
        async with aiohttp.ClientSession() as session:
            async with session.get(path) as answer:
                nonce: str = (await answer.json())["nonce"]
            words = (nonce, localpart, password, "admin" if admin else "notadmin")
            mac = hmac.new(self._secret.encode(), "\0".join(words).encode(), hashlib.sha1).hexdigest()
            body = {"nonce": nonce, "username": localpart, "password": password, "admin": admin, "mac": mac}
            # Logging in is left to the client, which then owns the device.
            async with session.post(path, json={**body, "inhibit_login": True}) as answer:
                found = await answer.json()
                if answer.status != 200:
                    raise SandboxError(f"registering {localpart} was refused: {found}")
        return Account(found["user_id"], password)

    async def limit_messages(self, user_id: str, per_second: int, burst: int) -> None:
        """Limit how fast one user may send, as an operator can; 0 and 0 lift every limit for them."""
        path = f"{self.url}/_synapse/admin/v1/users/{user_id}/override_ratelimit"
        body = {"messages_per_second": per_second, "burst_count": burst}
        headers = {"Authorization": f"Bearer {await self._admin_token()}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(path, json=body, headers=headers) as answer,
        ):
            if answer.status != 200:
                raise SandboxError(f"no limit for {user_id}: {answer.status} {await answer.text()}")

    async def _admin_token(self) -> str:
        """Return the access token of an admin, who is registered the first time."""
        if self._admin is None:
            account = await self.register("sandbox-admin", admin=True)
            login = {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": account.user_id},
                "password": account.password,
            }
            path = f"{self.url}/_matrix/client/v3/login"
            async with aiohttp.ClientSession() as session, session.post(path, json=login) as answer:
                self._admin = str((await answer.json())["access_token"])
        return self._admin

    async def stop(self) -> None:
        """End the server as an operator would; the data stay for `restart`."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End the server at once, as a power cut would; the data stay for `restart`."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Start the server again on the same data and port, stopping it first where it still runs."""
        await self.stop()
        await self._start()

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on."""
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            raise SandboxError("Synapse is not running")
        return self._process

    def _configure(self) -> None:
        seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        (self.folder / "signing.key").write_text(f"ed25519 a_sandbox {seed}\n")
        listener = {
            "port": self._port,
            "type": "http",
            "bind_addresses": ["127.0.0.1"],
            "resources": [{"names": ["client"], "compress": False}],  # no federation
        }
        file = {"class": "logging.FileHandler", "filename": str(self.log), "formatter": "line"}
        logs: dict[str, Any] = {
            "version": 1,
            "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
            "handlers": {"file": file},
            "root": {"level": "WARNING", "handlers": ["file"]},
            # One INFO line tells in the log that the server was started.
            "loggers": {"synapse.app.homeserver": {"level": "INFO"}},
            "disable_existing_loggers": False,
        }
        self._adapt_logs(logs)
        settings: dict[str, Any] = {
            "server_name": SERVER_NAME,
            "public_baseurl": f"{self.url}/",
            "serve_server_wellknown": False,
            "extra_well_known_client_content": {"test.sandbox.mark": self._mark},
            "listeners": [listener],
            "database": {"name": "sqlite3", "args": {"database": str(self.database)}},
            "media_store_path": str(self.folder / "media"),
            "signing_key_path": str(self.folder / "signing.key"),
            "pid_file": str(self.folder / "synapse.pid"),
            "log_config": str(self.folder / "log.json"),
            "registration_shared_secret": self._secret,
            "enable_registration": False,
            "password_config": {"enabled": True},
            "bcrypt_rounds": 4,  # passwords here protect nothing, and each login would cost 0.2 s
            "macaroon_secret_key": secrets.token_hex(),
            "form_secret": secrets.token_hex(),
            "presence": {"enabled": False},
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "federation_domain_whitelist": [],
            "report_stats": False,
            "url_preview_enabled": False,
            "enable_metrics": False,
            **({} if self._rate_limits else lifted_limits()),
        }
        # JSON is YAML, which is what Synapse reads.
        (self.folder / "log.json").write_text(json.dumps(logs))
        (self.folder / "homeserver.json").write_text(json.dumps(settings))

    def _adapt_logs(self, logs: dict[str, Any]) -> None:
        """Change what is logged; for those who look at more than the server's warnings."""

    async def _start_on_a_free_port(self) -> None:
        for _ in range(5):
            self._port = free_port()
            self._configure()
            with contextlib.suppress(PortTakenError):
                await self._start()
                return
        raise SandboxError("no free port was found for Synapse")

    async def _start(self) -> None:
        server = ("-m", "synapse.app.homeserver", "--config-path", str(self.folder / "homeserver.json"))
        with (self.folder / "output.log").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-S",
                str(LIFELINE),
                str(os.getpid()),
                str(install.SYNAPSE_PYTHON),
                *server,
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        async with aiohttp.ClientSession() as session:
            deadline = asyncio.get_running_loop().time() + STARTS_WITHIN
            while asyncio.get_running_loop().time() < deadline:
                if self._process.returncode is not None:
                    break
                if await self._answers(session):
                    return
                await asyncio.sleep(0.1)
        seen = self._tail()
        await self.kill()
        if "Address already in use" in seen:
            raise PortTakenError(seen)
        raise SandboxError(f"Synapse did not start:\n{seen}")

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        """Say whether this very server answers, and not a stranger on the same port."""
        patience = aiohttp.ClientTimeout(total=2)
        try:
            async with session.get(f"{self.url}/.well-known/matrix/client", timeout=patience) as answer:
                return self._mark in await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _tail(self) -> str:
        files = (self.folder / "output.log", self.log)
        return "\n".join(file.read_text(errors="replace")[-3000:] for file in files if file.exists())

    async def _end(self, with_signal: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(with_signal)
        process.send_signal(signal.SIGCONT)  # a frozen process takes no SIGTERM
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _clear(self) -> None:
        await self.kill()
        self._owned.remove()
