"""Read the operator's YAML file.

Rule: every problem is told at once, each as a sentence that starts with its place in the file, and an example
value that was left unchanged counts as a problem. Secrets never stand in this file.
"""

import difflib
import re
import zoneinfo
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.domain.errors import ConfigError

EXAMPLE_DOMAIN = "example.org"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_USER_ID = re.compile(r"@[^\s:@]+:[^\s:@/]+(:\d+)?")
_PATTERN = re.compile(r"@[^\s:@]+:[^\s@/]+")

Language = Literal["en"]
Level = Literal["debug", "info", "warning", "error"]
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


def _is_example(host: str) -> bool:
    return host == EXAMPLE_DOMAIN or host.endswith(f".{EXAMPLE_DOMAIN}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Invites(_Part):
    """Whose invitations are accepted.

    Args:
        allow: Matrix ids; `*` stands for any letters, so `@*:example.org` is everybody of that server.
    """

    allow: tuple[Annotated[str, AfterValidator(_pattern)], ...] = ()


class Log(_Part):
    """What is written to the log; never what people wrote.

    Args:
        level: The least important kind of line that is kept.
        format: Lines for people, or one JSON object a line.
        file: Where to, instead of standard error; relative to the configuration file.
    """

    level: Level = "info"
    format: Literal["text", "json"] = "text"
    file: Path | None = None


class Files(_Part):
    """Files that go along with summaries.

    Args:
        largest_mb: Megabytes that one may have; the homeserver may allow fewer. A file is in memory while it is fetched,
            three times over.
    """

    largest_mb: Annotated[int, Field(ge=1, le=100)] = 20


class Verify(_Part):
    """How verifications of the bot that members start are confirmed.

    Args:
        auto: Whether the bot confirms without its operator; see `docs/operations.md` for what that proves.
    """

    auto: bool = False


class Config(_Part):
    """The whole configuration; `config.example.yaml` explains each part."""

    homeserver: Annotated[str, AfterValidator(_homeserver)]
    user_id: Annotated[str, AfterValidator(_user_id)]
    device_name: Annotated[str, Field(min_length=1, max_length=100)] = "Spokesbot"
    data_dir: Path
    store_key_file: Path
    invites: Invites = Invites()
    trust: Trust = "signed"
    command_prefix: Annotated[str, AfterValidator(_prefix)] = "!"
    language: Language = "en"
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    pictures: bool = True
    verify: Verify = Verify()
    files: Files = Files()
    log: Log = Log()

    @field_validator("data_dir", "store_key_file")
    @classmethod
    def _not_empty(cls, path: Path) -> Path:
        if path == Path():
            raise ValueError("a path is missing here")
        return path


def load(path: Path) -> Config:
    """Read and check a configuration file.

    Args:
        path: The file; paths inside it are relative to its folder.

    Raises:
        ConfigError: With every problem there is.
    """
    raw = _parse(path)
    problems = []
    base = path.absolute().parent
    resolved = dict(raw)
    resolved.setdefault("store_key_file", Path(str(raw.get("data_dir", "."))) / "store.key")
    for name in ("data_dir", "store_key_file"):
        if isinstance(resolved.get(name), str | Path) and str(resolved[name]):
            resolved[name] = _absolute(base, name, resolved[name])
    log = resolved.get("log")
    if isinstance(log, dict) and isinstance(log.get("file"), str):
        resolved["log"] = {**log, "file": _absolute(base, "log.file", log["file"])}
    try:
        return Config.model_validate(resolved)
    except ValidationError as error:
        problems += [_sentence(problem) for problem in error.errors(include_url=False)]
    raise ConfigError(problems)


def _absolute(base: Path, name: str, path: str | Path) -> Path:
    """Return a path from the file as an absolute one."""
    try:
        return base / Path(path).expanduser()
    except RuntimeError as error:
        raise ConfigError(
            [f"{name}: {str(path)!r} begins with the home of somebody unknown here."]
        ) from error


def _parse(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            [f"{path}: there is no such file; copy config.example.yaml to it and fill it in."]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: it cannot be read: {error}."]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it is not YAML"
        raise ConfigError([f"{path}: it cannot be read{where}: {what}."]) from error
    except (ValueError, RecursionError) as error:  # a date there is not, a number too long, nested too deep
        raise ConfigError([f"{path}: it cannot be read: it holds a value that is none."]) from error
    if not isinstance(raw, dict):
        raise ConfigError([f"{path}: it must be a list of `key: value` lines, as in config.example.yaml."])
    return raw


def _sentence(problem: Mapping[str, Any]) -> str:
    """Say one of pydantic's problems in this program's words."""
    place, kind = problem["loc"], problem["type"]
    where = _place(place)
    if kind == "missing":
        return f"{where}: this must be set."
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), _known_keys(place[:-1]), 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        return f"{where}: there is no such setting{hint}"
    if kind == "value_error":
        sentence = f"{where}: {problem['ctx']['error']}"
        return sentence if sentence.endswith("?") else f"{sentence}."
    if kind == "literal_error":
        return f"{where}: {problem['input']!r} is not one of {problem['ctx']['expected']}."
    return f"{where}: {problem['input']!r} does not fit here ({_plain(problem['msg'])})."


def _place(place: tuple[Any, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]


def _known_keys(place: tuple[Any, ...]) -> list[str]:
    model: type[BaseModel] = Config
    for part in place:
        found = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(found, type) and issubclass(found, BaseModel)):
            return []
        model = found
    return list(model.model_fields)


def every_key(model: type[BaseModel] = Config, above: str = "") -> Iterator[str]:
    """Yield the path of every setting, such as `invites.allow`; the documentation is checked against it."""
    for name, field in model.model_fields.items():
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        inner = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        if inner is None:
            yield f"{above}{name}"
        else:
            yield from every_key(inner, f"{above}{name}.")
