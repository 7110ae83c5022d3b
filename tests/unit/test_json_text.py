"""JSON of others: what can be read of it is read."""

import json
from typing import Any

import pytest

from bot import json_text


@pytest.mark.parametrize("thing", [{"a": [1, 2.5, None, True, "ü\n\\ud800"]}, [], "x", 5, {"a": {"b": {}}}])
def test_ordinary_json_is_read_as_ever(thing: Any) -> None:
    for text in (json.dumps(thing), json.dumps(thing, ensure_ascii=False)):
        assert json_text.read(text) == json_text.read(text.encode()) == thing


def test_half_a_character_is_replaced_in_names_and_values_and_whole_ones_stay() -> None:
    assert json_text.read(r'{"\ud800a": ["\udfff", "\ud83d\ude42", "\\ud800"]}') == {
        "?a": ["?", "🙂", r"\ud800"]
    }
    assert json_text.read(b'["\xff"]') == ["\ufffd"]


def test_what_is_nested_too_deep_is_left_out_and_the_rest_stays() -> None:
    deep = "[" * 5000 + "1]" + "]" * 4999
    read = json_text.read(f'{{"before": "a]}}[{{b", "deep": {deep}, "after": {{"x": [2]}}}}')
    assert (read["before"], read["after"]) == ("a]}[{b", {"x": [2]})
    levels, part = 1, read["deep"]
    while part is not None:
        levels, part = levels + 1, part[0]
    assert levels == json_text.DEEPEST


def test_a_number_too_long_for_python_is_left_out_and_the_rest_stays() -> None:
    assert json_text.read('{"long": ' + "9" * 5000 + ', "short": 12}') == {"long": None, "short": 12}


@pytest.mark.parametrize("text", ["", "{", "[" * 5000, '{"a": 1}}', "9" * 5000 + "x", b"\xff"])
def test_what_is_no_json_is_said_to_be_none(text: str | bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        json_text.read(text)
