"""Every setting of the operator and of a pod is explained, with its true default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from bot import config, credentials
from bot.config_values import every_key
from bot.domain.pods import SETTINGS
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "configuration.md").read_text("utf-8")
EXAMPLE = ROOT / "config.example.yaml"
MUST = {"homeserver": "https://chat.river.test", "user_id": "@spokesbot:river.test", "data_dir": "data"}


def rows(title: str) -> dict[str, list[str]]:
    """Return a table of the page, by the code in its first column."""
    part = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if "| `" in f" {line}"
    ]
    return {row[0].strip("`"): row[1:] for row in cells if row[0].startswith("`")}


def value_at(settings: Any, key: str) -> Any:
    """Return the value of a key such as `log.level`."""
    for part in key.split("."):
        settings = getattr(settings, part)
    return settings


def test_every_key_is_explained_and_none_that_is_not_there() -> None:
    assert list(rows("Keys")) == list(every_key(config.Config))


def test_every_key_is_in_the_example() -> None:
    def keys(settings: dict[str, Any], above: str = "") -> list[str]:
        return [
            path
            for key, value in settings.items()
            for path in (keys(value, f"{above}{key}.") if isinstance(value, dict) else [f"{above}{key}"])
        ]

    assert keys(yaml.safe_load(EXAMPLE.read_text("utf-8"))) == list(every_key(config.Config))


def test_what_must_be_set_and_the_defaults_are_true(tmp_path: Path) -> None:
    table = rows("Keys")
    assert {key for key, row in table.items() if row[0] == "yes"} == set(MUST)
    file = tmp_path / "spokesbot.yaml"
    file.write_text(yaml.safe_dump(MUST), encoding="utf-8")
    settings = config.load(file)
    for key, (must, default, _) in table.items():
        if must == "no" and re.fullmatch(r"`[^`]+`", default):
            value = value_at(settings, key)
            assert default.strip("`") == ("null" if value is None else str(value)), key
    assert table["invites.allow"][1] == "nobody"
    assert settings.invites.allow == ()
    assert settings.store_key_file == tmp_path / "data" / "store.key"


def test_every_secret_is_explained() -> None:
    names = {
        value
        for name, value in vars(credentials).items()
        if name.isupper() and str(value).startswith("SPOKESBOT_")
    }
    assert set(rows("Secrets")) == names


def test_every_setting_of_a_pod_is_explained() -> None:
    table = rows("Settings of a pod")
    assert list(table) == list(SETTINGS)
    for key, (default, example, means) in table.items():
        setting = SETTINGS[key]
        if key in ("timezone", "language", "pictures"):
            assert default == f"`{key}` of the file"
        else:
            assert default == f"`{setting.default}`"
        assert example == f"`{setting.example}`"
        assert setting.check(setting.example)
        assert means.startswith(setting.means.partition(",")[0])
