"""Read the operator's YAML file.

Rule: every problem is told at once, each as a sentence that starts with its place in the file, and an example
value that was left unchanged counts as a problem. Secrets never stand in this file.
"""

import difflib
import re
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml

from bot.config_values import many, one_of, or_nothing, part, path, text, whole, yes_or_no
from bot.domain.errors import ConfigError

EXAMPLE_DOMAIN = "example.org"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_USER_ID = re.compile(r"@[^\s:@]+:[^\s:@/]+(:\d+)?")
_PATTERN = re.compile(r"@[^\s:@]+:[^\s@/]+")

Language = Literal["en"]
Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]
Trust = Literal["signed", "strict", "all"]
"""Which devices of people get keys and may give commands."""


def _homeserver(url: str) -> str:
    parts = urlsplit(url)
    try:
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is not an address") from error
    if not host or parts.scheme not in ("https", "http"):
        raise ValueError(f"{url!r} is not an address such as https://matrix.{EXAMPLE_DOMAIN}")
    if parts.query or parts.fragment or parts.username:
        raise ValueError(f"{url!r} has more in it than an address; leave out what follows the host")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError(f"{url!r} would send the password in clear; use https")
    if _is_example(host):
        raise ValueError(f"{url!r} is the value of the example; put your own homeserver's address here")
    return url.rstrip("/")


def _user_id(user_id: str) -> str:
    if not _USER_ID.fullmatch(user_id):
        raise ValueError(f"{user_id!r} is not a Matrix id such as '@spokesbot:{EXAMPLE_DOMAIN}'")
    if _is_example(user_id.partition(":")[2]):
        raise ValueError(f"{user_id!r} is the value of the example; put the bot's own Matrix id here")
    return user_id


def _pattern(pattern: str) -> str:
    if not _PATTERN.fullmatch(pattern):
        raise ValueError(f"{pattern!r} is not a pattern of Matrix ids such as '@*:{EXAMPLE_DOMAIN}'")
    if _is_example(pattern.partition(":")[2]):
        raise ValueError(f"{pattern!r} is the value of the example; say who may invite the bot")
    return pattern


def _timezone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        near = difflib.get_close_matches(name, zoneinfo.available_timezones(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{name!r} is not a time zone such as 'Europe/London'{hint}")
    return name


def _prefix(prefix: str) -> str:
    if not 1 <= len(prefix) <= 3 or any(sign.isspace() or sign.isalnum() for sign in prefix):
        raise ValueError(f"{prefix!r} must be one to three signs that are no letters, digits or spaces")
    return prefix


def _device_name(name: str) -> str:
    if not 1 <= len(name) <= 100:
        raise ValueError(f"{name!r} has {len(name)} characters; 1 to 100 fit here")
    return name


def _is_example(host: str) -> bool:
    return host == EXAMPLE_DOMAIN or host.endswith(f".{EXAMPLE_DOMAIN}")


@dataclass(frozen=True, kw_only=True)
class Invites:
    """Whose invitations are accepted.

    Args:
        allow: Matrix ids; `*` stands for any letters, so `@*:example.org` is everybody of that server.
    """

    allow: Annotated[tuple[str, ...], many(text(_pattern), f"['@*:{EXAMPLE_DOMAIN}']")] = ()


@dataclass(frozen=True, kw_only=True)
class Log:
    """What is written to the log; never what people wrote.

    Args:
        level: The least important kind of line that is kept.
        format: Lines for people, or one JSON object a line.
        file: Where to, instead of standard error; relative to the configuration file.
    """

    level: Annotated[Level, one_of(Level)] = "info"
    format: Annotated[Format, one_of(Format)] = "text"
    file: Annotated[Path | None, or_nothing(path)] = None


@dataclass(frozen=True, kw_only=True)
class Files:
    """Files that go along with summaries.

    Args:
        largest_mb: Megabytes that one may have; the homeserver may allow fewer. A file is in memory while it is fetched,
            three times over.
    """

    largest_mb: Annotated[int, whole(1, 100)] = 20


@dataclass(frozen=True, kw_only=True)
class Verify:
    """How verifications of the bot that members start are confirmed.

    Args:
        auto: Whether the bot confirms without its operator; see `docs/operations.md` for what that proves.
    """

    auto: Annotated[bool, yes_or_no] = False


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole configuration; `config.example.yaml` explains each part."""

    homeserver: Annotated[str, text(_homeserver)]
    user_id: Annotated[str, text(_user_id)]
    device_name: Annotated[str, text(_device_name)] = "Spokesbot"
    data_dir: Annotated[Path, path]
    store_key_file: Annotated[Path, path]
    invites: Invites = Invites()
    trust: Annotated[Trust, one_of(Trust)] = "signed"
    command_prefix: Annotated[str, text(_prefix)] = "!"
    language: Annotated[Language, one_of(Language)] = "en"
    timezone: Annotated[str, text(_timezone)] = "UTC"
    pictures: Annotated[bool, yes_or_no] = True
    verify: Verify = Verify()
    files: Files = Files()
    log: Log = Log()


def load(file: Path) -> Config:
    """Read and check a configuration file.

    Args:
        file: The file; paths inside it are relative to its folder.

    Raises:
        ConfigError: With every problem there is.
    """
    raw = _parse(file)
    base = file.absolute().parent
    resolved = dict(raw)
    resolved.setdefault("store_key_file", Path(str(raw.get("data_dir", "."))) / "store.key")
    for name in ("data_dir", "store_key_file"):
        if isinstance(resolved.get(name), str | Path) and str(resolved[name]):
            resolved[name] = _absolute(base, name, resolved[name])
    log = resolved.get("log")
    if isinstance(log, dict) and isinstance(log.get("file"), str) and log["file"]:
        resolved["log"] = {**log, "file": _absolute(base, "log.file", log["file"])}
    found: Config = part(Config)("", resolved)
    return found


def _absolute(base: Path, name: str, told: str | Path) -> Path:
    """Return a path from the file as an absolute one."""
    try:
        return base / Path(told).expanduser()
    except RuntimeError as error:
        raise ConfigError(
            [f"{name}: {str(told)!r} begins with the home of somebody unknown here."]
        ) from error


def _parse(file: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            [f"{file}: there is no such file; copy config.example.yaml to it and fill it in."]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{file}: it cannot be read: {error}."]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it is not YAML"
        raise ConfigError([f"{file}: it cannot be read{where}: {what}."]) from error
    except (ValueError, RecursionError) as error:  # a date there is not, a number too long, nested too deep
        raise ConfigError([f"{file}: it cannot be read: it holds a value that is none."]) from error
    if not isinstance(raw, dict):
        raise ConfigError([f"{file}: it must be a list of `key: value` lines, as in config.example.yaml."])
    return raw
