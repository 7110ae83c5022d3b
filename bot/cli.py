"""Take the operator's commands and say how they went.

Rule: an expected problem is a sentence with its remedy and an exit code, never a trace. The codes: 0 done, 1 the
doctor found something bad or something unexpected happened, 2 the configuration has problems, 3 it cannot start,
4 the disk is full.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot import __version__, config, credentials
from bot.config import Config
from bot.domain.errors import ConfigError, StartError, TransportError
from bot.logs import fault
from bot.store.disk import disk_fault

OK, PROBLEMS, BAD_CONFIG, CANNOT_START, DISK_FULL = 0, 1, 2, 3, 4

DESCRIPTION = """\
An end-to-end encrypted Matrix bot for federations of small groups.

First copy config.example.yaml to spokesbot.yaml and fill it in. Then `spokesbot init`, once, and `spokesbot run`."""

SECRETS = f"""\
Secrets are asked for, or taken from the environment: {credentials.PASSWORD} (or
{credentials.ACCESS_TOKEN} of a device made for the bot), {credentials.STORE_KEY} and
{credentials.RECOVERY_KEY}; with _FILE after the name, from the file it names."""

INIT = f"""\
Log the bot in, once: make the store key if there is none, make the bot's device and its keys, make the account's
cross-signing identity so that people's apps trust the device, and print the recovery key of that identity.

An account that has an identity keeps it, and its recovery key is asked for. Interrupted, run it again: it goes
on from where it was. Run when all is done, it changes nothing.

{SECRETS}"""

RUN = f"""\
Run the bot until it is told to stop (SIGTERM, SIGINT); what it was doing is finished first.

Exit codes: 0 stopped, 2 the configuration has problems, 3 it cannot start, and one sentence says why, 4 the disk
cannot be written; start it again after a while, and it goes on where it was.

{SECRETS}"""

CHECK = "Say everything that is wrong with the configuration file; nothing is changed and no server asked."

DOCTOR = """\
Look at this machine, the server and the rooms, and say what is wrong and what helps. Nothing is changed; the bot may
be running meanwhile. The exit code is 1 if something is bad enough to keep the bot from working."""


VERIFY = """\
Compare, live. When a member verifies the bot in their app, both sides show three numbers or seven emoji. They are shown
here as they come. Ask the member, in person or by a call, what their app shows, then type y or n, or the numbers that they
read out. The bot must be running; if it stops, this says so and exits with 3. Ctrl-C ends it."""


STATUS = """\
Print what others see of the bot's keys: its device's fingerprint, the public master key of its identity, whether the
device is signed, and whether the account's secret storage holds the identity. Nothing is changed; the bot may be running.
The exit code is 1 if something is not as it should be."""

RECOVER = f"""\
Repair a lost or broken store of room keys: log in as a new device of the same identity, sign it with the recovery key,
set the old keys.db aside, and log the old device out. The bot's database stays, so it goes on from where it was.
Whoever verified the bot has still verified it. The bot must be stopped.

