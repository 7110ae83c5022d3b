"""See quickly that a server's answer and its events have the form that nio wants.

Rule: only a yes is ours. Whatever is not plainly right, and every schema with a keyword that is not known here, is
left to nio's own validator, so that what is refused and why stays its word. That one took half of the time in which
an event is handled: it makes several objects for each keyword at each place of each event.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import nio.crypto.olm_machine
import nio.events.misc
import nio.responses
from nio import schemas

Check = Callable[[Any], bool]
_TYPES: dict[str, Check] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_FORMATS: dict[str, Check] = {
    "user_id": lambda value: isinstance(value, str) and value.startswith("@") and ":" in value,
    "http_url": lambda value: isinstance(value, str) and re.match(r"^https?://.+", value) is not None,
}
_validate = schemas.validate_json
_checks: dict[int, tuple[Any, Check]] = {}  # with the schema, so that its id is not used again


def validate(instance: Any, schema: dict[str, Any]) -> None:
    """Do what nio's `validate_json` does: put in defaults, and raise what it raises."""
    known = _checks.get(id(schema))
    if known is None:
        known = _checks[id(schema)] = (schema, compiled(schema) or _unsure)
    if not known[1](instance):
        _validate(instance, schema)


def install() -> None:
    """Have nio validate with this."""
    for module in (schemas, nio.responses, nio.events.misc, nio.crypto.olm_machine):
        module.validate_json = validate  # type: ignore[attr-defined]


def compiled(schema: Any) -> Check | None:
    """Return what says yes to valid instances alone, or `None` where a keyword is not known here."""
    if not isinstance(schema, dict):
        return None
    checks: list[Check] = []
    for keyword, value in schema.items():
        if keyword not in schemas.Validator.VALIDATORS:
            continue  # means nothing in the draft that nio goes by
        make = _KEYWORDS.get(keyword)
        check = make(value) if make else None
        if check is None:
            return None
        checks.append(check)
    return lambda instance: all(check(instance) for check in checks)


def _unsure(_: Any) -> bool:
    return False


def _type(names: Any) -> Check | None:
    checks = [_TYPES.get(name) for name in ([names] if isinstance(names, str) else names)]
    if None in checks:
        return None
    known = [check for check in checks if check]
    return known[0] if len(known) == 1 else lambda value: any(check(value) for check in known)


def _format(name: str) -> Check | None:
    if name not in schemas.Checker.checkers:
        return lambda _: True
    return _FORMATS.get(name)


def _properties(parts: dict[str, Any]) -> Check | None:
    checks = {name: compiled(part) for name, part in parts.items()}
    if None in checks.values():
        return None
    known = [(name, check) for name, check in checks.items() if check]
    defaults = [(name, part["default"]) for name, part in parts.items() if "default" in part]

    def fits(value: Any) -> bool:
        if not isinstance(value, dict):
            return not defaults
        for name, default in defaults:
            value.setdefault(name, default)
        return all(name not in value or check(value[name]) for name, check in known)

    return fits


def _required(names: list[str]) -> Check:
    return lambda value: not isinstance(value, dict) or all(name in value for name in names)


def _items(part: Any) -> Check | None:
    check = compiled(part)
    return check and (lambda value: not isinstance(value, list) or all(map(check, value)))


def _pattern_properties(parts: dict[str, Any]) -> Check | None:
    checks = {pattern: compiled(part) for pattern, part in parts.items()}
    if None in checks.values():
        return None
    known = [(re.compile(pattern), check) for pattern, check in checks.items() if check]
    return lambda value: (
        not isinstance(value, dict)
        or all(check(part) for pattern, check in known for key, part in value.items() if pattern.search(key))
    )


def _not(part: dict[str, Any]) -> Check | None:
    # to know that something does not fit, one must know the whole of what would
    if part.keys() != {"required"}:
        return None
    return lambda value: isinstance(value, dict) and not all(name in value for name in part["required"])


_KEYWORDS: dict[str, Callable[[Any], Check | None]] = {
    "type": _type,
    "format": _format,
    "properties": _properties,
    "required": _required,
    "items": _items,
    "patternProperties": _pattern_properties,
    "not": _not,
    "enum": lambda names: lambda value: isinstance(value, str) and value in names,
    "minimum": lambda least: lambda value: _TYPES["number"](value) and value >= least,
    "pattern": lambda pattern: lambda value: isinstance(value, str) and re.search(pattern, value) is not None,
}
