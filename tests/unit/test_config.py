"""The configuration file: what is taken, and how every problem is told."""

import re
import stat
from pathlib import Path

import pytest
import yaml

from bot import config, credentials
from bot.config_values import every_key
from bot.domain.errors import ConfigError, StartError

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
GOOD = "homeserver: https://matrix.willow.test\nuser_id: '@bot:willow.test'\ndata_dir: data\n"


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "spokesbot.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    return caught.value.problems


def load(tmp_path: Path, text: str) -> config.Config:
    path = tmp_path / "spokesbot.yaml"
    path.write_text(text)
    return config.load(path)


def test_the_least_that_is_needed_gets_defaults(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    assert found.data_dir == tmp_path / "data"
    assert found.store_key_file == tmp_path / "data" / "store.key"
    assert (found.command_prefix, found.language, found.timezone) == ("!", "en", "UTC")
    assert found.invites.allow == ()
    assert (found.log.level, found.log.format, found.log.file) == ("info", "text", None)


def test_paths_are_relative_to_the_file_and_not_to_the_process(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD + "store_key_file: /etc/bot.key\nlog: {file: bot.log}\n")
    assert found.store_key_file == Path("/etc/bot.key")
    assert found.log.file == tmp_path / "bot.log"


def test_the_example_has_every_key_and_no_other() -> None:
    def keys(part: object, above: str = "") -> set[str]:
        if not isinstance(part, dict):
            return {above.removesuffix(".")}
        return {key for name, inner in part.items() for key in keys(inner, f"{above}{name}.")}

    assert keys(yaml.safe_load(EXAMPLE.read_text())) == set(every_key(config.Config))


def test_each_key_of_the_example_is_explained() -> None:
    lines = EXAMPLE.read_text().splitlines()
    keys = [number for number, line in enumerate(lines) if re.match(r" *\w+:", line)]
    inside = {line.strip() for line in ("invites:", "verify:", "files:", "log:")}
    for number in keys:
        explained = lines[number - 1].lstrip().startswith("#")
        assert explained or lines[number] in inside, lines[number]


def test_the_example_is_refused_unchanged_with_what_to_change() -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(EXAMPLE)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "homeserver",
        "user_id",
        "invites.allow[0]",
    ]
    assert all("is the value of the example" in problem for problem in caught.value.problems)


def test_the_example_with_its_values_changed_is_taken(tmp_path: Path) -> None:
    found = load(tmp_path, EXAMPLE.read_text().replace("example.org", "willow.test"))
    assert found.invites.allow == ("@*:willow.test",)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        "homeserver: http://matrix.willow.test\nuser_id: bot\ndata_dir: data\ncommand_prefixx: '?'\n"
        "invites: {allow: [willow.test], alow: []}\nlanguage: xx\ntimezone: Europe/Lundon\n"
        "log: {level: loud}\ndevice_name: ''\n",
    )
    assert told == [
        "homeserver: 'http://matrix.willow.test' would send the password in clear; use https.",
        "user_id: 'bot' is not a Matrix id such as '@spokesbot:example.org'.",
        "device_name: '' has 0 characters; 1 to 100 fit here.",
        "invites.allow[0]: 'willow.test' is not a pattern of Matrix ids such as '@*:example.org'.",
        "invites.alow: there is no such setting; did you mean 'allow'?",
        "language: 'xx' is not one of 'en'.",
        "timezone: 'Europe/Lundon' is not a time zone such as 'Europe/London'; did you mean 'Europe/London'?",
        "log.level: 'loud' is not one of 'debug', 'info', 'warning' or 'error'.",
        "command_prefixx: there is no such setting; did you mean 'command_prefix'?",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it must be a list of `key: value` lines"),
        ("- a\n", "it must be a list of `key: value` lines"),
        ("homeserver: [\n", "at line 2, column 1"),
        ("a: b: c\n", "at line 1, column 5"),
        ("\x00", "it cannot be read"),
    ],
)
def test_what_is_no_configuration_is_told_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert told in problem


def test_missing_settings_are_told(tmp_path: Path) -> None:
    told = problems(tmp_path, "language: en\n")
    assert told == [f"{name}: this must be set." for name in ("homeserver", "user_id", "data_dir")]


def test_a_file_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"copy config\.example\.yaml"):
        config.load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "url", ["http://localhost:8008", "http://127.0.0.1:8008/", "http://[::1]:8008", "https://willow.test"]
)
def test_addresses_of_this_machine_need_no_https(tmp_path: Path, url: str) -> None:
    found = load(tmp_path, GOOD.replace("https://matrix.willow.test", f"'{url}'"))
    assert found.homeserver == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["matrix.willow.test", "https://", "https://u@willow.test", "https://willow.test/?a", "https://h:x"],
)
def test_what_is_no_address_is_refused(tmp_path: Path, url: str) -> None:
    (problem,) = problems(tmp_path, GOOD.replace("https://matrix.willow.test", f"'{url}'"))
    assert problem.startswith("homeserver: ")