{SECRETS}"""


class Terminal:
    """The operator at standard input and output; see `bot.matrix.setup.Operator`."""

    def __init__(self, user_id: str) -> None:
        self._user_id = user_id

    def access_token(self) -> str | None:
        """Return a token that was given; nobody is asked for one."""
        return credentials.find(credentials.ACCESS_TOKEN)

    def password(self) -> str:
        """Return the account's password."""
        return credentials.require(credentials.PASSWORD, f"The password of {self._user_id}")

    def recovery_key(self) -> str | None:
        """Return the account's recovery key."""
        return credentials.ask(credentials.RECOVERY_KEY, f"The recovery key of {self._user_id}")

    def say(self, sentence: str) -> None:
        """Tell what was done."""
        print(sentence, flush=True)

    def show_recovery_key(self, key: str) -> None:
        """Show the recovery key and what to do with it."""
        print(
            f"\nThe recovery key of {self._user_id}:\n\n    {key}\n\n"
            "Write it down now, away from this machine; it is not shown again once the setup is done.\n"
            "With it the bot can have a new device if this machine is lost. Without it, everybody would have\n"
            "to trust a new identity. Whoever has it can pass for the bot.\n",
            flush=True,
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        argv: The arguments without the program's name; None takes the process's own.
    """
    arguments = _parser().parse_args(argv)
    try:
        more = {"keep_old": arguments.keep_old_device} if "keep_old_device" in arguments else {}
        return int(arguments.command(arguments.config, **more))
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return BAD_CONFIG
    except StartError as error:
        print(f"spokesbot: {error}", file=sys.stderr)
        return CANNOT_START
    except TransportError as error:
        print(f"spokesbot: The homeserver did not do what was asked: {error}.", file=sys.stderr)
        return CANNOT_START
    except PermissionError as error:
        print(
            f"spokesbot: {error.filename} is closed to the user who runs the bot: give it to that user.",
            file=sys.stderr,
        )
        return CANNOT_START
    except KeyboardInterrupt:
        print("\nspokesbot: Interrupted; run it again to go on.", file=sys.stderr)
        return PROBLEMS
    except Exception as error:  # noqa: BLE001 - its own text may hold people's words, so it is not shown
        if full := disk_fault(error):
            print(f"spokesbot: {full}", file=sys.stderr)
            return DISK_FULL
        print(f"spokesbot: Something unexpected happened: {fault(error)}", file=sys.stderr)
        return PROBLEMS


def init(path: Path) -> int:
    """Set the bot up, or go on with an interrupted setup."""
    from bot.matrix.first_login import login_first  # noqa: PLC0415 - the other commands need not load it

    found = config.load(path)
    terminal = Terminal(found.user_id)
    if sys.stdin.isatty():
        terminal.say(f"Setting up {found.user_id} on {found.homeserver}, in {found.data_dir}.")
    if credentials.make_store_key(found.store_key_file):
        terminal.say(f"Made the store key {found.store_key_file}; back it up apart from the data folder.")
    changed = asyncio.run(login_first(found, _store_key(found), terminal))
    terminal.say(
        "Done. Start the bot with `spokesbot run`."
        if changed
        else f"Everything is set up already; nothing was changed. {found.user_id} can run."
    )
    return OK


def run(path: Path) -> int:
    """Run the bot until it is told to stop."""
    from bot.start import run as start  # noqa: PLC0415 - the other commands need not load it

    found = config.load(path)
    asyncio.run(start(found, _store_key(found)))
    return OK


def check_config(path: Path) -> int:
    """Check the configuration file alone."""
    config.load(path)
    print(f"{path}: no problems.")
    return OK


def doctor(path: Path) -> int:
    """Look at everything around the bot."""
    from bot.matrix.doctor import examine  # noqa: PLC0415 - the other commands need not load it

    found = config.load(path)
    findings = asyncio.run(examine(found, lambda: _store_key(found)))
    for finding in findings:
        print(f"{finding.level:4}  {finding.what}")
        if finding.remedy:
            print(f"      -> {finding.remedy}")
    bad = sum(finding.level == "bad" for finding in findings)
    warnings = sum(finding.level == "warn" for finding in findings)
    print(f"{len(findings) - bad - warnings} ok, {warnings} to look at, {bad} bad.")
    return PROBLEMS if bad else OK


def verify(path: Path) -> int:
    """Show what waits to be compared, and take the operator's word."""
    from bot.verify import watch  # noqa: PLC0415 - the other commands need not load it

    with suppress(KeyboardInterrupt):  # the way to end it
        asyncio.run(watch(config.load(path).data_dir))
    return OK


def crypto_status(path: Path) -> int:
    """Print what others see of the bot's keys."""
    from bot.matrix.crypto import status  # noqa: PLC0415 - the other commands need not load it

    found = config.load(path)
    facts = asyncio.run(status(found, _store_key(found)))
    for fact in facts:
        print(f"{fact.name:15} {fact.value}")
    return OK if all(fact.good for fact in facts) else PROBLEMS


def crypto_recover(path: Path, *, keep_old: bool = False) -> int:
    """Become a new device of the same identity."""
    from bot.matrix.first_login import login_first  # noqa: PLC0415 - the other commands need not load it

    found = config.load(path)
    terminal = Terminal(found.user_id)
    if credentials.make_store_key(found.store_key_file):
        terminal.say(f"Made the store key {found.store_key_file}; back it up apart from the data folder.")
    asyncio.run(login_first(found, _store_key(found), terminal, log_out_old=not keep_old))
    terminal.say("Done. Start the bot with `spokesbot run`; it reads what came meanwhile for the new device.")
    return OK


def _store_key(found: Config) -> bytes:
    return credentials.store_key(found.store_key_file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spokesbot", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"spokesbot {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_crypto(commands)
    for name, command, what, text in (
        ("init", init, "log in once and print the recovery key", INIT),
        ("run", run, "run the bot", RUN),
        ("check-config", check_config, "check the configuration file", CHECK),
        ("doctor", doctor, "look for problems around the bot", DOCTOR),
        ("verify", verify, "compare numbers with members who verify the bot", VERIFY),
    ):
        _add(commands, name, command, what, text)
    return parser


def _add_crypto(commands: Any) -> None:
    """Add the commands about the bot's keys."""
    what = "show or repair the bot's keys: status, recover"
    inner = commands.add_parser("crypto", help=what).add_subparsers(required=True, metavar="COMMAND")
    _add(inner, "status", crypto_status, "show fingerprint, identity and signature", STATUS)
    recover = _add(inner, "recover", crypto_recover, "become a new device of the same identity", RECOVER)
    recover.add_argument("--keep-old-device", action="store_true", help="do not log the old device out")


def _add(
    commands: Any, name: str, command: Callable[..., int], what: str, text: str
) -> argparse.ArgumentParser:
    one: argparse.ArgumentParser = commands.add_parser(
        name, help=what, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    one.add_argument(
        "--config",
        type=Path,
        default=Path("spokesbot.yaml"),
        metavar="FILE",
        help="the configuration file (default: ./spokesbot.yaml)",
    )
    one.set_defaults(command=command)
    return one
