"""Install what the sandbox runs (Synapse, the members' engine, an old client) into the project's own folder.

Rule: every version is pinned, nothing outside `.sandbox/` and `sandbox/members/node_modules/` is touched, and
a part is done again only when its pins have changed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(__file__).resolve().parent
HOME = SOURCES.parent / ".sandbox"
SYNAPSE_PYTHON = HOME / "synapse" / "bin" / "python"
OLD_CLIENT_PYTHON = HOME / "old-client" / "bin" / "python"
MEMBERS = SOURCES / "members"

OLDEST_NODE = 22  # matrix-js-sdk asks for it
PIP = ("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")


class SandboxError(Exception):
    """A part of the sandbox could not be installed, started or reached; the text says what was seen."""


@dataclass(frozen=True)
class VirtualEnvironment:
    """A Python environment of the sandbox and the packages it holds."""

    name: str
    packages: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return HOME / self.name / "bin" / "python"

    @property
    def constraints(self) -> Path:
        """The committed file of exact versions."""
        return SOURCES / f"{self.name}-constraints.txt"

    @property
    def stamp(self) -> str:
        """What this environment is made from, as one hash."""
        pins = "\n".join((*self.packages, sys.version, self.constraints.read_text()))
        return hashlib.sha256(pins.encode()).hexdigest()

    def install(self) -> None:
        """Build the environment from nothing."""
        folder = HOME / self.name
        shutil.rmtree(folder, ignore_errors=True)
        with step(f"{self.name}: environment"):
            run(sys.executable, "-m", "venv", str(folder))
        with step(f"{self.name}: {' '.join(self.packages)}"):
            run(
                str(folder / "bin" / "python"),
                *PIP,
                "--constraint",
                str(self.constraints),
                *self.packages,
            )


SYNAPSE = VirtualEnvironment("synapse", ("matrix-synapse==1.163.2",))
OLD_CLIENT = VirtualEnvironment("old-client", ("matrix-nio[e2e]==0.25.*", "python-olm"))
PREF_VOTING = VirtualEnvironment("pref-voting", ("pref-voting==1.18.2",))
"""Only for `make counting`: it brings 780 MB (numba, SciPy, OR-Tools) and another NumPy than ours."""


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Print one line with the seconds a step took."""
    began = time.monotonic()
    yield
    print(f"sandbox: {name} ({time.monotonic() - began:.1f} s)", file=sys.stderr, flush=True)


def run(*argv: str, cwd: Path | None = None) -> str:
    """Run a program to its end.

    Raises:
        SandboxError: it failed; with the end of what it printed.
    """
    nothing = subprocess.DEVNULL
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, stdin=nothing, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise SandboxError(f"{' '.join(argv)} ended with {done.returncode}:\n{said}")
    return done.stdout


def system_node() -> Path | None:
    """Return the machine's own node when it is new enough for matrix-js-sdk."""
    found = shutil.which("node")
    if found is None:
        return None
    version = re.match(r"v(\d+)\.", run(found, "--version"))
    return Path(found) if version and int(version[1]) >= OLDEST_NODE else None


def packaged_node() -> Path | None:
    """Return the node that came with the members' packages, when it was installed."""
    return next(iter(sorted((MEMBERS / "node_modules").glob("node-*/bin/node"))), None)


def node() -> Path:
    """Return the node that runs the members.

    Raises:
        SandboxError: there is none that is new enough.
    """
    found = system_node() or packaged_node()
    if found is None:
        raise SandboxError(f"no node >= {OLDEST_NODE} was found; run `python -m sandbox.install`")
    return found


def members_stamp() -> str:
    """Hash what the members' packages are made from."""
    own_node = "system" if system_node() else "packaged"
    pins = (own_node, *((MEMBERS / name).read_text() for name in ("package.json", "package-lock.json")))
    return hashlib.sha256("\n".join(pins).encode()).hexdigest()


def install_members() -> None:
    """Install the members' packages from their lock file, with a newer node where the machine's is old."""
    npm = shutil.which("npm")
    if npm is None:
        raise SandboxError("npm was not found; install node >= 18 with npm")
    # Install scripts stay off: the packaged node is a plain file in the registry's package of this platform.
    omit = ("--omit=optional",) if system_node() else ()
    with step("members: matrix-js-sdk" + ("" if omit else " and node")):
        run(npm, "ci", "--ignore-scripts", "--loglevel=error", *omit, cwd=MEMBERS)
    node()


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the installation's lock, so that two processes never build the same folder."""
    HOME.mkdir(exist_ok=True)
    with (HOME / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_installed(part: str, stamp: str) -> bool:
    """Say whether a part was completed from exactly these pins."""
    file = HOME / f"{part}.stamp"
    return file.exists() and file.read_text() == stamp


def mark_installed(part: str, stamp: str) -> None:
    """Record that a part is complete: last, and in one step, so that half an installation never counts."""
    draft = HOME / f"{part}.stamp.new"
    draft.write_text(stamp)
    draft.replace(HOME / f"{part}.stamp")


def is_complete(environment: VirtualEnvironment) -> bool:
    """Say whether an environment is there and was built from its present pins."""
    python = HOME / environment.name / "bin" / "python"
    return python.exists() and is_installed(environment.name, environment.stamp)


def are_members_complete() -> bool:
    """Say whether the members' packages are there and were built from their present lock file."""
    return (MEMBERS / "node_modules").exists() and is_installed("members", members_stamp())


def ensure() -> None:
    """Install Synapse and the members' engine unless they are there already."""
    if is_complete(SYNAPSE) and are_members_complete():
        return
    with only_one():
        if not is_complete(SYNAPSE):
            SYNAPSE.install()
            mark_installed(SYNAPSE.name, SYNAPSE.stamp)
        if not are_members_complete():
            install_members()
            mark_installed("members", members_stamp())


def ensure_old_client() -> None:
    """Install the old client (matrix-nio 0.25 on libolm) unless it is there already."""
    if is_complete(OLD_CLIENT):
        return
    with only_one():
        if not is_complete(OLD_CLIENT):
            OLD_CLIENT.install()
            mark_installed(OLD_CLIENT.name, OLD_CLIENT.stamp)


def ensure_pref_voting() -> None:
    """Install pref-voting, which our counting is compared with, unless it is there already."""
    if is_complete(PREF_VOTING):
        return
    with only_one():
        if not is_complete(PREF_VOTING):
            PREF_VOTING.install()
            mark_installed(PREF_VOTING.name, PREF_VOTING.stamp)


def main() -> int:
    """Install every part; the exit code is 1 when one failed."""
    began = time.monotonic()
    try:
        ensure()
        if "--without-old-client" not in sys.argv[1:]:
            ensure_old_client()
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    print(f"sandbox: ready ({time.monotonic() - began:.1f} s)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    raise SystemExit(main())