@pytest.mark.parametrize("prefix", ["a", "! ", "", "!!!!", "7"])
def test_a_prefix_that_words_begin_with_is_refused(tmp_path: Path, prefix: str) -> None:
    (problem,) = problems(tmp_path, GOOD + f"command_prefix: '{prefix}'\n")
    assert problem.startswith("command_prefix: ")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("device_name: 7", "device_name: 7 is no text; put it in quotes: '7'."),
        ("device_name: [a]", "device_name: ['a'] is no text."),
        ("command_prefix: yes", "command_prefix: true is no text."),
        ("language: no", "language: false is not one of 'en'."),
        ("trust: [all]", "trust: ['all'] is not one of 'signed', 'strict' or 'all'."),
        ("store_key_file: 5", "store_key_file: 5 is no path; put it in quotes: '5'."),
        ("log: {file: ''}", "log.file: a path is missing here."),
        ("pictures: perhaps", "pictures: 'perhaps' is neither true nor false."),
        ("verify: {auto: }", "verify.auto: an empty value is neither true nor false."),
        ("files: {largest_mb: 0}", "files.largest_mb: 0 is not a whole number from 1 to 100."),
        ("files: {largest_mb: true}", "files.largest_mb: true is not a whole number from 1 to 100."),
        ("files: {largest_mb: 2.5}", "files.largest_mb: 2.5 is not a whole number from 1 to 100."),
        ("files: {largest_mb: 20 MB}", "files.largest_mb: '20 MB' is not a whole number from 1 to 100."),
        ("log:", "log: an empty value is no list of `key: value` lines."),
        ("invites: [a]", "invites: ['a'] is no list of `key: value` lines."),
        (
            "invites: {allow: '@*:willow.test'}",
            "invites.allow: '@*:willow.test' is no list such as ['@*:example.org'].",
        ),
        ("5: 6", "5: there is no such setting."),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_what_would(tmp_path: Path, lines: str, told: str) -> None:
    assert problems(tmp_path, f"{GOOD}{lines}\n") == [told]


def test_a_number_or_a_yes_in_quotes_is_one(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD + "files: {largest_mb: '7'}\nverify: {auto: 'Yes'}\npictures: 'off'\n")
    assert (found.files.largest_mb, found.verify.auto, found.pictures) == (7, True, False)


def test_a_value_without_an_end_is_told_in_short(tmp_path: Path) -> None:
    lines = (
        "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nuser_id: [*b, *b, *b, *b]\n"
    )
    told = problems(tmp_path, GOOD.replace("user_id", "c") + lines)
    assert [each for each in told if each.startswith("user_id: ") and len(each) < 300]


def test_an_empty_data_dir_is_refused(tmp_path: Path) -> None:
    told = problems(tmp_path, GOOD.replace("data_dir: data", "data_dir: ''"))
    assert told == ["data_dir: a path is missing here."]


# -- secrets


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (credentials.PASSWORD, credentials.STORE_KEY):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)


def secret_file(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_secret_comes_from_the_variable_or_the_file_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert credentials.find(credentials.PASSWORD) is None
    monkeypatch.setenv("SPOKESBOT_PASSWORD_FILE", str(secret_file(tmp_path, "from a file\n")))
    assert credentials.find(credentials.PASSWORD) == "from a file"
    monkeypatch.setenv("SPOKESBOT_PASSWORD", "from the variable")
    assert credentials.find(credentials.PASSWORD) == "from the variable"


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="chmod 600"):
        credentials.read_private(secret_file(tmp_path, "x", 0o644))


def test_a_missing_secret_says_where_to_put_it() -> None:
    with pytest.raises(StartError, match="set SPOKESBOT_PASSWORD, or SPOKESBOT_PASSWORD_FILE"):
        credentials.require(credentials.PASSWORD, "The password")


def test_a_store_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "store.key"
    assert credentials.make_store_key(path)
    assert not credentials.make_store_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(credentials.store_key(path)) == 32


def test_a_store_key_in_the_environment_needs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOKESBOT_STORE_KEY", "A" * 43 + "=")
    assert not credentials.make_store_key(tmp_path / "store.key")
    assert credentials.store_key(tmp_path / "store.key") == bytes(32)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["short", "A" * 44, "$$$$"])
def test_what_is_no_store_key_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(StartError, match="32 bytes in base64"):
        credentials.store_key(secret_file(tmp_path, text))


def test_a_lost_store_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="There is no store key"):
        credentials.store_key(tmp_path / "store.key")
