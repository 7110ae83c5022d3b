"""What we say fits is what nio's own validator says fits, and it is changed in the same way."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import SchemaError, ValidationError
from nio import schemas as nio_schemas

from bot.matrix import schemas

SCHEMAS = {name: value for name, value in vars(nio_schemas.Schemas).items() if isinstance(value, dict)}
TEXTS = [
    "",
    "@ana:test",
    "ana",
    "https://a.test",
    "m.text",
    "join",
    "!r:test",
    "signed_curve25519:A",
    "ed25519:A",
]
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.just(1.0), st.sampled_from(TEXTS))


def near(schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Make what is near to fitting: the right kinds of things, with a few of another kind."""
    if not isinstance(schema, dict):  # nio has one that is no schema
        return LEAVES
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if "enum" in schema:
        right: st.SearchStrategy[Any] = st.sampled_from(schema["enum"])
    elif kind == "object":
        parts = schema.get("properties", {})
        wanted = {name: near(part, depth + 1) for name, part in parts.items()}
        more = {name: LEAVES for name in schema.get("required", ()) if name not in wanted}
        more |= {
            text: near(part, depth + 1)
            for part in schema.get("patternProperties", {}).values()
            for text in TEXTS
        }
        needed = {
            name: value for name, value in (wanted | more).items() if name in schema.get("required", ())
        }
        rest = {name: value for name, value in (wanted | more).items() if name not in needed}
        right = st.fixed_dictionaries(
            needed, optional=rest | ({} if "state_key" in needed else {"state_key": LEAVES})
        )
    elif kind == "array":
        items = schema.get("items", {})
        right = st.lists(near(items if isinstance(items, dict) else {}, depth + 1), max_size=2)
    elif kind == "string":
        right = st.sampled_from(TEXTS)
    else:
        right = {"integer": st.integers(-2, 2), "boolean": st.booleans(), "null": st.none()}.get(kind, LEAVES)
    return st.integers(0, 12).flatmap(lambda chance: LEAVES if chance == 12 and depth else right)


def outcome(validate: Any, instance: Any, schema: dict[str, Any]) -> tuple[Any, Any]:
    """Return what validating raises, and what has become of the instance."""
    try:
        validate(instance, schema)
    except (ValidationError, SchemaError, AttributeError, TypeError) as error:
        return type(error), str(error)
    return None, instance


@settings(max_examples=60)
@given(name=st.sampled_from(sorted(SCHEMAS)), data=st.data())
def test_nios_own_validator_is_never_contradicted(name: str, data: st.DataObject) -> None:
    instance = data.draw(near(SCHEMAS[name]))
    stock = outcome(schemas._validate, copy.deepcopy(instance), SCHEMAS[name])
    assert outcome(schemas.validate, instance, SCHEMAS[name]) == stock


@pytest.mark.parametrize(
    "name", ["sync", "room_timeline", "room_message", "room_encrypted", "room_membership"]
)
def test_what_every_event_goes_through_is_decided_here(name: str) -> None:
    assert schemas.compiled(SCHEMAS[name]) is not None


def test_a_schema_with_a_keyword_that_is_not_known_is_left_to_nio() -> None:
    assert schemas.compiled({"type": "object", "properties": {"a": {"maxLength": 3}}}) is None
    assert schemas.compiled({"not": {"type": "string"}}) is None
